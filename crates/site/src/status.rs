//! The state of the service, as its own page says it.

use securemailbox_protocol::accounts::Language;
use time::OffsetDateTime;

use crate::pages::StatusLine;

/// What the server found when it looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// When it looked.
    pub at: OffsetDateTime,
    /// How it is with letters.
    pub letters: Letters,
    /// Whether e-mails go out: none has waited for long.
    pub emails: bool,
    /// Whether SMS go out: none has waited for long.
    pub texts: bool,
}

/// What can be done with letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letters {
    /// Everything.
    Work,
    /// They are read and erased, and none is taken: the disk is full.
    Full,
    /// Nothing: the database does not answer.
    Away,
}

impl State {
    pub(crate) fn summary(self, language: Language) -> &'static str {
        let all = self.letters == Letters::Work && self.emails && self.texts;
        match (language, all) {
            (Language::Sv, true) => "Inget fel har märkts.",
            (Language::Sv, false) => "Något fungerar inte som det ska just nu. Vad det är står nedan.",
            (Language::En, true) => "No fault has been noticed.",
            (Language::En, false) => "Something is not working as it should right now. See below.",
        }
    }

    pub(crate) fn checked(self, language: Language) -> String {
        let at = self.at;
        let [hour, minute] = [at.hour(), at.minute()];
        match language {
            Language::Sv => format!(
                "Kontrollerat {} klockan {hour:02}.{minute:02} (UTC). Sidan är som den var då: ladda om den för en ny.",
                at.date()
            ),
            Language::En => {
                format!("Checked on {} at {hour:02}:{minute:02} (UTC). Reload the page to check again.", at.date())
            }
        }
    }

    pub(crate) fn lines(self, language: Language) -> Vec<StatusLine> {
        let line = |works: bool, sv: [&str; 2], en: [&str; 2]| {
            let [what, more] = match language {
                Language::Sv => sv,
                Language::En => en,
            };
            StatusLine { what: what.to_owned(), more: more.to_owned(), works }
        };
        let letters = match self.letters {
            Letters::Work => ["Databasen svarar", "The database answers"],
            Letters::Full => [
                "Disken är full: det går att läsa och radera, men inte att skicka",
                "The disk is full: letters can be read and erased, but not sent",
            ],
            Letters::Away => ["Databasen svarar inte", "The database does not answer"],
        };
        let waiting = |goes: bool| {
            if goes {
                ["Inget har väntat länge på att skickas", "Nothing has waited long to be sent"]
            } else {
                [
                    "Kommer senare än det ska. Be inte om flera koder: bara den senaste gäller",
                    "Arriving late. Don’t ask for more codes: only the newest one counts",
                ]
            }
        };
        let [emails, texts] = [waiting(self.emails), waiting(self.texts)];
        vec![
            line(
                self.letters == Letters::Work,
                ["Läsa och skriva brev", letters[0]],
                ["Reading and writing letters", letters[1]],
            ),
            line(self.emails, ["Mejl", emails[0]], ["E-mail", emails[1]]),
            line(self.texts, ["SMS", texts[0]], ["SMS", texts[1]]),
        ]
    }
}
