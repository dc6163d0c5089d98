//! Somebody who came by a link makes a mailbox of their own (PROTOCOL §5.5), by two clients at a real server.

use securemailbox_client::{
    accounts::RegisterError,
    claims::{ClaimError, GuestKeys, LeftByGuest},
    contacts::Standing,
    failure::CallError,
    letters::Addressed,
    links,
    mailbox::Mailbox,
    records::RecordError,
    renewals::Extent,
    settings::{Name, Settings},
};
use securemailbox_e2e::{
    person::{PASSWORD, Person, code},
    server::{Server, Start},
};
use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    letters::{Ending, Folder},
    problems::ProblemType,
    sessions::SessionDelivery,
};
use securemailbox_vault::passwords::Password;

use crate::{
    ANNA,
    guests::{EVA, opened, written},
    renewals::{renewed, rewrapped},
};

const GUN: (&str, &str) = ("gun.claims@example.se", "+46701740617");

fn annas_address() -> Address {
    ANNA.0.parse().unwrap()
}

fn evas_address() -> Address {
    EVA.0.parse().unwrap()
}

/// Eva makes a mailbox of what her link opened, and opens it on another device.
async fn claimed(server: &Server, eva: &Person, guest: &Mailbox) -> Result<(Person, Mailbox), RegisterError> {
    let mails = server.messages_to(EVA.0).await;
    let step = guest.begin_claim(eva, Language::Sv).await?;
    let step = step.enter(eva, &code(server, EVA.0, mails).await).await?;
    let step = step.prove_by_guest(eva, guest).await?;
    let (password, settings) = (Password::new(PASSWORD), Settings::new(Name::parse("Eva Ek").unwrap()));
    let left = LeftByGuest { guest, from: &annas_address(), session: SessionDelivery::Bearer };
    let made = step.claim(eva, password, settings, left).await?;
    let own = Person::at(server);
    let (mailbox, warnings) = made.make(&own).await?;
    assert_eq!(warnings, []);
    Ok((own, mailbox))
}

async fn send(world: &Person, mailbox: &Mailbox, to: Address, text: &str) {
    let letter = Addressed { to: vec![to], text: text.into(), ..Addressed::default() };
    mailbox.send(world, &letter).await.unwrap();
}

async fn texts(world: &Person, mailbox: &Mailbox, folder: Folder) -> Vec<(String, Standing)> {
    mailbox.sync(world).await.unwrap();
    let mut texts = Vec::new();
    for row in mailbox.list(world, folder, 10).await.unwrap() {
        let reading = mailbox.read(world, row.entry.id).await.unwrap();
        assert_eq!(reading.warnings, []);
        texts.push((reading.letter.text().to_owned(), reading.standing));
    }
    texts.reverse();
    texts
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_written_lies_in_the_mailbox_that_is_claimed_and_no_alarm_is_raised() {
    for (mailed, standing) in [(false, Standing::Compared), (true, Standing::New)] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(Start::demo(folder.path()));
        let anna = Person::at(&server);
        let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
        let link = written(&anna, &annas, mailed).await;
        let (eva, guest) = opened(&server, &link).await;
        guest.sync(&eva).await.unwrap();
        send(&eva, &guest, annas_address(), "Tack!").await;
        let sms = server.messages_to(EVA.1).await;

        let (eva_now, evas) = claimed(&server, &eva, &guest).await.unwrap();
        assert_eq!(server.messages_to(EVA.1).await, sms, "the phone was proved already");
        let inbox = texts(&eva_now, &evas, Folder::Inbox).await;
        assert_eq!(inbox, [("Allt är bra.".to_owned(), Standing::Known)], "the pin moved along");
        assert_eq!(texts(&eva_now, &evas, Folder::Sent).await, [("Tack!".to_owned(), Standing::Own)]);
        assert_ne!(evas.fingerprint(), guest.fingerprint(), "a fresh key");
        let gone = links::show_link(&Person::at(&server), &link).await.map(drop);
        assert_eq!(gone.unwrap_err().problem(), Some(ProblemType::NotFound), "the link is over");
        assert!(guest.sync(&eva).await.is_err(), "and so is its session");

        // What she writes from now on is signed by a key that Anna's client has not seen.
        send(&eva_now, &evas, annas_address(), "Nu har jag en egen.").await;
        let inbox = texts(&anna, &annas, Folder::Inbox).await;
        assert_eq!(inbox[1], ("Nu har jag en egen.".to_owned(), standing), "mailed: {mailed}");
        assert_eq!(inbox[0], ("Tack!".to_owned(), Standing::Former), "what the guest wrote stays readable");
        let sent = annas.list(&anna, Folder::Sent, 10).await.unwrap();
        let told = annas.told(&anna, sent[0].entry.id).await.unwrap();
        assert_eq!(told[0].ended.unwrap().ending, Ending::Claimed);
        assert!(told[0].read.unwrap().is_ok(), "read by the key that it was written to");
        assert_eq!(annas.link_of(&evas_address()), None);

        send(&anna, &annas, evas_address(), "Välkommen!").await;
        assert_eq!(texts(&eva_now, &evas, Folder::Inbox).await[1].0, "Välkommen!");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn of_a_claim_and_what_ends_the_conversation_the_first_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let (eva, guest) = opened(&server, &written(&anna, &annas, false).await).await;
    assert!(annas.withdraw_invitation(&anna, &evas_address()).await.unwrap());
    let refused = claimed(&server, &eva, &guest).await.err();
    let not_signed_in = |error: &CallError| error.problem() == Some(ProblemType::NotSignedIn);
    assert!(matches!(refused, Some(RegisterError::Call(error)) if not_signed_in(&error)), "there is no guest any more");
    assert!(!annas.withdraw_invitation(&anna, &evas_address()).await.unwrap(), "and nobody to take it back from");

    // Written to once more, at the same address: a guest of their own, whom the claim makes a member.
    let (eva, guest) = opened(&server, &written(&anna, &annas, false).await).await;
    claimed(&server, &eva, &guest).await.unwrap();
    assert_eq!(guest.decline(&eva).await.unwrap_err().problem(), Some(ProblemType::NotSignedIn));
    assert!(!annas.withdraw_invitation(&anna, &evas_address()).await.unwrap());
}

#[tokio::test(flavor = "current_thread")]
async fn after_a_thorough_renewal_what_a_guest_wrote_and_was_written_is_still_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let (eva, guest) = opened(&server, &written(&anna, &annas, false).await).await;
    guest.sync(&eva).await.unwrap();
    send(&eva, &guest, annas_address(), "Tack!").await;
    let (eva, evas) = claimed(&server, &eva, &guest).await.unwrap();
    evas.sync(&eva).await.unwrap();
    evas.keep(&eva).await.unwrap();
    let (evas, _) = renewed(evas, &eva, Extent::Thorough).await;
    assert_eq!(rewrapped(&evas, &eva).await, 2);
    evas.close(&eva).await.unwrap();
    let evas = Mailbox::open(&eva).await.unwrap();
    assert!(!evas.keyring().has_former(), "the guest's private key is given up");
    assert_eq!(texts(&eva, &evas, Folder::Inbox).await, [("Allt är bra.".to_owned(), Standing::Known)]);
    assert_eq!(texts(&eva, &evas, Folder::Sent).await, [("Tack!".to_owned(), Standing::Own)]);
}

/// What the guest Worker of a page hands to the mailbox Worker.
fn left(guest: &Mailbox, from: &Address, to: &Person) -> GuestKeys {
    GuestKeys::from_bytes(&GuestKeys::of(guest, from).to_bytes(), to).unwrap()
}

/// PROTOCOL §5.5: several invitations of one address become one mailbox, as each is opened.
#[tokio::test(flavor = "current_thread")]
async fn a_second_conversation_moves_into_the_mailbox_that_is_there_and_opens_on_every_device() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, gun) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let guns = gun.register(&server, GUN.0, GUN.1, "Gun").await;
    let (annas_link, guns_link) = (written(&anna, &annas, false).await, written(&gun, &guns, false).await);
    let (eva, guest) = opened(&server, &annas_link).await;
    let (eva_now, evas) = claimed(&server, &eva, &guest).await.unwrap();
    evas.sync(&eva_now).await.unwrap();
    let elsewhere = Person::at(&server);
    let also_evas = elsewhere.sign_in(&server, EVA.0, EVA.1).await;
    also_evas.sync(&elsewhere).await.unwrap();

    let second = Person::at(&server);
    let (shown, guest) = second.open_link(&server, &guns_link, EVA.1).await;
    guest.sync(&second).await.unwrap();
    send(&second, &guest, GUN.0.parse().unwrap(), "Tack, Gun!").await;
    let keys = left(&guest, &shown.from, &eva_now);
    let stranger = left(&guest, &shown.from, &anna);
    assert_eq!(annas.claim(&anna, &stranger).await, Err(ClaimError::OtherAddress), "by somebody else's mailbox");
    evas.claim(&eva_now, &keys).await.unwrap();

    for (world, mailbox) in [(&eva_now, &evas), (&elsewhere, &also_evas)] {
        let inbox: Vec<String> = texts(world, mailbox, Folder::Inbox).await.into_iter().map(|(text, _)| text).collect();
        assert_eq!(inbox, ["Allt är bra.", "Allt är bra."]);
        let sent = texts(world, mailbox, Folder::Sent).await;
        assert_eq!(sent, [("Tack, Gun!".to_owned(), Standing::Own)], "what the guest wrote is one's own");
        let pinned = mailbox.contacts().get(&GUN.0.parse().unwrap()).and_then(|contact| contact.key);
        assert!(pinned.is_some(), "the pin of whoever wrote moved along");
    }
    assert!(guest.sync(&second).await.is_err(), "the guest is gone");
    let gone = links::show_link(&second, &guns_link).await.map(drop);
    assert_eq!(gone.unwrap_err().problem(), Some(ProblemType::NotFound), "and so is the link");
    let again = evas.claim(&eva_now, &keys).await;
    let is_gone = |error: &CallError| error.problem() == Some(ProblemType::NotFound);
    assert!(matches!(again, Err(ClaimError::Record(RecordError::Call(error))) if is_gone(&error)), "once");
    assert_eq!(evas.keyring().identities().count(), 3, "and no key twice");

    send(&gun, &guns, evas_address(), "Välkommen!").await;
    assert_eq!(texts(&elsewhere, &also_evas, Folder::Inbox).await[2].0, "Välkommen!");
    assert_eq!(guns.contacts().standing(&evas_address(), &evas.fingerprint()), Standing::Compared, "no alarm at Gun's");
    guns.sync(&gun).await.unwrap();
    let sent = guns.list(&gun, Folder::Sent, 10).await.unwrap();
    let told = guns.told(&gun, sent.last().unwrap().entry.id).await.unwrap();
    assert_eq!(told[0].ended.unwrap().ending, Ending::Claimed);
}

/// A thorough renewal gives every former key up, and with it would go the one that opens what moves in meanwhile.
#[tokio::test(flavor = "current_thread")]
async fn while_keys_are_renewed_thoroughly_no_conversation_moves_in_and_afterwards_it_opens() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let gun = Person::at(&server);
    let guns = gun.register(&server, GUN.0, GUN.1, "Gun").await;
    let link = written(&gun, &guns, false).await;
    let second = Person::at(&server);
    let (shown, guest) = second.open_link(&server, &link, EVA.1).await;
    let eva = Person::at(&server);
    let evas = eva.register(&server, EVA.0, EVA.1, "Eva").await;
    let (evas, _) = renewed(evas, &eva, Extent::Thorough).await;
    let keys = left(&guest, &shown.from, &eva);
    assert_eq!(evas.claim(&eva, &keys).await, Err(ClaimError::Renewing));
    rewrapped(&evas, &eva).await;
    evas.claim(&eva, &keys).await.unwrap();
    assert_eq!(texts(&eva, &evas, Folder::Inbox).await, [("Allt är bra.".to_owned(), Standing::Known)]);
}
