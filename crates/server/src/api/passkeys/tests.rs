//! Passkeys over the API, in a server without a network whose clock is ours, with authenticators in software.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use securemailbox_protocol::{
    endpoints::ROOT,
    factors::FactorKind,
    ids::{RecordId, SlotId},
    levels::Level,
    octets::Octets,
};
use securemailbox_store::proofs::HolderId;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{
    api::{
        self,
        proofs::tests::{House, Newcomer},
    },
    networks::Network,
    start::settle_host,
    webauthn::tests::Authenticator,
};

/// The origin of a server of a test.
const ORIGIN: &str = "http://localhost:1";

/// Asks the server; the status, and what it said.
async fn ask(house: &House, token: Option<&Token>, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let mut request =
        Request::builder().method(method).uri(format!("{ROOT}{path}")).header(header::HOST, "localhost:1");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.to_text()));
    }
    let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
    let request = request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap();
    let router = api::router().0.with_state(house.mailroom.clone());
    let mut request = request;
    request.extensions_mut().insert(axum::extract::ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 9))));
    let answer = router.oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn octets(value: &Value) -> Vec<u8> {
    serde_json::from_value::<Octets>(value.clone()).unwrap().0
}

fn challenge_in(answer: &Value) -> Challenge {
    octets(&answer["challenge"]).try_into().unwrap()
}

fn slot(byte: u8) -> Value {
    json!({ "id": SlotId::from_bytes([byte; 16]), "sealed": Octets(vec![byte; 80]) })
}

/// Somebody with a mailbox, a phone, and perhaps passkeys.
struct Anna {
    house: House,
    token: Token,
    phone: FactorId,
}

impl Anna {
    async fn registered() -> Self {
        let house = House::open().await;
        let (token, phone) = house.registered().await;
        Self { house, token, phone }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
        ask(&self.house, Some(&self.token), method, path, body).await
    }

    /// Begins to add a passkey: its id and the challenge.
    async fn begin(&self) -> (String, Challenge) {
        let (status, to_make) = self.ask("POST", "/passkeys", Value::Null).await;
        assert_eq!(status, StatusCode::CREATED, "{to_make}");
        (to_make["id"].as_str().unwrap().to_owned(), challenge_in(&to_make))
    }

    /// Adds one, and says what it is called.
    async fn add(&self, authenticator: &Authenticator, slot: Value) -> String {
        let (id, challenge) = self.begin().await;
        let made = json!(authenticator.make(&challenge));
        let (status, to_use) = self.ask("POST", &format!("/passkeys/{id}/made"), made).await;
        assert_eq!(status, StatusCode::OK, "{to_use}");
        let mut used = json!({ "assertion": authenticator.use_for(&challenge_in(&to_use)) });
        if !slot.is_null() {
            used["slot"] = slot;
        }
        let (status, said) = self.ask("POST", &format!("/passkeys/{id}/used"), used).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
        id
    }

    async fn account(&self) -> AccountId {
        self.house.session(&self.token).await.account
    }

    /// Begins a sign-in by a passkey alone.
    async fn begin_sign_in(&self) -> (String, Challenge) {
        let (status, begun) = ask(&self.house, None, "POST", "/sign-ins/passkey", Value::Null).await;
        assert_eq!(status, StatusCode::CREATED);
        (begun["id"].as_str().unwrap().to_owned(), challenge_in(&begun))
    }

    /// Ends it with what the authenticator signs for that challenge, as that user's.
    async fn end_sign_in(
        &self,
        (id, challenge): &(String, Challenge),
        authenticator: &Authenticator,
        opens: bool,
    ) -> (StatusCode, Value) {
        let user = Some(Octets(self.account().await.as_bytes().to_vec()));
        let assertion = Assertion { user, ..authenticator.use_for(challenge) };
        let body = json!({ "assertion": assertion, "opens": opens, "session": "bearer" });
        ask(&self.house, None, "POST", &format!("/sign-ins/{id}/passkey"), body).await
    }

    async fn sign_in(&self, authenticator: &Authenticator, opens: bool) -> (StatusCode, Value) {
        self.end_sign_in(&self.begin_sign_in().await, authenticator, opens).await
    }
}

fn is_refused((status, said): &(StatusCode, Value)) -> bool {
    *status == StatusCode::FORBIDDEN && said["type"] == "/problems/passkey-refused"
}

#[tokio::test]
async fn a_passkey_counts_only_after_a_second_ceremony() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    let (id, challenge) = anna.begin().await;
    let made = json!(authenticator.make(&challenge));
    let (_, to_use) = anna.ask("POST", &format!("/passkeys/{id}/made"), made).await;
    assert!(is_refused(&anna.sign_in(&authenticator, false).await), "it was made, and not used");
    let (_, listed) = anna.ask("GET", "/passkeys", Value::Null).await;
    assert_eq!(listed["passkeys"], json!([]));
    let used = json!({ "assertion": authenticator.use_for(&challenge_in(&to_use)) });
    anna.ask("POST", &format!("/passkeys/{id}/used"), used).await;
    assert_eq!(anna.sign_in(&authenticator, false).await.0, StatusCode::CREATED);
}

#[tokio::test]
async fn a_passkey_alone_begins_a_session_at_its_level_with_its_own_slot() {
    let anna = Anna::registered().await;
    let (phone, key) = (Authenticator::new(ORIGIN, 1), Authenticator::new(ORIGIN, 2));
    anna.add(&phone, slot(1)).await;
    let second = anna.add(&key, Value::Null).await;
    let (status, session) = anna.sign_in(&phone, true).await;
    assert_eq!((status, &session["level"]), (StatusCode::CREATED, &json!("passkey")));
    assert_eq!(session["slots"], json!([{ "id": slot(1)["id"], "kind": "passkey", "sealed": slot(1)["sealed"] }]));
    let listed = anna.ask("GET", "/passkeys", Value::Null).await.1["passkeys"].clone();
    assert_eq!(
        (&listed[0]["opens"], &listed[1]["opens"], &listed[1]["id"]),
        (&json!(true), &json!(false), &json!(second))
    );
}

/// The password opens it: whoever found a security key has a session that may do nothing.
#[tokio::test]
async fn without_a_slot_or_an_output_the_session_begins_locked() {
    let anna = Anna::registered().await;
    let (phone, key) = (Authenticator::new(ORIGIN, 1), Authenticator::new(ORIGIN, 2));
    anna.add(&phone, slot(1)).await;
    anna.add(&key, Value::Null).await;
    for (authenticator, opens) in [(&phone, false), (&key, false), (&key, true)] {
        let (status, session) = anna.sign_in(authenticator, opens).await;
        assert_eq!((status, &session["slots"]), (StatusCode::CREATED, &json!([])));
        let token = Token::parse(session["token"].as_str().unwrap()).unwrap();
        let (status, said) = ask(&anna.house, Some(&token), "GET", "/passkeys", Value::Null).await;
        assert_eq!((status, &said["type"]), (StatusCode::FORBIDDEN, &json!("/problems/session-locked")));
        let (status, _) = ask(&anna.house, Some(&token), "GET", "/account", Value::Null).await;
        assert_eq!(status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_challenge_is_good_once_for_its_holder_and_for_five_minutes() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    anna.add(&authenticator, slot(1)).await;
    let begun = anna.begin_sign_in().await;
    assert_eq!(anna.end_sign_in(&begun, &authenticator, true).await.0, StatusCode::CREATED);
    assert!(is_refused(&anna.end_sign_in(&begun, &authenticator, true).await), "twice");

    let (mine, other) = (anna.begin_sign_in().await, anna.begin_sign_in().await);
    let crossed = (mine.0, other.1);
    assert!(is_refused(&anna.end_sign_in(&crossed, &authenticator, true).await), "of another sign-in");

    let stranger = Authenticator::new(ORIGIN, 1);
    let begun = anna.begin_sign_in().await;
    assert!(is_refused(&anna.end_sign_in(&begun, &stranger, true).await));
    assert!(is_refused(&anna.end_sign_in(&begun, &authenticator, true).await), "a wrong answer spends it too");

    let (id, challenge) = anna.begin().await;
    let (_, to_use) = anna.ask("POST", &format!("/passkeys/{id}/made"), json!(authenticator.make(&challenge))).await;
    let session_s = challenge_in(&to_use);
    let begun = (anna.begin_sign_in().await.0, session_s);
    assert!(is_refused(&anna.end_sign_in(&begun, &authenticator, true).await), "of a session");

    let begun = anna.begin_sign_in().await;
    anna.house.wait(limits::CHALLENGE_LIFE - Duration::from_secs(1));
    assert_eq!(anna.end_sign_in(&begun, &authenticator, true).await.0, StatusCode::CREATED);
    let begun = anna.begin_sign_in().await;
    anna.house.wait(limits::CHALLENGE_LIFE);
    assert!(is_refused(&anna.end_sign_in(&begun, &authenticator, true).await), "too late");
}

#[tokio::test]
async fn what_a_session_is_adding_is_its_own_good_once_and_for_five_minutes() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    let (id, challenge) = anna.begin().await;
    let made = |id: &str| format!("/passkeys/{id}/made");
    assert!(is_refused(&anna.ask("POST", &made(&id), json!(authenticator.make(&[9; 32]))).await));
    assert!(is_refused(&anna.ask("POST", &made(&id), json!(authenticator.make(&challenge))).await), "it was spent");

    let (first, challenge) = anna.begin().await;
    let (second, _) = anna.begin().await;
    assert!(is_refused(&anna.ask("POST", &made(&first), json!(authenticator.make(&challenge))).await), "begun anew");
    assert!(is_refused(&anna.ask("POST", &made(&second), json!(authenticator.make(&challenge))).await));

    let (id, challenge) = anna.begin().await;
    anna.house.wait(limits::CHALLENGE_LIFE);
    assert!(is_refused(&anna.ask("POST", &made(&id), json!(authenticator.make(&challenge))).await), "too late");

    let (id, challenge) = anna.begin().await;
    let used = json!({ "assertion": authenticator.use_for(&challenge) });
    assert!(is_refused(&anna.ask("POST", &format!("/passkeys/{id}/used"), used).await), "nothing was made");
}

#[tokio::test]
async fn a_credential_belongs_to_one_account_and_is_added_once() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    anna.add(&authenticator, slot(1)).await;
    let (_, to_make) = anna.ask("POST", "/passkeys", Value::Null).await;
    assert_eq!(octets(&to_make["exclude"][0]), authenticator.id, "no authenticator should make a second one");
    let id = to_make["id"].as_str().unwrap();
    let made = json!(authenticator.make(&challenge_in(&to_make)));
    let (_, to_use) = anna.ask("POST", &format!("/passkeys/{id}/made"), made).await;
    let used = json!({ "assertion": authenticator.use_for(&challenge_in(&to_use)), "slot": slot(2) });
    assert!(is_refused(&anna.ask("POST", &format!("/passkeys/{id}/used"), used).await));
    assert_eq!(anna.sign_in(&authenticator, true).await.1["slots"][0]["id"], slot(1)["id"]);
}

#[tokio::test]
async fn unknown_removed_and_forged_passkeys_are_refused_alike() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    let id = anna.add(&authenticator, slot(1)).await;
    let answer = |mut said: (StatusCode, Value)| {
        said.1["request"] = Value::Null;
        said
    };
    let unknown = answer(anna.sign_in(&Authenticator::new(ORIGIN, 2), true).await);
    let forged = answer(anna.sign_in(&Authenticator::new(ORIGIN, 1), true).await);
    assert_eq!(anna.ask("DELETE", &format!("/factors/{id}"), Value::Null).await.0, StatusCode::NO_CONTENT);
    let removed = answer(anna.sign_in(&authenticator, true).await);
    assert!(is_refused(&unknown));
    assert_eq!((&forged, &removed), (&unknown, &unknown));
    assert_eq!(anna.ask("DELETE", &format!("/factors/{id}"), Value::Null).await.0, StatusCode::NOT_FOUND);
}

/// WebAuthn §7.2, step 6: nobody was named, so the authenticator says whose it is.
#[tokio::test]
async fn a_passkey_that_says_it_is_another_persons_or_nobodys_is_refused() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    anna.add(&authenticator, slot(1)).await;
    for user in [None, Some(Octets(vec![1; 16]))] {
        let (id, challenge) = anna.begin_sign_in().await;
        let assertion = Assertion { user, ..authenticator.use_for(&challenge) };
        let body = json!({ "assertion": assertion, "opens": true, "session": "bearer" });
        assert!(is_refused(&ask(&anna.house, None, "POST", &format!("/sign-ins/{id}/passkey"), body).await));
    }
}

/// PROTOCOL §7: `toJSON()` of a browser carries what opens the slot.
#[tokio::test]
async fn a_body_that_carries_a_prf_output_is_refused_before_anything_is_done() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    anna.add(&authenticator, slot(1)).await;
    let (id, challenge) = anna.begin_sign_in().await;
    let user = Some(Octets(anna.account().await.as_bytes().to_vec()));
    let assertion = Assertion { user, ..authenticator.use_for(&challenge) };
    let honest = json!({ "assertion": assertion, "opens": true, "session": "bearer" });
    let results = json!({ "prf": { "results": { "first": Octets(vec![7; 32]) } } });
    for place in ["", "assertion"] {
        let mut carries = honest.clone();
        let body = if place.is_empty() { &mut carries } else { &mut carries[place] };
        body["clientExtensionResults"] = results.clone();
        let (status, said) = ask(&anna.house, None, "POST", &format!("/sign-ins/{id}/passkey"), carries).await;
        assert_eq!((status, &said["type"]), (StatusCode::BAD_REQUEST, &json!("/problems/bad-request")), "{place}");
        assert!(!said.to_string().contains("BwcH"), "nothing of it comes back");
    }
    let (status, _) = ask(&anna.house, None, "POST", &format!("/sign-ins/{id}/passkey"), honest).await;
    assert_eq!(status, StatusCode::CREATED, "the challenge was not spent by them");
}

#[tokio::test]
async fn a_stranger_can_not_have_challenges_kept_without_end() {
    let anna = Anna::registered().await;
    let begin = async || ask(&anna.house, None, "POST", "/sign-ins/passkey", Value::Null).await;
    assert_eq!(begin().await.0, StatusCode::CREATED);
    let network = Network::of([0, 0, 0, 0].into());
    let refused = (0..10_000).find(|_| anna.house.mailroom.rates.entrance(network).is_err());
    assert!(refused.is_some(), "somebody keeps them all");
    let (status, said) = begin().await;
    assert_eq!((status, &said["type"]), (StatusCode::TOO_MANY_REQUESTS, &json!("/problems/too-many-requests")));
}

/// PROTOCOL §6: what a lost passkey opened must go, so the proof is by what is left.
#[tokio::test]
async fn a_passkey_is_added_and_removed_with_a_fresh_proof_only() {
    let anna = Anna::registered().await;
    anna.house.wait(limits::PROOF_LIFE + Duration::from_secs(1));
    let (status, said) = anna.ask("POST", "/passkeys", Value::Null).await;
    assert_eq!((status, &said["type"]), (StatusCode::FORBIDDEN, &json!("/problems/proof-required")));
    let session = anna.house.session(&anna.token).await;
    let prove = async || {
        let code = anna.house.code(HolderId::Session(session.id), anna.phone).await;
        let step_up = securemailbox_store::sessions::StepUp(session.id);
        anna.house.enter(step_up, anna.phone, code).await.unwrap();
    };
    prove().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    let id = anna.add(&authenticator, slot(1)).await;
    anna.house.wait(limits::PROOF_LIFE + Duration::from_secs(1));
    let (_, said) = anna.ask("POST", "/passkeys", Value::Null).await;
    assert_eq!(said["type"], "/problems/proof-required");
    let kinds: Vec<&Value> = said["offers"].as_array().unwrap().iter().map(|offer| &offer["kind"]).collect();
    assert_eq!(kinds, ["passkey"], "a second one asks for the first");
    let (_, said) = anna.ask("DELETE", &format!("/factors/{id}"), Value::Null).await;
    let kinds: Vec<&Value> = said["offers"].as_array().unwrap().iter().map(|offer| &offer["kind"]).collect();
    assert_eq!((&said["type"], kinds), (&json!("/problems/proof-required"), vec![&json!("passkey"), &json!("phone")]));
    prove().await;
    assert_eq!(anna.ask("DELETE", &format!("/factors/{id}"), Value::Null).await.0, StatusCode::NO_CONTENT);
    let (_, events) = anna.ask("GET", "/account/security-events", Value::Null).await;
    let kinds: Vec<&Value> = events["events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds[..2], [&json!("passkey-removed"), &json!("passkey-added")]);
}

/// PROTOCOL §9a, Factors: beside something else a passkey is proved like any other factor, and nothing is sent.
#[tokio::test]
async fn a_session_is_proved_afresh_by_any_of_the_passkeys_and_one_is_offered() {
    let anna = Anna::registered().await;
    let (first, second) = (Authenticator::new(ORIGIN, 1), Authenticator::new(ORIGIN, 2));
    anna.add(&first, slot(1)).await;
    let offers = anna.ask("GET", "/sessions/current/proofs", Value::Null).await.1["offers"].clone();
    let offered = offers.as_array().unwrap().iter().find(|offer| offer["kind"] == "passkey").unwrap().clone();
    assert_eq!(offered["hint"], "");
    let prove = async |authenticator: &Authenticator, challenge: &Challenge| {
        let answer = json!({ "passkey": authenticator.use_for(challenge) });
        let body = json!({ "factor": offered["id"], "answer": answer });
        anna.ask("POST", "/sessions/current/proofs/enter", body).await
    };
    let choose = async || anna.ask("POST", "/sessions/current/proofs", json!({ "factor": offered["id"] })).await.1;
    let to_prove = choose().await;
    assert_eq!(octets(&to_prove["credentials"][0]), first.id);
    let (status, said) = prove(&first, &challenge_in(&to_prove)).await;
    assert_eq!((status, &said["level"]), (StatusCode::OK, &json!("passkey")));
    assert!(is_refused(&prove(&first, &challenge_in(&to_prove)).await), "once");

    anna.house.wait(Duration::from_secs(1));
    anna.add(&second, Value::Null).await;
    let offers = anna.ask("GET", "/sessions/current/proofs", Value::Null).await.1["offers"].clone();
    let passkeys = offers.as_array().unwrap().iter().filter(|offer| offer["kind"] == "passkey").count();
    assert_eq!(passkeys, 1, "only their owner knows them apart");
    assert_eq!(prove(&second, &challenge_in(&choose().await)).await.0, StatusCode::OK, "any may answer");
    let challenge = challenge_in(&choose().await);
    anna.house.wait(limits::CHALLENGE_LIFE);
    assert!(is_refused(&prove(&second, &challenge).await), "too late");
    assert_eq!(offered["kind"], json!(FactorKind::Passkey));
}

#[tokio::test]
async fn an_account_has_so_many_passkeys_and_no_more() {
    let anna = Anna::registered().await;
    let account = anna.account().await;
    let session = anna.house.session(&anna.token).await.id;
    for number in 1..=u8::try_from(limits::PASSKEYS).unwrap() {
        let now = anna.house.mailroom.now();
        let factor = FactorId::from_bytes([number; 16]);
        let store = &anna.house.mailroom.store;
        store.write(BeginPasskey { account, session, factor, challenge: [1; 32], now }).await.unwrap();
        store.write(TakeEnrolling { holder: HolderId::Session(session), factor, now }).await.unwrap().unwrap();
        let authenticator = AuthenticatorRow { counter: 0, backup_eligible: false, backed_up: false };
        let credential = passkeys::Credential { id: vec![number; 16], public_key: Vec::new(), authenticator };
        store
            .write(PasskeyMade { holder: HolderId::Session(session), factor, credential, challenge: [2; 32], now })
            .await
            .unwrap();
        store.write(TakeEnrolling { holder: HolderId::Session(session), factor, now }).await.unwrap().unwrap();
        store.write(AddPasskey { account, session, factor, authenticator, slot: None, now }).await.unwrap();
    }
    let now = anna.house.mailroom.now();
    let one_more = BeginPasskey { account, session, factor: FactorId::from_bytes([99; 16]), challenge: [1; 32], now };
    assert_eq!(anna.house.mailroom.store.write(one_more).await, Err(AddPasskeyError::TooMany));
}

/// PROTOCOL §7; running.md, Another host.
#[tokio::test]
async fn a_server_does_not_start_at_another_host_than_its_peoples_passkeys_unless_it_is_told_to() {
    let anna = Anna::registered().await;
    anna.add(&Authenticator::new(ORIGIN, 1), slot(1)).await;
    let store = &anna.house.mailroom.store;
    let refused = settle_host(store, "mail.example.se", &["other.example.se".to_owned()]).await.unwrap_err();
    assert!(refused.is_for_the_operator(), "it ends 2");
    let words = refused.to_string();
    assert!(words.contains("localhost (1, of whom 0 can sign in by nothing else)"), "{words}");
    assert!(words.contains("former_hosts = [\"localhost\"]"), "{words}");
    let listed = async || anna.ask("GET", "/passkeys", Value::Null).await.1["passkeys"].as_array().map(Vec::len);
    assert_eq!(listed().await, Some(1), "nothing is changed before");
    settle_host(store, "mail.example.se", &["localhost".to_owned()]).await.unwrap();
    assert_eq!(listed().await, Some(0));
    settle_host(store, "localhost", &[]).await.unwrap();
    assert_eq!(listed().await, Some(1));
}

impl Anna {
    /// Locks her session.
    async fn lock(&self) {
        assert_eq!(self.ask("DELETE", "/slots/device", Value::Null).await.0, StatusCode::NO_CONTENT);
    }

    /// Unlocks it with what an authenticator signs for a sign-in that is begun for that.
    async fn unlock(&self, authenticator: &Authenticator) -> (StatusCode, Value) {
        let (id, challenge) = self.begin_sign_in().await;
        let assertion = authenticator.use_for(&challenge);
        let body = json!({ "sign_in": id, "proof": { "passkey": assertion } });
        self.ask("POST", "/sessions/current/unlock", body).await
    }

    /// What opens her mailbox, as she reads it.
    async fn opens(&self) -> Value {
        self.ask("GET", "/account", Value::Null).await.1["opens"].clone()
    }
}

/// PROTOCOL §9a, Lock.
#[tokio::test]
async fn a_locked_session_is_unlocked_by_a_passkey_that_has_a_slot_and_stands_by_it() {
    let anna = Anna::registered().await;
    let (phone, key) = (Authenticator::new(ORIGIN, 1), Authenticator::new(ORIGIN, 2));
    anna.add(&phone, slot(1)).await;
    anna.add(&key, Value::Null).await;
    anna.house.wait(limits::PROOF_LIFE + Duration::from_secs(1));
    anna.lock().await;
    assert!(is_refused(&anna.unlock(&key).await), "it opens nothing");
    assert!(is_refused(&anna.unlock(&Authenticator::new(ORIGIN, 3)).await), "nobody's");
    assert_eq!(anna.ask("GET", "/passkeys", Value::Null).await.0, StatusCode::FORBIDDEN, "still locked");
    let (status, given) = anna.unlock(&phone).await;
    assert_eq!((status, &given["kind"], &given["id"]), (StatusCode::OK, &json!("passkey"), &slot(1)["id"]), "{given}");
    let session = anna.house.session(&anna.token).await;
    assert!(session.standing.proves(Level::Passkey, anna.house.mailroom.now()), "it was proved just now");
    assert_eq!(anna.ask("GET", "/passkeys", Value::Null).await.0, StatusCode::OK);

    // A challenge that was given out, and signed, once.
    let (id, challenge) = anna.begin_sign_in().await;
    let body = json!({ "sign_in": id, "proof": { "passkey": phone.use_for(&challenge) } });
    anna.lock().await;
    assert_eq!(anna.ask("POST", "/sessions/current/unlock", body.clone()).await.0, StatusCode::OK);
    anna.lock().await;
    assert!(is_refused(&anna.ask("POST", "/sessions/current/unlock", body).await), "twice");
}

/// ATTACKS 42: a wrong passkey counts as a wrong password does.
#[tokio::test]
async fn a_locked_session_ends_with_the_tenth_wrong_passkey() {
    let anna = Anna::registered().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    anna.add(&authenticator, slot(1)).await;
    anna.lock().await;
    let stranger = Authenticator::new(ORIGIN, 2);
    for _ in 1..limits::UNLOCK_TRIES {
        assert!(is_refused(&anna.unlock(&stranger).await));
    }
    let (status, said) = anna.unlock(&stranger).await;
    assert_eq!((status, &said["type"]), (StatusCode::UNAUTHORIZED, &json!("/problems/not-signed-in")));
    assert_eq!(anna.unlock(&authenticator).await.0, StatusCode::UNAUTHORIZED, "the right one comes too late");
}

/// PROTOCOL §2, §7: two ways stay, of which one opens by itself.
#[tokio::test]
async fn a_password_is_removed_where_a_passkey_opens_the_mailbox_and_signs_in_like_an_unknown_address() {
    let anna = Anna::registered().await;
    assert_eq!(anna.opens().await, json!(["password", "recovery"]));
    let last_way_in = |(status, said): (StatusCode, Value)| {
        assert_eq!((status, &said["type"]), (StatusCode::CONFLICT, &json!("/problems/last-way-in")), "{said}");
    };
    let remove = async || anna.ask("DELETE", "/slots/password", Value::Null).await;
    last_way_in(remove().await);
    anna.add(&Authenticator::new(ORIGIN, 2), Value::Null).await;
    last_way_in(remove().await);
    let authenticator = Authenticator::new(ORIGIN, 1);
    let id = anna.add(&authenticator, slot(1)).await;
    assert_eq!(anna.opens().await, json!(["passkey", "password", "recovery"]));

    let sign_in = async |address: &str| {
        let body = json!({ "address": address, "request": Octets(vec![0; 32]) });
        let (status, mut said) = ask(&anna.house, None, "POST", "/sign-ins", body).await;
        said["request"] = Value::Null;
        (status, said)
    };
    for _ in 0..2 {
        assert_eq!(remove().await.0, StatusCode::NO_CONTENT, "the same again is a lost answer");
    }
    assert_eq!(anna.opens().await, json!(["passkey", "recovery"]));
    let (_, events) = anna.ask("GET", "/account/security-events", Value::Null).await;
    let removed = events["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "password-removed");
    assert_eq!(removed.count(), 1);
    assert_eq!(sign_in("anna@demo.example").await, sign_in("nobody@demo.example").await);
    last_way_in(anna.ask("DELETE", &format!("/factors/{id}"), Value::Null).await);
    assert_eq!(anna.sign_in(&authenticator, true).await.0, StatusCode::CREATED);
}

/// Somebody who has proved address and phone, and chooses what will open the mailbox.
struct Registering {
    house: House,
    id: String,
}

impl Registering {
    async fn both_proved() -> Self {
        let house = House::open().await;
        let Newcomer { id, phone, .. } = house.newcomer("eva@demo.example", "+46701740612").await;
        let code = house.code(HolderId::Registration(id), phone).await;
        house.enter(securemailbox_store::registrations::Registering(id), phone, code).await.unwrap();
        Self { house, id: id.to_string() }
    }

    async fn ask(&self, step: &str, body: Value) -> (StatusCode, Value) {
        ask(&self.house, None, "POST", &format!("/registrations/{}/{step}", self.id), body).await
    }

    /// The first ceremony: what the passkey is called, and what it is to sign.
    async fn made(&self, authenticator: &Authenticator) -> (String, Challenge) {
        let (status, to_make) = self.ask("passkey", Value::Null).await;
        assert_eq!(status, StatusCode::CREATED, "{to_make}");
        let id = to_make["id"].as_str().unwrap().to_owned();
        let made = json!({ "id": id, "made": authenticator.make(&challenge_in(&to_make)) });
        let (status, to_use) = self.ask("passkey/made", made).await;
        assert_eq!(status, StatusCode::OK, "{to_use}");
        (id, challenge_in(&to_use))
    }

    /// The second one, in what makes the account.
    async fn complete(&self, id: &str, assertion: &Assertion) -> (StatusCode, Value) {
        let record = |byte: u8| json!({ "id": RecordId::from_bytes([byte; 16]), "sealed": Octets(vec![byte; 80]) });
        let recovery =
            json!({ "id": SlotId::from_bytes([2; 16]), "sealed": Octets(vec![2; 80]), "proof": Octets(vec![2; 32]) });
        let complete = json!({
            "certificate": Octets(vec![1; 100]),
            "first_way": { "passkey": { "id": id, "assertion": assertion, "slot": slot(1) } },
            "recovery": recovery,
            "keyring": record(3),
            "settings": record(4),
            "session": "bearer",
        });
        self.ask("complete", complete).await
    }
}

/// PROTOCOL §5: both ceremonies come before the account, so that there is none that nothing opens.
#[tokio::test]
async fn a_mailbox_is_made_with_a_passkey_that_opens_it_from_the_first() {
    let eva = Registering::both_proved().await;
    let authenticator = Authenticator::new(ORIGIN, 1);
    let (id, challenge) = eva.made(&authenticator).await;
    let (status, session) = eva.complete(&id, &authenticator.use_for(&challenge)).await;
    assert_eq!((status, &session["level"]), (StatusCode::CREATED, &json!("passkey")), "{session}");
    let token = Token::parse(session["token"].as_str().unwrap()).unwrap();
    let (_, account) = ask(&eva.house, Some(&token), "GET", "/account", Value::Null).await;
    assert_eq!(account["opens"], json!(["passkey", "recovery"]), "there is no password");
    let (status, said) = eva.complete(&id, &authenticator.use_for(&challenge)).await;
    assert_eq!((status, &said["type"]), (StatusCode::CONFLICT, &json!("/problems/registration-over")), "sent again");

    let (_, begun) = ask(&eva.house, None, "POST", "/sign-ins/passkey", Value::Null).await;
    let user = Some(Octets(account["id"].as_str().unwrap().parse::<AccountId>().unwrap().as_bytes().to_vec()));
    let assertion = Assertion { user, ..authenticator.use_for(&challenge_in(&begun)) };
    let body = json!({ "assertion": assertion, "opens": true, "session": "bearer" });
    let path = format!("/sign-ins/{}/passkey", begun["id"].as_str().unwrap());
    let (status, signed_in) = ask(&eva.house, None, "POST", &path, body).await;
    assert_eq!((status, &signed_in["slots"][0]["id"]), (StatusCode::CREATED, &slot(1)["id"]));
}

#[tokio::test]
async fn whatever_is_wrong_with_a_first_passkey_makes_no_mailbox_and_both_ceremonies_may_be_held_again() {
    let eva = Registering::both_proved().await;
    let (authenticator, other) = (Authenticator::new(ORIGIN, 1), Authenticator::new(ORIGIN, 2));
    let (id, challenge) = eva.made(&authenticator).await;
    assert!(is_refused(&eva.complete(&id, &other.use_for(&challenge)).await), "another passkey signed");
    assert!(is_refused(&eva.complete(&id, &authenticator.use_for(&challenge)).await), "the challenge was spent");

    let (_, to_make) = eva.ask("passkey", Value::Null).await;
    let began = to_make["id"].as_str().unwrap();
    let signed = authenticator.use_for(&challenge_in(&to_make));
    assert!(is_refused(&eva.complete(began, &signed).await), "nothing was made");

    let (former, challenge) = eva.made(&authenticator).await;
    let (second, _) = eva.made(&other).await;
    assert!(is_refused(&eva.complete(&former, &authenticator.use_for(&challenge)).await), "another one was begun");
    assert!(is_refused(&eva.complete(&second, &authenticator.use_for(&challenge)).await), "and that is another's");

    let (id, challenge) = eva.made(&authenticator).await;
    eva.house.wait(limits::CHALLENGE_LIFE);
    assert!(is_refused(&eva.complete(&id, &authenticator.use_for(&challenge)).await), "too late");

    let (id, challenge) = eva.made(&authenticator).await;
    assert_eq!(eva.complete(&id, &authenticator.use_for(&challenge)).await.0, StatusCode::CREATED);
}

/// A passkey is made only by who has proved both, so that a stranger has nothing kept.
#[tokio::test]
async fn no_passkey_is_begun_in_a_registration_that_proved_too_little() {
    let house = House::open().await;
    let Newcomer { id, .. } = house.newcomer("eva@demo.example", "+46701740612").await;
    let (status, said) = ask(&house, None, "POST", &format!("/registrations/{id}/passkey"), Value::Null).await;
    assert_eq!((status, &said["type"]), (StatusCode::CONFLICT, &json!("/problems/registration-over")));
}
