//! Which PostgreSQL server is meant and how it is reached: by a socket or loopback as it is, beyond this machine by TLS
//! only, with the certificate checked for the server's name.

use std::{error::Error as _, fmt::Write as _, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use percent_encoding::percent_decode_str;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use tokio_postgres::{
    Client, Config, Connection, Error, Socket,
    config::{Host, SslMode},
    error::SqlState,
};

use super::tls::{Encrypted, Tls};
use crate::{OpenError, store::Refusal};

/// How long the network may take to bring something across, unless `connect_timeout` and `tcp_user_timeout` say otherwise:
/// else a cable that was pulled would hold every request for a quarter of an hour.
const ACROSS_WITHIN: Duration = Duration::from_secs(10);

/// A database of PostgreSQL, and the way to it.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// Host and database, as messages name them: no user and no password.
    pub(super) place: String,
}

impl Target {
    /// Reads a URL or key-value parameters as libpq knows them; `sslrootcert` names the certificates that are trusted in
    /// place of the system's.
    ///
    /// # Errors
    /// [`OpenError::Url`], or [`OpenError::Postgres`] where the letters' times and readers would travel in clear.
    pub(super) fn parse(text: &str) -> Result<Self, OpenError> {
        let Asked { rest, mode, roots } = Asked::parse(text).ok_or(OpenError::Url)?;
        let mut config: Config = rest.parse().map_err(|_| OpenError::Url)?;
        // Else it would be asked for when connecting, in words that name no key of ours.
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(OpenError::Url);
        }
        let place = place(&config);
        let refused = |why| OpenError::Postgres { place: place.clone(), why };
        let encrypted = match mode.as_deref() {
            // Nothing weaker than this one keeps a stranger in between out.
            Some("require" | "verify-ca" | "verify-full") => true,
            None => !stays_here(&config),
            Some("disable" | "allow" | "prefer") if stays_here(&config) => false,
            Some("disable" | "allow" | "prefer") => return Err(refused(Refusal::InClear)),
            Some(_) => return Err(OpenError::Url),
        };
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(ACROSS_WITHIN);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(ACROSS_WITHIN);
        }
        config.ssl_mode(if encrypted { SslMode::Require } else { SslMode::Disable });
        let trusted = if encrypted { trusted(roots).map_err(refused)? } else { RootCertStore::empty() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(Refusal::Tls(error.to_string())))?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Self { config, tls: Tls::new(client), place })
    }

    /// A connection of its own.
    pub(super) async fn connect(&self) -> Result<(Client, Connection<Socket, Encrypted<Socket>>), Error> {
        self.config.connect(self.tls.clone()).await
    }

    /// Why the database does not let us in.
    pub(super) fn refusal(&self, error: &Error) -> OpenError {
        let place = self.place.clone();
        let why = match error.code() {
            Some(code) if is_away(code) || *code == SqlState::TOO_MANY_CONNECTIONS => {
                return OpenError::Away { place, why: format!("it answers {}", code.code()) };
            }
            Some(&SqlState::INVALID_PASSWORD) => Refusal::Password,
            Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION) => Refusal::NotAdmitted,
            Some(&SqlState::INVALID_CATALOG_NAME) => Refusal::NoDatabase,
            Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Refusal::NotOwner,
            Some(code) => Refusal::Failed(code.code().to_owned()),
            None => match cause(error) {
                Cause::Tls(words) => Refusal::Tls(words),
                Cause::Incomplete(words) => Refusal::Incomplete(words),
                Cause::Network(why) => return OpenError::Away { place, why },
            },
        };
        OpenError::Postgres { place, why }
    }
}

/// Whether the server is going away or coming back, so that the same may be tried again.
pub(super) fn is_away(code: &SqlState) -> bool {
    [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW].contains(code)
        || code.code().starts_with("08")
}

/// What an error without a code of PostgreSQL's is about. Its words come from the system and from TLS, and quote no row.
enum Cause {
    Tls(String),
    Incomplete(String),
    Network(String),
}

fn cause(error: &Error) -> Cause {
    let said = error.to_string();
    let mut deepest: &(dyn std::error::Error + 'static) = error;
    let mut is_tls = said.starts_with("error performing TLS handshake");
    while let Some(source) = deepest.source().or_else(|| wrapped(deepest)) {
        deepest = source;
        is_tls |= deepest.is::<rustls::Error>();
    }
    let words = deepest.to_string();
    // The driver does not tell this kind apart in any other way.
    if said.starts_with("invalid configuration") {
        Cause::Incomplete(error.source().map_or(said, ToString::to_string))
    } else if is_tls {
        Cause::Tls(words)
    } else {
        Cause::Network(words)
    }
}

/// What an `io::Error` wraps, which is not among its sources.
fn wrapped<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    error.downcast_ref::<std::io::Error>()?.get_ref().map(|wrapped| wrapped as _)
}

/// Certificates that may vouch for the server.
fn trusted(roots: Option<PathBuf>) -> Result<RootCertStore, Refusal> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(file) => {
            let read = match file.is_absolute() {
                true => {
                    CertificateDer::pem_file_iter(&file).and_then(Iterator::collect).map_err(|error| error.to_string())
                }
                false => Err("it must be an absolute path".to_owned()),
            };
            let certificates: Vec<_> = match read {
                Ok(certificates) => certificates,
                Err(why) => return Err(Refusal::Roots { file, why }),
            };
            if store.add_parsable_certificates(certificates).0 == 0 {
                return Err(Refusal::Roots { file, why: "it holds no certificate in PEM form".into() });
            }
        }
        None => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(store)
}

/// Whether nothing leaves this machine.
fn stays_here(config: &Config) -> bool {
    let local = |host: &Host| match host {
        Host::Tcp(name) => {
            name == "localhost" || name.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(local) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn place(config: &Config) -> String {
    let hosts: Vec<_> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(number, host)| {
            // One port is every host's.
            let ports = config.get_ports();
            let port = ports.get(number).or(ports.first()).filter(|port| **port != 5432);
            match (host, port) {
                (Host::Tcp(name), Some(port)) => format!("{name}:{port}"),
                (Host::Tcp(name), None) => name.clone(),
                (Host::Unix(path), _) => path.display().to_string(),
            }
        })
        .collect();
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("{database} on {}", hosts.join(","))
}

/// What the text says of TLS, and the rest of it, since the driver knows fewer words for it than libpq.
struct Asked {
    rest: String,
    mode: Option<String>,
    roots: Option<PathBuf>,
}

impl Asked {
    fn parse(text: &str) -> Option<Self> {
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if is_url { Self::of_url(text) } else { Self::of_pairs(text) }
    }

    fn of_url(url: &str) -> Option<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut asked = Self { rest: base.to_owned(), mode: None, roots: None };
        let mut separator = '?';
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=')?;
            let value = percent_decode_str(value).decode_utf8().ok()?;
            if !asked.take(key, &value) {
                let _ = write!(asked.rest, "{separator}{pair}");
                separator = '&';
            }
        }
        Some(asked)
    }

    fn of_pairs(text: &str) -> Option<Self> {
        let mut asked = Self { rest: String::new(), mode: None, roots: None };
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (key, after) = rest.split_once('=')?;
            let key = key.trim();
            let (value, after) = value(after.trim_start())?;
            if !asked.take(key, &value) {
                let value = value.replace('\\', r"\\").replace('\'', r"\'");
                let _ = write!(asked.rest, "{key}='{value}' ");
            }
            rest = after.trim_start();
        }
        Some(asked)
    }

    /// Whether it is about TLS, and so taken.
    fn take(&mut self, key: &str, value: &str) -> bool {
        match key {
            "sslmode" => self.mode = Some(value.to_owned()),
            // The word that libpq has for the system's own.
            "sslrootcert" => self.roots = (value != "system").then(|| PathBuf::from(value)),
            _ => return false,
        }
        true
    }
}

/// A value, perhaps in single quotes, with `\` before what is meant as it is (libpq, "Keyword/Value Connection Strings").
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.strip_prefix('\'');
    let mut value = String::new();
    let mut letters = quoted.unwrap_or(text).char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.push(letters.next()?.1),
            '\'' if quoted.is_some() => return Some((value, letters.as_str())),
            space if quoted.is_none() && space.is_whitespace() => return Some((value, &text[at..])),
            other => value.push(other),
        }
    }
    quoted.is_none().then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(text: &str) -> Result<SslMode, String> {
        Target::parse(text).map(|target| target.config.get_ssl_mode()).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_leaves_this_machine_in_clear() {
        for here in [
            "postgresql://s@localhost/s",
            "postgresql://s@127.0.0.1:5433/s?sslmode=prefer",
            "postgresql://s@%2Frun%2Fpostgresql/s?sslmode=disable",
            "host=/run/postgresql user=s dbname=s",
        ] {
            assert_eq!(mode(here), Ok(SslMode::Disable), "{here}");
        }
        for away in [
            "postgresql://s@db.example.se/s",
            "postgresql://s@db.example.se/s?sslmode=require",
            "postgresql://s@10.0.0.7/s?application_name=x&sslmode=verify-ca",
            "host=localhost hostaddr=10.0.0.7 user=s",
            "host=/run/postgresql,db.example.se user=s sslmode = 'verify-full'",
            "postgresql://s@localhost/s?sslmode=verify-full",
        ] {
            assert_eq!(mode(away), Ok(SslMode::Require), "{away}");
        }
        for weak in ["disable", "allow", "prefer"] {
            let refused = mode(&format!("host=db.example.se user=s sslmode={weak}")).unwrap_err();
            assert!(refused.contains("sslmode=verify-full") && refused.contains("db.example.se"), "{refused}");
        }
    }

    #[test]
    fn what_is_not_about_tls_reaches_the_driver_as_it_was() {
        for text in [
            r"host=localhost password='it\'s \\ here' sslmode=disable user = s connect_timeout=3",
            "postgresql://s:it%27s%20%5C%20here@localhost?sslmode=disable&connect_timeout=3",
        ] {
            let config = Target::parse(text).map(|target| target.config).ok().unwrap();
            assert_eq!(config.get_password(), Some(&b"it's \\ here"[..]), "{text}");
            assert_eq!(config.get_connect_timeout(), Some(&std::time::Duration::from_secs(3)), "{text}");
        }
        for broken in [
            "",
            "postgresql://",
            "user=s",
            "host='localhost",
            "host",
            "postgresql://s@localhost?sslmode",
            "host=a sslmode=perhaps",
        ] {
            assert!(matches!(Target::parse(broken), Err(OpenError::Url)), "{broken}");
        }
    }

    #[test]
    fn a_file_of_roots_that_is_none_is_named() {
        let refused = mode("host=db.example.se user=s sslrootcert=/nowhere/ca.pem").unwrap_err();
        assert!(refused.contains("/nowhere/ca.pem"), "{refused}");
        let refused = mode("host=db.example.se user=s sslrootcert=ca.pem").unwrap_err();
        assert!(refused.contains("absolute"), "{refused}");
    }

    #[test]
    fn a_place_names_neither_user_nor_password() {
        for (url, place) in [
            ("postgresql://somebody:hemligt@localhost/post", "post on localhost"),
            ("postgresql://somebody:hemligt@db.example.se:5433/post", "post on db.example.se:5433"),
            ("host=/run/postgresql,127.0.0.1 user=somebody password=hemligt", "somebody on /run/postgresql,127.0.0.1"),
        ] {
            assert_eq!(Target::parse(url).ok().unwrap().place, place);
            assert!(!format!("{:?}", crate::Location::Postgres(url.into())).contains("hemligt"));
        }
    }
}
