//! What people and monitors see outside the API: the page, problem pages, the demo; and health, which stands outside the
//! guard as well.

mod built;
mod demo;
mod html;
mod problems;

use axum::{Router, extract::State, http::StatusCode, routing::get};
use securemailbox_protocol::problems::ProblemType;
use securemailbox_store::meta::{MetaKey, ReadMeta};

use built::Page;
pub use demo::{Demo, DemoAccount};

use crate::{mailroom::Mailroom, problem::Problem};

/// The named exceptions to "every route is documented": they are not the API.
#[expect(clippy::disallowed_methods, reason = "pages for people and monitors are no part of the API's document")]
pub(crate) fn router(demo: Option<Demo>) -> Router<Mailroom> {
    let pages = Router::new()
        .route("/problems/{name}", get(problems::page))
        .route(html::STYLE_SHEET, get(html::style))
        .merge(built::router(Page::built(demo.is_some()), demo.is_some()));
    match demo {
        None => pages,
        Some(demo) => pages.merge(demo::router(demo)),
    }
}

/// How this process is, for whoever runs it: a balancer asks by address and not by name, more often than anybody, and most
/// urgently when everybody else asks too often.
#[expect(clippy::disallowed_methods, reason = "health is no part of the API's document")]
pub(crate) fn health() -> Router<Mailroom> {
    Router::new()
        .route("/healthz", get(async || StatusCode::NO_CONTENT))
        .route("/readyz", get(ready))
        .method_not_allowed_fallback(async || Problem::new(ProblemType::MethodNotAllowed))
}

/// Ready means that the store answers.
async fn ready(State(mailroom): State<Mailroom>) -> StatusCode {
    match mailroom.store.read(ReadMeta { key: MetaKey::SealId }).await {
        Ok(_) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
