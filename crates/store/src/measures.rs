//! How long writes take and how many wait, for whichever exporter of metrics the binary has. Without one it costs nothing.

use metrics::{gauge, histogram};
use tokio::time::Instant;

/// Histogram: seconds from a write's being asked for until it is on disk or refused.
pub const COMMIT_SECONDS: &str = "securemailbox_commit_seconds";
/// Gauge: writes that wait or are being written.
pub const WRITES_UNDER_WAY: &str = "securemailbox_writes_under_way";

/// A write that is under way, until it is dropped.
pub(crate) struct UnderWay(Instant);

impl UnderWay {
    pub(crate) fn begin() -> Self {
        gauge!(WRITES_UNDER_WAY).increment(1.0);
        Self(Instant::now())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        gauge!(WRITES_UNDER_WAY).decrement(1.0);
        histogram!(COMMIT_SECONDS).record(self.0.elapsed().as_secs_f64());
    }
}
