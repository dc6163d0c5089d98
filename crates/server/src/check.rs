//! What a server needs, looked at from beside: before its first start, and while it runs. Makes and changes nothing, but for an
//! object that is written to a bucket, and deleted.

use std::{
    fmt::Display,
    path::{Path, PathBuf},
    time::Duration,
};

use rand::rngs::StdRng;
use rustls::{CertificateError, Error, RootCertStore, pki_types::UnixTime};
use securemailbox_protocol::{address::Address, phone::PhoneNumber, time::Timestamp};
use securemailbox_store::{Inspection, Location, Store, Way, blobs::Counted, domains::LookedUp, notices::NoticeId};
use serde::Serialize;
use tokio::time::timeout;

use crate::{
    config::{Configuration, PlaceOfFiles},
    files,
    notices::{Outgoing, Recipient, Senders},
    organisations::{Dns, Organisations, Record},
    seal::{self, Places, SealError},
    start::location,
    tls, webauthn,
};

/// How long a mail server or gateway may take for a test message.
const PATIENCE: Duration = Duration::from_secs(60);
/// With less room than this on the disk of the data, the operator should look.
const LITTLE_ROOM: u64 = 1 << 30;
/// With less than this there is no room for the reserve, and the server would only erase.
const NO_ROOM: u64 = 64 << 20;
/// How far the clock may be behind the newest letter, which another server's clock may have dated.
const AHEAD: u64 = 5 * 60 * 1000;

/// How it stands with one matter; the worst one of all is the last one here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All is well.
    Fine,
    /// The server works, and the operator should look at it.
    Warning,
    /// Something around the server fails, and may be mended without it.
    Failed,
    /// The server would not start.
    Refused,
}

impl Verdict {
    /// As it stands in front of a line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }

    /// That of all.
    #[must_use]
    pub fn worst(findings: &[Finding]) -> Self {
        findings.iter().map(|finding| finding.verdict).max().unwrap_or(Self::Fine)
    }
}

/// What was seen of one matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub matter: &'static str,
    /// How it stands with it.
    pub verdict: Verdict,
    /// In words: what was seen, and what to do.
    pub words: String,
}

impl Finding {
    fn new(matter: &'static str, verdict: Verdict, words: impl Into<String>) -> Self {
        Self { matter, verdict, words: words.into() }
    }

    /// With this the server would not start.
    #[must_use]
    pub fn refused(matter: &'static str, error: &dyn Display) -> Self {
        Self::new(matter, Verdict::Refused, error.to_string())
    }
}

/// What a check takes from outside besides the configuration.
pub struct Surroundings {
    /// The time by the clock of this machine.
    pub now: Timestamp,
    /// `$CREDENTIALS_DIRECTORY`, where systemd puts the seal.
    pub credentials: Option<PathBuf>,
    /// For the ids of test messages.
    pub random: StdRng,
}

/// To whom test messages go. Without anybody none is sent.
pub struct TestMessages {
    /// An e-mail.
    pub mail: Option<Address>,
    /// An SMS.
    pub sms: Option<PhoneNumber>,
}

/// Looks at everything.
pub async fn check(configuration: &Configuration, around: Surroundings, test: TestMessages) -> Vec<Finding> {
    let Surroundings { now, credentials, mut random } = around;
    let mut findings = vec![of_the_configuration(configuration, now), of_tls(configuration, now)];
    let location = location(configuration);
    let inspection = Store::inspect(location.clone()).await;
    let known = inspection.as_ref().ok();
    let seal = Places::new(configuration.seal.as_deref(), credentials.as_deref(), configuration.data());
    let key = seal.read().ok();
    let (seal, disk, clock) =
        (known.map(|known| of_the_seal(&seal, configuration, known)), of_the_disk(&location), of_the_clock(known, now));
    findings.push(match &inspection {
        Ok(found) => of_the_database(&location, found),
        Err(error) if error.is_for_the_operator() => Finding::refused("database", error),
        Err(error) => Finding::new("database", Verdict::Failed, error.to_string()),
    });
    if let Ok(place) = configuration.place_of_files() {
        findings.push(of_the_files(configuration, &place, (&location, known), &mut random).await);
    }
    findings.extend(seal);
    findings.extend(disk);
    findings.extend(clock);
    findings.extend(known.and_then(|known| of_passkeys(known, configuration)));
    findings.extend(of_organisations(configuration, key.as_ref()).await);
    // Where they can't be used, that was said of the configuration.
    let senders = Senders::configured(configuration).ok();
    let mail = test.mail.map(|to| ("mail", Recipient::Email(to)));
    let sms = test.sms.map(|to| ("sms", Recipient::Phone(to)));
    for (matter, to) in mail.into_iter().chain(sms) {
        findings.push(match &senders {
            Some(senders) => of_a_message(matter, senders, message(to, &mut random), now).await,
            None => Finding::new(matter, Verdict::Refused, "nothing was sent: see the configuration above"),
        });
    }
    findings
}

fn of_the_configuration(configuration: &Configuration, now: Timestamp) -> Finding {
    const MATTER: &str = "configuration";
    if let Err(error) = configuration.check(false) {
        return Finding::refused(MATTER, &error);
    }
    if let Err(error) = configuration.limits.check_files(files::raise_limit()) {
        return Finding::refused(MATTER, &error);
    }
    if let Err(error) = Senders::configured(configuration) {
        return Finding::refused(MATTER, &error);
    }
    if let Err(error) = configuration.pages("https://localhost", None, now) {
        return Finding::refused(MATTER, &error);
    }
    let url = configuration.public_url.as_deref().unwrap_or("localhost only");
    Finding::new(
        MATTER,
        Verdict::Fine,
        format!("people type {url}, and the server listens on {}", configuration.listen),
    )
}

fn of_tls(configuration: &Configuration, now: Timestamp) -> Finding {
    const MATTER: &str = "tls";
    let Some(files) = &configuration.tls else {
        let words = match configuration.proxies.is_empty() {
            true => "none: the server is for this machine only",
            false => "none: a proxy ends it",
        };
        return Finding::new(MATTER, Verdict::Fine, words);
    };
    let identity = match tls::read(files) {
        Ok(identity) => identity,
        Err(error) => return Finding::refused(MATTER, &error),
    };
    let days = tls::ends(&identity.cert).map(|end| tls::days_until(end, now));
    let lasts = match days {
        Some(days) if days < 0 => return Finding::new(MATTER, Verdict::Failed, "the certificate is over: renew it"),
        Some(days) => format!("{days} days left"),
        None => "its end can't be read".to_owned(),
    };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let origin = configuration.origin().ok().flatten().unwrap_or_default();
    let host = reqwest::Url::parse(&origin).ok().and_then(|url| url.host_str().map(ToOwned::to_owned));
    let at = UnixTime::since_unix_epoch(Duration::from_millis(now.unix_millis()));
    let taken = tls::verify(&identity.cert, roots, host.as_deref().unwrap_or("localhost"), at);
    let warning = |words: String| Finding::new(MATTER, Verdict::Warning, format!("{lasts}; {words}"));
    match taken {
        Err(error) => warning(distrust(&error, identity.cert.len())),
        Ok(()) if tls::others_read(files) => {
            warning("the key's file can be read by others: run chmod o-r on it".into())
        }
        Ok(()) if days.is_some_and(|days| days < tls::SOON) => warning("renew the certificate".into()),
        Ok(()) => Finding::new(MATTER, Verdict::Fine, format!("browsers take the certificate, {lasts}")),
    }
}

/// Why a browser would not take the chain.
fn distrust(error: &Error, certificates: usize) -> String {
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) if certificates == 1 => {
            "no browser takes it: the file holds one certificate, and not the one that signed it. Name the whole chain, such \
             as fullchain.pem; an authority of your own must be installed on every device"
                .into()
        }
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "this machine does not know the authority: one of your own must be installed on every device".into()
        }
        Error::InvalidCertificate(CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) => {
            "it is not for the host in `public_url`".into()
        }
        Error::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            "it is not valid yet: look at this machine's clock".into()
        }
        // The library keeps this one to itself.
        Error::InvalidCertificate(CertificateError::Other(other)) if other.to_string().contains("CaUsedAsEndEntity") => {
            "no browser takes it: it is an authority's own, such as one that signed itself. Have one signed for this host".into()
        }
        other => format!("browsers would not take it: {other}"),
    }
}

fn of_the_database(location: &Location, found: &Inspection) -> Finding {
    let Inspection { engine, way, migration, known, .. } = found;
    let way = match way {
        Way::File => "a file",
        Way::Local => "on this machine, not encrypted",
        Way::Tls => "by TLS, certificate checked",
    };
    let place = format!("{}, {engine}, {way}", location.place());
    let (verdict, state) = match migration {
        0 => (Verdict::Fine, "empty: the first start fills it"),
        number if number > known => (Verdict::Refused, "a newer program wrote it: use that one"),
        number if number < known => {
            (Verdict::Fine, "of an older program: the next start changes it for good, so copy it first")
        }
        _ => (Verdict::Fine, "as this program has it"),
    };
    Finding::new("database", verdict, format!("{place}; {state}"))
}

fn of_the_seal(places: &Places, configuration: &Configuration, known: &Inspection) -> Finding {
    const MATTER: &str = "seal";
    match places.read() {
        Ok(found) if known.seal.as_ref().is_some_and(|id| id != found.seal.id()) => Finding::new(
            MATTER,
            Verdict::Refused,
            format!("{} is another database's: restore the one that this database was made with", found.path.display()),
        ),
        Ok(found) if found.path.parent() == configuration.data().parent() => Finding::new(
            MATTER,
            Verdict::Warning,
            format!("{} shares the data's disk: it protects backups, not the disk", found.path.display()),
        ),
        Ok(found) => Finding::new(MATTER, Verdict::Fine, format!("{} fits the database", found.path.display())),
        Err(SealError::Missing(path)) if known.seal.is_none() => Finding::new(
            MATTER,
            Verdict::Warning,
            format!("the first start makes {}: keep a copy of it elsewhere", path.display()),
        ),
        Err(error @ SealError::Missing(_)) => {
            // Whoever checks by hand has not what systemd hands to the unit.
            let advice = "Where systemd hands it over, check with CREDENTIALS_DIRECTORY=/run/credentials/UNIT in front, while it runs";
            Finding::refused(MATTER, &format!("{error}. {advice}"))
        }
        Err(error) => Finding::refused(MATTER, &error),
    }
}

/// Where files are kept, and whether each that the database knows of is there, and no other.
async fn of_the_files(
    configuration: &Configuration,
    files: &PlaceOfFiles,
    (location, known): (&Location, Option<&Inspection>),
    random: &mut StdRng,
) -> Finding {
    const MATTER: &str = "files";
    let place = configuration.blobs.clone();
    let place = place.unwrap_or_else(|| configuration.data().join("blobs").display().to_string());
    if let Err(unfit) = files.try_out(random).await {
        let verdict = if unfit.is_for_the_operator() { Verdict::Refused } else { Verdict::Failed };
        return Finding::new(MATTER, verdict, format!("{place}: {unfit}"));
    }
    let Some(known) = known else { return Finding::new(MATTER, Verdict::Fine, place) };
    let Counted { all, missing, damaged, orphaned } = match known.count_pieces(&files.pieces(), location).await {
        Ok(counted) => counted,
        Err(error) => return Finding::new(MATTER, Verdict::Failed, format!("{place}: {error}")),
    };
    if missing + damaged > 0 {
        let words = format!(
            "{place}: of {all} pieces of files {missing} are missing and {damaged} have another length; restore them from a backup"
        );
        return Finding::new(MATTER, Verdict::Failed, words);
    }
    if orphaned > 0 {
        let words = format!(
            "{place}: {all} pieces of files, and {orphaned} of which the database does not know: a backup was restored, or \
             another server keeps its own there"
        );
        return Finding::new(MATTER, Verdict::Warning, words);
    }
    Finding::new(MATTER, Verdict::Fine, format!("{place}: {all} pieces of files, none missing and none too many"))
}

/// The room where the data lies; nothing for a database elsewhere.
fn of_the_disk(location: &Location) -> Option<Finding> {
    let Location::Sqlite(folder) = location else { return None };
    // It may not be made yet.
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let Ok(free) = files::room_at(there) else {
        return Some(Finding::new("disk", Verdict::Warning, format!("the room at {} can't be told", there.display())));
    };
    let (verdict, advice) = match free {
        ..NO_ROOM => (Verdict::Failed, ": nothing but erasing would go on. Make room"),
        NO_ROOM..LITTLE_ROOM => (Verdict::Warning, ": make room before it is full"),
        _ => (Verdict::Fine, ""),
    };
    Some(Finding::new("disk", verdict, format!("{} MiB free at {}{advice}", free >> 20, there.display())))
}

/// The clock, as far as the newest letter tells: nothing where there is none.
fn of_the_clock(known: Option<&Inspection>, now: Timestamp) -> Option<Finding> {
    let newest = known?.newest?.unix_millis();
    let behind = newest.saturating_sub(now.unix_millis());
    Some(if behind > AHEAD {
        let words = format!("{} minutes behind the newest letter: look at NTP before sessions end", behind / 60_000);
        Finding::new("clock", Verdict::Failed, words)
    } else {
        Finding::new("clock", Verdict::Fine, "not behind the newest letter")
    })
}

/// Passkeys of other hosts than ours; nothing where there are none.
fn of_passkeys(known: &Inspection, configuration: &Configuration) -> Option<Finding> {
    let origin = configuration.origin().ok()?.unwrap_or_default();
    let host = if origin.is_empty() { "localhost" } else { webauthn::id_of(&origin) };
    let elsewhere = known.passkeys.iter().filter(|(of, _)| of != host);
    let verdict = |of: &String| match configuration.former_hosts.contains(of) {
        true => Verdict::Fine,
        false => Verdict::Refused,
    };
    let worst = elsewhere.clone().map(|(of, _)| verdict(of)).max()?;
    let each: Vec<_> = elsewhere.map(|(of, people)| format!("{people} have some of {of}")).collect();
    let advice = match worst {
        Verdict::Fine => "given up by `former_hosts`",
        Verdict::Warning | Verdict::Failed | Verdict::Refused => {
            "set `public_url` back, or name what is given up in `former_hosts`"
        }
    };
    let words = format!("they work at {host} only, and {}: {advice}", each.join(", "));
    Some(Finding::new("passkeys", worst, words))
}

/// The domains of verified senders, each with the record that its owner publishes. Where they can't be used, that was said of the
/// configuration.
async fn of_organisations(configuration: &Configuration, key: Option<&seal::Found>) -> Vec<Finding> {
    const MATTER: &str = "verified sender";
    let organisations = Organisations::configured(configuration).unwrap_or_default();
    let dns = organisations.each().next().map(|_| Dns::open(configuration.resolver));
    let mut findings = Vec::new();
    for (domain, name) in organisations.each() {
        let (Some(key), Some(dns)) = (key, &dns) else {
            let words = format!("{name}, {domain}: the record is known once the server has its seal");
            findings.push(Finding::new(MATTER, Verdict::Warning, words));
            continue;
        };
        let record = Record::of(domain, &key.seal);
        let published = format!("{} TXT \"{}\"", record.name, record.text);
        let (verdict, words) = match dns.look_up(&record).await {
            LookedUp::Found => (Verdict::Fine, format!("{name}, {domain}: DNS has {published}")),
            LookedUp::Absent => {
                (Verdict::Warning, format!("{name}, {domain}: DNS has no such record yet; publish {published}"))
            }
            LookedUp::Unanswered => (
                Verdict::Failed,
                format!("{name}, {domain}: DNS does not answer; look at `resolver`, and see that there is {published}"),
            ),
        };
        findings.push(Finding::new(MATTER, verdict, words));
    }
    findings
}

fn message(to: Recipient, random: &mut StdRng) -> Outgoing {
    let subject = match &to {
        Recipient::Email(_) => "Provmeddelande / test message".to_owned(),
        Recipient::Phone(_) => String::new(),
    };
    let text =
        "SecureMailbox: ett prov från driften, inget att göra. / A test by the operator, nothing to do.".to_owned();
    Outgoing { id: NoticeId::new(random), to, subject, text, code: None }
}

async fn of_a_message(matter: &'static str, senders: &Senders, message: Outgoing, now: Timestamp) -> Finding {
    match timeout(PATIENCE, senders.send(&message, now)).await {
        Ok(Ok(())) => Finding::new(matter, Verdict::Fine, "the test message was taken: see whether it arrives"),
        Ok(Err(not_sent)) => {
            let reply = not_sent.reply.map(|code| format!(" (it answered {code})")).unwrap_or_default();
            Finding::new(matter, Verdict::Failed, format!("{}{reply}", not_sent.cause.words()))
        }
        Err(_) => Finding::new(matter, Verdict::Failed, "it did not answer in time: look at host and port"),
    }
}
