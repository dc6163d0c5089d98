//! Whether this server does its work, for whoever watches it.

use std::time::Duration;

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::time::Timestamp;
use securemailbox_store::{
    StoreError,
    meta::TryToWrite,
    notices::{Backlog, WaitingInLane},
};

use crate::mailroom::Mailroom;

/// How long a notice may be due and not be tried. It is tried within seconds, and failing is no reason: then it is due later.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// Ready means that the store takes what is written, and that the outbox moves. What is not so is said, a line each, in
/// words that name nobody.
pub(super) async fn ready(State(mailroom): State<Mailroom>) -> (StatusCode, String) {
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
    if wrong.is_empty() {
        return (StatusCode::NO_CONTENT, String::new());
    }
    (StatusCode::SERVICE_UNAVAILABLE, wrong.join("\n") + "\n")
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
        let waiting = |due| [WaitingInLane { lane: Lane::Texts, count: 1, due }];
        assert!(!is_stuck(&[], now));
        // Tried again later, claimed by somebody, or due since a moment.
        assert!(!is_stuck(&waiting(now.after(PATIENCE)), now));
        assert!(!is_stuck(&waiting(now.before(PATIENCE)), now));
        assert!(is_stuck(&waiting(now.before(PATIENCE + Duration::from_secs(1))), now));
    }
}
