//! Lanes against mail servers and gateways that misbehave, on a store of their own and with deadlines of a moment.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use rand::{SeedableRng as _, rngs::StdRng};
use securemailbox_protocol::{
    accounts::Language,
    factors::{Code, FactorKind},
    ids::{AccountId, FactorId, RegistrationId},
    phone::PhoneNumber,
};
use securemailbox_store::{
    Location, Store,
    factors::Factor,
    pieces::Pieces,
    proofs::HolderId,
    proving::ExpectCode,
    registrations::{BeginRegistration, Wanted},
};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::*;
use crate::{
    config::{Configuration, Mail, Sms},
    notices::seal_notice,
};

const BEGUN: u64 = 1_764_000_000_000;
const ANNA: &str = "anna@example.se";
const PHONE: &str = "+46701740612";

/// Deadlines of a moment.
const BRISK: Pace = Pace {
    at_once: 4,
    deadline: Duration::from_millis(300),
    margin: Duration::from_secs(60),
    period: Duration::from_millis(20),
    grace: Duration::from_millis(200),
};

/// For tests that time out nothing, on a machine that may be busy.
const STEADY: Pace = Pace { deadline: Duration::from_secs(20), grace: Duration::from_secs(5), ..BRISK };

/// How a mail server behaves.
#[derive(Clone, Copy)]
enum Manner {
    Takes,
    SaysNothing,
    HangsAfterData,
    HangsAtQuit,
    Slow(Duration),
    /// This answer to this command.
    Answers(&'static str, &'static str),
}

/// What a fake has been given.
type Taken = Arc<Mutex<Vec<String>>>;

async fn mail_server(manner: Manner) -> (u16, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, taken) = (listener.local_addr().unwrap().port(), Taken::default());
    let told = taken.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let told = told.clone();
            // A client that breaks off is no matter of ours.
            tokio::spawn(async move { converse(stream, manner, &told).await });
        }
    });
    (port, taken)
}

async fn converse(mut stream: TcpStream, manner: Manner, taken: &Taken) -> std::io::Result<()> {
    let (reader, mut writer) = stream.split();
    let mut lines = BufReader::new(reader).lines();
    if matches!(manner, Manner::SaysNothing) {
        taken.lock().unwrap().push(String::new());
        std::future::pending::<()>().await;
    }
    writer.write_all(b"220 test\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_owned();
        let mut answer = match verb.as_str() {
            "DATA" => "354 go on",
            _ => "250 fine",
        };
        match manner {
            Manner::Answers(to, with) if to == verb => answer = with,
            Manner::HangsAtQuit if verb == "QUIT" => std::future::pending().await,
            _ => {}
        }
        writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        if answer.starts_with("354") {
            let mut message = String::new();
            while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                message.push_str(&line);
                message.push('\n');
            }
            taken.lock().unwrap().push(message);
            match manner {
                Manner::HangsAfterData => std::future::pending().await,
                Manner::Slow(pause) => tokio::time::sleep(pause).await,
                _ => {}
            }
            let answer = match manner {
                Manner::Answers(".", with) => with,
                _ => "250 taken",
            };
            writer.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
    }
    Ok(())
}

/// A gateway that gives this answer after this pause.
async fn gateway(answer: &'static str, pause: Duration) -> (u16, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Taken::default());
    let told = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                let length = stream.read(&mut request).await.unwrap_or_default();
                told.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                tokio::time::sleep(pause).await;
                let answer = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    (port, asked)
}

/// An outbox whose clock is ours, and what is sent from it.
struct Outbox {
    mailroom: Mailroom,
    clock: Arc<AtomicU64>,
    senders: Arc<Senders>,
    stop: watch::Sender<bool>,
    registration: (RegistrationId, FactorId),
    random: StdRng,
    _folder: tempfile::TempDir,
}

impl Outbox {
    async fn open(mail: u16, sms: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut random = StdRng::seed_from_u64(1);
        let (stop, stopping) = watch::channel(false);
        let store = Store::open(Location::Sqlite(folder.path().into()), Pieces::in_folder(folder.path().join("blobs")))
            .await
            .unwrap();
        let clock = Arc::new(AtomicU64::new(BEGUN));
        let told = clock.clone();
        let tell = Arc::new(move || Timestamp::from_unix_millis(told.load(Ordering::Relaxed)));
        let mailroom = Mailroom::of_a_test(store, stopping, tell);
        let configuration = Configuration {
            mail: Some(Mail {
                url: format!("smtp://127.0.0.1:{mail}"),
                from: "noreply@example.se".into(),
                hello: Some("mail.example.se".into()),
            }),
            sms: Some(Sms::Http {
                url: format!("http://127.0.0.1:{sms}/"),
                content_type: "application/json".into(),
                authorization: None,
                body: r#"{"to":"{to}","text":"{text}"}"#.into(),
                countries: Vec::new(),
                a_day: 1000,
            }),
            ..Configuration::default()
        };
        let senders = Arc::new(Senders::configured(&configuration).unwrap());
        let (now, account) = (mailroom.now(), AccountId::new(mailroom.now(), &mut random));
        let address = Factor {
            id: FactorId::new(now, &mut random),
            kind: FactorKind::Address,
            sealed: mailroom.seal.seal_address(account, &ANNA.parse().unwrap(), &mut random),
        };
        let registration = (RegistrationId::new(now, &mut random), address.id);
        let begin = BeginRegistration {
            id: registration.0,
            account,
            address_lookup: [1; 32],
            address,
            language: Language::Sv,
            wants: Wanted::Mailbox,
            now,
        };
        mailroom.store.write(begin).await.unwrap();
        Self { mailroom, clock, senders, stop, registration, random, _folder: folder }
    }

    /// Puts codes into the outbox, many at once.
    async fn queue(&mut self, to: Recipient, count: usize) {
        let (id, factor) = self.registration;
        let (holder, now) = (HolderId::Registration(id), self.mailroom.now());
        let mut left = count;
        while left > 0 {
            let some = left.min(500);
            let notices = (0..some).map(|_| {
                let text = Text::AddressCode { code: Code::generate(&mut self.random) };
                seal_notice(&self.mailroom.seal, &to, Language::Sv, &text, &mut self.random)
            });
            let queued = notices
                .map(|notice| self.mailroom.store.write(ExpectCode { holder, factor, code: [1; 32], notice, now }));
            futures_util::future::try_join_all(queued).await.unwrap();
            left -= some;
        }
        self.mailroom.notices.ring(to.lane());
    }

    async fn queue_mails(&mut self, count: usize) {
        self.queue(Recipient::Email(ANNA.parse().unwrap()), count).await;
    }

    async fn queue_sms(&mut self) {
        self.queue(Recipient::Phone(PhoneNumber::parse(PHONE).unwrap()), 1).await;
    }

    /// Works both lanes of codes, as a process does.
    fn work(&self, pace: Pace) -> JoinSet<()> {
        let mut workers = JoinSet::new();
        for lane in [Lane::Emails, Lane::Texts] {
            workers.spawn(work(self.mailroom.clone(), self.senders.clone(), lane, pace));
        }
        workers
    }

    fn wait(&self, seconds: u64) {
        self.clock.fetch_add(seconds * 1000, Ordering::Relaxed);
    }

    /// What waits in a lane, due or not, in a year in which nobody sends.
    async fn waiting(&self, lane: Lane) -> Vec<DueNotice> {
        let now = self.mailroom.now().after(Duration::from_secs(365 * 24 * 60 * 60));
        self.mailroom.store.write(ClaimNotices { lane, now, limit: u32::MAX, until: now }).await.unwrap()
    }
}

/// Looks again and again, for ten seconds at most.
async fn until(condition: impl AsyncFn() -> bool) {
    let looked = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), looked).await.expect("it comes to that");
}

fn count_of(taken: &Taken) -> usize {
    taken.lock().unwrap().len()
}

/// What one try of an e-mail came to.
async fn try_mail(manner: Manner) -> (Outcome, Taken) {
    let (mail, taken) = mail_server(manner).await;
    let mut outbox = Outbox::open(mail, 9).await;
    outbox.queue_mails(1).await;
    (outbox.try_one(Lane::Emails).await, taken)
}

/// What one try of an SMS came to.
async fn try_sms(answer: &'static str) -> Outcome {
    let (sms, _) = gateway(answer, Duration::ZERO).await;
    let mut outbox = Outbox::open(9, sms).await;
    outbox.queue_sms().await;
    outbox.try_one(Lane::Texts).await
}

impl Outbox {
    async fn try_one(&self, lane: Lane) -> Outcome {
        let notice = claim(&self.mailroom, lane, STEADY, 1).await.unwrap().remove(0);
        attempt(&self.mailroom, &self.senders, lane, STEADY, &notice).await
    }
}

/// The pause in seconds that follows on a failure.
fn again_after(outcome: &Outcome) -> f64 {
    let Outcome::Again(next_due) = outcome else { panic!("it is to be tried again") };
    next_due.since(Timestamp::from_unix_millis(BEGUN)).as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_hangs_holds_up_no_sms_and_is_tried_again() {
    for manner in [Manner::SaysNothing, Manner::HangsAfterData, Manner::Slow(Duration::from_secs(5))] {
        let (mail, given) = mail_server(manner).await;
        let (sms, asked) = gateway("200 OK", Duration::ZERO).await;
        let mut outbox = Outbox::open(mail, sms).await;
        outbox.queue_mails(12).await;
        let _workers = outbox.work(BRISK);
        tokio::time::sleep(Duration::from_millis(50)).await;
        outbox.queue_sms().await;
        until(async || count_of(&asked) == 1).await;
        // Each has its own deadline, so those behind the first four come to their turn.
        until(async || count_of(&given) == 12).await;
        tokio::time::sleep(BRISK.deadline * 2).await;
        assert!(outbox.waiting(Lane::Emails).await.iter().all(|notice| notice.attempts == 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_gateway_holds_up_no_e_mail() {
    let (mail, taken) = mail_server(Manner::Takes).await;
    let (sms, _) = gateway("200 OK", Duration::from_secs(60)).await;
    let mut outbox = Outbox::open(mail, sms).await;
    for _ in 0..8 {
        outbox.queue_sms().await;
    }
    let _workers = outbox.work(STEADY);
    outbox.queue_mails(20).await;
    until(async || count_of(&taken) == 20).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_is_sent_once_although_the_server_hangs_at_the_farewell() {
    let (outcome, taken) = try_mail(Manner::HangsAtQuit).await;
    assert!(matches!(outcome, Outcome::Sent));
    assert_eq!(count_of(&taken), 1);
}

/// Before, twenty thousand waiting notices made SIGTERM without effect for five minutes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_is_heard_between_any_two_sends() {
    let (mail, taken) = mail_server(Manner::Slow(Duration::from_millis(40))).await;
    let mut outbox = Outbox::open(mail, 9).await;
    outbox.queue_mails(20_000).await;
    let mut workers = outbox.work(STEADY);
    until(async || count_of(&taken) > 0).await;
    outbox.stop.send_replace(true);
    let before = count_of(&taken);
    let stopped = async { while workers.join_next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(10), stopped).await.expect("it stops");
    assert!(count_of(&taken) <= before + 8, "only what was on its way");
    assert_eq!(outbox.waiting(Lane::Emails).await.len(), 20_000 - count_of(&taken), "what was taken is gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_does_not_wait_for_a_mail_server_that_hangs() {
    let (mail, _) = mail_server(Manner::HangsAfterData).await;
    let mut outbox = Outbox::open(mail, 9).await;
    outbox.queue_mails(1).await;
    let patient = Pace { deadline: Duration::from_secs(600), ..BRISK };
    let worker = tokio::spawn(work(outbox.mailroom.clone(), outbox.senders.clone(), Lane::Emails, patient));
    tokio::time::sleep(Duration::from_millis(100)).await;
    outbox.stop.send_replace(true);
    tokio::time::timeout(Duration::from_secs(2), worker).await.expect("it stops").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_workers_of_one_outbox_send_each_notice_once_and_one_that_is_killed_sends_later() {
    let (mail, taken) = mail_server(Manner::Slow(Duration::from_millis(10))).await;
    let mut outbox = Outbox::open(mail, 9).await;
    outbox.queue_mails(40).await;
    // Killed between claiming and sending.
    let held = claim(&outbox.mailroom, Lane::Emails, STEADY, 4).await.unwrap();
    assert_eq!(held.len(), 4);
    // Between the two, each ends, so that what it has sent is written down before the claims run out.
    for (seconds, sent) in [(0, 36), (81, 40)] {
        outbox.wait(seconds);
        outbox.stop.send_replace(false);
        let workers = [outbox.work(STEADY), outbox.work(STEADY), outbox.work(STEADY)];
        until(async || count_of(&taken) >= sent).await;
        outbox.stop.send_replace(true);
        for mut workers in workers {
            while workers.join_next().await.is_some() {}
        }
        assert_eq!(count_of(&taken), sent);
    }
    assert!(outbox.waiting(Lane::Emails).await.is_empty());
    let mut by_id = BTreeMap::<String, u32>::new();
    for message in taken.lock().unwrap().iter() {
        let id = message.lines().find(|line| line.starts_with("Message-ID:")).expect("an id");
        *by_id.entry(id.to_owned()).or_default() += 1;
    }
    assert_eq!((by_id.len(), by_id.values().max()), (40, Some(&1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_slept_through_a_claim_sends_nothing() {
    let (mail, taken) = mail_server(Manner::Takes).await;
    let mut outbox = Outbox::open(mail, 9).await;
    outbox.queue_mails(1).await;
    let notice = claim(&outbox.mailroom, Lane::Emails, BRISK, 1).await.unwrap().remove(0);
    outbox.wait(61);
    let outcome = attempt(&outbox.mailroom, &outbox.senders, Lane::Emails, BRISK, &notice).await;
    assert!(matches!(outcome, Outcome::TooLate));
    assert_eq!(count_of(&taken), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_address_or_text_is_the_end_and_greylisting_or_a_wrong_password_is_not() {
    for over in [("RCPT", "550 5.1.1 nobody"), ("DATA", "554 no"), (".", "552 too much")] {
        let (outcome, _) = try_mail(Manner::Answers(over.0, over.1)).await;
        assert!(matches!(outcome, Outcome::Refused), "{over:?}");
    }
    for again in [("RCPT", "450 4.2.0 greylisted"), (".", "451 later"), ("EHLO", "554 no"), ("MAIL", "553 not you")] {
        let (outcome, _) = try_mail(Manner::Answers(again.0, again.1)).await;
        assert!((1.0..=2.0).contains(&again_after(&outcome)), "{again:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_the_mail_server_cannot_write_to_is_the_end() {
    let (mail, _) = mail_server(Manner::Takes).await;
    let mut outbox = Outbox::open(mail, 9).await;
    outbox.queue(Recipient::Email("björn@example.se".parse().unwrap()), 1).await;
    assert!(matches!(outbox.try_one(Lane::Emails).await, Outcome::Refused));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_is_asked_again_only_if_that_may_help_and_when_it_says() {
    for over in ["400 Bad Request", "401 Unauthorized", "402 Payment Required", "404 Not Found", "302 Found"] {
        assert!(matches!(try_sms(over).await, Outcome::Refused), "{over}");
    }
    for again in ["500 Internal Server Error", "429 Too Many Requests", "503 Service Unavailable\r\nretry-after: 0"] {
        assert!((1.0..=2.0).contains(&again_after(&try_sms(again).await)), "{again}");
    }
    // Longer than a code is good for.
    assert!(matches!(try_sms("429 Too Many Requests\r\nretry-after: 3600").await, Outcome::GivenUp));
    assert_eq!(again_after(&try_sms("429 Too Many Requests\r\nretry-after: 90").await).floor(), 90.0);
}

#[test]
fn pauses_grow_and_have_an_end() {
    let seconds = |life, cause, attempts| pause(life, cause, attempts).as_secs();
    assert_eq!(seconds(limits::NEWS_LIFE, Cause::NotNow, 0), 2);
    assert_eq!(seconds(limits::NEWS_LIFE, Cause::NotNow, 3), 16);
    assert_eq!(seconds(limits::NEWS_LIFE, Cause::NotNow, 1000), 30 * 60);
    // A code behind greylisting of five minutes gets through while it is good.
    assert_eq!(seconds(limits::CODE_LIFE, Cause::NotNow, 1000), 60);
    // A gateway that takes and never says so sends a code five times at most while it is good.
    let unanswered = |attempts| seconds(limits::CODE_LIFE, Cause::Unanswered, attempts);
    assert_eq!([0, 1, 2, 3].map(unanswered), [60, 120, 240, 480]);
}
