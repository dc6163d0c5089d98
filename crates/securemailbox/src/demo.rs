//! The people of the demo, and what they have written to each other: made by the client crate, through the ordinary API, like
//! anybody else (PROTOCOL §9a). Their codes are read from the outbox that the demo shows to everyone.

mod clock;
mod story;
mod telling;

use std::time::Duration;

use reqwest::Client;
use securemailbox_client::{
    accounts,
    mailbox::Mailbox,
    settings::{Name, NotAName, Settings},
    sign_in,
};
use securemailbox_protocol::{
    accounts::Language,
    address::{Address, NotAnAddress},
    factors::Code,
    phone::{NotAPhoneNumber, PhoneNumber},
};
use securemailbox_vault::passwords::Password;
use serde::Deserialize;

use crate::{
    http::{Http, NotAServer, ServerUrl},
    outcome::Stop,
};
pub(crate) use clock::DemoClock;
use clock::DemoWorld;

/// Somebody in the demo. Nothing about them is secret.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    /// Their name, as it goes out with their letters.
    pub(crate) name: &'static str,
    /// The address that the person signs in with.
    pub(crate) address: &'static str,
    /// The person's phone, in E.164 form.
    pub(crate) phone: &'static str,
    /// The person's password, which is in the source for everyone to read.
    pub(crate) password: &'static str,
}

/// A doctor, her patient, his relative's lawyer, and the reception.
pub(crate) const PEOPLE: [Person; 4] = [
    Person {
        name: "Anna Lindqvist",
        address: "anna@demo.example",
        phone: "+46701740612",
        password: "lykta mossa trappa vinter",
    },
    Person {
        name: "Björn Ek",
        address: "bjorn@demo.example",
        phone: "+46701740633",
        password: "havre segel klocka dimma",
    },
    Person {
        name: "Elif Demir",
        address: "elif@demo.example",
        phone: "+46701740605",
        password: "granit fjäder kompass bröd",
    },
    Person {
        name: "Ljunggårdens vårdcentral",
        address: "mottagning@demo.example",
        phone: "+46701740600",
        password: "tegel ljung kikare stege",
    },
];

/// How often the outbox is asked for a code, and how long in between.
const LOOKS: u32 = 200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// The demo's people could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    #[error(transparent)]
    Server(#[from] NotAServer),
    #[error(transparent)]
    Address(#[from] NotAnAddress),
    #[error(transparent)]
    Phone(#[from] NotAPhoneNumber),
    #[error(transparent)]
    Name(#[from] NotAName),
    #[error("a person of the demo could not be made: {0}")]
    Stopped(String),
    #[error("the demo's outbox can't be read: {0}")]
    Outbox(#[from] reqwest::Error),
    #[error("the demo's outbox is not in its form: {0}")]
    Form(#[from] serde_json::Error),
    #[error("the demo's outbox did not get the message that was expected")]
    Silence,
}

impl From<Stop> for DemoError {
    fn from(stop: Stop) -> Self {
        Self::Stopped(stop.detail().into())
    }
}

/// One line of `/demo/outbox.json`, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    to: String,
    code: Option<Code>,
}

/// Somebody of the demo who is signed in.
struct Made {
    world: DemoWorld,
    mailbox: Mailbox,
}

/// Makes these people, who do not exist yet; where they are everybody, they have written to each other for a fortnight.
pub(crate) async fn make_people(
    server: &str,
    people: &[Person],
    clock: &DemoClock,
    with_letters: bool,
) -> Result<(), DemoError> {
    let server = ServerUrl::parse(server)?;
    let outbox = Outbox { client: Client::builder().no_proxy().build()?, url: format!("{server}/demo/outbox.json") };
    let tells = with_letters && people.len() == PEOPLE.len();
    if tells {
        telling::begin(clock);
    }
    let mut all = Vec::new();
    for person in people {
        all.extend(make(&server, &outbox, person, clock).await?);
    }
    if tells {
        telling::tell(&all, clock).await?;
    }
    for Made { world, mailbox } in all {
        mailbox.close(&world).await.map_err(Stop::from)?;
        sign_in::sign_out(&world).await.map_err(Stop::from)?;
    }
    Ok(())
}

/// None if there is such a person already.
async fn make(
    server: &ServerUrl,
    outbox: &Outbox,
    person: &Person,
    clock: &DemoClock,
) -> Result<Option<Made>, DemoError> {
    let world = DemoWorld::new(Http::new(server.clone(), None)?, clock);
    let address = Address::parse(person.address)?;
    let phone = PhoneNumber::parse(person.phone)?;
    let before = outbox.count(address.as_str()).await?;
    let address_to_prove = accounts::register(&world, &address, Language::Sv).await.map_err(Stop::from)?;
    let Some(code) = outbox.code(address.as_str(), before).await? else {
        // The e-mail without a code says: you have a mailbox here already.
        return Ok(None);
    };
    let phone_to_name = address_to_prove.enter(&world, &code).await.map_err(Stop::from)?;
    let before = outbox.count(person.phone).await?;
    let phone_to_prove = phone_to_name.enter(&world, phone).await.map_err(Stop::from)?;
    let code = outbox.code(person.phone, before).await?.ok_or(DemoError::Silence)?;
    let to_choose = phone_to_prove.enter(&world, &code).await.map_err(Stop::from)?;
    let account = to_choose.choose(&world, Password::new(person.password), Settings::new(Name::parse(person.name)?));
    let account = account.await.map_err(Stop::from)?;
    let (mailbox, _) = account.make(&world).await.map_err(Stop::from)?;
    Ok(Some(Made { world, mailbox }))
}

struct Outbox {
    client: Client,
    url: String,
}

impl Outbox {
    /// How many messages went to somebody.
    async fn count(&self, to: &str) -> Result<usize, DemoError> {
        Ok(self.to(to).await?.len())
    }

    /// The code in the message after the first `before` ones: the outbox is filled by a job, a moment later.
    async fn code(&self, to: &str, before: usize) -> Result<Option<Code>, DemoError> {
        for _ in 0..LOOKS {
            if let Some(message) = self.to(to).await?.into_iter().nth(before) {
                return Ok(message.code);
            }
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Err(DemoError::Silence)
    }

    async fn to(&self, to: &str) -> Result<Vec<Message>, DemoError> {
        let bytes = self.client.get(&self.url).send().await?.error_for_status()?.bytes().await?;
        let mut messages: Vec<Message> = serde_json::from_slice(&bytes)?;
        messages.retain(|message| message.to == to);
        Ok(messages)
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_vault::passwords::judge;

    use super::*;

    #[test]
    fn everyone_in_the_demo_would_be_taken_by_a_real_server() {
        for person in PEOPLE {
            let address = Address::parse(person.address).unwrap();
            assert_eq!(address.as_str(), person.address);
            assert_eq!(PhoneNumber::parse(person.phone).unwrap().as_str(), person.phone);
            assert!(Name::parse(person.name).is_ok());
            assert_eq!(judge(&Password::new(person.password), &address, person.name), Ok(()));
        }
    }
}
