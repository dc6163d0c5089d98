//! What strangers do to a page, in a server without a network whose clock is ours (PROTOCOL §5, ATTACKS 90 to 95).

use axum::http::{Request as HttpRequest, header};
use securemailbox_protocol::{
    accounts::{FirstRecord, Language},
    ids::{AccountId, LetterId, RecordId, SlotId, ThreadId},
    invitations::NewLinkSlot,
    letters::{NewLetter, NewReader},
    octets::Octets,
    public_pages::PageTitle,
};
use securemailbox_store::{proofs::HolderId, sync::LetterIdsOf};

use super::*;
use crate::api::proofs::tests::{House, caller};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn name() -> PageName {
    PageName::parse("anna").unwrap()
}

/// Anna has opened a page.
async fn annas(house: &House) -> AccountId {
    let session = house.session(&house.registered().await.0).await;
    let account = session.account;
    let page = PublicPage { name: name(), title: PageTitle::parse("Anna Berg").unwrap() };
    open(State(house.mailroom.clone()), session, Json(page)).await.unwrap();
    account
}

/// A letter to Anna as a browser posts it.
fn letter(house: &House, anna: AccountId, content: &[u8]) -> NewPageLetter {
    let now = house.mailroom.now();
    let mut rng = house.mailroom.rng();
    let account = AccountId::new(now, &mut rng);
    let certificate = vec![1; 300];
    let hash = CertificateHash::from_bytes(Sha256::digest(&certificate).into());
    let mut record = || FirstRecord { id: RecordId::new(now, &mut rng), sealed: Octets(vec![1; 200]) };
    let writer = public_pages::NewWriter {
        account,
        language: Language::Sv,
        certificate: Octets(certificate),
        keyring: record(),
        settings: record(),
        contact: record(),
        slot: NewLinkSlot {
            id: SlotId::new(now, &mut house.mailroom.rng()),
            sealed: Octets(vec![2; 80]),
            share: Octets(vec![3; 32]),
            token: Octets(Sha256::digest(account.as_bytes()).to_vec()),
        },
    };
    let reader = |account, certificate| NewReader { account, certificate, wrapped_key: Octets(vec![4; 300]) };
    let own = CertificateHash::from_bytes([1; 32]);
    let letter = NewLetter {
        id: LetterId::new(now, &mut house.mailroom.rng()),
        thread: ThreadId::new(&mut house.mailroom.rng()),
        envelope: Octets(vec![5; 300]),
        content_hash: ContentHash::from_bytes(Sha256::digest(content).into()),
        level: None,
        blobs: Vec::new(),
        readers: vec![reader(account, hash), reader(anna, own)],
    };
    NewPageLetter { writer, letter, proved: None, work: None }
}

fn request(new: &NewPageLetter, content: &[u8]) -> HttpRequest<Body> {
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"letter\"\r\n\r\n".to_vec();
    body.extend(serde_json::to_vec(new).unwrap());
    body.extend(b"\r\n--b\r\nContent-Disposition: form-data; name=\"content-0\"\r\n\r\n");
    body.extend(content);
    body.extend(b"\r\n--b--\r\n");
    let request = HttpRequest::post("/").header(header::CONTENT_LENGTH, body.len());
    request.header(header::CONTENT_TYPE, "multipart/form-data; boundary=b").body(Body::from(body)).unwrap()
}

async fn send(house: &House, network: u8, new: &NewPageLetter, content: &[u8]) -> Result<(), ProblemType> {
    let sent = write(State(house.mailroom.clone()), caller(network), Named(name()), request(new, content)).await;
    sent.map(drop).map_err(|problem| problem.kind())
}

#[tokio::test]
async fn strangers_write_so_often_from_one_network_and_to_one_page() {
    let house = House::open().await;
    let anna = annas(&house).await;
    let mut from_one = 0;
    while send(&house, 1, &letter(&house, anna, b"x"), b"x").await.is_ok() {
        from_one += 1;
    }
    assert_eq!(from_one, 10, "of one network in an hour");
    let mut in_all = from_one;
    for network in 2..=255 {
        house.wait(Duration::from_secs(1));
        while send(&house, network, &letter(&house, anna, b"x"), b"x").await.is_ok() {
            in_all += 1;
        }
    }
    assert_eq!(in_all, 100, "to one page in a day");
    house.wait(25 * HOUR);
    send(&house, 1, &letter(&house, anna, b"x"), b"x").await.unwrap();
}

#[tokio::test]
async fn of_a_hundred_posts_from_one_network_those_within_the_limit_come_and_none_comes_twice() {
    let house = House::open().await;
    let anna = annas(&house).await;
    let mut taken = 0;
    for _ in 0..50 {
        let new = letter(&house, anna, b"x");
        // A bot that hears nothing, or does not listen, posts the same once more.
        let answers = [send(&house, 1, &new, b"x").await, send(&house, 1, &new, b"x").await];
        taken += usize::from(answers[0].is_ok());
        assert!(answers[0].is_ok() || answers == [Err(ProblemType::TooManyRequests); 2], "{answers:?}");
    }
    let there = house.mailroom.store.read(LetterIdsOf { mailbox: anna.mailbox() }).await.unwrap();
    assert!((1..=10).contains(&taken), "{taken} were taken");
    assert_eq!(there.ids.len(), taken, "each of them lies there once");
}

#[tokio::test]
async fn a_stranger_sends_nothing_that_is_larger_than_a_letter_by_a_page() {
    let house = House::open().await;
    let anna = annas(&house).await;
    let long = vec![7; limits::PAGE_CONTENT + 1];
    assert_eq!(send(&house, 1, &letter(&house, anna, &long), &long).await, Err(ProblemType::TooLarge));
    let longer = vec![7; limits::PAGE_BODY];
    assert_eq!(send(&house, 1, &letter(&house, anna, &longer), &longer).await, Err(ProblemType::TooLarge));
    let other = letter(&house, anna, b"x");
    assert_eq!(send(&house, 1, &other, b"y").await, Err(ProblemType::BadRequest));
    let most = vec![7; limits::PAGE_CONTENT];
    send(&house, 1, &letter(&house, anna, &most), &most).await.unwrap();
}

#[tokio::test]
async fn a_page_that_is_not_there_is_no_page_and_takes_no_letter_and_sends_no_code() {
    let house = House::open().await;
    let anna = annas(&house).await;
    let other = || Named(PageName::parse("bjorn").unwrap());
    let state = || State(house.mailroom.clone());
    let new = letter(&house, anna, b"x");
    let address = Address::parse("eva@demo.example").unwrap();
    let asked = NewRegistration { address, language: Language::Sv };
    assert_eq!(show(state(), caller(1), other()).await.err().unwrap().kind(), ProblemType::NotFound);
    let sent = write(state(), caller(1), other(), request(&new, b"x")).await;
    assert_eq!(sent.err().unwrap().kind(), ProblemType::NotFound);
    let asked = prove(state(), caller(1), other(), Json(asked)).await;
    assert_eq!(asked.err().unwrap().kind(), ProblemType::NotFound);
    house.mailroom.store.write(ClosePage { account: anna }).await.unwrap();
    assert_eq!(send(&house, 1, &new, b"x").await, Err(ProblemType::NotFound), "closed meanwhile");
}

#[tokio::test]
async fn an_address_counts_only_where_its_code_was_typed() {
    let house = House::open().await;
    let anna = annas(&house).await;
    let asked = NewRegistration { address: Address::parse("eva@demo.example").unwrap(), language: Language::Sv };
    let (_, Json(begun)) = prove(State(house.mailroom.clone()), caller(1), Named(name()), Json(asked)).await.unwrap();
    let mut new = letter(&house, anna, b"x");
    new.proved = Some(begun.id);
    assert_eq!(send(&house, 1, &new, b"x").await, Err(ProblemType::RegistrationOver));
    let factor = begun.offers[0].id;
    let holder = HolderId::Registration(begun.id);
    let code = house.code(holder, factor).await;
    house.enter(securemailbox_store::registrations::Registering(begun.id), factor, code).await.unwrap();
    send(&house, 1, &new, b"x").await.unwrap();
    send(&house, 1, &new, b"x").await.unwrap(); // a lost answer
    // It is no step to a mailbox.
    let phone = securemailbox_store::registrations::RegistrationForPhone { id: begun.id, now: house.mailroom.now() };
    assert!(house.mailroom.store.read(phone).await.is_err());
}

#[test]
fn work_is_for_one_page_and_one_letter_and_lately() {
    let (seal, now) = (ServerSeal::new(&[7; 32]), Timestamp::from_unix_millis(1_764_000_000_000));
    let content = ContentHash::from_bytes([1; 32]);
    let (this, other) = ((LetterId::from_bytes([1; 16]), content), (LetterId::from_bytes([2; 16]), content));
    let asked = WorkAsked { challenge: Octets(challenge(&seal, &name(), now)), bits: 8 };
    let done = asked.done_for(this).unwrap();
    let is =
        |page: &PageName, bits, letter, done: Option<&WorkDone>, at| is_worked(&seal, page, bits, letter, done, at);
    assert!(is(&name(), 8, this, Some(&done), now));
    assert!(is(&name(), 8, this, Some(&done), now.after(limits::WORK_LIFE)));
    assert!(is(&name(), 0, this, None, now), "nothing is asked for");
    assert!(!is(&name(), 8, this, None, now));
    assert!(!is(&name(), 30, this, Some(&done), now), "less than is asked for");
    assert!(!is(&name(), 8, other, Some(&done), now), "another letter");
    assert!(!is(&PageName::parse("bjorn").unwrap(), 8, this, Some(&done), now), "another page");
    assert!(!is(&name(), 8, this, Some(&done), now.after(limits::WORK_LIFE + Duration::from_secs(1))), "too old");
    let forged = WorkAsked { challenge: Octets(vec![0; 24]), bits: 8 }.done_for(this).unwrap();
    assert!(!is(&name(), 8, this, Some(&forged), Timestamp::from_unix_millis(0)), "of no server");
    let cut = WorkAsked { challenge: Octets(vec![0; 3]), bits: 8 }.done_for(this).unwrap();
    assert!(!is(&name(), 8, this, Some(&cut), now));
}

#[test]
fn a_tenth_of_a_mailbox_is_left_to_whom_its_owner_knows() {
    let quota = for_strangers(Quota { letters: 100, bytes: 1000, drafts: 7 });
    assert_eq!((quota.letters, quota.bytes), (90, 900));
}
