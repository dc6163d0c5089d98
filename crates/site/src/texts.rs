//! The texts themselves, in `pages/sv` and `pages/en`: templates whose values are checked when they are compiled, and that yield
//! Markdown.

use askama::Template;
use securemailbox_protocol::accounts::Language;

use crate::facts::{LIMITS, Limits, Operator};

macro_rules! rendered {
    ($text:expr) => {{
        let text = $text;
        // Not every text speaks of both.
        let _ = (text.operator, text.limits);
        text.render()
    }};
}

macro_rules! texts {
    ($($text:ident $module:ident $sv:tt $en:tt;)+) => {
        /// A text, in both languages.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Text {
            $($text),+
        }

        impl Text {
            /// The text in Markdown, with what the operator says in its places.
            pub(crate) fn of(self, operator: &Operator, language: Language) -> askama::Result<String> {
                let limits = &LIMITS;
                match (self, language) {
                    $(
                        (Self::$text, Language::Sv) => rendered!($module::Sv { operator, limits }),
                        (Self::$text, Language::En) => rendered!($module::En { operator, limits }),
                    )+
                }
            }
        }

        $(mod $module {
            use super::*;

            #[derive(Template)]
            #[template(path = $sv)]
            pub(super) struct Sv<'a> {
                pub(super) operator: &'a Operator,
                pub(super) limits: &'a Limits,
            }

            #[derive(Template)]
            #[template(path = $en)]
            pub(super) struct En<'a> {
                pub(super) operator: &'a Operator,
                pub(super) limits: &'a Limits,
            }
        })+
    };
}

texts! {
    Start start "sv/start.md" "en/start.md";
    How how "sv/how.md" "en/how.md";
    Faq faq "sv/faq.md" "en/faq.md";
    Guides guides "sv/guides.md" "en/guides.md";
    Read read "sv/guides/read.md" "en/guides/read.md";
    Answer answer "sv/guides/answer.md" "en/guides/answer.md";
    Mailbox mailbox "sv/guides/mailbox.md" "en/guides/mailbox.md";
    TwoFactor two_factor "sv/guides/two-factor.md" "en/guides/two-factor.md";
    Patient patient "sv/guides/patient.md" "en/guides/patient.md";
    Compare compare "sv/guides/compare.md" "en/guides/compare.md";
    Erase erase "sv/guides/erase.md" "en/guides/erase.md";
    Brochure brochure "sv/brochure.md" "en/brochure.md";
    Contact contact "sv/contact.md" "en/contact.md";
    Security security "sv/security.md" "en/security.md";
    Privacy privacy "sv/privacy.md" "en/privacy.md";
    Accessibility accessibility "sv/accessibility.md" "en/accessibility.md";
    Terms terms "sv/terms.md" "en/terms.md";
    Status status "sv/status.md" "en/status.md";
    Problems problems "sv/problems.md" "en/problems.md";
    NotFound not_found "sv/not-found.md" "en/not-found.md";
    Maintenance maintenance "sv/maintenance.md" "en/maintenance.md";
}
