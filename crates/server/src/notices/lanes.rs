//! Takes notices from the outbox and sends them, until the server stops. Each lane by itself: a mail server that hangs
//! holds up no SMS, and the news of twenty thousand letters no code.

use std::{sync::Arc, time::Duration};

use rand::Rng;
use securemailbox_protocol::{limits, sealed::Purpose, time::Timestamp};
use securemailbox_store::{
    StoreError,
    notices::{ClaimNotices, DropNotice, DueNotice, Lane, NoticeContent, NoticeFailed, NoticeRefused, NoticeSent},
};
use tokio::task::JoinSet;

use super::{
    Outgoing, Recipient, Senders, Text,
    failures::{Cause, NotSent, Verdict},
    open_notice,
};
use crate::{
    mailroom::{Mailroom, stopped},
    organisations,
    seal::Unsealed,
    telemetry,
};

/// The first pause after a refusal; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The first pause where nothing was answered in time: it may have been taken, and each more try may be one SMS more.
const FIRST_PAUSE_UNANSWERED: Duration = Duration::from_secs(60);
/// The longest pause between two tries of a code, which lives for minutes.
const LONGEST_PAUSE_OF_A_CODE: Duration = Duration::from_secs(60);
/// The longest pause between two tries of news.
const LONGEST_PAUSE: Duration = Duration::from_secs(30 * 60);

/// How a lane is worked through.
#[derive(Clone, Copy)]
struct Pace {
    /// Notices on their way at once. No more are claimed, so that none waits for its turn while its claim runs out.
    at_once: u32,
    /// How long one may be on its way. Everything a mail server or a gateway does is within it.
    deadline: Duration,
    /// How much longer than that a claim holds: time to write the outcome down, and for clocks that differ.
    margin: Duration,
    /// How often the outbox is looked at when nobody says that something is new.
    period: Duration,
    /// How long what is on its way may go on when the server stops.
    grace: Duration,
}

impl Pace {
    /// Mail servers filter before they answer; a gateway that thinks for longer than half a minute does not work.
    const fn of(lane: Lane) -> Self {
        let deadline = match lane {
            Lane::Emails | Lane::Letters => Duration::from_secs(60),
            Lane::Texts => Duration::from_secs(30),
        };
        Self {
            at_once: 8,
            deadline,
            margin: Duration::from_secs(60),
            period: Duration::from_secs(5),
            grace: Duration::from_secs(5),
        }
    }
}

/// Sends what is due in every lane, whenever something is new and every few seconds.
pub async fn run(mailroom: Mailroom, senders: Senders) {
    let senders = Arc::new(senders);
    let lane = |lane| work(mailroom.clone(), senders.clone(), lane, Pace::of(lane));
    tokio::join!(lane(Lane::Emails), lane(Lane::Texts), lane(Lane::Letters));
}

/// Works one lane. Whether to stop is looked at between any two sends, and what is on its way is not waited for for long.
async fn work(mailroom: Mailroom, senders: Arc<Senders>, lane: Lane, pace: Pace) {
    let mut stopping = mailroom.stopping.clone();
    let mut under_way = JoinSet::new();
    let mut more_is_due = true;
    loop {
        let free = pace.at_once.saturating_sub(u32::try_from(under_way.len()).unwrap_or(u32::MAX));
        if more_is_due && free > 0 {
            let claimed = tokio::select! {
                biased;
                () = stopped(&mut stopping) => break,
                claimed = claim(&mailroom, lane, pace, free) => claimed,
            };
            let claimed = claimed.unwrap_or_else(|error| {
                tracing::error!(error = error.to_string(), "the outbox could not be read");
                Vec::new()
            });
            more_is_due = claimed.len() == free as usize;
            for notice in claimed {
                under_way.spawn(see_to(mailroom.clone(), senders.clone(), lane, pace, notice));
            }
        }
        tokio::select! {
            biased;
            () = stopped(&mut stopping) => break,
            Some(ended) = under_way.join_next() => {
                if ended.is_err() {
                    tracing::error!("sending a notice panicked; it will be tried again when its claim is over");
                }
            }
            () = mailroom.notices.of(lane).notified() => more_is_due = true,
            () = tokio::time::sleep(pace.period) => more_is_due = true,
        }
    }
    // What does not end in time stays claimed, and is sent by whoever comes after us.
    let _ = tokio::time::timeout(pace.grace, async { while under_way.join_next().await.is_some() {} }).await;
}

async fn claim(mailroom: &Mailroom, lane: Lane, pace: Pace, limit: u32) -> Result<Vec<DueNotice>, StoreError> {
    let now = mailroom.now();
    let until = now.after(pace.deadline + pace.margin);
    mailroom.store.write(ClaimNotices { lane, now, limit, until }).await
}

/// Sends a notice that was claimed, and writes down what came of it.
async fn see_to(mailroom: Mailroom, senders: Arc<Senders>, lane: Lane, pace: Pace, notice: DueNotice) {
    let id = notice.id;
    let written = match attempt(&mailroom, &senders, lane, pace, &notice).await {
        Outcome::Sent => mailroom.store.write(NoticeSent { id, now: mailroom.now() }).await,
        Outcome::Refused => mailroom.store.write(NoticeRefused { id }).await,
        Outcome::GivenUp => mailroom.store.write(DropNotice { id }).await,
        Outcome::Again(next_due) => {
            mailroom.store.write(NoticeFailed { id, claimed_until: notice.claimed_until, next_due }).await
        }
        Outcome::TooLate => Ok(()),
    };
    if let Err(error) = written {
        tracing::error!(error = error.to_string(), "the outbox could not be written");
    }
}

/// What came of one try.
enum Outcome {
    /// The other side has taken it.
    Sent,
    /// It was refused for good.
    Refused,
    /// It is of no use any more.
    GivenUp,
    /// It is to be tried again, then.
    Again(Timestamp),
    /// This process slept through its claim: the notice is somebody else's.
    TooLate,
}

async fn attempt(mailroom: &Mailroom, senders: &Senders, lane: Lane, pace: Pace, notice: &DueNotice) -> Outcome {
    let (now, attempts) = (mailroom.now(), notice.attempts);
    if now.after(pace.deadline) > notice.claimed_until {
        return Outcome::TooLate;
    }
    let (outgoing, life) = match in_words(mailroom, senders, notice).await {
        Ok(said) => said,
        Err(NoWords::Unsealed(Unsealed)) => {
            count(lane, "given-up", None);
            tracing::error!("a notice in the outbox did not open under the server seal, or is nobody's");
            return Outcome::GivenUp;
        }
        Err(NoWords::Store(error)) => {
            tracing::error!(error = error.to_string(), "what a notice says could not be read; it will be tried again");
            return Outcome::Again(now.after(FIRST_PAUSE));
        }
    };
    if now.since(notice.created) > life {
        return give_up(lane, attempts);
    }
    let sent = tokio::time::timeout(pace.deadline, senders.send(&outgoing, now)).await;
    let NotSent { cause, reply, not_before } = match sent.unwrap_or(Err(NotSent::because(Cause::Unanswered))) {
        Ok(()) => {
            count(lane, "sent", None);
            return Outcome::Sent;
        }
        Err(not_sent) => not_sent,
    };
    log(lane, cause, reply, attempts.saturating_add(1));
    match cause.verdict() {
        Verdict::Over => {
            count(lane, "refused", Some(cause));
            Outcome::Refused
        }
        Verdict::Again => {
            count(lane, "failed", Some(cause));
            let pause = pause(life, cause, attempts).mul_f64(mailroom.rng().gen_range(0.5..1.0));
            // Heeded for this notice only: whoever has a gateway refuse one number must not close it for all others.
            let next_due = mailroom.now().after(pause.max(not_before.unwrap_or_default()));
            if next_due.since(notice.created) > life {
                // By then it is of no use, so it need not lie there.
                return give_up(lane, attempts);
            }
            Outcome::Again(next_due)
        }
    }
}

fn give_up(lane: Lane, attempts: u32) -> Outcome {
    count(lane, "given-up", None);
    tracing::warn!(lane = name(lane), attempts, "a notice was given up: it is of no use any more");
    Outcome::GivenUp
}

/// Class, code of the reply, how often: nothing of whom it was for, nor a word of the other side's, which may quote it.
fn log(lane: Lane, cause: Cause, reply: Option<u16>, attempts: u32) {
    let (lane, verdict, cause, for_the_operator) =
        (name(lane), cause.verdict(), cause.label(), cause.is_for_the_operator());
    match (for_the_operator, verdict) {
        (true, Verdict::Again | Verdict::Over) => {
            tracing::error!(lane, cause, reply, attempts, "no notice gets through until the operator sees to it");
        }
        (false, Verdict::Again) => {
            tracing::warn!(lane, cause, reply, attempts, "a notice was not taken; it will be tried again");
        }
        (false, Verdict::Over) => {
            tracing::warn!(lane, cause, reply, attempts, "a notice was refused; it will not be tried again");
        }
    }
}

/// All labels that [`count`] gives: lane, result and cause.
pub fn labels() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let failures = Cause::ALL.iter().map(|cause| match cause.verdict() {
        Verdict::Over => ("refused", cause.label()),
        Verdict::Again => ("failed", cause.label()),
    });
    let results: Vec<_> = [("sent", "none"), ("given-up", "none")].into_iter().chain(failures).collect();
    Lane::ALL
        .into_iter()
        .flat_map(move |lane| results.clone().into_iter().map(move |(result, cause)| (name(lane), result, cause)))
}

/// All three labels are of closed lists.
fn count(lane: Lane, result: &'static str, cause: Option<Cause>) {
    let cause = cause.map_or("none", Cause::label);
    metrics::counter!(telemetry::NOTICES, "lane" => name(lane), "result" => result, "cause" => cause).increment(1);
}

/// As logs and metrics name it.
pub const fn name(lane: Lane) -> &'static str {
    match lane {
        Lane::Emails => "emails",
        Lane::Texts => "texts",
        Lane::Letters => "letters",
    }
}

/// Why a notice could not be put into words.
#[derive(Debug, thiserror::Error)]
enum NoWords {
    /// It does not open, or is nobody's.
    #[error(transparent)]
    Unsealed(#[from] Unsealed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// As it goes out, and how long that is tried.
async fn in_words(mailroom: &Mailroom, senders: &Senders, notice: &DueNotice) -> Result<(Outgoing, Duration), NoWords> {
    let (to, language, text) = match &notice.content {
        NoticeContent::Sealed(sealed) => {
            let waiting = open_notice(&mailroom.seal, notice.id, sealed)?;
            (waiting.to, waiting.language, waiting.text)
        }
        NoticeContent::Letter { account, address_sealed, language } => {
            (Recipient::Email(mailroom.seal.address(*account, address_sealed)?), *language, Text::NewLetter)
        }
        NoticeContent::Invitation { account, address_sealed, language, link_sealed, from } => {
            let place = *account.as_bytes();
            let link = link_sealed.as_ref().map(|sealed| mailroom.seal.open(Purpose::Outbox, place, place, sealed));
            let link = link.transpose()?.map(|link| String::from_utf8(link.to_vec())).transpose();
            // As it is now: a domain whose record is gone is named in nothing that goes out.
            let organisation = match from {
                Some((from, sealed)) => {
                    organisations::of_in_notices(mailroom, &mailroom.seal.address(*from, sealed)?).await?
                }
                None => None,
            };
            let text = Text::LetterByLink { link: link.map_err(|_| Unsealed)?, organisation };
            (Recipient::Email(mailroom.seal.address(*account, address_sealed)?), *language, text)
        }
        NoticeContent::Answer { account, address_sealed, language } => {
            (Recipient::Email(mailroom.seal.address(*account, address_sealed)?), *language, Text::AnswerWaits)
        }
        NoticeContent::Nobody => return Err(Unsealed.into()),
    };
    let words = text.words(language, &mailroom.origin.url(), senders.operator());
    let code = text.code().map(|code| code.digits().to_owned());
    let life = if text.is_for_now() { limits::CODE_LIFE } else { limits::NEWS_LIFE };
    Ok((Outgoing { id: notice.id, to, subject: words.subject.to_owned(), text: words.text, code }, life))
}

/// Twice the pause each time; a random part of it is taken, so that a mail server that comes back is not met by all at once.
fn pause(life: Duration, cause: Cause, attempts: u32) -> Duration {
    let first = if cause == Cause::Unanswered { FIRST_PAUSE_UNANSWERED } else { FIRST_PAUSE };
    // A gateway that takes a code and never says so must not send it every minute.
    let longest =
        if life > limits::CODE_LIFE || cause == Cause::Unanswered { LONGEST_PAUSE } else { LONGEST_PAUSE_OF_A_CODE };
    first.saturating_mul(2_u32.saturating_pow(attempts)).min(longest)
}

#[cfg(test)]
mod tests;
