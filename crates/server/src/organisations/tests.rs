//! Who is shown as a verified sender, in a server whose clock is ours and whose DNS is on loopback (PROTOCOL §5).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use hickory_resolver::proto::op::ResponseCode;
use securemailbox_protocol::time::Timestamp;
use securemailbox_store::{Location, Store, pieces::Pieces};
use tokio::sync::watch;

use super::{
    dns::tests::{Manner, Zone},
    *,
};

const NAME: &str = "Ljunggårdens vårdcentral";
const DOMAIN: &str = "vård.example.se";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn clinic(in_notices: bool) -> NamedOrganisation {
    NamedOrganisation { name: NAME.into(), domains: vec![DOMAIN.into()], in_notices }
}

/// A server that knows the clinic, and its DNS.
struct House {
    mailroom: Mailroom,
    clock: Arc<AtomicU64>,
    zone: Zone,
    record: String,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Location::Sqlite(folder.path().into()), Pieces::in_folder(folder.path().join("blobs")))
            .await
            .unwrap();
        let clock = Arc::new(AtomicU64::new(1_764_000_000_000));
        let told = clock.clone();
        let tell = Arc::new(move || Timestamp::from_unix_millis(told.load(Ordering::Relaxed)));
        let zone = Zone::open(Manner::No(ResponseCode::NXDomain)).await;
        let organisations =
            Organisations { resolver: Some(zone.address), ..Organisations::named(&[clinic(true)]).unwrap() };
        let mailroom = Mailroom::with_organisations(organisations, store, watch::channel(false).1, tell);
        let record = Record::of(&Domain::parse(DOMAIN).unwrap(), &mailroom.seal).text;
        Self { mailroom, clock, zone, record, _folder: folder }
    }

    fn publish(&self) {
        self.zone.answers(Manner::Texts(vec![vec![self.record.clone()]]));
    }

    /// Looks up what is due after some time.
    async fn after(&self, time: Duration) {
        self.clock.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
        look_up_due(&self.mailroom).await.unwrap();
    }

    async fn beside(&self, member: &str) -> Option<String> {
        let found = of(&self.mailroom, &Address::parse(member).unwrap()).await.unwrap();
        found.map(|Organisation { name, domain }| format!("{name}, {domain}"))
    }

    async fn is_named(&self) -> bool {
        self.beside("anna@vård.example.se").await.is_some()
    }
}

/// ATTACKS 86.
#[tokio::test]
async fn an_organisations_name_stands_beside_no_stranger() {
    let house = House::open().await;
    house.after(Duration::ZERO).await;
    assert!(!house.is_named().await, "the operator's word alone is not enough");
    house.publish();
    house.after(SOON).await;
    for own in ["anna@vård.example.se", "anna@xn--vrd-ula.example.se", "ANNA@VÅRD.example.se"] {
        assert_eq!(house.beside(own).await.as_deref(), Some("Ljunggårdens vårdcentral, vård.example.se"), "{own}");
    }
    for strangers in [
        "anna@example.se",
        "anna@mottagning.vård.example.se",
        "anna@vård.example.se.example.org",
        "anna@xvård.example.se",
        "anna@vard.example.se",
        // The letter after the v is Cyrillic.
        "anna@v\u{430}rd.example.se",
        "vård.example.se@example.org",
    ] {
        assert_eq!(house.beside(strangers).await, None, "{strangers}");
    }
    house.zone.answers(Manner::No(ResponseCode::NXDomain));
    house.after(DAY).await;
    assert!(!house.is_named().await, "a record that was taken away takes the name along");
    let others = Record::of(&Domain::parse(DOMAIN).unwrap(), &ServerSeal::new(&[8; 32])).text;
    house.zone.answers(Manner::Texts(vec![vec![others]]));
    house.after(SOON).await;
    assert!(!house.is_named().await, "what was published for another server counts there");
}

#[tokio::test]
async fn a_domain_is_looked_up_each_day_and_sooner_while_it_is_not_confirmed() {
    let house = House::open().await;
    house.after(Duration::ZERO).await;
    house.publish();
    house.after(SOON - Duration::from_secs(1)).await;
    assert!(!house.is_named().await, "not due yet");
    house.after(Duration::from_secs(1)).await;
    assert!(house.is_named().await);
    house.zone.answers(Manner::No(ResponseCode::NoError));
    house.after(DAY - Duration::from_secs(1)).await;
    assert!(house.is_named().await, "not due yet");
    house.after(Duration::from_secs(1)).await;
    assert!(!house.is_named().await);
}

#[tokio::test]
async fn dns_that_fails_for_two_days_takes_no_name_away_and_for_three_does() {
    let house = House::open().await;
    house.publish();
    house.after(Duration::ZERO).await;
    house.zone.answers(Manner::Failed);
    house.after(DAY).await;
    house.after(DAY).await;
    assert!(house.is_named().await);
    house.after(DAY).await;
    assert!(!house.is_named().await);
    house.publish();
    house.after(SOON).await;
    assert!(house.is_named().await);
}

#[tokio::test]
async fn an_email_names_an_organisation_where_the_operator_lets_it_only() {
    let house = House::open().await;
    house.publish();
    house.after(Duration::ZERO).await;
    let anna = Address::parse("anna@vård.example.se").unwrap();
    assert!(of_in_notices(&house.mailroom, &anna).await.unwrap().is_some());
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(Location::Sqlite(folder.path().into()), Pieces::in_folder(folder.path().join("blobs")))
        .await
        .unwrap();
    let organisations =
        Organisations { resolver: Some(house.zone.address), ..Organisations::named(&[clinic(false)]).unwrap() };
    let told = house.clock.clone();
    let tell = Arc::new(move || Timestamp::from_unix_millis(told.load(Ordering::Relaxed)));
    let discreet = Mailroom::with_organisations(organisations, store, watch::channel(false).1, tell);
    look_up_due(&discreet).await.unwrap();
    assert!(of(&discreet, &anna).await.unwrap().is_some());
    assert!(of_in_notices(&discreet, &anna).await.unwrap().is_none());
}

#[test]
fn organisations_that_people_could_not_tell_apart_are_refused_by_name() {
    let named = |name: &str, domains: &[&str]| NamedOrganisation {
        name: name.into(),
        domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        in_notices: false,
    };
    let refused = |organisations: &[NamedOrganisation]| Organisations::named(organisations).unwrap_err().to_string();
    assert!(refused(&[named("Region\nSund", &["sund.se"])]).contains(r#""Region\nSund""#));
    assert!(refused(&[named("Region Sund", &["se"])]).contains(r#""se" of "Region Sund""#));
    assert!(refused(&[named("Region Sund", &["192.0.2.1"])]).contains("192.0.2.1"));
    assert!(refused(&[named("Region Sund", &[])]).contains("no domains"));
    assert!(refused(&[named("Region Sund", &["a.se"]), named("region  SUND", &["b.se"])]).contains("twice"));
    let twice = [named("Region Sund", &["vård.se"]), named("Region Sand", &["xn--vrd-ula.se"])];
    assert!(refused(&twice).contains("the domain vård.se stands there twice"));
    Organisations::named(&[named("Region Sund", &["sund.se", "post.sund.se"])]).unwrap();
}
