//! Other programs: started, waited for, and what to say when they fail.

use std::{
    fmt,
    io::{self, BufRead, BufReader, IsTerminal},
    path::Path,
    process::{Command, ExitCode, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// Why a command of ours ended: a sentence for a person.
#[derive(Debug)]
pub(crate) struct Failure {
    sentence: String,
    exit: u8,
}

pub(crate) type Outcome<T = ()> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit: 1 }
    }

    /// The command was not understood.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit: 2 }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Runs a program without standard input, its output going where ours goes. Where no person watches, the failure repeats what
/// it said of what went wrong: a log is read from its end, and often only that is kept.
pub(crate) fn run(command: &mut Command) -> Outcome {
    println!("$ {}", line(command));
    command.stdin(Stdio::null());
    let (status, said) = if io::stdout().is_terminal() {
        (command.status().map_err(|error| not_started(command, &error))?, String::new())
    } else {
        overheard(command)?
    };
    if status.success() { Ok(()) } else { Err(Failure::new(format!("{} ended with {status}{said}", line(command)))) }
}

/// Passes on what a program says, and gives the lines back that tell of a failure.
fn overheard(command: &mut Command) -> Outcome<(ExitStatus, String)> {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| not_started(command, &error))?;
    let (output, errors) = (child.stdout.take(), child.stderr.take());
    let bad = thread::scope(|scope| {
        let errors = scope.spawn(|| errors.map(|errors| pass_on(errors, io::stderr())));
        let output = output.map(|output| pass_on(output, io::stdout()));
        output.into_iter().chain(errors.join().ok().flatten()).flatten().collect::<Vec<_>>()
    });
    let said = bad.iter().flat_map(|line| ["\n    ", line]).collect();
    Ok((child.wait()?, said))
}

/// Copies lines, and keeps the first of those that tell of a failure, each with the one after it.
fn pass_on(from: impl io::Read, mut to: impl io::Write) -> Vec<String> {
    const KEPT: usize = 40;
    let mut kept = Vec::new();
    let mut follows = false;
    for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        writeln!(to, "{line}").ok();
        let tells = TELLING.iter().any(|word| line.contains(word));
        if (tells || follows) && kept.len() < KEPT {
            kept.push(line);
        }
        follows = tells;
    }
    kept
}

/// What stands in a line of a test runner, a compiler or a linter that tells of a failure.
const TELLING: [&str; 6] = ["panicked at", "FAILED", "error:", "error[", "Error:", "✘"];

/// What a program wrote to standard output.
pub(crate) fn capture(command: &mut Command) -> Outcome<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("{} ended with {}\n{}", line(command), output.status, said.trim_end())));
    }
    String::from_utf8(output.stdout).map_err(|_| Failure::new(format!("{} wrote no text", line(command))))
}

/// Runs a program that may hang, such as one that waits for a network which is not there. False if it failed or was
/// stopped after `limit`.
pub(crate) fn succeeds_within(limit: Duration, command: &mut Command) -> bool {
    println!("$ {}", line(command));
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() else { return false };
    let Some(mut output) = child.stdout.take() else { return false };
    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let drained = io::copy(&mut output, &mut io::sink());
        ended.send(drained.is_ok()).ok();
    });
    if end.recv_timeout(limit).is_err() {
        child.kill().ok();
    }
    child.wait().is_ok_and(|status| status.success())
}

/// Whether a program of this name is on the path, or at this path.
pub(crate) fn is_installed(program: &str) -> bool {
    let there = |folder: &Path| folder.join(program).is_file();
    std::env::var_os("PATH").is_some_and(|path| std::env::split_paths(&path).any(|folder| there(&folder)))
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("{} was not started: {error}", command.get_program().display()))
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_stopped() {
        assert!(!succeeds_within(Duration::from_millis(50), Command::new("sleep").arg("600")));
    }

    #[test]
    fn a_failure_repeats_what_was_said_of_it_and_nothing_else() {
        let mut passed_on = Vec::new();
        let said = pass_on("fine\nerror: lists\nbecause\nmore\n".as_bytes(), &mut passed_on);
        assert_eq!(said, ["error: lists", "because"]);
        assert_eq!(passed_on, b"fine\nerror: lists\nbecause\nmore\n");
    }

    #[test]
    fn a_failure_names_the_program_and_what_it_said() {
        let failure = capture(Command::new("sh").args(["-c", "echo reason >&2; exit 3"])).unwrap_err().to_string();
        assert!(failure.contains("sh -c") && failure.contains("reason"), "{failure}");
    }
}
