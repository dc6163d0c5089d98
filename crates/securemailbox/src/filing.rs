//! Where letters lie and how they are marked: `move`, `restore`, `flag`, `unflag`, `unread`, `withdraw`, `erase`, `empty-trash`.

use securemailbox_client::mailbox::Mailbox;
use securemailbox_protocol::{
    ids::LetterId,
    letters::{EntryUpdate, ErasureReceipt, ErasureStep, ErasureStepKind, Folder},
};
use serde_json::json;

use crate::{
    desk::Desk,
    outcome::{Answer, Stop},
    words::{Sentence, letters},
};

/// A letter to move.
#[derive(Debug, clap::Args)]
pub(crate) struct MoveArgs {
    /// Its id, from `list`.
    id: LetterId,
    /// Where to: inbox, sent, archive, or trash, from which a letter is erased after 30 days.
    #[arg(value_parser = folder)]
    folder: Folder,
}

/// A letter to mark, put back, withdraw or erase.
#[derive(Debug, clap::Args)]
pub(crate) struct LetterArgs {
    /// Its id, from `list`.
    id: LetterId,
}

pub(crate) fn folder(word: &str) -> Result<Folder, &'static str> {
    let folder = Folder::from_word(word).filter(|folder| *folder != Folder::Drafts);
    folder.ok_or("expected inbox, sent, archive or trash")
}

/// How a letter is marked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mark {
    Flagged,
    Unflagged,
    Unread,
}

/// Marks a letter.
pub(crate) async fn mark(desk: &Desk, LetterArgs { id }: LetterArgs, mark: Mark) -> Result<Answer, Stop> {
    let (update, document, sentence) = match mark {
        Mark::Flagged | Mark::Unflagged => {
            let flagged = matches!(mark, Mark::Flagged);
            let update = EntryUpdate { flagged: Some(flagged), ..EntryUpdate::default() };
            let sentence = if flagged { Sentence::FlaggedNow } else { Sentence::UnflaggedNow };
            (update, json!({ "id": id, "flagged": flagged }), sentence)
        }
        Mark::Unread => {
            let update = EntryUpdate { read: Some(false), ..EntryUpdate::default() };
            (update, json!({ "id": id, "read": false }), Sentence::UnreadNow)
        }
    };
    desk.at_mailbox(async |world, mailbox: &Mailbox| {
        mailbox.update_letter(world, id, update).await?;
        Ok(Answer::new(document, desk.line(sentence)))
    })
    .await
}

/// Moves a letter.
pub(crate) async fn move_letter(desk: &Desk, MoveArgs { id, folder }: MoveArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox: &Mailbox| {
        mailbox.move_letter(world, id, folder).await?;
        Ok(moved(desk, id, folder))
    })
    .await
}

/// Puts a letter back out of the archive or the trash: one's own to the sent ones, another to the inbox.
pub(crate) async fn restore(desk: &Desk, LetterArgs { id }: LetterArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox: &Mailbox| {
        let said = mailbox.said_of(world, id).await;
        let is_own = said.is_some_and(|entry| entry.sender.address == *mailbox.address());
        let folder = if is_own { Folder::Sent } else { Folder::Inbox };
        mailbox.move_letter(world, id, folder).await?;
        Ok(moved(desk, id, folder))
    })
    .await
}

fn moved(desk: &Desk, id: LetterId, folder: Folder) -> Answer {
    Answer::new(json!({ "id": id, "folder": folder }), desk.line(Sentence::Moved { folder }))
}

/// Takes a letter of one's own out of its readers' mailboxes.
pub(crate) async fn withdraw(desk: &Desk, LetterArgs { id }: LetterArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox: &Mailbox| {
        mailbox.withdraw_letter(world, id).await?;
        Ok(Answer::new(json!({ "id": id, "withdrawn": true }), desk.line(Sentence::WithdrawnNow)))
    })
    .await
}

/// Erases one letter of the trash, and shows the receipt.
pub(crate) async fn erase(desk: &Desk, LetterArgs { id }: LetterArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let receipt = mailbox.erase_letters(world, vec![id]).await?;
        if receipt.erased == 0 {
            return Err(Stop::not_found(Sentence::NotInTrash { id }));
        }
        Ok(shown(desk, &receipt))
    })
    .await
}

/// Empties the trash, and shows the receipt.
pub(crate) async fn empty_trash(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| Ok(shown(desk, &mailbox.empty_trash(world).await?))).await
}

fn shown(desk: &Desk, receipt: &ErasureReceipt) -> Answer {
    let document = json!({ "erased": receipt.erased, "steps": receipt.steps, "at": receipt.at });
    let erased = letters(usize::try_from(receipt.erased).unwrap_or(usize::MAX));
    let mut text = desk.line(Sentence::ErasedLetters { letters: &erased });
    for step in &receipt.steps {
        text += &format!("  {}\n", desk.say(in_words(step)));
    }
    Answer::new(document, text)
}

/// A step as the server reports it: one that this store can't take is shown as not taken.
const fn in_words(&ErasureStep { step, taken, count }: &ErasureStep) -> Sentence<'static> {
    match (step, taken) {
        (ErasureStepKind::KeysDestroyed, true) => Sentence::KeysDestroyed { count },
        (ErasureStepKind::KeysDestroyed, false) => Sentence::KeysNotDestroyed,
        (ErasureStepKind::LettersOverwritten, true) if count == 0 => Sentence::NoneOverwritten,
        (ErasureStepKind::LettersOverwritten, true) => Sentence::LettersOverwritten { count },
        (ErasureStepKind::LettersOverwritten, false) => Sentence::LettersNotOverwritten,
        (ErasureStepKind::FilesOverwritten, true) => Sentence::FilesOverwritten { count },
        (ErasureStepKind::FilesDeleted, true) => Sentence::FilesDeleted { count },
        (ErasureStepKind::FilesOverwritten | ErasureStepKind::FilesDeleted, false) => Sentence::FilesNotErased,
        (ErasureStepKind::LogOverwritten, true) => Sentence::LogOverwritten,
        (ErasureStepKind::LogOverwritten, false) => Sentence::LogNotOverwritten,
        (ErasureStepKind::Vacuumed, true) => Sentence::Vacuumed,
        (ErasureStepKind::Vacuumed, false) => Sentence::NotVacuumed,
    }
}
