//! What is counted where no restart forgets it (PROTOCOL §9a): messages that cost money or fill somebody's inbox, and wrong
//! codes. Who proved a password or a recovery code is counted by account, and never by what strangers did.

use std::time::Duration;

use securemailbox_protocol::{
    address::Address,
    ids::{AccountId, RegistrationId},
    limits,
    phone::PhoneNumber,
    problems::ProblemType,
};
use securemailbox_store::{
    StoreError,
    tallies::{Count, CountAnew, CountError, CountLess, Counted, Tally, TallyKey},
};

use crate::{config::PublicPages, devices::KnownDevice, mailroom::Mailroom, networks::Network, problem::Problem};

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A day, in the key of a tally.
const A_DAY: &str = "day";

/// What is counted, and what may be done within an hour and a day. The name goes into the key.
struct Allowance {
    name: &'static str,
    an_hour: Option<u64>,
    a_day: Option<u64>,
}

const fn allow(name: &'static str, an_hour: u64, a_day: u64) -> Allowance {
    Allowance { name, an_hour: Some(an_hour), a_day: Some(a_day) }
}

const fn allow_a_day(name: &'static str, a_day: u64) -> Allowance {
    Allowance { name, an_hour: None, a_day: Some(a_day) }
}

/// E-mails with codes to one mailbox, whoever asks for them.
const EMAILS_TO_ADDRESS: Allowance = allow("emails-to-address", 20, 60);
/// The same, as one network asks for them: a stranger leaves enough for its owner.
const EMAILS_TO_ADDRESS_FROM: Allowance = allow("emails-to-address-from", 5, 15);
/// E-mails that one network asks for without being known.
const EMAILS_FROM: Allowance = allow("emails-from", 100, 300);
/// SMS to one number that nobody proved yet.
const TEXTS_TO_NUMBER: Allowance = allow("texts-to-number", 3, 6);
/// SMS that one network asks for without being known.
const TEXTS_FROM: Allowance = allow("texts-from", 30, 100);
/// Codes of one account, for each browser that is known to it and for all others together.
const CODES_OF_ACCOUNT: Allowance = allow("codes-of-account", 10, 30);
/// The same, of all its browsers: each sign-in may make another one.
const CODES_OF_ACCOUNT_IN_ALL: Allowance = allow_a_day("codes-of-account-in-all", 90);
/// Numbers that one registration names.
const NUMBERS_OF_REGISTRATION: Allowance = allow_a_day("numbers-of-registration", 3);
/// Reminders of one guest.
const REMINDERS: Allowance = allow_a_day("reminders", 1);
/// Wrong codes at one address that is being registered.
const WRONG_AT_ADDRESS: Allowance = allow_a_day("wrong-at-address", 50);
/// The same, as one network types them.
const WRONG_AT_ADDRESS_FROM: Allowance = allow_a_day("wrong-at-address-from", 15);
/// Wrong codes of registrations that one network types.
const WRONG_FROM: Allowance = allow_a_day("wrong-from", 100);
/// Codes by which somebody reads who has no mailbox.
const CODES_OF_LINK: Allowance = allow("codes-of-link", 3, 10);
/// Wrong codes at one account, of those who proved its password.
const WRONG_AT_ACCOUNT: Allowance = allow_a_day("wrong-at-account", 20);

/// Numbers that one account asks about, of whomever.
const NUMBERS_ASKED: Allowance = allow_a_day("numbers-asked", 30);
/// Numbers that are asked about at one address, by whomever: so few that nobody's number is found out by asking.
const NUMBERS_AT_ADDRESS: Allowance = allow_a_day("numbers-at-address", 100);
/// The same, as one account asks: it leaves enough for others.
const NUMBERS_AT_ADDRESS_BY: Allowance = allow_a_day("numbers-at-address-by", 5);

/// The name of the tally of all SMS.
const TEXTS: &str = "texts";

/// Tallies of one act, gathered.
pub struct Tallies<'a> {
    mailroom: &'a Mailroom,
    tallies: Vec<Tally>,
    /// Which of them counts all SMS of a day.
    all_texts: Option<usize>,
}

impl<'a> Tallies<'a> {
    /// None yet.
    #[must_use]
    pub const fn of(mailroom: &'a Mailroom) -> Self {
        Self { mailroom, tallies: Vec::new(), all_texts: None }
    }

    /// A code by e-mail to an address that nobody proved.
    #[must_use]
    pub fn email_to_stranger(self, address: &Address, network: Network) -> Self {
        let mailbox = mailbox_of(address);
        self.add(&EMAILS_TO_ADDRESS, &[mailbox.as_bytes()], 1)
            .from(&EMAILS_TO_ADDRESS_FROM, &[mailbox.as_bytes()], network)
            .from(&EMAILS_FROM, &[], network)
    }

    /// A code by SMS to a number that nobody proved. Strangers take no more than half of a day's SMS.
    #[must_use]
    pub fn text_to_stranger(self, phone: &PhoneNumber, network: Network) -> Self {
        let half = self.mailroom.texts_a_day.div_ceil(2);
        self.add(&TEXTS_TO_NUMBER, &[phone.as_str().as_bytes()], 1)
            .from(&TEXTS_FROM, &[], network)
            .add(&allow_a_day("texts-to-strangers", half), &[], 1)
            .text()
    }

    /// A code for somebody who proved the password or the recovery code.
    #[must_use]
    pub fn code_of(self, account: AccountId, device: Option<KnownDevice>) -> Self {
        let of = device.as_ref().map_or(&[][..], |device| &device.octets()[..]);
        self.add(&CODES_OF_ACCOUNT, &[account.as_bytes(), of], 1).add(
            &CODES_OF_ACCOUNT_IN_ALL,
            &[account.as_bytes()],
            1,
        )
    }

    /// A code for somebody who has a link. Nobody proved the number, so it counts as a stranger's too.
    #[must_use]
    pub fn code_of_link(self, guest: AccountId, phone: &PhoneNumber, network: Network) -> Self {
        self.add(&CODES_OF_LINK, &[guest.as_bytes()], 1).text_to_stranger(phone, network)
    }

    /// A wrong code at a link: so many in all, whoever types them.
    #[must_use]
    pub fn wrong_at_link(mut self, guest: AccountId) -> Self {
        let key: TallyKey = self.mailroom.seal.tally("wrong-at-link", "life", &[guest.as_bytes()]);
        self.tallies.push(Tally { key, most: limits::LINK_TRIES, within: limits::INVITATION_LIFE });
        self
    }

    /// A sender allows as many wrong codes at a link once more: so often in all.
    #[must_use]
    pub fn tries_allowed(mut self, guest: AccountId) -> Self {
        let key: TallyKey = self.mailroom.seal.tally("tries-allowed", "life", &[guest.as_bytes()]);
        self.tallies.push(Tally { key, most: limits::LINK_RENEWALS, within: limits::INVITATION_LIFE });
        self
    }

    /// A guest is sent the link once more.
    #[must_use]
    pub fn reminder(self, guest: AccountId) -> Self {
        self.add(&REMINDERS, &[guest.as_bytes()], 1)
    }

    /// A letter by a public page: of one network, to one page, and in all, since nobody who sends it is known.
    #[must_use]
    pub fn letter_by_page(self, owner: AccountId, network: Network) -> Self {
        let PublicPages { letters_an_hour_from, letters_a_day_from, letters_a_day_to, letters_a_day, .. } =
            self.mailroom.public_pages;
        let from = allow("page-letters-from", letters_an_hour_from.into(), letters_a_day_from.into());
        self.from(&from, &[], network)
            .add(&allow_a_day("page-letters-to", letters_a_day_to.into()), &[owner.as_bytes()], 1)
            .add(&allow_a_day("page-letters", letters_a_day.into()), &[], 1)
    }

    /// Any SMS.
    #[must_use]
    pub fn text(mut self) -> Self {
        self.all_texts = Some(self.tallies.len());
        let all = allow_a_day(TEXTS, self.mailroom.texts_a_day);
        self.add(&all, &[], 1)
    }

    /// A registration names a number.
    #[must_use]
    pub fn number_of(self, registration: RegistrationId) -> Self {
        self.add(&NUMBERS_OF_REGISTRATION, &[registration.as_bytes()], 1)
    }

    /// An account asks whether a number is that of an address.
    #[must_use]
    pub fn number_asked(self, asker: AccountId, address_look_up: &[u8; 32]) -> Self {
        self.add(&NUMBERS_ASKED, &[asker.as_bytes()], 1)
            .add(&NUMBERS_AT_ADDRESS_BY, &[address_look_up, asker.as_bytes()], 1)
            .add(&NUMBERS_AT_ADDRESS, &[address_look_up], 1)
    }

    /// A wrong code at a registration.
    #[must_use]
    pub fn wrong_at_registration(self, address_look_up: &[u8; 32], network: Network) -> Self {
        self.add(&WRONG_AT_ADDRESS, &[address_look_up], 1)
            .from(&WRONG_AT_ADDRESS_FROM, &[address_look_up], network)
            .from(&WRONG_FROM, &[], network)
    }

    /// A wrong code at an account.
    #[must_use]
    pub fn wrong_at_account(self, account: AccountId, device: Option<KnownDevice>) -> Self {
        let of = device.as_ref().map_or(&[][..], |device| &device.octets()[..]);
        self.add(&WRONG_AT_ACCOUNT, &[account.as_bytes(), of], 1)
    }

    /// For a network: once for each that it is counted as, or once for the name that the operator gave it.
    fn from(mut self, allowance: &Allowance, of: &[&[u8]], network: Network) -> Self {
        if let Some((which, times)) = self.mailroom.rates.named(network) {
            let name = (which as u64).to_be_bytes();
            return self.add(allowance, &[of, &[b"named", &name]].concat(), times);
        }
        for (scale, times) in network.scales() {
            self = self.add(allowance, &[of, &[&scale.octets()]].concat(), times);
        }
        self
    }

    fn add(mut self, allowance: &Allowance, of: &[&[u8]], times: u32) -> Self {
        for (most, within, word) in [(allowance.an_hour, HOUR, "hour"), (allowance.a_day, DAY, A_DAY)] {
            let Some(most) = most else { continue };
            let key: TallyKey = self.mailroom.seal.tally(allowance.name, word, of);
            self.tallies.push(Tally { key, most: most.saturating_mul(times.into()), within });
        }
        self
    }

    /// Counts it, or says when it may be done again. An SMS budget that runs low is said in the log before it has run out.
    ///
    /// # Errors
    /// 429 with `Retry-After`; the store's.
    pub async fn count(&self) -> Result<(), Problem> {
        let Self { mailroom, ref tallies, all_texts } = *self;
        let now = mailroom.now();
        match mailroom.store.write(Count { tallies: tallies.clone(), now }).await {
            Ok(counts) => {
                if let Some(sent) = all_texts.and_then(|which| counts.get(which)) {
                    say_how_many_texts(*sent, mailroom.texts_a_day);
                }
                Ok(())
            }
            Err(CountError::TooOften { which, until }) => {
                if all_texts == Some(which) {
                    tracing::error!(most = mailroom.texts_a_day, "no more SMS today: `sms.a_day` is reached");
                }
                let wait = until.since(now).as_secs() + 1;
                Err(Problem::new(ProblemType::TooManyRequests).retry_after(wait))
            }
            Err(CountError::Store(source)) => Err(source.into()),
        }
    }

    /// Whether nothing more of the first that is counted may be done.
    ///
    /// # Errors
    /// The store's.
    pub async fn is_full(&self) -> Result<bool, Problem> {
        let Some(Tally { key, most, .. }) = self.tallies.first().copied() else { return Ok(false) };
        Ok(self.mailroom.store.read(Counted { key, now: self.mailroom.now() }).await? >= most)
    }

    /// Counts it anew from now on.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_anew(self) -> Result<(), Problem> {
        for tally in &self.tallies {
            self.mailroom.store.write(CountAnew { key: tally.key }).await?;
        }
        Ok(())
    }

    /// Takes it back.
    ///
    /// # Errors
    /// The store's.
    pub async fn count_less(self) -> Result<(), Problem> {
        let keys = self.tallies.iter().map(|tally| tally.key).collect();
        Ok(self.mailroom.store.write(CountLess { keys }).await?)
    }
}

/// How many SMS were sent within the day that runs.
///
/// # Errors
/// The store's.
pub async fn texts_today(mailroom: &Mailroom) -> Result<u64, StoreError> {
    let key = mailroom.seal.tally(TEXTS, A_DAY, &[]);
    mailroom.store.read(Counted { key, now: mailroom.now() }).await
}

fn say_how_many_texts(sent: u64, most: u64) {
    if sent == most.saturating_mul(8).div_ceil(10) {
        tracing::warn!(sent, most, "four fifths of today's SMS are sent: see `sms.a_day`");
    }
}

/// The mailbox that an address goes to: what stands behind a `+` is its owner's to choose, and so a stranger's.
fn mailbox_of(address: &Address) -> String {
    let text = address.as_str();
    match text.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or(local)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_with_a_tag_is_the_same_mailbox() {
        let of = |text: &str| mailbox_of(&Address::parse(text).unwrap());
        assert_eq!(of("anna+1@demo.example"), of("anna@demo.example"));
        assert_eq!(of("anna+1+2@demo.example"), of("anna@demo.example"));
        assert_ne!(of("bjorn@demo.example"), of("anna@demo.example"));
    }
}
