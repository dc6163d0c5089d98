//! How a command ends: an answer or a stop, one document or a few lines, one exit code.

use std::{
    fmt::{Display, Write as _},
    io::Write,
    process::ExitCode,
};

use securemailbox_client::{
    failure::{Class, ClientProblem, Failure, FailureName},
    letters::DamageName,
};
use securemailbox_protocol::problems::ProblemType;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::show;

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

/// A command that stopped: what happened and what to do next.
#[derive(Debug)]
pub(crate) struct Stop {
    class: Option<Class>,
    name: StopName,
    detail: String,
    more: Map<String, Value>,
}

impl Stop {
    /// Wrong usage: nothing was done.
    pub(crate) fn usage(detail: impl Into<String>) -> Self {
        Self { class: None, name: StopName::Command(CommandStop::Usage), detail: detail.into(), more: Map::new() }
    }

    /// What the operator configured can't be used: nothing was done, and nothing will be until it is mended.
    pub(crate) fn misconfigured(error: &dyn Display) -> Self {
        Self::usage(sentence(&error.to_string()))
    }

    /// Something around this program failed.
    pub(crate) fn unavailable(error: &dyn Display) -> Self {
        Self::of(StopName::Command(CommandStop::Failed), Class::Unavailable, sentence(&error.to_string()))
    }

    /// A code was typed that can't be one: a slip of the hand, and no matter for the server.
    pub(crate) fn not_a_code(error: &dyn Display) -> Self {
        Self::of(StopName::Failure(ProblemType::CodeRefused.into()), Class::Refused, sentence(&error.to_string()))
    }

    /// The same of the code on a recovery sheet.
    pub(crate) fn not_a_recovery_code(error: &dyn Display) -> Self {
        Self::of(StopName::Command(CommandStop::RecoveryCode), Class::Refused, sentence(&error.to_string()))
    }

    /// Something could not be verified.
    pub(crate) fn damaged(detail: String) -> Self {
        Self::of(StopName::Failure(DamageName::Damaged.into()), Class::Damaged, detail)
    }

    fn of(name: StopName, class: Class, detail: String) -> Self {
        Self { class: Some(class), name, detail, more: Map::new() }
    }

    /// Whether trying again may help, and nothing is kept to be tried again by itself.
    pub(crate) fn leaves_nothing_waiting(&self) -> bool {
        self.class == Some(Class::Unavailable) && !self.more.contains_key("id")
    }

    /// Adds a sentence to the detail.
    pub(crate) fn and(mut self, sentence: &str) -> Self {
        self.detail = format!("{} {sentence}", self.detail);
        self
    }

    /// With a member beside `type` and `detail`.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.into(), value.into());
        self
    }

    /// With what the operating system said about the network.
    pub(crate) fn because(mut self, reason: Option<String>) -> Self {
        if let Some(reason) = reason.filter(|_| self.name == StopName::Failure(ClientProblem::Unreachable.into())) {
            self.detail = format!("{} ({})", self.detail, show::plain(&reason));
        }
        self
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
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
        error.insert("detail".into(), self.detail.clone().into());
        json!({ "error": error })
    }
}

impl<F: Failure> From<F> for Stop {
    fn from(failure: F) -> Self {
        let explained = failure.explain();
        let mut detail = format!("{} {}", sentence(&failure.to_string()), explained.advice);
        let mut more = Map::new();
        if let Some(seconds) = explained.retry_after {
            let _ = write!(detail, " The server asks for a pause of {seconds} s.");
            more.insert("retry_after".into(), seconds.into());
        }
        if let Some(request) = explained.request {
            if explained.name == FailureName::Server(ProblemType::Internal) {
                let _ = write!(detail, " It is {request}.");
            }
            more.insert("request".into(), request.into());
        }
        Self { class: Some(explained.class), name: StopName::Failure(explained.name), detail, more }
    }
}

/// The error's words as a sentence, without anything a terminal would obey.
fn sentence(words: &str) -> String {
    let words = show::plain(words);
    let mut letters = words.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Prints how the command ended, as lines or as JSON, and gives its exit code.
pub(crate) fn end(ended: Result<Answer, Stop>, json: bool) -> ExitCode {
    let (code, document, text) = match ended {
        Ok(Answer { json, text }) => (ExitCode::SUCCESS, json, Ok(text)),
        Err(stop) => (stop.code(), stop.json(), Err(stop.detail)),
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
    let stop = Stop::usage(error.to_string().trim_end().to_owned());
    if wants_json {
        return end(Err(stop), true);
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
        assert_eq!(code(Stop::usage("x")), format!("{:?}", ExitCode::from(2)));
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
        let told = |stop: Stop| stop.because(Some("connection refused".into())).detail;
        assert!(told(CallError::from(Unreachable).into()).ends_with("(connection refused)"));
        assert!(!told(LookUpError::NoAccount.into()).contains("refused"));
    }
}
