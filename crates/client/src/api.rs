//! The calls of PROTOCOL §9, typed: what goes in, what may come back, how large it may be.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};

use securemailbox_protocol::{
    coding::hex,
    endpoints::{Method, Operation, ROOT, Raw},
    factors::FactorOffer,
    limits,
    problems::ProblemType,
};

use crate::{
    failure::{CallError, Problem},
    transport::{Request, Response, Transport, Unreachable},
};

/// How much of an answer in JSON is read: a page of entries with their envelopes and wrapped keys, base64url.
pub const ANSWER: usize = 4 * 1024 * 1024;
/// How much of a list of ids is read: some 400,000 of them.
pub const IDS_ANSWER: usize = 16 * 1024 * 1024;

const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";
const PROBLEM: &str = "application/problem+json";

/// The server as one session sees it.
pub struct Api<'a, T> {
    transport: &'a T,
    token: Option<&'a str>,
}

impl<'a, T: Transport> Api<'a, T> {
    /// Before anyone is signed in.
    pub const fn stranger(transport: &'a T) -> Self {
        Self { transport, token: None }
    }

    /// With a session; in a browser the cookie goes by itself and there is no token.
    pub const fn session(transport: &'a T, token: Option<&'a str>) -> Self {
        Self { transport, token }
    }

    /// Asks for JSON.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn get<A: DeserializeOwned>(&self, what: Operation<(), A>) -> Result<A, CallError> {
        self.get_up_to(what, ANSWER).await
    }

    /// Asks for JSON of at most `limit` bytes.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn get_up_to<A: DeserializeOwned>(&self, what: Operation<(), A>, limit: usize) -> Result<A, CallError> {
        json(&self.call(Call { limit, ..Call::new(what) }).await?)
    }

    /// Asks for raw bytes, at most `limit`.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn get_raw(&self, what: Operation<(), Raw>, limit: usize) -> Result<Vec<u8>, CallError> {
        let response = self.call(Call { limit, ..Call::new(what) }).await?;
        if response.content_type == OCTETS { Ok(response.body) } else { Err(CallError::Unreadable) }
    }

    /// Sends JSON, expects JSON.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn send<S: Serialize, A: DeserializeOwned>(
        &self,
        what: Operation<S, A>,
        body: &S,
    ) -> Result<A, CallError> {
        json(&self.call(Call::new(what).json(body)).await?)
    }

    /// Sends JSON, expects nothing but success.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn tell<S: Serialize, A>(&self, what: Operation<S, A>, body: &S) -> Result<(), CallError> {
        self.call(Call::new(what).json(body)).await.map(drop)
    }

    /// Ends something.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete(&self, what: Operation<(), ()>) -> Result<(), CallError> {
        self.call(Call::new(what)).await.map(drop)
    }

    /// Writes raw bytes under conditions (RFC 9110 §13), expects JSON.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn put_raw<A: DeserializeOwned>(
        &self,
        what: Operation<Raw, A>,
        conditions: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<A, CallError> {
        let headers = std::iter::once(("content-type", OCTETS.into())).chain(conditions).collect();
        json(&self.call(Call { headers, body, ..Call::new(what) }).await?)
    }

    /// Writes raw bytes under a condition, expects nothing.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn tell_raw(
        &self,
        what: Operation<Raw, ()>,
        (name, value): (&'static str, String),
        body: Vec<u8>,
    ) -> Result<(), CallError> {
        let headers = vec![("content-type", OCTETS.into()), (name, value)];
        self.call(Call { headers, body, ..Call::new(what) }).await.map(drop)
    }

    /// Sends headers alone, expects JSON.
    ///
    /// # Errors
    /// [`CallError`]
    pub(crate) async fn json_with<S, A: DeserializeOwned>(
        &self,
        what: Operation<S, A>,
        headers: Vec<(&'static str, String)>,
    ) -> Result<A, CallError> {
        json(&self.call(Call { headers, ..Call::new(what) }).await?)
    }

    /// Sends bytes under these headers, and gives the whole answer, whose body is at most `limit` bytes.
    ///
    /// # Errors
    /// [`CallError`]
    pub(crate) async fn exchange<S, A>(
        &self,
        what: Operation<S, A>,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Response, CallError> {
        // A refusal in words is longer than most answers.
        let limit = limit.max(limits::JSON_BODY);
        self.call(Call { headers, body, limit, ..Call::new(what) }).await
    }

    /// Posts `multipart/form-data` (RFC 7578): one part of JSON, then raw parts `content-0`, `content-1`, …
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn post_parts<S: Serialize, A: DeserializeOwned>(
        &self,
        what: Operation<S, A>,
        name: &str,
        first: &S,
        contents: &[&[u8]],
    ) -> Result<A, CallError> {
        let (content_type, body) = multipart(name, &in_json(first), contents);
        let headers = vec![("content-type", content_type)];
        json(&self.call(Call { headers, body, ..Call::new(what) }).await?)
    }

    async fn call(&self, call: Call) -> Result<Response, CallError> {
        let mut headers = call.headers;
        headers.extend(self.token.map(|token| ("authorization", format!("Bearer {token}"))));
        let path = format!("{ROOT}{}", call.path);
        let request = Request { method: call.method, path, headers, body: call.body, limit: call.limit };
        let response = self.transport.call(request).await?;
        match response.status {
            // Of what a proxy refuses by itself only this is not mended by trying again.
            413 if !response.is_ours() => Err(CallError::TooLargeForProxy),
            _ if !response.is_ours() => Err(Unreachable.into()),
            200..300 => Ok(response),
            status => Err(refusal(status, &response)),
        }
    }
}

struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    limit: usize,
}

impl Call {
    fn new<S, A>(what: Operation<S, A>) -> Self {
        Self { method: what.method, path: what.path, headers: Vec::new(), body: Vec::new(), limit: ANSWER }
    }

    fn json(mut self, body: &impl Serialize) -> Self {
        self.headers.push(("content-type", JSON.into()));
        self.body = in_json(body);
        self
    }
}

fn in_json(body: &impl Serialize) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "our own types have string keys and no fallible Serialize")]
    serde_json::to_vec(body).expect("a request is JSON")
}

fn json<A: DeserializeOwned>(response: &Response) -> Result<A, CallError> {
    if response.content_type != JSON {
        return Err(CallError::Unreadable);
    }
    serde_json::from_slice(&response.body).map_err(|_| CallError::Unreadable)
}

/// What the client reads of problem details (RFC 9457): the type decides, `offers` say how to go on, the rest is for other
/// programs.
#[derive(Deserialize)]
struct Refusal {
    r#type: String,
    detail: Option<String>,
    #[serde(default)]
    offers: Vec<FactorOffer>,
    request: Option<Value>,
}

impl Refusal {
    /// The number of the request, if it is written as one: it is shown, and not everything that a server says is.
    fn request(&self) -> Option<String> {
        let number = self.request.as_ref()?.as_str()?;
        let is_one = number.len() == 16 && number.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        is_one.then(|| number.to_owned())
    }
}

impl Response {
    /// Whether a SecureMailbox server of any version can have given it. What a network says that wants a person to sign in
    /// to it first, or a proxy whose server is away, is in HTML or leads elsewhere, whatever its status.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        match self.status {
            200..300 if self.content_type.is_empty() => self.body.is_empty(),
            200..300 => [JSON, OCTETS].contains(&&*self.content_type),
            400.. => self.problem().is_some(),
            _ => false,
        }
    }

    /// The problem details, if they are of our own kind.
    fn problem(&self) -> Option<Refusal> {
        let is_problem = self.content_type == PROBLEM && self.body.len() <= limits::JSON_BODY;
        let problem: Refusal = is_problem.then(|| serde_json::from_slice(&self.body).ok())??;
        problem.r#type.starts_with(ProblemType::ROOT).then_some(problem)
    }
}

fn refusal(status: u16, response: &Response) -> CallError {
    let Some(problem) = response.problem() else { return CallError::UnknownProblem(status) };
    match ProblemType::from_path(&problem.r#type) {
        // The status is what proxies act on; a problem that contradicts its own is no problem of our list.
        Some(kind) if kind.status() == status => {
            let request = problem.request();
            let Refusal { detail, offers, .. } = problem;
            CallError::Problem(Problem { kind, detail, retry_after: response.retry_after, offers, request })
        }
        Some(_) | None => CallError::UnknownProblem(status),
    }
}

/// The boundary is made from the parts, so that a retry sends the same bytes. No part can hold it by chance: it is half
/// of a SHA-256; and our own parts are JSON and ciphertext, which nobody else chooses.
fn multipart(name: &str, first: &[u8], contents: &[&[u8]]) -> (String, Vec<u8>) {
    let mut hash = Sha256::new_with_prefix(first);
    contents.iter().for_each(|content| hash.update(content));
    let boundary = hex::encode(&hash.finalize()[..16]);
    let mut body = Vec::with_capacity(first.len() + contents.iter().map(|content| content.len() + 160).sum::<usize>());
    part(&mut body, &boundary, name, JSON, first);
    for (at, content) in contents.iter().enumerate() {
        part(&mut body, &boundary, &format!("content-{at}"), OCTETS, content);
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (format!("multipart/form-data; boundary={boundary}"), body)
}

fn part(body: &mut Vec<u8>, boundary: &str, name: &str, kind: &str, bytes: &[u8]) {
    let head =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n");
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{endpoints, problems::ProblemDetails};

    use super::*;
    use crate::{
        failure::Failure,
        fixtures::{TestWorld, ready},
    };

    fn problem(status: u16, body: &str) -> CallError {
        let content_type = PROBLEM.into();
        refusal(
            status,
            &Response { status, content_type, body: body.into(), retry_after: Some(720), ..Response::default() },
        )
    }

    #[test]
    fn the_number_of_a_request_is_shown_only_if_it_is_one() {
        let number = |request: &str| {
            let body = format!(r#"{{"type":"/problems/internal","title":"","status":500,"request":{request}}}"#);
            problem(500, &body).explain().request
        };
        assert_eq!(number(r#""0123456789abcdef""#).as_deref(), Some("0123456789abcdef"));
        for other in ["null", "7", r#""""#, r#""0123456789ABCDEF""#, r#""call +46 701 2""#] {
            assert_eq!(number(other), None, "{other}");
        }
    }

    #[test]
    fn a_problem_of_the_list_is_known_by_its_type() {
        let stale = serde_json::to_string(&ProblemDetails::new(ProblemType::StaleKey)).unwrap();
        assert_eq!(problem(409, &stale).problem(), Some(ProblemType::StaleKey));
    }

    #[test]
    fn a_problem_whose_status_contradicts_its_type_is_not_taken_at_its_word() {
        let stale = serde_json::to_string(&ProblemDetails::new(ProblemType::StaleKey)).unwrap();
        assert_eq!(problem(500, &stale), CallError::UnknownProblem(500));
        assert_eq!(problem(404, r#"{"type":"/problems/of-tomorrow"}"#), CallError::UnknownProblem(404));
    }

    #[test]
    fn what_a_network_or_a_proxy_says_in_the_servers_place_is_no_word_of_the_server() {
        let said = |status, content_type: &str, body: &str| {
            let world = TestWorld::default();
            let content_type = content_type.into();
            world
                .server
                .will("/slots/device", Response { status, content_type, body: body.into(), ..Response::default() });
            ready(Api::stranger(&world.server).delete(endpoints::DROP_DEVICE_SLOT.here()))
        };
        for (status, content_type, body) in [
            (200, "text/html", "<html>Welcome to our hotel"),
            (200, "", "Welcome to our hotel"),
            (302, "", ""),
            (301, "text/html", "<html>Moved"),
            (403, "text/html", "<html>Blocked"),
            (404, "text/html", "<html>Nothing here"),
            (407, "", ""),
            (411, "text/html", "<html>"),
            (502, "text/html", "<html>Bad gateway"),
            (503, "application/json", r#"{"message":"no upstream"}"#),
            (504, "", ""),
            (511, "text/html", "<html>Sign in to this network"),
            (500, PROBLEM, "<html>"),
            (502, PROBLEM, r#"{"type":"about:blank","title":"Bad gateway"}"#),
        ] {
            assert_eq!(said(status, content_type, body), Err(Unreachable.into()), "{status} {content_type}");
        }
        for (content_type, body) in [("text/html", "<html>413"), ("", ""), (PROBLEM, r#"{"type":"about:blank"}"#)] {
            assert_eq!(said(413, content_type, body), Err(CallError::TooLargeForProxy), "{content_type}");
        }
        assert_eq!(said(204, "", ""), Ok(()));
        let ours = serde_json::to_string(&ProblemDetails::new(ProblemType::TooLarge)).unwrap();
        assert_eq!(said(413, PROBLEM, &ours).unwrap_err().problem(), Some(ProblemType::TooLarge));
    }

    #[test]
    fn a_refusal_says_how_long_to_wait() {
        let too_many = serde_json::to_string(&ProblemDetails::new(ProblemType::TooManyRequests)).unwrap();
        assert_eq!(problem(429, &too_many).explain().retry_after, Some(720));
    }

    #[test]
    fn a_post_repeated_is_the_same_bytes() {
        let once = multipart("letters", b"{}", &[&[1, 2], &[]]);
        assert_eq!(once, multipart("letters", b"{}", &[&[1, 2], &[]]));
        let (content_type, body) = once;
        let boundary = content_type.split_once("boundary=").unwrap().1;
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"letters\"\r\nContent-Type: application/json\r\n\r\n{{}}\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"content-0\"\r\nContent-Type: application/octet-stream\r\n\r\n\u{1}\u{2}\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"content-1\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n\
             --{boundary}--\r\n"
        );
        assert_eq!(String::from_utf8(body).unwrap(), expected);
    }
}
