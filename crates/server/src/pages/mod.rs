//! What people and monitors see outside the API: the page, problem pages, health, the demo.

mod built;
mod demo;
mod health;
mod html;
mod problems;

use axum::{Router, http::StatusCode, routing::get};

use built::Page;
pub use demo::{Demo, DemoAccount};

use crate::mailroom::Mailroom;

/// The named exceptions to "every route is documented": they are not the API.
#[expect(clippy::disallowed_methods, reason = "pages for people and monitors are no part of the API's document")]
pub(crate) fn router(demo: Option<Demo>) -> Router<Mailroom> {
    let pages = Router::new()
        .route("/healthz", get(async || StatusCode::NO_CONTENT))
        .route("/readyz", get(health::ready))
        .route("/problems/{name}", get(problems::page))
        .route(html::STYLE_SHEET, get(html::style))
        .merge(built::router(Page::built(demo.is_some()), demo.is_some()));
    match demo {
        None => pages,
        Some(demo) => pages.merge(demo::router(demo)),
    }
}
