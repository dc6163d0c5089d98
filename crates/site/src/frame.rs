//! What stands around every page: head, menu and foot.

use securemailbox_protocol::accounts::Language;

use crate::{
    facts::{Facts, Operator},
    language::{self, code, other},
    pages::TERMS,
};

/// What every page of a language knows.
pub(crate) struct Common {
    pub(crate) origin: String,
    pub(crate) font: Option<String>,
    pub(crate) logo: Option<String>,
    pub(crate) who: String,
    pub(crate) host: String,
    pub(crate) is_named: bool,
    pub(crate) postal_address: Vec<String>,
    pub(crate) has_terms: bool,
    pub(crate) anyone_may_register: bool,
    pub(crate) source: Option<String>,
}

impl Common {
    pub(crate) fn of(facts: &Facts<'_>, operator: &Operator) -> Self {
        Self {
            origin: facts.origin.to_owned(),
            font: facts.fonts.as_ref().map(|[text, _]| text.clone()),
            logo: facts.logo.map(|(ending, _)| format!("/site/logo.{ending}")),
            who: operator.who.clone(),
            host: operator.host.clone(),
            is_named: !facts.name.is_empty(),
            postal_address: operator.postal_address.clone(),
            has_terms: operator.has_terms,
            anyone_may_register: operator.anyone_may_register,
            source: operator.source.clone(),
        }
    }
}

/// A page but for what it says: what its layout asks for.
pub(crate) struct Frame<'a> {
    pub(crate) site: &'a Common,
    pub(crate) language: Language,
    /// The Swedish address.
    pub(crate) path: &'a str,
    pub(crate) title: String,
    pub(crate) description: String,
    /// Whether it is one of those that search engines and the sitemap know.
    pub(crate) is_listed: bool,
    /// What follows the address.
    pub(crate) query: String,
}

/// A column at the foot of a page.
pub(crate) struct Column {
    pub(crate) head: &'static str,
    pub(crate) links: Vec<(String, &'static str)>,
}

impl Frame<'_> {
    pub(crate) fn code(&self) -> &'static str {
        code(self.language)
    }

    pub(crate) fn other_code(&self) -> &'static str {
        code(other(self.language))
    }

    /// The words of the page's language.
    pub(crate) fn t<'t>(&self, sv: &'t str, en: &'t str) -> &'t str {
        match self.language {
            Language::Sv => sv,
            Language::En => en,
        }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        language::address(path, self.language)
    }

    pub(crate) fn is_at(&self, path: &str) -> bool {
        self.path == path
    }

    pub(crate) fn here(&self) -> String {
        self.at(self.path)
    }

    pub(crate) fn in_english(&self) -> String {
        language::address(self.path, Language::En)
    }

    pub(crate) fn in_other(&self) -> String {
        language::address(self.path, other(self.language)) + &self.query
    }

    pub(crate) fn menu(&self) -> [(&'static str, &str); 4] {
        [
            ("/how", self.t("Så fungerar det", "How it works")),
            ("/faq", self.t("Frågor", "Questions")),
            ("/guides", self.t("Guider", "Guides")),
            ("/contact", self.t("Kontakt", "Contact")),
        ]
    }

    pub(crate) fn foot(&self) -> Vec<Column> {
        let ours = |links: &[(&str, &'static str, &'static str)]| -> Vec<(String, &'static str)> {
            links.iter().map(|(path, sv, en)| (self.at(path), self.t(sv, en))).collect()
        };
        let help = ours(&[
            ("/faq", "Frågor och svar", "Questions and answers"),
            ("/guides", "Snabbguider", "Quick guides"),
            ("/brochure", "Broschyr att skriva ut", "Brochure to print"),
            ("/contact", "Kontakta oss", "Contact us"),
        ]);
        let mut open = ours(&[
            ("/security", "Säkerhet", "Security"),
            ("/privacy", "Personuppgifter", "Personal data"),
            ("/accessibility", "Tillgänglighet", "Accessibility"),
            ("/status", "Driftstatus", "Status"),
        ]);
        if self.site.has_terms {
            open.extend(ours(&[(TERMS, "Villkor", "Terms")]));
        }
        let mut mailbox = vec![
            ("/sign-in".to_owned(), self.t("Logga in", "Sign in")),
            ("/real".to_owned(), self.t("Är mejlet på riktigt?", "Is this notice real?")),
        ];
        if self.site.anyone_may_register {
            mailbox.insert(1, ("/register".to_owned(), self.t("Skaffa en brevlåda", "Get a mailbox")));
        }
        if let Some(source) = &self.site.source {
            mailbox.push((source.clone(), self.t("Källkod", "Source code")));
        }
        vec![
            Column { head: self.t("Hjälp", "Help"), links: help },
            Column { head: self.t("Tryggt och öppet", "Safe and open"), links: open },
            Column { head: self.t("Brevlådan", "The mailbox"), links: mailbox },
        ]
    }
}
