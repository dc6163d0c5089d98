//! What a session may do, and how its token comes (PROTOCOL §9a).

use std::time::Duration;

use rand::rngs::OsRng;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use securemailbox_client::letters::Addressed;
use securemailbox_e2e::{
    events::Events,
    person::{PASSWORD, Person},
    server::{Server, Start},
};
use securemailbox_protocol::{
    address::Address,
    endpoints,
    factors::{FactorOffer, Offers},
    limits::{KEPT_SESSION_LIFE, SESSION_LIFE, SHEETS_A_DAY, UNLOCK_TRIES},
    opaque::KeyStretching,
    sessions::{Unlock, UnlockProof},
    sign_in::{FinishSignIn, NewSignIn, SignIn},
    time::Timestamp,
};
use securemailbox_vault::passwords::{Password, SigningIn};
use serde_json::{Value, json};

use crate::{ANNA, HASH, ID};

/// PROTOCOL §9a; ATTACKS 37.
#[tokio::test(flavor = "current_thread")]
async fn a_cookie_is_given_to_our_own_page_only() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let client = Client::new();
    let sign_in = |origin: Option<&'static str>| {
        let request = client
            .post(format!("{}/api/v1/sign-ins/{ID}/proofs/enter", server.url()))
            .header("content-type", "application/json");
        let request = request.body(format!(r#"{{"factor":"{ID}","answer":{{"code":"123456"}},"session":"cookie"}}"#));
        match origin {
            Some(origin) => request.header("origin", origin),
            None => request,
        }
    };
    let slug = async |request: RequestBuilder| {
        let problem: Value = serde_json::from_slice(&request.send().await.unwrap().bytes().await.unwrap()).unwrap();
        problem["type"].as_str().unwrap().to_owned()
    };
    assert_eq!(slug(sign_in(None)).await, "/problems/other-origin");
    assert_eq!(slug(sign_in(Some("https://evil.example"))).await, "/problems/other-origin");
    let own = server.url().to_owned();
    let request = sign_in(None).header("origin", own);
    assert_eq!(slug(request).await, "/problems/code-refused");
}

/// What a browser does, by hand: signs in for a cookie, and answers it with the response that sets it.
async fn sign_in_by_cookie(server: &Server) -> Response {
    let client = Client::new();
    let post = async |path: &str, body: Value| {
        let request = client.post(format!("{}/api/v1{path}", server.url())).header("origin", server.url());
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer
    };
    let rng = &mut rand::rngs::OsRng;
    let (signing_in, request) = SigningIn::start(Password::new(PASSWORD), rng);
    let request = data_encoding::BASE64URL_NOPAD.encode(&request);
    let begun = post("/sign-ins", json!({ "address": ANNA.0, "request": request })).await.bytes().await.unwrap();
    let SignIn { id, response } = serde_json::from_slice(&begun).unwrap();
    let signed_in = signing_in.finish(&response.0, &KeyStretching::cheap_for_tests(), rng).unwrap();
    let before = server.messages_to(ANNA.1).await;
    let finish = FinishSignIn { finalization: signed_in.finalization.into() };
    let offered = post(&format!("/sign-ins/{id}/finish"), serde_json::to_value(finish).unwrap()).await;
    let Offers { offers } = serde_json::from_slice(&offered.bytes().await.unwrap()).unwrap();
    let [FactorOffer { id: factor, .. }] = offers.as_slice() else { panic!("one phone: {offers:?}") };
    post(&format!("/sign-ins/{id}/proofs"), json!({ "factor": factor })).await;
    let code = server.code(ANNA.1, before).await;
    let proof = json!({ "factor": factor, "answer": { "code": code }, "session": "cookie" });
    post(&format!("/sign-ins/{id}/proofs/enter"), proof).await
}

/// PROTOCOL §9a; ATTACKS 37.
#[tokio::test(flavor = "current_thread")]
async fn a_cookie_opens_what_our_own_page_asks_for_until_it_signs_out() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    drop(Person::at(&server).register(&server, ANNA.0, ANNA.1, "Anna").await);
    let answer = sign_in_by_cookie(&server).await;
    let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    let known = answer.headers().get_all("set-cookie").iter().nth(1).unwrap().to_str().unwrap().to_owned();
    assert!(known.starts_with("__Host-device=") && known.contains("HttpOnly; SameSite=Strict"), "{known}");
    let session: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    assert!(session["token"].is_null(), "no script may see the token: {session}");
    let (cookie, attributes) = set.split_once(';').unwrap();
    assert!(cookie.starts_with("__Host-session="), "{set}");
    for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(attributes.split(';').any(|given| given.trim() == attribute), "{set}");
    }

    let client = Client::new();
    let call = async |method: Method, path: &str, origin: Option<&str>, body: &'static str| {
        let mut request = client.request(method, format!("{}/api/v1{path}", server.url())).header("cookie", cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        request.header("content-type", "application/json").body(body).send().await.unwrap()
    };
    let own = Some(server.url());
    let read = call(Method::GET, "/account", None, "").await;
    assert_eq!(read.status(), StatusCode::OK, "a navigation or EventSource names no origin");
    let english = r#"{"language":"en"}"#;
    for (origin, status) in [
        (None, StatusCode::FORBIDDEN),
        (Some("https://evil.example"), StatusCode::FORBIDDEN),
        (Some("null"), StatusCode::FORBIDDEN),
        (own, StatusCode::NO_CONTENT),
    ] {
        assert_eq!(call(Method::PATCH, "/account", origin, english).await.status(), status, "{origin:?}");
    }
    let events = call(Method::GET, "/events", None, "").await;
    assert_eq!(
        (events.status(), &events.headers()["content-type"]),
        (StatusCode::OK, &"text/event-stream".parse().unwrap())
    );
    assert_eq!(events.headers()["x-accel-buffering"], "no");
    let mut events = Events::of(events);
    events.next_pulse().await;

    assert_eq!(call(Method::DELETE, "/sessions/current", None, "").await.status(), StatusCode::FORBIDDEN);
    let out = call(Method::DELETE, "/sessions/current", own, "").await;
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    // At once, not when the stream next looks at itself: another device may have ended a lost one.
    let ended = async { while events.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(15), ended).await.expect("the stream ends with its session");
    let forgotten: Vec<_> = out.headers().get_all("set-cookie").iter().map(|set| set.to_str().unwrap()).collect();
    let [session, device] = forgotten[..] else { panic!("two cookies: {forgotten:?}") };
    assert!(session.starts_with("__Host-session=;") && session.contains("Max-Age=0"), "{session}");
    assert!(device.starts_with("__Host-device=;") && device.contains("Max-Age=0"), "{device}");
    assert_eq!(call(Method::GET, "/account", None, "").await.status(), StatusCode::UNAUTHORIZED);
}

/// PROTOCOL §9a: a browser forgets the cookie when its session is over, and not before.
#[tokio::test(flavor = "current_thread")]
async fn a_cookie_lasts_as_long_as_its_session() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    drop(Person::at(&server).register(&server, ANNA.0, ANNA.1, "Anna").await);
    let lasts = |answer: &Response| {
        let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        let age = set.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap();
        (set.split(';').next().unwrap().to_owned(), Duration::from_secs(age.parse().unwrap()))
    };
    let (cookie, life) = lasts(&sign_in_by_cookie(&server).await);
    assert_eq!(life, SESSION_LIFE);
    let client = Client::new();
    let mut number = 0;
    let mut call = async |method: Method, keep: bool| {
        number += 1;
        let slot = json!({ "id": format!("0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a{number:02}"), "keep": keep,
            "sealed": data_encoding::BASE64URL_NOPAD.encode(&[1; 80]), "share": data_encoding::BASE64URL_NOPAD.encode(&[2; 32]) });
        let request = client.request(method, format!("{}/api/v1/slots/device", server.url()));
        let request = request.header("cookie", &cookie).header("origin", server.url());
        let answer = request.header("content-type", "application/json").body(slot.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        let (again, life) = lasts(&answer);
        assert_eq!(again, cookie, "the same token");
        life
    };
    let nearly = |life: Duration, whole: Duration| life <= whole && life + Duration::from_secs(60) > whole;
    assert!(nearly(call(Method::PUT, true).await, KEPT_SESSION_LIFE));
    assert!(nearly(call(Method::GET, true).await, KEPT_SESSION_LIFE));
    assert!(nearly(call(Method::PUT, false).await, SESSION_LIFE));
    assert!(nearly(call(Method::GET, false).await, SESSION_LIFE));
}

/// PROTOCOL §2, §9a: a new sheet for one that was left unseen, a language.
#[tokio::test(flavor = "current_thread")]
async fn a_session_replaces_its_sheet_and_chooses_a_language() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
    let client = Client::new();
    let call = async |method: Method, path: &str, body: Option<String>| {
        let request = client.request(method, format!("{}/api/v1{path}", server.url())).bearer_auth(anna.token());
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let (status, wait) = (answer.status(), answer.headers().get("retry-after").cloned());
        (status, wait, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    };

    let (status, ..) = call(Method::PATCH, "/account", Some(r#"{"language":"en"}"#.into())).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(call(Method::GET, "/account", None).await.2["language"], "en");

    let sheet = |id: &str| format!(r#"{{"id":"{id}","sealed":"{}","proof":"{HASH}"}}"#, &HASH[..40]);
    for _ in 0..SHEETS_A_DAY {
        let (status, _, problem) = call(Method::PUT, "/slots/recovery", Some(sheet(ID))).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
    }
    let (status, wait, _) = call(Method::PUT, "/slots/recovery", Some(sheet(ID))).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = wait.and_then(|wait| wait.to_str().ok()?.parse().ok()).expect("it says how long to wait");
    assert!((1..=24 * 60 * 60 / u64::from(SHEETS_A_DAY) + 1).contains(&wait), "{wait}");
}

/// PROTOCOL §6, §9a: nothing is sent before a factor is chosen; a session proves afresh by the same two calls.
#[tokio::test(flavor = "current_thread")]
async fn a_session_chooses_a_factor_and_proves_it_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
    let client = Client::new();
    let call = async |method: Method, path: &str, body: Value| {
        let request = client.request(method, format!("{}/api/v1{path}", server.url())).bearer_auth(anna.token());
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        (answer.status(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    };
    const PROOFS: &str = "/sessions/current/proofs";
    let sessions = async || call(Method::GET, "/sessions", Value::Null).await.1["sessions"][0].clone();
    let (before, began) = (server.messages_to(ANNA.1).await, sessions().await);
    let (status, offered) = call(Method::GET, PROOFS, Value::Null).await;
    assert_eq!(status, StatusCode::OK);
    let Offers { offers } = serde_json::from_value(offered).unwrap();
    let [FactorOffer { id: factor, hint, .. }] = offers.as_slice() else { panic!("one phone: {offers:?}") };
    assert_eq!(hint, &ANNA.1[ANNA.1.len() - 2..]);
    assert_eq!(server.messages_to(ANNA.1).await, before, "nothing was chosen yet");

    let choose = async || call(Method::POST, PROOFS, json!({ "factor": factor })).await.0;
    let enter = async |code: &str| {
        let proof = json!({ "factor": factor, "answer": { "code": code } });
        call(Method::POST, &format!("{PROOFS}/enter"), proof).await
    };
    assert_eq!(choose().await, StatusCode::NO_CONTENT);
    let older = server.code(ANNA.1, before).await;
    assert_eq!(choose().await, StatusCode::NO_CONTENT);
    let newer = server.code(ANNA.1, before + 1).await;
    if older != newer {
        let (status, problem) = enter(&older).await;
        assert_eq!((status, &problem["type"]), (StatusCode::FORBIDDEN, &"/problems/code-replaced".into()));
    }
    let (status, stands) = enter(&format!("{} {}", &newer[..3], &newer[3..])).await;
    assert_eq!((status, &stands["level"]), (StatusCode::OK, &"phone".into()), "{stands}");
    let now = sessions().await;
    assert_eq!(now["proved"], stands["proved"]);
    let proved = |row: &Value| serde_json::from_value::<Timestamp>(row["proved"].clone()).unwrap();
    assert!(proved(&now) > proved(&began), "{began} {now}");
    let (_, problem) = enter(&newer).await;
    assert_eq!(problem["type"], "/problems/code-refused", "a code is good once");
}

/// PROTOCOL §9a: events say that something is new, and nothing else.
#[tokio::test(flavor = "current_thread")]
async fn an_event_comes_when_a_letter_does_and_the_stream_ends_with_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let mailbox = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let stream =
        Client::new().get(format!("{}/api/v1/events", server.url())).bearer_auth(anna.token()).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut events = Events::of(stream);
    let (name, data) = events.next().await.unwrap();
    assert_eq!((name.as_str(), &*data), ("beat", r#"{"seconds":15}"#), "at once, so that a client hears that it hears");
    let first = events.next_pulse().await;
    let to_myself = vec![ANNA.0.parse().unwrap()];
    mailbox
        .send(&anna, &Addressed { to: to_myself, subject: "till mig".into(), text: "x".into(), ..Addressed::default() })
        .await
        .unwrap();
    let second = events.next_pulse().await;
    assert!(second.change > first.change);
    assert_eq!(second.erased, first.erased);
    // A stream that stays open holds no stopping server up.
    server.stop();
    assert_eq!(events.next().await, None);
}

/// PROTOCOL §9a, Lock; ATTACKS 42: whoever sits down at a locked page has its cookie, and can do nothing with it.
#[tokio::test(flavor = "current_thread")]
async fn a_locked_session_may_do_nothing_until_its_password_is_proved() {
    const MAY: [(&str, &str); 4] = [
        ("GET", "/account"),
        ("DELETE", "/sessions/current"),
        ("POST", "/sessions/current/unlock"),
        ("DELETE", "/slots/device"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    drop(anna.register(&server, ANNA.0, ANNA.1, "Anna").await);
    let client = Client::new();
    let call = async |method: &str, path: &str, body: Value| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = client.request(method, format!("{}/api/v1{path}", server.url())).bearer_auth(anna.token());
        let request = request.header("content-type", "application/json").body(body.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or(Value::Null))
    };
    assert_eq!(call("DELETE", "/slots/device", Value::Null).await.0, StatusCode::NO_CONTENT);

    for (method, path) in endpoints::ALL.iter().map(|(method, path)| (method.as_str(), *path)) {
        if endpoints::is_of_strangers(path) || MAY.contains(&(method, path)) {
            continue;
        }
        let named = path.replace("{id}", ID).replace("{hash}", HASH);
        let (status, mut problem) = call(method, &named, json!({})).await;
        if method == "HEAD" {
            // Its answers have no body.
            problem = json!({ "type": "/problems/session-locked" });
        }
        let refused = (StatusCode::FORBIDDEN, &json!("/problems/session-locked"));
        assert_eq!((status, &problem["type"]), refused, "{method} {path}");
    }
    assert_eq!(call("GET", "/account", Value::Null).await.1["address"], ANNA.0);

    let unlock = async |address: &str, password: &str| {
        let (signing_in, request) = SigningIn::start(Password::new(password), &mut OsRng);
        let new = NewSignIn { address: Address::parse(address).unwrap(), request: request.into() };
        let (_, begun) = call("POST", "/sign-ins", serde_json::to_value(new).unwrap()).await;
        let SignIn { id, response } = serde_json::from_value(begun).unwrap();
        let stretching = KeyStretching::cheap_for_tests();
        let finalization = match signing_in.finish(&response.0, &stretching, &mut OsRng) {
            Ok(signed_in) => signed_in.finalization,
            Err(_) => vec![7; 64],
        };
        call(
            "POST",
            "/sessions/current/unlock",
            json!(Unlock { sign_in: id, proof: UnlockProof::Password(finalization.into()) }),
        )
        .await
    };
    assert_eq!(unlock(ANNA.0, "fel").await.0, StatusCode::FORBIDDEN);
    assert_eq!(call("GET", "/changes?since=0", Value::Null).await.0, StatusCode::FORBIDDEN);
    let (status, slot) = unlock(ANNA.0, PASSWORD).await;
    assert_eq!((status, &slot["kind"]), (StatusCode::OK, &json!("password")), "{slot}");
    assert_eq!(call("GET", "/changes?since=0", Value::Null).await.0, StatusCode::OK);

    // Too many wrong ones in a row end the session, however often it is locked meanwhile, and its owner is told.
    let before = (server.messages_to(ANNA.0).await, server.messages_to(ANNA.1).await);
    for _ in 1..UNLOCK_TRIES {
        assert_eq!(call("DELETE", "/slots/device", Value::Null).await.0, StatusCode::NO_CONTENT);
        assert_eq!(unlock(ANNA.0, "fel").await.0, StatusCode::FORBIDDEN);
    }
    let (status, problem) = unlock(ANNA.0, "fel").await;
    assert_eq!((status, &problem["type"]), (StatusCode::UNAUTHORIZED, &json!("/problems/not-signed-in")));
    assert_eq!(call("GET", "/account", Value::Null).await.0, StatusCode::UNAUTHORIZED);
    let (mail, sms) = (server.message(ANNA.0, before.0).await, server.message(ANNA.1, before.1).await);
    assert!(mail.contains("En enhet loggades ut") && sms.contains("En enhet loggades ut"), "{mail} {sms}");
}
