//! What happens to every request before a handler sees it, and to every answer after: host, origin, rates, headers,
//! counts.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{FromRequestParts, MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};

use metrics::{counter, histogram};
use securemailbox_protocol::problems::ProblemType;
use tokio::time::Instant;

use crate::{
    budgets::Tab, listener::Peer, mailroom::Mailroom, networks::Network, problem::Problem, request_id::RequestId,
    telemetry,
};

/// The whole policy of the page. A test holds every answer to it.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' blob:; media-src blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-src 'self' blob:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types svelte-trusted-html securemailbox-worker";

/// The number of the request that an answer is to.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

const HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    ),
];

/// The proxies whose word on a network address is believed.
#[derive(Debug, Clone)]
pub struct Proxies(pub Arc<[IpAddr]>);

/// Lets a request in, or says why not.
pub async fn let_in(State((mailroom, proxies)): State<(Mailroom, Proxies)>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let network = proxies.network_of(&parts);
    if let Err(problem) = check(&mailroom, &parts, network) {
        return problem.into_response();
    }
    parts.extensions.insert(network);
    // Held here until there is an answer, and the body's bytes with it.
    let tab = Tab::new(Arc::clone(&mailroom.budgets), network);
    parts.extensions.insert(tab.clone());
    let answer = next.run(Request::from_parts(parts, body)).await;
    drop(tab);
    answer
}

fn check(mailroom: &Mailroom, parts: &Parts, network: Network) -> Result<(), Problem> {
    mailroom.rates.request(network)?;
    mailroom.origin.check_host(&parts.uri, &parts.headers)?;
    mailroom.origin.check_site(parts)?;
    Ok(())
}

impl Proxies {
    /// The network a request comes from. Of `X-Forwarded-For` only what our own proxies wrote is believed: the last
    /// address that is not one of them.
    pub(crate) fn network_of(&self, parts: &Parts) -> Network {
        let peer = parts.extensions.get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.to_canonical());
        if !self.0.contains(&peer) {
            return Network::of(peer);
        }
        Network::of(forwarded(&parts.headers).find(|address| !self.0.contains(address)).unwrap_or(peer))
    }
}

/// The addresses in `X-Forwarded-For`, nearest first, up to the first that is malformed. Read octet by octet, since a
/// stranger may put what is no text before the address that our proxy wrote on the same line.
fn forwarded(headers: &HeaderMap) -> impl Iterator<Item = IpAddr> {
    let values: Vec<&HeaderValue> = headers.get_all("x-forwarded-for").iter().collect();
    values
        .into_iter()
        .rev()
        .flat_map(|list| list.as_bytes().rsplit(|octet| *octet == b','))
        .map_while(|item| str::from_utf8(item).ok()?.trim().parse::<IpAddr>().ok())
        .map(|address| address.to_canonical())
        .collect::<Vec<_>>()
        .into_iter()
}

impl<S: Sync> FromRequestParts<S> for Network {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().copied().unwrap_or(Self::of(IpAddr::from([0, 0, 0, 0]))))
    }
}

/// Gives a request its number, and its answer too.
pub async fn number(State(mailroom): State<Mailroom>, request: Request, next: Next) -> Response {
    let id = RequestId::random(&mut mailroom.rng());
    let mut response = id.during(next.run(request)).await;
    if let Ok(value) = HeaderValue::try_from(id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Puts the headers of the page's policy on an answer. The API's answers are kept nowhere.
pub async fn dress(State(mailroom): State<Mailroom>, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if mailroom.origin.wants_hsts() {
        headers
            .insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains"));
    }
    if is_api || !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Counts a request by its route's pattern, never by its path, which holds ids.
pub async fn count(State(mailroom): State<Mailroom>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", |path| path.as_str()).to_owned();
    let method = counted_as(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    let took = began.elapsed().as_secs_f64();
    histogram!(telemetry::REQUEST_SECONDS, "route" => route.clone(), "method" => method).record(took);
    let status = response.status().as_u16().to_string();
    counter!(telemetry::REQUESTS, "route" => route, "method" => method, "status" => status).increment(1);
    if let Some(kind) = response.extensions().get::<ProblemType>() {
        counter!(telemetry::PROBLEMS, "problem" => kind.slug()).increment(1);
        mailroom.refusals.count(*kind);
    }
    response
}

/// The label of a method. Any token is one (RFC 9110 §9.1), and most are nobody's but a stranger's.
fn counted_as(method: &Method) -> &'static str {
    const COUNTED: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    COUNTED.into_iter().find(|counted| *counted == method.as_str()).unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_method_is_counted_as_itself_or_as_another(method in "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}") {
            let label = counted_as(&Method::from_bytes(method.as_bytes()).unwrap());
            prop_assert!(label == method || label == "other");
            prop_assert!(label.len() <= 7);
        }
    }

    fn network(peer: &str, forwarded: &[impl AsRef<[u8]>]) -> Network {
        let proxies = Proxies(["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()].into());
        let mut request = axum::http::Request::builder();
        for value in forwarded {
            request = request.header("x-forwarded-for", value.as_ref());
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        parts.extensions.insert(Peer(peer.parse().unwrap()));
        proxies.network_of(&parts)
    }

    #[test]
    fn a_stranger_cannot_choose_a_network() {
        let of = |text: &str| Network::of(text.parse().unwrap());
        assert_eq!(network("192.0.2.7", &["198.51.100.1"]), of("192.0.2.7"));
        assert_eq!(network("10.0.0.1", &["198.51.100.1"]), of("198.51.100.1"));
        assert_eq!(network("10.0.0.1", &["203.0.113.5, 198.51.100.1, 10.0.0.2"]), of("198.51.100.1"));
        assert_eq!(network("10.0.0.1", &["203.0.113.5", "198.51.100.1"]), of("198.51.100.1"));
        assert_eq!(network("10.0.0.1", &["203.0.113.5, unknown"]), of("10.0.0.1"));
    }

    /// Found by fuzzing: the whole line was passed over, and the line before it believed, which the stranger had written.
    #[test]
    fn a_stranger_cannot_choose_a_network_by_a_line_that_is_no_text() {
        let caller = Network::of("198.51.100.1".parse().unwrap());
        assert_eq!(network("10.0.0.1", &[&b"203.0.113.5"[..], b"\xff, 198.51.100.1"]), caller);
        assert_eq!(network("10.0.0.1", &[&b"203.0.113.5"[..], b"\xff"]), Network::of("10.0.0.1".parse().unwrap()));
    }
}
