//! Server-sent events (PROTOCOL §9a): `{change, erased}`, a hint to ask for changes, and a beat by which a client hears that
//! the stream is alive. Ends with its session and its server.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::State,
    response::{
        IntoResponse, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::{StreamExt, stream};
use securemailbox_protocol::{
    ids::AccountId,
    problems::ProblemDetails,
    sync::{Beat, Pulse},
};
use securemailbox_store::{Listener, News, StoreError, pulse::PulseOf, sessions::ListSessions};
use tokio::sync::watch;

use crate::{
    access::Access,
    mailroom::{Mailroom, stopped},
    problem::Problem,
    shares::Share,
    telemetry::{self, Counted},
};

/// How often a quiet stream asks for itself, and looks whether its session still lives.
const PERIOD: Duration = Duration::from_secs(30);

/// For how long a stream is never silent.
const BEAT: Duration = Duration::from_secs(15);

/// Asks the proxies in between to hand each event on as it comes (nginx and others; Caddy does so by itself).
const UNBUFFERED: [(&str, &str); 1] = [("x-accel-buffering", "no")];

/// Says when something is new. An event without a name has a `Pulse` as its data, an event `beat` a `Beat`.
#[utoipa::path(get, path = "/events",
    responses((status = 200, content_type = "text/event-stream", body = Pulse, headers(
        ("x-accel-buffering" = String, description = "`no`: a proxy must not keep events back."))), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn events(State(mailroom): State<Mailroom>, access: Access) -> Result<impl IntoResponse, Problem> {
    let place = mailroom.budgets.stream(access.who)?;
    let news = mailroom.store.listen(access.mailbox);
    let first = mailroom.store.read(PulseOf { mailbox: access.mailbox }).await?;
    let stopping = mailroom.stopping.clone();
    let _counted = Counted::one(telemetry::EVENT_STREAMS);
    let watching =
        Watching { mailroom, access, news, stopping, next: Some(first), told: None, _place: place, _counted };
    let pulses = stream::unfold(watching, async |mut watching| {
        let pulse = watching.next_pulse().await?;
        // Three numbers are JSON.
        let event = Event::default().json_data(pulse).unwrap_or_default();
        Some((event, watching))
    });
    let events = stream::iter([beat()]).chain(pulses).map(Ok::<_, Infallible>);
    // Comments would keep a stream alive too, and a browser tells nobody of them.
    let beats = KeepAlive::new().interval(BEAT).event(beat());
    Ok((UNBUFFERED, Sse::new(events).keep_alive(beats)))
}

fn beat() -> Event {
    // One number is JSON.
    Event::default().event("beat").json_data(Beat { seconds: BEAT.as_secs() as u32 }).unwrap_or_default()
}

struct Watching {
    mailroom: Mailroom,
    access: Access,
    news: Listener,
    stopping: watch::Receiver<bool>,
    /// A pulse that was heard and has not been sent on the stream yet.
    next: Option<Pulse>,
    /// The pulse that the stream sent last.
    told: Option<Pulse>,
    _place: Share<AccountId>,
    _counted: Counted,
}

impl Watching {
    /// The next pulse that differs from the last; none when the stream is over.
    async fn next_pulse(&mut self) -> Option<Pulse> {
        loop {
            if let Some(pulse) = self.next.take().filter(|pulse| self.told != Some(*pulse)) {
                self.told = Some(pulse);
                return Some(pulse);
            }
            let must_ask = tokio::select! {
                News { pulse, session_ended } = self.news.next() => {
                    self.next = Some(pulse);
                    // It may be this one, also where the first that is heard is what was told already.
                    session_ended || self.told == Some(pulse)
                }
                () = tokio::time::sleep(PERIOD) => true,
                () = stopped(&mut self.stopping) => return None,
            };
            if must_ask {
                self.next = Some(self.ask().await.ok()??);
            }
        }
    }

    /// Asks the store, if the session still lives.
    async fn ask(&self) -> Result<Option<Pulse>, StoreError> {
        let now = self.mailroom.now();
        let sessions = self.mailroom.store.read(ListSessions { account: self.access.who, now }).await?;
        if !sessions.iter().any(|session| session.id == self.access.session.id) {
            return Ok(None);
        }
        self.mailroom.store.read(PulseOf { mailbox: self.access.mailbox }).await.map(Some)
    }
}
