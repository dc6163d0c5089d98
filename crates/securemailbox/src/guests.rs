//! `invitations`, `open`: people who have no mailbox (PROTOCOL §5), as who wrote to them and as they themselves see it.

use std::path::PathBuf;

use securemailbox_client::{
    device::Memory,
    invitations::Reminded,
    letters::{Addressed, Answers},
    links::{self, LinkProved, LinkShown, LockedLink, WrongPassphrase},
    mailbox::Mailbox,
    opening::Opening,
    sign_in,
    world::World,
};
use securemailbox_protocol::{
    address::Address,
    ids::LetterId,
    invitations::{self, InvitationRow, LinkState},
    letters::Folder,
    limits,
    organisations::Organisation,
};
use securemailbox_vault::{
    links::{LinkSecret, NotALink},
    passphrases::Passphrase,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    accounts::{choose, prove},
    beginning::{self, Beginning},
    desk::Desk,
    http::{Http, ServerUrl},
    letters::{reading_json, reading_text},
    outcome::{Answer, Stop},
    questions,
    terminal::Terminal,
    words::Sentence,
};

/// A link to open.
#[derive(Debug, clap::Args)]
pub(crate) struct OpenArgs {
    /// The link from the e-mail; asked for where it is not given, and then it stands in no list of commands.
    link: Option<String>,
    /// File whose first line is the words that you agreed on; otherwise they are asked for.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Answers the newest letter with this text.
    #[arg(long, value_name = "TEXT", conflicts_with_all = ["decline", "wrong_number"])]
    answer: Option<String>,
    /// Erases all that was written to you, unread. A code goes to the phone first; whoever wrote is told.
    #[arg(long, conflicts_with = "wrong_number")]
    decline: bool,
    /// Says that the phone is not yours. Whoever wrote is told; no code is sent.
    #[arg(long)]
    wrong_number: bool,
}

/// Those who were written to by a link.
#[derive(Debug, clap::Args)]
pub(crate) struct InvitationsArgs {
    /// Takes back everything that this person has of yours, unread or not. The link is over.
    #[arg(long, value_name = "ADDRESS", group = "act")]
    withdraw: Option<Address>,
    /// Sends this person the link once more, at most once a day.
    #[arg(long, value_name = "ADDRESS", group = "act")]
    remind: Option<Address>,
    /// Allows this person twenty more tries, when that many wrong codes were typed. Somebody may have guessed: call them first.
    #[arg(long, value_name = "ADDRESS", group = "act")]
    new_tries: Option<Address>,
    /// Erases everything at this person so many days after the last letter (--days).
    #[arg(long, value_name = "ADDRESS", group = "act", requires = "days")]
    keep: Option<Address>,
    /// How many days, 1 to 60.
    #[arg(long, requires = "keep", value_parser = clap::value_parser!(u64).range(1..=limits::INVITATION_DAYS))]
    days: Option<u64>,
    /// Prints the words that you agreed on with this person.
    #[arg(long, value_name = "ADDRESS", group = "act")]
    passphrase: Option<Address>,
}

/// What is done about one of them.
enum Act {
    Withdraw,
    Remind,
    AllowTries,
    Keep(u64),
    PrintPassphrase,
}

impl InvitationsArgs {
    fn act(self) -> Option<(Address, Act)> {
        let keep = self.keep.zip(self.days).map(|(address, days)| (address, Act::Keep(days)));
        let withdraw = self.withdraw.map(|address| (address, Act::Withdraw));
        let remind = self.remind.map(|address| (address, Act::Remind));
        let tries = self.new_tries.map(|address| (address, Act::AllowTries));
        let passphrase = self.passphrase.map(|address| (address, Act::PrintPassphrase));
        withdraw.or(remind).or(tries).or(keep).or(passphrase)
    }
}

/// More letters than a conversation by a link has.
const ALL: usize = 1000;

/// Where a link leads, as it is handed over.
pub(crate) fn link_to(server: &str, secret: &str) -> String {
    format!("{server}{}#{secret}", invitations::PAGE)
}

/// Lists those who were written to and have no mailbox yet.
pub(crate) async fn invitations(desk: &Desk, arguments: InvitationsArgs) -> Result<Answer, Stop> {
    if let Some((address, act)) = arguments.act() {
        return do_about(desk, &address, act).await;
    }
    desk.at_mailbox(async |world, mailbox| {
        let rows = mailbox.invitations(world).await?;
        let document = rows.iter().map(|row| json!(row)).collect();
        let head = [Sentence::PersonField, Sentence::PhoneField, Sentence::State, Sentence::ErasedAt];
        let cells = rows.iter().map(|row| cells(row, desk)).collect();
        let text = if rows.is_empty() { desk.line(Sentence::NobodyInvited) } else { desk.style.rows(&head, cells) };
        Ok(Answer::new(document, text))
    })
    .await
}

async fn do_about(desk: &Desk, who: &Address, act: Act) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let (found, word, said) = match act {
            Act::Withdraw => {
                let found = mailbox.withdraw_invitation(world, who).await?;
                (found, "withdrawn", Sentence::InvitationWithdrawn { who })
            }
            Act::Remind => match mailbox.remind(world, who).await? {
                Reminded::HandedOver { link } => {
                    let link = link_to(world.http.server().as_str(), &link);
                    return Err(Stop::usage(Sentence::HandOverAgain { link: &link }));
                }
                reminded => (reminded == Reminded::Sent, "reminded", Sentence::Reminded { who }),
            },
            Act::AllowTries => (mailbox.allow_tries(world, who).await?, "new_tries", Sentence::TriesAllowed { who }),
            Act::PrintPassphrase => {
                if !mailbox.is_invited(world, who).await? {
                    return Err(Stop::usage(Sentence::NotInvited { who }));
                }
                let agreed = mailbox.passphrase_of(who).ok_or_else(|| Stop::usage(Sentence::NoWords { who }))?;
                let said = desk.line(Sentence::SayWords { who, words: agreed.as_str() });
                return Ok(Answer::new(json!({ "passphrase": agreed.as_str() }), said));
            }
            Act::Keep(days) => (mailbox.change_days(world, who, days).await?, "kept", Sentence::KeptFor { who, days }),
        };
        if !found {
            return Err(Stop::usage(Sentence::NotInvited { who }));
        }
        Ok(Answer::new(json!({ word: who }), desk.line(said)))
    })
    .await
}

fn cells(row: &InvitationRow, desk: &Desk) -> Vec<String> {
    let state = match (row.opened, row.link) {
        (_, _) if row.shut => desk.say(Sentence::LinkShutShort),
        (None, _) if row.wrong_number.is_some() => desk.say(Sentence::WrongNumberShort),
        (_, LinkState::WithWriter) => desk.say(Sentence::LinkWithWriter),
        (Some(at), _) => desk.say(Sentence::OpenedAt { at: &desk.style.time(at) }),
        (None, LinkState::WithSender) => desk.say(Sentence::LinkWithSender),
        (None, LinkState::Waiting) => desk.say(Sentence::LinkWaiting),
        (None, LinkState::Mailed) => desk.say(Sentence::LinkMailed),
    };
    let phone = if row.hint.is_empty() { String::new() } else { format!("…{}", row.hint) };
    let who = row.proved.as_ref().unwrap_or(&row.address);
    vec![who.to_string(), phone, state, desk.style.time(row.expires)]
}

/// Reads what a link leads to, for somebody who has no mailbox. Questions: the link, and the code from the SMS. Nothing of it stays
/// on this machine.
pub(crate) async fn open(desk: &Desk, arguments: OpenArgs) -> Result<Answer, Stop> {
    let OpenArgs { link, passphrase_file, answer, decline, wrong_number } = arguments;
    // Before a code is used up for a file that can't be read.
    let words = passphrase_file.as_deref().map(questions::first_line).transpose()?;
    let link = match link {
        Some(link) => Zeroizing::new(link),
        None => questions::ask(&desk.say(Sentence::AskLink)).await?,
    };
    let secret = LinkSecret::parse(&link).map_err(|error| match error {
        NotALink::Length { .. } => Stop::usage(Sentence::LinkCut),
        NotALink::Check => Stop::usage(Sentence::LinkDiffers),
    })?;
    let server = link.split('#').next().unwrap_or_default().trim().trim_start_matches('<');
    let server = server.strip_suffix(invitations::PAGE).unwrap_or(server);
    let server = ServerUrl::parse(server).map_err(|_| Stop::usage(Sentence::LinkCut))?;
    let world = Terminal { http: Http::new(server, None)?, device: Memory::default() };
    let reached = |stop: Stop| stop.because(world.http.trouble());
    let shown = links::show_link(&world, &secret).await.map_err(Stop::from).map_err(reached)?;
    desk.note(Sentence::LinkFrom { from: &shown.from, expires: &desk.style.time(shown.expires) });
    if let Some(Organisation { name, domain }) = &shown.organisation {
        desk.note(Sentence::VerifiedSender { name: name.as_str(), domain: &domain.to_string() });
    }
    if wrong_number {
        links::report_wrong_number(&world, &secret).await.map_err(Stop::from).map_err(reached)?;
        return Ok(Answer::new(
            json!({ "told": shown.from }),
            desk.line(Sentence::WrongNumberTold { who: &shown.from }),
        ));
    }
    let proved = if shown.to_choose.offers().is_empty() {
        LinkProved::Open(shown.to_choose.open(&world).await.map_err(Stop::from).map_err(reached)?)
    } else {
        let to_prove = choose(desk, &world, &shown.to_choose).await.map_err(reached)?;
        prove(desk, to_prove.offer(), async |proof| to_prove.prove(&world, &proof).await).await?
    };
    if decline {
        proved.decline(&world).await.map_err(Stop::from).map_err(reached)?;
        return Ok(Answer::new(
            json!({ "declined": shown.from }),
            desk.line(Sentence::DeclinedNow { who: &shown.from }),
        ));
    }
    let opening = match proved {
        LinkProved::Open(opening) => opening,
        LinkProved::Locked(locked) => by_passphrase(desk, &world, &locked, words).await?,
    };
    let (mailbox, _) = Mailbox::begin(&world, opening).await.map_err(Stop::from).map_err(reached)?;
    let done = desk.patiently(conversation(desk, &world, &mailbox, &shown, answer)).await.map_err(reached);
    // Nobody can do anything about a session that could not be ended: it ends by itself.
    let _ = sign_in::sign_out(&world).await;
    done
}

/// Asks for the words that were agreed on, again and again if a person sits there, since a wrong try there costs nothing but its time.
async fn by_passphrase(
    desk: &Desk,
    world: &impl World,
    locked: &LockedLink,
    given: Option<Zeroizing<String>>,
) -> Result<Opening, Stop> {
    loop {
        let typed = match &given {
            Some(words) => words.clone(),
            None => questions::ask(&desk.say(Sentence::AskWords)).await?,
        };
        match locked.open(world, &Passphrase::heard(&typed)) {
            Ok(opening) => return Ok(opening),
            Err(WrongPassphrase) if given.is_none() && questions::answers_come_from_a_person() => {
                desk.note(Sentence::WordsDiffer);
            }
            Err(WrongPassphrase) => {
                // Nobody can do anything about a session that could not be ended: it ends by itself.
                let _ = locked.leave(world).await;
                return Err(Stop::usage(Sentence::WordsDiffer));
            }
        }
    }
}

async fn conversation(
    desk: &Desk,
    world: &impl World,
    mailbox: &Mailbox,
    shown: &LinkShown,
    answer: Option<String>,
) -> Result<Answer, Stop> {
    mailbox.sync(world).await?;
    let mut letters: Vec<LetterId> = Vec::new();
    for folder in [Folder::Inbox, Folder::Sent] {
        letters.extend(mailbox.list(world, folder, ALL).await?.iter().map(|row| row.entry.id));
    }
    letters.sort_unstable(); // ids begin with their time
    let (mut documents, mut text) = (Vec::<Value>::new(), String::new());
    for id in &letters {
        let reading = mailbox.read(world, *id).await?;
        documents.push(reading_json(&reading));
        text += &reading_text(&reading, desk);
        text += "\n";
    }
    let mut sent = Value::Null;
    if let Some(words) = answer {
        let newest = newest_of_others(mailbox, world).await?.ok_or_else(|| Stop::usage(Sentence::NothingToAnswer))?;
        let letter = mailbox.peek(world, newest).await?;
        let Beginning { to, subject, .. } = beginning::answer(&letter, mailbox.address(), false, desk.language);
        let answers = Some(Answers::to(&letter));
        let written = Addressed { to, subject, text: words, answers, level: letter.level(), ..Addressed::default() };
        let posted = mailbox.send(world, &written).await?;
        sent = json!(posted.id);
        text += &desk.line(Sentence::Sent { id: posted.id });
    }
    let LinkShown { from, organisation, expires, .. } = shown;
    let document = json!({
        "from": from,
        "organisation": organisation,
        "expires": expires,
        "letters": documents,
        "answer": sent,
    });
    Ok(Answer::new(document, text))
}

async fn newest_of_others(mailbox: &Mailbox, world: &impl World) -> Result<Option<LetterId>, Stop> {
    Ok(mailbox.list(world, Folder::Inbox, 1).await?.first().map(|row| row.entry.id))
}
