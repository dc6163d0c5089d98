//! Whose mailbox it is, and what opens it.

use securemailbox_protocol::ids::AccountId;
use securemailbox_vault::secrets::AccountSecret;

/// An account and its secret, which opens its records and the rows of a device.
#[derive(Clone)]
pub struct Owner {
    /// The account.
    pub account: AccountId,
    /// The secret that seals everything of this account.
    pub secret: AccountSecret,
}
