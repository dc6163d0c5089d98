#![doc = include_str!("../README.md")]

pub mod attachments;
pub mod certificates;
pub mod claims;
pub mod comparing;
pub mod export;
#[cfg(test)]
mod fixtures;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod identities;
pub mod keyring;
pub mod known_keys;
pub mod letters;
pub mod links;
mod packets;
pub mod passphrases;
pub mod passwords;
pub mod receipts;
pub mod records;
pub mod recovery;
pub mod secrets;
pub mod signatures;
pub mod slots;
mod statements;
#[cfg(any(test, feature = "vectors"))]
pub mod vectors;

/// The one refusal of everything that opens under a symmetric key: it does not say which was wrong.
pub use securemailbox_protocol::sealed::WrongKeyOrPlace;
