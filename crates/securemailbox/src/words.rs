//! The words of the terminal: each sentence once, in both languages beside each other, so that one without the other does not
//! compile. `--json` is English, and so are the names of fields and states in a pipe: programs read those.

mod dates;
mod help;
mod problems;
mod sentences;

pub(crate) use dates::{date, date_in_full};
pub(crate) use help::in_swedish;
pub(crate) use problems::{cause, explained};
pub(crate) use securemailbox_protocol::accounts::Language;
pub(crate) use sentences::Sentence;

use std::{ffi::OsString, path::Path};

use securemailbox_client::{contacts::Standing, letters::ReceiptRefused};
use securemailbox_protocol::{address::Address, ids::LetterId, letters::Folder, levels::Level};
use securemailbox_server::forensics::Of;

use crate::http::ServerUrl;

/// The language that the environment asks for (POSIX.1-2024 §8.2): the first of the three that is set decides.
pub(crate) fn language_of(variable: impl Fn(&'static str) -> Option<OsString>) -> Language {
    let asked = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    let locale = asked.and_then(|locale| locale.into_string().ok()).unwrap_or_default();
    let language = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("sv") { Language::Sv } else { Language::En }
}

/// A text in both languages: of an error, which a program is told in English and a person in theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) en: String,
    pub(crate) sv: String,
}

impl Told {
    pub(crate) fn into(self, language: Language) -> String {
        match language {
            Language::En => self.en,
            Language::Sv => self.sv,
        }
    }

    /// With another sentence after it.
    pub(crate) fn and(self, next: &Self) -> Self {
        Self { en: format!("{} {}", self.en, next.en), sv: format!("{} {}", self.sv, next.sv) }
    }
}

/// Something that stands in a sentence.
trait Word {
    fn said(&self, language: Language) -> String;
}

macro_rules! same_in_both {
    ($($kind:ty),+) => {
        $(impl Word for $kind {
            fn said(&self, _: Language) -> String {
                self.to_string()
            }
        })+
    };
}

same_in_both!(str, Address, LetterId, ServerUrl, u16, i64, usize);

impl<W: Word + ?Sized> Word for &W {
    fn said(&self, language: Language) -> String {
        W::said(self, language)
    }
}

impl Word for Path {
    fn said(&self, _: Language) -> String {
        self.display().to_string()
    }
}

/// A number: 1 260 in Swedish, 1,260 in English.
impl Word for u64 {
    fn said(&self, language: Language) -> String {
        let separator = match language {
            Language::En => ',',
            Language::Sv => '\u{a0}',
        };
        let digits = self.to_string();
        let mut said = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                said.push(separator);
            }
            said.push(digit);
        }
        said
    }
}

impl Word for Folder {
    fn said(&self, language: Language) -> String {
        match (language, self) {
            (Language::En, folder) => folder.as_str(),
            (Language::Sv, Self::Inbox) => "inkorgen",
            (Language::Sv, Self::Sent) => "Skickat",
            (Language::Sv, Self::Drafts) => "Utkast",
            (Language::Sv, Self::Archive) => "arkivet",
            (Language::Sv, Self::Trash) => "papperskorgen",
        }
        .into()
    }
}

impl Word for Standing {
    fn said(&self, language: Language) -> String {
        match (language, self) {
            (Language::En, standing) => standing.as_str(),
            (Language::Sv, Self::Own) => "egen",
            (Language::Sv, Self::Unmet) => "ingen än",
            (Language::Sv, Self::New) => "ny",
            (Language::Sv, Self::Known) => "känd",
            (Language::Sv, Self::Compared) => "jämförd",
            (Language::Sv, Self::Former) => "tidigare",
            (Language::Sv, Self::Changed) => "bytt",
            (Language::Sv, Self::Differs) => "siffrorna stämde inte",
        }
        .into()
    }
}

impl Word for Level {
    fn said(&self, language: Language) -> String {
        match (language, self) {
            (Language::En, level) => level.as_str(),
            (Language::Sv, Self::Address) => "mejl",
            (Language::Sv, Self::Phone) => "SMS-kod",
            (Language::Sv, Self::Authenticator) => "autentiseringsapp",
            (Language::Sv, Self::Passkey) => "lösennyckel",
            (Language::Sv, Self::Eid) => "e-legitimation",
        }
        .into()
    }
}

/// What was looked for, as the beginning of a sentence.
impl Word for Of {
    fn said(&self, language: Language) -> String {
        match (language, self) {
            (Language::En, Self::Id) => "The id",
            (Language::En, Self::Envelope) => "The envelope",
            (Language::En, Self::Content) => "The content",
            (Language::En, Self::Key) => "A wrapped key",
            (Language::En, Self::File) => "A file",
            (Language::Sv, Self::Id) => "Id",
            (Language::Sv, Self::Envelope) => "Kuvertet",
            (Language::Sv, Self::Content) => "Innehållet",
            (Language::Sv, Self::Key) => "En inslagen nyckel",
            (Language::Sv, Self::File) => "En fil",
        }
        .into()
    }
}

impl Word for ReceiptRefused {
    fn said(&self, language: Language) -> String {
        match language {
            Language::En => self.to_string(),
            Language::Sv => "kvittot är inte underskrivet med läsarens kända nyckel".into(),
        }
    }
}

/// How a key stands, in a list.
pub(crate) fn standing_word(standing: Standing, language: Language) -> String {
    standing.said(language)
}

/// How somebody is identified, in a list.
pub(crate) fn level_word(level: Level, language: Language) -> String {
    level.said(language)
}

/// So many letters.
pub(crate) fn letters(count: usize) -> Told {
    let sentence = match u64::try_from(count).unwrap_or(u64::MAX) {
        1 => Sentence::OneLetter,
        count => Sentence::Letters { count },
    };
    sentence.told()
}

impl Word for Told {
    fn said(&self, language: Language) -> String {
        self.clone().into(language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(variables: &[(&'static str, &str)]) -> Language {
        language_of(|name| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn the_first_variable_that_is_set_decides_the_language() {
        assert_eq!(language(&[]), Language::En);
        for swedish in ["sv", "sv_SE.UTF-8", "sv_FI", "sv.UTF-8", "SV_se", "sv@euro"] {
            assert_eq!(language(&[("LANG", swedish)]), Language::Sv, "{swedish}");
        }
        for other in ["C", "C.UTF-8", "POSIX", "en_GB.UTF-8", "nb_NO", "svx_XX"] {
            assert_eq!(language(&[("LANG", other)]), Language::En, "{other}");
        }
        assert_eq!(language(&[("LC_ALL", "C"), ("LANG", "sv_SE.UTF-8")]), Language::En);
        assert_eq!(language(&[("LC_ALL", ""), ("LC_MESSAGES", "sv_SE"), ("LANG", "en_GB")]), Language::Sv);
    }

    #[test]
    fn a_number_is_written_as_each_language_writes_it() {
        let said = |number: u64| (number.said(Language::En), number.said(Language::Sv));
        assert_eq!(said(126), ("126".into(), "126".into()));
        assert_eq!(said(1_260), ("1,260".into(), "1\u{a0}260".into()));
        assert_eq!(said(1_234_567), ("1,234,567".into(), "1\u{a0}234\u{a0}567".into()));
    }

    #[test]
    fn one_letter_is_not_several() {
        assert_eq!(letters(1), Told { en: "1 letter".into(), sv: "1 brev".into() });
        assert_eq!(letters(2), Told { en: "2 letters".into(), sv: "2 brev".into() });
    }
}
