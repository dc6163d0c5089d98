//! Verified senders (PROTOCOL §5): organisations that the operator names, and whose domains DNS confirms each day. Whoever has an
//! address of such a domain writes for it.

mod dns;

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use securemailbox_protocol::{
    address::{Address, Domain, NotADomain},
    organisations::{NotAnOrganisationName, Organisation, OrganisationName},
};
use securemailbox_store::{
    StoreError,
    domains::{ClaimDomain, DomainLookedUp, IsDue, IsProved, LookedUp},
};

use crate::{
    config::{Configuration, NamedOrganisation},
    mailroom::Mailroom,
    seal::ServerSeal,
};

pub(crate) use dns::Dns;

/// How often is looked for domains that are due.
pub(crate) const PERIOD: Duration = Duration::from_secs(60);
/// A domain whose record was found is looked up again after so long.
const AGAIN: Duration = Duration::from_secs(24 * 60 * 60);
/// Any other sooner, so that a record that was published or mended counts within the hour.
const SOON: Duration = Duration::from_secs(60 * 60);
/// How long a process has a domain for itself: longer than a look-up takes.
const CLAIM: Duration = Duration::from_secs(5 * 60);

/// The organisations that the operator names, by domain.
#[derive(Debug, Default)]
pub struct Organisations {
    named: BTreeMap<Domain, Named>,
    resolver: Option<SocketAddr>,
}

/// The organisation of one domain.
#[derive(Debug)]
struct Named {
    name: OrganisationName,
    in_notices: bool,
}

/// What is configured names no organisations. Its message is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum NotOrganisations {
    /// A name that could not be shown.
    #[error("{written:?}: {source}")]
    Name {
        /// What stands in its place.
        written: String,
        /// What a name is.
        source: NotAnOrganisationName,
    },
    /// A domain that no address could have.
    #[error("{written:?} of {name:?}: {source}")]
    Domain {
        /// Of which organisation.
        name: String,
        /// What stands in its place.
        written: String,
        /// What a domain is.
        source: NotADomain,
    },
    /// Nobody could be of it.
    #[error("{0:?} has no domains: name at least one, such as [\"example.se\"]")]
    NoDomains(String),
    /// Two that people could not tell apart.
    #[error("{0:?} stands there twice: name all of its domains in one place")]
    NameTwice(String),
    /// Whose people would they be?
    #[error("the domain {0} stands there twice: its people write for one organisation")]
    DomainTwice(Domain),
}

impl Organisations {
    /// As configured.
    ///
    /// # Errors
    /// [`NotOrganisations`]
    pub fn configured(configuration: &Configuration) -> Result<Self, NotOrganisations> {
        Ok(Self { resolver: configuration.resolver, ..Self::named(&configuration.organisations)? })
    }

    /// As the operator names them.
    ///
    /// # Errors
    /// [`NotOrganisations`]
    pub fn named(organisations: &[NamedOrganisation]) -> Result<Self, NotOrganisations> {
        let mut named = BTreeMap::new();
        let mut names = Vec::new();
        for NamedOrganisation { name: written, domains, in_notices } in organisations {
            let name = OrganisationName::parse(written)
                .map_err(|source| NotOrganisations::Name { written: written.clone(), source })?;
            if names.contains(&name.folded()) {
                return Err(NotOrganisations::NameTwice(written.clone()));
            }
            names.push(name.folded());
            if domains.is_empty() {
                return Err(NotOrganisations::NoDomains(written.clone()));
            }
            for text in domains {
                let domain = Domain::parse(text).map_err(|source| NotOrganisations::Domain {
                    name: written.clone(),
                    written: text.clone(),
                    source,
                })?;
                let one = Named { name: name.clone(), in_notices: *in_notices };
                if named.insert(domain.clone(), one).is_some() {
                    return Err(NotOrganisations::DomainTwice(domain));
                }
            }
        }
        Ok(Self { named, resolver: None })
    }

    /// Each domain, with the name of its organisation.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&Domain, &OrganisationName)> {
        self.named.iter().map(|(domain, named)| (domain, &named.name))
    }
}

/// The organisation that a member writes for, while its domain is verified.
///
/// # Errors
/// [`StoreError`]
pub(crate) async fn of(mailroom: &Mailroom, member: &Address) -> Result<Option<Organisation>, StoreError> {
    among(mailroom, member, |_| true).await
}

/// The same where it may be named in an e-mail.
///
/// # Errors
/// [`StoreError`]
pub(crate) async fn of_in_notices(mailroom: &Mailroom, member: &Address) -> Result<Option<Organisation>, StoreError> {
    among(mailroom, member, |named| named.in_notices).await
}

async fn among(
    mailroom: &Mailroom,
    member: &Address,
    counts: impl Fn(&Named) -> bool,
) -> Result<Option<Organisation>, StoreError> {
    let domain = member.domain();
    let Some(named) = mailroom.organisations.named.get(&domain).filter(|named| counts(named)) else { return Ok(None) };
    let is_proved = mailroom.store.read(IsProved { domain: domain.clone(), now: mailroom.now() }).await?;
    Ok(is_proved.then(|| Organisation { name: named.name.clone(), domain }))
}

/// What the owner of a domain publishes, and where.
pub(crate) struct Record {
    /// The name of the TXT record, absolute.
    pub name: String,
    /// Its text. Another server asks for another one.
    pub text: String,
}

impl Record {
    pub(crate) fn of(domain: &Domain, seal: &ServerSeal) -> Self {
        let token = base16ct::lower::encode_string(&seal.domain_token(domain));
        Self { name: format!("_securemailbox.{}.", domain.as_str()), text: format!("securemailbox-domain={token}") }
    }
}

/// Looks up the domains that are due, each in one process only.
///
/// # Errors
/// [`StoreError`]; they are due the next time.
pub(crate) async fn look_up_due(mailroom: &Mailroom) -> Result<(), StoreError> {
    let mut dns = None;
    let (mut absent, mut unanswered) = (0_u32, 0_u32);
    for domain in mailroom.organisations.named.keys() {
        let (domain, now) = (domain.clone(), mailroom.now());
        if !mailroom.store.read(IsDue { domain: domain.clone(), now }).await? {
            continue;
        }
        let until = now.after(CLAIM);
        if !mailroom.store.write(ClaimDomain { domain: domain.clone(), now, until }).await? {
            continue;
        }
        // Only now, and anew each time: the system's resolvers may be others by tomorrow.
        let dns = dns.get_or_insert_with(|| Dns::open(mailroom.organisations.resolver));
        let outcome = dns.look_up(&Record::of(&domain, &mailroom.seal)).await;
        let again = match outcome {
            LookedUp::Found => AGAIN,
            LookedUp::Absent => {
                absent += 1;
                SOON
            }
            LookedUp::Unanswered => {
                unanswered += 1;
                SOON
            }
        };
        let now = mailroom.now();
        let looked_up = DomainLookedUp { domain, claimed_until: until, outcome, now, next_due: now.after(again) };
        mailroom.store.write(looked_up).await?;
    }
    if absent + unanswered > 0 {
        tracing::warn!(
            absent,
            unanswered,
            "domains of organisations were not confirmed: `securemailbox check` says which"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
