//! Both from paper, in a server without a network whose clock is ours (PROTOCOL §7, ATTACKS 23).

use std::time::Duration;

use securemailbox_protocol::{
    factors::{Answer, ChooseFactor, EnterProof, FactorKind, OneTimeCode, OneTimeCodes},
    ids::{FactorId, RecoveryId},
    limits,
    octets::Octets,
    sign_in::RecoveryProved,
};
use securemailbox_store::{
    factors::FactorsOf,
    notices::{DueNotice, NoticeContent},
    proofs::HolderId,
    recoveries::{RecoveryError, RecoveryForPassword},
    security::ListSecurityEvents,
};

use super::*;
use crate::{
    api::{
        factors, proofs,
        proofs::tests::{House, caller},
        recoveries,
    },
    notices::text_of,
    session::Token,
};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// Anna has a phone, a recovery sheet and a sheet of one-time codes.
struct Anna<'a> {
    house: &'a House,
    account: AccountId,
    token: Token,
    sheet: FactorId,
    codes: OneTimeCodes,
}

impl<'a> Anna<'a> {
    async fn registered(house: &'a House) -> Self {
        let (token, _) = house.registered().await;
        let session = house.session(&token).await;
        let codes = factors::make_one_time_codes(State(house.mailroom.clone()), session.clone()).await.unwrap().1.0;
        let own = house.mailroom.store.read(FactorsOf { account: session.account }).await.unwrap();
        let sheet = own.iter().find(|factor| factor.kind == FactorKind::OneTimeCodes).unwrap().id;
        house.outbox().await;
        Self { house, account: session.account, token, sheet, codes }
    }

    /// Types a one-time code for a recovery.
    async fn types(&self, id: RecoveryId, code: usize) -> Result<RecoveryProved, ProblemType> {
        types(self.house, self.sheet, &self.codes.codes[code], id).await
    }

    /// Somebody shows both papers.
    async fn shows_papers(&self) -> (RecoveryId, Wait) {
        let (id, _) = self.house.recovery().await.unwrap();
        match self.types(id, 0).await.unwrap() {
            RecoveryProved::Wait(wait) => (id, wait),
            RecoveryProved::Slot(_) => panic!("paper alone"),
        }
    }

    async fn kinds(&self) -> Vec<SecurityEventKind> {
        let asked = ListSecurityEvents { account: self.account, now: self.house.mailroom.now() };
        let events = self.house.mailroom.store.read(asked).await.unwrap();
        events.into_iter().map(|event| event.kind).collect()
    }

    async fn stop(&self) -> Result<StatusCode, ProblemType> {
        let session = self.house.session(&self.token).await;
        let stopped = stop(State(self.house.mailroom.clone()), session, Id(WaitKind::Recovery)).await;
        stopped.map_err(|problem| problem.kind())
    }
}

async fn types(
    house: &House,
    factor: FactorId,
    code: &OneTimeCode,
    id: RecoveryId,
) -> Result<RecoveryProved, ProblemType> {
    proofs::choose(&house.mailroom, HolderId::Recovery(id), &ChooseFactor { factor }, caller(1)).await.unwrap();
    let entered = EnterProof { factor, answer: Answer::OneTimeCode(code.clone()) };
    let entered = proofs::enter_of_recovery(State(house.mailroom.clone()), caller(1), Id(id), Json(entered)).await;
    entered.map(|Json(proved)| proved).map_err(|problem| problem.kind())
}

/// What was put into the outbox at this moment.
async fn announced(house: &House) -> Vec<DueNotice> {
    let now = house.mailroom.now();
    house.outbox().await.into_iter().filter(|notice| notice.created == now).collect()
}

/// What the link of an announcement says.
fn link(house: &House, notice: &DueNotice) -> WaitLink {
    let NoticeContent::Sealed(sealed) = &notice.content else { panic!("sealed") };
    match text_of(&house.mailroom.seal, notice.id, sealed).unwrap() {
        Text::Wait { stop, .. } | Text::BriefWait { stop, .. } => {
            WaitLink { token: Octets(base64url::decode(&stop).unwrap()) }
        }
        _ => panic!("no announcement of what waits"),
    }
}

#[tokio::test]
async fn paper_alone_opens_nothing_before_72_announced_hours_are_over() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let (id, wait) = anna.shows_papers().await;
    assert_eq!((wait.begun, wait.due), (house.mailroom.now(), house.mailroom.now().after(72 * HOUR)));
    let at_once = announced(&house).await;
    assert_eq!(at_once.len(), 2, "the address and the phone, at once, and nothing else of the one-time code");
    at_once.iter().for_each(|notice| drop(link(&house, notice)));
    assert!(anna.kinds().await.contains(&SecurityEventKind::RecoveryBegun));

    let over = async |id| house.mailroom.store.read(RecoveryForPassword { id, now: house.mailroom.now() }).await;
    assert!(matches!(over(id).await, Err(RecoveryError::RecoveryOver)), "nothing is proved");
    let mut told = 0;
    for _ in 0..71 {
        house.wait(HOUR);
        announce_due(&house.mailroom).await.unwrap();
        told += announced(&house).await.len();
        let (id, begun) = house.recovery().await.unwrap();
        assert_eq!(begun.waits, Some(wait));
        assert!(matches!(over(id).await, Err(RecoveryError::RecoveryOver)));
    }
    assert_eq!(told, 4, "by both channels, after a day and after two");
    house.wait(HOUR);
    let (id, _) = house.recovery().await.unwrap();
    assert!(matches!(over(id).await, Err(RecoveryError::RecoveryOver)), "the recovery sheet alone opens nothing");
    assert!(matches!(anna.types(id, 0).await, Ok(RecoveryProved::Slot(_))), "the same code as then");
    assert_eq!(over(id).await.unwrap(), anna.account);
}

/// PROTOCOL §7: whoever found the phone need not wait.
#[tokio::test]
async fn who_waits_may_still_prove_another_thing_than_paper() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    anna.shows_papers().await;
    let (id, begun) = house.recovery().await.unwrap();
    let phone = begun.offered.factors.iter().find(|factor| factor.kind == FactorKind::Phone).unwrap().id;
    let code = house.code(HolderId::Recovery(id), phone).await;
    let entered = EnterProof { factor: phone, answer: code.into() };
    let proved = proofs::enter_of_recovery(State(house.mailroom.clone()), caller(1), Id(id), Json(entered)).await;
    assert!(matches!(proved.unwrap().0, RecoveryProved::Slot(_)));
}

#[tokio::test]
async fn whoever_is_signed_in_stops_it_with_no_fresh_proof_and_the_papers_are_void() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    house.wait(2 * limits::PROOF_LIFE);
    assert_eq!(anna.stop().await, Err(ProblemType::NotFound), "nothing waits");
    let (id, _) = anna.shows_papers().await;
    house.outbox().await;
    assert_eq!(anna.stop().await, Ok(StatusCode::NO_CONTENT));
    assert!(anna.kinds().await.contains(&SecurityEventKind::RecoveryStopped));
    assert_eq!(announced(&house).await.len(), 2, "which is announced as well");
    house.wait(73 * HOUR);
    announce_due(&house.mailroom).await.unwrap();
    assert!(announced(&house).await.is_empty(), "nothing more is said of it");
    assert!(house.recovery().await.is_none(), "the sheet opens nothing");
    assert!(recoveries::of_paper(&house.mailroom, id).await.is_err());
}

#[tokio::test]
async fn the_link_of_each_announcement_stops_it_and_to_look_at_it_changes_nothing() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let (_, wait) = anna.shows_papers().await;
    let mut all = announced(&house).await;
    house.wait(24 * HOUR);
    announce_due(&house.mailroom).await.unwrap();
    all.extend(announced(&house).await);
    assert_eq!(all.len(), 4);
    let state = || State(house.mailroom.clone());
    for notice in &all {
        let found = find(state(), caller(1), Json(link(&house, notice))).await.unwrap();
        assert_eq!(found.0, wait);
    }
    for token in [vec![7; TOKEN], Vec::new(), vec![7; 64]] {
        let nobodys = WaitLink { token: Octets(token) };
        let refused = stop_by_link(state(), caller(1), Json(nobodys)).await.unwrap_err();
        assert_eq!(refused.kind(), ProblemType::NotFound);
    }
    stop_by_link(state(), caller(1), Json(link(&house, &all[3]))).await.unwrap();
    let again = stop_by_link(state(), caller(1), Json(link(&house, &all[0]))).await.unwrap_err();
    assert_eq!(again.kind(), ProblemType::NotFound, "once");
    assert!(anna.kinds().await.contains(&SecurityEventKind::RecoveryStopped));
    assert!(house.recovery().await.is_none());
}

/// It is a row, and its time is the server's clock's.
#[tokio::test]
async fn what_waits_outlives_a_server() {
    let house = House::open().await;
    let anna = Anna::registered(&house).await;
    let (_, wait) = anna.shows_papers().await;
    let (sheet, code) = (anna.sheet, anna.codes.codes[0].clone());
    house.outbox().await;
    house.wait(72 * HOUR);
    let house = house.restarted().await;
    let (id, begun) = house.recovery().await.unwrap();
    assert!(
        !begun.waited && matches!(types(&house, sheet, &code, id).await, Err(ProblemType::CodeUsed)),
        "unannounced"
    );
    announce_due(&house.mailroom).await.unwrap();
    assert_eq!(announced(&house).await.len(), 2, "once for the days that it was down");
    let (_, begun) = house.recovery().await.unwrap();
    let put_off = Wait { due: house.mailroom.now().after(24 * HOUR), ..wait };
    assert_eq!((begun.waits, begun.waited), (Some(put_off), false), "there is a day to say no");
    house.wait(24 * HOUR);
    let (id, begun) = house.recovery().await.unwrap();
    assert!(begun.waited && matches!(types(&house, sheet, &code, id).await, Ok(RecoveryProved::Slot(_))));
}
