//! What people and monitors see outside the API: the page, problem pages, the demo; and health, which stands outside the
//! guard as well.

mod built;
mod demo;
pub(crate) mod health;
mod html;
mod problems;

use axum::{Router, routing::get};

use built::Page;
pub use demo::{Demo, DemoAccount};

use crate::mailroom::Mailroom;

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
