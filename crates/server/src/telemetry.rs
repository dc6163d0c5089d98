//! What the operator sees in numbers: the name and the help of every series, and the gauges that are read when somebody asks.
//! docs/running.md has the same list, and a test compares them. Labels are of closed lists: a series is kept for ever, so
//! none may be made of what strangers send.

use std::{path::PathBuf, sync::Arc, time::Duration};

use axum::{Router, extract::State, http::header, response::IntoResponse, routing::get};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use securemailbox_protocol::problems::ProblemType;
use securemailbox_store::{
    StoreError,
    measures::{COMMIT_SECONDS, WRITES_UNDER_WAY},
    notices::{Backlog, Lane},
};
use tokio::time::timeout;

use crate::{files, mailroom::Mailroom, networks::Network, notices, shares::Shares, tallies, tls::Shown};

/// Requests that were answered, by the pattern of their route.
pub const REQUESTS: &str = "securemailbox_requests_total";
/// How long a request takes, until its answer begins.
pub const REQUEST_SECONDS: &str = "securemailbox_request_seconds";
/// Requests that were answered with a problem, by its type.
pub const PROBLEMS: &str = "securemailbox_problems_total";
/// Letters that were taken.
pub const LETTERS: &str = "securemailbox_letters_total";
/// Entries that were erased from a trash.
pub const ERASED: &str = "securemailbox_erased_total";
/// How long emptying a trash takes.
pub const ERASURE_SECONDS: &str = "securemailbox_erasure_seconds";
/// What came of tries to send a notice.
pub const NOTICES: &str = "securemailbox_notices_total";
/// Connections that were closed because their network has too many.
pub const CONNECTIONS_REFUSED: &str = "securemailbox_connections_refused_total";
/// Connections that the operating system did not give us.
pub const CONNECTIONS_FAILED: &str = "securemailbox_connections_failed_total";
/// Open event streams.
pub const EVENT_STREAMS: &str = "securemailbox_event_streams";

const NOTICES_WAITING: &str = "securemailbox_notices_waiting";
const NOTICES_AGE: &str = "securemailbox_notices_age_seconds";
const CONNECTIONS: &str = "securemailbox_connections";
const CONNECTIONS_MOST: &str = "securemailbox_connections_most";
const TEXTS_TODAY: &str = "securemailbox_texts_today";
const TEXTS_A_DAY: &str = "securemailbox_texts_a_day";
const DISK_FREE: &str = "securemailbox_disk_free_bytes";
const CERTIFICATE_DAYS: &str = "securemailbox_certificate_days";
const BUILD: &str = "securemailbox_build_info";

/// Upper ends of a histogram's buckets, in seconds: from a look into a table to the deadline of a post.
const BUCKETS: [f64; 12] = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0];

/// How long the database is waited for before the gauges that are its own stay as they were.
const PATIENCE: Duration = Duration::from_secs(5);

/// Starts counting: from here on there is a series for everything that can be named before it happens.
///
/// # Errors
/// The exporter's, or another one is there already.
pub fn start() -> Result<PrometheusHandle, NotCounting> {
    let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS)?.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| NotCounting::Twice)?;
    describe();
    register();
    Ok(handle)
}

/// Why there are no metrics.
#[derive(Debug, thiserror::Error)]
pub enum NotCounting {
    /// The exporter refused its set-up.
    #[error(transparent)]
    Exporter(#[from] BuildError),
    /// They were started twice in one process.
    #[error("they were started twice")]
    Twice,
}

fn describe() {
    describe_counter!(REQUESTS, "requests that were answered, by the pattern of their route");
    describe_histogram!(REQUEST_SECONDS, "how long a request takes until its answer begins");
    describe_counter!(PROBLEMS, "requests that were answered with a problem, by its type");
    describe_counter!(LETTERS, "letters taken");
    describe_counter!(
        ERASED,
        "letters erased from a trash, by its owner or after 30 days, each once for each mailbox that it lay in"
    );
    describe_histogram!(ERASURE_SECONDS, "how long emptying a trash takes until nothing of it is left");
    describe_histogram!(COMMIT_SECONDS, "how long a write takes until it is on disk or refused, its waiting among it");
    describe_gauge!(WRITES_UNDER_WAY, "writes that wait or are being written");
    describe_counter!(NOTICES, "tries to send codes and news: sent, failed (is tried again), refused, given-up");
    describe_gauge!(NOTICES_WAITING, "codes and news that wait to be sent, or to be tried again");
    describe_gauge!(NOTICES_AGE, "how long the oldest of them has waited; 0 if none waits");
    describe_gauge!(TEXTS_TODAY, "SMS sent within the day that runs");
    describe_gauge!(TEXTS_A_DAY, "SMS that may be sent in a day: sms.a_day");
    describe_gauge!(CONNECTIONS, "open connections");
    describe_gauge!(CONNECTIONS_MOST, "connections that may be open: limits.connections");
    describe_counter!(CONNECTIONS_REFUSED, "connections closed because their network had too many");
    describe_counter!(
        CONNECTIONS_FAILED,
        "connections that the operating system could not hand over, as without a free file"
    );
    describe_gauge!(EVENT_STREAMS, "open event streams: pages and clients that wait for letters");
    describe_gauge!(DISK_FREE, "room on the disk of the data folder");
    describe_gauge!(CERTIFICATE_DAYS, "whole days until the certificate ends; only where the server itself ends TLS");
    describe_gauge!(BUILD, "always 1; its label is the version that runs");
}

/// A series that is missing until its first event hides that event from `rate()`.
fn register() {
    for name in [LETTERS, ERASED, CONNECTIONS_REFUSED, CONNECTIONS_FAILED] {
        counter!(name).absolute(0);
    }
    for kind in ProblemType::ALL {
        counter!(PROBLEMS, "problem" => kind.slug()).absolute(0);
    }
    for (lane, result, cause) in notices::labels() {
        counter!(NOTICES, "lane" => lane, "result" => result, "cause" => cause).absolute(0);
    }
    for name in [ERASURE_SECONDS, COMMIT_SECONDS] {
        // Named is enough: it is there with nothing in it.
        drop(histogram!(name));
    }
    for name in [WRITES_UNDER_WAY, EVENT_STREAMS] {
        gauge!(name).set(0.0);
    }
    gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}

/// One of what a gauge counts, for as long as it lives.
pub struct Counted(&'static str);

impl Counted {
    /// One more.
    #[must_use]
    pub fn one(name: &'static str) -> Self {
        gauge!(name).increment(1.0);
        Self(name)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        gauge!(self.0).decrement(1.0);
    }
}

/// What is looked at when somebody asks, since nothing tells when it changes.
#[derive(Clone)]
pub struct Gauges {
    /// The outbox, the SMS of the day and the clock.
    pub mailroom: Mailroom,
    /// Connections.
    pub places: Arc<Shares<Network>>,
    /// The certificate that is shown, if it is ours to show.
    pub shown: Option<Arc<Shown>>,
    /// The folder of the data, if the data is in one.
    pub folder: Option<PathBuf>,
}

impl Gauges {
    /// Answers `GET /metrics` in Prometheus' text form.
    #[expect(clippy::disallowed_methods, reason = "metrics are no part of the API's document")]
    pub fn router(self, handle: PrometheusHandle) -> Router {
        Router::new().route("/metrics", get(scrape)).with_state((self, handle))
    }

    async fn read(&self) {
        let (open, most) = self.places.level();
        gauge!(CONNECTIONS).set(open as f64);
        gauge!(CONNECTIONS_MOST).set(most as f64);
        let now = self.mailroom.now();
        if let Some(days) = self.shown.as_ref().and_then(|shown| shown.days_left(now)) {
            gauge!(CERTIFICATE_DAYS).set(days as f64);
        }
        if let Some(Ok(free)) = self.folder.as_deref().map(files::room_at) {
            gauge!(DISK_FREE).set(free as f64);
        }
        // Where the database is away, what fails is counted as problems, and these stay as they were.
        let _ = timeout(PATIENCE, self.read_store()).await;
    }

    async fn read_store(&self) -> Result<(), StoreError> {
        let waiting = self.mailroom.store.read(Backlog).await?;
        let now = self.mailroom.now();
        for lane in Lane::ALL {
            let found = waiting.iter().find(|waiting| waiting.lane == lane);
            let (count, age) = found.map_or((0, Duration::ZERO), |found| (found.count, now.since(found.created)));
            gauge!(NOTICES_WAITING, "lane" => notices::name(lane)).set(count as f64);
            gauge!(NOTICES_AGE, "lane" => notices::name(lane)).set(age.as_secs_f64());
        }
        gauge!(TEXTS_A_DAY).set(self.mailroom.texts_a_day as f64);
        gauge!(TEXTS_TODAY).set(tallies::texts_today(&self.mailroom).await? as f64);
        Ok(())
    }
}

async fn scrape(State((gauges, handle)): State<(Gauges, PrometheusHandle)>) -> impl IntoResponse {
    gauges.read().await;
    handle.run_upkeep();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
}
