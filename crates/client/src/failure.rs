//! What a failure is called and what it means to a person: one stable name, one class, one next step.

use std::fmt;

use securemailbox_protocol::{factors::FactorOffer, problems::ProblemType};
use serde::Serialize;

use crate::{device::DeviceFailed, letters::DamageName, transport::Unreachable};

/// What a failure means: one exit code on the command line, one tone on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
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

/// What a failure is called: one of three lists, each a stable name on its own, such as `key-changed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(untagged)]
pub enum FailureName {
    /// The server's word.
    Server(ProblemType),
    /// This client's.
    Client(ClientProblem),
    /// Why something that should be verified was not used.
    Damage(DamageName),
}

/// As programs read it.
impl fmt::Display for FailureName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl From<ProblemType> for FailureName {
    fn from(name: ProblemType) -> Self {
        Self::Server(name)
    }
}

impl From<ClientProblem> for FailureName {
    fn from(name: ClientProblem) -> Self {
        Self::Client(name)
    }
}

impl From<DamageName> for FailureName {
    fn from(name: DamageName) -> Self {
        Self::Damage(name)
    }
}

/// What this client calls a failure that is not the server's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum ClientProblem {
    /// A changed key of a contact who was compared is taken by comparing only.
    CompareFirst,
    /// Other devices wrote the same record, time after time.
    Contended,
    /// The server's answers contradict each other.
    Contradiction,
    /// What this device keeps can't be read.
    DamagedProfile,
    /// This device's own store failed.
    DeviceFailed,
    /// The digits of this key were compared, and differed.
    DigitsDiffer,
    /// A file that was changed or moved while it went up.
    FileChanged,
    /// A file of the letter is not at the server yet.
    FileNotUploaded,
    /// A file that could not be written on this device.
    FileNotWritten,
    /// Another key than the known one.
    KeyChanged,
    /// No room for one more key in the keyring.
    KeyringFull,
    /// A letter that can't be sealed as it is.
    LetterRefused,
    /// The draft was sent or erased.
    NoDraft,
    /// Whoever opens by a link alone can prove no level.
    NoLevelByLink,
    /// A letter to nobody.
    NoRecipients,
    /// What stands in the place of an address is none.
    NotAnAddress,
    /// What the server gave is not the file that the letter names.
    NotTheFile,
    /// The number that the person knows is not that of the address's owner.
    NumberDiffers,
    /// An older version of a record than one already seen.
    OlderRecord,
    /// A conversation by a link of another address.
    OtherAddress,
    /// A link has its words, and gets no others.
    OtherPassphrase,
    /// One's own key is not compared with oneself.
    Oneself,
    /// The server says that the password was changed, and does not open the mailbox by it.
    PasswordNotTaken,
    /// A record that does not open.
    RecordDoesNotOpen,
    /// A record that must be there, and is not.
    RecordMissing,
    /// A thorough renewal of the keys is not over.
    RenewalUnderWay,
    /// The keys were to be renewed, and no answer came.
    RenewalUnanswered,
    /// A second record of a kind of which there is one.
    SecondRecord,
    /// The server knows less than it did.
    ServerWentBack,
    /// A slot that should open, and does not.
    SlotDoesNotOpen,
    /// Another account's mailbox is open on this device.
    SomebodyElse,
    /// A subject that is longer than a subject may be.
    SubjectTooLong,
    /// A letter that is longer than a letter may be.
    TextTooLong,
    /// Something on the way to the server takes nothing this large.
    TooLargeForProxy,
    /// More files than a letter may have.
    TooManyFiles,
    /// More readers than a letter may have.
    TooManyRecipients,
    /// A letter that is too long to be sealed for each of its readers by itself.
    TooMuchAtOnce,
    /// No key of theirs was met.
    UnknownContact,
    /// A record of a newer client.
    UnknownForm,
    /// A problem of a newer server.
    UnknownProblem,
    /// No answer came, or something else gave one in the server's place.
    Unreachable,
    /// An answer that is not in the form of the protocol.
    UnreadableAnswer,
    /// Something lies on this device only.
    Unsaved,
    /// The letter is kept, and goes out by itself.
    Waiting,
    /// A password that is guessed too easily.
    WeakPassword,
}

/// What a failure is called, what it means, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The stable name: for programs, and the key of a page's sentence.
    pub name: FailureName,
    /// What it means.
    pub class: Class,
    /// What to do next, in a sentence or two of English.
    pub advice: &'static str,
    /// After how many seconds trying again may help, where the server said so.
    pub retry_after: Option<u32>,
    /// By what the person may confirm that it is them, where that is what was missing ([`crate::confirming`]).
    pub offers: Vec<FactorOffer>,
    /// By which number the operator finds the request in the log.
    pub request: Option<String>,
}

/// An error that can be shown: every error of this crate. What happened is its `Display`.
pub trait Failure: std::error::Error {
    /// Everything else there is to say.
    fn explain(&self) -> Explained;
}

pub(crate) fn explained(name: impl Into<FailureName>, class: Class, advice: &'static str) -> Explained {
    // A page has sentences of its own, in two languages: in its module these would only weigh (decision 8).
    let advice = if cfg!(target_family = "wasm") { "" } else { advice };
    Explained { name: name.into(), class, advice, retry_after: None, offers: Vec::new(), request: None }
}

/// A call to the server did not give what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No answer of the server came; whether it acted is unknown.
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    /// The server said why not.
    #[error("{}", .0.kind.title())]
    Problem(Problem),
    /// Something between here and the server refused the size of this.
    #[error("something on the way to the server takes nothing this large")]
    TooLargeForProxy,
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
    /// Of `proof-required` and `level-required`: by what the person may confirm that it is them.
    pub offers: Vec<FactorOffer>,
    /// The number of the request: 16 hexadecimal digits.
    pub request: Option<String>,
}

impl CallError {
    /// Which problem of the list it is, if it is one.
    #[must_use]
    pub fn problem(&self) -> Option<ProblemType> {
        match self {
            Self::Problem(problem) => Some(problem.kind),
            Self::Unreachable(_) | Self::TooLargeForProxy | Self::UnknownProblem(_) | Self::Unreadable => None,
        }
    }
}

impl Failure for CallError {
    fn explain(&self) -> Explained {
        const OLD: &str = "This client may be older than the server: update it, and try again.";
        match self {
            Self::Unreachable(_) => explained(
                ClientProblem::Unreachable,
                Class::Unavailable,
                "Check the network and the server's address, and try again.",
            ),
            Self::Problem(Problem { kind, retry_after, offers, request, .. }) => Explained {
                retry_after: *retry_after,
                offers: offers.clone(),
                request: request.clone(),
                ..explained(*kind, class_of(*kind), kind.advice())
            },
            Self::TooLargeForProxy => explained(
                ClientProblem::TooLargeForProxy,
                Class::Refused,
                "Send less, or tell the operator that a proxy between you and the server takes less than a letter may have.",
            ),
            Self::UnknownProblem(404) => explained(ClientProblem::UnknownProblem, Class::NotFound, OLD),
            Self::UnknownProblem(400..500) => explained(ClientProblem::UnknownProblem, Class::Refused, OLD),
            Self::UnknownProblem(_) => explained(ClientProblem::UnknownProblem, Class::Unavailable, OLD),
            Self::Unreadable => explained(
                ClientProblem::UnreadableAnswer,
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
        | ProblemType::PasskeyRefused
        | ProblemType::CodeUsed
        | ProblemType::OlderSheet
        | ProblemType::LastWayIn
        | ProblemType::ProofRequired
        | ProblemType::LevelRequired
        | ProblemType::MembersOnly
        | ProblemType::LinkShut
        | ProblemType::RegistrationClosed
        | ProblemType::OtherDomain
        | ProblemType::StaleKey
        | ProblemType::SessionLocked
        | ProblemType::StaleDraft
        | ProblemType::IdTaken
        | ProblemType::PageNameTaken
        | ProblemType::WorkRefused
        | ProblemType::AlreadyReleased
        | ProblemType::BlobMissing
        | ProblemType::RegistrationOver
        | ProblemType::RecordExists
        | ProblemType::StaleVersion
        | ProblemType::StaleKeyring
        | ProblemType::TooLarge
        | ProblemType::CodeNotSent
        | ProblemType::NotAMobileNumber
        | ProblemType::OtherCountry
        | ProblemType::MailboxFull
        | ProblemType::ReaderFull
        | ProblemType::TooManyRequests
        | ProblemType::TooManyLetters => Class::Refused,
        ProblemType::BadRequest
        | ProblemType::TwoCredentials
        | ProblemType::OtherOrigin
        | ProblemType::MethodNotAllowed
        | ProblemType::RequestTimeout
        | ProblemType::UnsupportedMediaType
        | ProblemType::WrongHost
        | ProblemType::PreconditionRequired
        | ProblemType::OtherOffset
        | ProblemType::OtherTus
        | ProblemType::Internal
        | ProblemType::StorageFull
        | ProblemType::Busy => Class::Unavailable,
    }
}

impl Failure for DeviceFailed {
    fn explain(&self) -> Explained {
        explained(
            ClientProblem::DeviceFailed,
            Class::Unavailable,
            "Check that the profile folder is yours, that nothing else uses it, and that the disk is not full.",
        )
    }
}
