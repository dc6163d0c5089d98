//! `securemailbox check`: what a server needs, a line for each matter.

use std::{io::Write, path::PathBuf, process::ExitCode};

use rand::{SeedableRng, rngs::StdRng};
use securemailbox_protocol::{address::Address, phone::PhoneNumber};
use securemailbox_server::check::{self, Finding, Surroundings, TestMessages, Verdict};

use crate::{
    outcome::Stop,
    serve::{self, ServeArgs},
    terminal,
};

/// What `check` is told on the command line.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// Configuration file (TOML), as `serve` takes it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder, as `serve` takes it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Send a test e-mail to this address.
    #[arg(long, value_name = "ADDRESS")]
    mail: Option<Address>,
    /// Send a test SMS to this number; it costs what an SMS costs.
    #[arg(long, value_name = "NUMBER", value_parser = |typed: &str| PhoneNumber::parse(typed))]
    sms: Option<PhoneNumber>,
    /// Answer with one JSON document.
    #[arg(long)]
    json: bool,
}

/// Looks at everything, says what it saw, and ends with the worst of it.
///
/// # Errors
/// Nobody takes what is printed, or the operating system gives no randomness.
pub(crate) async fn run(arguments: CheckArgs) -> Result<ExitCode, Stop> {
    let CheckArgs { config, data, mail, sms, json } = arguments;
    let configuration = ServeArgs { config, data, listen: None, demo: false, without_letters: false }.configuration();
    let findings = match configuration {
        Err(error) => vec![Finding::refused("configuration", &error)],
        Ok(configuration) => {
            let random = StdRng::from_rng(rand::rngs::OsRng).map_err(|error| Stop::failed(&error))?;
            let around = Surroundings { now: terminal::now(), credentials: serve::credentials(), random };
            check::check(&configuration, around, TestMessages { mail, sms }).await
        }
    };
    let mut out = std::io::stdout().lock();
    let said = if json {
        let findings = serde_json::to_value(&findings).map_err(|error| Stop::failed(&error))?;
        writeln!(out, "{}", serde_json::json!({ "findings": findings }))
    } else {
        findings.iter().try_for_each(|Finding { matter, verdict, words }| {
            writeln!(out, "{:<7}  {matter}: {words}", verdict.name())
        })
    };
    said.and_then(|()| out.flush()).map_err(|error| Stop::failed(&error))?;
    Ok(ExitCode::from(match Verdict::worst(&findings) {
        Verdict::Fine => 0,
        Verdict::Warning => 1,
        Verdict::Refused => 2,
        Verdict::Failed => 5,
    }))
}
