//! `securemailbox serve`: the server, from configuration to the last answer.

use std::{io::Write, net::SocketAddr, path::PathBuf, sync::Arc};

use rand::{SeedableRng, rngs::StdRng};
use securemailbox_protocol::address::Address;
use securemailbox_server::{
    DemoAccount, Reloader, Server, StartError, World,
    config::{Configuration, ConfigurationError, Defaults, LogLevel},
};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::{Registry, filter::Targets, layer::SubscriberExt, reload, util::SubscriberInitExt};

use crate::{
    demo,
    supervisor::{State, Supervisor},
};

/// What `serve` is told on the command line; it goes over the file and the environment.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Configuration file (TOML). Relative paths in it start at its folder.
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
    /// The people of the demo have not written to each other yet.
    #[arg(long, requires = "demo")]
    pub without_letters: bool,
}

impl ServeArgs {
    /// The configuration, with what the command line says over it. Paths on the command line start here.
    ///
    /// # Errors
    /// [`ConfigurationError`] names file and key.
    pub(crate) fn configuration(&self) -> Result<Configuration, ConfigurationError> {
        let defaults = if self.demo { Defaults::Demo } else { Defaults::Server };
        let mut configuration = Configuration::read(self.config.as_deref(), defaults)?;
        if let Some(data) = &self.data {
            configuration.data = Some(std::path::absolute(data).unwrap_or_else(|_| data.clone()));
        }
        if let Some(listen) = self.listen {
            configuration.listen = listen;
        }
        Ok(configuration)
    }
}

/// Serves until it is told to stop.
///
/// # Errors
/// [`StartError`] says what the operator can do.
pub async fn run(arguments: ServeArgs) -> Result<(), StartError> {
    let log = Log::to_standard_error();
    // From here on, so that the wait for a database can be ended.
    let supervisor = Supervisor::of_this_process();
    let mut stopped = Box::pin(wait_for_stop(supervisor.clone())?);
    // A demo belongs to its terminal, and ends with it.
    let hangups = (!arguments.demo).then(|| signal(SignalKind::hangup())).transpose().map_err(StartError::Signal)?;
    let configuration = arguments.configuration()?;
    log.set(configuration.log.level);
    let clock = demo::DemoClock::default();
    let world = World {
        clock: Arc::new({
            let clock = clock.clone();
            move || clock.now()
        }),
        random: StdRng::from_rng(rand::rngs::OsRng).map_err(|_| StartError::Random)?,
        credentials: credentials(),
        demo: arguments.demo.then(demo_accounts),
    };
    let server = tokio::select! {
        opened = Server::open(configuration, world) => opened?,
        () = &mut stopped => return Ok(()),
    };
    let url = server.url();
    if let Some(hangups) = hangups {
        tokio::spawn(reload_at_hangup(hangups, arguments, server.reloader(), log));
        let serving = tokio::spawn(server.serve(stopped));
        announce(&url, &supervisor);
        return serving.await.map_err(|_| StartError::Panicked);
    }
    let missing = missing_people(&server).await?;
    let serving = tokio::spawn(server.serve(stopped));
    demo::make_people(&url, &missing, &clock, !arguments.without_letters)
        .await
        .map_err(|error| StartError::Demo(error.to_string()))?;
    announce(&url, &supervisor);
    serving.await.map_err(|_| StartError::Panicked)
}

/// `$CREDENTIALS_DIRECTORY`, where systemd puts the seal.
pub(crate) fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// Reads the configuration again at each SIGHUP. One that can't be used changes nothing.
async fn reload_at_hangup(mut hangups: Signal, arguments: ServeArgs, mut reloader: Reloader, log: Log) {
    while hangups.recv().await.is_some() {
        let next = arguments.configuration().map_err(StartError::from);
        let level = next.as_ref().map(|next| next.log.level).unwrap_or_default();
        match next.and_then(|next| reloader.reload(next)) {
            Ok(waiting) => {
                log.set(level);
                tracing::info!("the configuration was read again: certificate, limits and log level are as it says");
                if !waiting.is_empty() {
                    tracing::warn!(keys = waiting.join(", "), "these changed too, and are taken at the next start");
                }
            }
            Err(error) => {
                tracing::error!(error = error.to_string(), "the new configuration is refused; the old one goes on")
            }
        }
    }
}

/// The log: JSON, a line each; those of a request have its number in `span.request`. Our own sentences only, which hold no address, id or name (PROTOCOL §8); what a dependency
/// would say of a request is not ours to promise.
struct Log(reload::Handle<Targets, Registry>);

impl Log {
    fn to_standard_error() -> Self {
        let (targets, handle) = reload::Layer::new(Self::targets(LogLevel::default()));
        let lines = tracing_subscriber::fmt::layer().json().with_span_list(false).with_writer(std::io::stderr);
        tracing_subscriber::registry().with(targets).with(lines).init();
        Self(handle)
    }

    fn set(&self, level: LogLevel) {
        // Refused only when nobody logs any more.
        let _ = self.0.reload(Self::targets(level));
    }

    fn targets(level: LogLevel) -> Targets {
        let ours = ["securemailbox", "securemailbox_server", "securemailbox_store"];
        let level = match level {
            LogLevel::Error => tracing::Level::ERROR,
            LogLevel::Warn => tracing::Level::WARN,
            LogLevel::Info => tracing::Level::INFO,
            LogLevel::Debug => tracing::Level::DEBUG,
        };
        Targets::new().with_targets(ours.map(|target| (target, level)))
    }
}

/// Says that the server answers: a line that scripts wait for, and a word to the service manager.
fn announce(url: &str, supervisor: &Supervisor) {
    let mut out = std::io::stdout().lock();
    // Nobody reads it; the server serves all the same.
    let _ = writeln!(out, "SecureMailbox listens on {url}").and_then(|()| out.flush());
    supervisor.tell(State::Ready);
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
