//! Whether this server does its work, for whoever watches it.

use std::{sync::Arc, time::Duration};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use securemailbox_protocol::{problems::ProblemType, time::Timestamp};
use securemailbox_store::{
    StoreError,
    meta::TryToWrite,
    notices::{Backlog, Lane, WaitingInLane},
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
pub(crate) fn router(health: Health) -> Router<Mailroom> {
    Router::new()
        .route("/healthz", get(async || StatusCode::NO_CONTENT))
        .route("/readyz", get(async move |State(mailroom): State<Mailroom>| ready(&health.look(&mailroom).await.wrong)))
        .method_not_allowed_fallback(async || Problem::new(ProblemType::MethodNotAllowed))
}

/// Ready means that the store takes what is written, and that the outbox moves. What is not so is said, a line each, in
/// words that name nobody.
fn ready(wrong: &[Wrong]) -> (StatusCode, String) {
    if wrong.is_empty() {
        return (StatusCode::NO_CONTENT, String::new());
    }
    (StatusCode::SERVICE_UNAVAILABLE, wrong.iter().map(|wrong| format!("{wrong}\n")).collect())
}

/// Something that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Wrong {
    /// Nothing can be written any more.
    #[error("store: the disk is full or nearly so")]
    Full,
    /// The database refuses, or is away.
    #[error("store: nothing can be written")]
    NotWritten,
    /// As above.
    #[error("store: nothing can be read")]
    NotRead,
    /// Codes and notices wait.
    #[error("outbox: what is due is not sent")]
    Stuck,
}

/// What was found last, and when.
type Last = Option<(Instant, Found)>;

/// What was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// What this process does not do as it should.
    pub(crate) wrong: Vec<Wrong>,
    /// Ways on which something has waited for long, be it that a mail server refuses it: no fault of this process, and what people notice.
    pub(crate) late: Vec<Lane>,
}

/// Remembers it for a moment. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Health(Arc<Mutex<Last>>);

impl Health {
    /// What is wrong at this moment.
    pub(crate) async fn look(&self, mailroom: &Mailroom) -> Found {
        let mut last = self.0.lock().await;
        match last.as_ref() {
            Some((at, found)) if at.elapsed() < FRESH => found.clone(),
            _ => {
                let found = look(mailroom).await;
                *last = Some((Instant::now(), found.clone()));
                found
            }
        }
    }
}

async fn look(mailroom: &Mailroom) -> Found {
    let Found { mut wrong, mut late } = Found::default();
    match mailroom.store.write(TryToWrite).await {
        Ok(()) => {}
        Err(StoreError::Full) => wrong.push(Wrong::Full),
        Err(_) => wrong.push(Wrong::NotWritten),
    }
    match mailroom.store.read(Backlog).await {
        Ok(waiting) => {
            if is_stuck(&waiting, mailroom.now()) {
                wrong.push(Wrong::Stuck);
            }
            late = late_lanes(&waiting, mailroom.now());
        }
        Err(_) => wrong.push(Wrong::NotRead),
    }
    Found { wrong, late }
}

fn late_lanes(waiting: &[WaitingInLane], now: Timestamp) -> Vec<Lane> {
    waiting.iter().filter(|lane| now.since(lane.created) > PATIENCE).map(|lane| lane.lane).collect()
}

fn is_stuck(waiting: &[WaitingInLane], now: Timestamp) -> bool {
    waiting.iter().any(|lane| now.since(lane.due) > PATIENCE)
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn what_is_tried_again_and_again_is_late_for_whoever_waits_for_it() {
        let now = Timestamp::from_unix_millis(1_764_000_000_000);
        let waiting = |created| [WaitingInLane { lane: Lane::Texts, count: 1, due: now.after(PATIENCE), created }];
        assert!(late_lanes(&waiting(now.before(PATIENCE)), now).is_empty());
        assert_eq!(late_lanes(&waiting(now.before(PATIENCE + Duration::from_secs(1))), now), [Lane::Texts]);
    }
}
