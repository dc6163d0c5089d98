//! The state of the service, as its own page says it.

use securemailbox_protocol::accounts::Language;
use time::OffsetDateTime;

use crate::pages::StatusLine;

/// What the server found when it looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// When it looked.
    pub at: OffsetDateTime,
    /// Whether the database answers, and takes what is written.
    pub letters: bool,
    /// Whether what is to go out by e-mail and SMS goes out: nothing has waited for long.
    pub outbox: bool,
}

impl State {
    pub(crate) fn summary(self, language: Language) -> &'static str {
        let all = self.letters && self.outbox;
        match (language, all) {
            (Language::Sv, true) => "Allt fungerar.",
            (Language::Sv, false) => "Något fungerar inte som det ska just nu. Vad det är står nedan.",
            (Language::En, true) => "Everything works.",
            (Language::En, false) => "Something does not work as it should at the moment. What it is stands below.",
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
                format!(
                    "Checked {} at {hour:02}:{minute:02} (UTC). The page is as it was then: reload it for a new one.",
                    at.date()
                )
            }
        }
    }

    pub(crate) fn lines(self, language: Language) -> Vec<StatusLine> {
        let line = |works: bool, sv: [&str; 3], en: [&str; 3]| {
            let [what, well, badly] = match language {
                Language::Sv => sv,
                Language::En => en,
            };
            StatusLine { what: what.to_owned(), more: if works { well } else { badly }.to_owned(), works }
        };
        vec![
            line(
                self.letters,
                [
                    "Läsa och skriva brev",
                    "Databasen svarar",
                    "Databasen svarar inte. Inget som är skickat har gått förlorat.",
                ],
                [
                    "Read and write letters",
                    "The database answers",
                    "The database does not answer. Nothing that was sent is lost.",
                ],
            ),
            line(
                self.outbox,
                [
                    "Mejl och SMS",
                    "Inget har väntat länge på att skickas",
                    "Koder och aviseringar kommer senare än de ska. Be inte om flera: bara den senaste gäller.",
                ],
                [
                    "E-mail and SMS",
                    "Nothing has waited for long to be sent",
                    "Codes and notices come later than they should. Ask for no more of them: only the newest counts.",
                ],
            ),
        ]
    }
}
