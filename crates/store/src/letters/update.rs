//! Marking and moving (PROTOCOL §9a).

use securemailbox_protocol::{
    ids::{LetterId, MailboxId},
    letters::{EntryUpdate, Folder},
    time::Timestamp,
};

use crate::{
    Act, Db, Room, StoreError,
    letters::{Entry, ReadEntry},
    pulse,
};

/// Why an entry was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateEntryError {
    /// The mailbox has no such entry.
    #[error("the mailbox has no such entry")]
    NotFound,
    /// A letter can't go to the folder of drafts, since drafts are records.
    #[error("letters do not go to the folder of drafts")]
    NotAFolderForLetters,
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// Moves or marks an entry. An update that changes nothing raises no change number.
pub struct UpdateEntry {
    /// The mailbox that the entry is in.
    pub mailbox: MailboxId,
    /// The letter's id.
    pub letter: LetterId,
    /// The new folder and flags; what is left out stays.
    pub update: EntryUpdate,
    /// When: the time of what is put into the trash begins.
    pub now: Timestamp,
}

impl Act for UpdateEntry {
    type Output = Entry;
    type Error = UpdateEntryError;
    const ROOM: Room = Room::Erases;

    async fn run<D: Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        const SQL: &str = "
            UPDATE entry SET folder = $3, read = $4, flagged = $5, binned = $6, change = $7
             WHERE mailbox_id = $1 AND letter_id = $2";
        let find = ReadEntry { mailbox: self.mailbox, letter: self.letter };
        let mut entry = find.run(db).await?.ok_or(UpdateEntryError::NotFound)?;
        let EntryUpdate { folder, read, flagged } = self.update;
        let (folder, read) = (folder.unwrap_or(entry.folder), read.unwrap_or(entry.read));
        let flagged = flagged.unwrap_or(entry.flagged);
        if folder == Folder::Drafts {
            return Err(UpdateEntryError::NotAFolderForLetters);
        }
        if (folder, read, flagged) != (entry.folder, entry.read, entry.flagged) {
            let change = pulse::raise_change(db, self.mailbox).await?;
            let binned = (folder == Folder::Trash).then(|| entry.binned.unwrap_or(self.now));
            db.exec(SQL, &[&self.mailbox, &self.letter, &folder, &read, &flagged, &binned, &change]).await?;
            (entry.folder, entry.read, entry.flagged, entry.change) = (folder, read, flagged, change);
            entry.binned = binned;
        }
        Ok(entry)
    }
}
