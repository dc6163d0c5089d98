//! Questions and answers: each question is one line on standard error, each answer one line of standard input. Secrets
//! are typed unseen on a terminal, and are never arguments. A person may take their time: they are waited for beside the
//! connection to the server, which goes on meanwhile.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
};

use securemailbox_vault::passphrases::{NotAPassphrase, Passphrase};
use zeroize::Zeroizing;

use crate::{
    outcome::Stop,
    words::{Language, Sentence},
};

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
    let text = text.map_err(|error| Stop::usage(Sentence::CantRead { file, error: &error.to_string() }))?;
    Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()))
}

/// A passphrase to agree on, from the first line of a file.
pub(crate) fn passphrase_in(file: &Path) -> Result<Passphrase, Stop> {
    Passphrase::agree(&first_line(file)?).map_err(|error| match error {
        NotAPassphrase::TooFewWords => Stop::usage(Sentence::TooFewWords),
        NotAPassphrase::TooLong => Stop::usage(Sentence::PassphraseTooLong),
    })
}

/// Whether a person sits there, who can be asked again.
pub(crate) fn answers_come_from_a_person() -> bool {
    io::stdin().is_terminal()
}

/// Asks for one line on standard input.
pub(crate) async fn ask(question: &str) -> Result<Zeroizing<String>, Stop> {
    let line = answer(question, read_line).await?;
    Ok(Zeroizing::new(line.trim().to_owned()))
}

/// Asks for a secret: unseen on a terminal, a plain line elsewhere. Its spaces are part of it.
pub(crate) async fn ask_secret(question: &str) -> Result<Zeroizing<String>, Stop> {
    let line = answer(question, if answers_come_from_a_person() { read_unseen } else { read_line }).await?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Asks for a secret that is chosen now: twice on a terminal, since nobody sees what was typed.
pub(crate) async fn ask_new_secret(question: Sentence<'_>, language: Language) -> Result<Zeroizing<String>, Stop> {
    let (question, again) = (question.said(language), Sentence::AskAgain.said(language));
    loop {
        let first = ask_secret(&question).await?;
        if !answers_come_from_a_person() || *first == *ask_secret(&again).await? {
            return Ok(first);
        }
        say(&Sentence::TheyDiffer.said(language))?;
    }
}

/// Waits for an answer on a thread of its own, so that this one still answers the server's pings and hears it hang up.
async fn answer(question: &str, read: fn() -> io::Result<Zeroizing<String>>) -> Result<Zeroizing<String>, Stop> {
    say(question)?;
    let read = tokio::task::spawn_blocking(read).await.map_err(|error| Stop::failed(&error))?;
    read.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => Stop::usage(Sentence::NobodyAnswered { question }),
        _ => Stop::failed(&error),
    })
}

fn read_line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    if io::stdin().read_line(&mut line)? == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(line) }
}

fn read_unseen() -> io::Result<Zeroizing<String>> {
    rpassword::read_password().map(Zeroizing::new)
}

/// Says a line where the questions are: a question, or a remark between two.
pub(crate) fn say(line: &str) -> Result<(), Stop> {
    writeln!(io::stderr(), "{line}").map_err(|error| Stop::failed(&error))
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
