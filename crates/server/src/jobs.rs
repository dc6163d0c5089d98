//! What happens by itself: what is over goes, and the log forgets it.

use std::time::Duration;

use securemailbox_store::{StoreError, jobs::Sweep};

use crate::mailroom::{Mailroom, stopped};

/// How often.
const PERIOD: Duration = Duration::from_secs(60);

/// Sweeps once a minute until the server stops.
pub async fn run(mailroom: Mailroom) {
    let mut stopping = mailroom.stopping.clone();
    loop {
        if let Err(error) = sweep(&mailroom).await {
            tracing::error!(error = error.to_string(), "sweeping failed");
        }
        tokio::select! {
            () = tokio::time::sleep(PERIOD) => {}
            () = stopped(&mut stopping) => break,
        }
    }
}

/// Deletes what is over. The log is scrubbed too: sent codes and shares of ended sessions lie in it.
async fn sweep(mailroom: &Mailroom) -> Result<(), StoreError> {
    mailroom.rates.sweep();
    mailroom.store.write(Sweep { now: mailroom.now() }).await?;
    mailroom.store.scrub_log().await
}
