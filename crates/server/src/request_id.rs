//! The number of a request, by which a person and the log speak of the same one. It is made here: a stranger's would let
//! them write into the log, and a proxy's may be theirs.

use std::{fmt, future::Future};

use rand::{CryptoRng, RngCore};
use tracing::Instrument as _;

tokio::task_local! {
    static CURRENT: RequestId;
}

/// Eight random bytes, written as 16 hexadecimal digits. Says nothing of who asks, nor when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId([u8; 8]);

impl RequestId {
    /// Another one.
    pub fn random(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 8];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Does the request's work: what is logged meanwhile has the number, and [`RequestId::current`] tells it.
    pub async fn during<F: Future>(self, work: F) -> F::Output {
        // At this level the span is there whatever the log's level is.
        let span = tracing::error_span!("request", request = %self);
        CURRENT.scope(self, work.instrument(span)).await
    }

    /// That of the request which this task works for.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|id| *id).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Seek as _},
        sync::Arc,
    };

    use axum::response::IntoResponse;
    use http_body_util::BodyExt as _;
    use securemailbox_protocol::problems::ProblemType;

    use super::*;
    use crate::problem::Problem;

    #[tokio::test]
    async fn a_problem_has_the_number_of_its_request() {
        let id = RequestId([0, 1, 2, 3, 4, 5, 6, 255]);
        let answer = id.during(async { Problem::new(ProblemType::NotFound).into_response() }).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["request"], "00010203040506ff");
        assert_eq!(RequestId::current(), None);
    }

    #[tokio::test]
    async fn each_line_of_a_request_has_its_number() {
        let mut file = tempfile::tempfile().unwrap();
        let writer = Arc::new(file.try_clone().unwrap());
        let log = tracing_subscriber::fmt().json().with_span_list(false).with_writer(writer).finish();
        let _until_the_end = tracing::subscriber::set_default(log);
        RequestId([1; 8]).during(async { tracing::info!("said") }).await;
        let mut written = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut written).unwrap();
        let line: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(line["span"]["request"], "0101010101010101");
    }
}
