//! Which site we are, and that a request means us: `Host`, `Origin`, `Sec-Fetch-Site` (PROTOCOL §9a).

use std::net::SocketAddr;

use axum::http::{HeaderMap, Method, Uri, header, request::Parts};
use securemailbox_protocol::problems::ProblemType;

/// The origin that people reach this server by.
#[derive(Debug, Clone)]
pub enum Origin {
    /// `public_url`, and its host and port.
    Public {
        /// The origin as browsers write it in `Origin`, such as `https://mail.example.se`.
        origin: String,
        /// Host and port as requests write them in `Host`.
        authority: String,
    },
    /// No `public_url`: any loopback name with our port.
    Loopback {
        /// The port that the server listens on.
        port: u16,
    },
}

impl Origin {
    /// From the configuration, which has `public_url` as browsers write it.
    #[must_use]
    pub fn new(public_url: Option<&str>, listen: SocketAddr) -> Self {
        match public_url {
            Some(origin) => {
                let authority = origin.split_once("://").map_or(origin, |(_, host)| host).to_owned();
                Self::Public { origin: origin.to_owned(), authority }
            }
            None => Self::Loopback { port: listen.port() },
        }
    }

    /// Whether browsers should be told to come by TLS only.
    #[must_use]
    pub fn wants_hsts(&self) -> bool {
        match self {
            Self::Public { origin, authority } => {
                let host = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host);
                origin.starts_with("https://") && !LOOPBACK_NAMES.contains(&host)
            }
            Self::Loopback { .. } => false,
        }
    }

    /// The address to print and to write in notices.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Public { origin, .. } => origin.clone(),
            Self::Loopback { port } => format!("http://localhost:{port}"),
        }
    }

    /// Refuses a request that names another host: DNS rebinding onto loopback.
    ///
    /// # Errors
    /// [`ProblemType::WrongHost`].
    pub fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ProblemType> {
        let host = named_host(uri, headers).ok_or(ProblemType::WrongHost)?;
        let is_ours = match self {
            Self::Public { authority, .. } => host.eq_ignore_ascii_case(authority),
            Self::Loopback { port } => {
                let (name, given) = host.rsplit_once(':').unwrap_or((host, "80"));
                LOOPBACK_NAMES.contains(&name.to_ascii_lowercase().as_str()) && given == port.to_string()
            }
        };
        if is_ours { Ok(()) } else { Err(ProblemType::WrongHost) }
    }

    /// Refuses a writing request that says it comes from another site.
    ///
    /// # Errors
    /// [`ProblemType::OtherOrigin`].
    pub fn check_site(&self, parts: &Parts) -> Result<(), ProblemType> {
        if reads_only(&parts.method) {
            return Ok(());
        }
        let site = parts.headers.get("sec-fetch-site");
        if site.is_some_and(|site| site != "same-origin") {
            return Err(ProblemType::OtherOrigin);
        }
        match parts.headers.get(header::ORIGIN) {
            None => Ok(()),
            Some(_) => self.check_own_origin(parts),
        }
    }

    /// Refuses a writing request that does not say it comes from our own page: with a cookie, and where one is asked for.
    ///
    /// # Errors
    /// [`ProblemType::OtherOrigin`].
    pub fn check_own_origin(&self, parts: &Parts) -> Result<(), ProblemType> {
        let sent = parts.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let ours = match self {
            Self::Public { origin, .. } => Some(origin.clone()),
            // The host was checked before, so this is a loopback name with our port.
            Self::Loopback { .. } => named_host(&parts.uri, &parts.headers).map(|host| format!("http://{host}")),
        };
        match (sent, ours) {
            (Some(sent), Some(ours)) if sent.eq_ignore_ascii_case(&ours) => Ok(()),
            _ => Err(ProblemType::OtherOrigin),
        }
    }
}

const LOOPBACK_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// GET and HEAD change nothing.
pub(crate) fn reads_only(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// HTTP/2 names the host in the URI, HTTP/1.1 in a header.
fn named_host<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> Option<&'a str> {
    uri.authority().map(axum::http::uri::Authority::as_str).or_else(|| headers.get(header::HOST)?.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn parts(method: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/api/v1/letters");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_name_that_was_rebound_onto_loopback_is_refused() {
        let ours = Origin::new(None, ([127, 0, 0, 1], 8025).into());
        for host in ["localhost:8025", "127.0.0.1:8025", "[::1]:8025", "LOCALHOST:8025"] {
            let parts = parts("GET", &[("host", host)]);
            assert_eq!(ours.check_host(&parts.uri, &parts.headers), Ok(()), "{host}");
        }
        for host in [
            "evil.example:8025",
            "localhost",
            "localhost:80",
            "localhost.evil.example:8025",
            "127.0.0.1.evil:8025",
            "",
            "localhost:+8025",
            "localhost:08025",
        ] {
            let parts = parts("GET", &[("host", host)]);
            assert_eq!(ours.check_host(&parts.uri, &parts.headers), Err(ProblemType::WrongHost), "{host}");
        }
    }

    #[test]
    fn another_site_cannot_write() {
        let ours = Origin::new(Some("https://mail.example.se"), ([0, 0, 0, 0], 443).into());
        assert_eq!(ours.check_site(&parts("POST", &[("origin", "https://mail.example.se")])), Ok(()));
        assert_eq!(ours.check_site(&parts("POST", &[])), Ok(()));
        for headers in [
            [("origin", "https://evil.example"), ("x", "y")],
            [("origin", "null"), ("x", "y")],
            [("origin", "https://mail.example.se"), ("sec-fetch-site", "same-site")],
            [("origin", "https://mail.example.se"), ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(ours.check_site(&parts("POST", &headers)), Err(ProblemType::OtherOrigin), "{headers:?}");
        }
        assert_eq!(ours.check_own_origin(&parts("POST", &[])), Err(ProblemType::OtherOrigin));
    }
}
