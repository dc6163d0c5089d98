//! What a configuration must not say: what would be unsafe, and what could not work.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use reqwest::Url;
use securemailbox_protocol::address::Domain;
use securemailbox_site::OwnRefused;

use crate::{
    numbers::NoCountry,
    organisations::{NotOrganisations, Organisations},
};

use super::{Configuration, NetworkLimits, RegistrationKind, reading::Unreadable};

/// Descriptors that are needed beside connections: the database's, those of mail and SMS, the log.
const OTHER_FILES: u64 = 256;

/// The configuration can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file can't be read.
    #[error("the file {} can't be read: {source}", .file.display())]
    File {
        /// The file that was named.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A key is unknown, a value of the wrong kind, or the file not TOML.
    #[error("the configuration can't be read: {0}")]
    Unreadable(Unreadable),
    /// A variable that looks as if it were meant for the server, and isn't read.
    #[error("the variable {found} is not read: name it {meant}, or unset it")]
    Variable {
        /// The variable that is set.
        found: String,
        /// What the server would read.
        meant: String,
    },
    /// Files can't be kept where `blobs` says.
    #[error("`blobs` can't be used: {0}")]
    Blobs(&'static str),
    /// Nobody said where the data lies.
    #[error("`data` is missing: name the folder that the mailboxes are kept in, such as /var/lib/securemailbox/data")]
    NoData,
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
    /// A page that came in clear may be anybody's, and browsers give it no keys.
    #[error("`public_url` begins with http://, which is for this machine only: set it to https://, which people type")]
    PublicUrlInClear,
    /// The demo shows every code to whoever asks.
    #[error("the demo shows every code, so it is for this machine (loopback) only: leave `{key}` {advice}")]
    PublicDemo {
        /// The key that would let others in.
        key: &'static str,
        /// What to leave it as.
        advice: &'static str,
    },
    /// Strangers could read the metrics.
    #[error("`metrics.listen` is {0}, where anybody may ask: set it to a loopback or private address of this machine")]
    PublicMetrics(SocketAddr),
    /// A list of domains for nobody, or none where it is needed.
    #[error(
        "`registration_domains` and `registration = \"domains\"` go together: name at least one domain, such as [\"example.se\"]"
    )]
    Domains,
    /// Something in the list of domains is none.
    #[error("`registration_domains` holds {0:?}, which is no domain: expected something like example.se")]
    NotADomain(String),
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
    /// What the operator says of themselves can't stand on a page.
    #[error(transparent)]
    Own(#[from] OwnRefused),
    /// A file that the operator names for the pages can't be used.
    #[error("the file {} in `site` can't be used: {reason}", .file.display())]
    OwnFile {
        /// The file that was named.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The pages that anybody may read can't be made.
    #[error("{0}")]
    Pages(String),
    /// More work than a phone can do.
    #[error("`public_pages.work_bits` is {0}: at most {most} can be asked of a phone", most = securemailbox_protocol::public_pages::MOST_WORK)]
    TooMuchWork(u8),
    /// The largest file has no room in any mailbox.
    #[error(
        "`quotas.largest_file_mebibytes` is {file}, and a mailbox holds {mailbox}: lower it, or raise `quotas.mebibytes`"
    )]
    FileOverMailbox {
        /// MiB of the largest file.
        file: u32,
        /// MiB of a mailbox.
        mailbox: u32,
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
    /// An organisation that could not be shown, or would be taken for another.
    #[error("`organisations`: {0}")]
    Organisations(#[from] NotOrganisations),
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
    /// Refuses what would be unsafe or could not work.
    ///
    /// # Errors
    /// See [`ConfigurationError`].
    pub fn check(&self, demo: bool) -> Result<(), ConfigurationError> {
        if demo {
            self.check_demo()?;
        }
        let loopback = self.listen.ip().is_loopback();
        if !loopback && self.tls.is_none() && self.proxies.is_empty() {
            return Err(ConfigurationError::PlainHttp);
        }
        if !loopback && self.public_url.is_none() {
            return Err(ConfigurationError::NoPublicUrl);
        }
        self.origin()?;
        if let Some(metrics) = &self.metrics
            && !is_private(metrics.listen.ip())
        {
            return Err(ConfigurationError::PublicMetrics(metrics.listen));
        }
        if (self.registration == RegistrationKind::Domains) == self.registration_domains.is_empty() {
            return Err(ConfigurationError::Domains);
        }
        if let Some(none) = self.registration_domains.iter().find(|text| Domain::parse(text).is_err()) {
            return Err(ConfigurationError::NotADomain(none.clone()));
        }
        if !demo && (self.mail.is_none() || self.sms.is_none()) {
            return Err(ConfigurationError::NoSenders);
        }
        if !demo && self.data.is_none() {
            return Err(ConfigurationError::NoData);
        }
        self.numbers()?;
        Organisations::named(&self.organisations)?;
        self.place_of_files()?;
        self.quotas.check()?;
        self.public_pages.check()?;
        self.site.check()?;
        self.limits.check()
    }

    /// `public_url` as browsers write it in `Origin`: the host in ASCII, no port that the scheme implies.
    ///
    /// # Errors
    /// [`ConfigurationError::PublicUrl`], [`ConfigurationError::PublicUrlInClear`].
    pub fn origin(&self) -> Result<Option<String>, ConfigurationError> {
        let Some(text) = &self.public_url else { return Ok(None) };
        let url = Url::parse(text).map_err(|_| ConfigurationError::PublicUrl)?;
        let written = text.split_once("://").map_or("", |(_, rest)| rest);
        // A path of its own is added where there was none.
        if !matches!(url.scheme(), "http" | "https") || written.contains(['/', '?', '#', '@', '\\']) {
            return Err(ConfigurationError::PublicUrl);
        }
        if url.scheme() == "http" && !is_this_machine(&url) {
            return Err(ConfigurationError::PublicUrlInClear);
        }
        Ok(Some(url.origin().ascii_serialization()))
    }

    /// Refuses whatever would show a demo's codes, or real people's, to others.
    fn check_demo(&self) -> Result<(), ConfigurationError> {
        let elsewhere = |url: &String| Url::parse(url).is_ok_and(|url| !is_this_machine(&url));
        let (out, loopback) = ("out", "at 127.0.0.1 or [::1]");
        let refused = [
            ("listen", loopback, !self.listen.ip().is_loopback()),
            ("metrics.listen", loopback, self.metrics.as_ref().is_some_and(|own| !own.listen.ip().is_loopback())),
            ("public_url", out, self.public_url.as_ref().is_some_and(elsewhere)),
            ("proxies", out, !self.proxies.is_empty()),
            ("tls", out, self.tls.is_some()),
        ];
        match refused.into_iter().find(|(_, _, refused)| *refused) {
            Some((key, advice, _)) => Err(ConfigurationError::PublicDemo { key, advice }),
            None => Ok(()),
        }
    }
}

pub(super) fn is_this_machine(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Addresses that the internet does not reach (RFC 1918, 3927, 4193, 4291).
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

impl NetworkLimits {
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
        let room = files.saturating_sub(OTHER_FILES);
        if self.connections as u64 <= room {
            Ok(())
        } else {
            let needed = self.connections as u64 + OTHER_FILES;
            Err(ConfigurationError::Files { connections: self.connections, files, room, needed })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use figment::providers::Env;
    use securemailbox_protocol::address::Address;

    use super::{super::Defaults, *};

    fn read(toml: &str) -> Result<Configuration, Box<figment::Error>> {
        Configuration::from_text(toml, Defaults::Server, Env::prefixed("SECUREMAILBOX_NOBODYS_"))
    }

    #[test]
    fn the_example_configuration_can_be_used() {
        let example = read(include_str!("../../../../deploy/securemailbox.toml")).unwrap();
        example.check(false).unwrap();
    }

    #[test]
    fn plain_http_does_not_leave_the_machine() {
        let config = Configuration { listen: ([0, 0, 0, 0], 80).into(), ..Configuration::default() };
        assert!(matches!(config.check(false), Err(ConfigurationError::PlainHttp)));
        assert!(matches!(config.check(true), Err(ConfigurationError::PublicDemo { key: "listen", .. })));
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
    fn quotas_networks_and_countries_that_cannot_work_are_refused_by_name() {
        for (toml, named) in [
            ("[quotas]\nletters_a_day = 99", "`quotas.letters_a_day` is 99"),
            ("[quotas]\ndrafts = 0", "`quotas.drafts` is 0"),
            ("[quotas]\nmebibytes = 5119", "`quotas.largest_file_mebibytes` is 5120"),
            ("[[limits.networks]]\nname = 'Kontor'\naddresses = []\ntimes = 0", "\"Kontor\" has `times = 0`"),
            ("[[limits.networks]]\nname = 'Kontor'\naddresses = ['kontoret']\ntimes = 2", "\"kontoret\""),
            (
                "[operator]\ncountry = 'Sweden'\n[sms]\nkind = 'http'\nurl = 'https://h'\ncontent_type = 'a'\nbody = 'b'",
                "Sweden",
            ),
        ] {
            let refused = read(toml).unwrap().check(true).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
    }

    #[test]
    fn more_connections_than_files_are_refused() {
        let limits = NetworkLimits { connections: 4096, ..NetworkLimits::default() };
        let refused = limits.check_files(1024).unwrap_err().to_string();
        assert!(refused.contains("`limits.connections` is 4096") && refused.contains("at most 768"), "{refused}");
        limits.check_files(4096 + 256).unwrap();
    }

    #[test]
    fn no_secret_keeps_in_debug_output() {
        let whole = "database = 'postgresql://u:hemligt@h/d'\n[mail]\nurl = 'smtps://u:hemligt@h'\nfrom = 'a@b.se'\n\
                     [sms]\nkind = 'http'\nurl = 'https://h/?key=hemligt'\ncontent_type = 'hemligt'\n\
                     authorization = 'Bearer hemligt'\nbody = 'hemligt'";
        let config = read(whole).unwrap();
        assert_eq!(config.database.as_ref().map(super::super::Secret::expose), Some("postgresql://u:hemligt@h/d"));
        for shown in [format!("{config:?}"), format!("{config:#?}")] {
            assert!(!shown.contains("hemligt"), "{shown}");
        }
    }

    #[test]
    fn a_public_url_is_an_origin_that_browsers_write() {
        let origin = |url: &str| Configuration { public_url: Some(url.into()), ..Configuration::default() }.origin();
        for (url, written) in [
            ("https://Mail.example.se", "https://mail.example.se"),
            ("https://mail.example.se:443", "https://mail.example.se"),
            ("https://brevlåda.example.se:8443", "https://xn--brevlda-ixa.example.se:8443"),
            ("http://localhost:8025", "http://localhost:8025"),
        ] {
            assert_eq!(origin(url).unwrap().as_deref(), Some(written));
        }
        for none in [
            "https://Mail Example",
            "https://",
            "https://a.se/",
            "https://a.se/x",
            "ftp://a.se",
            "a.se",
            "https://u@a.se",
        ] {
            assert!(matches!(origin(none), Err(ConfigurationError::PublicUrl)), "{none}");
        }
        assert!(matches!(origin("http://mail.example.se"), Err(ConfigurationError::PublicUrlInClear)));
    }

    #[test]
    fn a_demo_can_not_be_reached_from_elsewhere() {
        for (toml, named) in [
            ("public_url = 'https://mail.example.se'", "`public_url`"),
            ("proxies = ['127.0.0.1']", "`proxies`"),
            ("[tls]\ncert = 'a'\nkey = 'b'", "`tls`"),
            ("[metrics]\nlisten = '10.0.0.1:9464'", "`metrics.listen`"),
            ("listen = '10.0.0.1:8025'", "`listen`"),
        ] {
            let refused = read(toml).unwrap().check(true).unwrap_err().to_string();
            assert!(refused.contains(named), "{refused}");
        }
        read("public_url = 'http://localhost:5173'\n[metrics]\nlisten = '127.0.0.1:1'").unwrap().check(true).unwrap();
    }

    #[test]
    fn metrics_are_not_for_strangers() {
        for (address, refused) in [
            ("127.0.0.1:1", false),
            ("10.1.2.3:1", false),
            ("[fd00::1]:1", false),
            ("0.0.0.0:1", true),
            ("[::]:1", true),
            ("192.0.2.1:1", true),
            ("[2001:db8::1]:1", true),
        ] {
            let read = read(&format!("data = 'd'\n[metrics]\nlisten = '{address}'")).unwrap().check(false);
            assert_eq!(matches!(read, Err(ConfigurationError::PublicMetrics(_))), refused, "{address}");
        }
    }

    #[test]
    fn domains_admit_their_own_addresses_and_no_others() {
        let config = read("registration = 'domains'\nregistration_domains = ['Kommun.se', 'brevlåda.se']").unwrap();
        config.check(true).unwrap();
        let policy = config.registration_policy();
        for (address, admitted) in [
            ("anna@kommun.se", true),
            ("anna@KOMMUN.SE", true),
            ("anna@xn--brevlda-ixa.se", true),
            ("anna@skola.kommun.se", false),
            ("anna@kommun.se.example.se", false),
            ("kommun.se@example.se", false),
        ] {
            assert_eq!(policy.admits(&Address::parse(address).unwrap()).is_ok(), admitted, "{address}");
        }
        for alone in ["registration = 'domains'", "registration_domains = ['kommun.se']"] {
            assert!(matches!(read(alone).unwrap().check(true), Err(ConfigurationError::Domains)), "{alone}");
        }
        for none in ["kommun", "a@kommun.se", ""] {
            let config = read(&format!("registration = 'domains'\nregistration_domains = ['{none}']")).unwrap();
            assert!(matches!(config.check(true), Err(ConfigurationError::NotADomain(_))), "{none}");
        }
    }

    #[test]
    fn a_server_is_told_where_its_data_lies() {
        let senders = "[mail]\nurl = 'a'\nfrom = 'b'\n[sms]\nkind = 'http'\nurl = 'c'\ncontent_type = 'd'\nbody = 'e'";
        assert!(matches!(read(senders).unwrap().check(false), Err(ConfigurationError::NoData)));
        read(&format!("data = 'd'\n{senders}")).unwrap().check(false).unwrap();
    }
}
