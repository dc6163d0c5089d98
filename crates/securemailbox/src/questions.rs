//! Questions and answers: each question is one line on standard error, each answer one line of standard input. Secrets
//! are typed unseen on a terminal, and are never arguments.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use crate::outcome::Stop;

/// The variable a password may come in.
const PASSWORD: &str = "SECUREMAILBOX_PASSWORD";

/// Where the password comes from, if it is not asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct PasswordArgs {
    /// File whose first line is the password; else SECUREMAILBOX_PASSWORD, else it is asked for.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordArgs {
    /// The password, if it need not be asked for.
    pub(crate) fn given(&self) -> Result<Option<Zeroizing<String>>, Stop> {
        match &self.password_file {
            Some(file) => first_line(file).map(Some),
            None => Ok(std::env::var(PASSWORD).ok().map(Zeroizing::new)),
        }
    }
}

/// The first line of a file.
pub(crate) fn first_line(file: &Path) -> Result<Zeroizing<String>, Stop> {
    let text = std::fs::read_to_string(file).map(Zeroizing::new);
    let text = text.map_err(|error| Stop::usage(format!("{} can't be read: {error}.", file.display())))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// Whether a person sits there, who can be asked again.
pub(crate) fn answers_come_from_a_person() -> bool {
    io::stdin().is_terminal()
}

/// Asks for one line on standard input.
pub(crate) fn ask(question: &str) -> Result<String, Stop> {
    say(question)?;
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line).map_err(|error| Stop::unavailable(&error))?;
    if read == 0 { Err(unanswered(question)) } else { Ok(line.trim().to_owned()) }
}

/// Asks for a secret: unseen on a terminal, a plain line elsewhere. Its spaces are part of it.
pub(crate) fn ask_secret(question: &str) -> Result<Zeroizing<String>, Stop> {
    say(question)?;
    if answers_come_from_a_person() {
        return rpassword::read_password().map(Zeroizing::new).map_err(|error| Stop::unavailable(&error));
    }
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().read_line(&mut line).map_err(|error| Stop::unavailable(&error))?;
    if read == 0 {
        return Err(unanswered(question));
    }
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Asks for a secret that is chosen now: twice on a terminal, since nobody sees what was typed.
pub(crate) fn ask_new_secret(question: &str) -> Result<Zeroizing<String>, Stop> {
    loop {
        let first = ask_secret(question)?;
        if !answers_come_from_a_person() || *first == *ask_secret("The same again, to be sure:")? {
            return Ok(first);
        }
        say("They differ.")?;
    }
}

/// Says a line where the questions are: a question, or a remark between two.
pub(crate) fn say(line: &str) -> Result<(), Stop> {
    writeln!(io::stderr(), "{line}").map_err(|error| Stop::unavailable(&error))
}

fn unanswered(question: &str) -> Stop {
    Stop::usage(format!("Nobody answered the question: {question}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_file_gives_its_first_line_to_the_space() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, " four words of it \r\nnot this\n").unwrap();
        assert_eq!(first_line(&file).unwrap().as_str(), " four words of it ");
    }
}
