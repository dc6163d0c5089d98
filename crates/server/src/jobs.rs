//! What happens by itself: what is over goes, the log forgets it, letters that were held go out, and those that have lain in
//! the trash for their time are erased; and the domains of verified senders are looked up.

use std::time::Duration;

use metrics::counter;
use securemailbox_store::{jobs::Sweep, notices::Lane};

use crate::{
    api::{invitations, waits},
    mailroom::{Mailroom, stopped},
    organisations, telemetry,
};

/// How often what is over is looked for.
const PERIOD: Duration = Duration::from_secs(60);

/// How often is looked for letters whose hold is over: a look in an index that is mostly empty.
const RELEASES: Duration = Duration::from_secs(1);

/// How often is looked for files whose letters are gone: a look in an index that is mostly empty.
const FILES: Duration = Duration::from_secs(2);

/// How often is looked for letters that have lain in the trash for their time.
const TRASHES: Duration = Duration::from_secs(60 * 60);
/// How long what was deleted waits for more of it, before the log is made to forget all of it.
const GATHERED: Duration = Duration::from_secs(5);

/// Sweeps, has the log forget what was deleted, releases what was held, erases what was binned, and looks up the domains of verified
/// senders, until the server stops.
pub async fn run(mailroom: Mailroom) {
    let mut stopping = mailroom.stopping.clone();
    tokio::select! {
        () = sweep(&mailroom) => {}
        () = mailroom.store.forget_in_time(GATHERED) => {}
        () = release(&mailroom) => {}
        () = erase_binned(&mailroom) => {}
        () = erase_files(&mailroom) => {}
        () = look_up_domains(&mailroom) => {}
        () = stopped(&mut stopping) => {}
    }
}

/// Deletes what is over, announces what waits, removes accounts and guests whose time has come, erases what they held, and tells what
/// was refused, once a minute. Never ends.
async fn sweep(mailroom: &Mailroom) {
    loop {
        mailroom.rates.sweep();
        mailroom.refusals.say();
        if let Err(error) = mailroom.store.write(Sweep { now: mailroom.now() }).await {
            tracing::error!(error = error.to_string(), "sweeping failed");
        }
        if let Err(error) = mailroom.store.sweep_uploads(mailroom.now()).await {
            tracing::error!(
                error = error.to_string(),
                "uploads that are over were not given up; it will be tried again"
            );
        }
        if waits::announce_due(mailroom).await.is_err() {
            tracing::error!("what waits was not announced; it will be tried again");
        }
        if waits::remove_due(mailroom).await.is_err() {
            tracing::error!("accounts whose time has come were not removed; it will be tried again");
        }
        if invitations::end_due(mailroom).await.is_err() {
            tracing::error!("conversations that have come to their end were not removed; it will be tried again");
        }
        if let Err(error) = mailroom.store.erase_removed().await {
            tracing::error!(
                error = error.to_string(),
                "what removed accounts held was not erased; it will be tried again"
            );
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// Releases letters whose hold is over. Never ends.
async fn release(mailroom: &Mailroom) {
    loop {
        match mailroom.store.release_due(mailroom.quota, mailroom.now()).await {
            Ok(0) => {}
            Ok(_) => mailroom.notices.ring(Lane::Letters),
            Err(error) => {
                tracing::error!(error = error.to_string(), "held letters were not released; it will be tried again")
            }
        }
        tokio::time::sleep(RELEASES).await;
    }
}

/// Erases files whose letters are gone, those that were left when the server stopped among them. Never ends.
async fn erase_files(mailroom: &Mailroom) {
    loop {
        if let Err(error) = mailroom.store.erase_due_pieces(mailroom.now()).await {
            tracing::error!(error = error.to_string(), "files were not erased; it will be tried again");
        }
        tokio::time::sleep(FILES).await;
    }
}

/// Looks up the domains that are due. Never ends.
async fn look_up_domains(mailroom: &Mailroom) {
    loop {
        if let Err(error) = organisations::look_up_due(mailroom).await {
            tracing::error!(error = error.to_string(), "domains were not looked up; it will be tried again");
        }
        tokio::time::sleep(organisations::PERIOD).await;
    }
}

/// Erases what has lain in the trash for its time. Never ends.
async fn erase_binned(mailroom: &Mailroom) {
    loop {
        match mailroom.store.erase_binned(mailroom.now()).await {
            Ok(erased) => counter!(telemetry::ERASED).increment(erased),
            Err(error) => {
                tracing::error!(error = error.to_string(), "the trash was not erased; it will be tried again")
            }
        }
        tokio::time::sleep(TRASHES).await;
    }
}
