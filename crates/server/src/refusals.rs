//! Guesses and haste, as the log tells of them: how many in a minute, and of nobody.

use std::sync::atomic::{AtomicU64, Ordering};

use securemailbox_protocol::problems::ProblemType;

/// What the log tells of; every problem is counted among the metrics.
const TOLD: [ProblemType; 4] = [
    ProblemType::CredentialsRefused,
    ProblemType::CodeRefused,
    ProblemType::TooManyRequests,
    ProblemType::TooManyLetters,
];

/// What was refused since it was last said, in the order of [`TOLD`].
#[derive(Debug, Default)]
pub struct Refusals([AtomicU64; TOLD.len()]);

impl Refusals {
    /// Counts an answer, if it is told of.
    pub fn count(&self, kind: ProblemType) {
        for (told, count) in TOLD.iter().zip(&self.0) {
            if *told == kind {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Says it in one line, unless there was nothing, and counts anew.
    pub fn say(&self) {
        let [passwords, codes, requests, letters] = self.take();
        let limits = requests + letters;
        if passwords + codes + limits > 0 {
            tracing::info!(
                passwords,
                codes,
                limits,
                "refused in the last minute: wrong passwords, wrong codes, over a limit"
            );
        }
    }

    fn take(&self) -> [u64; TOLD.len()] {
        self.0.each_ref().map(|count| count.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_told_once() {
        let refusals = Refusals::default();
        for kind in [
            ProblemType::CredentialsRefused,
            ProblemType::CodeRefused,
            ProblemType::CodeRefused,
            ProblemType::TooManyRequests,
            ProblemType::TooManyLetters,
            ProblemType::NotFound,
        ] {
            refusals.count(kind);
        }
        assert_eq!(refusals.take(), [1, 2, 1, 1]);
        assert_eq!(refusals.take(), [0, 0, 0, 0]);
    }
}
