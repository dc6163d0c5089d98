//! Drafts between a page and the client: what was typed, and what became of it.

use securemailbox_client::{
    failure::{Class, Failure},
    invitations::Invite,
    letters::{Draft, HandedIn, NotSent, ReadError},
    mailbox::Mailbox,
    world::World,
};
use securemailbox_protocol::{address::Address, ids::RecordId, phone::PhoneNumber};

use crate::{
    arguments::{Invited, Writing},
    mailbox::id,
    problems::{OrProblem, problem},
    views::{DraftNews, Problem},
};

/// What stands on the page, and the draft that it is.
pub(crate) async fn written(
    mailbox: &Mailbox,
    world: &impl World,
    args: Writing,
) -> Result<(Option<RecordId>, Draft), Problem> {
    let record = args.id.as_deref().map(id).transpose()?;
    let answers = match args.answers.as_deref() {
        None => None,
        Some(letter) => match mailbox.answers(world, record, id(letter)?).await {
            // Erased since: what was written is no answer any more, and still a letter.
            Err(ReadError::NotFound) => None,
            answers => Some(answers.or_problem()?),
        },
    };
    let Writing { to, cc, bcc, each, subject, text, level, invite, .. } = args;
    let (saved, invite) = (world.now(), invite.iter().filter_map(invited).collect());
    Ok((record, Draft { to, cc, bcc, each, subject, text, answers, level, invite, saved, rest: Default::default() }))
}

/// The page has shown both as they were understood; what is none of ours invites nobody.
fn invited(asked: &Invited) -> Option<Invite> {
    let Invited { address, phone, language, mailed, passphrase } = asked.clone();
    let (address, phone) = (Address::parse(&address).ok()?, PhoneNumber::parse(&phone).ok()?);
    Some(Invite { address, phone, language, mailed, passphrase })
}

/// What a page that has the draft open should know; none if nothing but its being handed in.
pub(crate) fn draft_news(handed_in: &HandedIn) -> Option<DraftNews> {
    let id = handed_in.record;
    match &handed_in.handed_in {
        Ok(saved) if saved.id == handed_in.record && saved.beside.is_none() => None,
        Ok(saved) => Some(DraftNews { id, now: saved.id, beside: saved.beside.is_some(), refused: None }),
        // It is handed in later, by itself.
        Err(error) if error.explain().class == Class::Unavailable => None,
        Err(error) => Some(DraftNews { now: id, id, beside: false, refused: Some(problem(error)) }),
    }
}

pub(crate) fn not_sent(error: &NotSent) -> Problem {
    Problem { address: error.about().map(Into::into), ..problem(error) }
}
