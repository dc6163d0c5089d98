//! `list`, `read`.

use securemailbox_client::{
    contacts::Standing,
    failure::{Class, Failure},
    letters::{Damage, NotShown, ReadError, ReaderDelivery, Reading, ReadingWarning, Row, Summary},
};
use securemailbox_protocol::{
    address::Address,
    ids::LetterId,
    letters::{ConversationEnded, Ending, Entry, Folder, GuestDelivery},
};
use serde_json::{Value, json};

use crate::{
    attachments,
    desk::Desk,
    filing::folder,
    outcome::{Answer, Stop},
    security::proved_afresh,
    show::{plain, plain_lines},
    words::{Sentence, level_word, standing_word},
};

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

/// Lists a folder.
pub(crate) async fn list(desk: &Desk, arguments: ListArgs) -> Result<Answer, Stop> {
    let ListArgs { folder, limit } = arguments;
    desk.at_mailbox(async |world, mailbox| {
        let rows = mailbox.list(world, folder, limit).await?;
        let document = rows.iter().map(row_json).collect();
        let text = if rows.is_empty() && desk.style.is_table() {
            desk.line(Sentence::Nothing { folder })
        } else {
            let other = if folder == Folder::Sent { Sentence::To } else { Sentence::From };
            let head = [Sentence::Id, Sentence::Date, Sentence::State, other, Sentence::Key, Sentence::Subject];
            desk.style.rows(&head, rows.iter().map(|row| row_cells(row, desk)).collect())
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
            "attachments": summary.attachments,
            "date": summary.date,
            "arrived": entry.arrived,
            "date_is_off": summary.date_is_off(entry.arrived),
            "read": entry.read,
            "flagged": entry.flagged,
            "folder": entry.folder,
            "level": summary.level,
            "key_state": standing.as_str(),
        }),
        Err(not) => {
            json!({ "id": entry.id, "level": entry.level, "error": not.explain().name, "detail": not.to_string() })
        }
    }
}

fn row_cells(row: &Row, desk: &Desk) -> Vec<String> {
    let (entry, style) = (&row.entry, desk.style);
    let id = style.faint(&entry.id.to_string());
    match &row.summary {
        Ok((summary, standing)) => {
            let other = if entry.folder == Folder::Sent { summary.to.first() } else { Some(&summary.from) };
            let other = other.map(ToString::to_string).unwrap_or_default();
            let subject = plain(&summary.subject);
            let subject = if entry.read { subject } else { style.strong(&subject) };
            let when = style.time(summary.date);
            // Late, or delivered again (PROTOCOL §4.4): both times, so that a person sees why.
            let when = if summary.date_is_off(entry.arrived) {
                let both = Sentence::Arrived { date: &when, arrived: &style.time(entry.arrived) };
                style.warning(&both.said(style.names()))
            } else {
                when
            };
            vec![id, when, state(entry, summary, desk), plain(&other), standing_word(*standing, style.names()), subject]
        }
        Err(not) => {
            let when = style.time(entry.arrived);
            let mark = match not {
                NotShown::Damaged(Damage::Withdrawn) => Sentence::Withdrawn,
                NotShown::Damaged(Damage::LevelRequired) => Sentence::LockedByLevel,
                NotShown::Damaged(_) => Sentence::Damaged,
                NotShown::Call(_) => Sentence::Unread,
            };
            let mark = style.warning(&mark.said(style.names()));
            let why = crate::words::cause(not).into(style.names());
            vec![id, when, mark, not.explain().name.to_string(), String::new(), why]
        }
    }
}

/// Whether it was read, whether it is flagged, and how its sender asks readers to be identified.
fn state(entry: &Entry, summary: &Summary, desk: &Desk) -> String {
    let names = desk.style.names();
    let read = if entry.read { Sentence::Read } else { Sentence::Unread }.said(names);
    let flagged = entry.flagged.then(|| Sentence::Flagged.said(names));
    let level = summary.level.map(|level| level_word(level, names));
    let number = summary.attachments;
    let files = (number > 0).then(|| Sentence::Files { number: number.into() }.said(names));
    [Some(read), flagged, level, files].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// Reads a letter. Question, where its sender asks for a level that was not proved lately: a code.
pub(crate) async fn read(desk: &Desk, arguments: ReadArgs) -> Result<Answer, Stop> {
    let ReadArgs { id } = arguments;
    desk.at_mailbox(async |world, mailbox| {
        let read = match mailbox.read(world, id).await {
            Err(refusal) if proved_afresh(desk, world, mailbox, &refusal).await? => mailbox.read(world, id).await,
            read => read,
        };
        let reading = match read {
            Ok(reading) => reading,
            // Whom the server says it is from: a person has somebody to ask.
            Err(error) if error.explain().class == Class::Damaged => {
                let from = mailbox.said_of(world, id).await.map(|entry| entry.sender.address);
                return Err(not_shown(&error, from.as_ref()));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Answer::new(reading_json(&reading), reading_text(&reading, desk)))
    })
    .await
}

fn not_shown(error: &ReadError, from: Option<&Address>) -> Stop {
    let instead = match error {
        // What is said of these two otherwise is said of somebody who is written to.
        ReadError::Damaged(Damage::Certificate(_) | Damage::OlderCertificate) => Some(Sentence::NothingShown),
        ReadError::Damaged(
            Damage::Letter(_)
            | Damage::CertificateMissing
            | Damage::SenderKeyChanged
            | Damage::OtherLetter
            | Damage::LevelRequired
            | Damage::Withdrawn,
        )
        | ReadError::Call(_)
        | ReadError::Device(_)
        | ReadError::NotFound => None,
    };
    Stop::of_failure(error, from, instead)
}

pub(crate) fn reading_json(reading: &Reading) -> Value {
    let Reading { letter, entry, standing, warnings, deliveries, .. } = reading;
    json!({
        "id": letter.id(),
        "from": letter.from(),
        "claimed_name": letter.claimed_name(),
        "to": letter.to(),
        "cc": letter.cc(),
        "bcc": letter.blind_reader().map(|(reader, _)| reader),
        "subject": letter.subject(),
        "text": letter.text(),
        "attachments": attachments::in_json(letter.attachments()),
        "date": letter.date(),
        "arrived": entry.arrived,
        "folder": entry.folder,
        "flagged": entry.flagged,
        "in_reply_to": letter.in_reply_to(),
        "level": letter.level(),
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
        "saved": delivery.saved,
        "guest": delivery.guest,
        "ended": delivery.ended,
    })
}

pub(crate) fn reading_text(reading: &Reading, desk: &Desk) -> String {
    let Reading { letter, standing, warnings, deliveries, .. } = reading;
    let style = desk.style;
    let people = |people: &[Address]| people.iter().map(Address::as_str).collect::<Vec<_>>().join(", ");
    let from = match letter.claimed_name() {
        Some(name) => format!("{} <{}>", plain(name), letter.from()),
        None => letter.from().to_string(),
    };
    let key = match standing {
        // The person said so; the signature alone is no reassurance then.
        Standing::Differs => style.warning(&Sentence::SignedByDiffering.said(style.names())),
        Standing::Own
        | Standing::Unmet
        | Standing::New
        | Standing::Known
        | Standing::Compared
        | Standing::Former
        | Standing::Changed => style.good(&Sentence::Verified { key: *standing }.said(style.names())),
    };
    let mut text = style.field(Sentence::From, &format!("{from} ({key})"));
    text += &style.field(Sentence::To, &people(letter.to()));
    if !letter.cc().is_empty() {
        text += &style.field(Sentence::Cc, &people(letter.cc()));
    }
    if let Some((reader, _)) = letter.blind_reader() {
        text += &style.field(Sentence::Bcc, reader.as_str());
    }
    text += &style.field(Sentence::Date, &style.time(letter.date()));
    text += &style.field(Sentence::Subject, &style.strong(&plain(letter.subject())));
    if let Some(level) = letter.level() {
        let asked = level_word(level, style.names());
        text += &style.field(Sentence::LevelField, &asked);
    }
    text += &attachments::in_lines(letter.attachments(), desk);
    for warning in warnings {
        text += &style.field(Sentence::Note, &style.warning(&desk.say(warning_words(warning))));
    }
    for delivery in deliveries {
        text += &style.field(Sentence::Delivery, &delivery_words(delivery, desk));
        if let Some(saved) = delivery.saved {
            let when = &style.time(saved);
            text += &style.field(Sentence::Delivery, &desk.say(Sentence::FilesSavedBy { who: &delivery.reader, when }));
        }
        if let Some(ended) = &delivery.ended {
            text += &style.field(Sentence::Delivery, &ended_words(&delivery.reader, ended, desk));
        }
    }
    text + "\n" + &plain_lines(letter.text())
}

const fn warning_words(warning: &ReadingWarning) -> Sentence<'_> {
    match warning {
        ReadingWarning::DateIsOff => Sentence::DateIsOff,
        ReadingWarning::ReaderKeyDiffers(who) => Sentence::ReaderKeyDiffers { who },
        ReadingWarning::UnopenedParts => Sentence::UnopenedParts,
        ReadingWarning::NotMarked => Sentence::NotMarked,
        ReadingWarning::LevelIsOff => Sentence::LevelIsOff,
    }
}

fn delivery_words(delivery: &ReaderDelivery, desk: &Desk) -> String {
    let (who, style) = (&delivery.reader, desk.style);
    let delivered = style.time(delivery.delivered);
    match &delivery.read {
        Some(Ok(read)) => desk.say(Sentence::ReadAt { who, when: &style.time(read.at), level: read.level }),
        Some(Err(refused)) => style.warning(&desk.say(Sentence::ReceiptDoubtful { who, why: *refused })),
        None if delivery.notice_refused => style.warning(&desk.say(Sentence::NoticeRefused { who, when: &delivered })),
        None => match delivery.guest.unwrap_or_default() {
            GuestDelivery { proved: Some(at), .. } => desk.say(Sentence::PhoneProved { who, when: &style.time(at) }),
            GuestDelivery { wrong_number: Some(at), .. } => {
                style.warning(&desk.say(Sentence::WrongNumber { who, when: &style.time(at) }))
            }
            GuestDelivery { code_refused: true, .. } => style.warning(&desk.say(Sentence::CodeNotTaken { who })),
            GuestDelivery { code_asked: Some(at), .. } => {
                desk.say(Sentence::CodeNotTyped { who, when: &style.time(at) })
            }
            GuestDelivery { proved: None, wrong_number: None, code_asked: None, code_refused: false } => {
                desk.say(Sentence::NotRead { who, when: &delivered })
            }
        },
    }
}

fn ended_words(who: &Address, ConversationEnded { at, ending }: &ConversationEnded, desk: &Desk) -> String {
    let when = &desk.style.time(*at);
    desk.say(match ending {
        Ending::Expired => Sentence::ConversationExpired { who, when },
        Ending::Declined => Sentence::ConversationDeclined { who, when },
        Ending::Withdrawn => Sentence::ConversationWithdrawn { who, when },
        Ending::Claimed => Sentence::ConversationClaimed { who, when },
    })
}
