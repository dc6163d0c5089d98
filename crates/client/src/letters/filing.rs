//! Moving letters between folders, and erasing what lies in the trash (PROTOCOL §8).

use securemailbox_protocol::{
    endpoints,
    ids::{ErasureId, LetterId},
    letters::{EmptyTrash, EntryUpdate, ErasureReceipt, Folder},
};

use crate::{
    failure::{CallError, Class, Failure},
    mailbox::Mailbox,
    records::RecordError,
    world::World,
};

use super::ReadError;

impl Mailbox {
    /// Puts an entry into a folder.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn move_letter(&self, world: &impl World, id: LetterId, to: Folder) -> Result<(), CallError> {
        self.update_letter(world, id, EntryUpdate { folder: Some(to), ..EntryUpdate::default() }).await
    }

    /// Puts an entry back to where it came from, out of the archive or the trash: one's own letter to the sent ones, another
    /// into the inbox.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn put_back(&self, world: &impl World, id: LetterId) -> Result<(), ReadError> {
        let found = match self.found(world, &[id]).await?.pop().flatten() {
            Some(found) => found,
            None => self.fetch_entry(world, id).await?.ok_or(ReadError::NotFound)?,
        };
        let is_own = found.row.entry.sender.address == *self.address();
        Ok(self.move_letter(world, id, if is_own { Folder::Sent } else { Folder::Inbox }).await?)
    }

    /// Moves or marks an entry.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn update_letter(&self, world: &impl World, id: LetterId, update: EntryUpdate) -> Result<(), CallError> {
        self.session.api(world).tell(endpoints::UPDATE_ENTRY.of(id), &update).await
    }

    /// Takes one's own letter out of its readers' mailboxes (PROTOCOL §4.6). Whoever has opened it sees that there was one.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn withdraw_letter(&self, world: &impl World, id: LetterId) -> Result<(), CallError> {
        self.session.api(world).tell(endpoints::WITHDRAW.of(id), &()).await
    }

    /// Erases what lies in the trash, at the server and here (PROTOCOL §8).
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn empty_trash(&self, world: &impl World) -> Result<ErasureReceipt, RecordError> {
        self.erase(world, None).await
    }

    /// Erases these of what lies in the trash.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn erase_letters(
        &self,
        world: &impl World,
        letters: Vec<LetterId>,
    ) -> Result<ErasureReceipt, RecordError> {
        self.erase(world, Some(letters)).await
    }

    async fn erase(&self, world: &impl World, letters: Option<Vec<LetterId>>) -> Result<ErasureReceipt, RecordError> {
        // An erasure whose answer was lost is asked for again under its id, and gives the receipt that was lost.
        let before = self.state.borrow().emptying.clone().filter(|before| before.letters == letters);
        let what = before.unwrap_or_else(|| EmptyTrash { id: ErasureId::new(world.now(), &mut world.rng()), letters });
        self.state.borrow_mut().emptying = Some(what.clone());
        let answer = self.session.api(world).send(endpoints::EMPTY_TRASH.here(), &what).await;
        let lost = answer.as_ref().is_err_and(|error: &CallError| error.explain().class == Class::Unavailable);
        if !lost {
            self.state.borrow_mut().emptying = None;
        }
        let receipt = answer?;
        self.sync(world).await?;
        Ok(receipt)
    }
}
