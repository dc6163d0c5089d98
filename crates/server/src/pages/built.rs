//! The page as it was built (`web/`): its files, each with what browsers must know of it. They were compressed when they
//! were built, so nothing is compressed here.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use securemailbox_protocol::{coding::base64url, problems::ProblemType};
use sha2::{Digest, Sha256};

use super::html;
use crate::{origin, problem::Problem};

/// Path below `web/dist` and bytes of every file, by `build.rs`. Empty if the page was not built.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The file that every address of the page is answered with.
const SHELL: &str = "index.html";

/// The page's addresses, as `web/src/app/routes.ts` has them; a test compares.
const ADDRESSES: &[&str] = &[
    "/",
    "/compare",
    "/contacts",
    "/contacts/add",
    "/contacts/links",
    "/forgotten",
    "/help/two-factor",
    "/l",
    "/lost",
    "/mail",
    "/mail/drafts",
    "/mail/inbox",
    "/mail/sent",
    "/mail/archive",
    "/mail/trash",
    "/mail/write",
    "/real",
    "/register",
    "/settings",
    "/settings/account",
    "/settings/identity",
    "/settings/keys",
    "/settings/looks",
    "/settings/not-me",
    "/settings/passkeys",
    "/settings/renewal",
    "/settings/sessions",
    "/settings/space",
    "/sign-in",
    "/stop",
    "/to",
];

/// An address that only a demo has.
const OUTBOX: &str = "/demo/outbox";

/// The files of the page by their addresses. Cheap to clone.
#[derive(Clone)]
pub(super) struct Page {
    shell: Option<Arc<File>>,
    files: Arc<BTreeMap<String, File>>,
}

struct File {
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The `ETag` of the file. A file whose name holds its hash needs none.
    tag: Option<HeaderValue>,
    plain: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
}

type Bytes = std::borrow::Cow<'static, [u8]>;

impl Page {
    /// The page in this binary. That of a demo says so to its script, by `data-demo`.
    pub(super) fn built(demo: bool) -> Self {
        Self::of(FILES, demo)
    }

    fn of(built: &'static [(&'static str, &'static [u8])], demo: bool) -> Self {
        let all: BTreeMap<&str, &'static [u8]> = built.iter().copied().collect();
        let compressed = |path: &str, ending| all.get(format!("{path}{ending}").as_str()).copied().map(Bytes::from);
        let plain = all.iter().filter(|(path, _)| !path.ends_with(".br") && !path.ends_with(".gz"));
        let mut files: BTreeMap<String, File> = plain
            .map(|(path, bytes)| {
                let (brotli, gzip) = (compressed(path, ".br"), compressed(path, ".gz"));
                (format!("/{path}"), File::new(path, Bytes::from(*bytes), brotli, gzip))
            })
            .collect();
        let shell = files.remove(&format!("/{SHELL}")).map(|shell| if demo { shell.of_a_demo() } else { shell });
        Self { shell: shell.map(Arc::new), files: Arc::new(files) }
    }

    /// Answers an address of the page with its one HTML file; the page itself finds out what to show.
    fn shell(&self, asked: &HeaderMap) -> Response {
        self.shell.as_ref().map_or_else(not_built, |shell| shell.answer(asked))
    }

    /// Answers an unknown address: a person who navigated here gets the page, which says so, and a program gets a problem.
    fn nothing(&self, method: &Method, uri: &Uri, asked: &HeaderMap) -> Response {
        let is_api = uri.path() == "/api" || uri.path().starts_with("/api/");
        let navigated = origin::reads_only(method) && !is_api && wants_html(asked);
        match &self.shell {
            Some(shell) if navigated => (StatusCode::NOT_FOUND, shell.whole(asked)).into_response(),
            _ => Problem::new(ProblemType::NotFound).into_response(),
        }
    }
}

/// The page's addresses and files, and what is answered where nothing is.
#[expect(clippy::disallowed_methods, reason = "the page is no part of the API's document")]
pub(super) fn router<S: Clone + Send + Sync + 'static>(page: Page, demo: bool) -> Router<S> {
    let addresses = ADDRESSES.iter().copied().chain(demo.then_some(OUTBOX));
    let mut router = Router::new();
    for address in addresses {
        router = router.route(address, get(shell));
    }
    for file in page.files.keys().filter(|path| !path.starts_with(HASHED)) {
        router = router.route(file, get(self::file));
    }
    // The page asks whether there is one of that name.
    router = router.route("/to/{name}", get(shell));
    router.route("/assets/{*file}", get(file)).fallback(nothing).with_state(page)
}

async fn shell(State(page): State<Page>, asked: HeaderMap) -> Response {
    page.shell(&asked)
}

async fn file(State(page): State<Page>, uri: Uri, asked: HeaderMap) -> Response {
    page.files.get(uri.path()).map_or_else(|| page.nothing(&Method::GET, &uri, &asked), |file| file.answer(&asked))
}

async fn nothing(State(page): State<Page>, method: Method, uri: Uri, asked: HeaderMap) -> Response {
    page.nothing(&method, &uri, &asked)
}

/// The folder of files that have their hash in their name: another content is another file.
const HASHED: &str = "/assets/";

impl File {
    fn new(path: &str, plain: Bytes, brotli: Option<Bytes>, gzip: Option<Bytes>) -> Self {
        let hashed = HASHED.trim_start_matches('/');
        let (cache, tag) = if path.starts_with(hashed) {
            ("public, max-age=31536000, immutable", None)
        } else {
            ("no-cache", Some(tag(&plain)))
        };
        let mut headers = vec![
            (header::CONTENT_TYPE, HeaderValue::from_static(media_type(path))),
            (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        ];
        if brotli.is_some() || gzip.is_some() {
            headers.push((header::VARY, HeaderValue::from_name(header::ACCEPT_ENCODING)));
        }
        Self { headers, tag, plain, brotli, gzip }
    }

    /// The same, with `data-demo` on its root element. A demo runs on one's own machine and needs no compression.
    fn of_a_demo(self) -> Self {
        let html = String::from_utf8_lossy(&self.plain).replacen("<html", "<html data-demo", 1);
        Self::new(SHELL, Bytes::from(html.into_bytes()), None, None)
    }

    /// The file as `asked` wants it, or word that it has not changed (RFC 9110 §13.1.2).
    fn answer(&self, asked: &HeaderMap) -> Response {
        let Some(tag) = &self.tag else { return self.whole(asked) };
        let mut response = match asked.get(header::IF_NONE_MATCH) {
            Some(known) if names(known, tag) => self.dressed(StatusCode::NOT_MODIFIED.into_response()),
            _ => self.whole(asked),
        };
        response.headers_mut().insert(header::ETAG, tag.clone());
        response
    }

    /// The file in the best encoding that `asked` accepts.
    fn whole(&self, asked: &HeaderMap) -> Response {
        let encodings = [("br", &self.brotli), ("gzip", &self.gzip)];
        let best = encodings
            .into_iter()
            .find_map(|(name, bytes)| Some((name, bytes.as_ref()?)).filter(|_| accepts(asked, name)));
        let bytes = best.map_or(&self.plain, |(_, bytes)| bytes);
        let mut response = self.dressed(Response::new(Body::from(bytes.clone())));
        if let Some((name, _)) = best {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        response
    }

    fn dressed(&self, mut response: Response) -> Response {
        response.headers_mut().extend(self.headers.iter().cloned());
        response
    }
}

fn not_built() -> Response {
    let main = "<p>This server was built without its page. <code>cargo xtask build</code> builds both; \
         the API and the command line work as they are.</p>\n";
    (StatusCode::NOT_FOUND, html::page("en", "The page was not built", main)).into_response()
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

/// The media type of a file, by its ending. A test holds that the page has no file of another kind.
fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        // No other type is compiled while it arrives.
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
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
fn wants_html(asked: &HeaderMap) -> bool {
    listed(asked, header::ACCEPT).any(|(kind, weight)| kind.eq_ignore_ascii_case("text/html") && weight > 0.0)
}

/// The items of a list with weights.
fn listed(asked: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&str, f32)> {
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
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    const BUILT: &[(&str, &[u8])] = &[
        ("assets/index-a1.js", b"plain"),
        ("assets/index-a1.js.br", b"br"),
        ("assets/index-a1.js.gz", b"gz"),
        ("favicon.svg", b"<svg/>"),
        ("index.html", b"<!doctype html>\n<html lang=\"sv\">"),
        ("index.html.br", b"shell"),
    ];

    fn asked(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn header(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    async fn body(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), 1000).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn the_best_accepted_encoding_is_sent() {
        let page = Page::of(BUILT, false);
        let script = &page.files["/assets/index-a1.js"];
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

    #[test]
    fn what_has_its_hash_in_its_name_is_kept_and_everything_else_asked_for_again() {
        let page = Page::of(BUILT, false);
        let script = page.files["/assets/index-a1.js"].answer(&HeaderMap::new());
        assert!(header(&script, header::CACHE_CONTROL).contains("immutable"));
        let shell = page.shell(&HeaderMap::new());
        assert_eq!(header(&shell, header::CACHE_CONTROL), "no-cache");
        let tag = header(&shell, header::ETAG).to_owned();
        let known =
            |list: String| HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::try_from(list).unwrap())]);
        for list in [tag.clone(), format!("\"x\", {}", tag.trim_start_matches("W/")), "*".into()] {
            let again = page.shell(&known(list));
            assert_eq!((again.status(), header(&again, header::ETAG)), (StatusCode::NOT_MODIFIED, tag.as_str()));
        }
        assert_eq!(page.shell(&known("W/\"other\"".into())).status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_demo_says_so_on_its_root_element_in_every_encoding() {
        let page = Page::of(BUILT, true);
        let shell = page.shell(&asked(&[(header::ACCEPT_ENCODING, "br")]));
        assert_eq!(body(shell).await, b"<!doctype html>\n<html data-demo lang=\"sv\">");
        assert_ne!(page.shell.unwrap().tag, Page::of(BUILT, false).shell.unwrap().tag);
    }

    #[test]
    fn who_navigates_to_nothing_sees_the_page_and_a_program_a_problem() {
        let page = Page::of(BUILT, false);
        let browser =
            asked(&[(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8"), (header::IF_NONE_MATCH, "*")]);
        let kind = |page: &Page, method, path: &str, asked: &HeaderMap| {
            let answer = page.nothing(&method, &path.parse().unwrap(), asked);
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
            header(&answer, header::CONTENT_TYPE).split(';').next().unwrap().to_owned()
        };
        assert_eq!(kind(&page, Method::GET, "/nothing", &browser), "text/html");
        assert_eq!(
            kind(&page, Method::GET, "/nothing", &asked(&[(header::ACCEPT, "*/*")])),
            "application/problem+json"
        );
        assert_eq!(kind(&page, Method::POST, "/nothing", &browser), "application/problem+json");
        assert_eq!(kind(&page, Method::GET, "/api/v1/nothing", &browser), "application/problem+json");
        let unbuilt = Page::of(&[], false);
        assert_eq!(kind(&unbuilt, Method::GET, "/nothing", &browser), "application/problem+json");
        assert_eq!(unbuilt.shell(&browser).status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn the_pages_addresses_are_those_of_its_own_table() {
        let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/app/routes.ts");
        let table = fs::read_to_string(table).unwrap();
        let named: BTreeSet<&str> = table.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/')).collect();
        let served: BTreeSet<&str> = ADDRESSES.iter().copied().chain([OUTBOX]).collect();
        assert_eq!(named, served);
    }
}
