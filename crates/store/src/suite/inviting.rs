//! PROTOCOL §5: a guest comes with a letter or not at all, is found by who made it, and goes with everything when its time has come.

use std::{collections::BTreeMap, time::Duration};

use securemailbox_protocol::{
    accounts::{AccountUpdate, Language, LetterNotices},
    factors::FactorKind,
    ids::{AccountId, SignInId, SlotId},
    invitations::LinkState,
    letters::{ConversationEnded, Ending, GuestDelivery},
    levels::Level,
    limits,
    time::Timestamp,
};

use super::{
    on_both,
    people::{Dice, NOW, PHONE_CODE, Person, enter, expect, later, post, register},
    together::Count,
};
use crate::{
    Store,
    accounts::UpdateAccount,
    directory::ListingByAddress,
    invitations::{
        BeginLinkSignIn, ChangeDays, DeclineInvitation, ExpireInvitation, GuestByAddress, InvitationError,
        InvitationsDue, LinkSlot, ListInvitations, MakerOfGuest, NewGuest, RemindGuest, ReportWrongNumber,
        WithdrawInvitation,
    },
    letters::{
        DeliveriesOf, Delivery, DeliveryReceipt, PostLetter, PostLetters, PostLettersError, PutReceipt, Withdraw,
    },
    notices::{ClaimNotices, DueNotice, Lane, NoticeContent, NoticeId, NoticeRefused, NoticeSent},
    proofs::HolderId,
    proving::ExpectCode,
    pulse::PulseOf,
    quotas::Quota,
    sessions::{SessionByToken, TokenHash},
    sign_in::SigningIn,
};

on_both! {
    a_guest_comes_with_its_letter_or_not_at_all_and_is_found_by_who_made_it
    a_link_and_a_code_give_a_guests_session_and_its_slot
    a_link_is_kept_until_a_mail_server_has_it
    what_is_taken_back_before_anybody_came_leaves_no_guest
    a_conversation_goes_when_its_time_has_come_and_a_letter_puts_that_off
    whoever_wrote_learns_how_far_a_guest_is_and_what_ended_the_conversation
    whoever_wrote_is_mailed_of_an_end_only_if_something_was_not_read_and_they_want_e_mails
    whoever_wrote_to_many_is_mailed_once_a_day_of_what_ended_unread
    a_reminder_sends_the_link_once_more_and_leaves_it_with_nobody
    the_time_is_counted_from_the_last_letter_by_the_days_that_its_sender_chose
    whoever_wrote_learns_that_a_code_does_not_reach_the_phone_until_one_was_proved
}

/// Somebody who has no mailbox, and the letter that makes them a guest.
pub(super) fn guest(dice: &mut Dice, sender: &Person) -> (NewGuest, PostLetter) {
    let account = AccountId::new(NOW, &mut dice.0);
    let guest = NewGuest {
        account,
        address_lookup: dice.hash(),
        address_sealed: dice.bytes(90),
        phone: dice.factor(FactorKind::Phone),
        language: Language::Sv,
        certificate_sealed: dice.bytes(1500),
        certificate_hash: sender.certificate,
        keyring: dice.first_record(),
        settings: dice.first_record(),
        contact: dice.first_record(),
        slot: LinkSlot { id: SlotId::new(NOW, &mut dice.0), sealed: dice.bytes(80), share_sealed: dice.bytes(80) },
        token_hash: dice.hash(),
        link_sealed: Some(dice.bytes(96)),
    };
    let letter = dice.letter(&[sender, &Person { account, ..sender.clone() }]);
    (guest, letter)
}

pub(super) async fn invite(
    store: &Store,
    sender: &Person,
    guest: &NewGuest,
    letter: &PostLetter,
) -> Result<(), PostLettersError> {
    let letters = vec![PostLetter { new: letter.new.clone(), content: letter.content.clone() }];
    let act = PostLetters {
        proved: None,
        sender: sender.account.mailbox(),
        letters,
        guests: vec![copy(guest)],
        draft: None,
        release: None,
        quota: Quota::NONE,
        now: NOW,
    };
    store.write(act).await.map(drop)
}

fn copy(guest: &NewGuest) -> NewGuest {
    let record = |record: &crate::registrations::FirstRecord| crate::registrations::FirstRecord {
        id: record.id,
        sealed: record.sealed.clone(),
    };
    NewGuest {
        address_sealed: guest.address_sealed.clone(),
        phone: guest.phone.clone(),
        certificate_sealed: guest.certificate_sealed.clone(),
        keyring: record(&guest.keyring),
        settings: record(&guest.settings),
        contact: record(&guest.contact),
        slot: guest.slot.clone(),
        link_sealed: guest.link_sealed.clone(),
        ..*guest
    }
}

pub(super) async fn count(store: &Store, sql: &'static str) -> i64 {
    store.read(Count(sql)).await.unwrap()
}

pub(super) const GUESTS: &str = "SELECT COUNT(*) FROM mailbox WHERE kind = 'guest'";

async fn a_guest_comes_with_its_letter_or_not_at_all_and_is_found_by_who_made_it(store: Store) {
    let mut dice = Dice::new(501);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (eva, letter) = guest(&mut dice, &anna);
    let (_, without_her) = (0, dice.letter(&[&anna, &bjorn]));
    assert!(matches!(invite(&store, &anna, &eva, &without_her).await, Err(PostLettersError::Readers)));
    let at_bjorns = NewGuest { address_lookup: bjorn.address_lookup, ..copy(&eva) };
    let refused = invite(&store, &anna, &at_bjorns, &letter).await;
    assert!(matches!(refused, Err(PostLettersError::StaleKey { reader }) if reader == eva.account), "he has a mailbox");
    assert_eq!(count(&store, GUESTS).await, 0, "nothing of it was made");

    invite(&store, &anna, &eva, &letter).await.unwrap();
    invite(&store, &anna, &eva, &letter).await.unwrap(); // a lost answer
    assert_eq!(count(&store, GUESTS).await, 1);
    let found =
        |sender: &Person| GuestByAddress { sender: sender.account.mailbox(), address_lookup: eva.address_lookup };
    assert_eq!(store.read(found(&anna)).await.unwrap().unwrap().certificate.account, eva.account);
    assert_eq!(store.read(found(&bjorn)).await.unwrap(), None);
    let listed = ListingByAddress { address_lookup: eva.address_lookup };
    assert_eq!(store.read(listed).await.unwrap(), None, "the directory knows of none");
    assert_eq!(store.read(MakerOfGuest { guest: eva.account }).await.unwrap(), Some(anna.account));
    assert_eq!(store.read(MakerOfGuest { guest: bjorn.account }).await.unwrap(), None);
    let own = store.read(ListInvitations { sender: anna.account.mailbox() }).await.unwrap();
    assert_eq!((own.len(), own[0].account, own[0].opened), (1, eva.account, None));
    assert_eq!(own[0].link, LinkState::Waiting);

    // The same address by another device, and by somebody else.
    let (again, other_letter) = guest(&mut dice, &anna);
    let again = NewGuest { address_lookup: eva.address_lookup, ..again };
    let refused = invite(&store, &anna, &again, &other_letter).await;
    assert!(matches!(refused, Err(PostLettersError::StaleKey { .. })), "its sender's client looks again");
    let (his, letter) = guest(&mut dice, &bjorn);
    let his = NewGuest { address_lookup: eva.address_lookup, ..his };
    invite(&store, &bjorn, &his, &letter).await.unwrap();
    assert_eq!(count(&store, GUESTS).await, 2);
}

async fn a_link_and_a_code_give_a_guests_session_and_its_slot(store: Store) {
    let mut dice = Dice::new(502);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let begin =
        |dice: &mut Dice, now| BeginLinkSignIn { id: SignInId::new(now, &mut dice.0), token_hash: eva.token_hash, now };
    let nobodys = BeginLinkSignIn { token_hash: dice.hash(), ..begin(&mut dice, NOW) };
    assert!(store.write(nobodys).await.unwrap().is_none());
    let over = begin(&mut dice, NOW.after(limits::INVITATION_LIFE));
    assert!(store.write(over).await.unwrap().is_none());

    let act = begin(&mut dice, NOW);
    let id = act.id;
    let begun = store.write(act).await.unwrap().unwrap();
    assert_eq!(begun.from.0, anna.account);
    assert_eq!(begun.offered.factors.iter().map(|factor| factor.kind).collect::<Vec<_>>(), [FactorKind::Phone]);
    let phone = eva.phone.id;
    expect(&store, &mut dice, HolderId::SignIn(id), phone, PHONE_CODE).await.unwrap();
    let holder = SigningIn { id, session: dice.session(NOW) };
    let (session, token_hash) = (holder.session.id, holder.session.token_hash);
    let signed_in = enter(&store, holder, phone, PHONE_CODE).await.unwrap();
    assert_eq!((signed_in.begun.account, signed_in.begun.standing.level), (eva.account, Level::Phone));
    assert!(signed_in.slots.is_empty());
    assert_eq!(signed_in.link.unwrap().sealed, eva.slot.sealed);
    let row = store.read(SessionByToken { token_hash, now: NOW }).await.unwrap().unwrap();
    assert_eq!((row.id, row.guest), (session, true));
    let annas = SessionByToken { token_hash: anna.token_hash, now: NOW };
    assert!(!store.read(annas).await.unwrap().unwrap().guest);
    let own = store.read(ListInvitations { sender: anna.account.mailbox() }).await.unwrap();
    assert_eq!(own[0].opened, Some(NOW));
}

async fn a_link_is_kept_until_a_mail_server_has_it(store: Store) {
    let mut dice = Dice::new(503);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let (handed, letter) = guest(&mut dice, &anna);
    let handed = NewGuest { link_sealed: None, ..handed };
    invite(&store, &anna, &handed, &letter).await.unwrap();
    let claim = async |now: Timestamp| {
        let until = now.after(Duration::from_secs(60));
        store.write(ClaimNotices { lane: Lane::Letters, now, limit: 10, until }).await.unwrap()
    };
    let claimed = claim(NOW).await;
    let [DueNotice { id, content: NoticeContent::Invitation { account, link_sealed, .. }, .. }] = &claimed[..] else {
        panic!("{claimed:?}: whom its sender hands the link is told by nobody else");
    };
    assert_eq!((*account, link_sealed), (eva.account, &eva.link_sealed));
    let links = async || {
        let own = store.read(ListInvitations { sender: anna.account.mailbox() }).await.unwrap();
        own.into_iter().map(|one| (one.account, one.link)).collect::<BTreeMap<_, _>>()
    };
    let whose = |evas: LinkState| BTreeMap::from([(eva.account, evas), (handed.account, LinkState::WithSender)]);
    assert_eq!(links().await, whose(LinkState::Waiting));
    store.write(NoticeSent { id: *id, now: NOW }).await.unwrap();
    assert_eq!(links().await, whose(LinkState::Mailed));
    assert_eq!(count(&store, "SELECT COUNT(*) FROM invitation WHERE link_sealed IS NOT NULL").await, 0);
}

async fn what_is_taken_back_before_anybody_came_leaves_no_guest(store: Store) {
    let mut dice = Dice::new(505);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let withdraw = |letter: &PostLetter| Withdraw { mailbox: anna.account.mailbox(), letter: letter.new.id, now: NOW };
    store.write(withdraw(&letter)).await.unwrap();
    assert_eq!(count(&store, GUESTS).await, 0);
    let link = BeginLinkSignIn { id: SignInId::new(NOW, &mut dice.0), token_hash: eva.token_hash, now: NOW };
    assert!(store.write(link).await.unwrap().is_none(), "the link is over");

    // Whoever came keeps the conversation, and sees that there was a letter.
    let (ulla, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &ulla, &letter).await.unwrap();
    comes(&store, &mut dice, &ulla).await;
    store.write(withdraw(&letter)).await.unwrap();
    assert_eq!(count(&store, GUESTS).await, 1);
}

async fn a_conversation_goes_when_its_time_has_come_and_a_letter_puts_that_off(store: Store) {
    let mut dice = Dice::new(504);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let day = Duration::from_secs(24 * 60 * 60);
    let ends = NOW.after(limits::INVITATION_LIFE);
    assert!(store.read(InvitationsDue { now: ends.before(day) }).await.unwrap().is_empty());
    let due = store.read(InvitationsDue { now: ends }).await.unwrap().remove(0);
    assert_eq!((due.guest, due.to_tell.map(|sender| sender.account)), (eva.account, Some(anna.account)), "unread");
    let answer = dice.letter(&[&Person { account: eva.account, ..anna.clone() }, &anna]);
    let by_eva = Person { account: eva.account, ..anna.clone() };
    post(&store, &by_eva, vec![answer], later(60)).await.unwrap();
    let end = |now| ExpireInvitation { guest: eva.account, notice: None, now };
    assert!(!store.write(end(ends)).await.unwrap(), "a letter came");
    let ends = later(60).after(limits::INVITATION_LIFE);
    assert!(store.write(end(ends)).await.unwrap());
    assert!(!store.write(end(ends)).await.unwrap(), "once");
    store.erase_removed().await.unwrap();
    for table in [
        "SELECT COUNT(*) FROM invitation",
        GUESTS,
        "SELECT COUNT(*) FROM slot WHERE kind = 'link'",
        "SELECT COUNT(*) FROM notice n JOIN mailbox m ON m.mailbox_id = n.mailbox_id WHERE m.kind <> 'member'",
    ] {
        assert_eq!(count(&store, table).await, 0, "{table}");
    }
    let (again, letter) = guest(&mut dice, &anna);
    let again = NewGuest { address_lookup: eva.address_lookup, ..again };
    invite(&store, &anna, &again, &letter).await.unwrap();
}

/// A guest comes: the hash of the session's token.
pub(super) async fn comes(store: &Store, dice: &mut Dice, guest: &NewGuest) -> TokenHash {
    let id = SignInId::new(NOW, &mut dice.0);
    store.write(BeginLinkSignIn { id, token_hash: guest.token_hash, now: NOW }).await.unwrap().unwrap();
    expect(store, dice, HolderId::SignIn(id), guest.phone.id, PHONE_CODE).await.unwrap();
    let holder = SigningIn { id, session: dice.session(NOW) };
    let token_hash = holder.session.token_hash;
    enter(store, holder, guest.phone.id, PHONE_CODE).await.unwrap();
    token_hash
}

/// What became of a letter at its first reader.
pub(super) async fn delivery(store: &Store, sender: &Person, letter: &PostLetter) -> Delivery {
    let act = DeliveriesOf { mailbox: sender.account.mailbox(), letter: letter.new.id };
    store.read(act).await.unwrap().unwrap().remove(0)
}

async fn pulse(store: &Store, person: &Person) -> u64 {
    store.read(PulseOf { mailbox: person.account.mailbox() }).await.unwrap().change.get()
}

async fn whoever_wrote_learns_how_far_a_guest_is_and_what_ended_the_conversation(store: Store) {
    let mut dice = Dice::new(506);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    assert_eq!(delivery(&store, &anna, &letter).await.guest, Some(GuestDelivery::default()));
    let before = pulse(&store, &anna).await;
    let wrong = |at| ReportWrongNumber { token_hash: eva.token_hash, now: at };
    assert!(store.write(wrong(later(60))).await.unwrap());
    assert!(store.write(wrong(later(120))).await.unwrap(), "said once more, and told once");
    assert_eq!(pulse(&store, &anna).await, before + 1, "it is a change of the letter");
    let said = delivery(&store, &anna, &letter).await.guest.unwrap();
    assert_eq!((said.wrong_number, said.proved), (Some(later(60)), None));
    let nobodys = ReportWrongNumber { token_hash: dice.hash(), now: NOW };
    assert!(!store.write(nobodys).await.unwrap());
    comes(&store, &mut dice, &eva).await;
    assert_eq!(delivery(&store, &anna, &letter).await.guest.unwrap().proved, Some(NOW));

    let none = DeclineInvitation { guest: anna.account, now: NOW };
    assert!(!store.write(none).await.unwrap(), "a member declines nothing");
    let asked = delivery(&store, &anna, &letter).await.guest.unwrap();
    assert_eq!((asked.code_asked, asked.code_refused), (Some(NOW), false));
    assert!(store.write(DeclineInvitation { guest: eva.account, now: later(240) }).await.unwrap());
    store.erase_removed().await.unwrap();
    let ended = delivery(&store, &anna, &letter).await;
    assert_eq!(ended.ended, Some(ConversationEnded { at: later(240), ending: Ending::Declined }));
    assert_eq!(ended.guest, None);
    assert_eq!(count(&store, GUESTS).await, 0);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM entry").await, 1, "the sender's own copy");
    assert!(!store.write(wrong(later(300))).await.unwrap(), "the link is over");

    // What a sender takes back is their own guest's.
    let bjorn = register(&store, &mut dice).await;
    let (ulla, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &ulla, &letter).await.unwrap();
    let by = |sender: &Person| WithdrawInvitation { sender: sender.account, guest: ulla.account, now: later(300) };
    assert!(!store.write(by(&bjorn)).await.unwrap());
    assert!(store.write(by(&anna)).await.unwrap());
    let ended = delivery(&store, &anna, &letter).await.ended.unwrap();
    assert_eq!(ended.ending, Ending::Withdrawn);
}

/// The links that wait in the lane of letters, which is sent.
async fn sent_links(store: &Store, now: Timestamp) -> Vec<Option<Vec<u8>>> {
    let until = now.after(Duration::from_secs(60));
    let claimed = store.write(ClaimNotices { lane: Lane::Letters, now, limit: 10, until }).await.unwrap();
    let mut links = Vec::new();
    for notice in claimed {
        let NoticeContent::Invitation { link_sealed, .. } = notice.content else { panic!("of a guest") };
        links.push(link_sealed);
        store.write(NoticeSent { id: notice.id, now }).await.unwrap();
    }
    links
}

async fn a_reminder_sends_the_link_once_more_and_leaves_it_with_nobody(store: Store) {
    let mut dice = Dice::new(510);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let (handed, other) = guest(&mut dice, &anna);
    invite(&store, &anna, &NewGuest { link_sealed: None, ..copy(&handed) }, &other).await.unwrap();
    let link = dice.bytes(96);
    let mut remind = |sender: &Person, guest: &NewGuest| RemindGuest {
        sender: sender.account,
        guest: guest.account,
        notice: NoticeId::new(&mut dice.0),
        link_sealed: link.clone(),
        now: later(60),
    };
    let (first, second) = (remind(&anna, &eva), remind(&anna, &eva));
    let (of_nobody, handed_over) = (remind(&bjorn, &eva), remind(&anna, &handed));
    store.write(first).await.unwrap();
    assert_eq!(sent_links(&store, later(60)).await, [Some(link.clone())], "one e-mail, since the first one waited");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM invitation WHERE link_sealed IS NOT NULL").await, 0);
    store.write(second).await.unwrap();
    assert_eq!(sent_links(&store, later(60)).await, [Some(link)]);
    assert_eq!(count(&store, "SELECT COUNT(*) FROM invitation WHERE link_sealed IS NOT NULL").await, 0);
    assert!(matches!(store.write(of_nobody).await, Err(InvitationError::NotFound)));
    assert!(matches!(store.write(handed_over).await, Err(InvitationError::HandedOver)));
}

async fn the_time_is_counted_from_the_last_letter_by_the_days_that_its_sender_chose(store: Store) {
    const DAY: u64 = 24 * 60 * 60;
    let mut dice = Dice::new(511);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let change = |sender: &Person, days, now| ChangeDays { sender: sender.account, guest: eva.account, days, now };
    let expires = async || store.read(ListInvitations { sender: anna.account.mailbox() }).await.unwrap()[0].expires;
    assert!(matches!(store.write(change(&bjorn, 7, NOW)).await, Err(InvitationError::NotFound)));
    store.write(change(&anna, 7, later(3 * DAY))).await.unwrap();
    assert_eq!(expires().await, later(7 * DAY));
    store.write(change(&anna, 30, later(3 * DAY))).await.unwrap();
    assert_eq!(expires().await, later(30 * DAY));
    let over = store.write(change(&anna, 3, later(3 * DAY))).await;
    assert!(matches!(over, Err(InvitationError::Over)), "it would be erased without a word");
    let another = dice.letter(&[&anna, &Person { account: eva.account, ..anna.clone() }]);
    post(&store, &anna, vec![another], later(5 * DAY)).await.unwrap();
    assert_eq!(expires().await, later(35 * DAY), "a letter puts it off by as much");
}

async fn whoever_wrote_learns_that_a_code_does_not_reach_the_phone_until_one_was_proved(store: Store) {
    let mut dice = Dice::new(512);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let id = SignInId::new(NOW, &mut dice.0);
    store.write(BeginLinkSignIn { id, token_hash: eva.token_hash, now: NOW }).await.unwrap().unwrap();
    let (holder, factor, notice) = (HolderId::SignIn(id), eva.phone.id, dice.notice());
    let code_notice = notice.id;
    let before = pulse(&store, &anna).await;
    store.write(ExpectCode { holder, factor, code: PHONE_CODE, notice, now: NOW }).await.unwrap();
    assert_eq!(pulse(&store, &anna).await, before + 1);
    store.write(NoticeRefused { id: code_notice }).await.unwrap();
    assert_eq!(pulse(&store, &anna).await, before + 2);
    let told = delivery(&store, &anna, &letter).await.guest.unwrap();
    assert_eq!((told.code_asked, told.code_refused), (Some(NOW), true));
    comes(&store, &mut dice, &eva).await;
    let told = delivery(&store, &anna, &letter).await.guest.unwrap();
    assert_eq!((told.proved, told.code_refused), (Some(NOW), false));
}

async fn whoever_wrote_is_mailed_of_an_end_only_if_something_was_not_read_and_they_want_e_mails(store: Store) {
    let mut dice = Dice::new(514);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let now = NOW.after(limits::INVITATION_LIFE);
    let told = async || store.read(InvitationsDue { now }).await.unwrap().remove(0).to_tell.is_some();
    assert!(told().await, "nothing was read");
    let update = |notices| {
        let update = AccountUpdate { notices: Some(notices), ..AccountUpdate::default() };
        UpdateAccount { account: anna.account, update }
    };
    store.write(update(LetterNotices::Never)).await.unwrap();
    assert!(!told().await, "she wants no e-mails");
    store.write(update(LetterNotices::Daily)).await.unwrap();
    assert!(told().await);
    let receipt = DeliveryReceipt { at: NOW, signature: dice.bytes(200), level: Level::Phone };
    store.write(PutReceipt { mailbox: eva.account.mailbox(), letter: letter.new.id, receipt }).await.unwrap();
    assert!(!told().await, "all of it was read");
    let taken_back = dice.letter(&[&anna, &Person { account: eva.account, ..anna.clone() }]);
    let id = taken_back.new.id;
    post(&store, &anna, vec![taken_back], NOW).await.unwrap();
    assert!(told().await);
    store.write(Withdraw { mailbox: anna.account.mailbox(), letter: id, now: NOW }).await.unwrap();
    assert!(!told().await, "what was taken back is nobody's to read");
}

async fn whoever_wrote_to_many_is_mailed_once_a_day_of_what_ended_unread(store: Store) {
    let mut dice = Dice::new(515);
    let anna = register(&store, &mut dice).await;
    let now = NOW.after(limits::INVITATION_LIFE);
    let waiting = "SELECT COUNT(*) FROM notice WHERE lane = 'emails'";
    let end = async |dice: &mut Dice, now| {
        let (guest, letter) = guest(dice, &anna);
        invite(&store, &anna, &guest, &letter).await.unwrap();
        let notice = Some(dice.notice());
        assert!(store.write(ExpireInvitation { guest: guest.account, notice, now }).await.unwrap());
    };
    let before = count(&store, waiting).await;
    for _ in 0..3 {
        end(&mut dice, now).await;
    }
    assert_eq!(count(&store, waiting).await, before + 1);
    end(&mut dice, now.after(Duration::from_secs(24 * 60 * 60))).await;
    assert_eq!(count(&store, waiting).await, before + 2, "and the next day once more");
}
