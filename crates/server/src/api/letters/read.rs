//! Reading (PROTOCOL §4.4): an entry, and the content it holds.

use axum::{
    Extension,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use securemailbox_protocol::{
    ids::LetterId,
    letters::Entry,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::letters::{ReadContent, ReadEntry, ReadShortContent};

use crate::{
    access::Access,
    api::{Id, letters, proofs},
    body::Json,
    budgets::Tab,
    mailroom::Mailroom,
    problem::Problem,
};

/// One's own entry of a letter.
#[utoipa::path(get, path = "/letters/{id}", params(("id" = LetterId, Path)),
    responses((status = 200, body = Entry), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn read(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
) -> Result<Json<Entry>, Problem> {
    let entry =
        mailroom.store.read(ReadEntry { mailbox: access.mailbox, letter }).await?.ok_or(ProblemType::NotFound)?;
    Ok(Json(letters::entry(&mailroom, &access, entry)?))
}

/// The content packet of a letter, raw. Released only at the level its sender demanded (PROTOCOL §6).
#[utoipa::path(get, path = "/letters/{id}/content", params(("id" = LetterId, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = [u8]), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn content(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
    Extension(tab): Extension<Tab>,
) -> Result<Response, Problem> {
    let mailbox = access.mailbox;
    let found = mailroom.store.read(ReadShortContent { mailbox, letter }).await?.ok_or(ProblemType::NotFound)?;
    if let Some(level) = letters::demanded(&access, found.sender, found.level) {
        proofs::demand(&mailroom, &access.session, level, ProblemType::LevelRequired).await?;
    }
    // Room first, so that what nobody fetches keeps the next from being read.
    let room = tab.answer(found.length).await?;
    let content = match found.content {
        Some(short) => short,
        None => mailroom.store.read(ReadContent { mailbox, letter }).await?.ok_or(ProblemType::NotFound)?,
    };
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], room.holds(content)).into_response())
}

/// Refuses what the session has no entry of, or not the level for.
pub(super) async fn may_open(mailroom: &Mailroom, access: &Access, letter: LetterId) -> Result<(), Problem> {
    let entry =
        mailroom.store.read(ReadEntry { mailbox: access.mailbox, letter }).await?.ok_or(ProblemType::NotFound)?;
    match letters::demanded(access, entry.sender.account, entry.level) {
        Some(level) => proofs::demand(mailroom, &access.session, level, ProblemType::LevelRequired).await,
        None => Ok(()),
    }
}
