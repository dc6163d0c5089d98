//! What the texts may speak of: the operator, and how long things are kept.

use std::time::Duration;

use securemailbox_protocol::{accounts::Language, limits};
use time::Date;

use crate::own::{InBoth, Own, day};

/// What the server knows of itself.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// Our origin, such as `https://brev.example.se`.
    pub origin: &'a str,
    /// The operator's name; empty where none is configured.
    pub name: &'a str,
    /// Where a person can ask the operator: an address or a URL; may be empty.
    pub contact: &'a str,
    /// The operator's country (ISO 3166-1, two letters).
    pub country: &'a str,
    /// Whether anybody may get a mailbox.
    pub anyone_may_register: bool,
    /// What else the operator says of themselves.
    pub own: &'a Own,
    /// The operator's terms, in Markdown.
    pub terms: Option<InBoth<String>>,
    /// The operator's words on what has happened and what is planned, in Markdown.
    pub incidents: Option<InBoth<String>>,
    /// The operator's logo, if there is one: `svg` or `png`, and its bytes.
    pub logo: Option<(&'a str, &'a [u8])>,
    /// The day on which the pages are made.
    pub today: Date,
    /// Addresses of the fonts: upright, and for codes.
    pub fonts: Option<[String; 2]>,
}

/// The operator, in one language.
pub(crate) struct Operator {
    pub(crate) who: String,
    pub(crate) who_first: String,
    pub(crate) host: String,
    pub(crate) contact: Option<String>,
    pub(crate) write_to: Option<String>,
    pub(crate) answered_within: Option<String>,
    pub(crate) phone: Option<String>,
    /// The same, as a phone dials it; empty where there is none.
    pub(crate) phone_digits: String,
    pub(crate) hours: Option<String>,
    pub(crate) postal_address: Vec<String>,
    pub(crate) organisation_number: Option<String>,
    pub(crate) data_protection_officer: Option<String>,
    pub(crate) hosting: Option<String>,
    pub(crate) backup_days: Option<u32>,
    pub(crate) log_days: Option<u32>,
    pub(crate) legal_basis: Option<String>,
    pub(crate) prices: Option<String>,
    pub(crate) processors: Vec<Processor>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) status_elsewhere: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) has_terms: bool,
    pub(crate) anyone_may_register: bool,
    pub(crate) is_in_sweden: bool,
}

pub(crate) struct Processor {
    pub(crate) name: String,
    pub(crate) does: String,
    pub(crate) sees: String,
}

pub(crate) struct Review {
    pub(crate) by: String,
    pub(crate) date: String,
    pub(crate) what: String,
    pub(crate) link: Option<String>,
}

pub(crate) struct Certificate {
    pub(crate) name: String,
    pub(crate) by: String,
    pub(crate) until: String,
    pub(crate) link: Option<String>,
}

impl Operator {
    pub(crate) fn of(facts: &Facts<'_>, language: Language) -> Self {
        let own = facts.own;
        let said = |text: &Option<InBoth<String>>| text.as_ref().map(|text| text.of(language).clone());
        let (nobody, nobody_first) = match language {
            Language::Sv => ("den som driver tjänsten", "Den som driver tjänsten"),
            Language::En => ("whoever runs the service", "Whoever runs the service"),
        };
        let named = |nobody: &str| if facts.name.is_empty() { nobody.to_owned() } else { facts.name.to_owned() };
        Self {
            who: named(nobody),
            who_first: named(nobody_first),
            host: facts.origin.split_once("://").map_or(facts.origin, |(_, host)| host).to_owned(),
            contact: Some(facts.contact.to_owned()).filter(|contact| !contact.is_empty()),
            write_to: own.write_to.as_ref().map(|name| format!("/to/{name}")),
            answered_within: said(&own.answered_within),
            phone: own.phone.clone(),
            phone_digits: own
                .phone
                .iter()
                .flat_map(|phone| phone.chars())
                .filter(|c| c.is_ascii_digit() || *c == '+')
                .collect(),
            hours: said(&own.hours),
            postal_address: own.postal_address.clone(),
            organisation_number: own.organisation_number.clone(),
            data_protection_officer: own.data_protection_officer.clone(),
            hosting: said(&own.hosting),
            backup_days: own.backup_days,
            log_days: own.log_days,
            legal_basis: said(&own.legal_basis),
            prices: said(&own.prices),
            processors: own
                .processors
                .iter()
                .map(|one| Processor {
                    name: one.name.clone(),
                    does: one.does.of(language).clone(),
                    sees: one.sees.of(language).clone(),
                })
                .collect(),
            reviews: own
                .reviews
                .iter()
                .map(|one| Review {
                    by: one.by.clone(),
                    date: one.date.clone(),
                    what: one.what.of(language).clone(),
                    link: one.link.clone(),
                })
                .collect(),
            // One that is over certifies nothing.
            certificates: own
                .certificates
                .iter()
                .filter(|one| day(&one.until).is_ok_and(|until| until >= facts.today))
                .map(|one| Certificate {
                    name: one.name.clone(),
                    by: one.by.clone(),
                    until: one.until.clone(),
                    link: one.link.clone(),
                })
                .collect(),
            status_elsewhere: own.status_elsewhere.clone(),
            source: own.source.clone(),
            has_terms: facts.terms.is_some(),
            anyone_may_register: facts.anyone_may_register,
            is_in_sweden: facts.country == "SE",
        }
    }
}

const fn days(life: Duration) -> u64 {
    life.as_secs() / (24 * 60 * 60)
}

const fn hours(life: Duration) -> u64 {
    life.as_secs() / (60 * 60)
}

const fn minutes(life: Duration) -> u64 {
    life.as_secs() / 60
}

/// How long things are kept, and how many there may be: the constants that the code itself goes by.
pub(crate) struct Limits {
    pub(crate) link_days: u64,
    pub(crate) trash_days: u64,
    pub(crate) code_minutes: u64,
    pub(crate) event_days: u64,
    pub(crate) registration_minutes: u64,
    pub(crate) session_hours: u64,
    pub(crate) kept_session_days: u64,
    pub(crate) kept_session_end_days: u64,
    pub(crate) known_device_days: u64,
    pub(crate) upload_hours: u64,
    pub(crate) recovery_hours: u64,
    pub(crate) recovery_open_days: u64,
    pub(crate) removal_days: u64,
    pub(crate) one_time_codes: usize,
    pub(crate) one_time_sheets: usize,
    pub(crate) hold_days: u64,
    pub(crate) sign_in_minutes: u64,
    pub(crate) enrolment_minutes: u64,
    pub(crate) challenge_minutes: u64,
    pub(crate) renewal_minutes: u64,
    pub(crate) receipt_minutes: u64,
    pub(crate) news_days: u64,
    /// The page's own (`web/src/app/session.svelte.ts`).
    pub(crate) lock_minutes: u64,
    pub(crate) hold_seconds: u64,
    pub(crate) password_characters: usize,
    pub(crate) code_tries: u8,
}

pub(crate) const LIMITS: Limits = Limits {
    link_days: limits::INVITATION_DAYS,
    trash_days: days(limits::TRASH_LIFE),
    code_minutes: minutes(limits::CODE_LIFE),
    event_days: days(limits::SECURITY_EVENT_LIFE),
    registration_minutes: minutes(limits::REGISTRATION_LIFE),
    session_hours: hours(limits::SESSION_LIFE),
    kept_session_days: days(limits::KEPT_SESSION_LIFE),
    kept_session_end_days: days(limits::KEPT_SESSION_END),
    known_device_days: days(limits::KNOWN_DEVICE_LIFE),
    upload_hours: hours(limits::UPLOAD_LIFE),
    recovery_hours: hours(limits::RECOVERY_WAIT),
    recovery_open_days: days(limits::RECOVERY_OPEN),
    removal_days: days(limits::REMOVAL_WAIT),
    one_time_codes: limits::ONE_TIME_CODES,
    one_time_sheets: limits::ONE_TIME_SHEETS,
    hold_days: days(limits::HOLD),
    sign_in_minutes: minutes(limits::SIGN_IN_LIFE),
    enrolment_minutes: minutes(limits::ENROLMENT_LIFE),
    challenge_minutes: minutes(limits::CHALLENGE_LIFE),
    renewal_minutes: minutes(limits::RENEWAL_LIFE),
    receipt_minutes: minutes(limits::RECEIPT_LIFE),
    news_days: days(limits::NEWS_LIFE),
    lock_minutes: 15,
    hold_seconds: 10,
    password_characters: limits::PASSWORD_CHARACTERS,
    code_tries: limits::CODE_TRIES,
};
