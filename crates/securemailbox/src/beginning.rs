//! How an answer and a letter that is passed on begin, as the page begins them (web/src/letters/write): both read the same cases.

use securemailbox_client::{mailbox::Mailbox, settings::turns_direction};
use securemailbox_protocol::address::Address;
use securemailbox_vault::letters::Letter;

use crate::words::{self, Language, Sentence};

/// A letter before one's own words.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    pub(crate) to: Vec<Address>,
    pub(crate) subject: String,
    pub(crate) text: String,
}

/// To the sender; to everybody who can read the letter, if `all`. One's own letter is followed up to its readers.
pub(crate) fn answer(letter: &Letter, own: &Address, all: bool, language: Language) -> Beginning {
    let readers: Vec<&Address> = letter.to().iter().chain(letter.cc()).collect();
    // Whoever got a blind copy would tell the others so.
    let to = answered(letter.from(), &readers, own, all && letter.blind_reader().is_none());
    Beginning { to, subject: answer_subject(&unturned(letter.subject()), language), text: String::new() }
}

/// Nobody twice, and never oneself.
fn answered(from: &Address, readers: &[&Address], own: &Address, all: bool) -> Vec<Address> {
    let readers = if all || from == own { readers } else { &[] };
    let mut to: Vec<Address> = Vec::new();
    for address in std::iter::once(&from).chain(readers) {
        if *address != own && !to.contains(address) {
            to.push((*address).clone());
        }
    }
    to
}

/// To nobody yet, with the words of the other letter under a head that says whose they are.
pub(crate) fn forward(letter: &Letter, mailbox: &Mailbox, language: Language) -> Beginning {
    let contacts = mailbox.contacts();
    let names = mailbox.names(&contacts);
    let named = |address: &Address, claimed| {
        let name = if address == mailbox.address() {
            Some(mailbox.name().to_owned())
        } else {
            names.shown(address, claimed).name
        };
        name.map_or_else(|| address.to_string(), |name| format!("{name} <{address}>"))
    };
    let readers: Vec<String> = letter.to().iter().chain(letter.cc()).map(|reader| named(reader, None)).collect();
    let head = Head {
        from: named(letter.from(), letter.claimed_name()),
        to: readers.join(", "),
        written: words::date_in_full(letter.date(), language),
        subject: unturned(letter.subject()),
    };
    let subject = forward_subject(&head.subject, language);
    Beginning { to: Vec::new(), subject, text: format!("{}\n\n{}", head.said(language), letter.text()) }
}

/// Whose words they are.
struct Head {
    from: String,
    to: String,
    written: String,
    subject: String,
}

impl Head {
    fn said(&self, language: Language) -> String {
        let field = |name: Sentence<'_>, value: &str| format!("\n{}: {value}", name.said(language));
        let fields = [
            field(Sentence::From, &self.from),
            field(Sentence::To, &self.to),
            field(Sentence::Written, &self.written),
            field(Sentence::Subject, &self.subject),
        ];
        Sentence::ForwardedLetter.said(language) + &fields.concat()
    }
}

/// `Sv:` once, however often it went to and fro, and in whichever of the two languages.
fn answer_subject(subject: &str, language: Language) -> String {
    if has_mark(subject, &["sv", "re"]) { subject.into() } else { Sentence::AnswerSubject { subject }.said(language) }
}

/// `Vb:` once, likewise.
fn forward_subject(subject: &str, language: Language) -> String {
    if has_mark(subject, &["vb", "fw", "fwd"]) {
        subject.into()
    } else {
        Sentence::ForwardSubject { subject }.said(language)
    }
}

fn has_mark(subject: &str, marks: &[&str]) -> bool {
    let mark = subject.trim_start().split_once(':').map(|(mark, _)| mark);
    mark.is_some_and(|mark| marks.iter().any(|known| mark.eq_ignore_ascii_case(known)))
}

/// A line without what turns its direction, as it is shown.
fn unturned(line: &str) -> String {
    line.chars().filter(|c| !turns_direction(*c)).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// What the page's own test reads too.
    #[derive(Deserialize)]
    struct Cases {
        recipients: Vec<Recipients>,
        subjects: Vec<Subjects>,
        forwarded: Vec<Forwarded>,
    }

    #[derive(Deserialize)]
    struct Recipients {
        own: Address,
        from: Address,
        readers: Vec<Address>,
        all: bool,
        to: Vec<Address>,
    }

    #[derive(Deserialize)]
    struct Subjects {
        language: Language,
        subject: String,
        answer: String,
        forward: String,
    }

    #[derive(Deserialize)]
    struct Forwarded {
        language: Language,
        from: String,
        to: String,
        written: String,
        subject: String,
        head: String,
    }

    fn cases() -> Cases {
        serde_json::from_str(include_str!("../../../e2e/browser/units/beginnings.json")).unwrap()
    }

    #[test]
    fn an_answer_goes_where_the_page_sends_it() {
        for Recipients { own, from, readers, all, to } in cases().recipients {
            assert_eq!(answered(&from, &readers.iter().collect::<Vec<_>>(), &own, all), to, "{from}, all: {all}");
        }
    }

    #[test]
    fn a_subject_is_marked_as_the_page_marks_it() {
        for Subjects { language, subject, answer, forward } in cases().subjects {
            assert_eq!(answer_subject(&subject, language), answer);
            assert_eq!(forward_subject(&subject, language), forward);
        }
    }

    #[test]
    fn a_letter_is_passed_on_under_the_head_of_the_page() {
        for Forwarded { language, from, to, written, subject, head } in cases().forwarded {
            assert_eq!(Head { from, to, written, subject }.said(language), head);
        }
    }
}
