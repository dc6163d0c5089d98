//! The page as the server serves it.

use std::{collections::BTreeMap, fs, path::Path};

use reqwest::{Client, StatusCode};
use securemailbox_e2e::{
    outage::{dead_senders, free_port},
    server::{Server, Start},
};

/// Files of the page as it was built, by the addresses they are served at; none before it was built.
fn built_files() -> BTreeMap<String, Vec<u8>> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/dist");
    let mut files = BTreeMap::new();
    let mut folders = vec![dist.clone()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let address = format!("/{}", path.strip_prefix(&dist).expect("below it").display());
                files.insert(address, fs::read(path).expect("a file"));
            }
        }
    }
    files
}

#[tokio::test(flavor = "current_thread")]
async fn every_file_of_the_page_is_served_as_it_was_built() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let client = Client::new();
    let files = built_files();
    assert!(files.contains_key("/index.html"), "the page is not built: cargo xtask build");
    for (address, plain) in files.iter().filter(|(address, _)| !address.ends_with(".br") && !address.ends_with(".gz")) {
        if address == "/index.html" {
            continue;
        }
        let url = format!("{}{address}", server.url());
        for (accepted, ending) in [("identity", ""), ("gzip, br", ".br"), ("gzip", ".gz")] {
            let answer = client.get(&url).header("accept-encoding", accepted).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK, "{address}");
            let header = |name: &str| {
                answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
            };
            let kind = header("content-type");
            assert!(!kind.is_empty() && kind != "application/octet-stream", "{address} has no media type");
            assert_eq!(address.ends_with(".wasm"), kind == "application/wasm", "{address}");
            let hashed = address.starts_with("/assets/") || address.starts_with("/files/");
            let cache = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
            assert_eq!(header("cache-control"), cache, "{address}");
            let compressed = files.get(&format!("{address}{ending}")).filter(|_| !ending.is_empty());
            let coding = header("content-encoding");
            assert_eq!(coding.is_empty(), compressed.is_none(), "{address}: {coding}");
            assert_eq!(header("vary") == "accept-encoding", files.contains_key(&format!("{address}.br")), "{address}");
            assert!(header("content-security-policy").starts_with("default-src 'none'"), "{address}");
            assert!(answer.bytes().await.unwrap() == compressed.unwrap_or(plain)[..], "{address} is another");
        }
        let head = client.head(&url).send().await.unwrap();
        assert_eq!(
            (head.status(), head.headers()["content-length"].to_str().unwrap()),
            (StatusCode::OK, &*plain.len().to_string())
        );
    }
}

#[tokio::test(flavor = "current_thread")]
async fn every_address_of_the_page_is_answered_with_it_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, real) = (folder.path().join("demo"), folder.path().join("real"));
    let demo = Server::start(Start::demo(&demo));
    let real = Server::start(dead_senders(Start::demo(&real), free_port()));
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    let client = Client::new();
    let get = async |server: &Server, path: &str, accept: &str| {
        let answer = client.get(format!("{}{path}", server.url())).header("accept", accept).send().await.unwrap();
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status(), kind, answer.text().await.unwrap())
    };
    let shell = String::from_utf8(built_files()["/index.html"].clone()).unwrap();
    let shell_of_a_demo = shell.replacen("<html", "<html data-demo", 1);
    let page = |status: StatusCode, shell: &str| (status, "text/html; charset=utf-8".to_owned(), shell.to_owned());
    // A slash too many leads on.
    for path in ["/sign-in", "/mail/inbox", "/settings/looks", "/sign-in/"] {
        assert_eq!(get(&real, path, browser).await, page(StatusCode::OK, &shell), "{path}");
        assert_eq!(get(&demo, path, browser).await, page(StatusCode::OK, &shell_of_a_demo), "{path}");
    }
    assert_eq!(get(&demo, "/demo/outbox", browser).await.0, StatusCode::OK);
    for path in
        ["/demo/outbox", "/mail/attic", "/index.html", "/assets/gone-a1.js", "//evil.example/", "/problems/none"]
    {
        let (status, kind, html) = get(&real, path, browser).await;
        assert_eq!((status, &*kind), (StatusCode::NOT_FOUND, "text/html; charset=utf-8"), "{path}");
        assert!(html.contains("<h1>Sidan finns inte"), "{path}: {html}");
        let (status, kind, _) = get(&real, path, "*/*").await;
        assert_eq!((status, &*kind), (StatusCode::NOT_FOUND, "application/problem+json"), "{path}");
    }
    for path in ["/api", "/api/", "/api/v1/nothing", "/api/v1/letters/x"] {
        let (status, kind, _) = get(&real, path, browser).await;
        assert!(status.is_client_error() && kind == "application/problem+json", "{path}: {status} {kind}");
    }
    let unsafe_method =
        client.post(format!("{}/mail/inbox", real.url())).header("accept", browser).send().await.unwrap();
    assert_eq!(unsafe_method.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(unsafe_method.headers()["content-type"], "application/problem+json");
}
