//! Taking letters along (PROTOCOL §3): `.eml` files, plain or as they are stored.

use securemailbox_protocol::ids::LetterId;
use securemailbox_vault::export;

use crate::{mailbox::Mailbox, world::World};

use super::{ReadError, read::Opened};

/// In which form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The signed MIME message, readable by anyone who has the file.
    Plain,
    /// PGP/MIME as stored: wrapped key ‖ content. Opens with the exported key.
    Encrypted,
}

impl Mailbox {
    /// One letter as an `.eml` file. It is verified first, in either form; nobody is told.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn export(&self, world: &impl World, id: LetterId, form: Form) -> Result<Vec<u8>, ReadError> {
        let Opened { letter, wrapped_key, content, .. } = self.open_letter(world, id).await?;
        Ok(match form {
            Form::Plain => export::plain(&letter),
            Form::Encrypted => export::encrypted(&letter, &wrapped_key, &content),
        })
    }
}
