//! From the socket to the router: places, TLS, limits on connections, and a drain at the end.

use std::{
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{
    config::NetworkLimits,
    flow::{Arriving, Leaving},
    mailroom::stopped,
    networks::Network,
    patience::{Overdue, Patience, Watched},
    shares::{Division, Shares},
    telemetry,
};

/// The head of a request, in bytes. Ours are under 1 KiB.
const HEAD: usize = 16 * 1024;
/// Requests at once on a connection of HTTP/2. The page has fewer under way, its event stream among them.
const STREAMS: u32 = 16;
/// What of a body HTTP/2 may send ahead of its being read, on one connection.
const WINDOW: u32 = 256 * 1024;
/// Connections that a network may have however many there are, as long as there are any.
const FEW: usize = 32;
/// How long all places are taken before it is said.
const FULL: Duration = Duration::from_secs(1);
/// How often the same trouble is said again.
const REMINDER: Duration = Duration::from_secs(60);

/// Who is at the other end of a connection: a person's device, or a proxy.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// How connections are taken.
pub struct Doors {
    /// What ends TLS, if the server does that itself.
    pub tls: Option<TlsAcceptor>,
    /// Without TLS and beyond loopback, only these may connect.
    pub only: Option<Vec<IpAddr>>,
    /// Peers whose connections are many people's, so that they are not counted as one network's.
    pub proxies: Arc<[IpAddr]>,
    /// How many connections are open at once, and how many of one network.
    pub places: Arc<Shares<Network>>,
    /// How long a connection may hold its place; another one counts from the next connection on.
    pub patience: watch::Receiver<Patience>,
}

/// The operator's connections, divided. The last quarter is for networks with few, so that those with many leave it to
/// everybody else.
#[must_use]
pub fn places(limits: &NetworkLimits) -> Division {
    let reserve = limits.connections / 4;
    let each = limits.connections_per_network.unwrap_or(limits.connections - reserve);
    Division { all: limits.connections, each, reserve, little: FEW.min(each) }
}

/// Serves until `stopping` turns true, then lets requests under way finish.
pub async fn serve(listener: TcpListener, router: Router, doors: Doors, mut stopping: watch::Receiver<bool>) {
    let places = doors.places;
    let mut connections = JoinSet::new();
    let (mut troubles, mut crowd) = (Troubles::default(), Trouble::default());
    loop {
        let (stream, peer) = tokio::select! {
            accepted = next(&listener, &places, &mut troubles) => accepted,
            // What is over is let go of.
            Some(_) = connections.join_next() => continue,
            () = stopped(&mut stopping) => break,
        };
        if doors.only.as_ref().is_some_and(|only| !is_expected(only, peer)) {
            continue;
        }
        let network = (!doors.proxies.contains(&peer.ip().to_canonical())).then(|| Network::of(peer.ip()));
        let Ok(place) = places.take(network, 1) else {
            metrics::counter!(telemetry::CONNECTIONS_REFUSED).increment(1);
            crowd.say(|| tracing::warn!("a network has as many connections as it may have, and more are closed"));
            continue;
        };
        let (doorman, tls, stopping) = (
            Doorman { router: router.clone(), patience: *doors.patience.borrow() },
            doors.tls.clone(),
            stopping.clone(),
        );
        connections.spawn(async move {
            let _place = place;
            if stream.set_nodelay(true).is_err() {
                return;
            }
            // What strangers do to their own connection is not our error.
            match tls {
                Some(tls) => {
                    if let Ok(Ok(stream)) = timeout(doorman.patience.head, tls.accept(stream)).await {
                        doorman.serve(stream, peer.ip(), stopping).await;
                    }
                }
                None => doorman.serve(stream, peer.ip(), stopping).await,
            }
        });
    }
    drop(listener);
    let drain = doors.patience.borrow().drain;
    let drained = timeout(drain, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(connections = connections.len(), "some requests were cut off");
    }
    // What is left goes with the set.
}

/// The next connection, once there is a place: with none free, the kernel's queue waits instead of our memory.
async fn next(listener: &TcpListener, places: &Shares<Network>, troubles: &mut Troubles) -> (TcpStream, SocketAddr) {
    loop {
        if timeout(FULL, places.room()).await.is_err() {
            troubles.full.say(|| tracing::warn!("all places for connections are taken, and others wait"));
            continue;
        }
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Out of file descriptors, most likely; spinning would not free one.
                metrics::counter!(telemetry::CONNECTIONS_FAILED).increment(1);
                troubles.failed.say(|| tracing::warn!(error = error.to_string(), "a connection could not be taken"));
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Why no connection comes. Each is said by itself, so that one does not hush the other.
#[derive(Default)]
struct Troubles {
    full: Trouble,
    failed: Trouble,
}

/// Something that goes on, and is said once in a while.
#[derive(Default)]
struct Trouble(Option<Instant>);

impl Trouble {
    fn say(&mut self, say: impl FnOnce()) {
        let now = Instant::now();
        if self.0.is_none_or(|said| now - said >= REMINDER) {
            self.0 = Some(now);
            say();
        }
    }
}

/// What a connection is served with.
struct Doorman {
    router: Router,
    patience: Patience,
}

impl Doorman {
    /// Serves one connection until its client, its time or the server is over.
    async fn serve<S>(self, stream: S, peer: IpAddr, mut stopping: watch::Receiver<bool>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { router, patience } = self;
        let builder = connection_builder(&patience);
        let watched = Watched::new();
        let service = service_fn(|request: Request<Incoming>| {
            let under_way = watched.begin();
            let mut request = request.map(|body| Body::new(Arriving::new(body, patience)));
            request.extensions_mut().insert(Peer(peer));
            let answer = router.clone().oneshot(request);
            async move { Ok::<_, Infallible>(answer.await?.map(|body| Leaving::new(body, under_way))) }
        });
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let overdue = tokio::select! {
            _ = connection.as_mut() => return,
            overdue = watched.overdue(&patience) => Some(overdue),
            () = stopped(&mut stopping) => None,
        };
        match overdue {
            // Its answers are not fetched, so a farewell would not be either.
            Some(Overdue::Stalled) => {}
            Some(Overdue::Idle) => {
                connection.as_mut().graceful_shutdown();
                // A request may have crossed the farewell; it has the time of any other to get going.
                let _ = timeout(patience.head, connection).await;
            }
            None => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    _ = connection => {}
                    _ = watched.overdue(&patience) => {}
                }
            }
        }
    }
}

fn is_expected(only: &[IpAddr], peer: SocketAddr) -> bool {
    let address = peer.ip().to_canonical();
    address.is_loopback() || only.contains(&address)
}

fn connection_builder(patience: &Patience) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD as u32)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_send_buf_size(WINDOW as usize)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(patience.head);
    builder
}
