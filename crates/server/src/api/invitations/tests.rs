//! A link and its codes, in a server without a network whose clock is ours (PROTOCOL §5, ATTACKS 28 to 32).

use std::time::Duration;

use securemailbox_protocol::{
    accounts::{FirstRecord, Language},
    address::{Address, Domain},
    factors::{ChooseFactor, Code},
    ids::{ContentHash, LetterId, RecordId, SlotId, ThreadId},
    invitations::NewLinkSlot,
    letters::{NewLetter, NewReader},
    octets::Octets,
    organisations::{Organisation, OrganisationName},
    phone::PhoneNumber,
};
use securemailbox_store::{
    domains::{ClaimDomain, DomainLookedUp, LookedUp},
    letters::{PostLetter, PostLetters},
    notices::{ClaimNotices, DueNotice, Lane, NoticeContent},
    proofs::HolderId,
    quotas::Quota,
    sign_in::SigningIn,
    slots::{DeviceSlot, PutDeviceSlot},
};

use super::*;
use crate::{
    api::proofs::tests::{House, caller},
    config::{NamedOrganisation, Operator},
    devices::KnownDevice,
    notices::{Text, text_of},
    organisations::Organisations,
    session::{self, Token},
};

const HOUR: Duration = Duration::from_secs(60 * 60);
const PHONE: &str = "+46701740616";

async fn anna(house: &House) -> AccountId {
    house.session(&house.registered().await.0).await.account
}

/// Anna has written to somebody at this number.
async fn invite(house: &House, anna: AccountId, number: u8) {
    let (mailroom, now) = (&house.mailroom, house.mailroom.now());
    let mut rng = mailroom.rng();
    let account = AccountId::new(now, &mut rng);
    let mut record = || FirstRecord { id: RecordId::new(now, &mut rng), sealed: Octets(vec![1; 200]) };
    let new = invitations::NewGuest {
        account,
        address: Address::parse(&format!("eva{number}@example.se")).unwrap(),
        phone: PhoneNumber::parse(PHONE).unwrap(),
        language: Language::Sv,
        certificate: Octets(vec![number; 300]),
        keyring: record(),
        settings: record(),
        contact: record(),
        slot: NewLinkSlot {
            id: SlotId::new(now, &mut mailroom.rng()),
            sealed: Octets(vec![2; 80]),
            share: Octets(vec![3; 32]),
            token: Octets(vec![number; 32]),
        },
        link: Some("A".repeat(invitations::LINK)),
    };
    let guest = guest(mailroom, new).unwrap();
    let own = CertificateHash::from_bytes([1; 32]);
    let reader = |account, certificate| NewReader { account, certificate, wrapped_key: Octets(vec![4; 300]) };
    let new = NewLetter {
        id: LetterId::new(now, &mut mailroom.rng()),
        thread: ThreadId::new(&mut mailroom.rng()),
        envelope: Octets(vec![5; 300]),
        content_hash: ContentHash::from_bytes([6; 32]),
        level: None,
        blobs: Vec::new(),
        readers: vec![reader(anna, own), reader(account, guest.certificate_hash)],
    };
    let letters = vec![PostLetter { new, content: vec![7; 300] }];
    let guests = vec![guest];
    let post = PostLetters {
        sender: anna.mailbox(),
        letters,
        guests,
        draft: None,
        release: None,
        proved: None,
        quota: Quota::NONE,
        now,
    };
    mailroom.store.write(post).await.unwrap();
}

async fn shown(house: &House, number: u8) -> Result<LinkSignIn, ProblemType> {
    let new = NewLinkSignIn { token: Octets(vec![number; 32]) };
    let begun = begin(State(house.mailroom.clone()), caller(1), Json(new)).await;
    begun.map(|(_, Json(shown))| shown).map_err(|problem| problem.kind())
}

/// Asks for a code.
async fn ask(house: &House, shown: &LinkSignIn) -> Result<(), ProblemType> {
    let choice = ChooseFactor { factor: shown.offers[0].id };
    let asked = proofs::choose(&house.mailroom, HolderId::SignIn(shown.id), &choice, caller(1)).await;
    asked.map(drop).map_err(|problem| problem.kind())
}

async fn enter(house: &House, shown: &LinkSignIn, code: Code) -> Result<(), ProblemType> {
    let session = session::fresh(&house.mailroom, &Token::generate(&house.mailroom), KnownDevice::of_a_test(1));
    house.enter(SigningIn { id: shown.id, session }, shown.offers[0].id, code).await.map(drop)
}

/// Makes the session last 30 days after its last use, as a device does that keeps it.
async fn keep(house: &House, session: &Session) {
    let id = SlotId::new(house.mailroom.now(), &mut house.mailroom.rng());
    let slot = DeviceSlot { id, sealed: vec![0; 32], share_sealed: vec![0; 32] };
    let kept = PutDeviceSlot { account: session.account, session: session.id, slot, keep: true };
    house.mailroom.store.write(kept).await.unwrap();
}

fn wrong() -> Code {
    Code::parse("000000").unwrap()
}

/// What waits in the lane of letters, as it would be sent.
async fn mailed(house: &House) -> Vec<DueNotice> {
    let now = house.mailroom.now();
    let claim = ClaimNotices { lane: Lane::Letters, now, limit: 10, until: now.after(HOUR) };
    house.mailroom.store.write(claim).await.unwrap()
}

#[tokio::test]
async fn a_link_gets_three_codes_an_hour_and_twenty_tries_in_all_however_many_sign_ins_are_begun() {
    let house = House::open().await;
    invite(&house, anna(&house).await, 1).await;
    let mut tried = 0;
    loop {
        house.wait(HOUR + Duration::from_secs(1));
        let shown = shown(&house, 1).await.unwrap();
        if ask(&house, &shown).await.is_err() {
            continue;
        }
        match enter(&house, &shown, wrong()).await {
            Err(ProblemType::CodeRefused) => tried += 1,
            Err(ProblemType::LinkShut) => break,
            other => panic!("{other:?}"),
        }
        assert!(tried <= limits::LINK_TRIES, "tries have an end");
    }
    assert_eq!(tried, limits::LINK_TRIES);
    house.wait(25 * HOUR);
    let shown = shown(&house, 1).await.unwrap();
    let code = house.code(HolderId::SignIn(shown.id), shown.offers[0].id).await;
    assert_eq!(enter(&house, &shown, code).await, Err(ProblemType::LinkShut), "the right one too");
}

#[tokio::test]
async fn its_sender_allows_twenty_tries_more_three_times_and_reminds_once_a_day() {
    let house = House::open().await;
    let token = house.registered().await.0;
    let session = house.session(&token).await;
    invite(&house, session.account, 1).await;
    let guest =
        house.mailroom.store.read(ListInvitations { sender: session.account.mailbox() }).await.unwrap()[0].account;
    let is_shut = async || list(State(house.mailroom.clone()), session.clone()).await.unwrap().0.invitations[0].shut;
    let allow = async || {
        let allowed = allow_tries(State(house.mailroom.clone()), session.clone(), Id(guest)).await;
        allowed.map_err(|problem| problem.kind())
    };
    allow().await.unwrap(); // nothing was used up, so nothing is counted
    for time in 0..=limits::LINK_RENEWALS {
        for _ in 0..limits::LINK_TRIES {
            assert!(!is_shut().await);
            Tallies::of(&house.mailroom).wrong_at_link(guest).count().await.unwrap();
        }
        assert!(is_shut().await);
        let allowed = allow().await;
        assert_eq!(allowed.is_ok(), time < limits::LINK_RENEWALS, "{allowed:?}");
    }
    assert!(is_shut().await, "after that they write anew");

    mailed(&house).await;
    let remind = async |link: String| {
        let reminder = NewReminder { link };
        remind(State(house.mailroom.clone()), session.clone(), Id(guest), Json(reminder))
            .await
            .map_err(|problem| problem.kind())
    };
    assert_eq!(remind("A".into()).await, Err(ProblemType::BadRequest));
    let link = "A".repeat(invitations::LINK);
    remind(link.clone()).await.unwrap();
    assert_eq!(remind(link.clone()).await, Err(ProblemType::TooManyRequests));
    keep(&house, &session).await; // one that is not kept is over by tomorrow
    house.wait(25 * HOUR);
    remind(link.clone()).await.unwrap();
    let other = Session { account: AccountId::from_bytes([9; 16]), ..session.clone() };
    let others =
        super::remind(State(house.mailroom.clone()), other.clone(), Id(guest), Json(NewReminder { link })).await;
    assert_eq!(others.unwrap_err().kind(), ProblemType::NotFound);
    let others = allow_tries(State(house.mailroom.clone()), other.clone(), Id(guest)).await;
    assert_eq!(others.unwrap_err().kind(), ProblemType::NotFound);
    let others = update(State(house.mailroom.clone()), other, Id(guest), Json(InvitationUpdate { days: 7 })).await;
    assert_eq!(others.unwrap_err().kind(), ProblemType::NotFound);
    for days in [0, limits::INVITATION_DAYS + 1, u64::MAX] {
        let update =
            update(State(house.mailroom.clone()), session.clone(), Id(guest), Json(InvitationUpdate { days })).await;
        assert_eq!(update.unwrap_err().kind(), ProblemType::BadRequest);
    }
}

#[tokio::test]
async fn codes_of_links_are_counted_by_link_and_by_number() {
    let house = House::open().await;
    let anna = anna(&house).await;
    invite(&house, anna, 1).await;
    let mut codes = 0;
    for _ in 0..10 {
        let shown = shown(&house, 1).await.unwrap();
        match ask(&house, &shown).await {
            Ok(()) => codes += 1,
            Err(refused) => assert_eq!(refused, ProblemType::TooManyRequests),
        }
    }
    assert_eq!(codes, 3, "an hour, however many sign-ins are begun");
    // Other links to the same phone, as somebody makes who wants to flood it.
    for number in 2..30 {
        invite(&house, anna, number).await;
        let shown = shown(&house, number).await.unwrap();
        codes += i32::from(ask(&house, &shown).await.is_ok());
    }
    assert!(codes <= 10, "{codes} messages to one number");
}

#[tokio::test]
async fn who_wrote_is_said_with_their_organisation_while_its_domain_is_verified() {
    let named =
        NamedOrganisation { name: "Demokliniken".into(), domains: vec!["Demo.example".into()], in_notices: false };
    let house = House::with(Organisations::named(&[named]).unwrap()).await;
    invite(&house, anna(&house).await, 1).await;
    let domain = Domain::parse("demo.example").unwrap();
    let looked_up = async |outcome| {
        let now = house.mailroom.now();
        let claimed_until = now.after(HOUR);
        let claim = ClaimDomain { domain: domain.clone(), now, until: claimed_until };
        assert!(house.mailroom.store.write(claim).await.unwrap());
        let next_due = now;
        let looked_up = DomainLookedUp { domain: domain.clone(), claimed_until, outcome, now, next_due };
        house.mailroom.store.write(looked_up).await.unwrap();
        shown(&house, 1).await.unwrap().organisation
    };
    assert_eq!(shown(&house, 1).await.unwrap().organisation, None, "nobody has looked yet");
    let name = OrganisationName::parse("Demokliniken").unwrap();
    assert_eq!(looked_up(LookedUp::Found).await, Some(Organisation { name, domain: domain.clone() }));
    assert_eq!(looked_up(LookedUp::Absent).await, None);
}

#[tokio::test]
async fn the_link_is_mailed_alone_on_its_line_and_a_code_opens_it() {
    let house = House::open().await;
    invite(&house, anna(&house).await, 1).await;
    assert_eq!(mailed(&house).await.len(), 1);
    let shown = shown(&house, 1).await.unwrap();
    assert_eq!((shown.address.as_str(), shown.from.as_str()), ("eva1@example.se", "anna@demo.example"));
    assert_eq!(shown.offers[0].hint, "16");
    assert!(self::shown(&house, 9).await.is_err_and(|refused| refused == ProblemType::NotFound));
    ask(&house, &shown).await.unwrap();
    let texts = house.outbox().await;
    let NoticeContent::Sealed(sealed) = &texts.last().unwrap().content else { panic!("a code") };
    let text = text_of(&house.mailroom.seal, texts.last().unwrap().id, sealed).unwrap();
    let Text::LetterCode { code } = text else { panic!("the code of a letter") };
    enter(&house, &shown, code).await.unwrap();
    let words = Text::LetterByLink { link: Some("A".repeat(48)), organisation: None };
    for language in [Language::Sv, Language::En] {
        let text = words.words(language, "https://mail.example.se", &Operator::default()).text;
        let line = format!("https://mail.example.se/l#{}", "A".repeat(48));
        assert!(text.lines().any(|one| one == line), "{text}");
    }
    house.outbox().await;
    house.wait(limits::INVITATION_LIFE);
    end_due(&house.mailroom).await.unwrap();
    assert!(self::shown(&house, 1).await.is_err());
    let told = async || {
        let texts = house.outbox().await.into_iter().filter_map(|due| match due.content {
            NoticeContent::Sealed(sealed) => text_of(&house.mailroom.seal, due.id, &sealed),
            NoticeContent::Letter { .. }
            | NoticeContent::Invitation { .. }
            | NoticeContent::Answer { .. }
            | NoticeContent::Nobody => None,
        });
        texts.filter(|text| *text == Text::ExpiredUnread).count()
    };
    assert_eq!(told().await, 1, "whoever wrote is told, since nothing was read");
    end_due(&house.mailroom).await.unwrap();
    assert_eq!(told().await, 0, "once");
}
