//! `/problems/NAME`: the page behind each problem's `type`, which says what to do.

use axum::{extract::Path, response::Response};
use securemailbox_protocol::problems::ProblemType;

use super::html::{self, Escaped};
use crate::problem::Problem;

/// The page of one problem type.
pub(super) async fn page(
    name: Result<Path<String>, axum::extract::rejection::PathRejection>,
) -> Result<Response, Problem> {
    let known = name.ok().and_then(|Path(name)| ProblemType::ALL.iter().find(|kind| kind.slug() == name));
    let kind = known.ok_or(ProblemType::NotFound)?;
    let main = format!(
        "<p>{}</p>\n<p><code>{}</code> comes with HTTP status {}.</p>\n",
        Escaped(kind.advice()),
        kind.path(),
        kind.status()
    );
    Ok(html::page("en", kind.title(), &main))
}
