//! Moving letters between folders, and erasing what lies in the trash (PROTOCOL §8).

use securemailbox_protocol::{
    ids::LetterId,
    letters::{EntryUpdate, ErasureReceipt, Folder},
};

use crate::{failure::CallError, mailbox::Mailbox, records::RecordError, transport::Method, world::World};

impl Mailbox {
    /// Puts an entry into a folder.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn move_letter(&self, world: &impl World, id: LetterId, to: Folder) -> Result<(), CallError> {
        let update = EntryUpdate { folder: Some(to), read: None };
        self.session.api(world).tell(Method::Patch, &format!("/letters/{id}"), &update).await
    }

    /// Erases what lies in the trash, at the server and here (PROTOCOL §8).
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn empty_trash(&self, world: &impl World) -> Result<ErasureReceipt, RecordError> {
        let receipt: ErasureReceipt = self.session.api(world).act(Method::Post, "/trash/empty").await?;
        self.sync(world).await?;
        Ok(receipt)
    }
}
