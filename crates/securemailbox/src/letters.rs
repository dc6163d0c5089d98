//! `send`, `list`, `read`, `move`, `empty-trash`.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use securemailbox_client::{
    contacts::Standing,
    failure::Failure,
    letters::{Addressed, Answers, Damage, NotShown, ReaderDelivery, Reading, ReadingWarning, Row, SendError},
    mailbox::Mailbox,
};
use securemailbox_protocol::{address::Address, ids::LetterId, letters::Folder, limits};
use serde_json::{Value, json};

use crate::{
    desk::Desk,
    outcome::{Answer, Stop},
    show::{Style, count, plain, plain_lines},
};

/// A letter to write.
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    /// To whom; may be given several times.
    #[arg(long, required = true, num_args = 1.., value_name = "ADDRESS", value_parser = Address::parse)]
    to: Vec<Address>,
    /// The subject, one line.
    #[arg(long)]
    subject: String,
    /// The text.
    #[arg(long, required_unless_present = "text_file", conflicts_with = "text_file")]
    text: Option<String>,
    /// File with the text; - is standard input.
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
    /// The letter this answers; the conversation goes on.
    #[arg(long, value_name = "ID")]
    reply_to: Option<LetterId>,
}

/// A folder to list.
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Which: inbox, sent, archive or trash.
    #[arg(long, default_value = "inbox", value_parser = folder)]
    folder: Folder,
    /// How many letters at most.
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

/// A letter to read.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadArgs {
    /// Its id, from `list`.
    id: LetterId,
}

/// A letter to take back.
#[derive(Debug, clap::Args)]
pub(crate) struct WithdrawArgs {
    /// Its id, from `list --folder sent`.
    id: LetterId,
}

/// A letter to move.
#[derive(Debug, clap::Args)]
pub(crate) struct MoveArgs {
    /// Its id, from `list`.
    id: LetterId,
    /// Where to: inbox, sent, archive or trash.
    #[arg(value_parser = folder)]
    folder: Folder,
}

fn folder(word: &str) -> Result<Folder, &'static str> {
    let folder = Folder::from_word(word).filter(|folder| *folder != Folder::Drafts);
    folder.ok_or("expected inbox, sent, archive or trash")
}

/// Sends a letter.
pub(crate) async fn send(desk: &Desk, arguments: SendArgs) -> Result<Answer, Stop> {
    let text = match (&arguments.text, &arguments.text_file) {
        (Some(text), _) => text.clone(),
        (None, Some(file)) => text_of(file)?,
        (None, None) => return Err(Stop::usage("A letter needs --text or --text-file.")),
    };
    let mut to = arguments.to;
    let mut seen = std::collections::BTreeSet::new();
    to.retain(|address| seen.insert(address.clone()));
    desk.at_mailbox(async |world, mailbox| {
        let answers = match arguments.reply_to {
            Some(id) => Some(Answers::to(&mailbox.peek(world, id).await?)),
            None => None,
        };
        let written = Addressed { to, cc: Vec::new(), subject: arguments.subject, text, answers };
        let sent = mailbox.send(world, &written).await.map_err(|error| match &error {
            SendError::Waiting { id, .. } => {
                let id = id.to_string();
                Stop::from(error).with("id", id)
            }
            SendError::LookUp { .. }
            | SendError::Seal(_)
            | SendError::Device(_)
            | SendError::Refused(_)
            | SendError::NoDraft
            | SendError::OnItsWay => match error.reader().map(ToString::to_string) {
                Some(reader) => Stop::from(error).and(&format!("It is about {reader}.")).with("address", reader),
                None => error.into(),
            },
        })?;
        let readers: Vec<Value> = sent
            .readers
            .iter()
            .map(|(address, standing)| json!({ "address": address, "key_state": standing.as_str() }))
            .collect();
        let told: String = sent
            .readers
            .iter()
            .map(|(address, standing)| format!("{address} can read it (key: {}).\n", standing.as_str()))
            .collect();
        Ok(Answer::new(json!({ "id": sent.id, "to": readers }), format!("Sent {}.\n{told}", sent.id)))
    })
    .await
    .map_err(|stop| if stop.leaves_nothing_waiting() { stop.and("Nothing was sent, and nothing waits.") } else { stop })
}

fn text_of(file: &Path) -> Result<String, Stop> {
    // A little more than fits, so that what is too long is refused as such and not cut.
    let limit = limits::CONTENT as u64 + 1;
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(limit).read_to_string(&mut text))
    };
    match read {
        Ok(_) => Ok(text),
        Err(error) => Err(Stop::usage(format!("{} can't be read as text: {error}.", file.display()))),
    }
}

/// Lists a folder.
pub(crate) async fn list(desk: &Desk, arguments: ListArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let rows = mailbox.list(world, arguments.folder, arguments.limit).await?;
        let document = rows.iter().map(row_json).collect();
        let text = if rows.is_empty() && desk.style.is_table() {
            format!("Nothing in {}.\n", arguments.folder.as_str())
        } else {
            desk.style.rows(&rows.iter().map(|row| row_cells(row, desk.style)).collect::<Vec<_>>())
        };
        Ok(Answer::new(document, text))
    })
    .await
}

fn row_json(row: &Row) -> Value {
    let entry = &row.entry;
    match &row.summary {
        Ok((summary, standing)) => json!({
            "id": entry.id,
            "from": summary.from,
            "claimed_name": summary.claimed_name,
            "to": summary.to,
            "more_readers": summary.more_readers,
            "subject": summary.subject,
            "first_line": summary.first_line,
            "date": summary.date,
            "arrived": entry.arrived,
            "date_is_off": summary.date_is_off(entry.arrived),
            "read": entry.read,
            "folder": entry.folder,
            "key_state": standing.as_str(),
        }),
        Err(not) => json!({ "id": entry.id, "error": not.explain().name, "detail": not.to_string() }),
    }
}

fn row_cells(row: &Row, style: Style) -> Vec<String> {
    let entry = &row.entry;
    let id = style.faint(&entry.id.to_string());
    match &row.summary {
        Ok((summary, standing)) => {
            let other = if entry.folder == Folder::Sent { summary.to.first() } else { Some(&summary.from) };
            let other = other.map(ToString::to_string).unwrap_or_default();
            let subject = plain(&summary.subject);
            let subject = if entry.read { subject } else { style.strong(&subject) };
            let mark = if entry.read { "read" } else { "unread" };
            let when = style.time(summary.date);
            // Late, or delivered again (PROTOCOL §4.4): both times, so that a person sees why.
            let when = if summary.date_is_off(entry.arrived) {
                style.warning(&format!("{when}, arrived {}", style.time(entry.arrived)))
            } else {
                when
            };
            vec![id, when, mark.into(), plain(&other), standing.as_str().into(), subject]
        }
        Err(not) => {
            let when = style.time(entry.arrived);
            let mark = match not {
                NotShown::Damaged(Damage::Withdrawn) => "withdrawn",
                NotShown::Damaged(_) => "damaged",
                NotShown::Call(_) => "unread",
            };
            vec![id, when, style.warning(mark), not.explain().name.to_string(), String::new(), not.to_string()]
        }
    }
}

/// Reads a letter.
pub(crate) async fn read(desk: &Desk, arguments: ReadArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let reading = mailbox.read(world, arguments.id).await?;
        Ok(Answer::new(reading_json(&reading), reading_text(&reading, desk.style)))
    })
    .await
}

fn reading_json(reading: &Reading) -> Value {
    let Reading { letter, entry, standing, warnings, deliveries } = reading;
    json!({
        "id": letter.id(),
        "from": letter.from(),
        "claimed_name": letter.claimed_name(),
        "to": letter.to(),
        "cc": letter.cc(),
        "subject": letter.subject(),
        "text": letter.text(),
        "date": letter.date(),
        "arrived": entry.arrived,
        "folder": entry.folder,
        "in_reply_to": letter.in_reply_to(),
        // A letter that is not verified is never shown: this is true, or there is an error.
        "verified": true,
        "key_state": standing.as_str(),
        "warnings": warnings,
        "deliveries": deliveries.iter().map(delivery_json).collect::<Vec<_>>(),
    })
}

fn delivery_json(delivery: &ReaderDelivery) -> Value {
    let read = delivery.read.as_ref().map(|read| match read {
        Ok(read) => json!({ "verified": true, "at": read.at, "level": read.level }),
        Err(refused) => json!({ "verified": false, "detail": refused.to_string() }),
    });
    json!({
        "address": delivery.reader,
        "delivered": delivery.delivered,
        "notified": delivery.notified,
        "notice_refused": delivery.notice_refused,
        "read": read,
    })
}

fn reading_text(reading: &Reading, style: Style) -> String {
    let Reading { letter, standing, warnings, deliveries, .. } = reading;
    let people = |people: &[Address]| people.iter().map(Address::as_str).collect::<Vec<_>>().join(", ");
    let from = match letter.claimed_name() {
        Some(name) => format!("{} <{}>", plain(name), letter.from()),
        None => letter.from().to_string(),
    };
    let key = format!("verified, key {}", standing.as_str());
    let key = match standing {
        // The person said so; the signature alone is no reassurance then.
        Standing::Differs => style.warning("signed by a key whose digits differ"),
        Standing::Own
        | Standing::Unmet
        | Standing::New
        | Standing::Known
        | Standing::Compared
        | Standing::Former
        | Standing::Changed => style.good(&key),
    };
    let mut text = format!("{} {from} ({key})\n", style.faint("From:"));
    text += &format!("{} {}\n", style.faint("To:"), people(letter.to()));
    if !letter.cc().is_empty() {
        text += &format!("{} {}\n", style.faint("Cc:"), people(letter.cc()));
    }
    text += &format!("{} {}\n", style.faint("Date:"), style.time(letter.date()));
    text += &format!("{} {}\n", style.faint("Subject:"), style.strong(&plain(letter.subject())));
    for warning in warnings {
        text += &format!("{}\n", style.warning(&format!("Note: {}", warning_words(warning))));
    }
    for delivery in deliveries {
        text += &format!("{} {}\n", style.faint("Delivery:"), delivery_words(delivery, style));
    }
    text + "\n" + &plain_lines(letter.text())
}

fn warning_words(warning: &ReadingWarning) -> String {
    match warning {
        ReadingWarning::DateIsOff => {
            "the sender's date is more than a day from the arrival; the letter may be late, or delivered again.".into()
        }
        ReadingWarning::ReaderKeyDiffers(address) => format!(
            "the sender wrote to another key of {address} than the one you know. One of you may be deceived; compare keys."
        ),
        ReadingWarning::UnopenedParts => "the letter holds parts that were not opened.".into(),
        ReadingWarning::NotMarked => "the server could not be told that you read it; the next reading tells.".into(),
    }
}

fn delivery_words(delivery: &ReaderDelivery, style: Style) -> String {
    let reader = &delivery.reader;
    match &delivery.read {
        Some(Ok(read)) => format!("{reader} read it {}, by their own signature.", style.time(read.at)),
        Some(Err(refused)) => style.warning(&format!("{reader}: the server says it was read, but {refused}.")),
        None if delivery.notice_refused => style.warning(&format!(
            "{reader}: delivered {}, by the server's word; the e-mail address does not take mail, so tell them another way.",
            style.time(delivery.delivered)
        )),
        None => {
            format!("{reader}: delivered {}, by the server's word; not read.", style.time(delivery.delivered))
        }
    }
}

/// Moves a letter.
pub(crate) async fn move_letter(desk: &Desk, MoveArgs { id, folder }: MoveArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox: &Mailbox| {
        mailbox.move_letter(world, id, folder).await?;
        Ok(Answer::new(json!({ "id": id, "folder": folder }), format!("Moved to {}.\n", folder.as_str())))
    })
    .await
}

/// Takes a letter of one's own out of its readers' mailboxes.
pub(crate) async fn withdraw(desk: &Desk, WithdrawArgs { id }: WithdrawArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox: &Mailbox| {
        mailbox.withdraw_letter(world, id).await?;
        let text = "Withdrawn. Whoever had opened it sees that you took it back; what was read may be remembered.\n";
        Ok(Answer::new(json!({ "id": id, "withdrawn": true }), text.into()))
    })
    .await
}

/// Empties the trash, and shows the receipt.
pub(crate) async fn empty_trash(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let receipt = mailbox.empty_trash(world).await?;
        let document = json!({ "erased": receipt.erased, "steps": receipt.steps, "at": receipt.at });
        let erased = count(usize::try_from(receipt.erased).unwrap_or(usize::MAX), "letter");
        let mut text = format!("{erased} left this mailbox for good.\n");
        for step in &receipt.steps {
            let word = serde_json::to_value(step.step).unwrap_or_default();
            let taken = if step.taken { "done" } else { "not possible in this store" };
            text += &format!("  {}: {} ({taken})\n", word.as_str().unwrap_or_default().replace('-', " "), step.count);
        }
        Ok(Answer::new(document, text))
    })
    .await
}
