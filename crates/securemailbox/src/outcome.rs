//! How a command ends: an answer or a stop, one document or a few lines, one exit code.

use std::{fmt::Display, io::Write, process::ExitCode};

use securemailbox_client::{
    failure::{Class, ClientProblem, Explained, Failure, FailureName},
    letters::DamageName,
};
use securemailbox_protocol::{address::Address, problems::ProblemType};
use securemailbox_vault::recovery::NotARecoveryCode;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    http::Trouble,
    show,
    words::{self, Language, Sentence, Told},
};

/// The answer of a command, in both forms.
pub(crate) struct Answer {
    json: Value,
    text: String,
}

impl Answer {
    pub(crate) const fn new(json: Value, text: String) -> Self {
        Self { json, text }
    }
}

/// What a command calls its stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum StopName {
    Failure(FailureName),
    Command(CommandStop),
}

/// What only a command can stop by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum CommandStop {
    Usage,
    Failed,
    RecoveryCode,
}

/// A command that stopped: what happened and what to do next. A program is told in English.
#[derive(Debug)]
pub(crate) struct Stop {
    class: Option<Class>,
    name: StopName,
    told: Told,
    more: Map<String, Value>,
}

impl Stop {
    /// Wrong usage: nothing was done.
    pub(crate) fn usage(sentence: Sentence<'_>) -> Self {
        Self::without_class(sentence.told())
    }

    /// What the operator configured can't be used: nothing was done, and nothing will be until it is mended.
    pub(crate) fn misconfigured(error: &dyn Display) -> Self {
        Self::in_english(show::sentence(&error.to_string()))
    }

    /// Wrong usage, in the words of whoever parsed it.
    fn in_english(words: String) -> Self {
        Self::without_class(Told { en: words.clone(), sv: words })
    }

    fn without_class(told: Told) -> Self {
        Self { class: None, name: StopName::Command(CommandStop::Usage), told, more: Map::new() }
    }

    /// Something around this program failed.
    pub(crate) fn unavailable(sentence: Sentence<'_>) -> Self {
        Self::of(StopName::Command(CommandStop::Failed), Class::Unavailable, sentence.told())
    }

    /// The same, in the words of whatever failed.
    pub(crate) fn failed(error: &dyn Display) -> Self {
        Self::unavailable(Sentence::DeviceFailed { error: &show::sentence(&error.to_string()) })
    }

    /// A code was typed that can't be one: a slip of the hand, and no matter for the server.
    pub(crate) fn not_a_code(why: Sentence<'_>) -> Self {
        Self::of(StopName::Failure(ProblemType::CodeRefused.into()), Class::Refused, why.told())
    }

    /// The same of the code on a recovery sheet.
    pub(crate) fn not_a_recovery_code(error: NotARecoveryCode) -> Self {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let sentence = match error {
            NotARecoveryCode::Length { found } => Sentence::RecoveryCodeLength { found: number(found) },
            NotARecoveryCode::Character { position } => Sentence::RecoveryCodeCharacter { position: number(position) },
            NotARecoveryCode::Check => Sentence::RecoveryCodeSlip,
        };
        Self::of(StopName::Command(CommandStop::RecoveryCode), Class::Refused, sentence.told())
    }

    /// Something could not be verified.
    pub(crate) fn damaged(sentence: Sentence<'_>) -> Self {
        Self::of(StopName::Failure(DamageName::Damaged.into()), Class::Damaged, sentence.told())
    }

    /// There is no such thing.
    pub(crate) fn not_found(sentence: Sentence<'_>) -> Self {
        Self::of(StopName::Failure(ProblemType::NotFound.into()), Class::NotFound, sentence.told())
    }

    /// A failure, whom it is about, and what to do in Swedish where the failure alone does not tell.
    pub(crate) fn of_failure(failure: &impl Failure, about: Option<&Address>, instead: Option<Sentence<'_>>) -> Self {
        let told = words::explained(failure, about, instead);
        let Explained { name, class, retry_after, request, .. } = failure.explain();
        let mut more = Map::new();
        if let Some(seconds) = retry_after {
            more.insert("retry_after".into(), seconds.into());
        }
        if let Some(request) = request {
            more.insert("request".into(), request.into());
        }
        Self { class: Some(class), name: StopName::Failure(name), told, more }
    }

    fn of(name: StopName, class: Class, told: Told) -> Self {
        Self { class: Some(class), name, told, more: Map::new() }
    }

    /// Whether trying again may help, and nothing is kept to be tried again by itself.
    pub(crate) fn leaves_nothing_waiting(&self) -> bool {
        self.class == Some(Class::Unavailable) && !self.more.contains_key("id")
    }

    /// Whether server, network or device did not do their part, so that nobody knows whether it was done.
    pub(crate) fn is_unavailable(&self) -> bool {
        self.class == Some(Class::Unavailable)
    }

    /// Adds a sentence.
    pub(crate) fn and(mut self, sentence: Sentence<'_>) -> Self {
        self.told = self.told.and(&sentence.told());
        self
    }

    /// With a member beside `type` and `detail`.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.into(), value.into());
        self
    }

    /// With what is known of why the network failed.
    pub(crate) fn because(mut self, trouble: Option<Trouble>) -> Self {
        if let Some(trouble) = trouble.filter(|_| self.name == StopName::Failure(ClientProblem::Unreachable.into())) {
            self.told = self.told.and(&trouble.told());
        }
        self
    }

    /// What a log and a program are told.
    pub(crate) fn detail(&self) -> &str {
        &self.told.en
    }

    /// The exit code: the only place where it is chosen.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(match self.class {
            None => 2,
            Some(Class::Refused) => 3,
            Some(Class::NotFound) => 4,
            Some(Class::Unavailable) => 5,
            Some(Class::Damaged) => 6,
        })
    }

    fn json(&self) -> Value {
        let mut error = self.more.clone();
        error.insert("type".into(), json!(self.name));
        error.insert("detail".into(), self.detail().into());
        json!({ "error": error })
    }
}

impl<F: Failure> From<F> for Stop {
    fn from(failure: F) -> Self {
        Self::of_failure(&failure, None, None)
    }
}

/// Prints how the command ended, as lines or as JSON, and gives its exit code.
pub(crate) fn end(ended: Result<Answer, Stop>, json: bool, language: Language) -> ExitCode {
    let (code, document, text) = match ended {
        Ok(Answer { json, text }) => (ExitCode::SUCCESS, json, Ok(text)),
        Err(stop) => (stop.code(), stop.json(), Err(stop.told.into(language))),
    };
    let mut out = std::io::stdout().lock();
    let said = match text {
        _ if json => writeln!(out, "{}", show::json(&document)).and_then(|()| out.flush()),
        Ok(text) => write!(out, "{text}").and_then(|()| out.flush()),
        Err(detail) => writeln!(std::io::stderr(), "securemailbox: {}", show::plain(&detail)),
    };
    match said {
        // A reader that went away, such as `head`, is no failure of what was done.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::from(5),
        Ok(()) | Err(_) => code,
    }
}

/// The command line was not understood, or asked for help.
pub(crate) fn misused(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if !error.use_stderr() {
        // Nowhere else to say it if this fails.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let stop = Stop::in_english(error.to_string().trim_end().to_owned());
    if wants_json {
        return end(Err(stop), true, Language::En);
    }
    // It repeats what was typed, which may have been copied from a stranger.
    let _ = write!(std::io::stderr(), "{}", show::plain_lines(stop.detail()));
    stop.code()
}

#[cfg(test)]
mod tests {
    use securemailbox_client::{
        directory::LookUpError,
        failure::{CallError, Problem},
        letters::Damage,
        transport::Unreachable,
    };

    use super::*;

    #[test]
    fn each_class_has_the_exit_code_of_the_contract() {
        let code = |stop: Stop| format!("{:?}", stop.code());
        assert_eq!(code(LookUpError::KeyChanged.into()), format!("{:?}", ExitCode::from(3)));
        assert_eq!(code(LookUpError::NoAccount.into()), format!("{:?}", ExitCode::from(4)));
        assert_eq!(code(CallError::from(Unreachable).into()), format!("{:?}", ExitCode::from(5)));
        assert_eq!(code(Damage::SenderKeyChanged.into()), format!("{:?}", ExitCode::from(6)));
        assert_eq!(code(Stop::usage(Sentence::NeedsText)), format!("{:?}", ExitCode::from(2)));
    }

    #[test]
    fn a_stop_says_what_happened_and_what_to_do_next() {
        let stop = Stop::from(LookUpError::NoAccount);
        let expected = json!({ "error": {
            "type": "no-account",
            "detail": "Nobody with this address has a mailbox here. Check the spelling.",
        } });
        assert_eq!(stop.json(), expected);
    }

    #[test]
    fn a_fault_of_the_server_is_told_with_the_number_of_its_request() {
        let problem = Problem {
            kind: ProblemType::Internal,
            detail: None,
            retry_after: None,
            offers: Vec::new(),
            request: Some("0123456789abcdef".into()),
        };
        let stop = Stop::from(CallError::Problem(problem));
        assert_eq!(stop.json()["error"]["request"], "0123456789abcdef");
        assert!(stop.detail().ends_with("tell the operator the number of this request. It is 0123456789abcdef."));
    }

    #[test]
    fn a_network_reason_is_told_of_the_network_only() {
        let told = |stop: Stop| stop.because(Some(Trouble::System("connection refused".into()))).detail().to_owned();
        assert!(told(CallError::from(Unreachable).into()).ends_with("(connection refused)"));
        assert!(!told(LookUpError::NoAccount.into()).contains("refused"));
    }
}
