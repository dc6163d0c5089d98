//! Whether this server does its work, for whoever watches it.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use securemailbox_protocol::{problems::ProblemType, time::Timestamp};
use securemailbox_store::{
    StoreError,
    meta::TryToWrite,
    notices::{Backlog, WaitingInLane},
};

use tokio::{sync::Mutex, time::Instant};

use crate::{mailroom::Mailroom, problem::Problem};

/// How long a notice may be due and not be tried. It is tried within seconds, and failing is no reason: then it is due later.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// For how long an answer is given again. Whoever asks is not limited, so the work is.
const FRESH: Duration = Duration::from_secs(1);

/// How this process is, for whoever runs it: a balancer asks by address and not by name, more often than anybody, and most
/// urgently when everybody else asks too often.
#[expect(clippy::disallowed_methods, reason = "health is no part of the API's document")]
pub(crate) fn router() -> Router<Mailroom> {
    let last = Arc::new(Mutex::new(None));
    Router::new()
        .route("/healthz", get(async || StatusCode::NO_CONTENT))
        .route("/readyz", get(move |State(mailroom): State<Mailroom>| ready(mailroom, last)))
        .method_not_allowed_fallback(async || Problem::new(ProblemType::MethodNotAllowed))
}

/// What was found last, and when.
type Last = Arc<Mutex<Option<(Instant, Vec<&'static str>)>>>;

/// Ready means that the store takes what is written, and that the outbox moves. What is not so is said, a line each, in
/// words that name nobody.
async fn ready(mailroom: Mailroom, last: Last) -> (StatusCode, String) {
    let mut last = last.lock().await;
    if last.as_ref().is_none_or(|(at, _)| at.elapsed() >= FRESH) {
        *last = Some((Instant::now(), look(&mailroom).await));
    }
    let wrong = last.as_ref().map(|(_, wrong)| wrong.as_slice()).unwrap_or_default();
    if wrong.is_empty() {
        return (StatusCode::NO_CONTENT, String::new());
    }
    (StatusCode::SERVICE_UNAVAILABLE, wrong.join("\n") + "\n")
}

async fn look(mailroom: &Mailroom) -> Vec<&'static str> {
    let mut wrong = Vec::new();
    match mailroom.store.write(TryToWrite).await {
        Ok(()) => {}
        Err(StoreError::Full) => wrong.push("store: the disk is full or nearly so"),
        Err(_) => wrong.push("store: nothing can be written"),
    }
    match mailroom.store.read(Backlog).await {
        Ok(waiting) if is_stuck(&waiting, mailroom.now()) => wrong.push("outbox: what is due is not sent"),
        Ok(_) => {}
        Err(_) => wrong.push("store: nothing can be read"),
    }
    wrong
}

fn is_stuck(waiting: &[WaitingInLane], now: Timestamp) -> bool {
    waiting.iter().any(|lane| now.since(lane.due) > PATIENCE)
}

#[cfg(test)]
mod tests {
    use securemailbox_store::notices::Lane;

    use super::*;

    #[test]
    fn an_outbox_is_stuck_when_what_is_due_is_not_tried() {
        let now = Timestamp::from_unix_millis(1_764_000_000_000);
        let waiting = |due| [WaitingInLane { lane: Lane::Texts, count: 1, due, created: now }];
        assert!(!is_stuck(&[], now));
        // Tried again later, claimed by somebody, or due since a moment.
        assert!(!is_stuck(&waiting(now.after(PATIENCE)), now));
        assert!(!is_stuck(&waiting(now.before(PATIENCE)), now));
        assert!(is_stuck(&waiting(now.before(PATIENCE + Duration::from_secs(1))), now));
    }
}
