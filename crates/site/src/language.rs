//! Two languages, each with addresses of its own: Swedish where one types the name of the service, English below `/en`.

use securemailbox_protocol::accounts::Language;

/// Both, the first one first.
pub(crate) const BOTH: [Language; 2] = [Language::Sv, Language::En];

/// The language's code (BCP 47).
pub(crate) const fn code(language: Language) -> &'static str {
    match language {
        Language::Sv => "sv",
        Language::En => "en",
    }
}

/// The other one.
pub(crate) const fn other(language: Language) -> Language {
    match language {
        Language::Sv => Language::En,
        Language::En => Language::Sv,
    }
}

/// The address of a page of ours for readers of a language. `path`: the Swedish one.
pub(crate) fn address(path: &str, language: Language) -> String {
    match (language, path) {
        (Language::Sv, _) => path.to_owned(),
        (Language::En, "/") => "/en".to_owned(),
        (Language::En, _) => format!("/en{path}"),
    }
}
