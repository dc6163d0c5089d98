//! `send`, `reply`, `forward`.

use std::{
    collections::BTreeSet,
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::ArgGroup;
use rand::rngs::OsRng;
use securemailbox_client::{
    attachments::{DraftFile, FileId},
    invitations::Invite,
    letters::{Addressed, Answers, SendError},
    mailbox::Mailbox,
};
use securemailbox_protocol::{address::Address, ids::LetterId, levels::Level, limits, phone::PhoneNumber};
use securemailbox_vault::{letters::Letter, passphrases::Passphrase};
use serde_json::{Value, json};

use crate::{
    attachments::AttachArgs,
    beginning::{self, Beginning},
    desk::Desk,
    guests::link_to,
    outcome::{Answer, Stop},
    profile::Profile,
    questions,
    security::confirmed,
    terminal::Terminal,
    words::Sentence,
};

/// A letter to write.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("content").args(["text", "text_file", "attach"]).required(true).multiple(true))]
pub(crate) struct SendArgs {
    /// To whom; may be given several times.
    #[arg(long, required = true, num_args = 1.., value_name = "ADDRESS", value_parser = Address::parse)]
    to: Vec<Address>,
    #[command(flatten)]
    copies: CopyArgs,
    /// The subject, one line.
    #[arg(long)]
    subject: String,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    files: AttachArgs,
    /// The mobile number of somebody who has no mailbox: they read by a link and a code that goes there.
    #[arg(long, value_name = "NUMBER", value_parser = PhoneNumber::parse_at_home)]
    phone: Option<PhoneNumber>,
    /// Prints the link for somebody without a mailbox, to be handed over. Otherwise the server sends it.
    #[arg(long, requires = "phone")]
    print_link: bool,
    /// Makes a passphrase of four words for the two of you: without it the link opens nothing, for whoever runs the server neither.
    #[arg(long, requires = "phone", conflicts_with = "passphrase_file")]
    new_passphrase: bool,
    /// File whose first line is a passphrase that the two of you have agreed on already: four random words or more.
    #[arg(long, requires = "phone", value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The letter this answers; the conversation goes on. `reply` says whom to and what about by itself.
    #[arg(long, value_name = "ID")]
    reply_to: Option<LetterId>,
}

/// A letter to answer.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("content").args(["text", "text_file", "attach"]).required(true).multiple(true))]
pub(crate) struct ReplyArgs {
    /// Its id, from `list`.
    id: LetterId,
    /// To everybody who got it, and not only to its sender.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    copies: CopyArgs,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    files: AttachArgs,
}

/// A letter to pass on.
#[derive(Debug, clap::Args)]
pub(crate) struct ForwardArgs {
    /// Its id, from `list`.
    id: LetterId,
    /// To whom; may be given several times.
    #[arg(long, required = true, num_args = 1.., value_name = "ADDRESS", value_parser = Address::parse)]
    to: Vec<Address>,
    #[command(flatten)]
    copies: CopyArgs,
    #[command(flatten)]
    text: TextArgs,
    #[command(flatten)]
    files: AttachArgs,
}

/// Who else gets it, and how its readers are to be identified.
#[derive(Debug, clap::Args)]
struct CopyArgs {
    /// Who gets a copy, as everybody sees; may be given several times.
    #[arg(long, num_args = 1.., value_name = "ADDRESS", value_parser = Address::parse)]
    cc: Vec<Address>,
    /// Who gets a copy that nobody else knows of; may be given several times.
    #[arg(long, num_args = 1.., value_name = "ADDRESS", value_parser = Address::parse)]
    bcc: Vec<Address>,
    /// Gives each of them a letter of their own, which names nobody else.
    #[arg(long, conflicts_with_all = ["cc", "bcc"])]
    each: bool,
    /// Asks each reader to be identified by an SMS code (phone), an authenticator app (authenticator) or a passkey, shortly before.
    /// An answer, and what is passed on, asks for what the letter before asked for, unless this says none.
    #[arg(long, value_parser = asked)]
    level: Option<Asked>,
}

/// The level that readers are asked for; none if they are asked for nothing.
#[derive(Debug, Clone, Copy)]
struct Asked(Option<Level>);

fn asked(word: &str) -> Result<Asked, String> {
    let words = Level::ASKED_FOR.map(Level::as_str).join(", ");
    let found = Level::ASKED_FOR.into_iter().find(|level| level.as_str() == word);
    match found {
        None if word != "none" => Err(format!("expected one of {words}, none")),
        level => Ok(Asked(level)),
    }
}

/// One's own words.
#[derive(Debug, clap::Args)]
struct TextArgs {
    /// The text.
    #[arg(long, conflicts_with = "text_file")]
    text: Option<String>,
    /// File with the text; - is standard input.
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
}

impl TextArgs {
    /// The text, if there is one.
    fn read(self) -> Result<Option<String>, Stop> {
        match (self.text, &self.text_file) {
            (Some(text), _) => Ok(Some(text)),
            (None, Some(file)) => text_of(file).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// The text of a letter; a file may go without one.
    fn beside(self, files: &AttachArgs) -> Result<String, Stop> {
        match self.read()? {
            None if files.is_empty() => Err(Stop::usage(Sentence::NeedsText)),
            text => Ok(text.unwrap_or_default()),
        }
    }
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
        Err(error) => Err(Stop::usage(Sentence::CantReadAsText { file, error: &error.to_string() })),
    }
}

/// Sends a letter.
pub(crate) async fn send(desk: &Desk, arguments: SendArgs) -> Result<Answer, Stop> {
    let SendArgs { to, copies, subject, text, files, phone, print_link, new_passphrase, passphrase_file, reply_to } =
        arguments;
    let text = text.beside(&files)?;
    let passphrase = match &passphrase_file {
        Some(file) => Some(questions::passphrase_in(file)?),
        None => new_passphrase.then(|| Passphrase::generate(desk.language, &mut OsRng)),
    };
    let invite = match (phone, to.as_slice()) {
        (None, _) => Vec::new(),
        (Some(phone), [one]) => {
            let (address, language, mailed) = (one.clone(), desk.language, !print_link);
            vec![Invite { address, phone, language, mailed, passphrase }]
        }
        (Some(_), _) => return Err(Stop::usage(Sentence::OnePhone)),
    };
    post(desk, async |world, mailbox| {
        let answers = match reply_to {
            Some(id) => Some(Answers::to(&peek(desk, world, mailbox, id).await?)),
            None => None,
        };
        let files = files.upload(desk, world, mailbox).await?;
        Ok(Addressed { invite, files, ..addressed(Beginning { to, subject, text }, copies, answers, None) })
    })
    .await
}

/// Answers a letter.
pub(crate) async fn reply(desk: &Desk, arguments: ReplyArgs) -> Result<Answer, Stop> {
    let ReplyArgs { id, all, copies, text, files } = arguments;
    let text = text.beside(&files)?;
    post(desk, async |world, mailbox| {
        let letter = peek(desk, world, mailbox, id).await?;
        let begun = beginning::answer(&letter, mailbox.address(), all, desk.language);
        let written = addressed(Beginning { text, ..begun }, copies, Some(Answers::to(&letter)), letter.level());
        Ok(Addressed { files: files.upload(desk, world, mailbox).await?, ..written })
    })
    .await
}

/// Passes a letter on, under one's own words.
pub(crate) async fn forward(desk: &Desk, arguments: ForwardArgs) -> Result<Answer, Stop> {
    let ForwardArgs { id, to, copies, text, files } = arguments;
    let words = text.read()?.unwrap_or_default();
    post(desk, async |world, mailbox| {
        let letter = peek(desk, world, mailbox, id).await?;
        let Beginning { subject, text, .. } = beginning::forward(&letter, mailbox, desk.language);
        let between = if words.is_empty() { "" } else { "\n\n" };
        let text = format!("{}{between}{text}", words.trim_end());
        // What is passed on goes without being sent once more: its keys do.
        let mut all: Vec<_> =
            letter.attachments().iter().cloned().map(|file| DraftFile::of(FileId::new(&mut OsRng), file)).collect();
        all.extend(files.upload(desk, world, mailbox).await?);
        Ok(Addressed { files: all, ..addressed(Beginning { to, subject, text }, copies, None, letter.level()) })
    })
    .await
}

/// The letter that this one begins with. Question, where its sender asks for a level that was not proved lately: a code.
async fn peek(desk: &Desk, world: &Terminal<Profile>, mailbox: &Mailbox, id: LetterId) -> Result<Letter, Stop> {
    confirmed(desk, world, mailbox, async || mailbox.peek(world, id).await).await
}

/// Whom it goes to: each once, and nobody gets a copy of what is to them. It asks its readers for what the letter asked for whose
/// words stand in it, unless its writer says otherwise.
fn addressed(begun: Beginning, copies: CopyArgs, answers: Option<Answers>, before: Option<Level>) -> Addressed {
    let (Beginning { mut to, subject, text }, CopyArgs { mut cc, mut bcc, each, level }) = (begun, copies);
    let level = level.map_or(before, |Asked(level)| level);
    let mut seen = BTreeSet::new();
    for readers in [&mut to, &mut cc, &mut bcc] {
        readers.retain(|address| seen.insert(address.clone()));
    }
    Addressed { to, cc, bcc, each, subject, text, answers, level, invite: Vec::new(), files: Vec::new() }
}

/// Sends what was written, and says who can read it.
async fn post(
    desk: &Desk,
    write: impl AsyncFnOnce(&Terminal<Profile>, &Mailbox) -> Result<Addressed, Stop>,
) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let written = write(world, mailbox).await?;
        let had = |who: &Address| mailbox.link_of(who);
        let before: Vec<_> = written.invite.iter().map(|invite| had(&invite.address)).collect();
        let sent = mailbox.send(world, &written).await.map_err(|error| {
            let agreed = written.invite.iter().find(|invite| invite.passphrase.is_some());
            match (&error, agreed) {
                // It goes out by itself, and nobody has said the words yet.
                (SendError::Waiting { .. }, Some(invite)) => {
                    not_sent(&error).and(Sentence::WordsLater { who: &invite.address })
                }
                (error, _) => not_sent(error),
            }
        })?;
        let readers: Vec<Value> = sent
            .readers
            .iter()
            .map(|(address, standing)| json!({ "address": address, "key_state": standing.as_str() }))
            .collect();
        let mut text = desk.line(Sentence::Sent { id: sent.id });
        for (who, key) in &sent.readers {
            text += &desk.line(Sentence::CanRead { who, key: *key });
        }
        if let Some(level) = written.level {
            text += &desk.line(Sentence::AsksFor { level });
        }
        let (subject, level) = (&written.subject, written.level);
        let mut document = json!({ "id": sent.id, "ids": sent.ids, "subject": subject, "to": readers, "level": level });
        for (Invite { address: who, mailed, passphrase, .. }, before) in written.invite.iter().zip(before) {
            // None where they have a mailbox after all.
            let Some(secret) = mailbox.link_of(who) else { continue };
            if before.as_ref() == Some(&secret) {
                text += &desk.line(Sentence::SameLink { who });
                continue;
            }
            let link = link_to(world.http.server().as_str(), &secret);
            text += &desk.line(match (mailed, passphrase) {
                (false, _) => Sentence::YouHandLink { who, link: &link },
                (true, None) => Sentence::WeSendLink { who },
                (true, Some(_)) => Sentence::WeSendShutLink { who },
            });
            if let Some(words) = passphrase.as_ref().map(Passphrase::as_str) {
                text += &desk.line(Sentence::SayWords { who, words });
            }
            document["link"] = if *mailed { Value::Null } else { link.into() };
            document["passphrase"] = passphrase.as_ref().map(Passphrase::as_str).into();
        }
        Ok(Answer::new(document, text))
    })
    .await
    .map_err(|stop| if stop.leaves_nothing_waiting() { stop.and(Sentence::NothingSent) } else { stop })
}

fn not_sent(error: &SendError) -> Stop {
    match error {
        SendError::Waiting { id, .. } => {
            Stop::of_failure(error, None, Some(Sentence::SentByItself)).with("id", id.to_string())
        }
        SendError::LookUp { .. }
        | SendError::Seal(_)
        | SendError::TooMuchAtOnce
        | SendError::Device(_)
        | SendError::Refused(_)
        | SendError::NoDraft
        | SendError::OnItsWay => match error.reader() {
            Some(reader) => Stop::of_failure(error, Some(reader), None).with("address", reader.as_str()),
            None => Stop::of_failure(error, None, None),
        },
    }
}
