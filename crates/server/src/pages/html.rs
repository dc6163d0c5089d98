//! Plain pages: a few tags, one style sheet, no script.

use std::fmt;

use axum::{
    http::header,
    response::{Html, IntoResponse, Response},
};

/// Text that may stand between tags and in quoted attributes.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// A whole page around `main`, which is HTML.
pub(super) fn page(language: &str, title: &str, main: &str) -> Response {
    Html(format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title} – SecureMailbox</title>\n<link rel=\"stylesheet\" href=\"{STYLE_SHEET}\">\n<main>\n<h1>{title}</h1>\n{main}</main>\n</html>\n",
        title = Escaped(title),
    ))
    .into_response()
}

/// Where the one style sheet lies.
pub(super) const STYLE_SHEET: &str = "/plain.css";

/// Serves the style sheet that all pages of the server share.
pub(super) async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "no-cache")], STYLE).into_response()
}

const STYLE: &str = "\
:root { color-scheme: light dark; font: 1.125rem/1.6 system-ui, sans-serif; }
body { margin: 0; padding: 1rem; }
main { max-inline-size: 66ch; margin-inline: auto; }
code { font-size: 1.125em; }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(Escaped("<a href=\"x\" b='y'>&").to_string(), "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;");
    }
}
