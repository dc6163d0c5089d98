//! Another password in the place of one's own (PROTOCOL §9a), at an honest server and at one that lies.

use std::cell::Cell;

use rand::rngs::OsRng;
use securemailbox_client::{
    device::Memory,
    failure::{ClientProblem, Failure},
    letters::Addressed,
    mailbox::Mailbox,
    passwords::{ChangePasswordError, Changed, change_password},
    sign_in,
    transport::{Request, Response, Transport, Unreachable},
    world::World,
};
use securemailbox_e2e::{
    person::{PASSWORD, Person, Wire},
    server::{Server, Start},
};
use securemailbox_protocol::{
    accounts::{PasswordRequest, PasswordResponse},
    address::Address,
    opaque::{
        Suite,
        opaque_ke::{RegistrationRequest, ServerRegistration, ServerSetup},
    },
    security::SecurityEventKind,
};
use securemailbox_vault::passwords::{Password, PasswordRefused};

use crate::ANNA;

const OTHER: &str = "nio runda fat vid en sjö";
const NAME: &str = "Anna Lindqvist";

/// Whether somebody gets past the password.
async fn proves(world: &impl World, password: &str) -> bool {
    let anna = Address::parse(ANNA.0).unwrap();
    match sign_in::sign_in(world, &anna, Password::new(password)).await {
        Ok(_) => true,
        Err(sign_in::SignInError::Password(PasswordRefused::WrongPasswordOrServer)) => false,
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn another_password_opens_the_same_mailbox_and_the_old_one_none() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let mailbox = anna.register(&server, ANNA.0, ANNA.1, NAME).await;
    let to = vec![Address::parse(ANNA.0).unwrap()];
    let letter = Addressed { to, subject: "Minnes".into(), text: "Köp bröd.".into(), ..Addressed::default() };
    let sent = mailbox.send(&anna, &letter).await.unwrap().id;
    let other_device = Person::at(&server);
    drop(other_device.sign_in(&server, ANNA.0, ANNA.1).await);
    let before = (server.messages_to(ANNA.0).await, server.messages_to(ANNA.1).await);

    for weak in ["kort", "Anna Lindqvist 1", "sommar2024sommar"] {
        let refused = change_password(&anna, NAME, weak).await;
        assert!(matches!(refused, Err(ChangePasswordError::WeakPassword(_))), "{weak}");
    }
    assert_eq!(change_password(&anna, NAME, OTHER).await, Ok(Changed::Proved));
    let (mail, sms) = (server.message(ANNA.0, before.0).await, server.message(ANNA.1, before.1).await);
    assert!(mail.contains("Ditt lösenord byttes") && mail.contains("återställningsbladet"), "{mail}");
    assert!(sms.contains("Ditt lösenord byttes"), "{sms}");

    let stranger = Person::at(&server);
    assert!(!proves(&stranger, PASSWORD).await);
    assert!(proves(&stranger, OTHER).await);
    for device in [&anna, &other_device] {
        let mailbox = Mailbox::open(device).await.expect("its session stays");
        mailbox.sync(device).await.unwrap();
        mailbox.read(device, sent).await.expect("the same letters open");
        let newest = mailbox.security_events(device).await.unwrap().events[0];
        assert_eq!(newest.kind, SecurityEventKind::PasswordChanged);
    }
}

/// What a server does to the change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lie {
    /// Answers by the seed of another mailbox, or of another server.
    AnothersAnswer,
    /// Says that it is done, and keeps what it had.
    KeepsTheOld,
    /// Does it, and its answer is lost.
    LosesTheAnswer,
    /// Does it, and can't be asked whether it did.
    CantBeAsked,
}

/// A server that lies, or the way to it.
struct Liar {
    wire: Wire,
    lie: Lie,
    lost: Cell<bool>,
}

impl Transport for Liar {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let path = request.path.clone();
        let asked: Option<PasswordRequest> = serde_json::from_slice(&request.body).ok();
        match self.lie {
            Lie::KeepsTheOld if path.ends_with("/slots/password") => {
                Ok(Response { status: 204, ..Response::default() })
            }
            Lie::CantBeAsked if path.ends_with("/sign-ins") => Err(Unreachable),
            Lie::LosesTheAnswer if path.ends_with("/slots/password") && !self.lost.replace(true) => {
                self.wire.call(request).await?;
                Err(Unreachable)
            }
            Lie::AnothersAnswer if path.ends_with("/slots/password/begin") => {
                let answer = self.wire.call(request).await?;
                let asked = RegistrationRequest::deserialize(&asked.unwrap().request.0).unwrap();
                let another = ServerSetup::<Suite>::new(&mut OsRng);
                let made = ServerRegistration::<Suite>::start(&another, asked, &[7; 16]).unwrap();
                let response = PasswordResponse { response: made.message.serialize().to_vec().into() };
                Ok(Response { body: serde_json::to_vec(&response).unwrap(), ..answer })
            }
            Lie::AnothersAnswer | Lie::KeepsTheOld | Lie::LosesTheAnswer | Lie::CantBeAsked => {
                self.wire.call(request).await
            }
        }
    }
}

/// Anna at a server that does this when she changes her password, and how it ended.
async fn changed(server: &Server, device: &Memory, lie: Lie) -> Result<Changed, ChangePasswordError> {
    let transport = Liar { wire: Wire::to(server.url()), lie, lost: Cell::new(false) };
    change_password(&Person { transport, device: device.clone() }, NAME, OTHER).await
}

/// ATTACKS 58: the person is told at once, while this session still opens the mailbox, and not at the next sign-in.
#[tokio::test(flavor = "current_thread")]
async fn a_server_that_did_not_take_the_new_password_is_found_out_at_once() {
    for lie in [Lie::AnothersAnswer, Lie::KeepsTheOld] {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(Start::demo(folder.path()));
        let anna = Person::at(&server);
        drop(anna.register(&server, ANNA.0, ANNA.1, NAME).await);
        let refused = changed(&server, &anna.device, lie).await.unwrap_err();
        assert_eq!(refused, ChangePasswordError::NotTaken);
        assert_eq!(refused.explain().name, ClientProblem::PasswordNotTaken.into());
        assert_eq!(proves(&Person::at(&server), PASSWORD).await, lie == Lie::KeepsTheOld);
        // What the advice says: this session goes on, and changes it once more.
        assert_eq!(change_password(&anna, NAME, OTHER).await, Ok(Changed::Proved));
        assert!(proves(&Person::at(&server), OTHER).await);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_lost_answer_changes_the_password_once_and_is_told_of_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let anna = Person::at(&server);
    let mailbox = anna.register(&server, ANNA.0, ANNA.1, NAME).await;
    assert_eq!(changed(&server, &anna.device, Lie::LosesTheAnswer).await, Ok(Changed::Proved));
    assert!(proves(&Person::at(&server), OTHER).await);
    let events = mailbox.security_events(&anna).await.unwrap().events;
    assert_eq!(events.iter().filter(|event| event.kind == SecurityEventKind::PasswordChanged).count(), 1);
    let changed = changed(&server, &anna.device, Lie::CantBeAsked).await;
    assert_eq!(changed, Ok(Changed::ByTheServersWord), "and the person is told so");
}
