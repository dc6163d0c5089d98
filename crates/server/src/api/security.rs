//! Security events (PROTOCOL §6): what was done about who may open a mailbox, listed, and announced as it is done.

use axum::extract::State;
use securemailbox_protocol::{
    factors::FactorKind,
    ids::{AccountId, SessionId},
    problems::{ProblemDetails, ProblemType},
    security::{SecurityEvent, SecurityEventKind, SecurityEvents},
};
use securemailbox_store::{
    Act,
    accounts::AccountById,
    factors::FactorsOf,
    notices::{Lane, NewNotice},
    security::{self, ListSecurityEvents, Noted},
    sessions::NewSession,
};

use crate::{
    body::Json,
    devices::PresentedDevice,
    mailroom::Mailroom,
    notices::{Recipient, Text, seal_notice},
    problem::Problem,
    session::Session,
};

/// What was done about who may open this mailbox, newest first.
#[utoipa::path(get, path = "/account/security-events",
    responses((status = 200, body = SecurityEvents), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn list(State(mailroom): State<Mailroom>, session: Session) -> Result<Json<SecurityEvents>, Problem> {
    let rows = mailroom.store.read(ListSecurityEvents { account: session.account, now: mailroom.now() }).await?;
    let event = |row: security::SecurityEvent| {
        let security::SecurityEvent { kind, session: of, at } = row;
        SecurityEvent { kind, at, session: of, current: of == session.id }
    };
    Ok(Json(SecurityEvents { events: rows.into_iter().map(event).collect() }))
}

/// Does an act that is a security event: it is done, written down and announced to every proved channel, or none of them.
pub(super) async fn write_noted<A: Act>(
    mailroom: &Mailroom,
    account: AccountId,
    session: SessionId,
    kind: SecurityEventKind,
    act: A,
) -> Result<A::Output, Problem>
where
    Problem: From<A::Error>,
{
    let event = security::SecurityEvent { kind, session, at: mailroom.now() };
    let notices = announcement(mailroom, account, event).await?;
    let done = mailroom.store.write(Noted { act, account, event, notices }).await?;
    ring(mailroom);
    Ok(done)
}

/// Something happened that changes nothing: it is written down and announced.
pub(super) async fn happened(
    mailroom: &Mailroom,
    account: AccountId,
    session: SessionId,
    kind: SecurityEventKind,
) -> Result<(), Problem> {
    let event = security::SecurityEvent { kind, session, at: mailroom.now() };
    let notices = announcement(mailroom, account, event).await?;
    mailroom.store.write(security::Happened { account, event, notices }).await?;
    ring(mailroom);
    Ok(())
}

/// What announces an event, one for each channel of the account: its address, and its phones.
pub(super) async fn announcement(
    mailroom: &Mailroom,
    account: AccountId,
    security::SecurityEvent { kind: event, at, .. }: security::SecurityEvent,
) -> Result<Vec<NewNotice>, Problem> {
    let (long, brief) = (Text::SecurityEvent { event, at }, Text::BriefSecurityEvent { event, at });
    to_every_channel(mailroom, account, &long, &brief).await
}

/// An e-mail to the address of an account, and an SMS to each of its phones.
pub(super) async fn to_every_channel(
    mailroom: &Mailroom,
    account: AccountId,
    long: &Text,
    brief: &Text,
) -> Result<Vec<NewNotice>, Problem> {
    let row = mailroom.store.read(AccountById { account }).await?.ok_or(ProblemType::NotFound)?;
    let factors = mailroom.store.read(FactorsOf { account }).await?;
    let address = Recipient::Email(mailroom.seal.address(account, &row.address_sealed)?);
    let mut rng = mailroom.rng();
    let mut notices = vec![seal_notice(&mailroom.seal, &address, row.language, long, &mut rng)];
    for factor in factors.iter().filter(|factor| matches!(factor.kind, FactorKind::Phone | FactorKind::ReservePhone)) {
        let phone = Recipient::Phone(mailroom.seal.phone(account, factor.id, &factor.sealed)?);
        notices.push(seal_notice(&mailroom.seal, &phone, row.language, brief, &mut rng));
    }
    Ok(notices)
}

/// A session that is about to begin on this device, with what tells its owner if the device is new: known is one that signed in
/// to this mailbox before and has not signed out or been put out since.
pub(super) async fn on_device(
    mailroom: &Mailroom,
    account: AccountId,
    device: PresentedDevice,
    session: NewSession,
) -> Result<NewSession, Problem> {
    if device.known_still(mailroom, account).await?.is_some() {
        return Ok(session);
    }
    let (kind, at) = (SecurityEventKind::NewDevice, session.now);
    let event = security::SecurityEvent { kind, session: session.id, at };
    let new_device = Some(announcement(mailroom, account, event).await?);
    Ok(NewSession { new_device, ..session })
}

/// Wakes the lanes of an announcement.
pub(super) fn ring(mailroom: &Mailroom) {
    for lane in [Lane::Emails, Lane::Texts] {
        mailroom.notices.ring(lane);
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use axum::{
        body::Body,
        http::{Request, StatusCode, header},
    };
    use http_body_util::BodyExt;
    use securemailbox_protocol::{
        accounts::PasswordRequest,
        endpoints::{self, ROOT},
        factors::{FactorOffer, Factors},
        ids::{FactorId, SignInId, SlotId},
        limits,
        octets::Octets,
        opaque::{
            KeyStretching, Suite,
            opaque_ke::{
                ClientRegistration, ClientRegistrationFinishParameters, ClientRegistrationStartResult, Identifiers,
                RegistrationResponse,
            },
        },
        records::{KEYRING_VERSION, RecordPurpose},
        renewals::Renewal,
        sessions::SessionDelivery,
        slots::{NewPasswordSlot, NewRecoverySlot},
        sync::Changes,
    };
    use securemailbox_store::{
        notices::ClaimNotices,
        proofs::HolderId,
        sessions::StepUp,
        sign_in::{BeginSignIn, PasswordProved, SigningIn, TakeSignInState},
    };
    use serde_json::Value;
    use tower::ServiceExt;

    use super::*;
    use crate::{
        api::proofs::tests::House,
        devices::KnownDevice,
        session::{self, Token},
    };

    /// What asks a session for a fresh proof at the account's best level (PROTOCOL §6). `PUT /records/{id}` asks for the
    /// keyring only.
    const ASK: [(&str, &str); 15] = [
        ("POST", "/account/removal"),
        ("PUT", "/slots/recovery"),
        ("POST", "/slots/password/begin"),
        ("PUT", "/slots/password"),
        ("DELETE", "/slots/password"),
        ("PUT", "/records/{id}"),
        ("DELETE", "/sessions/{id}"),
        ("DELETE", "/sessions/others"),
        ("DELETE", "/factors/{id}"),
        ("POST", "/factors/authenticator"),
        ("POST", "/factors/phones"),
        ("POST", "/factors/one-time-codes"),
        ("POST", "/passkeys"),
        ("PUT", "/renewal/records/{id}"),
        ("POST", "/renewal"),
    ];
    /// What asks for none: it reads, or writes what opens no mailbox.
    const ASK_NOT: [(&str, &str); 53] = [
        // Whoever is signed in can say no.
        ("DELETE", "/waits/{id}"),
        ("GET", "/factors"),
        ("GET", "/invitations"),
        ("PATCH", "/invitations/{id}"),
        ("POST", "/invitations/{id}/reminder"),
        ("POST", "/invitations/{id}/tries"),
        // They destroy no more than withdrawing each letter, or erasing it, does.
        ("DELETE", "/invitations/{id}"),
        ("POST", "/invitations/decline"),
        // It brings letters, and takes none; the key that opens them comes by a replacement of the keyring, which asks for one.
        ("POST", "/claims"),
        ("POST", "/factors/{id}/proofs"),
        ("POST", "/factors/{id}/proofs/enter"),
        ("GET", "/account"),
        ("PATCH", "/account"),
        // A page opens nothing of the mailbox, and takes nothing from it.
        ("GET", "/account/page"),
        ("PUT", "/account/page"),
        ("DELETE", "/account/page"),
        ("GET", "/account/security-events"),
        ("GET", "/sessions"),
        ("POST", "/sessions/current/unlock"),
        ("GET", "/sessions/current/proofs"),
        ("POST", "/sessions/current/proofs"),
        ("POST", "/sessions/current/proofs/enter"),
        ("PUT", "/slots/device"),
        ("GET", "/slots/device"),
        ("GET", "/passkeys"),
        // It destroys no more than emptying the trash does.
        ("POST", "/letters/keys"),
        // They go on with what was begun after a proof.
        ("POST", "/passkeys/{id}/made"),
        ("POST", "/passkeys/{id}/used"),
        ("GET", "/records/{id}"),
        ("DELETE", "/records/{id}"),
        ("POST", "/directory/look-ups"),
        ("POST", "/directory/numbers"),
        ("GET", "/directory/certificates/{hash}"),
        ("POST", "/letters"),
        ("GET", "/letters"),
        ("GET", "/letters/{id}"),
        ("PATCH", "/letters/{id}"),
        ("POST", "/letters/{id}/receipt"),
        ("POST", "/letters/{id}/withdraw"),
        ("POST", "/letters/release"),
        ("POST", "/letters/take-back"),
        ("GET", "/letters/{id}/deliveries"),
        ("POST", "/letters/{id}/saved"),
        // What is uploaded counts in the mailbox, and opens nothing.
        ("POST", "/blobs"),
        ("HEAD", "/blobs/{id}"),
        ("PATCH", "/blobs/{id}"),
        ("DELETE", "/blobs/{id}"),
        ("POST", "/trash/empty"),
        ("GET", "/changes"),
        ("GET", "/ids/letters"),
        ("GET", "/ids/drafts"),
        // They end what a session may do, so they come last.
        ("DELETE", "/slots/device"),
        ("DELETE", "/sessions/current"),
    ];
    /// They answer by a stream: a letter's content and its files, which ask for the level of its sender, and events.
    const STREAMS: [(&str, &str); 3] = [("GET", "/letters/{id}/content"), ("GET", "/blobs/{id}"), ("GET", "/events")];

    struct Asker<'a> {
        house: &'a House,
        token: Token,
        phone: FactorId,
    }

    impl Asker<'_> {
        async fn call(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> (StatusCode, Value) {
            let request = Request::builder()
                .method(method)
                .uri(format!("{ROOT}{path}"))
                .header(header::AUTHORIZATION, format!("Bearer {}", self.token.to_text()))
                .header(header::CONTENT_TYPE, kind)
                .header(header::IF_MATCH, "\"1\"")
                .header(KEYRING_VERSION, "1")
                .body(Body::from(body))
                .unwrap();
            let router = crate::api::router().0.with_state(self.house.mailroom.clone());
            let answer = router.oneshot(request).await.unwrap();
            let (status, body) = (answer.status(), answer.into_body().collect().await.unwrap().to_bytes());
            (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
        }

        async fn read<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
            serde_json::from_value(self.call("GET", path, "application/json", Vec::new()).await.1).unwrap()
        }

        async fn replace_sheet(&self) -> (StatusCode, Value) {
            let id = SlotId::new(self.house.mailroom.now(), &mut self.house.mailroom.rng());
            let slot = NewRecoverySlot { id, sealed: Octets(vec![1; 80]), proof: Octets(vec![2; 32]) };
            self.call("PUT", "/slots/recovery", "application/json", serde_json::to_vec(&slot).unwrap()).await
        }

        /// The first message of another password, whose record fits whatever the server answers.
        fn other_password(&self) -> (ClientRegistrationStartResult<Suite>, Vec<u8>) {
            let begun = ClientRegistration::<Suite>::start(&mut self.house.mailroom.rng(), b"another one").unwrap();
            let request = PasswordRequest { request: begun.message.serialize().to_vec().into() };
            (begun, serde_json::to_vec(&request).unwrap())
        }

        async fn begin_password(&self) -> (StatusCode, Value) {
            self.call("POST", "/slots/password/begin", "application/json", self.other_password().1).await
        }

        /// A slot that the server takes.
        async fn password_slot(&self) -> NewPasswordSlot {
            let mailroom = &self.house.mailroom;
            let account = self.house.session(&self.token).await.account;
            let (begun, _) = self.other_password();
            let answer = mailroom.opaque.register(&begun.message.serialize(), account.as_bytes()).unwrap();
            let answer = RegistrationResponse::deserialize(&answer).unwrap();
            let cheap = KeyStretching::cheap_for_tests();
            let parameters = ClientRegistrationFinishParameters::new(Identifiers::default(), Some(&cheap));
            let made = begun.state.finish(&mut mailroom.rng(), b"another one", answer, parameters).unwrap();
            let id = SlotId::new(mailroom.now(), &mut mailroom.rng());
            let opaque_record = Octets(made.message.serialize().to_vec());
            NewPasswordSlot { id, sealed: Octets(vec![1; 80]), opaque_record }
        }

        async fn put_password(&self, slot: &NewPasswordSlot) -> (StatusCode, Value) {
            self.call("PUT", "/slots/password", "application/json", serde_json::to_vec(slot).unwrap()).await
        }

        async fn replace_keyring(&self) -> (StatusCode, Value) {
            let Changes { records, .. } = self.read("/changes?since=0&only=records").await;
            let keyring = records.iter().find(|record| record.head.purpose == RecordPurpose::Keyring).unwrap();
            let path = format!("/records/{}?purpose=keyring", keyring.head.id);
            self.call("PUT", &path, "application/octet-stream", vec![3; 300]).await
        }

        /// Seals a record anew.
        async fn stage(&self, purpose: RecordPurpose) -> (StatusCode, Value) {
            let Changes { records, .. } = self.read("/changes?since=0&only=records").await;
            let record = records.iter().find(|record| record.head.purpose == purpose).unwrap();
            let path = format!("/renewal/records/{}?purpose={}", record.head.id, purpose.as_str());
            self.call("PUT", &path, "application/octet-stream", vec![4; 300]).await
        }

        async fn renew(&self) -> (StatusCode, Value) {
            let id = SlotId::new(self.house.mailroom.now(), &mut self.house.mailroom.rng());
            let renewal = Renewal {
                certificate: Octets(vec![5; 300]),
                password: self.password_slot().await,
                recovery: NewRecoverySlot { id, sealed: Octets(vec![1; 80]), proof: Octets(vec![2; 32]) },
                session: SessionDelivery::Bearer,
            };
            self.call("POST", "/renewal", "application/json", serde_json::to_vec(&renewal).unwrap()).await
        }

        async fn end(&self, session: SessionId) -> (StatusCode, Value) {
            self.call("DELETE", &format!("/sessions/{session}"), "application/json", Vec::new()).await
        }

        async fn end_others(&self) -> (StatusCode, Value) {
            self.call("DELETE", "/sessions/others", "application/json", Vec::new()).await
        }

        async fn remove_password(&self) -> (StatusCode, Value) {
            self.call("DELETE", "/slots/password", "application/json", Vec::new()).await
        }

        /// A second session of the same account, as after a sign-in on another device.
        async fn second_session(&self) -> SessionId {
            let account = self.house.session(&self.token).await.account;
            let (mailroom, now) = (&self.house.mailroom, self.house.mailroom.now());
            let id = SignInId::new(now, &mut mailroom.rng());
            mailroom.store.write(BeginSignIn { id, account: Some(account), state: Vec::new(), now }).await.unwrap();
            mailroom.store.write(TakeSignInState { id, now }).await.unwrap();
            mailroom.store.write(PasswordProved { id, now }).await.unwrap();
            let code = self.house.code(HolderId::SignIn(id), self.phone).await;
            let session = session::fresh(mailroom, &Token::generate(mailroom), KnownDevice::of_a_test(1));
            self.house.enter(SigningIn { id, session: session.clone() }, self.phone, code).await.unwrap();
            session.id
        }

        async fn prove(&self) {
            let id = self.house.session(&self.token).await.id;
            let code = self.house.code(HolderId::Session(id), self.phone).await;
            self.house.enter(StepUp(id), self.phone, code).await.unwrap();
        }

        async fn kinds(&self) -> Vec<SecurityEventKind> {
            let SecurityEvents { events } = self.read("/account/security-events").await;
            events.into_iter().map(|event| event.kind).collect()
        }

        /// How many e-mails and SMS wait, and go.
        async fn sent(&self) -> [usize; 2] {
            let now = self.house.mailroom.now();
            let until = now.after(Duration::from_secs(60 * 60 * 24 * 30));
            let mut sent = [0; 2];
            for (count, lane) in sent.iter_mut().zip([Lane::Emails, Lane::Texts]) {
                let claim = ClaimNotices { lane, now, limit: 100, until };
                *count = self.house.mailroom.store.write(claim).await.unwrap().len();
            }
            sent
        }
    }

    async fn asker(house: &House) -> Asker<'_> {
        let (token, phone) = house.registered().await;
        let asker = Asker { house, token, phone };
        asker.sent().await;
        asker
    }

    /// PROTOCOL §6; ATTACKS 45. A new route must say which it is.
    #[tokio::test]
    async fn a_session_that_was_proved_sixteen_minutes_ago_replaces_nothing() {
        let listed: BTreeSet<_> = ASK.into_iter().chain(ASK_NOT).chain(STREAMS).collect();
        let of_sessions = endpoints::ALL.iter().map(|(method, path)| (method.as_str(), *path));
        let of_sessions: BTreeSet<_> = of_sessions.filter(|(_, path)| !endpoints::is_of_strangers(path)).collect();
        assert_eq!(listed, of_sessions);

        let house = House::open().await;
        let asker = asker(&house).await;
        let other = asker.second_session().await;
        let made = asker.call("POST", "/factors/one-time-codes", "application/json", Vec::new()).await;
        assert_eq!(made.0, StatusCode::CREATED);
        let Factors { factors } = asker.read("/factors").await;
        let sheet = factors.iter().find(|factor| factor.kind == FactorKind::OneTimeCodes).unwrap().id;
        asker.sent().await;
        house.wait(Duration::from_secs(16 * 60));
        let asks_for_a_proof = |(status, problem): (StatusCode, Value)| {
            assert_eq!((status, &problem["type"]), (StatusCode::FORBIDDEN, &"/problems/proof-required".into()));
            let offers: Vec<FactorOffer> = serde_json::from_value(problem["offers"].clone()).unwrap();
            offers
        };
        let phone = FactorOffer { id: asker.phone, kind: FactorKind::Phone, hint: "12".into() };
        let paper = FactorOffer { id: sheet, kind: FactorKind::OneTimeCodes, hint: String::new() };
        for answer in [
            asker.replace_sheet().await,
            asker.begin_password().await,
            asker.put_password(&asker.password_slot().await).await,
            asker.replace_keyring().await,
            asker.end(other).await,
            asker.stage(RecordPurpose::Settings).await,
            asker.renew().await,
            asker.end_others().await,
            asker.remove_password().await,
        ] {
            assert_eq!(asks_for_a_proof(answer), std::slice::from_ref(&phone));
        }
        for (method, path, body) in [
            ("DELETE", format!("/factors/{sheet}").as_str(), ""),
            ("POST", "/factors/authenticator", ""),
            ("POST", "/factors/phones", r#"{"phone":"+46701740622","role":"reserve"}"#),
            ("POST", "/factors/one-time-codes", ""),
            ("POST", "/passkeys", ""),
        ] {
            let offers = asks_for_a_proof(asker.call(method, path, "application/json", body.into()).await);
            assert_eq!(offers, [phone.clone(), paper.clone()], "what is kept in reserve is enough");
        }
        let before = [SecurityEventKind::OneTimeCodesMade, SecurityEventKind::SignedIn, SecurityEventKind::SignedIn];
        assert_eq!(asker.kinds().await, before, "nothing was done");
        assert_eq!(asker.sent().await, [0, 0]);

        for (method, path) in ASK_NOT {
            let id = "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11";
            let named = path.replace("{id}", id).replace("{hash}", &"A".repeat(43));
            let (_, answer) = asker.call(method, &named, "application/json", b"{}".to_vec()).await;
            assert_ne!(answer["type"], "/problems/proof-required", "{method} {path}");
        }
    }

    #[tokio::test]
    async fn what_is_replaced_after_a_proof_is_listed_and_announced_to_every_channel_once() {
        let house = House::open().await;
        let asker = asker(&house).await;
        let other = asker.second_session().await;
        house.wait(Duration::from_secs(16 * 60));
        asker.prove().await;
        house.wait(Duration::from_secs(1));
        assert_eq!(asker.replace_sheet().await.0, StatusCode::NO_CONTENT);
        assert_eq!(asker.sent().await, [1, 1]);
        house.wait(Duration::from_secs(1));
        let (status, head) = asker.replace_keyring().await;
        assert_eq!(status, StatusCode::OK, "{head}");
        assert_eq!(asker.sent().await, [1, 1]);
        house.wait(Duration::from_secs(1));
        assert_eq!(asker.end(other).await.0, StatusCode::NO_CONTENT);
        assert_eq!(asker.sent().await, [1, 1]);
        house.wait(Duration::from_secs(1));
        // The second sheet of a day costs no second SMS.
        assert_eq!(asker.replace_sheet().await.0, StatusCode::NO_CONTENT);
        assert_eq!(asker.sent().await, [1, 0]);
        let kinds = asker.kinds().await;
        let done = [
            SecurityEventKind::SheetReplaced,
            SecurityEventKind::SessionEnded,
            SecurityEventKind::KeyringReplaced,
            SecurityEventKind::SheetReplaced,
        ];
        assert_eq!(kinds[..4], done);
        let SecurityEvents { events } = asker.read("/account/security-events").await;
        assert!(events[1].session == other && !events[1].current, "the session that was ended");
        assert!(events[0].current);
    }

    /// PROTOCOL §10.
    #[tokio::test]
    async fn a_renewal_takes_the_place_of_everything_at_once_and_ends_every_session() {
        let house = House::open().await;
        let asker = asker(&house).await;
        asker.second_session().await;
        house.wait(Duration::from_secs(1));
        assert_eq!(asker.stage(RecordPurpose::Settings).await.0, StatusCode::NO_CONTENT);
        let (status, problem) = asker.renew().await;
        assert_eq!((status, &problem["type"]), (StatusCode::PRECONDITION_FAILED, &"/problems/stale-version".into()));
        assert_eq!(asker.stage(RecordPurpose::Keyring).await.0, StatusCode::NO_CONTENT);
        let (status, begun) = asker.renew().await;
        assert_eq!(status, StatusCode::CREATED, "{begun}");
        assert_eq!(asker.sent().await, [1, 1]);
        assert_eq!(asker.replace_sheet().await.0, StatusCode::UNAUTHORIZED, "its own session ended too");
        let token = Token::parse(begun["token"].as_str().unwrap()).unwrap();
        let new = Asker { house: asker.house, token, phone: asker.phone };
        let sessions: Value = new.read("/sessions").await;
        assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1, "{sessions}");
        assert!(new.kinds().await.contains(&SecurityEventKind::KeysRenewed));
        assert_eq!(new.replace_keyring().await.0, StatusCode::PRECONDITION_FAILED, "it has its next version");
    }

    /// PROTOCOL §9a, Another password.
    #[tokio::test]
    async fn another_password_is_announced_once_however_often_its_answer_was_lost() {
        let house = House::open().await;
        let asker = asker(&house).await;
        house.wait(Duration::from_secs(1));
        let slot = asker.password_slot().await;
        for _ in 0..2 {
            let (status, problem) = asker.put_password(&slot).await;
            assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
        }
        assert_eq!(asker.sent().await, [1, 1]);
        house.wait(Duration::from_secs(1));
        let (status, problem) = asker.put_password(&asker.password_slot().await).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "{problem}");
        assert_eq!(asker.sent().await, [1, 0], "another one is told of, by e-mail");
        let changed = [SecurityEventKind::PasswordChanged; 2];
        assert_eq!(asker.kinds().await[..2], changed);
        let no_record = NewPasswordSlot { opaque_record: Octets(vec![0; 192]), ..slot };
        assert_eq!(asker.put_password(&no_record).await.0, StatusCode::BAD_REQUEST, "nobody could sign in with it");
    }

    /// Each answer is what a guess at the old password needs, so they are as few as a day's changes (ATTACKS 59).
    #[tokio::test]
    async fn a_session_with_a_proof_asks_so_often_and_not_once_more() {
        let house = House::open().await;
        let asker = asker(&house).await;
        let mut answered = 0;
        while answered < 1000 && asker.begin_password().await.0 == StatusCode::OK {
            answered += 1;
        }
        assert_eq!(answered, 2 * limits::PASSWORDS_A_DAY);
        assert_eq!(asker.put_password(&asker.password_slot().await).await.0, StatusCode::TOO_MANY_REQUESTS);
    }

    /// PROTOCOL §6; ATTACKS 68.
    #[tokio::test]
    async fn all_other_sessions_end_at_once_and_it_is_told_once() {
        let house = House::open().await;
        let asker = asker(&house).await;
        let others = [asker.second_session().await, asker.second_session().await];
        house.wait(Duration::from_secs(1));
        for _ in 0..2 {
            assert_eq!(asker.end_others().await.0, StatusCode::NO_CONTENT);
        }
        assert_eq!(asker.sent().await, [1, 1], "where there is no other session nothing is done");
        assert_eq!(asker.kinds().await[0], SecurityEventKind::OtherSessionsEnded);
        for other in others {
            assert_eq!(asker.end(other).await.0, StatusCode::NOT_FOUND);
        }
        assert_eq!(asker.kinds().await.len(), 4, "the session that asked goes on");
    }

    #[tokio::test]
    async fn a_session_ends_itself_without_a_proof_and_says_nothing_of_it() {
        let house = House::open().await;
        let asker = asker(&house).await;
        house.wait(Duration::from_secs(16 * 60));
        let own = house.session(&asker.token).await.id;
        assert_eq!(asker.end(own).await.0, StatusCode::NO_CONTENT);
        assert_eq!(asker.sent().await, [0, 0]);
        assert_eq!(asker.replace_sheet().await.1["type"], "/problems/not-signed-in");
    }

    /// PROTOCOL §6: what is written by itself, as a sync does, asks nobody for anything.
    #[tokio::test]
    async fn contacts_settings_and_drafts_are_written_without_a_proof() {
        let house = House::open().await;
        let asker = asker(&house).await;
        house.wait(Duration::from_secs(16 * 60));
        let Changes { records, .. } = asker.read("/changes?since=0&only=records").await;
        let settings = records.iter().find(|record| record.head.purpose == RecordPurpose::Settings).unwrap();
        let path = format!("/records/{}?purpose=settings", settings.head.id);
        let (status, head) = asker.call("PUT", &path, "application/octet-stream", vec![3; 300]).await;
        assert_eq!(status, StatusCode::OK, "{head}");
    }
}
