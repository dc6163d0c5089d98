//! PROTOCOL §5.5: what was written by a link moves to the mailbox that is claimed, all or nothing, once, and to nobody else.

use securemailbox_protocol::{
    factors::FactorKind,
    ids::{LetterId, SignInId},
    letters::Ending,
    levels::Level,
    limits,
};

use super::{
    attaching,
    inviting::{GUESTS, comes, count, delivery, guest, invite},
    on_both,
    people::{Dice, NOW, Person, empty_trash, later, post, prove_address, register, trash},
};
use crate::{
    Store,
    claims::{ClaimTo, ClaimTold, GuestOfSession, NewClaim, ProvePhoneByGuest},
    invitations::{BeginLinkSignIn, DeclineInvitation, NewGuest},
    letters::{DeliveryReceipt, PutReceipt},
    registrations::{CompleteRegistration, RegistrationError},
    sessions::{SessionByToken, TokenHash},
};

on_both! {
    what_was_written_by_a_link_moves_to_the_mailbox_that_is_claimed
    a_claim_needs_a_guest_of_the_same_address_whose_phone_was_proved_lately
    of_two_claims_or_a_claim_and_a_decline_at_once_one_happens
}

/// A registration of the address of a guest, whose phone is the one that was proved in this session: ready to be completed with
/// a claim of that session.
async fn registration(
    store: &Store,
    dice: &mut Dice,
    guest: &NewGuest,
    token_hash: TokenHash,
) -> Result<CompleteRegistration, RegistrationError> {
    let begin = dice.begin_registration(guest.address_lookup);
    let id = begin.id;
    store.write(begin).await.unwrap();
    prove_address(store, dice, id).await;
    let phone = dice.factor(FactorKind::Phone);
    store.write(ProvePhoneByGuest { id, token_hash, phone, now: NOW }).await?;
    let claim = claim(dice, token_hash);
    Ok(CompleteRegistration { claim: Some(claim), now: later(60), ..dice.complete_registration(id) })
}

fn claim(dice: &mut Dice, token_hash: TokenHash) -> NewClaim {
    NewClaim { token_hash, contact: Some(dice.first_record()), signed_at: NOW, signature: dice.bytes(200) }
}

async fn erase(store: &Store, holder: &Person, letter: LetterId) {
    trash(store, holder, letter).await;
    empty_trash(store, holder.account, NOW).await.unwrap();
}

async fn what_was_written_by_a_link_moves_to_the_mailbox_that_is_claimed(store: Store) {
    let mut dice = Dice::new(507);
    let anna = register(&store, &mut dice).await;
    let (eva, mut letter) = guest(&mut dice, &anna);
    let attached = attaching::upload(&store, &mut dice, &anna, 3000).await;
    letter.new.blobs = vec![attached.blob];
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let token_hash = comes(&store, &mut dice, &eva).await;
    let as_guest = Person { account: eva.account, ..anna.clone() };
    let answer = dice.letter(&[&as_guest, &anna]);
    let answered = answer.new.id;
    post(&store, &as_guest, vec![answer], NOW).await.unwrap();

    let complete = registration(&store, &mut dice, &eva, token_hash).await.unwrap();
    let claimant = store.write(complete).await.unwrap().account;
    assert_eq!(count(&store, GUESTS).await, 0);
    let lies = "SELECT COUNT(*) FROM entry e JOIN mailbox b ON b.mailbox_id = e.mailbox_id WHERE b.kind = 'member'";
    assert_eq!(count(&store, lies).await, 4, "Anna's two, and Eva's two");
    let held = "SELECT b.letters FROM mailbox b JOIN member m ON m.mailbox_id = b.mailbox_id
                  JOIN claim c ON c.claimant_id = b.mailbox_id";
    assert_eq!(count(&store, held).await, 2);
    let bytes = "SELECT CAST(b.bytes - (SELECT SUM(l.content_length + l.blobs_length + LENGTH(l.envelope) + LENGTH(e.wrapped_key))
                                          FROM entry e JOIN letter l ON l.letter_id = e.letter_id
                                         WHERE e.mailbox_id = b.mailbox_id)
                                     - (SELECT SUM(LENGTH(r.sealed)) FROM record r WHERE r.mailbox_id = b.mailbox_id)
                             AS BIGINT)
                   FROM mailbox b JOIN claim c ON c.claimant_id = b.mailbox_id";
    assert_eq!(count(&store, bytes).await, 0, "the mailbox counts what it holds");
    let own = Person { account: claimant, ..anna.clone() };
    assert_eq!(attaching::read(&store, &own, attached.blob).await.as_ref(), Some(&attached.bytes), "with its files");
    assert_eq!(attaching::read(&store, &as_guest, attached.blob).await, None);
    let link = BeginLinkSignIn { id: SignInId::new(NOW, &mut dice.0), token_hash: eva.token_hash, now: later(60) };
    assert!(store.write(link).await.unwrap().is_none(), "the link is over");
    assert_eq!(store.read(SessionByToken { token_hash, now: later(60) }).await.unwrap(), None, "and its sessions");
    assert_eq!(count(&store, "SELECT COUNT(*) FROM slot WHERE kind = 'link'").await, 0);
    let ended = delivery(&store, &anna, &letter).await.ended.unwrap();
    assert_eq!((ended.at, ended.ending), (later(60), Ending::Claimed));

    // What is read from now on is told to whoever wrote.
    let receipt = DeliveryReceipt { at: later(90), signature: dice.bytes(200), level: Level::Passkey };
    let read = PutReceipt { mailbox: claimant.mailbox(), letter: letter.new.id, receipt: receipt.clone() };
    store.write(read).await.unwrap();
    assert_eq!(delivery(&store, &anna, &letter).await.read, Some(receipt));

    // The claim is told to whoever wrote and to nobody else, and outlives the letters until it was.
    let to = |sender: &Person| ClaimTo { sender: sender.account.mailbox(), claimant };
    let claim = store.read(to(&anna)).await.unwrap().unwrap();
    assert_eq!((claim.certificate, claim.told), (eva.certificate_hash, false));
    let bjorn = register(&store, &mut dice).await;
    assert_eq!(store.read(to(&bjorn)).await.unwrap(), None);
    for letter in [letter.new.id, answered] {
        erase(&store, &anna, letter).await;
        erase(&store, &own, letter).await;
    }
    store.erase_removed().await.unwrap();
    attaching::nothing_is_left(&store).await;
    assert!(store.read(to(&anna)).await.unwrap().is_some(), "she was not told yet");
    store.write(ClaimTold { sender: anna.account.mailbox(), claimant }).await.unwrap();
    store.erase_removed().await.unwrap();
    for left in ["SELECT COUNT(*) FROM claim", "SELECT COUNT(*) FROM mailbox WHERE kind = 'removed'"] {
        assert_eq!(count(&store, left).await, 0, "{left}");
    }
}

async fn a_claim_needs_a_guest_of_the_same_address_whose_phone_was_proved_lately(store: Store) {
    let mut dice = Dice::new(508);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let (ulla, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &ulla, &letter).await.unwrap();
    let evas = comes(&store, &mut dice, &eva).await;
    let ullas = comes(&store, &mut dice, &ulla).await;
    let refused = registration(&store, &mut dice, &eva, ullas).await.err();
    assert!(matches!(refused, Some(RegistrationError::NotTheGuest)), "of another address");
    let refused = registration(&store, &mut dice, &eva, anna.token_hash).await.err();
    assert!(matches!(refused, Some(RegistrationError::NotTheGuest)), "of a member");
    let proved = GuestOfSession { token_hash: evas, now: later(60) };
    assert_eq!(store.read(proved).await.unwrap().unwrap().account, eva.account);
    let stale = GuestOfSession { token_hash: evas, now: NOW.after(limits::REGISTRATION_LIFE) };
    assert!(store.read(stale).await.unwrap().is_none(), "an hour ago");

    // Whoever registers with a phone of their own can't take another's conversation either.
    let complete = registration(&store, &mut dice, &eva, evas).await.unwrap();
    let complete = CompleteRegistration { claim: Some(claim(&mut dice, ullas)), ..complete };
    let refused = store.write(complete).await;
    assert!(matches!(refused, Err(RegistrationError::NotTheGuest)));
    assert_eq!(count(&store, GUESTS).await, 2, "nothing was moved");
}

async fn of_two_claims_or_a_claim_and_a_decline_at_once_one_happens(store: Store) {
    let mut dice = Dice::new(509);
    let anna = register(&store, &mut dice).await;
    let (eva, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &eva, &letter).await.unwrap();
    let token_hash = comes(&store, &mut dice, &eva).await;
    let one = registration(&store, &mut dice, &eva, token_hash).await.unwrap();
    let two = registration(&store, &mut dice, &eva, token_hash).await.unwrap();
    let (one, two) = tokio::join!(store.write(one), store.write(two));
    assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
    let decline = DeclineInvitation { guest: eva.account, now: later(60) };
    assert!(!store.write(decline).await.unwrap());
    assert_eq!(delivery(&store, &anna, &letter).await.ended.unwrap().ending, Ending::Claimed);

    let (ulla, letter) = guest(&mut dice, &anna);
    invite(&store, &anna, &ulla, &letter).await.unwrap();
    let token_hash = comes(&store, &mut dice, &ulla).await;
    let claim = registration(&store, &mut dice, &ulla, token_hash).await.unwrap();
    let decline = DeclineInvitation { guest: ulla.account, now: later(60) };
    let (claimed, declined) = tokio::join!(store.write(claim), store.write(decline));
    let declined = declined.unwrap();
    assert_ne!(claimed.is_ok(), declined, "{claimed:?}");
    let ending = if declined { Ending::Declined } else { Ending::Claimed };
    assert_eq!(delivery(&store, &anna, &letter).await.ended.unwrap().ending, ending);
    assert_eq!(count(&store, GUESTS).await, 0);
}
