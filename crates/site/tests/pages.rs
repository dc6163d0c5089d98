//! Every page, of an operator who says nothing and of one who says everything.

use std::collections::{BTreeMap, BTreeSet};

use securemailbox_protocol::{accounts::Language, problems::ProblemType};
use securemailbox_site::{Certificate, Facts, InBoth, Letters, Own, Processor, Review, Site, State};
use time::macros::{date, datetime};

const ORIGIN: &str = "https://brev.example.se";
/// What an operator could write, in the worst case.
const HOSTILE: &str = "<script>alert(1)</script> [x](javascript:alert(2)) *a* `b` | c \" ' & {{ d }} [[e|f]]";

fn both(text: &str) -> InBoth<String> {
    InBoth { sv: text.to_owned(), en: text.to_owned() }
}

fn everything(text: &str) -> Own {
    let said = Some(both(text));
    Own {
        write_to: Some("sund-svarar".into()),
        answered_within: said.clone(),
        phone: Some(text.into()),
        hours: said.clone(),
        postal_address: vec![text.into(), text.into()],
        organisation_number: Some(text.into()),
        data_protection_officer: Some(text.into()),
        hosting: said.clone(),
        backup_days: Some(30),
        log_days: Some(14),
        legal_basis: said.clone(),
        prices: said,
        processors: vec![Processor { name: text.into(), does: both(text), sees: both(text) }],
        reviews: vec![Review {
            by: text.into(),
            date: "2026-05-04".into(),
            what: both(text),
            link: Some("https://example.se/a(b)_c".into()),
        }],
        certificates: vec![Certificate { name: text.into(), by: text.into(), until: "2027-05-04".into(), link: None }],
        status_elsewhere: Some("https://example.se/drift".into()),
        source: Some("https://example.se/source".into()),
        colour: Some("#003366".into()),
        ..Own::default()
    }
}

fn site(name: &str, own: &Own, operators_file: Option<&str>) -> Site {
    let facts = Facts {
        origin: ORIGIN,
        name,
        contact: name,
        country: "SE",
        anyone_may_register: true,
        own,
        terms: operators_file.map(both),
        incidents: operators_file.map(both),
        logo: operators_file.map(|_| ("svg", &b"<svg/>"[..])),
        fonts: Some(["/assets/a.woff2".into(), "/assets/b.woff2".into()]),
        today: date!(2026 - 12 - 01),
    };
    Site::new(&facts).expect("every page")
}

const STATE: State = State { at: datetime!(2026-12-01 10:42 UTC), letters: Letters::Work, emails: true, texts: false };

/// Address and HTML of every page.
fn pages(site: &Site) -> BTreeMap<String, String> {
    // What a proxy answers while the server rests stands alone, in both languages.
    let html = site
        .files()
        .filter(|(address, file)| file.media_type.starts_with("text/html") && !address.starts_with("/site/"));
    let mut pages: BTreeMap<String, String> = html
        .map(|(address, file)| (address.to_owned(), String::from_utf8(file.bytes.to_vec()).expect("UTF-8")))
        .collect();
    for (address, language) in Site::status_addresses() {
        pages.insert(address, site.status(STATE, language).expect("a page"));
    }
    for (address, language) in [("/nothing", Language::Sv), ("/en/nothing", Language::En)] {
        pages.insert(address.to_owned(), site.not_found(language).to_owned());
    }
    pages
}

/// The values of an attribute.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let begins = format!(" {attribute}=\"");
    html.split(begins.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_page_is_there_in_both_languages() {
    let own = everything("ord");
    let pages = pages(&site("Region Sund", &own, Some("## Ett {#one}\n\nText.")));
    let swedish: Vec<&String> = pages.keys().filter(|path| *path != "/en" && !path.starts_with("/en/")).collect();
    assert!(swedish.len() >= 20 + ProblemType::ALL.len());
    for path in swedish {
        let english = if path == "/" { "/en".to_owned() } else { format!("/en{path}") };
        assert!(pages[path].contains("<html lang=\"sv\">"), "{path}");
        assert!(pages[&english].contains("<html lang=\"en\">"), "{english}");
    }
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let own = everything("ord");
    let site = site("Region Sund", &own, Some("## Ett {#one}\n\nText."));
    let pages = pages(&site);
    let files: BTreeSet<&str> = site.files().map(|(address, _)| address).collect();
    let app = include_str!("../../../web/src/app/routes.ts");
    for (page, html) in &pages {
        for link in values(html, "href").into_iter().chain(values(html, "src")) {
            let link = link.replace("&#38;", "&");
            let (path, fragment) = link.split_once('#').unwrap_or((&link, ""));
            if let Some(ours) = path.strip_prefix(ORIGIN) {
                assert!(
                    pages.contains_key(if ours.is_empty() { "/" } else { ours }) || ours == "/icon-512.png",
                    "{page}: {link}"
                );
                continue;
            }
            if path.starts_with("https://") || path.starts_with("mailto:") || path.starts_with("tel:") {
                continue;
            }
            let of_the_app = app.contains(&format!("\"{path}\""))
                || ["/mail", "/favicon.svg", "/icon-192.png", "/to/sund-svarar", "/api/v1/openapi.json"]
                    .contains(&path)
                || path.starts_with("/assets/");
            let here = if path.is_empty() { page } else { path };
            assert!(
                pages.contains_key(here) || files.contains(here) || of_the_app,
                "{page} leads to {link}, which is nowhere"
            );
            if !fragment.is_empty() && pages.contains_key(here) {
                assert!(
                    values(&pages[here], "id").contains(&fragment),
                    "{page} leads to {link}, which has no such place"
                );
            }
        }
    }
}

#[test]
fn an_id_stands_once_on_a_page_and_a_heading_of_each_page_is_its_own() {
    let own = everything("ord");
    let mut titles = BTreeSet::new();
    for (page, html) in pages(&site("Region Sund", &own, None)) {
        let ids = values(&html, "id");
        let once: BTreeSet<&&str> = ids.iter().collect();
        assert_eq!(ids.len(), once.len(), "{page}: {ids:?}");
        assert_eq!(html.matches("<h1>").count(), 1, "{page}");
        let title = html.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap().to_owned();
        if !page.contains("/problems/") {
            assert!(titles.insert((title.clone(), html.contains("lang=\"en\">\n<head"))), "{page}: {title}");
        }
        for left in ["{{", "}}", "{%", "%TABLE%", "[[", "]]", "\\_", "\\("] {
            assert!(!html.contains(left), "{page} still has {left}");
        }
    }
}

#[test]
fn an_operator_s_words_are_text_wherever_they_stand() {
    let own = everything(HOSTILE);
    for (page, html) in
        pages(&site(HOSTILE, &own, Some(&format!("## Ett {{#one}}\n\n<script>alert(3)</script> {HOSTILE}"))))
    {
        assert!(!html.contains("<script>"), "{page}");
        assert!(!html.contains("href=\"javascript"), "{page}");
        assert_eq!(html.contains("<script src=\"/site/start.js\">"), page == "/" || page == "/en", "{page}");
    }
}

#[test]
fn an_operator_who_says_nothing_claims_nothing() {
    let own = Own::default();
    let told = everything("Sunds egna ord");
    let (nothing, everything) = (pages(&site("", &own, None)), pages(&site("Region Sund", &told, None)));
    for (page, html) in &nothing {
        assert!(!html.contains("Sunds egna ord") && !html.contains("Region Sund"), "{page}");
        assert!(!html.contains("<p></p>") && !html.contains("<li></li>") && !html.contains(" ."), "{page} has a hole");
    }
    for (page, said) in [
        ("/contact", "Sunds egna ord"),
        ("/privacy", "Sunds egna ord"),
        ("/security", "2026-05-04"),
        ("/", "Region Sund"),
    ] {
        assert!(everything[page].contains(said), "{page}");
    }
}

#[test]
fn an_operators_ordinary_markdown_makes_a_page_that_holds_together() {
    let own = Own::default();
    let text = "Vi ansvarar.\n\n## Priser \"och\" annat\n\n| a | b |\n|:--|--:|\n| 1 | 2 |\n\n#### Smått\n\n1. ett\n\n2. två\n\n[x](javascript:alert(1)) [y](/faq)\n";
    let pages = pages(&site("", &own, Some(text)));
    let terms = &pages["/en/terms"];
    for said in ["Vi ansvarar.", "id=\"priser-och-annat\"", "<h3 id=\"smått\">", "href=\"/en/faq\""] {
        assert!(terms.contains(said) || pages["/en/status"].contains(said), "{said}\n{terms}");
    }
    assert!(
        !terms.contains("javascript")
            && !terms.contains("<span><p>")
            && terms.contains("aria-label=\"Priser &#34;och&#34; annat\""),
        "{terms}"
    );
}

#[test]
fn a_page_weighs_little() {
    let own = everything("ord");
    let site = site("Region Sund", &own, None);
    let style = site.files().find(|(address, _)| *address == "/site/site.css").unwrap().1.bytes.len();
    for (page, html) in pages(&site) {
        assert!(html.len() + style < 100_000, "{page}: {} + {style} bytes, uncompressed", html.len());
    }
}

#[test]
fn programs_find_what_they_look_for() {
    let own = Own::default();
    let site = site("", &own, None);
    let text = |address: &str| {
        String::from_utf8(site.files().find(|(of, _)| *of == address).unwrap().1.bytes.to_vec()).unwrap()
    };
    let security = text("/.well-known/security.txt");
    assert!(security.contains("Contact: https://brev.example.se/contact\n"));
    assert!(security.contains("Expires: 2027-09-27T00:00:00Z\n"), "{security}");
    let sitemap = text("/sitemap.xml");
    assert!(
        sitemap.contains("<loc>https://brev.example.se/</loc>")
            && sitemap.contains("<loc>https://brev.example.se/en/faq</loc>")
    );
    assert!(!sitemap.contains("/problems"));
    assert!(text("/robots.txt").contains("Disallow: /api/"));
}

#[test]
fn the_state_of_the_service_is_said_in_words() {
    let own = Own::default();
    let site = site("", &own, Some("Just nu: SMS är sena.\n\n## Planerat\n\nNy version på söndag."));
    let html = site.status(STATE, Language::Sv).unwrap();
    let all = [
        "Något fungerar inte",
        "2026-12-01 klockan 10.42",
        "Störning",
        "Just nu: SMS är sena.",
        "id=\"planerat\"",
        "Ny version på söndag.",
    ];
    for said in all {
        assert!(html.contains(said), "{said}");
    }
    let well = site.status(State { texts: true, ..STATE }, Language::En).unwrap();
    assert!(well.contains("No fault has been noticed.") && !well.contains("Disturbed"));
    let full = site.status(State { letters: Letters::Full, ..STATE }, Language::En).unwrap();
    assert!(full.contains("can be read and erased"));
}

/// The first cells of the rows of a table in Markdown.
fn first_cells(markdown: &str) -> Vec<&str> {
    let rows = markdown.lines().filter_map(|line| line.strip_prefix("| ")).filter(|row| !row.starts_with("---"));
    rows.filter_map(|row| row.split(" | ").next()).skip(1).collect()
}

#[test]
fn what_the_database_keeps_stands_in_the_privacy_notice() {
    let kept = include_str!("../../../docs/kept.md");
    for schema in [
        include_str!("../../store/migrations/sqlite/0001_letters.sql"),
        include_str!("../../store/migrations/postgres/0001_letters.sql"),
    ] {
        let tables: Vec<&str> = schema
            .lines()
            .filter_map(|line| line.strip_prefix("CREATE TABLE "))
            .filter_map(|rest| rest.split([' ', '(']).next())
            .collect();
        assert!(tables.len() > 30, "the schema is read");
        for table in tables {
            assert!(kept.contains(&format!("`{table}`")), "{table} is kept, and no row of the notice says so");
        }
    }
    let [swedish, english] =
        [include_str!("../pages/sv/privacy.md"), include_str!("../pages/en/privacy.md")].map(first_cells);
    assert_eq!(swedish.len(), english.len(), "as many rows in both languages");
    for row in first_cells(kept) {
        assert!(swedish.contains(&row), "no row of the notice is called {row}");
    }
}
