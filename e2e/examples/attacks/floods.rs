//! Attacks by asking for much: letters, drafts, messages, codes and labels.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::{Client, Method, RequestBuilder};
use securemailbox_client::accounts;
use securemailbox_e2e::{
    outage::code_in,
    person::{Person, now},
};
use securemailbox_protocol::{accounts::Language, address::Address, ids::RecordId, phone::PhoneNumber};
use serde_json::{Value, json};

use super::scene::{Scene, Setting, letter, mebibytes, runtime};

/// By how much what is remembered of networks may grow between one half of a long run and the other.
const REMEMBERED_KIB: u64 = 8 * 1024;

#[derive(Clone, Copy)]
pub enum Http {
    One,
    Two,
}

impl Http {
    fn client(self, scene: &Scene) -> Client {
        let client = scene.door.client().timeout(Duration::from_secs(10));
        let client = match self {
            Self::One => client.http1_only(),
            Self::Two => client.http2_prior_knowledge(),
        };
        client.build().expect("a client")
    }
}

/// How often each answer came.
#[derive(Default)]
struct Answers(BTreeMap<String, usize>);

impl Answers {
    fn add(&mut self, answer: impl Into<String>) {
        *self.0.entry(answer.into()).or_default() += 1;
    }

    fn told(&self) -> String {
        let told: Vec<String> = self.0.iter().map(|(answer, times)| format!("{times}×{answer}")).collect();
        told.join(", ")
    }
}

/// Status and document of an answer; 0 where none came.
async fn ask(request: RequestBuilder) -> (u16, Value) {
    let Ok(answer) = request.send().await else { return (0, Value::Null) };
    let status = answer.status().as_u16();
    let document = answer.bytes().await.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    (status, document.unwrap_or_default())
}

fn post(client: &Client, scene: &Scene, path: &str, body: &Value) -> RequestBuilder {
    let request = client.post(format!("{}/api/v1{path}", scene.door.url()));
    request.header("content-type", "application/json").body(body.to_string())
}

pub fn letters(scene: &Scene, time: Duration) -> String {
    let until = Instant::now() + time;
    let mut answers = Answers::default();
    let attacker = scene.attacker.lock().expect("nobody else takes it");
    let (person, mailbox) = &*attacker;
    runtime().block_on(async {
        while Instant::now() < until {
            match mailbox.send(person, &letter("anna.api@example.se", "hej".into())).await {
                Ok(_) => answers.add("taken"),
                Err(error) => answers.add(error.to_string()),
            }
        }
    });
    answers.told()
}

pub fn drafts(scene: &Scene, time: Duration) -> String {
    let until = Instant::now() + time;
    let (client, mut answers) = (Http::One.client(scene), Answers::default());
    let draft = vec![7_u8; 1024 * 1024 - 1024];
    runtime().block_on(async {
        while Instant::now() < until {
            let id = RecordId::new(now(), &mut rand::rngs::OsRng);
            let request = client.put(format!("{}/api/v1/records/{id}?purpose=draft", scene.door.url()));
            let request = request.bearer_auth(&scene.token).header("if-none-match", "*");
            let (status, _) = ask(request.header("content-type", "application/octet-stream").body(draft.clone())).await;
            answers.add(status.to_string());
        }
    });
    answers.told()
}

/// As far as the SMS, with new addresses and one phone.
pub fn texts(scene: &Scene, time: Duration) -> String {
    let until = Instant::now() + time;
    let mut answers = Answers::default();
    runtime().block_on(async {
        for number in 0.. {
            if Instant::now() >= until {
                break;
            }
            let address = format!("nobody{number}@other{number}.example");
            match text_to(scene, &address).await {
                Ok(()) => answers.add("SMS taken"),
                Err(why) => answers.add(why),
            }
        }
    });
    answers.told()
}

async fn text_to(scene: &Scene, address: &str) -> Result<(), String> {
    let person = Person { transport: scene.wire(), device: Default::default() };
    let parsed = Address::parse(address).expect("an address");
    let step = accounts::register(&person, &parsed, Language::Sv).await.map_err(|e| format!("e-mail: {e}"))?;
    let code = code_by_email(scene, address).await.ok_or("no e-mail came")?;
    let step = step.enter(&person, &code).await.map_err(|e| format!("code: {e}"))?;
    let phone = PhoneNumber::parse("+46701740699").expect("a number");
    step.enter(&person, phone).await.map(drop).map_err(|e| format!("SMS: {e}"))
}

async fn code_by_email(scene: &Scene, address: &str) -> Option<securemailbox_protocol::factors::Code> {
    for _ in 0..300 {
        let messages = scene.mails.messages();
        let body = messages.iter().rev().find(|message| message.contains(address));
        // What stands above the empty line may hold numbers too.
        if let Some(code) = body.and_then(|message| code_in(message.split_once("\n\n")?.1)) {
            return Some(code);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    None
}

/// A registration begins and has a code sent; its id and factor, and the status of the last answer.
async fn begin(client: &Client, scene: &Scene, address: &str, through: Option<&str>) -> (u16, Value, Value) {
    let through = |request: RequestBuilder| match through {
        Some(network) => request.header("x-forwarded-for", network),
        None => request,
    };
    let new = json!({ "address": address, "language": "sv" });
    let (status, begun) = ask(through(post(client, scene, "/registrations", &new))).await;
    let (id, factor) = (begun["id"].clone(), begun["offers"][0]["id"].clone());
    let Some(path) = id.as_str().map(|id| format!("/registrations/{id}/proofs")) else {
        return (status, id, factor);
    };
    let (status, _) = ask(through(post(client, scene, &path, &json!({ "factor": factor })))).await;
    (status, id, factor)
}

pub fn emails(scene: &Scene, time: Duration, http: Http) -> String {
    let until = Instant::now() + time;
    let (client, mut answers) = (http.client(scene), Answers::default());
    runtime().block_on(async {
        for number in 0.. {
            if Instant::now() >= until {
                break;
            }
            let address = format!("nobody{number}@other{number}.example");
            answers.add(begin(&client, scene, &address, None).await.0.to_string());
        }
    });
    answers.told()
}

pub fn guesses(scene: &Scene, time: Duration) -> String {
    let until = Instant::now() + time;
    let (client, mut answers) = (Http::Two.client(scene), Answers::default());
    runtime().block_on(async {
        for number in 0.. {
            if Instant::now() >= until {
                break;
            }
            let address = format!("nobody{number}@other{number}.example");
            let (status, id, factor) = begin(&client, scene, &address, None).await;
            let Some(id) = id.as_str().filter(|_| status < 300) else {
                answers.add(format!("{status} at the start"));
                continue;
            };
            for _ in 0..5 {
                let guess = json!({ "factor": factor, "answer": { "code": "123456" } });
                let (status, _) = ask(post(&client, scene, &format!("/registrations/{id}/proofs/enter"), &guess)).await;
                answers.add(format!("{status} for a code"));
            }
        }
    });
    answers.told()
}

/// A /48 whose owner takes another /64 each time.
pub fn networks(scene: &Scene, time: Duration) -> String {
    let until = Instant::now() + time;
    let (client, mut answers) = (Http::Two.client(scene), Answers::default());
    runtime().block_on(async {
        for number in 0..=u16::MAX {
            if Instant::now() >= until {
                break;
            }
            let (address, network) =
                (format!("nobody{number}@other{number}.example"), format!("2001:db8:1:{number:x}::1"));
            answers.add(begin(&client, scene, &address, Some(&network)).await.0.to_string());
        }
    });
    answers.told()
}

pub fn methods(scene: &Scene, time: Duration) -> String {
    let until = Instant::now() + time;
    let (client, mut answers) = (Http::One.client(scene), Answers::default());
    let mut metrics = 0;
    runtime().block_on(async {
        for number in 0.. {
            if Instant::now() >= until {
                break;
            }
            let method = Method::from_bytes(format!("M{number:014000}").as_bytes()).expect("a token");
            let (status, _) = ask(client.request(method, format!("{}/healthz", scene.door.url()))).await;
            answers.add(status.to_string());
        }
        let answer = client.get(format!("http://{}/metrics", scene.metrics)).send().await.expect("metrics are on");
        metrics = answer.bytes().await.expect("whole").len();
    });
    format!("{}; metrics are {} KiB", answers.told(), metrics / 1024)
}

/// 20,000 registrations that begin and are left, each at another address from another network.
pub fn many_networks(setting: Setting) -> bool {
    let scene = Scene::set(setting, true);
    let (client, mut answers) = (Http::Two.client(&scene), Answers::default());
    let mut seen = vec![scene.server.resident_kib()];
    runtime().block_on(async {
        for number in 0..20_000_u32 {
            let [_, a, b, c] = number.to_be_bytes();
            let new = json!({ "address": format!("nobody{number}@other.example"), "language": "sv" });
            let request = post(&client, &scene, "/registrations", &new);
            let (status, _) = ask(request.header("x-forwarded-for", format!("10.{a}.{b}.{c}"))).await;
            answers.add(status.to_string());
            if (number + 1) % 5000 == 0 {
                seen.push(scene.server.resident_kib());
            }
        }
        // Every minute what is over is forgotten.
        tokio::time::sleep(Duration::from_secs(70)).await;
        seen.push(scene.server.resident_kib());
    });
    let told: Vec<String> = seen.iter().map(|kib| mebibytes(*kib).to_string()).collect();
    println!(
        "\n20,000 registrations begun and left, each from another of many networks ({}): {} MiB at the start, after each 5,000, and 70 s later.",
        answers.told(),
        told.join(", ")
    );
    seen.last().is_some_and(|last| *last < seen[2] + REMEMBERED_KIB)
}
