//! How a device learns what changed (PROTOCOL §4.7, §9a).

use axum::extract::State;
use securemailbox_protocol::{
    numbers::ChangeNumber,
    problems::ProblemDetails,
    sync::{Changes, DraftIds, LetterIds},
};
use securemailbox_store::sync::{self, ChangesSince, DraftIdsOf, LetterIdsOf, Look, Scope};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Query, letters};
use crate::{access::Access, body::Json, mailroom::Mailroom, problem::Problem};

/// The change number to follow on from.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Since {
    /// `change` of the answer before; 0 at first.
    since: u64,
    /// At most how many entries and records; 100 unless fewer are asked for.
    #[serde(default)]
    limit: Option<u32>,
    /// `records` leaves the entries out; then `change` says nothing of them.
    #[serde(default)]
    only: Option<Only>,
}

/// The part of the changes that is asked for, where it is not everything.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Only {
    /// Sealed records only: no entries.
    Records,
}

/// Tells which entries and records changed after a change number, oldest change first.
#[utoipa::path(get, path = "/changes", params(Since),
    responses((status = 200, body = Changes), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn changes(
    State(mailroom): State<Mailroom>,
    access: Access,
    Query(asked): Query<Since>,
) -> Result<Json<Changes>, Problem> {
    // Numbers lie in a column of 63 bits.
    if asked.since > i64::MAX as u64 {
        return Err(Problem::bad_request("`since` is larger than any change"));
    }
    let limit = letters::list::page_size(asked.limit)?;
    let since = ChangeNumber::new(asked.since);
    let scope = asked.only.map_or(Scope::Everything, |Only::Records| Scope::Records);
    let asked = ChangesSince { mailbox: access.mailbox, since, limit, scope };
    let mut found = mailroom.store.read(asked).await?;
    if found.told {
        // Once for each notice. A store that can't write now still shows what is there, and remembers it the next time.
        found = mailroom.store.write(Look(asked)).await.unwrap_or(found);
    }
    let entries =
        found.entries.into_iter().map(|entry| letters::entry(&mailroom, &access, entry)).collect::<Result<_, _>>()?;
    let sync::Changes { change, erased, more, records, waits, .. } = found;
    Ok(Json(Changes { change, erased, more, entries, records, waits }))
}

/// Every letter there is. What a device has and this lacks was erased.
#[utoipa::path(get, path = "/ids/letters", responses((status = 200, body = LetterIds), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn letter_ids(State(mailroom): State<Mailroom>, access: Access) -> Result<Json<LetterIds>, Problem> {
    Ok(Json(mailroom.store.read(LetterIdsOf { mailbox: access.mailbox }).await?))
}

/// Every draft there is. What a device has and this lacks was sent or erased.
#[utoipa::path(get, path = "/ids/drafts", responses((status = 200, body = DraftIds), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn draft_ids(State(mailroom): State<Mailroom>, access: Access) -> Result<Json<DraftIds>, Problem> {
    Ok(Json(mailroom.store.read(DraftIdsOf { mailbox: access.mailbox }).await?))
}
