//! PROTOCOL §9a, as a program meets it: which numbers get a code, how many, how much a mailbox may hold.

use reqwest::{Client, StatusCode};
use securemailbox_client::letters::Addressed;
use securemailbox_e2e::{
    person::Person,
    server::{Server, Start},
};
use securemailbox_protocol::address::Address;
use serde_json::{Value, json};

use crate::ANNA;

/// Somebody who asks for a mailbox, call by call.
struct Newcomer<'a> {
    server: &'a Server,
    id: String,
}

impl<'a> Newcomer<'a> {
    /// Whose address is proved.
    async fn with_address(server: &'a Server, address: &str) -> Self {
        let begun = post(server, "/registrations", json!({ "address": address, "language": "sv" })).await.1;
        let newcomer = Self { server, id: begun["id"].as_str().unwrap().to_owned() };
        let factor = &begun["offers"][0]["id"];
        let before = server.messages_to(address).await;
        newcomer.step("/proofs", json!({ "factor": factor })).await;
        let code = server.code(address, before).await;
        let entered = json!({ "factor": factor, "answer": { "code": code } });
        assert_eq!(newcomer.step("/proofs/enter", entered).await.0, StatusCode::NO_CONTENT);
        newcomer
    }

    async fn step(&self, step: &str, body: Value) -> (StatusCode, Value) {
        post(self.server, &format!("/registrations/{}{step}", self.id), body).await
    }

    async fn name(&self, phone: &str) -> (StatusCode, Value) {
        self.step("/phone", json!({ "phone": phone })).await
    }
}

async fn post(server: &Server, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Client::new().post(format!("{}/api/v1{path}", server.url()));
    let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
}

/// Review H5, A4.
#[tokio::test(flavor = "current_thread")]
async fn a_registration_names_three_mobile_numbers_and_no_other_kind() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let newcomer = Newcomer::with_address(&server, "ny@example.se").await;
    for refused in ["+46 900 123 456", "+46 8 769 10 00", "+46112000", "+882161234567"] {
        let (status, problem) = newcomer.name(refused).await;
        let kind = &problem["type"];
        assert_eq!((status, kind), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/problems/not-a-mobile-number")));
    }
    for number in ["+46 (0)70-174 06 12", "+46701740613", "+46701740614"] {
        assert_eq!(newcomer.name(number).await.0, StatusCode::OK, "{number}");
    }
    assert_eq!(newcomer.name("+46701740615").await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "current_thread")]
async fn a_mailbox_tells_what_it_holds_and_a_full_one_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()).with("QUOTAS__LETTERS", "1"));
    let anna = Person::at(&server);
    let mailbox = anna.register(&server, ANNA.0, ANNA.1, "Anna").await;
    let token = anna.token();
    let to = vec![Address::parse(ANNA.0).unwrap()];
    let letter = |subject: &str| {
        let (subject, text) = (subject.into(), "Till mig själv.".into());
        Addressed { to: to.clone(), subject, text, ..Addressed::default() }
    };
    let account = async || {
        let request = Client::new().get(format!("{}/api/v1/account", server.url())).bearer_auth(&token);
        serde_json::from_slice::<Value>(&request.send().await.unwrap().bytes().await.unwrap()).unwrap()
    };
    let empty = account().await;
    assert_eq!((&empty["holds"]["letters"], &empty["quota"]["letters"]), (&json!(0), &json!(1)));
    mailbox.send(&anna, &letter("Ett")).await.unwrap();
    let full = account().await;
    assert_eq!(full["holds"]["letters"], 1);
    assert!(full["holds"]["bytes"].as_u64() > empty["holds"]["bytes"].as_u64());
    let refused = mailbox.send(&anna, &letter("Två")).await.unwrap_err();
    assert!(refused.to_string().contains("holds as much as it may"), "{refused}");
}
