//! The command line as a person uses it: questions on standard error, answers on standard input.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::Value;

use crate::server::{Server, binary};

/// A person at a terminal, with a profile of their own.
#[derive(Clone)]
pub struct Terminal {
    profile: PathBuf,
    password: String,
}

/// How a run of the command ended, and what it printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code of the process.
    pub code: i32,
    /// Everything on standard output.
    pub out: String,
    /// Everything on standard error.
    pub err: String,
}

impl Ended {
    /// The one JSON document on standard output.
    ///
    /// # Panics
    /// When it isn't one.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("not one JSON document ({error}): {self:?}"))
    }

    /// Runs a command that must succeed, and gives how it ended.
    ///
    /// # Panics
    /// When it did not.
    pub fn done(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        self.json()
    }
}

impl Terminal {
    /// With a profile in `folder`.
    #[must_use]
    pub fn new(folder: &Path, name: &str, password: &str) -> Self {
        Self { profile: folder.join(name), password: password.to_owned() }
    }

    /// The folder that holds the profile.
    #[must_use]
    pub fn profile(&self) -> &Path {
        &self.profile
    }

    /// Runs a command that asks nothing, with `--json`.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.converse(arguments, |question| panic!("{arguments:?} asked: {question}"))
    }

    /// Runs a command with `--json`; `answer` is given each line of standard error.
    pub fn converse(&self, arguments: &[&str], answer: impl FnMut(&str) -> Option<String>) -> Ended {
        let mut command = self.command(arguments);
        command.arg("--json");
        converse(command, answer)
    }

    /// The command itself, for what the other ways don't do. It speaks English, wherever the tests run.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(arguments).arg("--profile").arg(&self.profile).env("SECUREMAILBOX_PASSWORD", &self.password);
        command.env("LC_ALL", "C").env("TZ", "UTC");
        command
    }

    /// Registers with codes from the demo's outbox; answers the document.
    pub fn register(&self, server: &Server, address: &str, phone: &str, name: &str) -> Value {
        let arguments = ["register", "--server", server.url(), "--email", address, "--phone", phone, "--name", name];
        self.with_codes(server, &arguments, &[address, phone]).done()
    }

    /// Signs in with the SMS code from the demo's outbox.
    #[must_use]
    pub fn sign_in(&self, server: &Server, address: &str, phone: &str) -> Ended {
        self.with_codes(server, &["login", "--server", server.url(), "--email", address], &[phone])
    }

    /// Runs a command that asks for one code from each of `from`, in that order.
    ///
    /// # Panics
    /// When it asks for something else.
    #[must_use]
    pub fn with_codes(&self, server: &Server, arguments: &[&str], from: &[&str]) -> Ended {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let before: Vec<usize> = from.iter().map(|to| runtime.block_on(server.messages_to(to))).collect();
        let mut sources = from.iter().zip(before);
        self.converse(arguments, |question| {
            if !question.to_lowercase().contains("code") {
                return None;
            }
            let (to, before) = sources.next()?;
            Some(runtime.block_on(server.code(to, before)))
        })
    }
}

/// Runs any command that asks nothing, with a terminal of 200 columns without colours as its standard output.
///
/// # Panics
/// When there is no terminal to be had, or the command can't be run.
#[must_use]
pub fn on_a_screen(mut command: Command) -> Ended {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&screen).expect("granted");
    unlockpt(&screen).expect("unlocked");
    let name = ptsname(&screen, Vec::new()).expect("it has a name").into_string().expect("text");
    let shown = OpenOptions::new().read(true).write(true).open(name).expect("the other side");
    command.stdin(Stdio::null()).stdout(shown).stderr(Stdio::piped()).env("TERM", "dumb").env("COLUMNS", "200");
    let child = command.spawn().expect("it starts");
    // It holds the other side too, and there is no end before all of them let go.
    drop(command);
    let seen = thread::spawn(move || {
        let (mut screen, mut seen) = (File::from(screen), Vec::new());
        // Linux says EIO when nobody is left on the other side.
        let _ = screen.read_to_end(&mut seen);
        String::from_utf8_lossy(&seen).replace('\r', "")
    });
    let output = child.wait_with_output().expect("it ends");
    let out = seen.join().expect("it only reads");
    Ended { code: output.status.code().unwrap_or(-1), out, err: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// Runs any command that asks nothing, with standard output in a pipe, however much goes there.
///
/// # Panics
/// When it can't be run, or prints something else than text.
#[must_use]
pub fn in_a_pipe(mut command: Command) -> Ended {
    let output = command.stdin(Stdio::null()).output().expect("it runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}

/// Runs any command; `answer` is given each line of standard error.
///
/// # Panics
/// When the command can't be run.
pub fn converse(mut command: Command, mut answer: impl FnMut(&str) -> Option<String>) -> Ended {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    let errors = BufReader::new(child.stderr.take().expect("piped"));
    let (lines, said) = mpsc::channel();
    let listening = thread::spawn(move || {
        for line in errors.lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    let mut err = String::new();
    for line in said {
        if let Some(answer) = answer(&line) {
            // A command that ended meanwhile reads nothing more; its exit code tells.
            let _ = writeln!(input, "{answer}");
        }
        err.push_str(&line);
        err.push('\n');
    }
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    listening.join().expect("it only reads");
    Ended { code: output.status.code().unwrap_or(-1), out: String::from_utf8_lossy(&output.stdout).into_owned(), err }
}
