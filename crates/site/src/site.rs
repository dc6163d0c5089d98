//! All of it by addresses, made once; but for the state of the service, which is made when it is looked at.

use std::{borrow::Cow, collections::BTreeMap, fmt::Write as _};

use securemailbox_protocol::accounts::Language;
use time::{Date, Duration};

use crate::{
    colour::Colour,
    facts::Facts,
    language::{self, BOTH},
    own::OwnRefused,
    pages::{self, InLanguage, SEARCH, STATUS},
    pictures,
    status::State,
};

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// What the operator says can't stand on one.
    #[error(transparent)]
    Own(#[from] OwnRefused),
    /// A text can't be written.
    #[error("a page can't be made: {0}")]
    Text(#[from] askama::Error),
}

/// Something with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its media type.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
}

/// The pages that anybody may read.
pub struct Site {
    files: BTreeMap<String, File>,
    languages: [InLanguage; 2],
    not_found: [String; 2],
}

const HTML: &str = "text/html; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";

/// How long `security.txt` is to be believed: less than a year, as RFC 9116 §2.5.5 recommends.
const BELIEVED: Duration = Duration::days(300);

impl Site {
    /// Makes every page.
    ///
    /// # Errors
    /// [`SiteError`]
    pub fn new(facts: &Facts<'_>) -> Result<Self, SiteError> {
        facts.own.check()?;
        let languages = [InLanguage::of(facts, Language::Sv)?, InLanguage::of(facts, Language::En)?];
        let mut files = BTreeMap::new();
        for pages in &languages {
            files.extend(pages.all()?.into_iter().map(|(address, html)| (address, file(HTML, html))));
        }
        let listed = languages[0].listed();
        files.insert("/sitemap.xml".into(), file("application/xml", sitemap(facts.origin, &listed)));
        files.insert("/robots.txt".into(), file(TEXT, robots(facts.origin)));
        files.insert("/.well-known/security.txt".into(), file(TEXT, security_txt(facts)));
        let style = style(facts)?;
        let [sv, en] = &languages;
        let resting = pages::maintenance(&style, [sv.maintenance()?, en.maintenance()?])?;
        files.insert("/site/maintenance.html".into(), file(HTML, resting));
        files.insert("/site/site.css".into(), file("text/css; charset=utf-8", style));
        files.insert("/site/start.js".into(), file("text/javascript; charset=utf-8", START.to_owned()));
        for (name, bytes) in pictures::PICTURES {
            files.insert(format!("{}{name}", pictures::FOLDER), File { media_type: PNG, bytes: Cow::Borrowed(bytes) });
        }
        for (name, bytes) in pictures::BROCHURES {
            let file = File { media_type: "application/pdf", bytes: Cow::Borrowed(bytes) };
            files.insert(format!("{}{name}", pictures::PRINTED), file);
        }
        if let Some((ending, bytes)) = facts.logo {
            let media_type = if ending == "svg" { SVG } else { PNG };
            files.insert(format!("/site/logo.{ending}"), File { media_type, bytes: Cow::Owned(bytes.to_vec()) });
        }
        let not_found = [sv.not_found()?, en.not_found()?];
        Ok(Self { files, languages, not_found })
    }

    /// Everything that is made once, by its address.
    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(address, file)| (address.as_str(), file))
    }

    /// Addresses of the page of a search.
    pub fn search_addresses() -> [(String, Language); 2] {
        BOTH.map(|language| (language::address(SEARCH, language), language))
    }

    /// What the pages say about what somebody types; of a long text the beginning counts.
    ///
    /// # Errors
    /// [`SiteError::Text`]
    pub fn search(&self, query: &str, language: Language) -> Result<String, SiteError> {
        Ok(self.languages[language as usize].search(query)?)
    }

    /// Addresses of the page of the service's state.
    pub fn status_addresses() -> [(String, Language); 2] {
        BOTH.map(|language| (language::address(STATUS, language), language))
    }

    /// The page of the service's state.
    ///
    /// # Errors
    /// [`SiteError::Text`]
    pub fn status(&self, state: State, language: Language) -> Result<String, SiteError> {
        let at = language as usize;
        let (summary, checked) = (state.summary(language), state.checked(language));
        Ok(self.languages[at].status((summary, &checked), &state.lines(language))?)
    }

    /// What is answered at an address where nothing is.
    #[must_use]
    pub fn not_found(&self, language: Language) -> &str {
        &self.not_found[language as usize]
    }
}

fn file(media_type: &'static str, text: String) -> File {
    File { media_type, bytes: Cow::Owned(text.into_bytes()) }
}

/// The tokens of the app, the operator's colour and the fonts before the rules of these pages.
fn style(facts: &Facts<'_>) -> Result<String, OwnRefused> {
    let mut style = String::new();
    if let Some([text, code]) = &facts.fonts {
        for (name, address) in [("Atkinson Hyperlegible Next", text), ("Atkinson Hyperlegible Mono", code)] {
            let _ = writeln!(
                style,
                "@font-face {{ font-family: \"{name}\"; src: url(\"{address}\") format(\"woff2\"); font-weight: 200 800; font-display: swap; }}"
            );
        }
    }
    style.push_str(include_str!(concat!(env!("OUT_DIR"), "/tokens.css")));
    if let Some(colour) = facts.own.colour()? {
        style.push_str(&of_the_operator(colour));
    }
    style.push_str(include_str!("../style/site.css"));
    Ok(style)
}

fn of_the_operator(colour: Colour) -> String {
    format!(
        "@media not (prefers-color-scheme: dark) {{ :root {{ --primary: {colour}; --primary-text: {colour}; --link: {colour}; \
         --primary-hover: color-mix(in srgb, {colour} 85%, black); }} }}\n"
    )
}

/// Who has a mailbox open in this browser goes there, without a question to the server: the page is the same for everybody.
const START: &str = include_str!("start.js");

/// Every page in both languages (sitemaps.org).
fn sitemap(origin: &str, listed: &[&str]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\" \
         xmlns:xhtml=\"http://www.w3.org/1999/xhtml\">\n",
    );
    for path in listed {
        for language in BOTH {
            let _ = write!(xml, "<url><loc>{origin}{}</loc>", language::address(path, language));
            for also in BOTH {
                let _ = write!(
                    xml,
                    "<xhtml:link rel=\"alternate\" hreflang=\"{}\" href=\"{origin}{}\"/>",
                    language::code(also),
                    language::address(path, also)
                );
            }
            xml.push_str("</url>\n");
        }
    }
    xml.push_str("</urlset>\n");
    xml
}

/// What no search engine needs to fetch (RFC 9309): the app, where nothing is for strangers, and links.
fn robots(origin: &str) -> String {
    let mut robots = String::from("User-agent: *\n");
    for path in ["/api/", "/mail", "/settings", "/contacts", "/compare", "/l$", "/stop", "/demo/", "/to/"] {
        let _ = writeln!(robots, "Disallow: {path}");
    }
    let _ = write!(robots, "\nSitemap: {origin}/sitemap.xml\n");
    robots
}

/// Where a flaw is reported (RFC 9116).
fn security_txt(facts: &Facts<'_>) -> String {
    let origin = facts.origin;
    let until: Date = facts.today.saturating_add(BELIEVED);
    format!(
        "Contact: {origin}/contact\nExpires: {until}T00:00:00Z\nPreferred-Languages: sv, en\n\
         Canonical: {origin}/.well-known/security.txt\nPolicy: {origin}/security#report\n"
    )
}
