//! `securemailbox`: the server, and a mailbox at a terminal.

mod accounts;
mod attachments;
mod beginning;
mod check;
mod contacts;
mod demo;
mod desk;
mod export;
mod factors;
mod files;
mod filing;
mod forensics;
mod guests;
mod http;
mod keys;
mod letters;
mod outcome;
mod profile;
mod public_pages;
mod questions;
mod renewal;
mod security;
mod serve;
mod show;
mod supervisor;
mod terminal;
mod words;
mod writing;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use securemailbox_server::StartError;

use crate::{
    desk::Desk,
    filing::Mark,
    outcome::{Answer, Stop},
    serve::ServeArgs,
    words::Language,
};

/// SecureMailbox: letters that only sender and reader can read.
///
/// Ends 0 when done, 2 on wrong usage or configuration, 3 when refused, 4 when there is no such thing, 5 when server, network or this
/// device fail, 6 when something is damaged or can't be verified.
#[derive(Debug, Parser)]
#[command(name = "securemailbox", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(ServeArgs),
    /// Look at a server's configuration and at everything it needs, in a line each.
    ///
    /// Ends 0 if all is well, 1 if something should be looked at, 2 if the server would not start, and 5 if something
    /// around it fails, such as the database or a test message. Makes and changes nothing.
    Check(check::CheckArgs),
    /// See for yourself whether erased letters are gone: take samples of them before, and look for these after.
    ///
    /// Letters are sealed, so a sample is a few bytes of what is sealed and says nothing. The store is read only, while the server
    /// runs or not. What the store still has is told apart from what was erased. Ends 0 if something was erased and nothing of it
    /// is found, 1 if something is found or nothing was erased yet, and 6 if the search does not see what is kept, and so proves
    /// nothing.
    ForensicScan(forensics::ForensicsArgs),
    #[command(flatten)]
    Mailbox(MailboxCommand),
}

#[derive(Debug, Subcommand)]
enum MailboxCommand {
    /// Make a mailbox, and sign in on this profile.
    Register(With<accounts::RegisterArgs>),
    /// Sign in on this profile.
    Login(With<accounts::EntranceArgs>),
    /// Get back in with the recovery sheet, and choose a new password.
    Recover(With<accounts::EntranceArgs>),
    /// Sign out: end the session, and erase everything in this profile.
    Logout(With<Nothing>),
    /// Say whose mailbox this is.
    Whoami(With<Nothing>),
    /// List where this mailbox is signed in; end one of these sessions, or all but this one.
    Sessions(With<security::SessionsArgs>),
    /// Make a new recovery sheet; the old one opens nothing any more.
    NewSheet(With<Nothing>),
    /// Choose another password; the recovery sheet and your other devices stay as they are.
    ChangePassword(With<questions::PasswordArgs>),
    /// Change all locks, when somebody else may have been in: new keys, password and recovery sheet; others are signed out.
    Renew(With<renewal::RenewArgs>),
    /// List by what you are proved when you sign in; add or remove one.
    Factors(With<factors::FactorsArgs>),
    /// Make ten one-time codes, for the day on which your phone is lost; older ones count no more.
    OneTimeCodes(With<Nothing>),
    /// Erase this mailbox and all letters in it, after seven days.
    RemoveMailbox(With<Nothing>),
    /// Stop whoever wants to open this mailbox with paper, or to erase it, while that waits.
    Stop(With<Nothing>),
    /// List what was done about who may open this mailbox, in the last 90 days.
    Events(With<Nothing>),
    /// Write a letter.
    Send(With<writing::SendArgs>),
    /// List those you wrote to who have no mailbox yet; remind one of them, take everything back, change the time.
    Invitations(With<guests::InvitationsArgs>),
    /// Say where the page is by which anybody writes to you; open it or close it. There is none unless you open one.
    Page(With<public_pages::PageArgs>),
    /// Read what a link leads to, without a mailbox: a code goes to the phone that whoever wrote has given.
    Open(With<guests::OpenArgs>),
    /// Answer a letter: to its sender, under its subject, in its conversation.
    Reply(With<writing::ReplyArgs>),
    /// Pass a letter on, with its words under yours.
    Forward(With<writing::ForwardArgs>),
    /// List the letters of a folder, newest first.
    List(With<letters::ListArgs>),
    /// Read a letter; its sender gets a signed receipt.
    Read(With<letters::ReadArgs>),
    /// Save the attachments of a letter, or one of them.
    Save(With<attachments::SaveArgs>),
    /// Flag a letter, to see it again.
    Flag(With<filing::LetterArgs>),
    /// Take the flag off a letter.
    Unflag(With<filing::LetterArgs>),
    /// Mark a letter as unread. Its sender keeps the receipt.
    Unread(With<filing::LetterArgs>),
    /// Take a letter of your own out of its readers' mailboxes.
    Withdraw(With<filing::LetterArgs>),
    /// Move a letter to another folder.
    Move(With<filing::MoveArgs>),
    /// Put a letter back out of the archive or the trash.
    Restore(With<filing::LetterArgs>),
    /// Erase one letter of the trash, for good.
    Erase(With<filing::LetterArgs>),
    /// Erase what lies in the trash, for good.
    EmptyTrash(With<Nothing>),
    /// List whom you know, and how their keys stand.
    Contacts(With<contacts::ContactsArgs>),
    /// Show the sixty digits to compare with somebody, by voice or in person.
    Compare(With<keys::CompareArgs>),
    /// Accept somebody's changed key.
    Accept(With<keys::AcceptArgs>),
    /// Write every letter to a folder, as .eml files.
    Export(With<export::ExportArgs>),
    /// Write your certificate, or your private key locked by a passphrase, for other programs.
    ExportKey(With<keys::ExportKeyArgs>),
}

/// What a command takes, and what every command of a mailbox takes.
#[derive(Debug, clap::Args)]
struct With<A: clap::Args> {
    #[command(flatten)]
    own: A,
    #[command(flatten)]
    desk: DeskArgs,
}

#[derive(Debug, clap::Args)]
struct Nothing {}

#[derive(Debug, clap::Args)]
pub(crate) struct DeskArgs {
    /// Where this mailbox keeps its things [default: $XDG_STATE_HOME/securemailbox].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) profile: Option<PathBuf>,
    /// Answer with one JSON document.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

fn main() -> ExitCode {
    let language = words::language_of(std::env::var_os);
    let CommandLine { command } = match understood(language) {
        Ok(understood) => understood,
        Err(error) => return outcome::misused(&error),
    };
    match command {
        Command::Serve(arguments) => serve_until_stopped(arguments),
        Command::Check(arguments) => {
            let checked = runtime(&mut tokio::runtime::Builder::new_multi_thread())
                .and_then(|runtime| runtime.block_on(check::run(arguments)));
            checked.unwrap_or_else(|stop| outcome::end(Err(stop), false, Language::En))
        }
        Command::ForensicScan(arguments) => runtime(&mut tokio::runtime::Builder::new_multi_thread())
            .map(|runtime| runtime.block_on(forensics::run(arguments, language)))
            .unwrap_or_else(|stop| outcome::end(Err(stop), false, language)),
        Command::Mailbox(command) => {
            let json = command.desk().json;
            let ended = runtime(&mut tokio::runtime::Builder::new_current_thread())
                .and_then(|runtime| runtime.block_on(run(command, language)));
            outcome::end(ended, json, language)
        }
    }
}

/// What was typed; whoever asks for help gets it in their language.
fn understood(language: Language) -> Result<CommandLine, clap::Error> {
    let command = CommandLine::command();
    let command = match language {
        Language::En => command,
        Language::Sv => words::in_swedish(command),
    };
    CommandLine::from_arg_matches(&command.try_get_matches()?)
}

async fn run(command: MailboxCommand, language: Language) -> Result<Answer, Stop> {
    use MailboxCommand as Do;
    let desk = Desk::new(command.desk(), language);
    match command {
        Do::Register(With { own, .. }) => accounts::register(&desk, own).await,
        Do::Login(With { own, .. }) => accounts::login(&desk, own).await,
        Do::Recover(With { own, .. }) => accounts::recover(&desk, own).await,
        Do::Logout(_) => accounts::logout(&desk).await,
        Do::Whoami(_) => accounts::whoami(&desk).await,
        Do::Sessions(With { own, .. }) => security::sessions(&desk, own).await,
        Do::NewSheet(_) => security::new_sheet(&desk).await,
        Do::ChangePassword(With { own, .. }) => security::change_password(&desk, own).await,
        Do::Renew(With { own, .. }) => renewal::renew(&desk, own).await,
        Do::Factors(With { own, .. }) => factors::factors(&desk, own).await,
        Do::OneTimeCodes(_) => factors::one_time_codes(&desk).await,
        Do::RemoveMailbox(_) => security::remove_mailbox(&desk).await,
        Do::Stop(_) => security::stop(&desk).await,
        Do::Events(_) => security::events(&desk).await,
        Do::Page(With { own, .. }) => public_pages::page(&desk, own).await,
        Do::Invitations(With { own, .. }) => guests::invitations(&desk, own).await,
        Do::Open(With { own, .. }) => guests::open(&desk, own).await,
        Do::Send(With { own, .. }) => writing::send(&desk, own).await,
        Do::Reply(With { own, .. }) => writing::reply(&desk, own).await,
        Do::Forward(With { own, .. }) => writing::forward(&desk, own).await,
        Do::List(With { own, .. }) => letters::list(&desk, own).await,
        Do::Read(With { own, .. }) => letters::read(&desk, own).await,
        Do::Save(With { own, .. }) => attachments::save(&desk, own).await,
        Do::Flag(With { own, .. }) => filing::mark(&desk, own, Mark::Flagged).await,
        Do::Unflag(With { own, .. }) => filing::mark(&desk, own, Mark::Unflagged).await,
        Do::Unread(With { own, .. }) => filing::mark(&desk, own, Mark::Unread).await,
        Do::Withdraw(With { own, .. }) => filing::withdraw(&desk, own).await,
        Do::Move(With { own, .. }) => filing::move_letter(&desk, own).await,
        Do::Restore(With { own, .. }) => filing::restore(&desk, own).await,
        Do::Erase(With { own, .. }) => filing::erase(&desk, own).await,
        Do::EmptyTrash(_) => filing::empty_trash(&desk).await,
        Do::Contacts(With { own, .. }) => contacts::contacts(&desk, own).await,
        Do::Compare(With { own, .. }) => keys::compare(&desk, own).await,
        Do::Accept(With { own, .. }) => keys::accept(&desk, own).await,
        Do::Export(With { own, .. }) => export::export(&desk, own).await,
        Do::ExportKey(With { own, .. }) => keys::export_key(&desk, own).await,
    }
}

impl MailboxCommand {
    const fn desk(&self) -> &DeskArgs {
        match self {
            Self::Register(with) => &with.desk,
            Self::Login(with) | Self::Recover(with) => &with.desk,
            Self::Logout(with)
            | Self::Whoami(with)
            | Self::NewSheet(with)
            | Self::OneTimeCodes(with)
            | Self::RemoveMailbox(with)
            | Self::Stop(with)
            | Self::Events(with)
            | Self::EmptyTrash(with) => &with.desk,
            Self::Invitations(with) => &with.desk,
            Self::Page(with) => &with.desk,
            Self::Open(with) => &with.desk,
            Self::Contacts(with) => &with.desk,
            Self::Sessions(with) => &with.desk,
            Self::ChangePassword(with) => &with.desk,
            Self::Renew(with) => &with.desk,
            Self::Factors(with) => &with.desk,
            Self::Send(with) => &with.desk,
            Self::List(with) => &with.desk,
            Self::Read(with) => &with.desk,
            Self::Save(with) => &with.desk,
            Self::Reply(with) => &with.desk,
            Self::Forward(with) => &with.desk,
            Self::Flag(with)
            | Self::Unflag(with)
            | Self::Unread(with)
            | Self::Withdraw(with)
            | Self::Restore(with)
            | Self::Erase(with) => &with.desk,
            Self::Move(with) => &with.desk,
            Self::Compare(with) => &with.desk,
            Self::Accept(with) => &with.desk,
            Self::Export(with) => &with.desk,
            Self::ExportKey(with) => &with.desk,
        }
    }
}

fn serve_until_stopped(arguments: ServeArgs) -> ExitCode {
    let served = runtime(&mut tokio::runtime::Builder::new_multi_thread())
        .and_then(|runtime| runtime.block_on(serve::run(arguments)).map_err(|error| stop(&error)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            // Nobody may be reading; the exit code says it too.
            let _ = writeln!(std::io::stderr(), "securemailbox: {}", stop.detail());
            stop.code()
        }
    }
}

/// What only the operator can mend ends 2, so that a unit does not try again by itself.
fn stop(error: &StartError) -> Stop {
    if error.is_for_the_operator() { Stop::misconfigured(error) } else { Stop::failed(error) }
}

fn runtime(builder: &mut tokio::runtime::Builder) -> Result<tokio::runtime::Runtime, Stop> {
    builder.enable_all().build().map_err(|error| Stop::failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, clap::error::ErrorKind> {
        CommandLine::try_parse_from(line.split(' ')).map(|line| line.command).map_err(|error| error.kind())
    }

    #[test]
    fn the_definition_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_contract_is_understood() {
        for line in [
            "securemailbox serve --config f.toml --data d --listen 127.0.0.1:8025 --demo",
            "securemailbox check --config f.toml --mail a@example.se --sms +46701740612 --json",
            "securemailbox forensic-scan --config f.toml --take s",
            "securemailbox forensic-scan --data d --take s --letter 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --json",
            "securemailbox forensic-scan --data d --for s --also disk.img --also /var/log --json",
            "securemailbox register --server http://localhost:1 --email a@example.se --phone +46701740612 --name Anna",
            "securemailbox login --server http://localhost:1 --email a@example.se --password-file f",
            "securemailbox recover --server https://example.se --email a@example.se",
            "securemailbox logout",
            "securemailbox whoami --json --profile p",
            "securemailbox sessions --json",
            "securemailbox sessions --end 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox sessions --end-others --json",
            "securemailbox new-sheet",
            "securemailbox change-password --password-file f",
            "securemailbox remove-mailbox",
            "securemailbox stop",
            "securemailbox renew --password-file f",
            "securemailbox renew --quick",
            "securemailbox renew --finish",
            "securemailbox events",
            "securemailbox send --to a@example.se --to b@example.se --subject S --text T",
            "securemailbox send --to a@example.se b@example.se --subject S --text-file -",
            "securemailbox send --to a@example.se --cc b@example.se c@example.se --subject S --text T",
            "securemailbox send --to a@example.se --bcc b@example.se --subject S --text T",
            "securemailbox send --to a@example.se b@example.se --each --subject S --text T",
            "securemailbox send --to a@example.se --subject S --text T --level passkey",
            "securemailbox reply 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --all --cc a@example.se --text-file -",
            "securemailbox forward 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --to a@example.se",
            "securemailbox forward 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --to a@example.se --cc b@example.se --text T",
            "securemailbox flag 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox unflag 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox unread 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox restore 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox erase 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox contacts --json",
            "securemailbox contacts check-number a@example.se 0701740612",
            "securemailbox contacts write-anyway a@example.se",
            "securemailbox list --folder sent --limit 5",
            "securemailbox read 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox move 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 trash",
            "securemailbox empty-trash",
            "securemailbox compare a@example.se --matches",
            "securemailbox accept a@example.se",
            "securemailbox export --out d --encrypted",
            "securemailbox export-key --secret",
        ] {
            assert!(parsed(line).is_ok(), "{line}: {:?}", parsed(line));
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_before_anything_happens() {
        for line in [
            "securemailbox",
            "securemailbox forensic-scan --data d",
            "securemailbox forensic-scan --data d --take s --for s",
            "securemailbox forensic-scan --data d --take s --also disk.img",
            "securemailbox forensic-scan --data d --for s --letter 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox send --to not-an-address --subject S --text T",
            "securemailbox send --to a@example.se --subject S",
            "securemailbox send --to a@example.se --subject S --text T --level eid",
            "securemailbox send --to a@example.se --subject S --text T --text-file f",
            "securemailbox reply 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11",
            "securemailbox reply 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --text T --text-file f",
            "securemailbox forward 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --text T",
            "securemailbox forward 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --to a@example.se --text T --text-file f",
            "securemailbox read 17",
            "securemailbox contacts check-number a@example.se 17",
            "securemailbox renew --quick --finish",
            "securemailbox sessions --end 17",
            "securemailbox sessions --end 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 --end-others",
            "securemailbox list --folder drafts",
            "securemailbox move 0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11 drafts",
            "securemailbox login --server http://mail.example.se --email a@example.se",
            "securemailbox login --server ftp://localhost --email a@example.se",
            "securemailbox register --server http://localhost:1 --email a@example.se --phone 0701 --name Anna",
            "securemailbox login --server http://localhost:1 --email a@example.se --password hunter2",
        ] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
