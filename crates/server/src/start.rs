//! From a configuration to a server that answers, and to its end.

use std::{
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::DefaultBodyLimit, middleware, response::IntoResponse};
use metrics_exporter_prometheus::PrometheusHandle;
use rand::{RngCore, rngs::StdRng};
use securemailbox_protocol::{address::Address, problems::ProblemType, sealed::Purpose};
use securemailbox_site::Site;
use securemailbox_store::{
    Location, OpenError, Store, StoreError,
    meta::{InitMeta, MetaKey, ReadMeta},
    passkeys::{KeepHost, PasskeysElsewhere, PeopleElsewhere},
    pieces::Pieces,
    sign_in::CredentialsByAddress,
};
use tokio::{
    net::TcpListener,
    sync::watch,
    time::{Instant, sleep, timeout_at},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    api,
    bucket::Unfit,
    budgets,
    config::{Configuration, ConfigurationError},
    files,
    guard::{self, Proxies},
    jobs,
    listener::{self, Doors},
    mailroom::{Clock, Mailroom, Parts},
    notices::{self, DemoOutbox, SenderError, Senders},
    opaque::{OpaqueRefused, OpaqueServer},
    organisations::Organisations,
    origin::Origin,
    pages::{self, Demo, DemoAccount, health::Health},
    patience::Patience,
    problem::Problem,
    rates::Rates,
    reload::Reloader,
    seal::{Places, SealError, ServerSeal, Unsealed},
    shares::{Division, Shares},
    telemetry::{self, Gauges, NotCounting},
    tls::{Shown, TlsError},
    webauthn,
};

/// Connections to the metrics: a few scrapers, and one that hangs leaves room for the others.
const METRICS_PLACES: Division = Division { all: 16, each: 12, reserve: 4, little: 2 };

/// A mail server or a gateway that refuses does so within a second or two; whoever waits for a code should not wait longer.
const FIRST_TRY: Duration = Duration::from_secs(2);
/// How long the store may take to close at least, when everything else took all of the drain time.
const TO_CLOSE: Duration = Duration::from_secs(5);
/// How long is waited before the database is tried again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

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
    /// TLS 1.3 can't be had.
    #[error("TLS 1.3 can't be had: {0}")]
    TlsVersion(#[source] rustls::Error),
    /// The database can't be opened, or is that of a newer version.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Files can't be kept in the bucket that is configured.
    #[error(transparent)]
    Blobs(#[from] Unfit),
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
    /// The demo would show the codes of people who are none of its own.
    #[error(
        "the database {0} was not made by a demo, which would show every code: leave out --demo, or name an empty folder with --data"
    )]
    NotADemos(String),
    /// People have passkeys that work at another host only.
    #[error("{}", elsewhere(.host, .people))]
    OtherHost {
        /// The host that `public_url` has now.
        host: String,
        /// Whose passkeys are of which other host.
        people: Vec<PeopleElsewhere>,
    },
    /// A row that the seal should open does not open.
    #[error("the database was altered: {0}")]
    Unsealed(#[from] Unsealed),
    /// The seal opened the row of the OPAQUE set-up, and the bytes in it are no set-up.
    #[error("the database was altered: {0}")]
    Opaque(#[from] OpaqueRefused),
    /// The address is taken, or not ours.
    #[error("can't listen on {address}: {source}. Is another server running there? Choose another address in `{key}`")]
    Listen {
        /// The key that names it.
        key: &'static str,
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
    /// Nothing could be counted.
    #[error("metrics could not be set up: {0}")]
    Metrics(#[from] NotCounting),
}

impl StartError {
    /// Whether only the operator can mend it: starting again by itself would end alike.
    #[must_use]
    pub fn is_for_the_operator(&self) -> bool {
        match self {
            Self::Configuration(_)
            | Self::Sender(_)
            | Self::Tls(_)
            | Self::Seal(_)
            | Self::OtherSeal(_)
            | Self::NotADemos(_)
            | Self::OtherHost { .. } => true,
            Self::Open(error) => error.is_for_the_operator(),
            Self::Blobs(unfit) => unfit.is_for_the_operator(),
            Self::Store(_)
            | Self::Unsealed(_)
            | Self::Opaque(_)
            | Self::Listen { .. }
            | Self::Random
            | Self::Signal(_)
            | Self::Demo(_)
            | Self::Panicked
            | Self::TlsVersion(_)
            | Self::Metrics(_) => false,
        }
    }
}

/// A server that has its place on the network and serves once it is told to.
pub struct Server {
    mailroom: Mailroom,
    listener: TcpListener,
    metrics: Option<(TcpListener, PrometheusHandle)>,
    router: Router,
    doors: Doors,
    senders: Senders,
    stop: watch::Sender<bool>,
    configuration: Configuration,
    shown: Option<Arc<Shown>>,
    patience: watch::Sender<Patience>,
}

impl Server {
    /// Binds the address, opens store and seal, and waits as long as the database can't be reached.
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
        let shown = configuration.tls.as_ref().map(Shown::read).transpose()?;
        let tls = shown.clone().map(Shown::acceptor).transpose().map_err(StartError::TlsVersion)?;
        // Before any file is made: a second server at one address leaves nothing behind.
        let listener = bind("listen", configuration.listen).await?;
        let address = listener.local_addr().unwrap_or(configuration.listen);
        let metrics = match &configuration.metrics {
            Some(metrics) => Some((bind("metrics.listen", metrics.listen).await?, telemetry::start()?)),
            None => None,
        };
        let location = location(&configuration);
        let store = open_store(&location, &open_pieces(&configuration, &mut world.random).await?).await?;
        let seal = open_seal(&configuration, &location, &store, &mut world).await?;
        let opaque = open_opaque(&store, &seal, &mut world.random).await?;
        let origin = Origin::new(configuration.origin()?.as_deref(), address);
        settle_host(&store, webauthn::id_of(&origin.url()), &configuration.former_hosts).await?;
        let (stop, stopping) = watch::channel(false);
        let parts = Parts {
            store,
            seal,
            opaque,
            origin,
            rates: Rates::new(&configuration.limits, &configuration.quotas),
            registration: configuration.registration_policy(),
            organisations: Organisations::configured(&configuration).map_err(ConfigurationError::from)?,
            mail_from: senders.mail_from(),
            quota: configuration.quotas.of_a_mailbox(),
            largest_file: configuration.quotas.largest_file(),
            public_pages: configuration.public_pages,
            numbers: configuration.numbers()?,
            texts_a_day: configuration.texts_a_day(),
            first_try: FIRST_TRY,
            stopping,
        };
        let mailroom = Mailroom::new(parts, world.clock, world.random);
        let demo = world.demo.map(|accounts| Demo { outbox, accounts: accounts.into() });
        let site = configuration.pages(&mailroom.origin.url(), pages::fonts(), mailroom.now())?;
        let router = router(&mailroom, &configuration, site, demo);
        let only = (tls.is_none() && !address.ip().is_loopback()).then(|| configuration.proxies.clone());
        let places = Shares::new(listener::places(&configuration.limits));
        let (patience, of_connections) = watch::channel(Patience::new(&configuration.limits));
        let doors = Doors { tls, only, proxies: canonical(&configuration.proxies), places, patience: of_connections };
        let (version, url, database) = (env!("CARGO_PKG_VERSION"), mailroom.origin.url(), location.place());
        let data = configuration.data().display();
        tracing::info!(version, listen = %address, url, %data, database, tls = doors.tls.is_some(), "opened");
        if let Some(shown) = &shown {
            shown.warn_of_its_end(mailroom.now());
        }
        Ok(Self { mailroom, listener, metrics, router, doors, senders, stop, configuration, shown, patience })
    }

    /// What takes another configuration while the server runs.
    #[must_use]
    pub fn reloader(&self) -> Reloader {
        Reloader {
            configuration: self.configuration.clone(),
            mailroom: self.mailroom.clone(),
            shown: self.shown.clone(),
            places: Arc::clone(&self.doors.places),
            patience: self.patience.clone(),
        }
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
        let Self { mailroom, listener, metrics, router, doors, senders, stop, configuration, shown, .. } = self;
        tracing::info!("serving");
        let worker = tokio::spawn(notices::run(mailroom.clone(), senders));
        let jobs = tokio::spawn(jobs::run(mailroom.clone()));
        let patience = doors.patience.clone();
        if let Some((listener, handle)) = metrics {
            let folder = configuration.database.is_none().then(|| configuration.data().to_path_buf());
            let gauges = Gauges { mailroom: mailroom.clone(), places: Arc::clone(&doors.places), shown, folder };
            let router = gauges.router(handle);
            let (places, patience) = (Shares::new(METRICS_PLACES), patience.clone());
            let doors = Doors { tls: None, only: None, proxies: [].into(), places, patience };
            tokio::spawn(listener::serve(listener, router, doors, stop.subscribe()));
        }
        let served = tokio::spawn(listener::serve(listener, router, doors, stop.subscribe()));
        until.await;
        tracing::info!("stopping");
        stop.send_replace(true);
        let end = Instant::now() + patience.borrow().drain;
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
        if timeout_at(end.max(Instant::now() + TO_CLOSE), mailroom.store.close()).await.is_err() {
            // What was acknowledged is on disk; what was erased goes from the log when it is opened again.
            tracing::error!("the store did not close in time; the disk or the database does not answer");
        }
    }
}

/// The whole of what is served, dressed and guarded.
fn router(mailroom: &Mailroom, configuration: &Configuration, site: Site, demo: Option<Demo>) -> Router {
    let (api, _) = api::router();
    let proxies = Proxies(canonical(&configuration.proxies));
    let health = Health::default();
    pages::router(site, health.clone(), demo)
        .merge(api.layer(middleware::from_fn(budgets::weigh)))
        .method_not_allowed_fallback(async || Problem::new(ProblemType::MethodNotAllowed))
        .layer(middleware::from_fn_with_state((mailroom.clone(), proxies), guard::let_in))
        .merge(pages::health::router(health))
        // Bodies are limited where they are read, each by its own limit.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a request failed: its handler panicked, which is a bug");
            Problem::new(ProblemType::Internal).into_response()
        }))
        // Also of what was not let in, or broke.
        .layer(middleware::from_fn_with_state(mailroom.clone(), guard::count))
        .layer(middleware::from_fn_with_state(mailroom.clone(), guard::dress))
        .layer(middleware::from_fn_with_state(mailroom.clone(), guard::number))
        .with_state(mailroom.clone())
}

fn canonical(addresses: &[IpAddr]) -> Arc<[IpAddr]> {
    addresses.iter().map(IpAddr::to_canonical).collect()
}

async fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| StartError::Listen { key, address, source })
}

/// Where the configuration has the data.
pub(crate) fn location(configuration: &Configuration) -> Location {
    match &configuration.database {
        Some(url) => Location::Postgres(url.expose().to_owned()),
        None => Location::Sqlite(configuration.data().to_path_buf()),
    }
}

/// Where the configuration has the bytes of files. A bucket that does not answer now is one that files wait for, and letters do not.
async fn open_pieces(configuration: &Configuration, random: &mut StdRng) -> Result<Pieces, StartError> {
    let place = configuration.place_of_files()?;
    match place.try_out(random).await {
        Ok(()) => Ok(place.pieces()),
        Err(unfit) if unfit.is_for_the_operator() => Err(unfit.into()),
        Err(unfit) => {
            tracing::warn!(error = unfit.to_string(), "files can't be kept or read until it does");
            Ok(place.pieces())
        }
    }
}

/// Opens the store. A database that can't be reached is waited for: a machine starts its services in any order.
async fn open_store(location: &Location, pieces: &Pieces) -> Result<Store, OpenError> {
    let (mut pause, longest) = PAUSES;
    let mut is_said = false;
    loop {
        match Store::open(location.clone(), pieces.clone()).await {
            Err(error @ OpenError::Away { .. }) => {
                if !is_said {
                    tracing::warn!(error = error.to_string(), "waiting for the database");
                    is_said = true;
                }
                sleep(pause).await;
                pause = longest.min(pause * 2);
            }
            opened => return opened,
        }
    }
}

/// The seal, made if the database is new, refused if it is another database's.
async fn open_seal(
    configuration: &Configuration,
    location: &Location,
    store: &Store,
    world: &mut World,
) -> Result<ServerSeal, StartError> {
    let known = store.read(ReadMeta { key: MetaKey::SealId }).await?;
    let of_a_demo = store.read(ReadMeta { key: MetaKey::Demo }).await?.is_some();
    match (world.demo.is_some(), known.is_none()) {
        (true, true) => {
            store.write(InitMeta { key: MetaKey::Demo, value: vec![1] }).await?;
        }
        (true, false) if !of_a_demo => return Err(StartError::NotADemos(location.place())),
        (false, _) if of_a_demo => {
            tracing::warn!("this database was made by a demo, whose people's passwords everybody can read");
        }
        (true | false, _) => {}
    }
    let places = Places::new(configuration.seal.as_deref(), world.credentials.as_deref(), configuration.data());
    let found = places.read_or_make(known.is_none(), &mut world.random)?;
    let kept = store.write(InitMeta { key: MetaKey::SealId, value: found.seal.id().to_vec() }).await?;
    if kept != found.seal.id() {
        return Err(StartError::OtherSeal(found.path));
    }
    let (database, seal) = (location.place(), found.path.display().to_string());
    match (known.is_none(), found.is_new) {
        (true, true) => {
            tracing::info!(database, seal, "made a new database and a new seal: keep a copy of the seal elsewhere")
        }
        (true, false) => tracing::info!(database, seal, "made a new database for the seal that was there"),
        (false, _) => {}
    }
    if found.path.parent() == configuration.data().parent() {
        tracing::warn!(
            "the server seal shares the data's disk: it protects backups, not the disk. Set `seal` to a place of its own"
        );
    }
    Ok(found.seal)
}

/// Notes the host that passkeys are for. Where people have some of another one, they would be left behind unseen, so the
/// operator has to say that they are.
pub(crate) async fn settle_host(store: &Store, host: &str, given_up: &[String]) -> Result<(), StartError> {
    let found = store.read(PasskeysElsewhere { host: host.to_owned() }).await?;
    let (known, people): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| given_up.contains(&found.host));
    if !people.is_empty() {
        return Err(StartError::OtherHost { host: host.to_owned(), people });
    }
    if !known.is_empty() {
        let sum = |of: fn(&PeopleElsewhere) -> u64| known.iter().map(of).sum::<u64>();
        let (people, stranded) = (sum(|found| found.people), sum(|found| found.stranded));
        tracing::warn!(people, stranded, "passkeys of hosts that were given up count for nothing");
    }
    Ok(store.write(KeepHost(host.to_owned())).await?)
}

fn elsewhere(host: &str, people: &[PeopleElsewhere]) -> String {
    let of = |PeopleElsewhere { host, people, stranded }: &PeopleElsewhere| {
        format!("{host} ({people}, of whom {stranded} can sign in by nothing else)")
    };
    let (each, names): (Vec<_>, Vec<_>) = people.iter().map(|found| (of(found), format!("{:?}", found.host))).unzip();
    format!(
        "people have passkeys of another host than {host}, where they do not work: {}. Set `public_url` back; or give them up \
         with `former_hosts = [{}]`, and have their people add new ones",
        each.join(", "),
        names.join(", ")
    )
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
