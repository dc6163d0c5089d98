//! From the socket to the router: TLS, limits on connections, and a drain at the end.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, extract::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::{config::Tls, mailroom::stopped};

/// How long a stranger may take to shake hands or to send a request's head.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long requests under way may take when the server stops.
const DRAIN: Duration = Duration::from_secs(10);
/// The head of a request, in bytes. Ours are under 1 KiB.
const HEAD: usize = 16 * 1024;

/// Who is at the other end of a connection: a person's device, or a proxy.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// How connections are taken.
pub struct Doors {
    /// What ends TLS, if the server does that itself.
    pub tls: Option<TlsAcceptor>,
    /// Without TLS and beyond loopback, only these may connect.
    pub only: Option<Vec<IpAddr>>,
    /// The most connections that are open at once.
    pub connections: usize,
}

/// The TLS files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// They can't be read, or are not PEM.
    #[error("`tls.cert` or `tls.key` could not be read as PEM: {0}")]
    Pem(#[source] rustls::pki_types::pem::Error),
    /// They don't fit each other.
    #[error("`tls.cert` and `tls.key` do not make a TLS identity: {0}")]
    Identity(#[source] rustls::Error),
}

/// TLS 1.3 only, X25519MLKEM768 first (PROTOCOL §9).
///
/// # Errors
/// [`TlsError`] says which file.
pub fn tls(files: &Tls) -> Result<TlsAcceptor, TlsError> {
    let chain = CertificateDer::pem_file_iter(&files.cert).and_then(Iterator::collect).map_err(TlsError::Pem)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(TlsError::Pem)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(TlsError::Identity)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Identity)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves until `stopping` turns true, then lets requests under way finish.
pub async fn serve(listener: TcpListener, router: Router, doors: Doors, mut stopping: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(doors.connections));
    let builder = connection_builder();
    loop {
        // A place first: with none free, the kernel's queue waits instead of our memory.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely; spinning would not free one.
                    tracing::warn!(error = error.to_string(), "a connection could not be taken");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            () = stopped(&mut stopping) => break,
        };
        if doors.only.as_ref().is_some_and(|only| !is_expected(only, peer)) {
            continue;
        }
        let watcher = graceful.watcher();
        let (builder, router, acceptor) = (builder.clone(), router.clone(), doors.tls.clone());
        tokio::spawn(async move {
            let _place = place;
            let service = TowerToHyperService::new(router.map_request(move |request: Request<Incoming>| {
                let mut request = request.map(axum::body::Body::new);
                request.extensions_mut().insert(Peer(peer.ip()));
                request
            }));
            if stream.set_nodelay(true).is_err() {
                return;
            }
            // What strangers do to their own connection is not our error.
            match acceptor {
                Some(acceptor) => {
                    if let Ok(Ok(stream)) = timeout(HEAD_PATIENCE, acceptor.accept(stream)).await {
                        let _ = watcher
                            .watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned())
                            .await;
                    }
                }
                None => {
                    let _ = watcher
                        .watch(
                            builder
                                .serve_connection_with_upgrades(TokioIo::<TcpStream>::new(stream), service)
                                .into_owned(),
                        )
                        .await;
                }
            }
        });
    }
    drop(listener);
    if timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests were cut off");
    }
}

fn is_expected(only: &[IpAddr], peer: SocketAddr) -> bool {
    let address = peer.ip().to_canonical();
    address.is_loopback() || only.contains(&address)
}

fn connection_builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(HEAD);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD as u32)
        .max_concurrent_streams(64)
        .keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(HEAD_PATIENCE);
    builder
}
