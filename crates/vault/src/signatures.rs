//! The one strict look at a signature (PROTOCOL §4.4, §11).

/// Why a signature is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefused {
    /// The mathematics: altered, or made by another key.
    #[error("the signature does not fit")]
    Wrong,
}
