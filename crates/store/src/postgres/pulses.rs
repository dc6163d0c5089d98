//! Hints between processes: `NOTIFY` after the commit and from a connection of its own, because inside the writing
//! transaction it cuts commits to a twentieth. A lost hint costs nothing: streams look again by themselves.

use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
    time::Duration,
};

use securemailbox_protocol::{
    ids::MailboxId,
    numbers::{ChangeNumber, EraseNumber},
    sync::{Erased, Pulse},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_postgres::AsyncMessage;

use super::target::Target;
use crate::listeners::Listeners;

/// How many hints may wait before some are dropped.
const WAITING: usize = 4096;

/// How many go into one statement.
const TOGETHER: usize = 256;

/// How long to wait before a lost connection is tried again.
const PAUSE: Duration = Duration::from_secs(2);

pub(super) struct Pulses {
    here: Arc<Listeners>,
    elsewhere: mpsc::Sender<(MailboxId, Pulse)>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Pulses {
    /// Starts the task that tells other processes and hears from them.
    pub(super) fn start(target: Target, here: Arc<Listeners>) -> Self {
        let (elsewhere, mut waiting) = mpsc::channel(WAITING);
        let heard = Arc::clone(&here);
        let task = tokio::spawn(async move {
            // This connection is always open, so it is the first to know.
            let away = AtomicBool::new(false);
            while let Err(error) = converse(&target, &mut waiting, &heard, &away).await {
                if !away.swap(true, Ordering::Relaxed) {
                    let (place, code) = (&target.place, error.code().map(|code| code.code()));
                    tracing::warn!(
                        place,
                        code,
                        "the database is away: until it is back, requests are answered with 503"
                    );
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Self { here, elsewhere, task: Mutex::new(Some(task)) }
    }

    /// Tells whoever listens, here and in other processes.
    pub(super) fn tell(&self, touched: Vec<(MailboxId, Pulse)>) {
        for (mailbox, pulse) in touched {
            self.here.tell(mailbox, pulse);
            // Full: it is a hint.
            let _ = self.elsewhere.try_send((mailbox, pulse));
        }
    }

    pub(super) fn stop(&self) {
        let task = self.task.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
        }
    }
}

/// Tells and hears over one connection, until it fails or nobody is left to tell.
async fn converse(
    target: &Target,
    waiting: &mut mpsc::Receiver<(MailboxId, Pulse)>,
    heard: &Listeners,
    away: &AtomicBool,
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = target.connect().await?;
    // What this process told comes back to the connection that told it, and would look like a second time.
    let own = AtomicI32::new(0);
    let hear = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message?
                && notification.process_id() != own.load(Ordering::Relaxed)
                && let Some((mailbox, pulse)) = read(notification.payload())
            {
                heard.tell(mailbox, pulse);
            }
        }
        Ok(())
    };
    let tell = async {
        own.store(client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?, Ordering::Relaxed);
        client.batch_execute("LISTEN pulse").await?;
        if away.swap(false, Ordering::Relaxed) {
            tracing::info!("the database is back");
        }
        let mut hints = Vec::new();
        while waiting.recv_many(&mut hints, TOGETHER).await > 0 {
            // One for each mailbox: the newest says it all.
            let newest: BTreeMap<_, _> = hints.drain(..).collect();
            let payloads: Vec<_> = newest.into_iter().map(|(mailbox, pulse)| write(mailbox, pulse)).collect();
            client.execute("SELECT pg_notify('pulse', hint) FROM unnest($1::text[]) AS hint", &[&payloads]).await?;
        }
        Ok(())
    };
    tokio::select! { heard = hear => heard, told = tell => told }
}

fn write(mailbox: MailboxId, pulse: Pulse) -> String {
    format!("{mailbox} {} {} {}", pulse.change, pulse.erased.letters, pulse.erased.drafts)
}

fn read(payload: &str) -> Option<(MailboxId, Pulse)> {
    let mut words = payload.split(' ');
    let mailbox = words.next()?.parse().ok()?;
    let change = ChangeNumber::new(words.next()?.parse().ok()?);
    let mut erased = || Some(EraseNumber::new(words.next()?.parse().ok()?));
    let erased = Erased { letters: erased()?, drafts: erased()? };
    words.next().is_none().then_some((mailbox, Pulse { change, erased }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_heard_as_it_was_told() {
        let mailbox = MailboxId::from_bytes([7; 16]);
        let pulse = Pulse {
            change: ChangeNumber::new(3),
            erased: Erased { letters: EraseNumber::new(1), drafts: EraseNumber::new(2) },
        };
        assert_eq!(read(&write(mailbox, pulse)), Some((mailbox, pulse)));
        assert_eq!(read("not a hint"), None);
    }
}
