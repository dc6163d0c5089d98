//! How things look: plain in a pipe, aligned and coloured on a terminal. Nothing a stranger wrote reaches a terminal as
//! anything but text.

use std::io::IsTerminal;

use securemailbox_client::settings::turns_direction;
use securemailbox_protocol::time::Timestamp;
use serde_json::Value;

use crate::words::{self, Language, Sentence};

/// The kind of standard output: a terminal, or a pipe that a program reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    table: bool,
    colour: bool,
    width: usize,
    language: Language,
}

impl Style {
    /// Of this process: NO_COLOR (no-color.org) and a terminal that calls itself dumb are respected.
    pub(crate) fn of_stdout(language: Language) -> Self {
        let table = std::io::stdout().is_terminal();
        let variable = |name| std::env::var(name).unwrap_or_default();
        let colour = table && variable("NO_COLOR").is_empty() && variable("TERM") != "dumb";
        Self { table, colour, width: variable("COLUMNS").parse().unwrap_or(100), language }
    }

    #[cfg(test)]
    const PIPE: Self = Self { table: false, colour: false, width: 100, language: Language::Sv };
    #[cfg(test)]
    const TERMINAL: Self = Self { table: true, colour: true, width: 100, language: Language::Sv };

    /// Whether columns are aligned.
    pub(crate) const fn is_table(self) -> bool {
        self.table
    }

    pub(crate) fn strong(self, text: &str) -> String {
        self.wrapped("1", text)
    }

    pub(crate) fn faint(self, text: &str) -> String {
        self.wrapped("2", text)
    }

    pub(crate) fn warning(self, text: &str) -> String {
        self.wrapped("33", text)
    }

    pub(crate) fn good(self, text: &str) -> String {
        self.wrapped("32", text)
    }

    fn wrapped(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.into() }
    }

    /// The language of names: of fields, folders and states. A pipe has English ones, which programs know.
    pub(crate) const fn names(self) -> Language {
        if self.table { self.language } else { Language::En }
    }

    /// A time: to the minute and in the language on a terminal, RFC 3339 in a pipe.
    pub(crate) fn time(self, time: Timestamp) -> String {
        if self.table { words::date(time, self.language) } else { time.to_string() }
    }

    /// A line that says what is what.
    pub(crate) fn field(self, name: Sentence<'_>, value: &str) -> String {
        format!("{} {value}\n", self.faint(&format!("{}:", name.said(self.names()))))
    }

    /// Rows of cells: under a head and aligned on a terminal, tabs in a pipe. The last column takes the width that is left.
    pub(crate) fn rows(self, head: &[Sentence<'_>], mut rows: Vec<Vec<String>>) -> String {
        if !self.table {
            return rows.iter().map(|row| row.join("\t") + "\n").collect();
        }
        rows.insert(0, head.iter().map(|name| self.faint(&name.said(self.language))).collect());
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| length(cell)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        rows.iter().map(|row| self.row(row, &widths)).collect()
    }

    fn row(self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        let mut used = 0;
        for (at, (cell, width)) in row.iter().zip(widths).enumerate() {
            if at + 1 == row.len() {
                line.push_str(&cut(cell, self.width.saturating_sub(used).max(20)));
            } else {
                line.push_str(cell);
                line.push_str(&" ".repeat(width + 2 - length(cell)));
                used += width + 2;
            }
        }
        line.truncate(line.trim_end().len());
        line + "\n"
    }
}

/// An error's words as a sentence, without anything a terminal would obey.
pub(crate) fn sentence(words: &str) -> String {
    let words = plain(words);
    let mut letters = words.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// A size as people say it: in units of a thousand, as the page shows it, with a decimal where it says something.
pub(crate) fn size(bytes: u64, language: Language) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 10_000 && unit + 1 < UNITS.len() {
        tenths /= 1000;
        unit += 1;
    }
    let mark = if language == Language::Sv { ',' } else { '.' };
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} {}", UNITS[unit]),
        (whole, _) if whole >= 100 => format!("{whole} {}", UNITS[unit]),
        (whole, tenth) => format!("{whole}{mark}{tenth} {}", UNITS[unit]),
    }
}

/// One line of text that a stranger wrote: control characters, which a terminal obeys, and marks that turn the direction
/// of writing, which make text read as another, are shown as �.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if is_obeyed(c) { '\u{fffd}' } else { c }).collect()
}

/// A JSON document in which the same characters are escaped (RFC 8259 §7), so that it means the same and a terminal may
/// show it.
pub(crate) fn json(document: &Value) -> String {
    let mut escaped = String::new();
    for c in document.to_string().chars() {
        if is_obeyed(c) {
            // Controls and marks are all below U+10000, so one escape is enough.
            escaped += &format!("\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

fn is_obeyed(c: char) -> bool {
    c.is_control() || turns_direction(c)
}

/// The same for text of several lines.
pub(crate) fn plain_lines(text: &str) -> String {
    let mut lines: String =
        text.lines().map(|line| line.split('\t').map(plain).collect::<Vec<_>>().join("    ") + "\n").collect();
    if lines.is_empty() {
        lines.push('\n');
    }
    lines
}

/// Characters on the screen: ours are the only escapes there can be.
fn length(cell: &str) -> usize {
    let mut in_escape = false;
    let shown = cell.chars().filter(|c| match (*c, in_escape) {
        ('\u{1b}', _) => {
            in_escape = true;
            false
        }
        ('m', true) => {
            in_escape = false;
            false
        }
        (_, escape) => !escape,
    });
    shown.count()
}

fn cut(cell: &str, width: usize) -> String {
    if length(cell) <= width || cell.contains('\u{1b}') {
        return cell.into();
    }
    cell.chars().take(width - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_can_not_command_a_terminal() {
        assert_eq!(plain("a\u{1b}]0;x\u{7}b\r\n\u{202e}c"), "a�]0;x�b���c");
        assert_eq!(plain_lines("one\r\ntwo\tx\u{1b}[2J"), "one\ntwo    x�[2J\n");
    }

    #[test]
    fn no_character_that_turns_the_direction_reaches_a_terminal() {
        let turning = ['\u{61c}', '\u{200e}', '\u{200f}'].into_iter();
        for control in turning.chain('\u{202a}'..='\u{202e}').chain('\u{2066}'..='\u{2069}') {
            assert_eq!(plain(&format!("a{control}b")), "a\u{fffd}b", "{control:?}");
        }
    }

    #[test]
    fn a_document_commands_no_terminal_and_says_the_same() {
        let document = serde_json::json!({ "subject": "a\u{202e}b\u{9b}2J\u{1b}ö\u{1f600}" });
        let shown = json(&document);
        assert_eq!(shown, r#"{"subject":"a\u202eb\u009b2J\u001bö😀"}"#);
        assert_eq!(serde_json::from_str::<Value>(&shown).unwrap(), document);
    }

    #[test]
    fn columns_stand_below_each_other_and_under_their_heads_whatever_their_colour() {
        let rows = vec![vec![Style::TERMINAL.strong("a"), "b".into()], vec!["long".into(), "c".into()]];
        let head = [Sentence::Id, Sentence::Subject];
        let shown = "\u{1b}[2mId\u{1b}[0m    \u{1b}[2mÄmne\u{1b}[0m\n\u{1b}[1ma\u{1b}[0m     b\nlong  c\n";
        assert_eq!(Style::TERMINAL.rows(&head, rows), shown);
        assert_eq!(Style::PIPE.rows(&head, vec![vec!["a".into(), "b".into()]]), "a\tb\n");
    }

    #[test]
    fn a_pipe_gets_no_colour_and_names_and_times_that_programs_know() {
        assert_eq!(Style::PIPE.strong("a"), "a");
        assert_eq!(Style::PIPE.field(Sentence::Subject, "Hej"), "Subject: Hej\n");
        assert_eq!(Style::TERMINAL.field(Sentence::Subject, "Hej"), "\u{1b}[2mÄmne:\u{1b}[0m Hej\n");
        let time: Timestamp = "2026-11-24T10:42:07Z".parse().unwrap();
        assert_eq!(Style::PIPE.time(time), "2026-11-24T10:42:07Z");
        assert!(Style::TERMINAL.time(time).contains(" nov 2026 "));
    }
}
