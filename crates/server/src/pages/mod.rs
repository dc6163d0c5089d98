//! What people and monitors see outside the API: the page, the pages that anybody may read, the demo; and health, which stands
//! outside the guard as well.

mod built;
mod demo;
mod file;
pub(crate) mod health;
mod public;

use axum::Router;
use securemailbox_site::Site;

use built::Page;
pub(crate) use built::fonts;
pub use demo::{Demo, DemoAccount};
use health::Health;

use crate::mailroom::Mailroom;

/// The named exceptions to "every route is documented": they are not the API.
pub(crate) fn router(site: Site, health: Health, demo: Option<Demo>) -> Router<Mailroom> {
    let page = Page::built(demo.is_some());
    let pages = public::router(page, site, health, demo.is_some());
    match demo {
        None => pages,
        Some(demo) => pages.merge(demo::router(demo)),
    }
}
