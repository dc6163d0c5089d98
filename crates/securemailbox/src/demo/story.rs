//! What the people of the demo have written to each other when somebody first looks: a fortnight of an ordinary practice.
//! Told by day, in the order in which it happened.

use std::time::Duration;

/// Which of [`super::PEOPLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Anna,
    Bjorn,
    Elif,
    Reception,
}

/// When something happened, counted back from the first start.
#[derive(Debug, Clone, Copy)]
pub(super) enum When {
    /// So many days before, at this hour and minute (UTC).
    Day(u64, u64, u64),
    /// So many minutes before.
    MinutesAgo(u64),
}

/// Something that somebody did.
#[derive(Debug, Clone, Copy)]
pub(super) enum Act {
    /// Sends a letter; its place among all letters is its number.
    Writes(Letter),
    /// Opens a letter.
    Reads(usize),
    /// Puts a letter into the archive.
    Archives(usize),
    /// Puts a letter into the trash.
    Bins(usize),
    /// Compares keys with somebody, and finds that they match.
    Compares(Who),
    /// Begins a letter and does not send it.
    Begins(Letter),
}

/// A letter of the story.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    pub(super) to: &'static [Who],
    pub(super) subject: &'static str,
    pub(super) text: &'static str,
    /// The number of the letter that it answers.
    pub(super) answers: Option<usize>,
}

impl When {
    /// How long before `now`, in a day that is `since_midnight` old.
    pub(super) fn ago(self, since_midnight: Duration) -> Duration {
        match self {
            Self::Day(days, hour, minute) => {
                let at = Duration::from_secs((hour * 60 + minute) * 60);
                (since_midnight + Duration::from_secs(days * 24 * 60 * 60)).saturating_sub(at)
            }
            Self::MinutesAgo(minutes) => Duration::from_secs(minutes * 60),
        }
    }
}

const fn letter(to: &'static [Who], subject: &'static str, text: &'static str) -> Act {
    Act::Writes(Letter { to, subject, text, answers: None })
}

const fn answer(answers: usize, to: &'static [Who], subject: &'static str, text: &'static str) -> Act {
    Act::Writes(Letter { to, subject, text, answers: Some(answers) })
}

use Act::{Archives, Begins, Bins, Compares, Reads};
use When::{Day, MinutesAgo};
use Who::{Anna, Bjorn, Elif, Reception};

/// When everybody got a mailbox.
pub(super) const BEGINNING: When = Day(14, 7, 30);

/// All of it, oldest first.
pub(super) const STORY: &[(When, Who, Act)] = &[
    // 0
    (
        Day(13, 7, 12),
        Reception,
        letter(
            &[Bjorn],
            "Välkommen till Ljunggårdens vårdcentral",
            "Hej Björn!\n\nNu kan du skriva till oss här i stället för att ringa. Bara du och vi kan läsa breven. Vi svarar inom två vardagar.\n\nÄr det bråttom ringer du 1177, och vid fara för livet 112.\n\nVänliga hälsningar\nMottagningen",
        ),
    ),
    // 1
    (
        Day(13, 7, 20),
        Reception,
        letter(
            &[Anna],
            "Björn Ek har fått en brevlåda",
            "Hej Anna!\n\nDin patient Björn Ek har skaffat en brevlåda idag, så du kan skriva till honom här.\n\nMottagningen",
        ),
    ),
    (Day(13, 9, 5), Anna, Reads(1)),
    (Day(13, 17, 35), Bjorn, Reads(0)),
    // 2
    (
        Day(13, 17, 40),
        Bjorn,
        answer(
            0,
            &[Reception],
            "Tid för blodprov?",
            "Hej!\n\nTack, det var enkelt. Jag skulle behöva en tid för blodprov, helst på morgonen. Torsdag eller fredag går bra.\n\nHälsningar\nBjörn Ek",
        ),
    ),
    (Day(12, 6, 50), Reception, Reads(2)),
    // 3
    (
        Day(12, 6, 58),
        Reception,
        answer(
            2,
            &[Bjorn],
            "Sv: Tid för blodprov?",
            "Hej Björn!\n\nDu får tid på torsdag klockan 8.20. Kom fastande: ät inget efter midnatt, men drick gärna vatten.\n\nMottagningen",
        ),
    ),
    (Day(12, 8, 14), Bjorn, Reads(3)),
    // 4
    (Day(12, 8, 16), Bjorn, answer(3, &[Reception], "Sv: Tid för blodprov?", "Tack, det passar bra.\n\nBjörn")),
    (Day(11, 6, 45), Reception, Reads(4)),
    (Day(10, 9, 0), Anna, Bins(1)),
    // 5
    (
        Day(9, 9, 5),
        Anna,
        letter(
            &[Bjorn],
            "Dina provsvar",
            "Hej Björn!\n\nNu har svaren på dina prover kommit, och de ser bra ut. Blodvärdet är 142 och blodsockret 5,4. Kolesterolet har gått ner sedan i våras, så fortsätt som du gör.\n\nBlodtrycket vill jag följa ett tag till. Mät det hemma tre morgnar i rad, sittande och före kaffet, och skriv vad du får.\n\nVänliga hälsningar\nAnna Lindqvist, läkare",
        ),
    ),
    (Day(9, 18, 10), Bjorn, Reads(5)),
    (Day(9, 18, 15), Bjorn, Compares(Anna)),
    (Day(9, 18, 15), Anna, Compares(Bjorn)),
    // 6
    (
        Day(9, 18, 22),
        Bjorn,
        answer(
            5,
            &[Anna],
            "Sv: Dina provsvar",
            "Tack för besked, det var skönt att höra!\n\nMåste jag sluta med kaffet helt?\n\nBjörn",
        ),
    ),
    (Day(8, 7, 2), Anna, Reads(6)),
    // 7
    (
        Day(8, 7, 6),
        Anna,
        answer(
            6,
            &[Bjorn],
            "Sv: Dina provsvar",
            "Nej då. En kopp om dagen går bra, bara inte just innan du mäter.\n\nAnna",
        ),
    ),
    (Day(8, 11, 30), Bjorn, Reads(7)),
    // 8
    (
        Day(6, 12, 30),
        Elif,
        letter(
            &[Anna],
            "Request for a medical certificate",
            "Dear Dr Lindqvist,\n\nI represent the family of Mr Ek in an insurance matter. The insurer asks for a certificate of his treatment since March. Mr Ek has agreed in writing; he will confirm it to you himself.\n\nCould you tell me when we may expect it?\n\nKind regards,\nElif Demir",
        ),
    ),
    // 9
    (
        Day(6, 17, 5),
        Bjorn,
        letter(
            &[Anna],
            "Elif Demir får be om ett intyg",
            "Hej Anna!\n\nMin dotters jurist Elif Demir kommer att be dig om ett intyg till försäkringen. Det är i sin ordning, jag har skrivit på.\n\nBjörn",
        ),
    ),
    (Day(5, 7, 55), Anna, Reads(9)),
    (Day(5, 8, 5), Anna, Reads(8)),
    // 10
    (
        Day(5, 8, 15),
        Anna,
        answer(
            8,
            &[Elif],
            "Re: Request for a medical certificate",
            "Dear Ms Demir,\n\nMr Ek has written to me, so all is in order. You will have the certificate by the end of next week.\n\nBest regards,\nAnna Lindqvist",
        ),
    ),
    (Day(5, 10, 0), Elif, Reads(10)),
    // 11
    (
        Day(5, 10, 4),
        Elif,
        answer(10, &[Anna], "Re: Request for a medical certificate", "Thank you, that is very kind.\n\nElif Demir"),
    ),
    (Day(4, 7, 10), Anna, Reads(11)),
    (Day(4, 7, 12), Anna, Archives(9)),
    // 12
    (
        Day(3, 14, 20),
        Elif,
        letter(
            &[Bjorn],
            "Fullmakten",
            "Hej Björn!\n\nFullmakten är klar. Läs igenom den när vi ses på tisdag och ta med legitimation.\n\nElif Demir",
        ),
    ),
    (Day(3, 19, 2), Bjorn, Reads(12)),
    // 13
    (
        Day(2, 13, 0),
        Reception,
        letter(
            &[Anna, Bjorn, Elif],
            "Öppettider i jul",
            "Hej!\n\nVi har stängt den 24, 25 och 26 december och den 1 januari. Övriga vardagar har vi öppet som vanligt, 8 till 16.\n\nGod jul önskar\nmottagningen",
        ),
    ),
    (Day(2, 15, 40), Anna, Reads(13)),
    // 14
    (
        Day(1, 8, 40),
        Bjorn,
        letter(
            &[Anna],
            "Blodtrycket hemma",
            "Hej Anna!\n\nHär är tre morgnar: 138/84, 141/86 och 136/82. Är det bra eller dåligt?\n\nBjörn",
        ),
    ),
    // 15
    (
        Day(1, 15, 10),
        Elif,
        letter(
            &[Anna],
            "Dates for a short meeting",
            "Dear Dr Lindqvist,\n\nThe insurer would like to speak with you for fifteen minutes. Would Tuesday or Thursday next week suit you?\n\nKind regards,\nElif Demir",
        ),
    ),
    (
        MinutesAgo(90),
        Anna,
        Begins(Letter {
            to: &[Bjorn],
            subject: "Återbesök i januari",
            text: "Hej Björn!\n\nJag vill gärna träffa dig en gång till i januari, när du har",
            answers: None,
        }),
    ),
    // 16
    (
        MinutesAgo(50),
        Reception,
        letter(
            &[Anna],
            "Återbud klockan 14",
            "Hej Anna!\n\nPatienten klockan 14 har lämnat återbud. Ska jag ta någon från väntelistan?\n\nMottagningen",
        ),
    ),
    // 17
    (
        MinutesAgo(20),
        Anna,
        letter(
            &[Bjorn],
            "Kallelse till återbesök",
            "Hej Björn!\n\nDu är välkommen på återbesök hos mig tisdag den 12 januari klockan 10.15. Svara här om tiden inte passar.\n\nAnna Lindqvist",
        ),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_order_at_whatever_time_of_the_day_it_is_begun() {
        for hours in [0, 7, 23] {
            let since_midnight = Duration::from_secs(hours * 60 * 60);
            let ago: Vec<_> = STORY.iter().map(|(when, ..)| when.ago(since_midnight)).collect();
            assert!(ago.is_sorted_by(|earlier, later| earlier >= later), "{hours}");
            assert!(BEGINNING.ago(since_midnight) > ago[0]);
        }
    }

    #[test]
    fn whatever_is_read_or_answered_was_written_before_to_whoever_does() {
        let mut letters: Vec<&[Who]> = Vec::new();
        for (_, who, act) in STORY {
            let known = |number: &usize| letters.get(*number).is_some_and(|to| to.contains(who));
            match act {
                Act::Reads(number) | Act::Archives(number) | Act::Bins(number) => assert!(known(number), "{act:?}"),
                Act::Writes(Letter { to, answers, .. }) => {
                    assert!(answers.as_ref().is_none_or(known), "{act:?}");
                    letters.push(to);
                }
                Act::Compares(_) | Act::Begins(_) => {}
            }
        }
    }
}
