//! Proof of an address or a phone by a code (PROTOCOL §5.2, §9a): the rules, apart from all storing and sending.

use securemailbox_protocol::{limits, time::Timestamp};
use subtle::ConstantTimeEq;

/// HMAC of a code, under the server seal.
pub type CodeHmac = [u8; 32];

/// Proof by a six-digit code: [`limits::CODE_TRIES`] tries, [`limits::CODE_LIFE`]. Reads no clock, sends nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeProof {
    /// The code is on its way.
    Sent {
        /// What it must match.
        code: CodeHmac,
        /// From when on it is too late.
        until: Timestamp,
        /// How often one may still be wrong, this time included.
        tries_left: u8,
    },
    /// It was entered.
    Proved,
    /// Too late, or too often wrong.
    Closed,
}

/// What entering a code came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is the code.
    Proved,
    /// It is not; try again.
    Wrong,
    /// It is not, and that was the last try.
    NoTriesLeft,
    /// Its time is over.
    TooLate,
    /// Nothing waits for a code here: proved already, closed, or unknown.
    AlreadyOver,
}

/// What entering a code came to, where the right one gives something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered<T> {
    /// It is the code.
    Proved(T),
    /// It is not, for a reason other than [`Verdict::Proved`].
    Refused(Verdict),
}

impl CodeProof {
    /// A code was sent now.
    #[must_use]
    pub fn sent(code: CodeHmac, now: Timestamp) -> Self {
        Self::Sent { code, until: now.after(limits::CODE_LIFE), tries_left: limits::CODE_TRIES }
    }

    /// Someone typed a code. The caller stores the new state before it acts on the verdict.
    #[must_use]
    pub fn enter(self, typed: &CodeHmac, now: Timestamp) -> (Self, Verdict) {
        match self {
            Self::Sent { until, .. } if now >= until => (Self::Closed, Verdict::TooLate),
            Self::Sent { code, .. } if bool::from(code.ct_eq(typed)) => (Self::Proved, Verdict::Proved),
            Self::Sent { tries_left: 0 | 1, .. } => (Self::Closed, Verdict::NoTriesLeft),
            Self::Sent { code, until, tries_left } => {
                (Self::Sent { code, until, tries_left: tries_left - 1 }, Verdict::Wrong)
            }
            over @ (Self::Proved | Self::Closed) => (over, Verdict::AlreadyOver),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const CODE: CodeHmac = [7; 32];
    const SENT: Timestamp = Timestamp::from_unix_millis(1_764_000_000_000);

    /// What someone does: when after the last thing they did, and whether the code they type is right.
    fn any_tries() -> impl Strategy<Value = Vec<(Duration, bool)>> {
        let wait = prop_oneof![Just(0), 0..limits::CODE_LIFE.as_millis() as u64 / 3];
        prop::collection::vec((wait.prop_map(Duration::from_millis), any::<bool>()), 0..12)
    }

    fn typed(right: bool) -> CodeHmac {
        if right { CODE } else { [8; 32] }
    }

    proptest! {
        #[test]
        fn only_the_right_code_in_time_and_within_five_tries_proves(tries in any_tries()) {
            let (mut proof, mut now) = (CodeProof::sent(CODE, SENT), SENT);
            for (number, (wait, right)) in tries.into_iter().enumerate() {
                now = now.after(wait);
                let before = proof;
                let verdict;
                (proof, verdict) = proof.enter(&typed(right), now);
                let in_time = now < SENT.after(limits::CODE_LIFE);
                let open = matches!(before, CodeProof::Sent { .. });
                let proves = open && right && in_time && number < usize::from(limits::CODE_TRIES);
                prop_assert_eq!(verdict == Verdict::Proved, proves);
                prop_assert_eq!(proof == CodeProof::Proved, proves || before == CodeProof::Proved);
                prop_assert_eq!(verdict == Verdict::AlreadyOver, !open);
                prop_assert_eq!(verdict == Verdict::TooLate, open && !in_time);
            }
        }

        #[test]
        fn a_proof_that_is_over_never_opens_again(tries in any_tries(), proved in any::<bool>()) {
            let over = if proved { CodeProof::Proved } else { CodeProof::Closed };
            for (wait, right) in tries {
                prop_assert_eq!(over.enter(&typed(right), SENT.after(wait)), (over, Verdict::AlreadyOver));
            }
        }

        #[test]
        fn a_code_that_differs_in_one_bit_is_wrong(bit in 0..256_usize) {
            let mut almost = CODE;
            almost[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(CodeProof::sent(CODE, SENT).enter(&almost, SENT).1, Verdict::Wrong);
        }
    }
}
