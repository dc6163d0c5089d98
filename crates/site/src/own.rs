//! What an operator says of themselves, as their configuration has it: whatever is not said stands on no page.

use std::path::PathBuf;

use securemailbox_protocol::{accounts::Language, public_pages::PageName};
use serde::{Deserialize, Serialize};
use time::{Date, macros::format_description};

use crate::colour::{Colour, ColourRefused};

/// A text in both languages of the pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InBoth<T> {
    /// In Swedish.
    pub sv: T,
    /// In English.
    pub en: T,
}

impl<T> InBoth<T> {
    /// The one for readers of a language.
    pub const fn of(&self, language: Language) -> &T {
        match language {
            Language::Sv => &self.sv,
            Language::En => &self.en,
        }
    }
}

/// The part `site` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Own {
    /// The name of the public page of the member who answers for the operator: what stands after `/to/`.
    pub write_to: Option<String>,
    /// How soon whoever writes there is answered, as it stands after "inom" and "within".
    pub answered_within: Option<InBoth<String>>,
    /// The phone number, as people write it.
    pub phone: Option<String>,
    /// When somebody answers the phone.
    pub hours: Option<InBoth<String>>,
    /// Lines of the postal address.
    pub postal_address: Vec<String>,
    /// The number of the organisation in its country's register.
    pub organisation_number: Option<String>,
    /// Where the data-protection officer is reached.
    pub data_protection_officer: Option<String>,
    /// Where the servers stand, as it follows "the servers stand".
    pub hosting: Option<InBoth<String>>,
    /// How many days copies of the database are kept.
    pub backup_days: Option<u32>,
    /// How many days logs are kept.
    pub log_days: Option<u32>,
    /// On which legal basis personal data is processed, in sentences.
    pub legal_basis: Option<InBoth<String>>,
    /// What it costs, in sentences.
    pub prices: Option<InBoth<String>>,
    /// Who else handles personal data.
    pub processors: Vec<Processor>,
    /// Who has reviewed the service.
    pub reviews: Vec<Review>,
    /// Certificates of the service.
    pub certificates: Vec<Certificate>,
    /// Where the state of the service stands when the server is down.
    pub status_elsewhere: Option<String>,
    /// Where the source code of this very version lies; without one, nothing is said of it.
    pub source: Option<String>,
    /// The colour of buttons and links in the light look, `#rrggbb`. In the dark one they stay as they are.
    pub colour: Option<String>,
    /// Files with the operator's terms, in Markdown.
    pub terms: Option<InBoth<PathBuf>>,
    /// Files with what has happened and what is planned, in Markdown, for the page of the service's state.
    pub incidents: Option<InBoth<PathBuf>>,
    /// A file with the operator's logo, SVG or PNG.
    pub logo: Option<PathBuf>,
}

/// Somebody who handles personal data for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// Its name, and country.
    pub name: String,
    /// What it does.
    pub does: InBoth<String>,
    /// What it can see.
    pub sees: InBoth<String>,
}

/// A review of the service by somebody else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Who.
    pub by: String,
    /// When, `YYYY-MM-DD`.
    pub date: String,
    /// What was reviewed.
    pub what: InBoth<String>,
    /// The whole report.
    pub link: Option<String>,
}

/// A certificate of the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Its name and number.
    pub name: String,
    /// Who gave it.
    pub by: String,
    /// How long it holds, `YYYY-MM-DD`.
    pub until: String,
    /// The certificate.
    pub link: Option<String>,
}

/// Why what an operator says of themselves is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OwnRefused {
    /// A text is there and says nothing.
    #[error("`site.{0}` is empty: write something, or leave it out")]
    Empty(&'static str),
    /// A link that is none.
    #[error("`site.{0}` is no address that begins with https://")]
    Link(&'static str),
    /// No day of the calendar.
    #[error("`site.{0}` is no date such as 2026-11-24")]
    Date(&'static str),
    /// No name that a public page can have.
    #[error("`site.write_to` is no name of a public page: it is what stands after /to/ in its address")]
    PageName,
    /// A colour that nobody could read.
    #[error("`site.colour`: {0}")]
    Colour(#[from] ColourRefused),
}

impl Own {
    /// Whether all of it can stand on a page.
    ///
    /// # Errors
    /// [`OwnRefused`]: the first thing that can't.
    pub fn check(&self) -> Result<(), OwnRefused> {
        let single = [
            ("phone", &self.phone),
            ("organisation_number", &self.organisation_number),
            ("data_protection_officer", &self.data_protection_officer),
        ];
        for (name, text) in single {
            says(name, text)?;
        }
        let both = [
            ("answered_within", &self.answered_within),
            ("hours", &self.hours),
            ("hosting", &self.hosting),
            ("legal_basis", &self.legal_basis),
            ("prices", &self.prices),
        ];
        for (name, texts) in both {
            for text in texts.iter().flat_map(|texts| [&texts.sv, &texts.en]) {
                says(name, [text])?;
            }
        }
        if self.write_to.as_ref().is_some_and(|name| PageName::parse(name).is_err()) {
            return Err(OwnRefused::PageName);
        }
        says("postal_address", &self.postal_address)?;
        link("status_elsewhere", &self.status_elsewhere)?;
        link("source", &self.source)?;
        for processor in &self.processors {
            let InBoth { sv, en } = &processor.does;
            says("processors.does", [sv, en])?;
            let InBoth { sv, en } = &processor.sees;
            says("processors.sees", [sv, en])?;
            says("processors.name", [&processor.name])?;
        }
        for review in &self.reviews {
            says("reviews.by", [&review.by])?;
            says("reviews.what", [&review.what.sv, &review.what.en])?;
            date("reviews.date", &review.date)?;
            link("reviews.link", &review.link)?;
        }
        for certificate in &self.certificates {
            says("certificates.name", [&certificate.name])?;
            says("certificates.by", [&certificate.by])?;
            date("certificates.until", &certificate.until)?;
            link("certificates.link", &certificate.link)?;
        }
        self.colour()?;
        Ok(())
    }

    /// The files that it names.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let both = self.terms.iter_mut().chain(&mut self.incidents).flat_map(|InBoth { sv, en }| [sv, en]);
        both.chain(&mut self.logo)
    }

    pub(crate) fn colour(&self) -> Result<Option<Colour>, ColourRefused> {
        self.colour.as_deref().map(Colour::read).transpose()
    }
}

fn says<'a>(name: &'static str, texts: impl IntoIterator<Item = &'a String>) -> Result<(), OwnRefused> {
    if texts.into_iter().any(|text| text.trim().is_empty()) { Err(OwnRefused::Empty(name)) } else { Ok(()) }
}

fn link(name: &'static str, link: &Option<String>) -> Result<(), OwnRefused> {
    let is_one = |link: &String| {
        link.strip_prefix("https://").is_some_and(|rest| {
            !rest.is_empty()
                && !rest.starts_with('/')
                && !rest.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"`".contains(c))
        })
    };
    if link.as_ref().is_none_or(is_one) { Ok(()) } else { Err(OwnRefused::Link(name)) }
}

fn date(name: &'static str, text: &str) -> Result<(), OwnRefused> {
    day(text).map(drop).map_err(|_| OwnRefused::Date(name))
}

pub(crate) fn day(text: &str) -> Result<Date, time::error::Parse> {
    Date::parse(text, format_description!("[year]-[month]-[day]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> Option<InBoth<String>> {
        Some(InBoth { sv: text.into(), en: text.into() })
    }

    #[test]
    fn nothing_has_to_be_said() {
        assert_eq!(Own::default().check(), Ok(()));
    }

    #[test]
    fn what_could_not_stand_on_a_page_is_named() {
        let refused = |own: Own| own.check().unwrap_err();
        assert_eq!(refused(Own { phone: Some(" ".into()), ..Own::default() }), OwnRefused::Empty("phone"));
        assert_eq!(refused(Own { hours: both(""), ..Own::default() }), OwnRefused::Empty("hours"));
        for wrong in ["http://example.se", "example.se", "https://", "https://a b", "javascript:alert(1)"] {
            let own = Own { source: Some(wrong.into()), ..Own::default() };
            assert_eq!(refused(own), OwnRefused::Link("source"), "{wrong}");
        }
        for wrong in ["24 november", "2026-02-30", "2026-11-24T10:00"] {
            let review = Review { by: "X".into(), date: wrong.into(), what: both("allt").unwrap(), link: None };
            let own = Own { reviews: vec![review], ..Own::default() };
            assert_eq!(refused(own), OwnRefused::Date("reviews.date"), "{wrong}");
        }
        assert!(matches!(refused(Own { colour: Some("#ff0".into()), ..Own::default() }), OwnRefused::Colour(_)));
    }
}
