//! From a configuration to a server that answers, and to its end.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode, middleware, response::IntoResponse};
use metrics_exporter_prometheus::PrometheusBuilder;
use rand::{RngCore, rngs::StdRng};
use securemailbox_protocol::{address::Address, problems::ProblemType, sealed::Purpose};
use securemailbox_store::{
    Location, OpenError, Store, StoreError,
    meta::{InitMeta, MetaKey, ReadMeta},
    sign_in::CredentialsByAddress,
};
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{Instant, timeout_at},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    api, budgets,
    config::{Configuration, ConfigurationError},
    files,
    guard::{self, Proxies},
    jobs,
    listener::{self, Doors, TlsError},
    mailroom::{Clock, Mailroom, Parts},
    notices::{self, DemoOutbox, SenderError, Senders},
    opaque::{OpaqueRefused, OpaqueServer},
    origin::Origin,
    pages::{self, Demo, DemoAccount},
    patience::Patience,
    problem::Problem,
    rates::Rates,
    seal::{self, SealError, ServerSeal, Unsealed},
    shares::Division,
};

/// Connections to the metrics: a few scrapers, and one that hangs leaves room for the others.
const METRICS_PLACES: Division = Division { all: 16, each: 12, reserve: 4, little: 2 };

/// What a server takes from outside besides its configuration.
pub struct World {
    /// The clock that everything here goes by.
    pub clock: Clock,
    /// Seeds every secret made here, so it comes from the operating system.
    pub random: StdRng,
    /// `$CREDENTIALS_DIRECTORY`, where systemd puts the seal.
    pub credentials: Option<PathBuf>,
    /// Makes it a demo, with these people.
    pub demo: Option<Vec<DemoAccount>>,
}

/// Why the server did not start. Its message is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration can't be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The mail server or the SMS gateway can't be used as it is configured.
    #[error(transparent)]
    Sender(#[from] SenderError),
    /// The files of the certificate or its key can't be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The database can't be opened, or is that of a newer version.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreError),
    /// The seal is missing or damaged.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The seal is another database's.
    #[error(
        "the server seal {0} belongs to another database. Restore the one this database was made with; a new one can't read it"
    )]
    OtherSeal(PathBuf),
    /// A row that the seal should open does not open.
    #[error("the database was altered: {0}")]
    Unsealed(#[from] Unsealed),
    /// The seal opened the row of the OPAQUE set-up, and the bytes in it are no set-up.
    #[error("the database was altered: {0}")]
    Opaque(#[from] OpaqueRefused),
    /// The address is taken, or not ours.
    #[error("can't listen on {address}: {source}. Is another server running there? Choose another with --listen")]
    Listen {
        /// The address that was to be listened on.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Random,
    /// The process can't be told of SIGTERM or Ctrl-C, and so could not end well.
    #[error("signals can't be heard: {0}")]
    Signal(#[source] io::Error),
    /// The people of the demo could not be made.
    #[error("the people of the demo could not be made: {0}")]
    Demo(String),
    /// A task of the server panicked, which is a bug.
    #[error("the server stopped by itself; this is a bug")]
    Panicked,
    /// Metrics were set up twice in one process.
    #[error("metrics could not be set up")]
    Metrics,
}

/// A server that has its place on the network and serves once it is told to.
pub struct Server {
    mailroom: Mailroom,
    listener: TcpListener,
    metrics: Option<(TcpListener, Router)>,
    router: Router,
    doors: Doors,
    senders: Senders,
    stop: watch::Sender<bool>,
}

impl Server {
    /// Opens store and seal, and binds the address.
    ///
    /// # Errors
    /// [`StartError`] says what the operator can do.
    pub async fn open(configuration: Configuration, mut world: World) -> Result<Self, StartError> {
        configuration.check(world.demo.is_some())?;
        configuration.limits.check_files(files::raise_limit())?;
        let outbox = DemoOutbox::default();
        let senders = match world.demo {
            Some(_) => Senders::demo_unless_configured(&configuration, &outbox)?,
            None => Senders::configured(&configuration)?,
        };
        let tls = configuration.tls.as_ref().map(listener::tls).transpose()?;
        let location = match &configuration.database {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(configuration.data.clone()),
        };
        let store = Store::open(location).await?;
        let seal = open_seal(&configuration, &store, &mut world).await?;
        let opaque = open_opaque(&store, &seal, &mut world.random).await?;
        let listener = bind(configuration.listen).await?;
        let address = listener.local_addr().unwrap_or(configuration.listen);
        let metrics = match &configuration.metrics {
            Some(metrics) => Some((bind(metrics.listen).await?, metrics_router()?)),
            None => None,
        };
        let (stop, stopping) = watch::channel(false);
        let parts = Parts {
            store,
            seal,
            opaque,
            origin: Origin::new(configuration.public_url.as_deref(), address),
            rates: Rates::new(&configuration.limits),
            registration: configuration.registration,
            stopping,
        };
        let mailroom = Mailroom::new(parts, world.clock, world.random);
        let demo = world.demo.map(|accounts| Demo { outbox, accounts: accounts.into() });
        let router = router(&mailroom, &configuration, demo);
        let only = (tls.is_none() && !address.ip().is_loopback()).then(|| configuration.proxies.clone());
        let places = listener::places(&configuration.limits);
        let patience = Patience::new(&configuration.limits);
        let doors = Doors { tls, only, proxies: canonical(&configuration.proxies), places, patience };
        Ok(Self { mailroom, listener, metrics, router, doors, senders, stop })
    }

    /// The URL that people type: `public_url`, or `localhost` with the port.
    #[must_use]
    pub fn url(&self) -> String {
        self.mailroom.origin.url()
    }

    /// Whether an address has a mailbox here, by which a demo knows whom it must still make.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn has_mailbox(&self, address: &Address) -> Result<bool, StoreError> {
        let address_lookup = self.mailroom.seal.address_look_up(address);
        Ok(self.mailroom.store.read(CredentialsByAddress { address_lookup }).await?.is_some())
    }

    /// Serves until `until` is over; then ends event streams, finishes requests under way, and closes the store.
    pub async fn serve(self, until: impl Future<Output = ()>) {
        let Self { mailroom, listener, metrics, router, doors, senders, stop } = self;
        tracing::info!(tls = doors.tls.is_some(), "serving");
        let worker = tokio::spawn(notices::run(mailroom.clone(), senders));
        let jobs = tokio::spawn(jobs::run(mailroom.clone()));
        let patience = doors.patience;
        if let Some((listener, router)) = metrics {
            let doors = Doors { tls: None, only: None, proxies: [].into(), places: METRICS_PLACES, patience };
            tokio::spawn(listener::serve(listener, router, doors, stop.subscribe()));
        }
        let served = tokio::spawn(listener::serve(listener, router, doors, stop.subscribe()));
        until.await;
        tracing::info!("stopping");
        stop.send_replace(true);
        let end = Instant::now() + patience.drain;
        if served.await.is_err() {
            tracing::error!("a part of the server did not stop as it should");
        }
        for mut task in [worker, jobs] {
            match timeout_at(end, &mut task).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => tracing::error!("a part of the server did not stop as it should"),
                Err(_) => {
                    // A notice that waits for a slow mail server; it is still in the outbox, and goes out after the next start.
                    tracing::warn!("something that was being done was cut off");
                    task.abort();
                }
            }
        }
        mailroom.store.close().await;
    }
}

/// The whole of what is served, dressed and guarded.
fn router(mailroom: &Mailroom, configuration: &Configuration, demo: Option<Demo>) -> Router {
    let (api, _) = api::router();
    let proxies = Proxies(canonical(&configuration.proxies));
    pages::router(demo)
        .merge(api.layer(middleware::from_fn(budgets::weigh)))
        .method_not_allowed_fallback(async || Problem::new(ProblemType::MethodNotAllowed))
        .layer(middleware::from_fn(guard::count))
        .layer(middleware::from_fn_with_state((mailroom.clone(), proxies), guard::let_in))
        .merge(pages::health().layer(middleware::from_fn(guard::count)))
        // Bodies are limited where they are read, each by its own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|_| Problem::new(ProblemType::Internal).into_response()))
        .layer(middleware::from_fn_with_state(mailroom.clone(), guard::dress))
        .with_state(mailroom.clone())
}

fn canonical(addresses: &[IpAddr]) -> Arc<[IpAddr]> {
    addresses.iter().map(IpAddr::to_canonical).collect()
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })
}

#[expect(clippy::disallowed_methods, reason = "metrics are no part of the API's document")]
fn metrics_router() -> Result<Router, StartError> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| StartError::Metrics)?;
    let render = move || {
        let handle = handle.clone();
        async move {
            handle.run_upkeep();
            (StatusCode::OK, [(axum::http::header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render())
        }
    };
    Ok(Router::new().route("/metrics", axum::routing::get(render)))
}

/// The seal, made if the database is new, refused if it is another database's.
async fn open_seal(configuration: &Configuration, store: &Store, world: &mut World) -> Result<ServerSeal, StartError> {
    let known = store.read(ReadMeta { key: MetaKey::SealId }).await?;
    let (seal, path) = seal::read_or_make(
        configuration.seal.as_deref(),
        world.credentials.as_deref(),
        &configuration.data,
        known.is_none(),
        &mut world.random,
    )?;
    let kept = store.write(InitMeta { key: MetaKey::SealId, value: seal.id().to_vec() }).await?;
    if kept != seal.id() {
        return Err(StartError::OtherSeal(path));
    }
    if path.parent() == configuration.data.parent() {
        tracing::warn!(
            "the server seal shares the data's disk: it protects backups, not the disk. Set `seal` to a place of its own"
        );
    }
    Ok(seal)
}

/// The OPAQUE seed and key pair, made once.
async fn open_opaque(store: &Store, seal: &ServerSeal, random: &mut StdRng) -> Result<OpaqueServer, StartError> {
    let nobody = [0; 16];
    // Randomness of its own, so that what is made and thrown away at each start does not hang on what is made later.
    let mut own = [0; 32];
    random.fill_bytes(&mut own);
    let mut own = <StdRng as rand::SeedableRng>::from_seed(own);
    let fresh = OpaqueServer::generate(&mut own).to_bytes();
    let value = seal.seal(Purpose::OpaqueSetup, nobody, nobody, &fresh, &mut own);
    let kept = store.write(InitMeta { key: MetaKey::OpaqueSetup, value }).await?;
    let opened = seal.open(Purpose::OpaqueSetup, nobody, nobody, &kept)?;
    Ok(OpaqueServer::from_bytes(&opened)?)
}
