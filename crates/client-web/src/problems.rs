//! Failures of the client as a page is told them: a stable name, a tone, and nothing of a letter.

use securemailbox_client::failure::{Class, Explained, Failure};

use crate::views::{PageProblem, Problem, ProblemName};

/// A failure in the page's words.
pub(crate) fn problem(failure: &impl Failure) -> Problem {
    let Explained { name, class, retry_after, offers, request, .. } = failure.explain();
    Problem { retry_after, offers, request, ..named(name, class) }
}

/// As [`problem`], `?`-able.
pub(crate) trait OrProblem<T> {
    /// The value, or the failure in the page's words.
    fn or_problem(self) -> Result<T, Problem>;
    /// The same, and whom it is about.
    fn or_problem_of(self, address: &str) -> Result<T, Problem>;
}

impl<T, E: Failure> OrProblem<T> for Result<T, E> {
    fn or_problem(self) -> Result<T, Problem> {
        self.map_err(|failure| problem(&failure))
    }

    fn or_problem_of(self, address: &str) -> Result<T, Problem> {
        self.map_err(|failure| Problem { address: Some(address.into()), ..problem(&failure) })
    }
}

/// A problem that arises before the client is asked.
pub(crate) fn named(name: impl Into<ProblemName>, class: Class) -> Problem {
    Problem {
        name: name.into(),
        class,
        address: None,
        level: None,
        retry_after: None,
        offers: Vec::new(),
        request: None,
    }
}

/// What was typed will not do.
pub(crate) fn refused(name: impl Into<ProblemName>) -> Problem {
    named(name, Class::Refused)
}

/// The page asked for a step that is not the next one.
pub(crate) fn out_of_step() -> Problem {
    refused(PageProblem::OutOfStep)
}
