//! Proof by a code that was sent (PROTOCOL §5.2, §9a): the rules, apart from all storing and sending.

use securemailbox_protocol::{limits, time::Timestamp};
use subtle::ConstantTimeEq;

/// HMAC of a code, under the server seal.
pub type CodeHmac = [u8; 32];

/// What no code has as its HMAC: the address has a mailbox, and nobody was sent a code.
pub const NOBODYS_CODE: CodeHmac = [0; 32];

/// Proof by a six-digit code: [`limits::CODE_TRIES`] tries, [`limits::CODE_LIFE`]. Reads no clock, sends nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeProof {
    /// A code was sent, and can still be entered.
    Sent(SentCode),
    /// The right code was entered.
    Proved {
        /// When it was entered.
        at: Timestamp,
    },
    /// Too late, or too often wrong.
    Closed,
    /// The message with the newest code was refused: nobody has it.
    NotSent,
    /// Nothing is sent: its owner has the code, in an app or on paper.
    Asked {
        /// From when on there are new tries.
        until: Timestamp,
        /// How often one may still be wrong.
        tries_left: u8,
    },
}

/// A code that waits to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentCode {
    /// HMAC of the newest code's six digits.
    pub code: CodeHmac,
    /// What was sent before and never entered, newest first: it proves nothing, but whoever types it is told why.
    pub older: Vec<CodeHmac>,
    /// From when on it is too late.
    pub until: Timestamp,
    /// How often one may still be wrong, this time included.
    pub tries_left: u8,
}

/// The outcome of entering a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It was the newest code, in time.
    Proved,
    /// It was no code that was sent; there are tries left.
    Wrong,
    /// It was the code, until a newer one was sent. Counts as a try like any other.
    Older,
    /// It is not, and that was the last try.
    NoTriesLeft,
    /// The code's ten minutes are over.
    TooLate,
    /// The code could not be sent, so nobody can know it.
    NotSent,
    /// Nothing waits for a code here: proved already, closed, or unknown.
    AlreadyOver,
    /// It was right, and was used already: then, where that is known.
    Used(Option<Timestamp>),
    /// It is of a sheet that another took the place of.
    OlderSheet,
}

impl CodeProof {
    /// A code was sent now, the first one.
    #[must_use]
    pub fn sent(code: CodeHmac, now: Timestamp) -> Self {
        Self::after(Vec::new(), code, now)
    }

    /// Another code was sent now. The one before opens nothing any more.
    #[must_use]
    pub fn sent_again(self, code: CodeHmac, now: Timestamp) -> Self {
        match self {
            Self::Sent(SentCode { code: before, mut older, .. }) => {
                older.insert(0, before);
                older.truncate(limits::OLDER_CODES);
                Self::after(older, code, now)
            }
            Self::Proved { .. } | Self::Closed | Self::NotSent | Self::Asked { .. } => Self::sent(code, now),
        }
    }

    fn after(older: Vec<CodeHmac>, code: CodeHmac, now: Timestamp) -> Self {
        Self::Sent(SentCode { code, older, until: now.after(limits::CODE_LIFE), tries_left: limits::CODE_TRIES })
    }

    /// Someone typed a code. The caller stores the new state before it acts on the verdict.
    #[must_use]
    pub fn enter(self, typed: &CodeHmac, now: Timestamp) -> (Self, Verdict) {
        match self {
            Self::Sent(sent) if now >= sent.until => (Self::Closed, Verdict::TooLate),
            Self::Sent(sent) if is(&sent.code, typed) => (Self::Proved { at: now }, Verdict::Proved),
            Self::Sent(SentCode { tries_left: 0 | 1, .. }) => (Self::Closed, Verdict::NoTriesLeft),
            Self::Sent(sent) => {
                let verdict =
                    if sent.older.iter().any(|older| is(older, typed)) { Verdict::Older } else { Verdict::Wrong };
                (Self::Sent(SentCode { tries_left: sent.tries_left - 1, ..sent }), verdict)
            }
            Self::NotSent => (Self::NotSent, Verdict::NotSent),
            over @ (Self::Proved { .. } | Self::Closed | Self::Asked { .. }) => (over, Verdict::AlreadyOver),
        }
    }

    /// Its owner is asked for a code that is not sent: [`limits::CODE_TRIES`] tries in [`limits::CODE_LIFE`], and no more for
    /// asking again.
    #[must_use]
    pub fn asked(before: Option<Self>, now: Timestamp) -> Self {
        match before {
            Some(Self::Asked { until, tries_left }) if now < until => Self::Asked { until, tries_left },
            Some(_) | None => Self::Asked { until: now.after(limits::CODE_LIFE), tries_left: limits::CODE_TRIES },
        }
    }

    /// A code that was not sent was typed. The try is spent before anybody looks whether it is right; none is left where this
    /// is none.
    #[must_use]
    pub fn tried(self) -> Option<Self> {
        match self {
            Self::Asked { until, tries_left } => Some(Self::Asked { until, tries_left: tries_left.checked_sub(1)? }),
            Self::Sent(_) | Self::Proved { .. } | Self::Closed | Self::NotSent => None,
        }
    }
}

fn is(code: &CodeHmac, typed: &CodeHmac) -> bool {
    code.ct_eq(typed).into()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const SENT: Timestamp = Timestamp::from_unix_millis(1_764_000_000_000);

    fn code(number: u8) -> CodeHmac {
        [number + 1; 32]
    }

    /// Everything that can happen to a proof.
    #[derive(Debug, Clone, Copy)]
    enum Event {
        /// Another code is sent.
        Again,
        /// The code that was sent as the so-manieth is typed; many were never sent.
        Typed(u8),
    }

    /// How long after the one before, and what.
    fn any_events() -> impl Strategy<Value = Vec<(Duration, Event)>> {
        let wait = prop_oneof![Just(0), 0..limits::CODE_LIFE.as_millis() as u64 / 3].prop_map(Duration::from_millis);
        let event = prop_oneof![1 => Just(Event::Again), 4 => (0..8_u8).prop_map(Event::Typed)];
        prop::collection::vec((wait, event), 0..30)
    }

    proptest! {
        #[test]
        fn only_the_newest_code_in_time_and_within_five_tries_proves(events in any_events()) {
            let (mut proof, mut now) = (CodeProof::sent(code(0), SENT), SENT);
            let (mut newest, mut newest_sent, mut tries) = (0, SENT, 0);
            for (wait, event) in events {
                now = now.after(wait);
                let typed = match event {
                    Event::Again => {
                        // As the store has it: what is proved is not asked for again.
                        if !matches!(proof, CodeProof::Proved { .. }) {
                            (newest, newest_sent, tries) = (newest + 1, now, 0);
                            proof = proof.sent_again(code(newest), now);
                        }
                        continue;
                    }
                    Event::Typed(number) => number,
                };
                let before = proof.clone();
                let verdict;
                (proof, verdict) = proof.enter(&code(typed), now);
                let open = matches!(before, CodeProof::Sent(_));
                let in_time = now < newest_sent.after(limits::CODE_LIFE);
                let proves = open && typed == newest && in_time && tries < limits::CODE_TRIES;
                prop_assert_eq!(verdict == Verdict::Proved, proves);
                prop_assert_eq!(verdict == Verdict::AlreadyOver, !open);
                prop_assert_eq!(verdict == Verdict::TooLate, open && !in_time);
                if verdict == Verdict::Older {
                    prop_assert!(typed < newest);
                }
                prop_assert_eq!(proof == CodeProof::Proved { at: now }, proves || before == CodeProof::Proved { at: now });
                tries += 1;
                prop_assert!(tries <= limits::CODE_TRIES || !matches!(proof, CodeProof::Sent(_)), "a try too many");
            }
        }

        #[test]
        fn a_proof_that_is_over_never_opens_again_by_itself(
            typed in prop::collection::vec(0..3_u8, 0..12), proved in any::<bool>(),
        ) {
            let over = if proved { CodeProof::Proved { at: SENT } } else { CodeProof::Closed };
            for number in typed {
                prop_assert_eq!(over.clone().enter(&code(number), SENT), (over.clone(), Verdict::AlreadyOver));
            }
        }

        #[test]
        fn a_code_that_differs_in_one_bit_is_wrong(bit in 0..256_usize) {
            let mut almost = code(0);
            almost[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(CodeProof::sent(code(0), SENT).enter(&almost, SENT).1, Verdict::Wrong);
        }
    }

    #[test]
    fn three_codes_in_the_order_two_three_one_say_that_there_is_a_newer_one() {
        let sent = CodeProof::sent(code(0), SENT).sent_again(code(1), SENT).sent_again(code(2), SENT);
        let (sent, second) = sent.enter(&code(1), SENT);
        let (_, third) = sent.clone().enter(&code(2), SENT);
        let (_, first) = sent.enter(&code(0), SENT);
        assert_eq!([second, third, first], [Verdict::Older, Verdict::Proved, Verdict::Older]);
    }

    #[test]
    fn a_code_is_good_for_ten_minutes_and_not_a_moment_longer() {
        let last = SENT.after(limits::CODE_LIFE - Duration::from_millis(1));
        assert_eq!(CodeProof::sent(code(0), SENT).enter(&code(0), last).1, Verdict::Proved);
        let over = SENT.after(limits::CODE_LIFE);
        assert_eq!(CodeProof::sent(code(0), SENT).enter(&code(0), over).1, Verdict::TooLate);
    }

    #[test]
    fn only_so_many_older_codes_are_remembered() {
        let sent = (1..=10).fold(CodeProof::sent(code(0), SENT), |sent, number| sent.sent_again(code(number), SENT));
        let CodeProof::Sent(SentCode { older, .. }) = sent else { panic!("sent") };
        assert_eq!(older, [code(9), code(8), code(7)]);
    }
}
