//! The number that a sender knows of somebody (PROTOCOL §6, ATTACKS 26), over HTTP and by the client.

use reqwest::{Client, Response, StatusCode};
use securemailbox_client::{
    comparing::DecisionError,
    contacts::Standing,
    directory::LookUpError,
    letters::{Addressed, SendError},
    mailbox::Mailbox,
};
use securemailbox_e2e::{
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::{address::Address, phone::PhoneNumber};
use serde_json::json;

use crate::ANNA;

const BJORN: (&str, &str) = ("bjorn.api@example.se", "+46701740623");
/// The number that Anna knows Björn by, where somebody else has registered his address.
const TRUE_NUMBER: &str = "+46701740624";

async fn ask(server: &Server, asker: &Person, address: &str, phone: &str) -> Response {
    let url = format!("{}/api/v1/directory/numbers", server.url());
    let asked = json!({ "address": address, "phone": phone });
    let request = Client::new().post(url).bearer_auth(asker.token()).header("content-type", "application/json");
    request.body(asked.to_string()).send().await.unwrap()
}

fn number(phone: &str) -> PhoneNumber {
    PhoneNumber::parse(phone).unwrap()
}

fn letter() -> Addressed {
    let to = vec![Address::parse(BJORN.0).unwrap()];
    Addressed { to, subject: "Kallelse".into(), text: "Välkommen på torsdag.".into(), ..Addressed::default() }
}

async fn sends(mailbox: &Mailbox, anna: &Person) -> Result<Standing, LookUpError> {
    match mailbox.send(anna, &letter()).await {
        Ok(sent) => Ok(sent.readers[0].1),
        Err(SendError::LookUp { cause, .. }) => Err(cause),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_number_is_answered_by_yes_or_no_and_nobodys_address_like_another_number_so_often_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    bjorn.register(&server, BJORN.0, BJORN.1, "Björn Ek").await;
    let mut answers = Vec::new();
    for (address, phone) in [(BJORN.0, BJORN.1), (BJORN.0, TRUE_NUMBER), ("nobody@example.se", BJORN.1)] {
        let answer = ask(&server, &anna, address, phone).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let mut heads: Vec<_> = answer.headers().keys().map(ToString::to_string).collect();
        heads.sort_unstable();
        answers.push((heads, answer.text().await.unwrap()));
    }
    assert_eq!(answers[0].1, r#"{"matches":true}"#);
    assert_eq!(answers[1].1, r#"{"matches":false}"#);
    assert_eq!(answers[1], answers[2], "an address that nobody has");
    for _ in 2..5 {
        assert_eq!(ask(&server, &anna, BJORN.0, TRUE_NUMBER).await.status(), StatusCode::OK);
    }
    let refused = ask(&server, &anna, BJORN.0, BJORN.1).await;
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=24 * 60 * 60 + 1).contains(&wait), "{wait}");
    let unsigned = Client::new().post(format!("{}/api/v1/directory/numbers", server.url()));
    let asked = json!({ "address": BJORN.0, "phone": BJORN.1 }).to_string();
    let unsigned = unsigned.header("content-type", "application/json").body(asked).send().await.unwrap();
    assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED);
}

/// ATTACKS 26: who reads Björn's e-mail has registered his address, with a phone of their own.
#[tokio::test(flavor = "current_thread")]
async fn who_registered_anothers_address_with_a_phone_of_their_own_gets_no_letter_from_who_knows_the_number() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, thief) = (Person::at(&server), Person::at(&server));
    let mailbox = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    let thiefs = thief.register(&server, BJORN.0, BJORN.1, "Björn Ek").await;
    let bjorn = Address::parse(BJORN.0).unwrap();
    assert_eq!(mailbox.check_number(&anna, &bjorn, number(TRUE_NUMBER)).await, Ok(false));
    assert_eq!(sends(&mailbox, &anna).await, Err(LookUpError::NumberDiffers));

    // A letter of the thief's makes their key a known one, and changes nothing.
    let to = vec![Address::parse(ANNA.0).unwrap()];
    let bait = Addressed { to, subject: "Hej".into(), text: "Skriv till mig.".into(), ..Addressed::default() };
    let bait = thiefs.send(&thief, &bait).await.unwrap().id;
    mailbox.sync(&anna).await.unwrap();
    mailbox.read(&anna, bait).await.unwrap();
    assert_eq!(mailbox.contacts().standing_of(&bjorn), Standing::Known);
    assert_eq!(sends(&mailbox, &anna).await, Err(LookUpError::NumberDiffers));

    mailbox.keep(&anna).await.unwrap();

    // Her other device knows as much, and so does one without a network.
    let tablet = Person::at(&server);
    let on_tablet = tablet.sign_in(&server, ANNA.0, ANNA.1).await;
    on_tablet.sync(&tablet).await.unwrap();
    assert_eq!(sends(&on_tablet, &tablet).await, Err(LookUpError::NumberDiffers));
    let away = Person { transport: securemailbox_e2e::person::Wire::to("http://localhost:1"), ..tablet.clone() };
    assert_eq!(on_tablet.may_write_to(&away, &bjorn).await, Err(LookUpError::NumberDiffers));

    // She may compare digits, and she may say otherwise.
    assert_eq!(on_tablet.compare(&tablet, &bjorn).await.unwrap().standing, Standing::Known);
    on_tablet.write_anyway(&tablet, &bjorn).await.unwrap();
    assert_eq!(sends(&on_tablet, &tablet).await, Ok(Standing::Known));
    mailbox.sync(&anna).await.unwrap();
    assert_eq!(sends(&mailbox, &anna).await, Ok(Standing::Known));
    assert_eq!(
        mailbox.check_number(&anna, &Address::parse(ANNA.0).unwrap(), number(ANNA.1)).await,
        Err(DecisionError::Oneself)
    );
}

#[tokio::test(flavor = "current_thread")]
async fn a_number_that_matches_leaves_the_key_new_and_is_known_on_every_device() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (Person::at(&server), Person::at(&server));
    let mailbox = anna.register(&server, ANNA.0, ANNA.1, "Anna Lindqvist").await;
    bjorn.register(&server, BJORN.0, BJORN.1, "Björn Ek").await;
    let bjorn = Address::parse(BJORN.0).unwrap();
    assert_eq!(mailbox.check_number(&anna, &bjorn, number(BJORN.1)).await, Ok(true));
    assert_eq!(mailbox.contacts().standing_of(&bjorn), Standing::New);
    let tablet = Person::at(&server);
    let on_tablet = tablet.sign_in(&server, ANNA.0, ANNA.1).await;
    on_tablet.sync(&tablet).await.unwrap();
    let check = on_tablet.contacts().get(&bjorn).unwrap().number_check().cloned().unwrap();
    assert!(check.matches && check.phone == number(BJORN.1));
    assert_eq!(sends(&mailbox, &anna).await, Ok(Standing::New));
}
