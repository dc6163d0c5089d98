//! A day of a client, written down: what it asked and what it was answered, so that the same day can be lived again with
//! one answer changed (ATTACKS). With the same clock and the same randomness a client asks the same.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use securemailbox_protocol::octets::Octets;

use crate::transport::{Request, Response, Transport, Unreachable};

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// SHA-256 of the request's body.
    pub asked: Octets,
    /// The status; 0 where no answer came.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The answer's body.
    pub body: Octets,
}

impl Recorded {
    fn new(request: &Request, answer: &Result<Response, Unreachable>) -> Self {
        let Response { status, content_type, body, .. } = answer.clone().unwrap_or_default();
        Self {
            method: request.method.as_str().into(),
            path: request.path.clone(),
            asked: Octets(Sha256::digest(&request.body).to_vec()),
            status,
            content_type,
            body: body.into(),
        }
    }

    fn answer(&self) -> Result<Response, Unreachable> {
        match self.status {
            0 => Err(Unreachable),
            status => Ok(Response {
                status,
                content_type: self.content_type.clone(),
                body: self.body.as_ref().to_vec(),
                ..Response::default()
            }),
        }
    }
}

/// Writes down what passes through another transport.
pub struct Recorder<T> {
    inner: T,
    recorded: RefCell<Vec<Recorded>>,
}

impl<T> Recorder<T> {
    /// Around `inner`.
    pub const fn new(inner: T) -> Self {
        Self { inner, recorded: RefCell::new(Vec::new()) }
    }

    /// Everything so far.
    #[must_use]
    pub fn take(&self) -> Vec<Recorded> {
        self.recorded.take()
    }
}

impl<T: Transport> Transport for Recorder<T> {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let answer = self.inner.call(request.clone()).await;
        self.recorded.borrow_mut().push(Recorded::new(&request, &answer));
        answer
    }
}

/// Answers from a transcript: each question gets the next answer that was recorded for the same method and path.
///
/// The order between different paths is free, since a client that refuses an answer may ask less than the one that was
/// recorded. What was asked without an answer in the transcript is unreachable, and counted in [`Replayer::strays`].
pub struct Replayer {
    left: RefCell<Vec<Recorded>>,
    strays: RefCell<Vec<String>>,
    other_bodies: RefCell<Vec<String>>,
}

impl Replayer {
    /// From a transcript, changed or not.
    #[must_use]
    pub const fn new(transcript: Vec<Recorded>) -> Self {
        Self {
            left: RefCell::new(transcript),
            strays: RefCell::new(Vec::new()),
            other_bodies: RefCell::new(Vec::new()),
        }
    }

    /// What was asked beyond the transcript: method and path.
    #[must_use]
    pub fn strays(&self) -> Vec<String> {
        self.strays.borrow().clone()
    }

    /// Questions whose bodies were not those recorded: method and path. None in an unchanged replay.
    #[must_use]
    pub fn other_bodies(&self) -> Vec<String> {
        self.other_bodies.borrow().clone()
    }

    /// How much of the transcript was not asked for.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left.borrow().len()
    }

    /// What of the transcript was not asked for.
    #[must_use]
    pub fn unasked(&self) -> Vec<Recorded> {
        self.left.borrow().clone()
    }
}

impl Transport for Replayer {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let method = request.method.as_str();
        let mut left = self.left.borrow_mut();
        let Some(at) = left.iter().position(|line| line.method == method && line.path == request.path) else {
            self.strays.borrow_mut().push(format!("{method} {}", request.path));
            return Err(Unreachable);
        };
        let recorded = left.remove(at);
        if recorded.asked.as_ref() != Sha256::digest(&request.body).as_slice() {
            self.other_bodies.borrow_mut().push(format!("{method} {}", request.path));
        }
        match recorded.answer() {
            Ok(response) if response.body.len() > request.limit => Err(Unreachable),
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::problems::ProblemType;

    use super::*;
    use crate::{
        fixtures::{Script, ok, problem, ready},
        transport::Method,
    };

    fn request(path: &str, body: &[u8]) -> Request {
        Request { method: Method::Post, path: format!("/api/v1{path}"), headers: vec![], body: body.into(), limit: 99 }
    }

    fn recorded() -> Vec<Recorded> {
        let server = Script::default();
        server.will("/a", ok(&1));
        server.will("/a", ok(&2));
        server.will("/b", problem(ProblemType::NotFound));
        let recorder = Recorder::new(server);
        for path in ["/a", "/a", "/b", "/lost"] {
            let _ = ready(recorder.call(request(path, b"body")));
        }
        recorder.take()
    }

    #[test]
    fn a_day_lived_again_gets_the_same_answers_and_leaves_none() {
        let text = serde_json::to_string(&recorded()).unwrap();
        let replayer = Replayer::new(serde_json::from_str(&text).unwrap());
        let again: Vec<_> = ["/a", "/a", "/lost"].map(|path| ready(replayer.call(request(path, b"body")))).into();
        assert_eq!(again, [Ok(ok(&1)), Ok(ok(&2)), Err(Unreachable)]);
        assert_eq!((replayer.left(), replayer.strays().len(), replayer.other_bodies().len()), (1, 0, 0));
    }

    #[test]
    fn a_day_that_goes_otherwise_is_noticed() {
        let replayer = Replayer::new(recorded());
        assert!(ready(replayer.call(request("/a", b"another body"))).is_ok());
        assert_eq!(ready(replayer.call(request("/c", b"body"))), Err(Unreachable));
        assert_eq!(replayer.other_bodies(), ["POST /api/v1/a"]);
        assert_eq!(replayer.strays(), ["POST /api/v1/c"]);
    }
}
