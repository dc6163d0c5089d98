//! The operator's configuration: one TOML file, and the environment over it. Unknown keys are refused.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use securemailbox_protocol::limits;
use securemailbox_store::quotas::Quota;
use serde::{Deserialize, Serialize};

pub use crate::networks::NamedNetwork;
use crate::numbers::{NoCountry, Numbers};

/// Variables over the file: `SECUREMAILBOX_SERVER_LISTEN`, `SECUREMAILBOX_SERVER_MAIL__URL`.
pub const ENVIRONMENT: &str = "SECUREMAILBOX_SERVER_";

/// Everything an operator can choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Configuration {
    /// The address people type, such as `https://mail.example.se`: our origin. Needed beyond loopback.
    pub public_url: Option<String>,
    /// The address and port that the server listens on.
    pub listen: SocketAddr,
    /// The data folder: the SQLite database, and the room that is set aside for a full disk.
    pub data: PathBuf,
    /// A PostgreSQL URL; without one, SQLite in the data folder.
    pub database: Option<String>,
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
    pub registration: RegistrationPolicy,
    /// Who runs the service: named in notices and on the pages that must say so.
    pub operator: Operator,
    /// What one network may ask for.
    pub limits: NetworkLimits,
    /// What one mailbox may hold and send.
    pub quotas: Quotas,
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

/// Who may ask for a mailbox of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationPolicy {
    /// Anyone with an address and a phone.
    #[default]
    Open,
    /// Those who were written to. Until invitations exist, nobody.
    Invited,
    /// Nobody; those who have a mailbox go on as before.
    Closed,
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

/// What one mailbox may hold and send. The defaults are those of a busy clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotas {
    /// Letters that a mailbox holds, in all folders.
    pub letters: u32,
    /// MiB of letters and records that a mailbox holds. A letter counts in each mailbox that has it.
    pub mebibytes: u32,
    /// Drafts that a mailbox holds.
    pub drafts: u32,
    /// Posts of a member in a minute, each a letter with as many readers as it has.
    pub posts_a_minute: u32,
    /// Letters of a member in a day.
    pub letters_a_day: u32,
    /// Readers of a member's letters in a day, counted once for each letter.
    pub readers_a_day: u32,
    /// Letters of a member in a day to people who never wrote to them.
    pub strangers_a_day: u32,
    /// Letters of a member in a day to one person who never wrote to them.
    pub letters_a_day_to_a_stranger: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            letters: 50_000,
            mebibytes: 2048,
            drafts: 200,
            posts_a_minute: 60,
            letters_a_day: 1000,
            readers_a_day: 5000,
            strangers_a_day: 500,
            letters_a_day_to_a_stranger: 20,
        }
    }
}

impl Quotas {
    /// What a mailbox may hold.
    #[must_use]
    pub const fn of_a_mailbox(&self) -> Quota {
        let bytes = (self.mebibytes as u64) << 20;
        Quota { letters: self.letters as u64, bytes, drafts: self.drafts as u64 }
    }

    /// Refuses a number with which a letter that the protocol allows could never be sent.
    fn check(&self) -> Result<(), ConfigurationError> {
        // One post may hold as many letters, and one letter as many readers.
        let (letters, readers) = (u32::try_from(limits::LETTERS), u32::try_from(limits::READERS));
        let (letters, readers) = (letters.unwrap_or(u32::MAX), readers.unwrap_or(u32::MAX));
        let numbers = [
            ("letters", self.letters, 1),
            ("mebibytes", self.mebibytes, 8),
            ("drafts", self.drafts, 1),
            ("posts_a_minute", self.posts_a_minute, 1),
            ("letters_a_day", self.letters_a_day, letters),
            ("readers_a_day", self.readers_a_day, readers),
            ("strangers_a_day", self.strangers_a_day, readers),
            ("letters_a_day_to_a_stranger", self.letters_a_day_to_a_stranger, 1),
        ];
        match numbers.into_iter().find(|(_, number, least)| number < least) {
            Some((key, number, least)) => Err(ConfigurationError::TooLittle { key, number, least }),
            None => Ok(()),
        }
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
    /// Descriptors that are needed beside connections: the database's, those of mail and SMS, the log.
    const OTHER_FILES: u64 = 256;

    /// Refuses a number with which nobody would be served.
    fn check(&self) -> Result<(), ConfigurationError> {
        let numbers = [
            ("requests_a_second", self.requests_a_second as usize),
            ("entrances_at_once", self.entrances_at_once as usize),
            ("entrances_a_day", self.entrances_a_day as usize),
            ("connections", self.connections),
            ("connections_per_network", self.connections_per_network.unwrap_or(1)),
            ("head_seconds", self.head_seconds as usize),
            ("idle_seconds", self.idle_seconds as usize),
            ("stall_seconds", self.stall_seconds as usize),
            ("drain_seconds", self.drain_seconds as usize),
        ];
        if let Some((key, _)) = numbers.into_iter().find(|(_, number)| *number == 0) {
            return Err(ConfigurationError::Zero { key });
        }
        for named in &self.networks {
            let name = named.name.clone();
            if named.times == 0 {
                return Err(ConfigurationError::NoTimes { name });
            }
            if let Err(address) = named.parsed() {
                return Err(ConfigurationError::NoNetwork { name, address: address.to_owned() });
            }
        }
        match self.connections_per_network {
            Some(each) if each > self.connections => {
                Err(ConfigurationError::MoreThanAll { each, all: self.connections })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses more connections than this process may have files.
    ///
    /// # Errors
    /// [`ConfigurationError::Files`]
    pub fn check_files(&self, files: u64) -> Result<(), ConfigurationError> {
        let room = files.saturating_sub(Self::OTHER_FILES);
        if self.connections as u64 <= room {
            Ok(())
        } else {
            let needed = self.connections as u64 + Self::OTHER_FILES;
            Err(ConfigurationError::Files { connections: self.connections, files, room, needed })
        }
    }
}

impl Default for Configuration {
    fn default() -> Self {
        Self {
            public_url: None,
            listen: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 8025),
            data: PathBuf::from("data"),
            database: None,
            seal: None,
            tls: None,
            proxies: Vec::new(),
            mail: None,
            sms: None,
            metrics: None,
            registration: RegistrationPolicy::default(),
            operator: Operator::default(),
            limits: NetworkLimits::default(),
            quotas: Quotas::default(),
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

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A key is unknown, a value of the wrong kind, the file missing or not TOML.
    #[error("the configuration could not be read: {0}")]
    Unreadable(Box<figment::Error>),
    /// Plain HTTP would leave this machine.
    #[error(
        "`listen` is not a loopback address and there is neither `tls` nor `proxies`: letters' times and readers would \
         travel in clear. Set `tls.cert` and `tls.key`, or name the reverse proxy's address in `proxies`"
    )]
    PlainHttp,
    /// Nobody could tell which origin is ours.
    #[error(
        "`public_url` is needed beyond loopback: set it to the address people type, such as https://mail.example.se"
    )]
    NoPublicUrl,
    /// `public_url` is no origin: scheme, host and perhaps a port, and nothing after them.
    #[error("`public_url` must be an origin, such as https://mail.example.se, without a path")]
    PublicUrl,
    /// The demo shows every code to whoever asks.
    #[error("the demo shows every code, so it listens on loopback only: leave `listen` at 127.0.0.1 or [::1]")]
    DemoBeyondLoopback,
    /// A limit of nothing lets nobody in.
    #[error("`limits.{key}` is 0, with which nobody is served: set it to at least 1, or leave it out")]
    Zero {
        /// The key below `limits`.
        key: &'static str,
    },
    /// One network may not have more connections than there are.
    #[error(
        "`limits.connections_per_network` is {each}, more than `limits.connections`, which is {all}: set it to at most {all}, \
         or leave it out for three quarters of them"
    )]
    MoreThanAll {
        /// Connections of one network.
        each: usize,
        /// Connections of all networks.
        all: usize,
    },
    /// A named network that may ask for nothing.
    #[error("`limits.networks` {name:?} has `times = 0`, with which nobody there is served: set it to at least 1")]
    NoTimes {
        /// Its name.
        name: String,
    },
    /// A named network whose address is none.
    #[error("`limits.networks` {name:?} has the address {address:?}: expected one like 192.0.2.7 or 2001:db8::/48")]
    NoNetwork {
        /// Its name.
        name: String,
        /// What stands in the place of an address.
        address: String,
    },
    /// A quota with which a letter could never be sent or kept.
    #[error("`quotas.{key}` is {number}, too little for one letter: set it to at least {least}, or leave it out")]
    TooLittle {
        /// The key below `quotas`.
        key: &'static str,
        /// What it was set to.
        number: u32,
        /// The least that it may be.
        least: u32,
    },
    /// A country that is none.
    #[error("`sms.countries` and `operator.country`: {0}")]
    NoCountry(#[from] NoCountry),
    /// The system would refuse connections that the configuration promises.
    #[error(
        "`limits.connections` is {connections}, and this process may open {files} files: set it to at most {room}, or raise \
         the hard limit to {needed} (`LimitNOFILE=` in the unit, `ulimit -Hn` in a shell)"
    )]
    Files {
        /// Connections that were promised.
        connections: usize,
        /// Files that the process may open.
        files: u64,
        /// Connections that there are files for.
        room: u64,
        /// Files that would be needed.
        needed: u64,
    },
    /// Nobody could register or sign in.
    #[error("`mail` and `sms` are needed to send codes: set both, or try the server with --demo")]
    NoSenders,
}

impl Configuration {
    /// Reads `file`, if given, and the environment over it.
    ///
    /// # Errors
    /// [`ConfigurationError::Unreadable`] names the key.
    pub fn read(file: Option<&Path>) -> Result<Self, ConfigurationError> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment
            .merge(Env::prefixed(ENVIRONMENT).split("__"))
            .extract()
            .map_err(|error| ConfigurationError::Unreadable(Box::new(error)))
    }

    /// Refuses what would be unsafe or could not work.
    ///
    /// # Errors
    /// See [`ConfigurationError`].
    pub fn check(&self, demo: bool) -> Result<(), ConfigurationError> {
        let loopback = self.listen.ip().is_loopback();
        if demo && !loopback {
            return Err(ConfigurationError::DemoBeyondLoopback);
        }
        if !loopback && self.tls.is_none() && self.proxies.is_empty() {
            return Err(ConfigurationError::PlainHttp);
        }
        if !loopback && self.public_url.is_none() {
            return Err(ConfigurationError::NoPublicUrl);
        }
        if let Some(url) = &self.public_url {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', '@'])) {
                return Err(ConfigurationError::PublicUrl);
            }
        }
        if !demo && (self.mail.is_none() || self.sms.is_none()) {
            return Err(ConfigurationError::NoSenders);
        }
        self.numbers()?;
        self.quotas.check()?;
        self.limits.check()
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
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Configuration, Box<figment::Error>> {
        Figment::from(Serialized::defaults(Configuration::default()))
            .merge(Toml::string(toml))
            .extract()
            .map_err(Box::new)
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        assert!(read("lisen = '127.0.0.1:1'").unwrap_err().to_string().contains("lisen"));
        assert!(read("[mail]\nurl = 'a'\nfrom = 'b'\npasword = 'c'").unwrap_err().to_string().contains("pasword"));
    }

    #[test]
    fn the_example_configuration_can_be_used() {
        let example = read(include_str!("../../../deploy/securemailbox.toml")).unwrap();
        example.check(false).unwrap();
    }

    #[test]
    fn plain_http_does_not_leave_the_machine() {
        let config = Configuration { listen: ([0, 0, 0, 0], 80).into(), ..Configuration::default() };
        assert!(matches!(config.check(false), Err(ConfigurationError::PlainHttp)));
        assert!(matches!(config.check(true), Err(ConfigurationError::DemoBeyondLoopback)));
        let behind = Configuration { proxies: vec![Ipv4Addr::new(10, 0, 0, 1).into()], ..config };
        assert!(matches!(behind.check(false), Err(ConfigurationError::NoPublicUrl)));
    }

    #[test]
    fn a_limit_with_which_nobody_is_served_is_refused_by_name() {
        for key in [
            "requests_a_second",
            "entrances_at_once",
            "entrances_a_day",
            "connections",
            "connections_per_network",
            "head_seconds",
            "idle_seconds",
            "stall_seconds",
            "drain_seconds",
        ] {
            let refused = read(&format!("[limits]\n{key} = 0")).unwrap().check(true).unwrap_err();
            assert!(refused.to_string().contains(&format!("`limits.{key}`")), "{refused}");
        }
        let refused = read("[limits]\nconnections = 20\nconnections_per_network = 21").unwrap().check(true);
        assert!(matches!(refused, Err(ConfigurationError::MoreThanAll { each: 21, all: 20 })));
        read("[limits]\nconnections = 1").unwrap().check(true).unwrap();
    }

    #[test]
    fn more_connections_than_files_are_refused() {
        let limits = NetworkLimits { connections: 4096, ..NetworkLimits::default() };
        let refused = limits.check_files(1024).unwrap_err().to_string();
        assert!(refused.contains("`limits.connections` is 4096") && refused.contains("at most 768"), "{refused}");
        limits.check_files(4096 + 256).unwrap();
    }

    #[test]
    fn a_password_in_a_url_keeps_out_of_debug_output() {
        let config = read("[mail]\nurl = 'smtps://u:hemligt@h'\nfrom = 'a@b.se'").unwrap();
        assert!(!format!("{config:?}").contains("hemligt"));
    }
}
