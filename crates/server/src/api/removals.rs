//! Removing an account (PROTOCOL §7, §8): by whoever proves its address, or by its owner who is signed in. It waits for seven
//! days, announced, and can be stopped.

use axum::{Json as Answer, extract::State, http::StatusCode};
use securemailbox_protocol::{
    accounts::{NewRegistration, Registration},
    ids::{AccountId, RegistrationId},
    limits,
    problems::{ProblemDetails, ProblemType},
    waits::{Wait, WaitKind},
};
use securemailbox_store::registrations::Wanted;
use securemailbox_store::removals::{AccountToRemove, BeginRemoval, BeginRemovalError};

use super::{Id, proofs, registrations, waits};
use crate::{body::Json, mailroom::Mailroom, networks::Network, problem::Problem, session::Session};

/// Asks that the mailbox of an address be removed, and offers the address to be proved. The answer is the same for an address that
/// has none; only the e-mail differs.
#[utoipa::path(post, path = "/removals", request_body = NewRegistration,
    responses((status = 201, body = Registration), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    network: Network,
    Json(new): Json<NewRegistration>,
) -> Result<(StatusCode, Answer<Registration>), Problem> {
    let begun = registrations::reserve(&mailroom, network, new, Wanted::Removal).await?;
    Ok((StatusCode::CREATED, Answer(begun)))
}

/// The address is proved, as a registration proves it: the account waits to be removed.
#[utoipa::path(post, path = "/removals/{id}/complete", params(("id" = RegistrationId, Path)),
    responses((status = 200, body = Wait), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn complete(
    State(mailroom): State<Mailroom>,
    Id(id): Id<RegistrationId>,
) -> Result<Answer<Wait>, Problem> {
    let account = mailroom.store.read(AccountToRemove { id, now: mailroom.now() }).await?;
    wait(&mailroom, account.ok_or(ProblemType::RegistrationOver)?, Some(id)).await
}

/// Asks that one's own account be removed. Asks for a fresh proof.
#[utoipa::path(post, path = "/account/removal",
    responses((status = 200, body = Wait), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn of_own(State(mailroom): State<Mailroom>, session: Session) -> Result<Answer<Wait>, Problem> {
    proofs::demand_best(&mailroom, &session).await?;
    wait(&mailroom, session.account, None).await
}

async fn wait(
    mailroom: &Mailroom,
    account: AccountId,
    registration: Option<RegistrationId>,
) -> Result<Answer<Wait>, Problem> {
    let wait = waits::new(mailroom, account, WaitKind::Removal).await?;
    let begun = mailroom.store.write(BeginRemoval { account, registration, wait }).await.map_err(refused)?;
    waits::ring(mailroom);
    Ok(Answer(begun))
}

fn refused(error: BeginRemovalError) -> Problem {
    match error {
        BeginRemovalError::NotProved => ProblemType::RegistrationOver.into(),
        BeginRemovalError::TooOften => {
            Problem::new(ProblemType::TooManyRequests).retry_after(limits::ANNOUNCED_WITHIN.as_secs())
        }
        BeginRemovalError::Store(error) => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use securemailbox_protocol::{
        accounts::Language,
        address::Address,
        factors::{ChooseFactor, Code, EnterProof},
    };
    use securemailbox_store::{
        accounts::AccountById,
        notices::{DueNotice, NoticeContent},
        proofs::HolderId,
        sessions::SessionByToken,
    };

    use super::*;
    use crate::{
        api::proofs::tests::{House, caller},
        notices::{Text, language_of, text_of},
    };

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn says(house: &House, notice: &DueNotice) -> Text {
        let NoticeContent::Sealed(sealed) = &notice.content else { panic!("sealed") };
        text_of(&house.mailroom.seal, notice.id, sealed).unwrap()
    }

    /// What was put into the outbox at this moment.
    async fn told(house: &House) -> Vec<Text> {
        let now = house.mailroom.now();
        let due = house.outbox().await;
        due.iter().filter(|notice| notice.created == now).map(|notice| says(house, notice)).collect()
    }

    /// PROTOCOL §9a; ATTACKS 27: asked by a stranger, who reads nobody's e-mail.
    #[tokio::test]
    async fn an_address_without_a_mailbox_is_answered_alike_and_only_its_e_mail_differs() {
        let house = House::open().await;
        house.registered().await;
        house.outbox().await;
        let mut said = Vec::new();
        for address in ["anna@demo.example", "nobody@demo.example"] {
            let state = || State(house.mailroom.clone());
            let new = NewRegistration { address: Address::parse(address).unwrap(), language: Language::Sv };
            let (status, Answer(begun)) = begin(state(), caller(1).network, Json(new)).await.unwrap();
            let [offer] = begun.offers.as_slice() else { panic!("one offer") };
            let choice = ChooseFactor { factor: offer.id };
            house.wait(Duration::from_secs(1));
            let chosen = proofs::of_registration(state(), caller(1), Id(begun.id), Json(choice)).await.unwrap();
            said.push(told(&house).await.remove(0));
            let entered = EnterProof { factor: offer.id, answer: Code::parse("000000").unwrap().into() };
            let wrong = proofs::enter_of_registration(state(), caller(1), Id(begun.id), Json(entered)).await;
            assert_eq!((status, chosen.status()), (StatusCode::CREATED, StatusCode::NO_CONTENT));
            assert_eq!(wrong.unwrap_err().kind(), ProblemType::CodeRefused);
            let early = complete(state(), Id(begun.id)).await.unwrap_err();
            assert_eq!(early.kind(), ProblemType::RegistrationOver);
            house.wait(Duration::from_secs(60));
        }
        assert!(matches!(said[0], Text::RemovalCode { .. }));
        assert!(matches!(said[1], Text::NotHere));
    }

    /// A stranger who asks chooses no language for whoever has the mailbox.
    #[tokio::test]
    async fn an_owner_is_written_to_in_their_own_language() {
        let house = House::open().await;
        house.registered().await; // Swedish
        house.outbox().await;
        let state = || State(house.mailroom.clone());
        let new = || NewRegistration { address: Address::parse("anna@demo.example").unwrap(), language: Language::En };
        let (_, Answer(removal)) = begin(state(), caller(1).network, Json(new())).await.unwrap();
        let (_, Json(registration)) = registrations::begin(state(), caller(1).network, Json(new())).await.unwrap();
        for begun in [removal, registration] {
            let choice = ChooseFactor { factor: begun.offers[0].id };
            house.wait(Duration::from_secs(60));
            proofs::of_registration(state(), caller(1), Id(begun.id), Json(choice)).await.unwrap();
            let now = house.mailroom.now();
            let due = house.outbox().await;
            let newest = due.iter().find(|notice| notice.created == now).expect("an e-mail");
            let NoticeContent::Sealed(sealed) = &newest.content else { panic!("sealed") };
            assert_eq!(language_of(&house.mailroom.seal, newest.id, sealed), Some(Language::Sv));
        }
    }

    #[tokio::test]
    async fn a_removal_that_is_asked_for_too_often_in_a_day_is_refused_and_says_when_to_come_back() {
        let house = House::open().await;
        let (token, _) = house.registered().await;
        let state = || State(house.mailroom.clone());
        for _ in 0..limits::WAITS_A_DAY {
            let _waits = of_own(state(), house.session(&token).await).await.unwrap();
            let session = house.session(&token).await;
            waits::stop(state(), session, Id(WaitKind::Removal)).await.unwrap();
            house.wait(Duration::from_secs(1));
        }
        let refused = of_own(state(), house.session(&token).await).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemType::TooManyRequests);
    }

    #[tokio::test]
    async fn an_account_is_removed_after_seven_announced_days_and_its_address_is_free() {
        let house = House::open().await;
        let (token, _) = house.registered().await;
        let account = house.session(&token).await.account;
        let state = |house: &House| State(house.mailroom.clone());
        house.wait(Duration::from_secs(16 * 60));
        let stale = of_own(state(&house), house.session(&token).await).await.unwrap_err();
        assert_eq!(stale.kind(), ProblemType::ProofRequired);

        let new = NewRegistration { address: Address::parse("anna@demo.example").unwrap(), language: Language::Sv };
        let (_, Answer(begun)) = begin(state(&house), caller(1).network, Json(new)).await.unwrap();
        let factor = begun.offers[0].id;
        let code = house.code(HolderId::Registration(begun.id), factor).await;
        let entered = EnterProof { factor, answer: code.into() };
        proofs::enter_of_registration(state(&house), caller(1), Id(begun.id), Json(entered)).await.unwrap();
        house.wait(Duration::from_secs(1));
        let Answer(wait) = complete(state(&house), Id(begun.id)).await.unwrap();
        assert_eq!((wait.kind, wait.due), (WaitKind::Removal, house.mailroom.now().after(7 * DAY)));
        assert_eq!(told(&house).await.len(), 2, "the address and the phone");
        let mut announced = 0;
        for _ in 0..6 {
            house.wait(DAY);
            waits::announce_due(&house.mailroom).await.unwrap();
            waits::remove_due(&house.mailroom).await.unwrap();
            announced += told(&house).await.len();
            assert!(house.mailroom.store.read(AccountById { account }).await.unwrap().is_some());
        }
        assert_eq!(announced, 6, "by both channels, after two, four and six days");
        house.wait(DAY);
        let house = house.restarted().await;
        waits::remove_due(&house.mailroom).await.unwrap();
        let said = told(&house).await;
        assert!(said.contains(&Text::Removed) && said.contains(&Text::BriefRemoved), "and that it is done");
        let session = SessionByToken { token_hash: token.hash(), now: wait.begun };
        assert!(house.mailroom.store.read(session).await.unwrap().is_none());
        house.mailroom.store.erase_removed().await.unwrap(); // as the sweep does next
        assert!(
            house.mailroom.store.read(AccountById { account }).await.unwrap().is_none(),
            "nobody has a letter of hers"
        );
        house.registered().await;
    }
}
