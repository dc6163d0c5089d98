//! What a failure is called and what it means to a person: one stable name, one class, one next step.

use securemailbox_protocol::problems::ProblemType;

use crate::{device::DeviceFailed, transport::Unreachable};

/// What a failure means: one exit code on the command line, one tone on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Not allowed, or the credentials were wrong. Trying the same again changes nothing.
    Refused,
    /// There is no such thing.
    NotFound,
    /// The server, the network or this device did not do its part. Trying again may help.
    Unavailable,
    /// Something was damaged, forged or older than it must be. It was not used.
    Damaged,
}

/// What a failure is called, what it means, and what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explained {
    /// The stable name, such as `key-changed`: for programs, and the key of a page's sentence.
    pub name: &'static str,
    /// What it means.
    pub class: Class,
    /// What to do next, in a sentence or two of English.
    pub advice: &'static str,
    /// After how many seconds trying again may help, where the server said so.
    pub retry_after: Option<u32>,
}

/// An error that can be shown: every error of this crate. What happened is its `Display`.
pub trait Failure: std::error::Error {
    /// Everything else there is to say.
    fn explain(&self) -> Explained;
}

pub(crate) const fn explained(name: &'static str, class: Class, advice: &'static str) -> Explained {
    // A page has sentences of its own, in two languages: in its module these would only weigh (decision 8).
    let advice = if cfg!(target_family = "wasm") { "" } else { advice };
    Explained { name, class, advice, retry_after: None }
}

/// A call to the server did not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No answer came; whether the server acted is unknown.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The server said why not.
    #[error("{}", .0.kind.title())]
    Problem(Problem),
    /// The server said no in words this client does not know.
    #[error("the server refused with status {0}")]
    UnknownProblem(u16),
    /// The answer was not in the form of the protocol.
    #[error("the server's answer is not in the form of the protocol")]
    Unreadable,
}

/// A problem of the list that both ends know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which one.
    pub kind: ProblemType,
    /// The server's words about this case. Not to be believed, and not to be shown without taking out what a terminal
    /// would obey.
    pub detail: Option<String>,
    /// After how many seconds trying again may help.
    pub retry_after: Option<u32>,
}

impl CallError {
    /// Which problem of the list it is, if it is one.
    #[must_use]
    pub fn problem(&self) -> Option<ProblemType> {
        match self {
            Self::Problem(problem) => Some(problem.kind),
            Self::Unreachable(_) | Self::UnknownProblem(_) | Self::Unreadable => None,
        }
    }
}

impl Failure for CallError {
    fn explain(&self) -> Explained {
        const OLD: &str = "This client may be older than the server: update it, and try again.";
        match self {
            Self::Unreachable(_) => explained(
                "unreachable",
                Class::Unavailable,
                "Check the network and the server's address, and try again.",
            ),
            Self::Problem(Problem { kind, retry_after, .. }) => {
                Explained { retry_after: *retry_after, ..explained(kind.slug(), class_of(*kind), kind.advice()) }
            }
            Self::UnknownProblem(404) => explained("unknown-problem", Class::NotFound, OLD),
            Self::UnknownProblem(400..500) => explained("unknown-problem", Class::Refused, OLD),
            Self::UnknownProblem(_) => explained("unknown-problem", Class::Unavailable, OLD),
            Self::Unreadable => explained(
                "unreadable-answer",
                Class::Unavailable,
                "Check that the address is that of a SecureMailbox server, and update this client.",
            ),
        }
    }
}

fn class_of(kind: ProblemType) -> Class {
    match kind {
        ProblemType::NotFound | ProblemType::NoAccount => Class::NotFound,
        ProblemType::NotSignedIn
        | ProblemType::CredentialsRefused
        | ProblemType::CodeRefused
        | ProblemType::CodeReplaced
        | ProblemType::ProofRequired
        | ProblemType::LevelRequired
        | ProblemType::RegistrationClosed
        | ProblemType::StaleKey
        | ProblemType::StaleDraft
        | ProblemType::IdTaken
        | ProblemType::RegistrationOver
        | ProblemType::RecordExists
        | ProblemType::StaleVersion
        | ProblemType::TooLarge
        | ProblemType::TooManyRequests => Class::Refused,
        ProblemType::BadRequest
        | ProblemType::TwoCredentials
        | ProblemType::OtherOrigin
        | ProblemType::MethodNotAllowed
        | ProblemType::RequestTimeout
        | ProblemType::UnsupportedMediaType
        | ProblemType::WrongHost
        | ProblemType::PreconditionRequired
        | ProblemType::Internal
        | ProblemType::Busy => Class::Unavailable,
    }
}

impl Failure for DeviceFailed {
    fn explain(&self) -> Explained {
        explained(
            "device-failed",
            Class::Unavailable,
            "Check that the profile folder is yours, that nothing else uses it, and that the disk is not full.",
        )
    }
}
