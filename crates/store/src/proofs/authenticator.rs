//! Proof by a code that an app shows: which of the steps of RFC 6238 is taken, apart from all computing and storing.

use std::cmp::Reverse;

use securemailbox_protocol::limits;

/// A number of [`limits::AUTHENTICATOR_STEP`]s since 1970 (`T` of RFC 6238 §4.2).
pub type Step = i64;

/// What is remembered of an app from one code to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppClock {
    /// How many steps the app's clock goes before the server's.
    pub drift: i64,
    /// The step of the last code that was taken.
    pub last: Option<Step>,
}

/// What comes of a code that an app showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// It is the code of a step that counts, and this is remembered from now.
    Right(AppClock),
    /// It was, and was taken already: the app shows another one soon.
    Used(Step),
    /// It is no code of this time.
    Wrong,
}

impl AppClock {
    /// The app is being added: its clock may be off, and is measured. `matching` are the steps whose code was typed.
    #[must_use]
    pub fn measured(matching: &[Step], now: Step) -> Option<Self> {
        let near = matching.iter().copied().filter(|step| (step - now).abs() <= limits::DRIFT_AT_CONFIRMATION);
        near.min_by_key(|step| (step - now).abs()).map(|step| Self { drift: step - now, last: Some(step) })
    }

    /// A code was typed: one of the step where the app stands, or of the one before it or after it, and of none that was
    /// taken (RFC 6238 §5.2, §6). The drift follows, no further than [`limits::DRIFT`].
    #[must_use]
    pub fn shown(self, matching: &[Step], now: Step) -> Shown {
        let stands = now + self.drift;
        let near = matching.iter().copied().filter(|step| (step - stands).abs() <= 1);
        let Some(step) = near.min_by_key(|step| ((step - stands).abs(), Reverse(*step))) else { return Shown::Wrong };
        if self.last.is_some_and(|last| step <= last) {
            return Shown::Used(step);
        }
        let drift = (step - now).clamp(-limits::DRIFT, limits::DRIFT);
        Shown::Right(Self { drift, last: Some(step) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Step = 58_800_000;

    fn app(drift: i64) -> AppClock {
        AppClock { drift, last: None }
    }

    #[test]
    fn a_clock_that_is_off_is_measured_once_and_followed_afterwards() {
        assert_eq!(AppClock::measured(&[NOW + 2], NOW), Some(AppClock { drift: 2, last: Some(NOW + 2) }));
        assert_eq!(AppClock::measured(&[NOW - 5], NOW), Some(AppClock { drift: -5, last: Some(NOW - 5) }));
        assert_eq!(AppClock::measured(&[NOW + 6], NOW), None);
        assert_eq!(AppClock::measured(&[], NOW), None);

        let Shown::Right(later) = app(2).shown(&[NOW + 3], NOW) else { panic!("one step beside it") };
        assert_eq!(later.drift, 3);
        assert_eq!(app(2).shown(&[NOW], NOW), Shown::Wrong, "two steps beside it");
        assert!(matches!(app(10).shown(&[NOW + 11], NOW), Shown::Right(AppClock { drift: 10, .. })));
    }

    proptest! {
        #[test]
        fn no_step_is_taken_twice_and_none_before_one_that_was_taken(tries in prop::collection::vec((0..3_i64, -3..=3_i64), 1..40)) {
            let (mut clock, mut now, mut taken) = (app(0), NOW, Vec::new());
            for (wait, off) in tries {
                now += wait;
                let step = now + off;
                match clock.shown(&[step], now) {
                    Shown::Right(next) => {
                        prop_assert!(taken.iter().all(|before| *before < step));
                        prop_assert!((step - now - clock.drift).abs() <= 1);
                        taken.push(step);
                        clock = next;
                    }
                    Shown::Used(used) => prop_assert!(used == step && taken.iter().any(|before| *before >= step)),
                    Shown::Wrong => prop_assert!((step - now - clock.drift).abs() > 1),
                }
            }
        }
    }
}
