//! `invitations`, `open`: people who have no mailbox (PROTOCOL §5), as who wrote to them and as they themselves see it.

use securemailbox_client::{
    device::Memory,
    letters::{Addressed, Answers},
    links::{self, LinkShown},
    mailbox::Mailbox,
    sign_in,
    world::World,
};
use securemailbox_protocol::{
    ids::LetterId,
    invitations::{self, InvitationRow, LinkState},
    letters::Folder,
};
use securemailbox_vault::links::{LinkSecret, NotALink};
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
    /// Answers the newest letter with this text.
    #[arg(long, value_name = "TEXT")]
    answer: Option<String>,
}

/// More letters than a conversation by a link has.
const ALL: usize = 1000;

/// Where a link leads, as it is handed over.
pub(crate) fn link_to(server: &str, secret: &str) -> String {
    format!("{server}{}#{secret}", invitations::PAGE)
}

/// Lists those who were written to and have no mailbox yet.
pub(crate) async fn invitations(desk: &Desk) -> Result<Answer, Stop> {
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

fn cells(row: &InvitationRow, desk: &Desk) -> Vec<String> {
    let state = match (row.opened, row.link) {
        (Some(at), _) => desk.say(Sentence::OpenedAt { at: &desk.style.time(at) }),
        (None, LinkState::WithSender) => desk.say(Sentence::LinkWithSender),
        (None, LinkState::Waiting) => desk.say(Sentence::LinkWaiting),
        (None, LinkState::Mailed) => desk.say(Sentence::LinkMailed),
    };
    vec![row.address.to_string(), format!("…{}", row.hint), state, desk.style.time(row.expires)]
}

/// Reads what a link leads to, for somebody who has no mailbox. Questions: the link, and the code from the SMS. Nothing of it stays
/// on this machine.
pub(crate) async fn open(desk: &Desk, arguments: OpenArgs) -> Result<Answer, Stop> {
    let OpenArgs { link, answer } = arguments;
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
    let to_prove = choose(desk, &world, &shown.to_choose).await.map_err(reached)?;
    let (mailbox, _) = prove(desk, to_prove.offer(), async |proof| to_prove.enter(&world, &proof).await).await?;
    let done = desk.patiently(conversation(desk, &world, &mailbox, &shown, answer)).await.map_err(reached);
    // Nobody can do anything about a session that could not be ended: it ends by itself.
    let _ = sign_in::sign_out(&world).await;
    done
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
    let LinkShown { from, expires, .. } = shown;
    let document = json!({ "from": from, "expires": expires, "letters": documents, "answer": sent });
    Ok(Answer::new(document, text))
}

async fn newest_of_others(mailbox: &Mailbox, world: &impl World) -> Result<Option<LetterId>, Stop> {
    Ok(mailbox.list(world, Folder::Inbox, 1).await?.first().map(|row| row.entry.id))
}
