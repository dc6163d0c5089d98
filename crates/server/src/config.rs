//! The operator's configuration: one TOML file, and the environment over it. Unknown keys are refused.

mod checks;
mod files;
mod public_pages;
mod quotas;
mod reading;
mod site;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use securemailbox_protocol::{
    address::{Address, Domain},
    problems::ProblemType,
};
use securemailbox_site::Own;
use serde::{Deserialize, Serialize};
use zeroize::ZeroizeOnDrop;

pub use crate::networks::NamedNetwork;
use crate::numbers::Numbers;
pub use checks::ConfigurationError;
pub use files::{PlaceOfFiles, S3};
pub use public_pages::PublicPages;
pub use quotas::Quotas;
pub use reading::{Defaults, Unreadable};

/// Everything an operator can choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// The address people type, such as `https://mail.example.se`: our origin. Needed beyond loopback.
    pub public_url: Option<String>,
    /// Hosts that `public_url` had before, whose passkeys are given up. Without them here, a server whose people have passkeys
    /// of another host does not start.
    pub former_hosts: Vec<String>,
    /// The address and port that the server listens on.
    pub listen: SocketAddr,
    /// The data folder: the SQLite database, and the room that is set aside for a full disk. Only a demo has a default.
    pub data: Option<PathBuf>,
    /// A PostgreSQL URL; without one, SQLite in the data folder.
    pub database: Option<Secret>,
    /// The bucket for the files of letters, as `s3://BUCKET/PREFIX`; without one, `blobs` in the data folder.
    pub blobs: Option<String>,
    /// Who may use that bucket, and where it is.
    pub s3: Option<S3>,
    /// The file of the server seal; without one, a systemd credential or `DATA.seal`.
    pub seal: Option<PathBuf>,
    /// TLS from files; without it, plain HTTP on loopback or behind a proxy.
    pub tls: Option<Tls>,
    /// Addresses of reverse proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// The mail server for codes and notices.
    pub mail: Option<Mail>,
    /// The SMS gateway for codes.
    pub sms: Option<Sms>,
    /// The listener for Prometheus; without one, nothing is measured.
    pub metrics: Option<Metrics>,
    /// Who may ask for a mailbox of their own.
    pub registration: RegistrationKind,
    /// With `registration = "domains"`, the domains of the addresses that may.
    pub registration_domains: Vec<String>,
    /// Who is shown as a verified sender: organisations whose name the operator vouches for.
    pub organisations: Vec<NamedOrganisation>,
    /// The DNS resolver that is asked for their records, such as `192.0.2.53:53`; without one, those of the system.
    pub resolver: Option<SocketAddr>,
    /// What is logged.
    pub log: Log,
    /// Who runs the service: named in notices and on the pages that must say so.
    pub operator: Operator,
    /// What one network may ask for.
    pub limits: NetworkLimits,
    /// What one mailbox may hold and send.
    pub quotas: Quotas,
    /// What strangers may write by the public pages of members.
    pub public_pages: PublicPages,
    /// What the pages that anybody may read say of the operator.
    pub site: Own,
}

/// Certificate chain and key, PEM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The file with the certificate chain, PEM, leaf first.
    pub cert: PathBuf,
    /// The file with the private key of the leaf, PEM.
    pub key: PathBuf,
}

/// How the server reaches the mail server.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtps://user:password@host:465` (TLS) or `smtp://user:password@host:587` (STARTTLS, required). Plain SMTP only to
    /// loopback.
    pub url: String,
    /// The From of every e-mail, such as `SecureMailbox <noreply@example.se>`.
    pub from: String,
    /// The name that the mail server is greeted with (EHLO); without one, the host of `public_url`.
    #[serde(default)]
    pub hello: Option<String>,
}

/// An SMS gateway spoken to by HTTP: one request a message, made from a template.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "lowercase")]
pub enum Sms {
    /// A POST. `{to}` and `{text}` in the body stand for number and text, escaped as the content type wants.
    Http {
        /// The gateway's address; `https`, except on this machine.
        url: String,
        /// `application/json` or `application/x-www-form-urlencoded`.
        content_type: String,
        /// The value of `Authorization`, if any.
        #[serde(default)]
        authorization: Option<String>,
        /// The body of each request, with `{to}` and `{text}` in it.
        body: String,
        /// The countries to whose numbers SMS are sent, by their two letters (ISO 3166-1); without any, the operator's.
        #[serde(default)]
        countries: Vec<String>,
        /// SMS in a day, to everybody together. People without a mailbox take no more than half of them.
        #[serde(default = "texts_a_day")]
        a_day: u32,
    },
}

const fn texts_a_day() -> u32 {
    1000
}

/// Prometheus metrics on a listener of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Where; nobody is asked for a password there, so not on a public address.
    pub listen: SocketAddr,
}

/// Who may ask for a mailbox of their own, as the file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationKind {
    /// Anyone with an address and a phone.
    #[default]
    Open,
    /// Those whose address is of one of `registration_domains`.
    Domains,
    /// Nobody; those who have a mailbox go on as before.
    Closed,
}

/// Who may ask for a mailbox of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistrationPolicy {
    /// Anyone with an address and a phone.
    Open,
    /// Those whose address is of one of these domains. Below one is another one.
    Domains(Vec<Domain>),
    /// Nobody; those who have a mailbox go on as before.
    Closed,
}

impl RegistrationPolicy {
    /// Whether somebody with this address may ask.
    ///
    /// # Errors
    /// [`ProblemType::RegistrationClosed`], [`ProblemType::OtherDomain`].
    pub fn admits(&self, address: &Address) -> Result<(), ProblemType> {
        match self {
            Self::Open => Ok(()),
            Self::Domains(domains) => {
                if domains.contains(&address.domain()) {
                    Ok(())
                } else {
                    Err(ProblemType::OtherDomain)
                }
            }
            Self::Closed => Err(ProblemType::RegistrationClosed),
        }
    }
}

/// An organisation whose people are shown as verified senders (PROTOCOL §5): the operator vouches for the name, DNS for each domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedOrganisation {
    /// Its name, as people know it.
    pub name: String,
    /// Its domains. Whose address is of one of them writes for it; below one is another one.
    pub domains: Vec<String>,
    /// Whether an e-mail about a letter by a link may name it, which tells the reader's mail provider who writes to them.
    #[serde(default)]
    pub in_notices: bool,
}

/// What is logged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The least that is worth a line.
    pub level: LogLevel,
}

/// How much a line of the log matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Something failed that should not.
    Error,
    /// Something needs the operator before long.
    Warn,
    /// What a server does by itself.
    #[default]
    Info,
    /// More than that.
    Debug,
}

/// Who runs the service, for the pages that must say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operator {
    /// The operator's name, as notices say it.
    pub name: String,
    /// Where a person can ask the operator: an address or a URL.
    pub contact: String,
    /// The country of the operator, in which the data lies: two letters (ISO 3166-1).
    pub country: String,
}

impl Default for Operator {
    fn default() -> Self {
        Self { name: String::new(), contact: String::new(), country: "SE".into() }
    }
}

/// What one network (an IPv4 address, an IPv6 /64) may ask for, and for how long a connection waits. An IPv6 /56 may ask for
/// 4 times as much, a /48 for 16 times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkLimits {
    /// Requests a second, on average; bursts of ten times as many.
    pub requests_a_second: u32,
    /// Sign-ins, registrations and recoveries that are begun at once, as at eight o'clock.
    pub entrances_at_once: u32,
    /// The same, in a day after that.
    pub entrances_a_day: u32,
    /// Networks that many people share, and that may ask for more.
    pub networks: Vec<NamedNetwork>,
    /// Connections at once, all networks together.
    pub connections: usize,
    /// Connections of one network at once; without a number, three quarters of `connections`.
    pub connections_per_network: Option<usize>,
    /// How long a new connection may take until its first request is there, and a request's head.
    pub head_seconds: u32,
    /// How long a connection without a request is kept.
    pub idle_seconds: u32,
    /// How long nothing may move in a body that is sent, or in an answer that is fetched.
    pub stall_seconds: u32,
    /// How long requests under way may take when the server stops.
    pub drain_seconds: u32,
}

impl Default for NetworkLimits {
    fn default() -> Self {
        Self {
            requests_a_second: 200,
            entrances_at_once: 5000,
            entrances_a_day: 10_000,
            networks: Vec::new(),
            connections: 8192,
            connections_per_network: None,
            head_seconds: 10,
            idle_seconds: 60,
            stall_seconds: 60,
            drain_seconds: 10,
        }
    }
}

impl NetworkLimits {
    /// A demo's: everybody in it, and every test, comes from this machine.
    fn of_a_demo() -> Self {
        let this_machine = NamedNetwork {
            name: "this machine".into(),
            addresses: vec!["127.0.0.0/8".into(), "::1".into()],
            times: 1000,
        };
        Self { networks: vec![this_machine], ..Self::default() }
    }
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            public_url: None,
            former_hosts: Vec::new(),
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8025),
            data: None,
            database: None,
            blobs: None,
            s3: None,
            seal: None,
            tls: None,
            proxies: Vec::new(),
            mail: None,
            sms: None,
            metrics: None,
            registration: RegistrationKind::default(),
            registration_domains: Vec::new(),
            organisations: Vec::new(),
            resolver: None,
            log: Log::default(),
            operator: Operator::default(),
            limits: NetworkLimits::default(),
            quotas: Quotas::default(),
            public_pages: PublicPages::default(),
            site: Own::default(),
        }
    }
}

// Both may carry a password in their URL.
impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mail(…)")
    }
}

impl std::fmt::Debug for Sms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sms(…)")
    }
}

/// A value that holds a password or a key, or may. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The value itself, for whoever it is meant for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Configuration {
    /// The data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        self.data.as_deref().unwrap_or(Path::new("data"))
    }

    /// The numbers that codes may be sent to.
    ///
    /// # Errors
    /// [`ConfigurationError::NoCountry`]
    pub fn numbers(&self) -> Result<Numbers, ConfigurationError> {
        match &self.sms {
            Some(Sms::Http { countries, .. }) if !countries.is_empty() => Ok(Numbers::of(countries)?),
            Some(Sms::Http { .. }) => Ok(Numbers::of(std::slice::from_ref(&self.operator.country))?),
            None => Ok(Numbers::of_everywhere()),
        }
    }

    /// How many SMS may be sent in a day; where none are, nothing is counted.
    #[must_use]
    pub fn texts_a_day(&self) -> u64 {
        match &self.sms {
            Some(Sms::Http { a_day, .. }) => (*a_day).into(),
            None => u64::from(u32::MAX),
        }
    }

    /// Who may ask for a mailbox of their own.
    #[must_use]
    pub fn registration_policy(&self) -> RegistrationPolicy {
        match self.registration {
            RegistrationKind::Open => RegistrationPolicy::Open,
            RegistrationKind::Domains => RegistrationPolicy::Domains(
                self.registration_domains.iter().filter_map(|domain| Domain::parse(domain).ok()).collect(),
            ),
            RegistrationKind::Closed => RegistrationPolicy::Closed,
        }
    }
}
