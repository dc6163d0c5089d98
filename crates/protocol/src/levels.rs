//! Identity levels (PROTOCOL §6).

use serde::{Deserialize, Serialize};

/// How well a person's identity was proved (PROTOCOL §6), weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The link in an e-mail.
    Address = 1,
    /// A code by SMS, a restricted authenticator (NIST SP 800-63B-4).
    Phone = 2,
    /// A code from an authenticator app.
    Authenticator = 3,
    /// A passkey; resists phishing.
    Passkey = 4,
    /// An electronic identification.
    Eid = 5,
}
