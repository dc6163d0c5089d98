//! Which e-mails are ours, for a person who asks whether one is real (PROTOCOL §5).

use axum::extract::State;
use securemailbox_protocol::{notices::NoticeSender, problems::ProblemDetails};

use crate::{body::Json, mailroom::Mailroom};

/// Whom our e-mails come from. Anybody may ask.
#[utoipa::path(get, path = "/notices/sender",
    responses((status = 200, body = NoticeSender), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn sender(State(mailroom): State<Mailroom>) -> Json<NoticeSender> {
    Json(NoticeSender { address: mailroom.mail_from.clone() })
}
