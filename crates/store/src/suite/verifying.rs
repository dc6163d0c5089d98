//! PROTOCOL §5: a domain is looked up once, whoever asks at once, and verified for as long as its record was found lately.

use std::time::Duration;

use securemailbox_protocol::{address::Domain, time::Timestamp};

use super::{
    on_both,
    people::{NOW, later},
};
use crate::{
    Store,
    domains::{ClaimDomain, DomainLookedUp, IsDue, IsProved, LookedUp, PROVED_FOR},
    jobs::Sweep,
};

on_both! {
    a_domain_is_claimed_once_and_again_when_it_is_due
    a_name_outlives_a_resolver_that_is_away_and_no_record_that_is_gone
    what_nobody_looks_up_any_more_is_forgotten
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn domain() -> Domain {
    Domain::parse("vård.example.se").unwrap()
}

async fn claim(store: &Store, now: Timestamp, until: Timestamp) -> bool {
    store.write(ClaimDomain { domain: domain(), now, until }).await.unwrap()
}

async fn proved(store: &Store, now: Timestamp) -> bool {
    store.read(IsProved { domain: domain(), now }).await.unwrap()
}

/// Looks it up, and again a day later.
async fn look_up(store: &Store, outcome: LookedUp, now: Timestamp) {
    let claimed_until = now.after(Duration::from_secs(60));
    assert!(claim(store, now, claimed_until).await, "it is due");
    let next_due = now.after(DAY);
    store.write(DomainLookedUp { domain: domain(), claimed_until, outcome, now, next_due }).await.unwrap();
}

async fn a_domain_is_claimed_once_and_again_when_it_is_due(store: Store) {
    assert!(store.read(IsDue { domain: domain(), now: NOW }).await.unwrap());
    let at_once: Vec<_> = (0..8).map(|_| (store.clone(), later(60))).collect();
    let claims = at_once.into_iter().map(|(store, until)| tokio::spawn(async move { claim(&store, NOW, until).await }));
    let mut claimed = 0;
    for one in claims.collect::<Vec<_>>() {
        claimed += u32::from(one.await.unwrap());
    }
    assert_eq!(claimed, 1);
    assert!(!store.read(IsDue { domain: domain(), now: later(59) }).await.unwrap());
    assert!(!claim(&store, later(59), later(200)).await);
    // Whoever had it was killed.
    assert!(claim(&store, later(60), later(120)).await);
    let too_late = DomainLookedUp {
        domain: domain(),
        claimed_until: later(60),
        outcome: LookedUp::Found,
        now: later(61),
        next_due: later(61).after(DAY),
    };
    store.write(too_late).await.unwrap();
    assert!(!proved(&store, later(61)).await, "the claim is somebody else's");
}

async fn a_name_outlives_a_resolver_that_is_away_and_no_record_that_is_gone(store: Store) {
    assert!(!proved(&store, NOW).await);
    look_up(&store, LookedUp::Found, NOW).await;
    assert!(proved(&store, NOW).await);
    look_up(&store, LookedUp::Unanswered, NOW.after(DAY)).await;
    look_up(&store, LookedUp::Unanswered, NOW.after(2 * DAY)).await;
    assert!(proved(&store, NOW.after(PROVED_FOR).before(Duration::from_secs(1))).await);
    assert!(!proved(&store, NOW.after(PROVED_FOR)).await);
    look_up(&store, LookedUp::Found, NOW.after(3 * DAY)).await;
    look_up(&store, LookedUp::Absent, NOW.after(4 * DAY)).await;
    assert!(!proved(&store, NOW.after(4 * DAY)).await);
    look_up(&store, LookedUp::Unanswered, NOW.after(5 * DAY)).await;
    assert!(!proved(&store, NOW.after(5 * DAY)).await, "silence proves nothing");
}

async fn what_nobody_looks_up_any_more_is_forgotten(store: Store) {
    look_up(&store, LookedUp::Found, NOW).await;
    store.write(Sweep { now: NOW.after(7 * DAY) }).await.unwrap();
    assert!(!claim(&store, NOW, later(60)).await, "it is there still, and due later");
    store.write(Sweep { now: NOW.after(8 * DAY) }).await.unwrap();
    assert!(claim(&store, NOW, later(60)).await, "it is as if it had never been");
}
