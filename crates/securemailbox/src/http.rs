//! The way to the server: `reqwest`, as thin as it can be.

use std::{cell::RefCell, error::Error, fmt, net::IpAddr, time::Duration};

use reqwest::{Client, Url, redirect::Policy};
use securemailbox_client::transport::{Method, Request, Response, Transport, Unreachable};
use securemailbox_protocol::{attachments::UPLOAD_OFFSET, sessions::KNOWN_DEVICE};

use crate::{
    outcome::Stop,
    show::plain,
    words::{Sentence, Told},
};

const CONNECT: Duration = Duration::from_secs(10);
const SILENCE: Duration = Duration::from_secs(60);
/// How long a connection is kept for the next request. Servers and proxies keep it for longer, so none of them hangs up while
/// that request is on its way; and one that died while this machine slept is not used again.
const IDLE: Duration = Duration::from_secs(5);

/// Where a server is: scheme, host, port. `http://` on this machine only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerUrl(Url);

/// The text is no address of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAServer {
    #[error("expected the address of a server, such as https://mail.example.se")]
    Form,
    #[error("http:// is for this machine only (localhost, 127.0.0.1, [::1]); use https://")]
    Unprotected,
}

impl ServerUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, NotAServer> {
        let url = Url::parse(text).map_err(|_| NotAServer::Form)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(NotAServer::Form);
        }
        let this = Self(url);
        match this.0.scheme() {
            "https" if this.0.has_host() => Ok(this),
            "http" if this.is_loopback() => Ok(this),
            "http" => Err(NotAServer::Unprotected),
            _ => Err(NotAServer::Form),
        }
    }

    /// Without the last slash, so that a path can follow.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }

    fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A server over HTTP. Follows no redirect: our API sends none, and a token goes to nobody else.
pub(crate) struct Http {
    client: Client,
    server: ServerUrl,
    /// By what this profile is known to the mailbox that it signed in to before.
    known_device: RefCell<Option<KnownDevice>>,
    trouble: RefCell<Option<Trouble>>,
}

/// What the server knows a program by that signed in before (PROTOCOL §9a, Codes). It opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownDevice(String);

impl KnownDevice {
    /// Octets in base64url, not many: whatever else stands there is not sent on.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_one =
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        is_one.then(|| Self(text.into()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why the server could not be reached.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// In the operating system's words.
    System(String),
    /// Something else answered, with this status.
    SomethingElse(u16),
    /// An answer that is larger than the protocol allows.
    TooLarge,
}

impl Trouble {
    pub(crate) fn told(&self) -> Told {
        match self {
            Self::System(reason) => Sentence::NetworkSaid { reason: &plain(reason) }.told(),
            Self::SomethingElse(status) => Sentence::SomethingElseAnswered { status: *status }.told(),
            Self::TooLarge => Sentence::AnswerTooLarge.told(),
        }
    }
}

impl Http {
    /// Where it is.
    pub(crate) const fn server(&self) -> &ServerUrl {
        &self.server
    }

    pub(crate) fn new(server: ServerUrl, known_device: Option<KnownDevice>) -> Result<Self, Stop> {
        let builder = Client::builder()
            .user_agent(concat!("securemailbox/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .pool_idle_timeout(IDLE)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE);
        // A proxy must not be asked for what is on this machine, nor see it.
        let builder = if server.is_loopback() { builder.no_proxy() } else { builder };
        let client = builder.build().map_err(|error| Stop::failed(&error))?;
        Ok(Self { client, server, known_device: RefCell::new(known_device), trouble: RefCell::new(None) })
    }

    /// By what this profile is known from now on.
    pub(crate) fn known_device(&self) -> Option<KnownDevice> {
        self.known_device.borrow().clone()
    }

    /// Why the server could not be reached the last time.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        self.trouble.borrow().clone()
    }

    async fn exchange(&self, request: Request) -> Result<Response, reqwest::Error> {
        let url = format!("{}{}", self.server, request.path);
        let mut asked = self.client.request(method(request.method), url);
        for (name, value) in request.headers {
            asked = asked.header(name, value);
        }
        if let Some(known) = self.known_device() {
            asked = asked.header(KNOWN_DEVICE, known.as_str());
        }
        let mut answer = asked.body(request.body).send().await?;
        let known = answer.headers().get(KNOWN_DEVICE).and_then(|value| KnownDevice::parse(value.to_str().ok()?));
        if known.is_some() {
            self.known_device.replace(known);
        }
        let status = answer.status().as_u16();
        let content_type = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        let content_type = content_type.trim().to_ascii_lowercase();
        let retry_after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let upload_offset = answer.headers().get(UPLOAD_OFFSET).and_then(|value| value.to_str().ok()?.parse().ok());
        // As much as is said to come and was asked for, so that nothing has to be moved as it grows.
        let announced = answer.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
        let mut body = Vec::with_capacity(announced.min(request.limit));
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > request.limit {
                break;
            }
        }
        Ok(Response { status, content_type, retry_after, upload_offset, body })
    }
}

impl Transport for Http {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let limit = request.limit;
        match self.exchange(request).await {
            Ok(response) if response.body.len() <= limit => {
                if !response.is_ours() {
                    *self.trouble.borrow_mut() = Some(Trouble::SomethingElse(response.status));
                }
                Ok(response)
            }
            Ok(_) => {
                *self.trouble.borrow_mut() = Some(Trouble::TooLarge);
                Err(Unreachable)
            }
            Err(error) => {
                *self.trouble.borrow_mut() = Some(Trouble::System(innermost(&error)));
                Err(Unreachable)
            }
        }
    }
}

/// The cause below all wrapping: "connection refused", "certificate expired".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

const fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_this_machine_only() {
        for url in ["http://localhost:8025", "http://127.0.0.1:8025/", "http://[::1]:8025", "https://mail.example.se"] {
            assert!(ServerUrl::parse(url).is_ok(), "{url}");
        }
        for url in ["http://mail.example.se", "http://192.168.1.2", "http://localhost.example.se", "http://0.0.0.0"] {
            assert_eq!(ServerUrl::parse(url), Err(NotAServer::Unprotected), "{url}");
        }
    }

    #[test]
    fn only_what_a_server_of_ours_gives_is_sent_on() {
        assert!(KnownDevice::parse("AwMDAwMDAwMDAwMDAwMDAwQEBAQEBAQEBAQEBAQEBA-_").is_some());
        for other in ["", "a b", "a\r\nb", "ä", &"x".repeat(65)] {
            assert_eq!(KnownDevice::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_server_is_a_scheme_a_host_and_a_port_and_nothing_else() {
        for url in
            ["mail.example.se", "https://a@mail.example.se", "https://mail.example.se/api", "https://x/?a", "file:///"]
        {
            assert_eq!(ServerUrl::parse(url), Err(NotAServer::Form), "{url}");
        }
        assert_eq!(ServerUrl::parse("http://LOCALHOST:8025/").unwrap().as_str(), "http://localhost:8025");
    }
}
