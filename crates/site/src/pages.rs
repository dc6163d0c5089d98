//! The pages: which there are, and how each is made of its text.

use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use securemailbox_protocol::{accounts::Language, problems::ProblemType};

use crate::{
    claims,
    facts::{Facts, Operator},
    frame::{Common, Frame},
    language::{self, code},
    markdown::{Around, Document, Section},
    pictures::{self, Picture},
    problems,
    search::{self, Found, Place},
    texts::Text,
};

/// How a page is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Start,
    Article,
    Questions,
    Guides,
    Guide,
    Brochure,
}

/// Every page that is made once: its Swedish address, its text, how it is laid out.
const PAGES: &[(&str, Text, Layout)] = &[
    ("/", Text::Start, Layout::Start),
    ("/how", Text::How, Layout::Article),
    ("/faq", Text::Faq, Layout::Questions),
    ("/guides", Text::Guides, Layout::Guides),
    ("/guides/read", Text::Read, Layout::Guide),
    ("/guides/answer", Text::Answer, Layout::Guide),
    ("/guides/mailbox", Text::Mailbox, Layout::Guide),
    ("/guides/two-factor", Text::TwoFactor, Layout::Guide),
    ("/guides/patient", Text::Patient, Layout::Guide),
    ("/guides/compare", Text::Compare, Layout::Guide),
    ("/guides/erase", Text::Erase, Layout::Guide),
    ("/brochure", Text::Brochure, Layout::Brochure),
    ("/contact", Text::Contact, Layout::Article),
    ("/security", Text::Security, Layout::Article),
    ("/privacy", Text::Privacy, Layout::Article),
    ("/accessibility", Text::Accessibility, Layout::Article),
];

/// The operator's terms, where there are any.
pub(crate) const TERMS: &str = "/terms";
/// Search in all of them, which is made anew.
pub(crate) const SEARCH: &str = "/search";
/// The state of the service, which is made anew.
pub(crate) const STATUS: &str = "/status";

/// Questions of the FAQ that stand on the start page.
const ON_THE_START_PAGE: [&str; 4] = ["real", "how-safe", "gone", "lost-phone"];

/// The guides by whom they are for.
const GROUPS: [(&str, &str, &[Text]); 3] = [
    ("Du har fått ett brev", "You were sent a letter", &[Text::Read, Text::Answer]),
    ("Din brevlåda", "Your mailbox", &[Text::Mailbox, Text::TwoFactor, Text::Erase]),
    ("Du skriver till andra", "You write to others", &[Text::Patient, Text::Compare]),
];

#[derive(Template)]
#[template(path = "start.html")]
struct Start<'a> {
    page: &'a Frame<'a>,
    text: &'a Document,
    questions: Vec<&'a Section>,
    papers_of: [(&'static str, &'a str); 8],
}

#[derive(Template)]
#[template(path = "article.html")]
struct Article<'a> {
    page: &'a Frame<'a>,
    text: &'a Document,
    folds: bool,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Guide<'a> {
    page: &'a Frame<'a>,
    text: &'a Document,
    next: Vec<(String, &'a str)>,
    /// Where it lies as a PDF.
    pdf: Option<String>,
}

struct Group<'a> {
    head: &'a str,
    cards: Vec<Card>,
}

struct Card {
    href: String,
    title: String,
    lead: String,
}

#[derive(Template)]
#[template(path = "guides.html")]
struct Guides<'a> {
    page: &'a Frame<'a>,
    text: &'a Document,
    groups: Vec<Group<'a>>,
}

#[derive(Template)]
#[template(path = "brochure.html")]
struct Brochure<'a> {
    page: &'a Frame<'a>,
    text: &'a Document,
    /// The operator's number, and when somebody answers.
    phone: Option<String>,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage<'a> {
    page: &'a Frame<'a>,
    asked: &'a str,
    found: &'a [Found<'a>],
}

/// That the service rests, in one language.
pub(crate) struct Resting {
    code: &'static str,
    title: String,
    lead: String,
    body: String,
}

/// That the service rests: a page that needs nothing else of the server, which is not there then.
#[derive(Template)]
#[template(path = "maintenance.html")]
struct Maintenance<'a> {
    style: &'a str,
    languages: [Resting; 2],
}

/// What a proxy may answer with while the service rests.
pub(crate) fn maintenance(style: &str, languages: [Resting; 2]) -> askama::Result<String> {
    Maintenance { style, languages }.render()
}

/// One line of the status page.
pub(crate) struct StatusLine {
    pub(crate) what: String,
    pub(crate) more: String,
    pub(crate) works: bool,
}

#[derive(Template)]
#[template(path = "status.html")]
struct Status<'a> {
    page: &'a Frame<'a>,
    text: &'a Document,
    summary: &'a str,
    checked: &'a str,
    lines: &'a [StatusLine],
    incidents: &'a str,
}

/// The pages of one language.
pub(crate) struct InLanguage {
    language: Language,
    operator: Operator,
    common: Common,
    terms: Option<String>,
    places: Vec<Place>,
    /// The text of the state of the service, and the operator's words on it, as HTML.
    of_status: Document,
    incidents: String,
}

impl InLanguage {
    pub(crate) fn of(facts: &Facts<'_>, language: Language) -> askama::Result<Self> {
        let operator = Operator::of(facts, language);
        let common = Common::of(facts, &operator);
        let terms = facts.terms.as_ref().map(|terms| terms.of(language).clone());
        let incidents = facts.incidents.as_ref().map(|incidents| incidents.of(language).as_str()).unwrap_or_default();
        let (places, of_status) = (Vec::new(), Document::default());
        let mut pages = Self { language, operator, common, terms, places, of_status, incidents: String::new() };
        pages.places = pages.places()?;
        pages.of_status = pages.document(Text::Status)?;
        pages.incidents = pages.part(incidents).whole();
        Ok(pages)
    }

    /// Every page that is made once, by its address.
    pub(crate) fn all(&self) -> askama::Result<Vec<(String, String)>> {
        let mut all = Vec::new();
        for (path, text, layout) in PAGES {
            all.push((self.at(path), self.page(path, *text, *layout)?));
        }
        if let Some(terms) = &self.terms {
            let mut document = self.document(Text::Terms)?;
            let Document { body, sections, .. } = self.part(terms);
            (document.body, document.sections) = (body, sections);
            all.push((self.at(TERMS), self.article(TERMS, &document, false)?));
        }
        all.push((self.at("/problems"), self.problems()?));
        for problem in ProblemType::ALL {
            all.push((self.at(&problem.path()), self.problem(*problem)?));
        }
        Ok(all)
    }

    /// Addresses that search engines may know.
    pub(crate) fn listed(&self) -> Vec<&'static str> {
        let mut listed: Vec<&str> = PAGES.iter().map(|(path, ..)| *path).collect();
        listed.push(STATUS);
        if self.terms.is_some() {
            listed.push(TERMS);
        }
        listed
    }

    fn at(&self, path: &str) -> String {
        language::address(path, self.language)
    }

    fn t<'t>(&self, sv: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Sv => sv,
            Language::En => en,
        }
    }

    fn source(&self, text: Text) -> askama::Result<String> {
        let marked = text.of(&self.operator, self.language)?;
        Ok(claims::unmarked(&marked).0)
    }

    fn document(&self, text: Text) -> askama::Result<Document> {
        Ok(self.read(&self.source(text)?))
    }

    fn read(&self, text: &str) -> Document {
        self.around(|around| Document::read(text, around))
    }

    /// Reads what an operator wrote, which stands below a heading of ours.
    fn part(&self, text: &str) -> Document {
        self.around(|around| Document::read_part(text, around))
    }

    fn around(&self, read: impl FnOnce(&Around<'_>) -> Document) -> Document {
        let link = |to: &str| {
            let (path, _) = to.split_once('#').unwrap_or((to, ""));
            let is_ours = PAGES.iter().any(|(page, ..)| *page == path) || [STATUS, TERMS].contains(&path);
            let leads_somewhere = ["https://", "mailto:", "tel:", "/", "#"].iter().any(|begins| to.starts_with(begins));
            match (is_ours, leads_somewhere) {
                (true, _) => self.at(to),
                (false, true) => to.to_owned(),
                (false, false) => "#".to_owned(),
            }
        };
        let picture = |name: &str| Picture::named(name, self.language);
        read(&Around { link: &link, picture: &picture })
    }

    fn frame<'a>(&'a self, path: &'a str, text: &Document, is_listed: bool) -> Frame<'a> {
        Frame {
            site: &self.common,
            language: self.language,
            path,
            title: text.title_text.clone(),
            description: text.lead_text.clone(),
            is_listed,
            query: String::new(),
        }
    }

    fn page(&self, path: &str, text: Text, layout: Layout) -> askama::Result<String> {
        let document = self.document(text)?;
        let frame = self.frame(path, &document, true);
        let (page, text) = (&frame, &document);
        match layout {
            Layout::Start => {
                let faq = self.document(Text::Faq)?;
                let questions = ON_THE_START_PAGE.iter().filter_map(|id| faq.part(id)).collect();
                Start { page, text, questions, papers_of: self.papers() }.render()
            }
            Layout::Article => Article { page, text, folds: false }.render(),
            Layout::Questions => Article { page, text, folds: true }.render(),
            Layout::Guide => Guide {
                page,
                text,
                next: self.next(path),
                pdf: pictures::brochure(path.trim_start_matches("/guides/"), self.language),
            }
            .render(),
            Layout::Guides => Guides { page, text, groups: self.groups()? }.render(),
            Layout::Brochure => Brochure { page, text, phone: self.phone() }.render(),
        }
    }

    fn article(&self, path: &str, text: &Document, is_listed: bool) -> askama::Result<String> {
        Article { page: &self.frame(path, text, is_listed), text, folds: false }.render()
    }

    fn papers(&self) -> [(&'static str, &str); 8] {
        [
            ("/guides/two-factor", self.t("Aktivera tvåfaktorsinloggning", "Turn on two-factor login")),
            ("/security", self.t("Säkerhet: vad som gäller och inte", "Security: what we promise and what we don’t")),
            ("/guides", self.t("Alla snabbguider", "All quick guides")),
            ("/security#verify", self.t("Kontrollera själv", "Verify it yourself")),
            ("/brochure", self.t("Broschyr att skriva ut", "Brochure to print")),
            ("/privacy", self.t("Så hanteras personuppgifter", "How personal data is handled")),
            ("/faq#gdpr", self.t("GDPR i korthet", "The GDPR in short")),
            ("/accessibility", self.t("Tillgänglighet", "Accessibility")),
        ]
    }

    fn phone(&self) -> Option<String> {
        let Operator { phone, hours, .. } = &self.operator;
        let phone = phone.as_ref()?;
        Some(hours.as_ref().map_or_else(|| phone.clone(), |hours| format!("{phone}, {hours}")))
    }

    fn next(&self, path: &str) -> Vec<(String, &str)> {
        let mut next = Vec::new();
        if path == "/guides/two-factor" {
            next.push(("/settings/identity".to_owned(), self.t("Öppna ID-kontroll", "Open ID check")));
        }
        next.push((self.at("/guides"), self.t("Alla snabbguider", "All quick guides")));
        next
    }

    fn groups(&self) -> askama::Result<Vec<Group<'_>>> {
        let card = |text: &Text| {
            let Document { title, lead, .. } = self.document(*text)?;
            let path = PAGES.iter().find(|(_, of, _)| of == text).map_or("/guides", |(path, ..)| *path);
            Ok(Card { href: self.at(path), title, lead })
        };
        let groups = GROUPS.iter().map(|(sv, en, texts)| {
            let cards = texts.iter().map(card).collect::<askama::Result<Vec<_>>>()?;
            Ok(Group { head: self.t(sv, en), cards })
        });
        groups.collect()
    }

    fn problems(&self) -> askama::Result<String> {
        let mut source = self.source(Text::Problems)?;
        source.push_str("\n\n");
        for problem in ProblemType::ALL {
            let (what, _) = problems::words(*problem, self.language);
            source.push_str(&format!("- [{what}]({})\n", self.at(&problem.path())));
        }
        let document = self.read(&source);
        self.article("/problems", &document, false)
    }

    fn problem(&self, problem: ProblemType) -> askama::Result<String> {
        let (what, todo) = problems::words(problem, self.language);
        let note = match self.language {
            Language::Sv => {
                format!("För den som skriver program: `{}`, HTTP-status {}.", problem.path(), problem.status())
            }
            Language::En => {
                format!("For whoever writes programs: `{}`, HTTP status {}.", problem.path(), problem.status())
            }
        };
        let help = self.t(
            "[Frågor och svar](/faq) · [Kontakta oss](/contact) · [Till brevlådan](/mail)",
            "[Questions and answers](/faq) · [Contact us](/contact) · [To the mailbox](/mail)",
        );
        let document = self.read(&format!("# {}\n\n{todo}\n\n{help}\n\n{note}\n", what.trim_end_matches('.')));
        self.article(&problem.path(), &document, false)
    }

    /// What is answered where nothing is.
    pub(crate) fn not_found(&self) -> askama::Result<String> {
        let document = self.document(Text::NotFound)?;
        self.article("/", &document, false)
    }

    /// What a proxy may answer with while the service rests: the text.
    pub(crate) fn maintenance(&self) -> askama::Result<Resting> {
        let document = self.document(Text::Maintenance)?;
        Ok(Resting { code: code(self.language), title: document.title, lead: document.lead, body: document.body })
    }

    /// Every place that a search may find.
    fn places(&self) -> askama::Result<Vec<Place>> {
        let mut places = Vec::new();
        for (path, text, layout) in PAGES {
            if !matches!(layout, Layout::Start | Layout::Guides | Layout::Brochure) {
                places.extend(Place::all_of(&self.at(path), &self.document(*text)?));
            }
        }
        Ok(places)
    }

    /// What is found about what somebody types.
    pub(crate) fn search(&self, query: &str) -> askama::Result<String> {
        let asked = search::asked(query);
        let title = self.t("Sök i hjälpen", "Search the help").to_owned();
        let page = Frame {
            site: &self.common,
            language: self.language,
            path: SEARCH,
            title,
            description: String::new(),
            is_listed: false,
            query: format!("?q={}", utf8_percent_encode(&asked, NON_ALPHANUMERIC)),
        };
        SearchPage { page: &page, asked: &asked, found: &search::find(&self.places, &asked) }.render()
    }

    /// The state of the service.
    pub(crate) fn status(&self, (summary, checked): (&str, &str), lines: &[StatusLine]) -> askama::Result<String> {
        let text = &self.of_status;
        let mut page = self.frame(STATUS, text, true);
        page.description = summary.to_owned();
        Status { page: &page, text, summary, checked, lines, incidents: &self.incidents }.render()
    }
}
