//! `securemailbox serve`: the server, from configuration to the last answer.

use std::{io::Write, net::SocketAddr, path::PathBuf, sync::Arc};

use rand::{SeedableRng, rngs::StdRng};
use securemailbox_protocol::address::Address;
use securemailbox_server::{
    DemoAccount, Server, StartError, World,
    config::{Configuration, NetworkLimits},
};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    demo,
    supervisor::{State, Supervisor},
    terminal,
};

/// What `serve` is told on the command line; it goes over the file and the environment.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// A server with people in it, on this machine only, that shows every code at /demo/outbox.
    #[arg(long)]
    pub demo: bool,
}

/// Serves until it is told to stop.
///
/// # Errors
/// [`StartError`] says what the operator can do.
pub async fn run(arguments: ServeArgs) -> Result<(), StartError> {
    log_to_standard_error();
    let mut configuration = Configuration::read(arguments.config.as_deref())?;
    if let Some(data) = arguments.data {
        configuration.data = data;
    }
    if let Some(listen) = arguments.listen {
        configuration.listen = listen;
    }
    if arguments.demo {
        // Everybody in a demo, and every test, comes from one network.
        configuration.limits =
            NetworkLimits { requests_a_second: 10_000, entrances_a_minute: 10_000, ..configuration.limits };
    }
    let world = World {
        clock: Arc::new(terminal::now),
        random: StdRng::from_rng(rand::rngs::OsRng).map_err(|_| StartError::Random)?,
        credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        demo: arguments.demo.then(demo_accounts),
    };
    let server = Server::open(configuration, world).await?;
    let url = server.url();
    let supervisor = Supervisor::of_this_process();
    let stopped = wait_for_stop(supervisor.clone())?;
    let missing = if arguments.demo { missing_people(&server).await? } else { Vec::new() };
    let serving = tokio::spawn(server.serve(stopped));
    demo::make_people(&url, &missing).await.map_err(|error| StartError::Demo(error.to_string()))?;
    announce(&url);
    supervisor.tell(State::Ready);
    serving.await.map_err(|_| StartError::Panicked)
}

/// JSON, a line each. Our own sentences only, which hold no address, id or name (PROTOCOL §8); what a dependency would say
/// of a request is not ours to promise.
fn log_to_standard_error() {
    let ours = ["securemailbox", "securemailbox_server", "securemailbox_store"];
    let targets = Targets::new().with_targets(ours.map(|target| (target, tracing::Level::INFO)));
    let lines = tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr);
    tracing_subscriber::registry().with(targets).with(lines).init();
}

/// The line that scripts wait for.
fn announce(url: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody reads it; the server serves all the same.
    let _ = writeln!(out, "SecureMailbox listens on {url}").and_then(|()| out.flush());
}

/// Over at the first SIGTERM or SIGINT.
fn wait_for_stop(supervisor: Supervisor) -> Result<impl Future<Output = ()>, StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Signal)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        supervisor.tell(State::Stopping);
    })
}

/// The people of the demo who are not there yet: all of them on an empty data folder.
async fn missing_people(server: &Server) -> Result<Vec<demo::Person>, StartError> {
    let mut missing = Vec::new();
    for person in demo::PEOPLE {
        let address = Address::parse(person.address).map_err(|error| StartError::Demo(error.to_string()))?;
        if !server.has_mailbox(&address).await? {
            missing.push(person);
        }
    }
    Ok(missing)
}

fn demo_accounts() -> Vec<DemoAccount> {
    demo::PEOPLE
        .iter()
        .map(|person| DemoAccount {
            name: person.name.to_owned(),
            address: person.address.to_owned(),
            phone: person.phone.to_owned(),
            password: person.password.to_owned(),
        })
        .collect()
}
