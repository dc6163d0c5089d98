//! The page as it was built (`web/`): its files, each with what browsers must know of it. They were compressed when they
//! were built, so nothing is compressed here.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
};

use super::file::{Bytes, File};

/// Path below `web/dist` and bytes of every file, by `build.rs`. Empty if the page was not built.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The file that every address of the page is answered with.
const SHELL: &str = "index.html";

/// The page's addresses, as `web/src/app/routes.ts` has them; a test compares.
pub(super) const ADDRESSES: &[&str] = &[
    "/compare",
    "/contacts",
    "/contacts/add",
    "/contacts/links",
    "/forgotten",
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
pub(super) const OUTBOX: &str = "/demo/outbox";

/// The files of the page by their addresses. Cheap to clone.
#[derive(Clone)]
pub(super) struct Page {
    shell: Option<File>,
    files: Arc<BTreeMap<String, File>>,
}

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
                let address = format!("/{path}");
                let file = File::built(media_type(path), is_hashed(&address), Bytes::from(*bytes), [brotli, gzip]);
                (address, file)
            })
            .collect();
        let shell = files.remove(&format!("/{SHELL}")).map(|shell| if demo { of_a_demo(&shell) } else { shell });
        Self { shell, files: Arc::new(files) }
    }

    /// Answers an address of the page with its one HTML file; the page itself finds out what to show.
    pub(super) fn shell(&self, asked: &HeaderMap) -> Response {
        self.shell.as_ref().map_or_else(not_built, |shell| shell.answer(asked))
    }

    /// The file of that address.
    pub(super) fn file(&self, address: &str) -> Option<&File> {
        self.files.get(address)
    }

    /// Addresses of files that keep their name from build to build.
    pub(super) fn lasting(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str).filter(|path| !is_hashed(path))
    }
}

/// The same, with `data-demo` on its root element. A demo runs on one's own machine and needs no compression.
fn of_a_demo(shell: &File) -> File {
    let html = String::from_utf8_lossy(shell.plain()).replacen("<html", "<html data-demo", 1);
    File::built(media_type(SHELL), false, Bytes::from(html.into_bytes()), [None, None])
}

/// Addresses of the page's fonts, for text and for codes; none where the page was not built.
pub(crate) fn fonts() -> Option<[String; 2]> {
    let font = |name: &str| FILES.iter().find(|(path, _)| path.contains(name)).map(|(path, _)| format!("/{path}"));
    Some([font("hyperlegible-next-latin-wght-normal")?, font("hyperlegible-mono-latin-wght-normal")?])
}

/// The folders of files that have their hash in their name: another content is another file.
const HASHED: [&str; 2] = ["/assets/", "/files/"];

fn is_hashed(address: &str) -> bool {
    HASHED.iter().any(|folder| address.starts_with(folder))
}

fn not_built() -> Response {
    const PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>The page was not built</title>\n\
        <h1>The page was not built</h1>\n<p>This server was built without its page. <code>cargo xtask build</code> builds both; \
        the API and the command line work as they are.</p>\n</html>\n";
    (StatusCode::NOT_FOUND, Html(PAGE)).into_response()
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use axum::http::{HeaderName, HeaderValue, header};

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

    #[test]
    fn what_has_its_hash_in_its_name_is_kept_and_everything_else_asked_for_again() {
        let page = Page::of(BUILT, false);
        let script = page.file("/assets/index-a1.js").unwrap().answer(&HeaderMap::new());
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
        let tag = |page: &Page| page.shell(&HeaderMap::new()).headers()[header::ETAG].clone();
        assert_ne!(tag(&page), tag(&Page::of(BUILT, false)));
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
