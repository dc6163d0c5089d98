//! Rows 5, 7, 14 to 17 and 26: whose key it is.

use std::time::Duration;

use pgp::{composed::KeyType, crypto::ecc_curve::ECCCurve, types::KeyVersion};
use rand::rngs::OsRng;
use securemailbox_client::{
    comparing::DecisionError, directory::LookUpError, failure::CallError, letters::Damage, records::RecordError,
    replica::SyncRefused,
};
use securemailbox_protocol::{
    address::Address,
    directory::{Listing, NumberChecked},
    ids::{CertificateHash, LetterId, RecordId},
    letters::{Entry, Sender},
    numbers::{ChangeNumber, Version},
    problems::ProblemType,
    records::{Record, RecordChange, RecordHead, RecordPurpose},
    sync::Changes,
};
use securemailbox_vault::{
    certificates::{Certificate, CertificateRefused},
    identities::Identity,
    keyring::Keyring,
    letters::{Outgoing, Refused, seal, unwrap},
    signatures::SignatureRefused,
};
use sha2::{Digest, Sha256};

use crate::{
    hostile::{
        certificates::{Forgery, of_another_kind},
        days::{
            ACCEPTS, CHECKS_ANOTHER_NUMBER, CHECKS_NUMBER, FIRST_RECORDS, READS, READS_UNHEARD, RECOVERS, SIGNS_IN,
            WRITES, WRITES_ANYWAY, WRITES_COMPARED, WRITES_NEW,
        },
        forge::{Forged, wrap},
        plot::{Plot, damaged, failed, unlisted, unread},
        stage::{Cast, Stage},
    },
    suite::Case,
};

use super::letters::both_ways;

pub(super) const LOOK_UP: &str = "POST /directory/look-ups";
const NUMBERS: &str = "POST /directory/numbers";
pub(super) const POST: &str = "POST /letters";
const SUBJECT: &str = "Återbesök";

/// A key that the operator made for somebody's address.
pub(super) fn operators(stage: &Stage, address: &Address) -> Keyring {
    let registered = stage.days[WRITES].day.now.before(Duration::from_secs(3600));
    Keyring::new(Identity::generate(address, registered, &mut OsRng))
}

/// SHA-256, as the server names a certificate.
fn hash(certificate: &[u8]) -> CertificateHash {
    CertificateHash::from_bytes(Sha256::digest(certificate).into())
}

impl Plot<'_> {
    /// The directory has another certificate for this person.
    fn directory_has(self, cast: &Cast, certificate: &[u8]) -> Self {
        let truth = cast.certificate().bytes();
        self.tells(LOOK_UP, |listing: &mut Listing| {
            if listing.certificate.0 == truth {
                listing.certificate = certificate.to_vec().into();
            }
        })
    }

    /// The contact can be written.
    fn writes_contact(self, head: &RecordHead) -> Self {
        let written = RecordHead { version: head.version.next(), ..head.clone() };
        self.also_tells(&format!("PUT /records/{}?purpose=contact", head.id), &written)
    }

    /// And it gives it out by its hash.
    pub(super) fn certificate_is_there(self, certificate: &[u8]) -> Self {
        self.also_serves(&format!("GET /directory/certificates/{}", hash(certificate)), certificate)
    }
}

/// The entry with another certificate of its sender.
pub(super) fn sent_with(entry: &Entry, certificate: &[u8]) -> Entry {
    Entry { sender: Sender { certificate: hash(certificate), ..entry.sender.clone() }, ..entry.clone() }
}

/// Anna's letter, written to these readers.
fn written(stage: &Stage, to: Vec<Certificate>) -> Outgoing {
    let entry = stage.rewritten().entry;
    Outgoing {
        id: entry.id,
        thread: entry.thread,
        name: Some("Anna Lindqvist".into()),
        to,
        cc: Vec::new(),
        subject: "Återbesök på torsdag".into(),
        text: "Hej!\n\nVi ses på torsdag klockan nio.".into(),
        date: entry.arrived,
        signed: entry.arrived,
        in_reply_to: None,
        references: Vec::new(),
        level: None,
        attachments: Vec::new(),
    }
}

fn sealed(stage: &Stage, sender: &Keyring, to: Vec<Certificate>) -> Forged {
    let outgoing = written(stage, to);
    let sealed = seal(&outgoing, sender.present(), &mut OsRng).expect("a letter");
    Forged::sealed(&stage.rewritten().entry, sealed, outgoing.thread, &stage.bjorn.keyring)
}

pub(super) fn own_certificate(stage: &Stage) -> Vec<Case> {
    const ENTER: usize = 1;
    let operators = operators(stage, &stage.bjorn.address);
    let warned = |plot: Plot<'_>| {
        let shown = format!("{} own-certificate-differs", plot.shown(ENTER));
        plot.shows(ENTER, shown).says_the_same()
    };
    vec![
        warned(
            stage
                .lie(5, SIGNS_IN, "the directory shows others the operator's certificate for Björn")
                .directory_has(&stage.bjorn, operators.present().certificate().bytes()),
        ),
        warned(stage.lie(5, SIGNS_IN, "the directory tells others that nobody has Björn's address").refuses(
            LOOK_UP,
            1,
            ProblemType::NoAccount,
        )),
    ]
}

pub(super) fn older(stage: &Stage) -> Vec<Case> {
    let an_hour_ago = stage.days[READS].day.now.before(Duration::from_secs(3600));
    let bjorns = Forgery::by(stage.bjorn.pen(), &stage.bjorn.address, an_hour_ago).bytes();
    let annas = Forgery::by(stage.anna.pen(), &stage.anna.address, an_hour_ago).bytes();
    let entry = sent_with(&stage.rewritten().entry, &annas);
    let older_certificate = failed(LookUpError::OlderCertificate);
    let mut cases = vec![
        stage
            .lie(7, WRITES, "yesterday's certificate of a reader")
            .directory_has(&stage.bjorn, &bjorns)
            .shows(1, older_certificate.clone())
            .shows(2, older_certificate)
            .never_asks(POST)
            .case(),
        stage
            .lie(7, READS, "a letter is listed with yesterday's certificate of its sender")
            .lists_as(stage.letter, &entry)
            .certificate_is_there(&annas)
            .refuses_letter(Damage::OlderCertificate)
            .case(),
        stage
            .lie(7, READS_UNHEARD, "a letter is opened with yesterday's certificate of its sender")
            .opens_as(stage.letter, &entry)
            .certificate_is_there(&annas)
            .shows(1, unread(Damage::OlderCertificate))
            .case(),
    ];
    cases.extend(older_records(stage));
    cases
}

fn older_records(stage: &Stage) -> Vec<Case> {
    let refused = |refused: SyncRefused| failed(RecordError::Refused(refused));
    let old = &stage.old_contact;
    let contact = old.head.id;
    let asked = format!("GET /records/{contact}");
    let offered = |changes: &mut Changes| {
        changes.records.retain(|record| record.head.id != contact);
        let head = RecordHead { change: changes.change, ..old.head.clone() };
        changes.records.push(RecordChange { head, sealed: Some(old.sealed.clone()) });
    };
    let bytes = |changes: &mut Changes, sealed: Option<&Record>| {
        let of_anna = changes.records.iter_mut().find(|record| record.head.id == contact).expect("he knows her");
        of_anna.sealed = sealed.map(|record| record.sealed.clone());
    };
    let mut cases = vec![
        stage
            .lie(7, READS, "an older version of a contact is announced")
            .tells("GET /changes", offered)
            .stops(0, refused(SyncRefused::OlderRecord))
            .case(),
        stage
            .lie(7, SIGNS_IN, "an older version of a contact is announced once the newest was taken")
            .tells_last("GET /changes", offered)
            .stops(1, refused(SyncRefused::OlderRecord))
            .case(),
        stage
            .lie(7, SIGNS_IN, "an older version of a contact is served than was announced")
            .tells(FIRST_RECORDS, |changes: &mut Changes| bytes(changes, None))
            .also_tells(&asked, old)
            .stops(1, refused(SyncRefused::OlderRecord))
            .case(),
        stage
            .lie(7, SIGNS_IN, "an older version of a contact is announced as the newest")
            .tells(FIRST_RECORDS, |changes: &mut Changes| bytes(changes, Some(old)))
            .stops(1, failed(RecordError::DoesNotOpen))
            .case(),
        stage
            .lie(7, SIGNS_IN, "an older version of a contact is announced as the newest once the newest was taken")
            .tells_last("GET /changes", |changes: &mut Changes| bytes(changes, Some(old)))
            .stops(1, failed(RecordError::DoesNotOpen))
            .case(),
        stage
            .lie(7, READS, "the whole mailbox goes back to an older state")
            .tells("GET /changes", |changes: &mut Changes| {
                (changes.change, changes.entries, changes.records) = (ChangeNumber::ZERO, Vec::new(), Vec::new());
            })
            .stops(0, refused(SyncRefused::WentBack))
            .case(),
    ];
    for purpose in [RecordPurpose::Keyring, RecordPurpose::Settings] {
        cases.extend(older_records_of_one_kind(stage, purpose));
    }
    cases
}

/// The keyring and the settings, whose bytes are asked for.
fn older_records_of_one_kind(stage: &Stage, purpose: RecordPurpose) -> [Case; 3] {
    let truth: Changes = stage.answer(SIGNS_IN, FIRST_RECORDS);
    let head = truth.records.into_iter().map(|record| record.head).find(|head| head.purpose == purpose);
    let head = head.expect("one of each");
    let older = RecordHead { version: Version::ZERO, ..head.clone() };
    let asked = format!("GET /records/{}", head.id);
    let lie = |day, name: &str| stage.lie(7, day, &format!("the {} {name}", purpose.as_str()));
    let refused = failed(RecordError::Refused(SyncRefused::OlderRecord));
    [
        lie(READS, "is announced at an older version")
            .tells("GET /changes", |changes: &mut Changes| {
                let head = RecordHead { change: changes.change, ..older.clone() };
                changes.records.push(RecordChange { head, sealed: None });
            })
            .stops(0, refused.clone())
            .case(),
        lie(SIGNS_IN, "is served at an older version than was announced")
            .tells(&asked, |record: &mut Record| record.head.version = older.version)
            .stops(1, refused)
            .case(),
        lie(SIGNS_IN, "of an older version is served as a newer one")
            .tells(FIRST_RECORDS, |changes: &mut Changes| {
                for record in changes.records.iter_mut().filter(|record| record.head.id == head.id) {
                    record.head.version = head.version.next();
                }
            })
            .tells(&asked, |record: &mut Record| record.head.version = head.version.next())
            .stops(1, failed(RecordError::DoesNotOpen))
            .case(),
    ]
}

pub(super) fn another_certificate(stage: &Stage) -> Vec<Case> {
    const SEND: usize = 1;
    const ACCEPT: usize = 2;
    let operators_bjorn = operators(stage, &stage.bjorn.address);
    let operators_bjorn = operators_bjorn.present().certificate().bytes();
    let operators_anna = operators(stage, &stage.anna.address);
    let certificate = operators_anna.present().certificate().bytes();
    let forged = sealed(stage, &operators_anna, vec![stage.bjorn.certificate().clone()]);
    let forged = Forged { entry: sent_with(&forged.entry, certificate), ..forged };
    let id: LetterId = stage.letter;
    let content = format!("GET /letters/{id}/content");
    let hide = |changes: &mut Changes, id: RecordId| changes.records.retain(|record| record.head.id != id);
    let unknown = {
        let shown = &stage.days[RECOVERS].shown[3];
        assert!(shown.contains("anna.l@example.se (known"), "{shown}");
        shown.replace("anna.l@example.se (known", "anna.l@example.se (new")
    };
    vec![
        stage
            .lie(14, WRITES, "another key for somebody known: nothing goes out until it is accepted")
            .directory_has(&stage.bjorn, operators_bjorn)
            .writes_contact(&stage.annas_contact)
            .shows(SEND, failed(LookUpError::KeyChanged))
            .shows(ACCEPT, "new")
            .never_asks(POST)
            .case(),
        stage
            .lie(14, WRITES_COMPARED, "another key for somebody compared: accepting it is not enough")
            .directory_has(&stage.bjorn, operators_bjorn)
            .shows(SEND, failed(LookUpError::KeyChanged))
            .shows(ACCEPT, failed(DecisionError::CompareFirst))
            .never_asks(POST)
            .case(),
        stage
            .lie(14, READS, "a letter is listed and read that the operator signed with a key of Anna's address")
            .lists_as(id, &forged.entry)
            .serves(&content, &forged.content)
            .certificate_is_there(certificate)
            .refuses_letter(Damage::SenderKeyChanged)
            .case(),
        stage
            .lie(14, READS_UNHEARD, "a letter is opened that the operator signed with a key of Anna's address")
            .opens_as(id, &forged.entry)
            .serves(&content, &forged.content)
            .certificate_is_there(certificate)
            .shows(1, unread(Damage::SenderKeyChanged))
            .case(),
        stage
            .lie(14, READS, "a contact is hidden from a device that has it: what is known stays known")
            .tells("GET /changes", |changes: &mut Changes| hide(changes, stage.his_other_contact.head.id))
            .case(),
        // There it was never met. It is called new, and neither known nor compared, until its digits are compared.
        stage
            .lie(14, RECOVERS, "a contact is hidden from a device that never had it: its key is new there")
            .tells("GET /changes", |changes: &mut Changes| hide(changes, stage.bjorns_contact.head.id))
            .shows(3, unknown)
            .case(),
        stage
            .lie(14, ACCEPTS, "the operator's key for Anna's address is shown as new once Björn has accepted it")
            .lists_as(id, &forged.entry)
            .certificate_is_there(certificate)
            .directory_has(&stage.anna, certificate)
            .writes_contact(&stage.bjorns_contact.head)
            .lists(1, SUBJECT, unlisted(Damage::SenderKeyChanged))
            .shows(2, "new")
            .lists(3, SUBJECT, "anna.l@example.se (new, calls itself Anna Lindqvist): Återbesök på torsdag")
            // What her true key signed stays readable, by a key that is not hers any more as far as Björn knows.
            .lists(3, "Första brevet", "anna.l@example.se (former, calls itself Anna Lindqvist): Första brevet")
            .lists(3, "En annan sak", "anna.l@example.se (former, calls itself Anna Lindqvist): En annan sak")
            .lists(3, "Ett långt brev", "anna.l@example.se (former, calls itself Anna Lindqvist): Ett långt brev")
            .case(),
    ]
}

pub(super) fn no_account(stage: &Stage) -> Vec<Case> {
    let lie = |day, name| stage.lie(15, day, name).refuses(LOOK_UP, 2, ProblemType::NoAccount).never_asks(POST);
    let (changed, none) = (failed(LookUpError::KeyChanged), failed(LookUpError::NoAccount));
    vec![
        lie(WRITES, "nobody is said to have the address of somebody known")
            .shows(1, changed.clone())
            .shows(2, none.clone())
            .case(),
        lie(WRITES_COMPARED, "nobody is said to have the address of somebody compared")
            .shows(1, changed)
            .shows(2, none.clone())
            .case(),
        lie(WRITES_NEW, "nobody is said to have an address that Anna never heard of").shows(1, none).case(),
    ]
}

pub(super) fn different_keys(stage: &Stage) -> Vec<Case> {
    let (anna, bjorn) = (&stage.anna.keyring, stage.bjorn.certificate());
    let fake_mallory = operators(stage, &stage.mallory.address).present().certificate().clone();
    let forged = sealed(stage, anna, vec![bjorn.clone(), fake_mallory]);
    let mut cases = Vec::new();
    let name = "Anna was given another key for the other reader";
    cases.extend(both_ways(stage, 16, name, &forged, |plot, read| {
        let warned = format!("{}\nwarning: reader-key-differs", plot.shown(read));
        plot.shows(read, warned)
    }));
    let (entry, refused) = (passed_on(stage).entry, damaged(Refused::NotToThisReader));
    let name = "Anna was given the operator's key for Björn, and the operator passes the letter on";
    cases.push(stage.lie(16, READS, name).lists_as(stage.letter, &entry).refuses_letter(refused).case());
    let unheard = stage.lie(16, READS_UNHEARD, &format!("{name}, unheard of"));
    cases.push(unheard.opens_as(stage.letter, &entry).shows(1, unread(refused)).case());
    cases
}

/// A letter to the operator's key for Björn, whose key the operator unwraps and wraps for Björn's own.
fn passed_on(stage: &Stage) -> Forged {
    let operators = operators(stage, &stage.bjorn.address);
    let to = vec![operators.present().certificate().clone(), stage.mallory.certificate().clone()];
    let outgoing = written(stage, to);
    let sealed = seal(&outgoing, stage.anna.keyring.present(), &mut OsRng).expect("a letter");
    let mut forged = Forged::sealed(&stage.rewritten().entry, sealed, outgoing.thread, &operators);
    let released = forged.entry.released.as_mut().expect("released");
    let key = unwrap(&released.wrapped_key.0, &operators).expect("wrapped for the operator");
    released.wrapped_key = wrap(key.as_bytes(), stage.bjorn.pen().encryption()).into();
    forged
}

pub(super) fn refused_certificates(stage: &Stage) -> Vec<Case> {
    let (cecilia, now) = (&stage.cecilia.address, stage.days[WRITES_NEW].day.now);
    let forgery = || Forgery::new(cecilia, now);
    let good = forgery().bytes();
    assert!(Certificate::parse(&good, cecilia, now).is_ok(), "only one thing is wrong with each of these");
    let old =
        of_another_kind(cecilia, KeyVersion::V4, KeyType::Ed25519Legacy, KeyType::ECDH(ECCCurve::Curve25519Legacy));
    let signing = of_another_kind(cecilia, KeyVersion::V6, KeyType::Ed448, KeyType::X448);
    let mut cases: Vec<Case> = [
        ("of another address", forgery().named("bjorn.e@example.se").bytes(), CertificateRefused::OtherAddress),
        (
            "whose User ID is more than the address",
            forgery().named("Cecilia Mo <cecilia.m@example.se>").bytes(),
            CertificateRefused::OtherAddress,
        ),
        ("of version 4", old, CertificateRefused::Version),
        ("that signs with Ed448", signing, CertificateRefused::Algorithm),
        (
            "that encrypts to X25519 alone",
            forgery().encrypting_to(KeyType::X25519).bytes(),
            CertificateRefused::Algorithm,
        ),
        (
            "that will expire one day",
            forgery().with_an_end().bytes(),
            CertificateRefused::Signature(SignatureRefused::KeyEnds),
        ),
        ("that is revoked", forgery().revoked().bytes(), CertificateRefused::Revoked),
        ("whose key may not sign", forgery().not_to_sign().bytes(), CertificateRefused::Flags),
        ("whose subkey may not be encrypted to", forgery().not_to_encrypt().bytes(), CertificateRefused::Flags),
        ("with a byte after its end", [&good[..], &[0]].concat(), CertificateRefused::NotACertificate),
    ]
    .into_iter()
    .map(|(wrong, certificate, refused)| {
        stage
            .lie(17, WRITES_NEW, &format!("a certificate {wrong}"))
            .directory_has(&stage.cecilia, &certificate)
            .shows(1, failed(LookUpError::Certificate(refused)))
            .never_asks(POST)
            .case()
    })
    .collect();
    let revoked = Forgery::by(stage.anna.pen(), &stage.anna.address, now).revoked().bytes();
    let entry = sent_with(&stage.rewritten().entry, &revoked);
    let refused = Damage::Certificate(CertificateRefused::Revoked);
    cases.push(
        stage
            .lie(17, READS, "a letter is listed with a certificate of its sender that is revoked")
            .lists_as(stage.letter, &entry)
            // What was refused is not kept: reading asks for it once more.
            .certificate_is_there(&revoked)
            .certificate_is_there(&revoked)
            .refuses_letter(refused)
            .case(),
    );
    cases.push(
        stage
            .lie(17, READS_UNHEARD, "a letter is opened with a certificate of its sender that is revoked")
            .opens_as(stage.letter, &entry)
            .certificate_is_there(&revoked)
            .shows(1, unread(refused))
            .case(),
    );
    cases
}

impl Plot<'_> {
    /// The server says of a number whether it matches.
    fn says_of_number(self, matches: bool) -> Self {
        self.tells(NUMBERS, |said: &mut NumberChecked| said.matches = matches)
    }
}

/// What a server can make of a number that the sender knows: it can keep them from writing, and it can say that a number is
/// somebody's. A key is never more than new by that.
pub(super) fn checked_numbers(stage: &Stage) -> Vec<Case> {
    const CHECK: usize = 1;
    const SEND: usize = 2;
    let operators = operators(stage, &stage.bjorn.address);
    let listing: Listing = stage.answer(CHECKS_NUMBER, LOOK_UP);
    let lie = |day, name| stage.lie(26, day, name);
    vec![
        lie(CHECKS_NUMBER, "a number that is theirs is said not to be: nothing goes out")
            .says_of_number(false)
            .also_tells(LOOK_UP, &listing)
            .shows(CHECK, "no match (new)")
            .shows(SEND, failed(LookUpError::NumberDiffers))
            .never_asks(POST)
            .case(),
        // It is the server's word: whoever believes it writes to a key that is called new.
        lie(WRITES_ANYWAY, "a number that is not theirs is said to be: the key is new all the same")
            .says_of_number(true)
            .shows(CHECK, "match (new)")
            .case(),
        lie(CHECKS_NUMBER, "the operator's key with a number that matches: new, as any that was not compared")
            .directory_has(&stage.bjorn, operators.present().certificate().bytes())
            .case(),
        lie(CHECKS_ANOTHER_NUMBER, "something that is no answer is said of a number: it says nothing")
            .serves(NUMBERS, b"{\"matches\":\"yes\"}")
            .shows(CHECK, failed(CallError::Unreadable))
            .case(),
    ]
}
