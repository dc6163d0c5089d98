//! Somebody who has a link and no mailbox (PROTOCOL §5): what they may do, and what a link alone comes to.

use std::net::IpAddr;

use rand::rngs::OsRng;
use reqwest::{Client, Method, StatusCode};
use securemailbox_client::{
    directory::LookUpError,
    invitations::Invite,
    letters::{Addressed, SendError},
    links::{self, LinkProved, WrongPassphrase},
    mailbox::Mailbox,
};
use securemailbox_e2e::{
    person::{Person, Wire, now},
    server::{Server, Start},
};
use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    endpoints,
    ids::{ContentHash, LetterId, ThreadId},
    letters::{Ending, Folder, GuestDelivery, NewLetter, NewLetters, NewReader},
    phone::PhoneNumber,
    problems::ProblemType,
};
use securemailbox_vault::{links::LinkSecret, passphrases::Passphrase};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{ANNA, HASH, ID};

const BJORN: (&str, &str) = ("bjorn@guests.example", "+46701740615");
pub(crate) const EVA: (&str, &str) = ("eva@example.se", "+46701740616");

/// Anna has written to Eva, and hands the link over.
pub(crate) async fn written(anna: &Person, mailbox: &Mailbox, mailed: bool) -> LinkSecret {
    written_with(anna, mailbox, mailed, None).await
}

/// And has agreed on this with her, or on nothing.
pub(crate) async fn written_with(
    anna: &Person,
    mailbox: &Mailbox,
    mailed: bool,
    passphrase: Option<Passphrase>,
) -> LinkSecret {
    let address: Address = EVA.0.parse().unwrap();
    let phone = PhoneNumber::parse(EVA.1).unwrap();
    let invite = Invite { address: address.clone(), phone, language: Language::Sv, mailed, passphrase };
    let (to, invite) = (vec![address.clone()], vec![invite]);
    let letter =
        Addressed { to, subject: "Provsvar".into(), text: "Allt är bra.".into(), invite, ..Addressed::default() };
    mailbox.send(anna, &letter).await.unwrap();
    LinkSecret::parse(&mailbox.link_of(&address).unwrap()).unwrap()
}

/// Eva opens it.
pub(crate) async fn opened(server: &Server, link: &LinkSecret) -> (Person, Mailbox) {
    let eva = Person::at(server);
    let (shown, mailbox) = eva.open_link(server, link, EVA.1).await;
    assert_eq!((shown.from.as_str(), shown.address.as_str()), (ANNA.0, EVA.0));
    (eva, mailbox)
}

#[tokio::test(flavor = "current_thread")]
async fn who_has_link_and_phone_opens_nothing_without_the_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let agreed = Passphrase::generate(Language::Sv, &mut OsRng);
    let link = written_with(&anna, &annas, true, Some(agreed.clone())).await;
    assert_eq!(annas.passphrase_of(&EVA.0.parse().unwrap()).as_ref(), Some(&agreed), "for whoever forgot it");

    // An operator who kept the link has all that this has: the slot, and its share.
    let eva = Person::at(&server);
    let (_, proved) = eva.prove_link(&server, &link, EVA.1).await;
    let LinkProved::Locked(locked) = proved else { panic!("it opened without the words") };
    for other in [Passphrase::generate(Language::Sv, &mut OsRng), backwards(&agreed)] {
        assert_eq!(locked.open(&eva, &other).err(), Some(WrongPassphrase), "and another one may be tried");
    }
    let spoken = Passphrase::heard(&agreed.as_str().to_uppercase().replace(' ', ", "));
    let mailbox = Mailbox::begin(&eva, locked.open(&eva, &spoken).unwrap()).await.unwrap().0;
    mailbox.sync(&eva).await.unwrap();
    let id = mailbox.list(&eva, Folder::Inbox, 1).await.unwrap()[0].entry.id;
    assert_eq!(mailbox.read(&eva, id).await.unwrap().letter.text(), "Allt är bra.");
}

#[tokio::test(flavor = "current_thread")]
async fn what_opens_by_a_passphrase_is_declined_without_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let link = written_with(&anna, &annas, false, Some(Passphrase::generate(Language::En, &mut OsRng))).await;
    let eva = Person::at(&server);
    let (_, proved) = eva.prove_link(&server, &link, EVA.1).await;
    proved.decline(&eva).await.unwrap();
    assert!(links::show_link(&Person::at(&server), &link).await.is_err(), "the link is over");
}

fn backwards(passphrase: &Passphrase) -> Passphrase {
    let words: Vec<&str> = passphrase.as_str().split(' ').rev().collect();
    Passphrase::heard(&words.join(" "))
}

#[tokio::test(flavor = "current_thread")]
async fn a_guest_reads_and_answers_and_may_do_nothing_else() {
    // What reads and answers a conversation, and keeps its keys for as long as a tab.
    const MAY: [(&str, &str); 33] = [
        ("GET", "/account"),
        ("DELETE", "/sessions/current"),
        ("POST", "/sessions/current/unlock"),
        ("PUT", "/slots/device"),
        ("GET", "/slots/device"),
        ("DELETE", "/slots/device"),
        ("GET", "/records/{id}"),
        ("PUT", "/records/{id}"),
        ("DELETE", "/records/{id}"),
        ("POST", "/letters"),
        ("GET", "/letters"),
        ("GET", "/letters/{id}"),
        ("PATCH", "/letters/{id}"),
        ("GET", "/letters/{id}/content"),
        ("PUT", "/letters/{id}/receipt"),
        ("GET", "/letters/{id}/deliveries"),
        ("POST", "/letters/{id}/saved"),
        ("POST", "/blobs"),
        ("HEAD", "/blobs/{id}"),
        ("PATCH", "/blobs/{id}"),
        ("DELETE", "/blobs/{id}"),
        ("GET", "/blobs/{id}"),
        ("POST", "/letters/{id}/withdraw"),
        ("POST", "/letters/release"),
        ("POST", "/letters/take-back"),
        ("POST", "/letters/keys"),
        ("POST", "/trash/empty"),
        ("GET", "/changes"),
        ("GET", "/ids/letters"),
        ("GET", "/ids/drafts"),
        ("GET", "/events"),
        ("POST", "/directory/look-ups"),
        ("GET", "/directory/certificates/{hash}"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let (eva, _) = opened(&server, &written(&anna, &annas, false).await).await;
    let client = Client::new();
    let mut allowed = Vec::new();
    for (method, path) in endpoints::ALL.iter().map(|(method, path)| (method.as_str(), *path)) {
        let strangers = [
            "/registrations",
            "/removals",
            "/sign-ins",
            "/recoveries",
            "/waits/find",
            "/waits/stop",
            "/notices/sender",
        ];
        // What ends it has tests of its own, and the stream of events does not end.
        let ends = ["/sessions/current", "/invitations/decline", "/events"];
        if strangers.iter().any(|begins| path.starts_with(begins)) || ends.contains(&path) {
            continue;
        }
        let named = path.replace("{id}", ID).replace("{hash}", HASH);
        let verb = Method::from_bytes(method.as_bytes()).unwrap();
        let request = client.request(verb, format!("{}/api/v1{named}", server.url())).bearer_auth(eva.token());
        let answer = request.header("content-type", "application/json").body("{}").send().await.unwrap();
        let status = answer.status();
        let problem: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default();
        if (status, &problem["type"]) != (StatusCode::FORBIDDEN, &json!("/problems/members-only")) {
            allowed.push((method, path));
        }
        if path == "/slots/device" && method == "DELETE" {
            break; // locked from here on
        }
    }
    for one in &allowed {
        assert!(MAY.contains(one), "a guest may not: {one:?}");
    }
    assert!(allowed.contains(&("GET", "/records/{id}")) || allowed.contains(&("PUT", "/slots/device")), "{allowed:?}");
}

#[tokio::test(flavor = "current_thread")]
async fn a_guest_writes_to_nobody_but_who_wrote_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    drop(bjorn.register(&server, BJORN.0, BJORN.1, "Björn").await);
    let (eva, evas) = opened(&server, &written(&anna, &annas, false).await).await;
    let letter = |to: &str| Addressed { to: vec![to.parse().unwrap()], text: "Tack!".into(), ..Addressed::default() };
    let refused = evas.send(&eva, &letter(BJORN.0)).await;
    assert!(matches!(refused, Err(SendError::LookUp { cause: LookUpError::NoAccount, .. })), "she finds nobody else");
    evas.send(&eva, &letter(ANNA.0)).await.unwrap();

    // By a client of her own, which knows his account and key.
    let reader = async |address: &str| {
        let found = annas.look_up(&anna, &address.parse().unwrap()).await.unwrap();
        let certificate = found.certificate.hash();
        NewReader { account: found.account, certificate, wrapped_key: vec![1; 300].into() }
    };
    let content = vec![7; 300];
    let id = LetterId::new(now(), &mut rand::rngs::OsRng);
    let new = NewLetter {
        id,
        thread: ThreadId::new(&mut rand::rngs::OsRng),
        envelope: vec![2; 300].into(),
        content_hash: ContentHash::from_bytes(Sha256::digest(&content).into()),
        level: None,
        blobs: Vec::new(),
        readers: vec![reader(EVA.0).await, reader(BJORN.0).await],
    };
    let letters = NewLetters { letters: vec![new], draft: None, hold: None, guests: Vec::new() };
    let json = serde_json::to_string(&letters).unwrap();
    let body = [
        b"--b\r\ncontent-disposition: form-data; name=\"letters\"\r\n\r\n".as_slice(),
        json.as_bytes(),
        b"\r\n--b\r\ncontent-disposition: form-data; name=\"content-0\"\r\n\r\n",
        &content,
        b"\r\n--b--\r\n",
    ]
    .concat();
    let request = Client::new().post(format!("{}/api/v1/letters", server.url())).bearer_auth(eva.token());
    let answer = request.header("content-type", "multipart/form-data; boundary=b").body(body).send().await.unwrap();
    let problem: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert_eq!(problem["type"], "/problems/members-only");
}

/// Whatever scans an e-mail opens its links, and follows what it finds.
#[tokio::test(flavor = "current_thread")]
async fn a_link_that_is_opened_sends_counts_and_uses_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let link = written(&anna, &annas, false).await;
    for _ in 0..10 {
        drop(links::show_link(&Person::at(&server), &link).await.unwrap());
    }
    assert_eq!(server.messages_to(EVA.1).await, 0);
    let invited = annas.invitations(&anna).await.unwrap();
    assert_eq!((invited.len(), invited[0].opened, invited[0].hint.as_str()), (1, None, "16"));
    let nobodys = LinkSecret::generate(&mut rand::rngs::OsRng);
    let refused = links::show_link(&Person::at(&server), &nobodys).await.err().unwrap();
    assert_eq!(refused.problem(), Some(securemailbox_protocol::problems::ProblemType::NotFound));
    opened(&server, &link).await;
    assert!(annas.invitations(&anna).await.unwrap()[0].opened.is_some());
}

#[tokio::test(flavor = "current_thread")]
async fn whoever_does_not_want_it_has_it_erased_at_once_and_its_sender_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let link = written(&anna, &annas, false).await;
    links::report_wrong_number(&Person::at(&server), &link).await.unwrap();
    assert_eq!(server.messages_to(EVA.1).await, 0, "to say so sends nothing");
    assert!(annas.invitations(&anna).await.unwrap()[0].wrong_number.is_some());
    let (eva, evas) = opened(&server, &link).await;
    evas.decline(&eva).await.unwrap();
    assert!(evas.sync(&eva).await.is_err(), "the session is over");
    for answer in [
        links::show_link(&Person::at(&server), &link).await.map(drop),
        links::report_wrong_number(&Person::at(&server), &link).await,
    ] {
        assert_eq!(answer.unwrap_err().problem(), Some(ProblemType::NotFound), "the link is over");
    }
    assert!(annas.invitations(&anna).await.unwrap().is_empty());
    annas.sync(&anna).await.unwrap();
    let sent = annas.list(&anna, Folder::Sent, 10).await.unwrap();
    let told = annas.told(&anna, sent[0].entry.id).await.unwrap();
    assert_eq!(told[0].ended.unwrap().ending, Ending::Declined);
    assert!(annas.read(&anna, sent[0].entry.id).await.is_ok(), "her own copy stays");
    // A member declines nothing.
    assert_eq!(annas.decline(&anna).await.unwrap_err().problem(), Some(ProblemType::NotFound));
}

/// What scans an e-mail opens the link, from wherever it runs; whoever was written to reads an hour later.
#[tokio::test(flavor = "current_thread")]
async fn a_scanner_in_two_networks_uses_nothing_up_and_is_no_reader() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let annas = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let link = written(&anna, &annas, false).await;
    for network in [[127, 0, 0, 2], [127, 0, 0, 3]] {
        let client = Client::builder().local_address(IpAddr::from(network)).build().unwrap();
        let scanner = Person { transport: Wire::through(client, server.url()), ..Person::at(&server) };
        for _ in 0..20 {
            links::show_link(&scanner, &link).await.unwrap();
        }
    }
    assert_eq!(server.messages_to(EVA.1).await, 0, "no SMS");
    annas.sync(&anna).await.unwrap();
    let sent = annas.list(&anna, Folder::Sent, 10).await.unwrap();
    let told = annas.told(&anna, sent[0].entry.id).await.unwrap();
    assert_eq!(told[0].guest.unwrap_or_default(), GuestDelivery::default(), "nobody asked for a code");
    assert!(told[0].read.is_none() && told[0].ended.is_none());
    let (eva, guest) = opened(&server, &link).await;
    guest.sync(&eva).await.unwrap();
    assert_eq!(guest.list(&eva, Folder::Inbox, 10).await.unwrap().len(), 1);
}
