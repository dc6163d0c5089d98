//! How a request leaves and an answer comes back: one small trait, a thin driver for each place the client runs in.

use std::fmt;

pub use securemailbox_protocol::endpoints::Method;

/// Carries requests to the server: `reqwest` at a terminal, `fetch` in a page, a recording in a test.
#[expect(
    async_fn_in_trait,
    reason = "a page has one thread: the futures need not be Send, and the callers are generic"
)]
pub trait Transport {
    /// Sends `request` and returns the whole answer.
    ///
    /// Nothing is retried here: the caller knows which requests may be repeated, and with which bytes.
    ///
    /// # Errors
    /// [`Unreachable`]: no answer came, or one longer than [`Request::limit`]. Whether the server acted is unknown.
    async fn call(&self, request: Request) -> Result<Response, Unreachable>;
}

/// No answer came. Whether the server acted on the request is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server could not be reached")]
pub struct Unreachable;

/// A request, complete. Its headers may carry a bearer token, so it has no `Debug` of its fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query on the server, beginning with `/api/v1`.
    pub path: String,
    /// Names in lower case, values in ASCII.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty where there is none.
    pub body: Vec<u8>,
    /// How many bytes of an answer are read before it is given up.
    pub limit: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({}, {} bytes)", self.method.as_str(), self.body.len())
    }
}

/// An answer, whole and within its limit. Nothing in it is believed yet.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The media type without parameters, lower case; empty where none was sent.
    pub content_type: String,
    /// `Retry-After` in seconds (RFC 9110 §10.2.3), where it was sent in that form.
    pub retry_after: Option<u32>,
    /// `Upload-Offset` (tus 1.0), where it was sent as a number.
    pub upload_offset: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}
