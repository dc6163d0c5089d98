//! Erasing (PROTOCOL §8): answers when nothing of what lay in the trash is left.

use axum::extract::State;
use metrics::{counter, histogram};
use securemailbox_protocol::{
    letters::{EmptyTrash, ErasureReceipt},
    problems::ProblemDetails,
};
use tokio::time::Instant;

use crate::{access::Access, body::Json, mailroom::Mailroom, problem::Problem, telemetry};

/// Empties one's own trash, or erases some letters of it, and says step by step what was done. The same id again is the same emptying.
#[utoipa::path(post, path = "/trash/empty", request_body = EmptyTrash,
    responses((status = 200, body = ErasureReceipt), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn empty(
    State(mailroom): State<Mailroom>,
    access: Access,
    Json(EmptyTrash { id, letters }): Json<EmptyTrash>,
) -> Result<Json<ErasureReceipt>, Problem> {
    let began = Instant::now();
    let receipt = match letters {
        None => mailroom.store.empty_trash(access.mailbox, id, mailroom.now()).await?,
        Some(letters) => mailroom.store.erase_letters(access.mailbox, id, letters, mailroom.now()).await?,
    };
    histogram!(telemetry::ERASURE_SECONDS).record(began.elapsed().as_secs_f64());
    counter!(telemetry::ERASED).increment(receipt.erased);
    Ok(Json(receipt))
}
