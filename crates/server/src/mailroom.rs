//! What every handler works with: the store, the seal, the clock, the limits.

use std::{
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rand::{SeedableRng, rngs::StdRng};
use securemailbox_protocol::{address::Address, time::Timestamp};
use securemailbox_store::{Store, quotas::Quota};
use tokio::sync::watch;
use zeroize::Zeroizing;

use crate::{
    budgets::Budgets,
    config::{PublicPages, RegistrationPolicy},
    notices::Bells,
    numbers::Numbers,
    opaque::OpaqueServer,
    organisations::Organisations,
    origin::Origin,
    rates::Rates,
    refusals::Refusals,
    seal::ServerSeal,
};

/// Tells the time. Only the binary knows the real one.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub struct Mailroom(Arc<Shared>);

/// What every request of one server uses.
pub struct Shared {
    parts: Parts,
    /// Wake the senders of notices.
    pub notices: Bells,
    /// What requests hold in memory.
    pub budgets: Arc<Budgets>,
    /// What was refused since the log told of it.
    pub refusals: Refusals,
    clock: Clock,
    random: Mutex<StdRng>,
}

/// Everything that a [`Mailroom`] is made of, besides the clock and randomness.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The seal over everything that the server must read while it runs, and a thief must not.
    pub seal: ServerSeal,
    /// The server's side of passwords.
    pub opaque: OpaqueServer,
    /// The origin that browsers and programs reach us by.
    pub origin: Origin,
    /// Counts what networks and accounts ask for, and refuses what is too much.
    pub rates: Rates,
    /// Who may ask for a mailbox of their own.
    pub registration: RegistrationPolicy,
    /// Who is shown as a verified sender.
    pub organisations: Organisations,
    /// The From of every e-mail; none where none is sent.
    pub mail_from: Option<Address>,
    /// How much a mailbox may hold.
    pub quota: Quota,
    /// The largest file that may be attached, in bytes.
    pub largest_file: u64,
    /// What comes by public pages.
    pub public_pages: PublicPages,
    /// The numbers that codes may be sent to.
    pub numbers: Numbers,
    /// How many SMS may be sent in a day.
    pub texts_a_day: u64,
    /// How long whoever asks for a code waits for the first try to send it.
    pub first_try: Duration,
    /// Turns true when the server is to stop, so that event streams end.
    pub stopping: watch::Receiver<bool>,
}

impl Mailroom {
    /// Opens it. `random` seeds every secret made here, so it comes from the operating system.
    #[must_use]
    pub fn new(parts: Parts, clock: Clock, random: StdRng) -> Self {
        let (notices, budgets, refusals) = (Bells::default(), Budgets::new(), Refusals::default());
        let random = Mutex::new(random);
        Self(Arc::new(Shared { parts, notices, budgets, refusals, clock, random }))
    }

    /// As it is by default, on a port that nobody listens on.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn of_a_test(store: Store, stopping: watch::Receiver<bool>, clock: Clock) -> Self {
        Self::with_organisations(Organisations::default(), store, stopping, clock)
    }

    /// The same with verified senders.
    #[cfg(test)]
    #[must_use]
    pub(crate) fn with_organisations(
        organisations: Organisations,
        store: Store,
        stopping: watch::Receiver<bool>,
        clock: Clock,
    ) -> Self {
        let mut random = StdRng::seed_from_u64(1);
        let configuration = crate::config::Configuration::default();
        let parts = Parts {
            store,
            seal: ServerSeal::new(&[7; 32]),
            opaque: OpaqueServer::generate(&mut random),
            origin: Origin::new(None, ([127, 0, 0, 1], 1).into()),
            rates: Rates::new(&configuration.limits, &configuration.quotas),
            registration: RegistrationPolicy::Open,
            organisations,
            mail_from: None,
            quota: configuration.quotas.of_a_mailbox(),
            largest_file: configuration.quotas.largest_file(),
            public_pages: configuration.public_pages,
            numbers: Numbers::of_everywhere(),
            texts_a_day: 20,
            // Nobody sends.
            first_try: Duration::ZERO,
            stopping,
        };
        Self::new(parts, clock, random)
    }

    /// The time that the server goes by: the clock that it was given.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// A generator of one's own, so that nobody waits for the shared one.
    #[must_use]
    pub fn rng(&self) -> StdRng {
        let mut seed = Zeroizing::new(<StdRng as SeedableRng>::Seed::default());
        let mut shared = self.0.random.lock().unwrap_or_else(PoisonError::into_inner);
        rand::RngCore::fill_bytes(&mut *shared, seed.as_mut_slice());
        StdRng::from_seed(*seed)
    }
}

/// Waits until the server is to stop.
pub async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that the server is gone, which is stopped too.
    let _ = stopping.wait_for(|stop| *stop).await;
}

impl Deref for Mailroom {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Deref for Shared {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.parts
    }
}
