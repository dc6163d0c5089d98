//! Takes notices from the outbox and sends them, until the server stops.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use rand::Rng;
use securemailbox_protocol::{accounts::Language, limits, time::Timestamp};
use securemailbox_store::{
    StoreError,
    notices::{DropNotice, DueNotice, DueNotices, NoticeContent, NoticeFailed, NoticeSent},
};

use super::{Outgoing, Recipient, Senders, Text, open_notice};
use crate::{
    mailroom::{Mailroom, stopped},
    seal::Unsealed,
};

/// How often the outbox is looked at when nobody says that something is new.
const PERIOD: Duration = Duration::from_secs(5);
/// How long another process leaves a claimed notice alone.
const LEASE: Duration = Duration::from_secs(60);
/// How many notices one look at the outbox claims.
const BATCH: u32 = 64;
/// Notices on their way at once.
const AT_ONCE: usize = 8;
/// How long the news that a letter waits is tried: as long as mail servers try (RFC 5321 §4.5.4.1).
const LETTER_NOTICE_LIFE: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// The first pause after a failure; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The longest pause between two tries of one notice.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);

/// Sends what is due, whenever something is new and every few seconds.
pub async fn run(mailroom: Mailroom, senders: Senders) {
    let mut stopping = mailroom.stopping.clone();
    loop {
        match send_due(&mailroom, &senders).await {
            Ok(sent) if sent == BATCH as usize => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(error = error.to_string(), "the outbox could not be read"),
        }
        tokio::select! {
            () = mailroom.notices.notified() => {}
            () = tokio::time::sleep(PERIOD) => {}
            () = stopped(&mut stopping) => break,
        }
    }
}

async fn send_due(mailroom: &Mailroom, senders: &Senders) -> Result<usize, StoreError> {
    let now = mailroom.now();
    let due = mailroom.store.write(DueNotices { now, limit: BATCH, lease_until: now.after(LEASE) }).await?;
    let count = due.len();
    stream::iter(due)
        .for_each_concurrent(AT_ONCE, async |notice| {
            if let Err(error) = send_one(mailroom, senders, notice).await {
                tracing::error!(error = error.to_string(), "the outbox could not be written");
            }
        })
        .await;
    Ok(count)
}

async fn send_one(mailroom: &Mailroom, senders: &Senders, notice: DueNotice) -> Result<(), StoreError> {
    let id = notice.id;
    let life = match &notice.content {
        NoticeContent::Sealed(_) => limits::CODE_LIFE,
        NoticeContent::Letter { .. } => LETTER_NOTICE_LIFE,
    };
    let now = mailroom.now();
    if now.since(notice.created) > life {
        tracing::warn!(attempts = notice.attempts, "a notice was given up");
        return mailroom.store.write(DropNotice { id }).await;
    }
    let Ok(outgoing) = in_words(mailroom, &notice) else {
        tracing::error!("a notice in the outbox did not open under the server seal");
        return mailroom.store.write(DropNotice { id }).await;
    };
    match senders.send(&outgoing, now).await {
        Ok(()) => {
            metrics::counter!("securemailbox_notices_total", "result" => "sent").increment(1);
            mailroom.store.write(NoticeSent { id, now: mailroom.now() }).await
        }
        Err(error) => {
            metrics::counter!("securemailbox_notices_total", "result" => "failed").increment(1);
            tracing::warn!(
                attempts = notice.attempts + 1,
                error = error.to_string(),
                "a notice was not taken; it will be tried again"
            );
            let next_due = next_try(mailroom.now(), notice.attempts, mailroom.rng().gen_range(0.5..1.0));
            mailroom.store.write(NoticeFailed { id, next_due }).await
        }
    }
}

fn in_words(mailroom: &Mailroom, notice: &DueNotice) -> Result<Outgoing, Unsealed> {
    let (to, language, text) = match &notice.content {
        NoticeContent::Sealed(sealed) => {
            let waiting = open_notice(&mailroom.seal, notice.id, sealed)?;
            (waiting.to, waiting.language, waiting.text)
        }
        NoticeContent::Letter { account, address_sealed, language } => {
            (Recipient::Email(mailroom.seal.address(*account, address_sealed)?), *language, Text::NewLetter)
        }
    };
    Ok(write(to, language, &text, &mailroom.origin.url()))
}

fn write(to: Recipient, language: Language, text: &Text, url: &str) -> Outgoing {
    let words = text.words(language, url);
    Outgoing {
        to,
        subject: words.subject.to_owned(),
        text: words.text,
        code: text.code().map(|code| code.digits().to_owned()),
    }
}

/// Twice the pause each time, and a random part of it, so that a mail server that comes back is not met by all at once.
fn next_try(now: Timestamp, attempts: u32, part: f64) -> Timestamp {
    let pause = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempts)).min(LONGEST_PAUSE);
    now.after(pause.mul_f64(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_an_hour_and_no_further() {
        let now = Timestamp::from_unix_millis(0);
        assert_eq!(next_try(now, 0, 1.0), now.after(FIRST_PAUSE));
        assert_eq!(next_try(now, 3, 1.0), now.after(FIRST_PAUSE * 8));
        assert_eq!(next_try(now, 1000, 1.0), now.after(LONGEST_PAUSE));
    }

    #[test]
    fn a_notice_says_nothing_of_the_letter() {
        for language in [Language::Sv, Language::En] {
            let to = Recipient::Email("bjorn@example.se".parse().unwrap());
            let outgoing = write(to, language, &Text::NewLetter, "https://mail.example.se");
            assert!(outgoing.text.contains("https://mail.example.se"));
            assert_eq!(outgoing.code, None);
        }
    }
}
