//! PROTOCOL §5: a page is its owner's and goes with them; whoever writes by it comes with a letter or not at all, opens by the link
//! alone, and goes with everything when the time has come.

use securemailbox_protocol::{
    accounts::Language,
    ids::{AccountId, SignInId, SlotId},
    invitations::LinkState,
    levels::Level,
    limits,
    public_pages::{PageName, PageTitle, PublicPage},
};

use super::{
    attaching,
    inviting::{GUESTS, count},
    on_both,
    people::{Dice, NOW, PHONE_CODE, Person, empty_trash, enter, expect, later, post, register, trash},
    together::Count,
};
use crate::{
    Store,
    invitations::{
        BeginLinkSignIn, CameByPage, ExpireInvitation, GuestByAddress, LinkSlot, ListInvitations, MakerOfGuest,
        MayWrite, OpenByLink, RemindGuest, ReportWrongNumber, WithdrawInvitation,
    },
    letters::{PostLetter, PostLettersError},
    notices::{ClaimNotices, Lane, NoticeContent, NoticeId},
    proofs::HolderId,
    public_pages::{ClosePage, NewWriter, OpenPage, OpenPageError, PageByName, PageOf, WriteToPage, WriteToPageError},
    quotas::Quota,
    registrations::{AddressForPage, BeginRegistration, Registering, RegistrationForPhone, Wanted},
    removals::remove,
    sessions::SessionByToken,
};

on_both! {
    a_page_is_its_owners_alone_and_its_name_nobody_elses
    who_writes_by_a_page_comes_with_the_letter_or_not_at_all
    the_link_alone_opens_what_its_owner_made_and_no_link_that_was_mailed
    only_a_proved_address_is_told_that_an_answer_waits_and_without_a_link
    an_address_is_proved_for_a_page_whether_or_not_it_has_a_mailbox_and_asks_for_none
    a_stranger_does_not_fill_what_is_left_to_the_owner
    when_its_time_is_over_nothing_is_left_of_who_wrote
    a_stranger_writes_again_only_once_they_were_answered
    no_writer_takes_the_id_that_a_registration_reserved
}

fn page(name: &str) -> PublicPage {
    PublicPage { name: PageName::parse(name).unwrap(), title: PageTitle::parse("Ljunggårdens vårdcentral").unwrap() }
}

async fn open(store: &Store, owner: &Person, name: &str) -> Result<(), OpenPageError> {
    store.write(OpenPage { account: owner.account, page: page(name) }).await
}

/// Somebody who writes to `owner`.
fn writer(dice: &mut Dice, owner: &Person) -> (NewWriter, PostLetter) {
    let account = AccountId::new(NOW, &mut dice.0);
    let writer = NewWriter {
        account,
        address_lookup: dice.hash(),
        address_sealed: dice.bytes(90),
        proved_sealed: None,
        language: Language::Sv,
        certificate_sealed: dice.bytes(1500),
        certificate_hash: owner.certificate,
        records: [dice.first_record(), dice.first_record(), dice.first_record()],
        slot: LinkSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) },
        token_hash: dice.hash(),
    };
    let letter = dice.letter(&[&Person { account, ..owner.clone() }, owner]);
    (writer, letter)
}

fn write(name: &str, writer: &NewWriter, letter: &PostLetter) -> WriteToPage {
    let record = |one: &crate::registrations::FirstRecord| crate::registrations::FirstRecord {
        id: one.id,
        sealed: one.sealed.clone(),
    };
    let writer = NewWriter {
        address_sealed: writer.address_sealed.clone(),
        proved_sealed: writer.proved_sealed.clone(),
        certificate_sealed: writer.certificate_sealed.clone(),
        records: writer.records.each_ref().map(record),
        slot: writer.slot.clone(),
        ..*writer
    };
    WriteToPage {
        name: PageName::parse(name).unwrap(),
        writer,
        letter: PostLetter { new: letter.new.clone(), content: letter.content.clone() },
        quota: Quota::NONE,
        now: NOW,
    }
}

async fn a_page_is_its_owners_alone_and_its_name_nobody_elses(store: Store) {
    let mut dice = Dice::new(601);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    assert_eq!(store.read(PageOf { account: anna.account }).await.unwrap(), None, "off, unless she wishes");
    open(&store, &anna, "anna").await.unwrap();
    open(&store, &bjorn, "bjorn").await.unwrap();
    assert!(matches!(open(&store, &bjorn, "anna").await, Err(OpenPageError::Taken)));
    assert_eq!(store.read(PageOf { account: bjorn.account }).await.unwrap(), Some(page("bjorn")), "as it was");
    let by = async |name: &str| {
        let found = store.read(PageByName { name: PageName::parse(name).unwrap() }).await.unwrap();
        found.map(|found| found.certificate.account)
    };
    assert_eq!(by("anna").await, Some(anna.account));
    open(&store, &anna, "anna-berg").await.unwrap();
    assert_eq!((by("anna").await, by("anna-berg").await), (None, Some(anna.account)), "another one in its place");
    store.write(ClosePage { account: anna.account }).await.unwrap();
    assert_eq!(by("anna-berg").await, None);
    store.write(Removed(bjorn.account)).await.unwrap();
    assert_eq!(by("bjorn").await, None, "it goes with its owner");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM public_page").await, 0);
}

struct Removed(AccountId);

impl crate::Act for Removed {
    type Output = ();
    type Error = crate::StoreError;

    async fn run<D: crate::Db>(&self, db: &mut D) -> Result<(), crate::StoreError> {
        remove(db, self.0).await
    }
}

async fn who_writes_by_a_page_comes_with_the_letter_or_not_at_all(store: Store) {
    let mut dice = Dice::new(602);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    open(&store, &anna, "anna").await.unwrap();
    let (eva, letter) = writer(&mut dice, &anna);
    let refused = store.write(write("nobody", &eva, &letter)).await;
    assert!(matches!(refused, Err(WriteToPageError::NoPage)));
    // To somebody else than the owner of the page, or to more.
    let as_eva = Person { account: eva.account, ..anna.clone() };
    for readers in [vec![&as_eva, &bjorn], vec![&as_eva, &anna, &bjorn], vec![&as_eva]] {
        let other = dice.letter(&readers);
        let refused = store.write(write("anna", &eva, &other)).await;
        assert!(matches!(refused, Err(WriteToPageError::Post(PostLettersError::StaleKey { .. }))));
    }
    let attached = attaching::upload(&store, &mut dice, &bjorn, 10).await;
    let with_a_file = attaching::with(dice.letter(&[&as_eva, &anna]), &[&attached]);
    let refused = store.write(write("anna", &eva, &with_a_file)).await;
    assert!(matches!(refused, Err(WriteToPageError::Post(PostLettersError::BlobMissing))), "a stranger sends no file");
    assert_eq!(count(&store, GUESTS).await, 0, "nothing of it was made");

    store.write(write("anna", &eva, &letter)).await.unwrap();
    store.write(write("anna", &eva, &letter)).await.unwrap(); // a lost answer
    assert_eq!(count(&store, GUESTS).await, 1);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM letter").await, 1);
    let (_, another) = writer(&mut dice, &anna);
    let stolen = store.write(write("anna", &eva, &PostLetter { new: letter.new.clone(), ..another })).await;
    assert!(stolen.is_ok(), "the same letter is the same letter");

    assert_eq!(store.read(MakerOfGuest { guest: eva.account }).await.unwrap(), Some(anna.account));
    assert!(store.read(CameByPage { guest: eva.account }).await.unwrap());
    assert!(!store.read(CameByPage { guest: anna.account }).await.unwrap());
    let found = GuestByAddress { sender: anna.account.mailbox(), address_lookup: eva.address_lookup };
    assert_eq!(store.read(found).await.unwrap().unwrap().level, Level::Address);
    let own = store.read(ListInvitations { sender: anna.account.mailbox() }).await.unwrap();
    assert_eq!((own[0].account, own[0].link, own[0].opened), (eva.account, LinkState::WithWriter, Some(NOW)));
    assert!(own[0].phone.is_none() && own[0].proved_sealed.is_none());
    // Her client can have nothing sent to whoever wrote in the name of a reminder, and nobody calls a number wrong that there is none of.
    let notice = NoticeId::new(&mut dice.0);
    let remind =
        RemindGuest { sender: anna.account, guest: eva.account, notice, link_sealed: dice.bytes(96), now: NOW };
    assert!(store.write(remind).await.is_err());
    assert!(!store.write(ReportWrongNumber { token_hash: eva.token_hash, now: NOW }).await.unwrap());
    let answer = dice.letter(&[&anna, &as_eva]);
    post(&store, &anna, vec![answer], NOW).await.unwrap();
}

async fn the_link_alone_opens_what_its_owner_made_and_no_link_that_was_mailed(store: Store) {
    let mut dice = Dice::new(603);
    let anna = register(&store, &mut dice).await;
    open(&store, &anna, "anna").await.unwrap();
    let (eva, letter) = writer(&mut dice, &anna);
    store.write(write("anna", &eva, &letter)).await.unwrap();
    let (invited, letter) = super::inviting::guest(&mut dice, &anna);
    super::inviting::invite(&store, &anna, &invited, &letter).await.unwrap();

    let begin = async |dice: &mut Dice, token_hash| {
        let id = SignInId::new(NOW, &mut dice.0);
        let begun = store.write(BeginLinkSignIn { id, token_hash, now: NOW }).await.unwrap().unwrap();
        (id, begun.offered.factors.len())
    };
    let (evas, offers) = begin(&mut dice, eva.token_hash).await;
    assert_eq!(offers, 0);
    let (by_code, _) = begin(&mut dice, invited.token_hash).await;
    let session = dice.session(NOW);
    let (id, token) = (session.id, session.token_hash);
    let enter = |id, token_hash, now| OpenByLink { id, token_hash, session: session.clone(), now };
    let wrong = dice.hash();
    for (sign_in, token_hash, now) in [
        (by_code, invited.token_hash, NOW),
        (by_code, eva.token_hash, NOW),
        (evas, invited.token_hash, NOW),
        (evas, wrong, NOW),
        (SignInId::new(NOW, &mut dice.0), eva.token_hash, NOW),
        (evas, eva.token_hash, NOW.after(limits::CODE_LIFE)),
    ] {
        assert!(store.write(enter(sign_in, token_hash, now)).await.unwrap().is_none());
    }
    let opened = store.write(enter(evas, eva.token_hash, NOW)).await.unwrap().unwrap();
    assert_eq!((opened.begun.account, opened.begun.standing.level), (eva.account, Level::Address));
    assert_eq!(opened.link.unwrap().sealed, eva.slot.sealed);
    let row = store.read(SessionByToken { token_hash: token, now: NOW }).await.unwrap().unwrap();
    assert_eq!((row.id, row.guest), (id, true));
    // After a lost answer.
    let again = OpenByLink { id: evas, token_hash: eva.token_hash, session: dice.session(NOW), now: NOW };
    assert!(store.write(again).await.unwrap().is_some());
    assert!(store.read(SessionByToken { token_hash: token, now: NOW }).await.unwrap().is_none(), "the lost one ended");
}

async fn only_a_proved_address_is_told_that_an_answer_waits_and_without_a_link(store: Store) {
    let mut dice = Dice::new(604);
    let anna = register(&store, &mut dice).await;
    open(&store, &anna, "anna").await.unwrap();
    let (quiet, first) = writer(&mut dice, &anna);
    let (told, second) = writer(&mut dice, &anna);
    let told = NewWriter { proved_sealed: Some(dice.bytes(90)), ..told };
    store.write(write("anna", &quiet, &first)).await.unwrap();
    store.write(write("anna", &told, &second)).await.unwrap();
    for writer in [&quiet, &told] {
        let answer = dice.letter(&[&anna, &Person { account: writer.account, ..anna.clone() }]);
        post(&store, &anna, vec![answer], later(1)).await.unwrap();
    }
    let claim = ClaimNotices { lane: Lane::Letters, now: later(2), limit: 10, until: later(60) };
    let claimed = store.write(claim).await.unwrap();
    let answers: Vec<_> = claimed.iter().filter(|due| matches!(due.content, NoticeContent::Answer { .. })).collect();
    let [due] = answers[..] else { panic!("{claimed:?}") };
    let NoticeContent::Answer { account, address_sealed, .. } = &due.content else { unreachable!() };
    assert_eq!((*account, Some(address_sealed)), (told.account, told.proved_sealed.as_ref()));
}

async fn an_address_is_proved_for_a_page_whether_or_not_it_has_a_mailbox_and_asks_for_none(store: Store) {
    let mut dice = Dice::new(605);
    let anna = register(&store, &mut dice).await;
    let begin = BeginRegistration { wants: Wanted::Page, ..dice.begin_registration(anna.address_lookup) };
    let (id, account, factor, sealed) = (begin.id, begin.account, begin.address.id, begin.address.sealed.clone());
    store.write(begin).await.unwrap();
    let proved = async || store.read(AddressForPage { id, now: NOW }).await.unwrap();
    assert_eq!(proved().await, None);
    expect(&store, &mut dice, HolderId::Registration(id), factor, PHONE_CODE).await.unwrap();
    enter(&store, Registering(id), factor, PHONE_CODE).await.unwrap();
    assert_eq!(proved().await, Some((account, sealed)));
    assert!(store.read(RegistrationForPhone { id, now: NOW }).await.is_err(), "no step to a mailbox");
    let over = AddressForPage { id, now: NOW.after(limits::REGISTRATION_LIFE) };
    assert_eq!(store.read(over).await.unwrap(), None);
}

async fn a_stranger_does_not_fill_what_is_left_to_the_owner(store: Store) {
    let mut dice = Dice::new(606);
    let anna = register(&store, &mut dice).await;
    open(&store, &anna, "anna").await.unwrap();
    let quota = Quota { letters: 2, ..Quota::NONE };
    let mut taken = 0;
    for _ in 0..4 {
        let (eva, letter) = writer(&mut dice, &anna);
        match store.write(WriteToPage { quota, ..write("anna", &eva, &letter) }).await {
            Ok(_) => taken += 1,
            Err(WriteToPageError::Post(PostLettersError::ReaderFull { reader })) => assert_eq!(reader, anna.account),
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(taken, 2);
    assert_eq!(count(&store, GUESTS).await, 2, "of a refused letter no guest is left");
}

async fn when_its_time_is_over_nothing_is_left_of_who_wrote(store: Store) {
    let mut dice = Dice::new(607);
    let anna = register(&store, &mut dice).await;
    open(&store, &anna, "anna").await.unwrap();
    let mut ends = Vec::new();
    for _ in 0..2 {
        let (eva, letter) = writer(&mut dice, &anna);
        let eva = NewWriter { proved_sealed: Some(dice.bytes(90)), ..eva };
        store.write(write("anna", &eva, &letter)).await.unwrap();
        ends.push((eva.account, letter.new.id));
    }
    let [(expires, first), (taken_back, second)] = ends[..] else { unreachable!() };
    let over = NOW.after(limits::INVITATION_LIFE);
    assert!(store.write(ExpireInvitation { guest: expires, notice: None, now: over }).await.unwrap());
    let withdraw = WithdrawInvitation { sender: anna.account, guest: taken_back, now: NOW };
    assert!(store.write(withdraw).await.unwrap());
    store.erase_removed().await.unwrap();
    assert_eq!(count(&store, "SELECT COUNT(*) FROM invitation").await, 0);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM slot WHERE kind = 'link'").await, 0);
    // What she was written stays hers, until she erases it.
    for letter in [first, second] {
        trash(&store, &anna, letter).await;
    }
    empty_trash(&store, anna.account, over).await.unwrap();
    store.erase_removed().await.unwrap();
    for table in ["SELECT COUNT(*) FROM letter", "SELECT COUNT(*) FROM entry", "SELECT COUNT(*) FROM delivery"] {
        assert_eq!(store.read(Count(table)).await, Ok(0), "{table}");
    }
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM member")).await, Ok(1), "she herself");
    assert_eq!(store.read(Count("SELECT COUNT(*) FROM certificate")).await, Ok(1));
}

async fn a_stranger_writes_again_only_once_they_were_answered(store: Store) {
    let mut dice = Dice::new(610);
    let anna = register(&store, &mut dice).await;
    open(&store, &anna, "anna").await.unwrap();
    let (eva, letter) = writer(&mut dice, &anna);
    store.write(write("anna", &eva, &letter)).await.unwrap();
    let may = async || store.read(MayWrite { guest: eva.account }).await.unwrap();
    assert!(!may().await, "one letter, and no answer yet");
    let as_eva = Person { account: eva.account, ..anna.clone() };
    for _ in 0..2 {
        let answer = dice.letter(&[&anna, &as_eva]);
        post(&store, &anna, vec![answer], NOW).await.unwrap();
        assert!(may().await);
        let again = dice.letter(&[&as_eva, &anna]);
        post(&store, &as_eva, vec![again], NOW).await.unwrap();
        assert!(!may().await, "one for each answer");
    }
    assert!(store.read(MayWrite { guest: anna.account }).await.unwrap(), "nobody else is asked");
}

/// Under that id lie factors of whoever registers, who would be sent codes by the writer's link.
async fn no_writer_takes_the_id_that_a_registration_reserved(store: Store) {
    let mut dice = Dice::new(611);
    let anna = register(&store, &mut dice).await;
    open(&store, &anna, "anna").await.unwrap();
    let lookup = dice.hash();
    let begun = dice.begin_registration(lookup);
    let account = begun.account;
    store.write(begun).await.unwrap();
    let (eva, _) = writer(&mut dice, &anna);
    let letter = dice.letter(&[&Person { account, ..anna.clone() }, &anna]);
    let refused = store.write(write("anna", &NewWriter { account, ..eva }, &letter)).await;
    assert!(matches!(refused, Err(WriteToPageError::Post(PostLettersError::IdTaken))));
    assert_eq!(count(&store, GUESTS).await, 0);
}
