//! Where everything is that people see: the page, the pages that anybody may read, and what is answered where nothing is.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use securemailbox_protocol::{accounts::Language, problems::ProblemType};
use securemailbox_site::{Letters, Site, State as StateOfTheService};
use securemailbox_store::notices::Lane;
use serde::Deserialize;

use super::{
    built::{ADDRESSES, OUTBOX, Page},
    file::{File, listed, wants_html},
    health::{Found, Health, Wrong},
};
use crate::{mailroom::Mailroom, origin, problem::Problem};

/// Both, as every request sees them.
#[derive(Clone)]
struct Pages {
    page: Page,
    site: Arc<Site>,
}

/// The page's addresses and files, those of the pages that anybody may read, and what is answered where nothing is.
#[expect(clippy::disallowed_methods, reason = "pages for people are no part of the API's document")]
pub(super) fn router(page: Page, site: Site, health: Health, demo: bool) -> Router<Mailroom> {
    let mut router = Router::new();
    for address in ADDRESSES.iter().copied().chain(demo.then_some(OUTBOX)) {
        router = router.route(address, get(shell));
    }
    for address in page.lasting() {
        router = router.route(address, get(self::file));
    }
    for (address, file) in site.files() {
        // Nothing of a request but the encodings and the tag is looked at: the same bytes for everybody.
        let file = File::made(file.media_type, file.bytes.clone());
        router = router.route(address, get(async move |asked: HeaderMap| file.answer(&asked)));
    }
    // The page asks whether there is one of that name.
    let pages = Pages { page, site: Arc::new(site) };
    let router = router
        .route("/to/{name}", get(shell))
        .route("/assets/{*file}", get(file))
        .route("/files/{*file}", get(file))
        .fallback(nothing);
    let mut router = router.with_state(pages.clone());
    for (address, language) in Site::status_addresses() {
        let (site, health) = (Arc::clone(&pages.site), health.clone());
        let answer = async move |State(mailroom): State<Mailroom>| status(&mailroom, &site, &health, language).await;
        router = router.route(&address, get(answer));
    }
    for (address, language) in Site::search_addresses() {
        let site = Arc::clone(&pages.site);
        router = router.route(
            &address,
            get(async move |asked: Result<Query<Asked>, QueryRejection>| search(&site, asked, language)),
        );
    }
    router
}

/// What somebody looks for.
#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

/// A query that can't be read is one that asks for nothing.
fn search(site: &Site, asked: Result<Query<Asked>, QueryRejection>, language: Language) -> Response {
    let query = asked.map(|Query(asked)| asked.q).unwrap_or_default();
    html(site.search(&query, language))
}

fn html<E>(page: Result<String, E>) -> Response {
    match page {
        Ok(html) => ([(header::CACHE_CONTROL, "no-cache")], Html(html)).into_response(),
        Err(_) => Problem::new(ProblemType::Internal).into_response(),
    }
}

async fn shell(State(pages): State<Pages>, asked: HeaderMap) -> Response {
    pages.page.shell(&asked)
}

async fn file(State(pages): State<Pages>, uri: Uri, asked: HeaderMap) -> Response {
    let file = pages.page.file(uri.path());
    file.map_or_else(|| pages.nothing(&Method::GET, &uri, &asked), |file| file.answer(&asked))
}

async fn nothing(State(pages): State<Pages>, method: Method, uri: Uri, asked: HeaderMap) -> Response {
    pages.nothing(&method, &uri, &asked)
}

async fn status(mailroom: &Mailroom, site: &Site, health: &Health, language: Language) -> Response {
    let Found { wrong, late } = health.look(mailroom).await;
    let letters = if wrong.iter().any(|wrong| matches!(wrong, Wrong::NotWritten | Wrong::NotRead)) {
        Letters::Away
    } else if wrong.contains(&Wrong::Full) {
        Letters::Full
    } else {
        Letters::Work
    };
    let goes = |lanes: &[Lane]| !wrong.contains(&Wrong::Stuck) && !late.iter().any(|lane| lanes.contains(lane));
    let (emails, texts) = (goes(&[Lane::Emails, Lane::Letters]), goes(&[Lane::Texts]));
    let state = StateOfTheService { at: mailroom.now().to_date_time(), letters, emails, texts };
    html(site.status(state, language))
}

impl Pages {
    /// Answers an unknown address: a person who navigated here gets a page, which says so, and a program gets a problem.
    fn nothing(&self, method: &Method, uri: &Uri, asked: &HeaderMap) -> Response {
        let is_api = uri.path() == "/api" || uri.path().starts_with("/api/");
        if origin::reads_only(method) && !is_api && wants_html(asked) {
            if let Some(to) = without_last_slash(uri.path()) {
                let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
                return Redirect::permanent(&format!("{to}{query}")).into_response();
            }
            let page = self.site.not_found(language_of(uri, asked)).to_owned();
            let headers = [(header::CACHE_CONTROL, "no-cache"), (header::VARY, "accept-language")];
            return (StatusCode::NOT_FOUND, headers, Html(page)).into_response();
        }
        Problem::new(ProblemType::NotFound).into_response()
    }
}

/// The language of an address that is none: that of its beginning, else what the browser asks for.
fn language_of(uri: &Uri, asked: &HeaderMap) -> Language {
    let weight = |language: &str| {
        let tags = listed(asked, header::ACCEPT_LANGUAGE).filter(|(tag, _)| tag.split('-').next() == Some(language));
        tags.map(|(_, weight)| weight).fold(0.0, f32::max)
    };
    let is_english = uri.path() == "/en" || uri.path().starts_with("/en/") || weight("en") > weight("sv");
    if is_english { Language::En } else { Language::Sv }
}

/// Where a slash too many leads. Nowhere from an address with two of them in a row, which would name another server.
fn without_last_slash(path: &str) -> Option<&str> {
    path.strip_suffix('/').filter(|rest| !rest.is_empty() && !path.contains("//") && !path.contains('\\'))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};
    use securemailbox_protocol::time::Timestamp;

    use super::*;
    use crate::config::Configuration;

    fn pages() -> Pages {
        let now = Timestamp::from_unix_millis(1_796_000_000_000);
        let site = Configuration::default().pages("https://brev.example.se", None, now).unwrap();
        Pages { page: Page::built(false), site: Arc::new(site) }
    }

    fn asked(pairs: &[(HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn header(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn who_navigates_to_nothing_sees_the_page_and_a_program_a_problem() {
        let pages = pages();
        let browser =
            asked(&[(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8"), (header::IF_NONE_MATCH, "*")]);
        let kind = |method, path: &str, asked: &HeaderMap| {
            let answer = pages.nothing(&method, &path.parse().unwrap(), asked);
            assert_eq!(answer.status(), StatusCode::NOT_FOUND);
            header(&answer, header::CONTENT_TYPE).split(';').next().unwrap().to_owned()
        };
        assert_eq!(kind(Method::GET, "/nothing", &browser), "text/html");
        assert_eq!(kind(Method::GET, "/nothing", &asked(&[(header::ACCEPT, "*/*")])), "application/problem+json");
        assert_eq!(kind(Method::POST, "/nothing", &browser), "application/problem+json");
        assert_eq!(kind(Method::GET, "/api/v1/nothing", &browser), "application/problem+json");
    }

    #[test]
    fn an_address_that_is_none_is_answered_in_the_language_of_whoever_asks() {
        let of = |path: &'static str, wanted| {
            language_of(&Uri::from_static(path), &asked(&[(header::ACCEPT_LANGUAGE, wanted)]))
        };
        for (path, wanted, language) in [
            ("/x", "sv-SE,sv;q=0.9,en;q=0.8", Language::Sv),
            ("/x", "en-GB,en;q=0.9", Language::En),
            ("/x", "de", Language::Sv),
            ("/x", "sv;q=0.5, en;q=0.7", Language::En),
            ("/en/x", "sv", Language::En),
            ("/english", "", Language::Sv),
        ] {
            assert_eq!(of(path, wanted), language, "{path}, {wanted}");
        }
    }

    #[test]
    fn a_slash_too_many_leads_on_and_to_no_other_server() {
        assert_eq!(without_last_slash("/sign-in/"), Some("/sign-in"));
        for stays in ["/", "/sign-in", "//evil.example/", "/a//", "/\\evil.example/"] {
            assert_eq!(without_last_slash(stays), None, "{stays}");
        }
    }

    #[test]
    fn no_page_has_the_address_of_another() {
        let pages = pages();
        let ours: Vec<&str> = pages.site.files().map(|(address, _)| address).collect();
        for address in ADDRESSES.iter().copied().chain(pages.page.lasting()) {
            assert!(!ours.contains(&address), "{address}");
        }
        assert!(ours.contains(&"/") && ours.contains(&"/en/faq") && ours.contains(&"/problems/busy"));
    }
}
