//! What happens by itself: what is over goes, and the log forgets it.

use std::time::Duration;

use securemailbox_store::jobs::Sweep;

use crate::mailroom::{Mailroom, stopped};

/// How often what is over is looked for.
const PERIOD: Duration = Duration::from_secs(60);

/// How long what was deleted waits for more of it, before the log is made to forget all of it.
const GATHERED: Duration = Duration::from_secs(5);

/// Sweeps, and has the log forget what was deleted, until the server stops.
pub async fn run(mailroom: Mailroom) {
    let mut stopping = mailroom.stopping.clone();
    tokio::select! {
        () = sweep(&mailroom) => {}
        () = mailroom.store.forget_in_time(GATHERED) => {}
        () = stopped(&mut stopping) => {}
    }
}

/// Deletes what is over and tells what was refused, once a minute. Never ends.
async fn sweep(mailroom: &Mailroom) {
    loop {
        mailroom.rates.sweep();
        mailroom.refusals.say();
        if let Err(error) = mailroom.store.write(Sweep { now: mailroom.now() }).await {
            tracing::error!(error = error.to_string(), "sweeping failed");
        }
        tokio::time::sleep(PERIOD).await;
    }
}
