//! A file with its headers: in the best encoding that is accepted, and asked for again only if it changed.

use std::{io::Write as _, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use securemailbox_protocol::coding::base64url;
use sha2::{Digest, Sha256};

/// Bytes of the binary, or made when the server started.
pub(super) type Bytes = std::borrow::Cow<'static, [u8]>;

/// A file that browsers may keep. Cheap to clone.
#[derive(Clone)]
pub(super) struct File(Arc<Inner>);

struct Inner {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The `ETag` of the file. A file whose name holds its hash needs none.
    tag: Option<HeaderValue>,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

impl File {
    /// A file of the build, which compressed it. `is_hashed`: its name holds its hash, so that another content is another file.
    pub(super) fn built(
        media_type: &'static str,
        is_hashed: bool,
        plain: Bytes,
        [brotli, gzip]: [Option<Bytes>; 2],
    ) -> Self {
        let (cache, tag) =
            if is_hashed { ("public, max-age=31536000, immutable", None) } else { ("no-cache", Some(tag(&plain))) };
        let mut headers = vec![
            (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        ];
        if brotli.is_some() || gzip.is_some() {
            headers.push((header::VARY, HeaderValue::from_name(header::ACCEPT_ENCODING)));
        }
        Self(Arc::new(Inner { headers, tag, plain, brotli, gzip }))
    }

    /// A file that is made now, and compressed if that makes it smaller.
    pub(super) fn made(media_type: &'static str, plain: Bytes) -> Self {
        // Pictures and PDFs are compressed already: four megabytes of them, each time the server starts.
        let gzip = if matches!(media_type, "image/png" | "application/pdf") { None } else { gzip(&plain) };
        let gzip = gzip.filter(|gzip| gzip.len() < plain.len()).map(Bytes::from);
        Self::built(media_type, false, plain, [None, gzip])
    }

    pub(super) fn plain(&self) -> &[u8] {
        &self.0.plain
    }

    /// The file as `asked` wants it, or word that it has not changed (RFC 9110 §13.1.2).
    pub(super) fn answer(&self, asked: &HeaderMap) -> Response {
        let Some(tag) = &self.0.tag else { return self.whole(asked) };
        let mut response = match asked.get(header::IF_NONE_MATCH) {
            Some(known) if names(known, tag) => self.dressed(StatusCode::NOT_MODIFIED.into_response()),
            _ => self.whole(asked),
        };
        response.headers_mut().insert(header::ETAG, tag.clone());
        response
    }

    /// The file in the best encoding that `asked` accepts.
    pub(super) fn whole(&self, asked: &HeaderMap) -> Response {
        let encodings = [("br", &self.0.brotli), ("gzip", &self.0.gzip)];
        let best = encodings
            .into_iter()
            .find_map(|(name, bytes)| Some((name, bytes.as_ref()?)).filter(|_| accepts(asked, name)));
        let bytes = best.map_or(&self.0.plain, |(_, bytes)| bytes);
        let mut response = self.dressed(Response::new(Body::from(bytes.clone())));
        if let Some((name, _)) = best {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    fn dressed(&self, mut response: Response) -> Response {
        response.headers_mut().extend(self.0.headers.iter().cloned());
        response
    }
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).and_then(|()| encoder.finish()).ok()
}

/// Weak, since it stands for the file in every encoding (RFC 9110 §8.8.3.3).
fn tag(bytes: &[u8]) -> HeaderValue {
    let tag = format!("W/\"{}\"", base64url::encode(&Sha256::digest(bytes)[..12]));
    HeaderValue::try_from(tag).unwrap_or_else(|_| HeaderValue::from_static("W/\"\""))
}

fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    known.split(',').any(|one| one.trim() == "*" || opaque(one) == opaque(tag))
}

/// Whether an encoding is accepted (RFC 9110 §12.5.3): named, or anything is, and not with weight 0.
fn accepts(asked: &HeaderMap, encoding: &str) -> bool {
    let weight = |name: &str| {
        listed(asked, header::ACCEPT_ENCODING)
            .find_map(|(given, weight)| given.eq_ignore_ascii_case(name).then_some(weight))
    };
    weight(encoding).or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

/// Whether a browser navigates: only then is HTML asked for by name.
pub(super) fn wants_html(asked: &HeaderMap) -> bool {
    listed(asked, header::ACCEPT).any(|(kind, weight)| kind.eq_ignore_ascii_case("text/html") && weight > 0.0)
}

/// The items of a list with weights.
pub(super) fn listed(asked: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&str, f32)> {
    let lists = asked.get_all(name).into_iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(|item| {
        let mut parts = item.split(';').map(str::trim);
        let item = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse().ok());
        (item, weight.unwrap_or(0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn header(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn body(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), 100_000).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn the_best_accepted_encoding_is_sent() {
        let [plain, brotli, gzip] = [&b"plain"[..], b"br", b"gz"].map(Bytes::from);
        let script = File::built("text/javascript", true, plain, [Some(brotli), Some(gzip)]);
        for (accepted, encoding, bytes) in [
            ("gzip, deflate, br", "br", "br"),
            ("gzip", "gzip", "gz"),
            ("br;q=0, gzip;q=0.5", "gzip", "gz"),
            ("*", "br", "br"),
            ("*, br; q=0", "gzip", "gz"),
            ("identity", "", "plain"),
            ("", "", "plain"),
            ("br;q=much", "", "plain"),
        ] {
            let answer = script.answer(&asked(&[(header::ACCEPT_ENCODING, accepted)]));
            assert_eq!(header(&answer, header::CONTENT_ENCODING), encoding, "{accepted}");
            assert_eq!(header(&answer, header::VARY), "accept-encoding");
            assert_eq!(body(answer).await, bytes.as_bytes(), "{accepted}");
        }
    }

    #[tokio::test]
    async fn what_is_made_is_compressed_where_that_makes_it_smaller() {
        let long = File::made("text/html", Bytes::from("väl ".repeat(1000).into_bytes()));
        let answer = long.answer(&asked(&[(header::ACCEPT_ENCODING, "gzip, br")]));
        assert_eq!(header(&answer, header::CONTENT_ENCODING), "gzip");
        assert!(body(answer).await.len() < 100);
        let short = File::made("text/plain", Bytes::from(&b"x"[..]));
        assert_eq!(header(&short.answer(&asked(&[(header::ACCEPT_ENCODING, "gzip")])), header::CONTENT_ENCODING), "");
    }
}
