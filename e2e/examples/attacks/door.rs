//! The way to the server: in the clear or by TLS under an authority of one's own, from an IPv4 address or an IPv6 one.

use std::{
    fs,
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::Duration,
};

use reqwest::{Certificate, Client, ClientBuilder};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    version::TLS13,
};
use securemailbox_e2e::{authority::Authority, outage::free_port, server::Start};

/// The only name in the certificate.
const NAME: &str = "localhost";
/// How long a connection or a handshake may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// How the server is reached.
#[derive(Clone, Copy, Default)]
pub struct Manner {
    /// The server ends TLS.
    pub tls: bool,
    /// The attacker comes by IPv6, and the other person as before.
    pub ipv6: bool,
}

/// Where a server is reached.
pub struct Door {
    port: u16,
    attackers: IpAddr,
    url: String,
    authority: Option<Vec<u8>>,
    tls: Option<Arc<ClientConfig>>,
}

impl Door {
    /// A door, and the server with it. `proxied`: what comes from the attacker's address came through a proxy.
    pub fn of(start: Start, manner: Manner, proxied: bool, folder: &Path) -> (Self, Start) {
        let port = free_port();
        let (listen, attackers) = match manner.ipv6 {
            true => (IpAddr::from(Ipv6Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::LOCALHOST)),
            false => (IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv4Addr::LOCALHOST)),
        };
        let url = format!("{}://{NAME}:{port}", if manner.tls { "https" } else { "http" });
        let mut start = Start { listen: SocketAddr::new(listen, port).to_string(), ..start }.with("PUBLIC_URL", &url);
        if proxied {
            start = start.with("PROXIES", &format!("[\"{attackers}\"]"));
        } else if manner.ipv6 && !manner.tls {
            // Beyond loopback the server speaks in the clear to a proxy only. Nobody has this address.
            start = start.with("PROXIES", "[\"192.0.2.1\"]");
        }
        let mut door = Self { port, attackers, url, authority: None, tls: None };
        if manner.tls {
            let authority = Authority::new(folder, "authority");
            let identity = authority.issue(NAME, 2);
            let text = |path: &Path| path.to_str().expect("a path of text").to_owned();
            start = start.with("TLS__CERT", &text(&identity.cert)).with("TLS__KEY", &text(&identity.key));
            let certificate = fs::read(authority.cert()).expect("it was made");
            door.tls = Some(who_believes(&certificate));
            door.authority = Some(certificate);
        }
        (door, start)
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its name, as requests name it.
    pub fn host(&self) -> String {
        format!("{NAME}:{}", self.port)
    }

    /// A client of the attacker's.
    pub fn client(&self) -> ClientBuilder {
        self.client_to(self.attackers)
    }

    /// A client of somebody in another network.
    pub fn client_of_another(&self) -> ClientBuilder {
        self.client_to(Ipv4Addr::LOCALHOST.into()).local_address(Some(Ipv4Addr::new(127, 0, 0, 2).into()))
    }

    fn client_to(&self, address: IpAddr) -> ClientBuilder {
        let client = Client::builder().resolve(NAME, SocketAddr::new(address, 0));
        match &self.authority {
            Some(pem) => client.tls_certs_only([Certificate::from_pem(pem).expect("a certificate")]),
            None => client,
        }
    }

    /// A connection of the attacker's that sends octets as they are, from below TLS.
    pub fn connect_bare(&self) -> Option<Line> {
        let stream = self.stream()?;
        stream.set_nonblocking(true).ok()?;
        Some(Line::Clear(stream))
    }

    /// A connection of the attacker's, by TLS where the server wants that.
    pub fn connect(&self) -> Option<Line> {
        let Some(tls) = &self.tls else { return self.connect_bare() };
        let mut stream = self.stream()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let mut tls = ClientConnection::new(Arc::clone(tls), ServerName::try_from(NAME).ok()?).ok()?;
        // All of it is taken at once, like a large piece is by the kernel.
        tls.set_buffer_limit(None);
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).ok()?;
        }
        stream.set_nonblocking(true).ok()?;
        Some(Line::Tls(Box::new(StreamOwned::new(tls, stream))))
    }

    fn stream(&self) -> Option<TcpStream> {
        TcpStream::connect_timeout(&SocketAddr::new(self.attackers, self.port), PATIENCE).ok()
    }
}

fn who_believes(certificate: &[u8]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate).expect("PEM")).expect("a certificate");
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let client = client.with_protocol_versions(&[&TLS13]).expect("TLS 1.3 is known");
    Arc::new(client.with_root_certificates(roots).with_no_client_auth())
}

/// A connection on which nothing is waited for.
pub enum Line {
    Clear(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Clear(stream) => stream.write(octets),
            Self::Tls(stream) => stream.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Clear(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}
