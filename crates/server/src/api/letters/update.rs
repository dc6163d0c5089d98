//! Moving and marking one's own entry.

use axum::extract::State;
use securemailbox_protocol::{
    ids::LetterId,
    letters::{Entry, EntryUpdate},
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::letters::{UpdateEntry, UpdateEntryError};

use crate::{
    access::Access,
    api::{Id, letters},
    body::Json,
    mailroom::Mailroom,
    problem::Problem,
};

impl From<UpdateEntryError> for Problem {
    fn from(error: UpdateEntryError) -> Self {
        match error {
            UpdateEntryError::NotFound => ProblemType::NotFound.into(),
            UpdateEntryError::NotAFolderForLetters => Self::bad_request("letters do not go to `drafts`"),
            UpdateEntryError::Store(source) => source.into(),
        }
    }
}

/// Moves or marks one's own entry; absent is unchanged, and what is so already is no change.
#[utoipa::path(patch, path = "/letters/{id}", params(("id" = LetterId, Path)), request_body = EntryUpdate,
    responses((status = 200, body = Entry), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn update(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
    Json(update): Json<EntryUpdate>,
) -> Result<Json<Entry>, Problem> {
    let entry = mailroom
        .store
        .write(access.acts(&mailroom, UpdateEntry { mailbox: access.mailbox, letter, update, now: mailroom.now() }))
        .await?;
    Ok(Json(letters::entry(&mailroom, &access, entry)?))
}
