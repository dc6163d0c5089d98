//! Rows 1 to 4 and 8 to 11: what senders, readers and the server can make of a letter.

use std::time::Duration;

use data_encoding::BASE64;
use rand::rngs::OsRng;
use securemailbox_client::letters::ReceiptRefused;
use securemailbox_protocol::{
    ids::LetterId,
    letters::{Deliveries, DeliveryRead, Entry, ReadReceipt, Released, Sender},
    numbers::ChangeNumber,
    octets::Octets,
    sync::Changes,
};
use securemailbox_vault::{
    identities::Identity,
    keyring::Keyring,
    letters::{LockedRefused, Refused},
    receipts,
    signatures::SignatureRefused,
};

use crate::{
    hostile::{
        forge::{Forged, LOCK, envelope_key, flipped},
        plot::{Plot, damaged, unlisted, unread},
        stage::{Cast, Stage},
    },
    suite::Case,
};

use super::{LISTS_MALLORYS, LOOKS, READS};

const SUBJECT: &str = "Återbesök";
const LIST: usize = 1;
const READ: usize = 2;
const MONTH: Duration = Duration::from_secs(31 * 86_400);

impl Cast {
    pub(super) fn as_sender(&self) -> Sender {
        Sender { address: self.address.clone(), certificate: self.certificate().hash() }
    }
}

impl Plot<'_> {
    /// The entry of this letter is another one in what changed.
    pub(super) fn lists_as(self, id: LetterId, entry: &Entry) -> Self {
        self.tells("GET /changes", |changes: &mut Changes| {
            let listed = changes.entries.iter_mut().find(|listed| listed.id == id).expect("it is new");
            *listed = Entry { change: listed.change, ..entry.clone() };
        })
    }

    /// The entry of this letter is another one when it is asked for.
    pub(super) fn opens_as(self, id: LetterId, entry: &Entry) -> Self {
        self.tells(&format!("GET /letters/{id}"), |opened: &mut Entry| *opened = entry.clone())
    }

    /// Entry and content of this letter are others when they are asked for.
    pub(super) fn reads_as(self, id: LetterId, forged: &Forged) -> Self {
        self.opens_as(id, &forged.entry).serves(&format!("GET /letters/{id}/content"), &forged.content)
    }
}

pub(super) fn another_sender(stage: &Stage) -> Vec<Case> {
    let (id, rewritten, pen) = (stage.letter, stage.rewritten(), stage.anna.pen());
    let at = rewritten.entry.arrived;
    let wrong_issuer = damaged(Refused::Signature(SignatureRefused::OtherIssuer));
    let posing = {
        let mut changes: Changes = stage.answer(LISTS_MALLORYS, "GET /changes");
        let at = changes.entries.iter().position(|entry| entry.id == stage.mallorys).expect("it is new");
        Entry { sender: stage.anna.as_sender(), ..changes.entries.swap_remove(at) }
    };
    let (from, to) = ("<anna.l@example.se>", "<cecilia.m@example.se>");
    let two = rewritten.replace(from, &format!("{from}, {to}")).signed(&pen, at);
    let other = rewritten.replace(from, to).signed(&pen, at);
    let not_the_signer = || unread(damaged(Refused::FromIsNotTheSigner));
    vec![
        stage
            .lie(1, LISTS_MALLORYS, "the server says that Mallory's letter is Anna's")
            .lists_as(stage.mallorys, &posing)
            .lists(LIST, "Från Mallory", unlisted(wrong_issuer))
            .case(),
        stage
            .lie(1, READS, "an envelope claims another name")
            .lists_as(id, &rewritten.claiming("name", "Björn Ek").envelope_signed(&pen, at))
            .lists(LIST, SUBJECT, "anna.l@example.se (known, calls itself Björn Ek): Återbesök på torsdag")
            .case(),
        stage
            .lie(1, READS, "an envelope claims a sender")
            .lists_as(id, &rewritten.claiming("from", "cecilia.m@example.se").envelope_signed(&pen, at))
            .lists(LIST, SUBJECT, unlisted(damaged(Refused::NotAnEnvelope)))
            .case(),
        stage.lie(1, READS, "a content claims another From").reads_as(id, &other).shows(READ, not_the_signer()).case(),
        stage.lie(1, READS, "a content claims two From").reads_as(id, &two).shows(READ, not_the_signer()).case(),
    ]
}

pub(super) fn rewritten_by_a_reader(stage: &Stage) -> Vec<Case> {
    let (id, at) = (stage.letter, stage.rewritten().entry.arrived);
    let rewritten = stage.rewritten().claiming("subject", "Återbesök på fredag");
    let (by_mallory, posing) = (stage.mallory.pen(), stage.mallory.pen().posing_as(&stage.anna.pen()));
    let refused = |signature| damaged(Refused::Signature(signature));
    vec![
        stage
            .lie(2, READS, "Mallory signs the envelope that the others are shown")
            .lists_as(id, &rewritten.envelope_signed(&by_mallory, at))
            .lists(LIST, SUBJECT, unlisted(refused(SignatureRefused::OtherIssuer)))
            .case(),
        stage
            .lie(2, READS, "Mallory signs the envelope and names Anna's key as the one that signed")
            .lists_as(id, &rewritten.envelope_signed(&posing, at))
            .lists(LIST, SUBJECT, unlisted(refused(SignatureRefused::Wrong)))
            .case(),
        stage
            .lie(2, READS, "Mallory signs content and envelope and names Anna's key as the one that signed")
            .reads_as(id, &rewritten.signed(&posing, at))
            .shows(READ, unread(refused(SignatureRefused::Wrong)))
            .case(),
    ]
}

pub(super) fn content_as_envelope(stage: &Stage) -> Vec<Case> {
    let (id, rewritten) = (stage.letter, stage.rewritten());
    let envelope = rewritten.entry.released.clone().expect("released").envelope.0;
    let locked = damaged(Refused::Locked(LockedRefused::NotAuthentic));
    let plain = rewritten.plain(&stage.anna.pen(), rewritten.entry.arrived);
    let under_the_envelopes_key = LOCK.lock(&plain, &envelope_key(&rewritten.key));
    let content = format!("GET /letters/{id}/content");
    vec![
        stage
            .lie(3, READS, "the server serves the content as the envelope")
            .lists_as(id, &rewritten.enveloped(&rewritten.content))
            .lists(LIST, SUBJECT, unlisted(locked))
            .case(),
        stage
            .lie(3, READS, "the server serves the envelope as the content")
            .serves(&content, &envelope)
            .shows(READ, unread(locked))
            .case(),
        stage
            .lie(3, READS, "a reader encrypts the signed content under the envelope's key")
            .lists_as(id, &rewritten.enveloped(&under_the_envelopes_key))
            .lists(LIST, SUBJECT, unlisted(damaged(Refused::NotAnEnvelope)))
            .case(),
    ]
}

pub(super) fn moved(stage: &Stage) -> Vec<Case> {
    let (id, here) = (stage.letter, stage.rewritten().entry);
    let changes: Changes = stage.answer(READS, "GET /changes");
    let there = changes.entries.into_iter().find(|entry| entry.id == stage.other).expect("it is new");
    let moved = Entry { released: there.released.clone(), thread: there.thread, ..here.clone() };
    let in_its_thread = Entry { thread: here.thread, ..moved.clone() };
    let threaded = Entry { thread: there.thread, ..here.clone() };
    let mixed = {
        let (here, there) = (here.released.clone().expect("released"), there.released.expect("released"));
        Released { envelope: here.envelope, wrapped_key: there.wrapped_key }
    };
    let mixed = Entry { released: Some(mixed), ..here.clone() };
    let (other_id, other_thread) = (damaged(Refused::OtherId), damaged(Refused::OtherThread));
    let locked = damaged(Refused::Locked(LockedRefused::NotAuthentic));
    vec![
        stage
            .lie(4, READS, "another letter is listed in this one's entry, with its thread")
            .lists_as(id, &moved)
            .lists(LIST, SUBJECT, unlisted(other_id))
            .case(),
        stage
            .lie(4, READS, "another letter is listed in this one's entry")
            .lists_as(id, &in_its_thread)
            .lists(LIST, SUBJECT, unlisted(other_id))
            .case(),
        stage
            .lie(4, READS, "another letter is opened in this one's entry")
            .opens_as(id, &moved)
            .shows(READ, unread(other_id))
            .case(),
        stage
            .lie(4, READS, "the letter is listed in another thread")
            .lists_as(id, &threaded)
            .lists(LIST, SUBJECT, unlisted(other_thread))
            .case(),
        stage
            .lie(4, READS, "the letter is opened in another thread")
            .opens_as(id, &threaded)
            .shows(READ, unread(other_thread))
            .case(),
        stage
            .lie(4, READS, "the wrapped key is another letter's")
            .opens_as(id, &mixed)
            .shows(READ, unread(locked))
            .case(),
        stage
            .lie(4, READS, "the content is another letter's")
            .serves(&format!("GET /letters/{id}/content"), &stage.long_rewritten().content)
            .shows(READ, unread(locked))
            .case(),
    ]
}

pub(super) fn again(stage: &Stage) -> Vec<Case> {
    let id = stage.letter;
    let copy = |changes: &Changes| changes.entries.iter().find(|entry| entry.id == id).expect("it is new").clone();
    let marked = |plot: Plot<'_>| {
        let shown = format!("{}\nwarning: date-is-off", plot.shown(READ));
        plot.shows(READ, shown).case()
    };
    let renamed = stage.lie(8, READS, "the letter is delivered again under another id");
    let renamed_rows = format!("{}\n{}", renamed.line(LIST, SUBJECT), unlisted(damaged(Refused::OtherId)));
    let listed_late = stage.lie(8, READS, "the letter is listed as come a month after it was written");
    let late_first = {
        let marked = listed_late.line(LIST, SUBJECT).replace("): ", ", date is off): ");
        let others = listed_late.shown(LIST).lines().filter(|line| !line.contains(SUBJECT));
        [marked.as_str()].into_iter().chain(others).collect::<Vec<_>>().join("\n")
    };
    let entry = format!("GET /letters/{id}");
    vec![
        listed_late
            .tells("GET /changes", |changes: &mut Changes| {
                let late = changes.entries.iter_mut().find(|entry| entry.id == id).expect("it is new");
                late.arrived = late.arrived.after(MONTH);
            })
            .shows(LIST, late_first)
            .case(),
        stage
            .lie(8, READS, "the letter is delivered twice at once")
            .tells("GET /changes", |changes: &mut Changes| changes.entries.push(copy(changes)))
            .case(),
        stage
            .lie(8, READS, "the letter is delivered again later")
            .tells("GET /changes", |changes: &mut Changes| {
                changes.change = ChangeNumber::new(changes.change.get() + 1);
                changes.entries.push(Entry { change: changes.change, ..copy(changes) });
            })
            .case(),
        renamed
            .tells("GET /changes", |changes: &mut Changes| {
                changes.entries.push(Entry { id: LetterId::from_bytes([0; 16]), ..copy(changes) });
            })
            .lists(LIST, SUBJECT, renamed_rows)
            .case(),
        marked(
            stage
                .lie(8, READS, "the letter is delivered a month late")
                .tells(&entry, |entry: &mut Entry| entry.arrived = entry.arrived.after(MONTH))
                .later(MONTH),
        ),
        marked(
            stage
                .lie(8, READS, "the letter is said to have come a month ago")
                .tells(&entry, |entry: &mut Entry| entry.arrived = entry.arrived.before(MONTH)),
        ),
    ]
}

pub(super) fn under_another_name(stage: &Stage) -> Vec<Case> {
    let (id, rewritten) = (stage.letter, stage.rewritten());
    let (at, sender) = (rewritten.entry.arrived, stage.mallory.as_sender());
    let stolen = Entry { sender: sender.clone(), ..rewritten.entry.clone() };
    let wrapped = Entry { sender, ..rewritten.envelope_signed(&stage.mallory.pen(), at) };
    let refused = damaged(Refused::Signature(SignatureRefused::OtherIssuer));
    vec![
        stage
            .lie(9, READS, "Mallory posts Anna's letter as it is")
            .lists_as(id, &stolen)
            .lists(LIST, SUBJECT, unlisted(refused))
            .case(),
        stage
            .lie(9, READS, "Mallory posts Anna's content under an envelope of her own")
            .lists_as(id, &wrapped)
            .opens_as(id, &wrapped)
            .lists(LIST, SUBJECT, "mallory.g@example.se (known, calls itself Anna Lindqvist): Återbesök på torsdag")
            .shows(READ, unread(refused))
            .case(),
    ]
}

pub(super) fn nested(stage: &Stage) -> Vec<Case> {
    let (id, rewritten) = (stage.letter, stage.rewritten());
    // A letter that Björn could open: what Anna would like to have quoted back.
    let secret = stage.long_rewritten();
    let released = secret.entry.released.as_ref().expect("released");
    let secret = BASE64.encode(&[&released.wrapped_key.0[..], &secret.content].concat());
    let armored = format!("-----BEGIN PGP MESSAGE-----\r\n\r\n{secret}\r\n-----END PGP MESSAGE-----");
    let boundary = rewritten.mime.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("one");
    let last = format!("--{boundary}\r\nContent-Type: application/vnd.securemailbox.manifest+json");
    ["application/pgp-encrypted", "message/rfc822", "text/html"]
        .into_iter()
        .map(|kind| {
            let part = format!("--{boundary}\r\nContent-Type: {kind}\r\n\r\n{armored}\r\n{last}");
            let forged = rewritten.replace(&last, &part).signed(&stage.anna.pen(), rewritten.entry.arrived);
            let plot = stage.lie(10, READS, &format!("an encrypted part is hidden as {kind}"));
            let shown = format!("{}\nwarning: unopened-parts", plot.shown(READ));
            plot.reads_as(id, &forged).shows(READ, shown).case()
        })
        .collect()
}

pub(super) fn forged_receipts(stage: &Stage) -> Vec<Case> {
    const READ: usize = 1;
    let (id, deliveries) = (stage.letter, format!("GET /letters/{}/deliveries", stage.letter));
    let truth: Deliveries = stage.answer(LOOKS, &deliveries);
    let true_read = truth.deliveries.into_iter().find_map(|delivery| delivery.read).expect("Björn has read");
    let (at, content) = (true_read.receipt.at, stage.rewritten().content_hash());
    let operator = Keyring::new(Identity::generate(&stage.bjorn.address, at, &mut OsRng));
    let sign = |keyring: &Keyring, id| receipts::sign(id, content, at, keyring.present(), &mut OsRng);
    let lie = |name: &str, receipt: ReadReceipt| {
        let lie = stage.lie(11, LOOKS, name).tells(&deliveries, |told: &mut Deliveries| {
            let read = told.deliveries.iter_mut().find_map(|delivery| delivery.read.as_mut()).expect("Björn has read");
            read.receipt = receipt.clone();
        });
        lie.lists(READ, "bjorn.e@example.se:", format!("bjorn.e@example.se: {ReceiptRefused}"))
    };
    let signature = |bytes: Vec<u8>| ReadReceipt { at, signature: Octets(bytes) };
    let true_bytes = true_read.receipt.signature.0.clone();
    let hash = operator.present().certificate().hash();
    let mallorys = stage.mallory.certificate();
    let borrowed = DeliveryRead { receipt: true_read.receipt.clone(), level: true_read.level };
    vec![
        lie("the server makes a receipt up", signature(b"read".to_vec())).case(),
        lie("the server turns a bit of a receipt", signature(flipped(&true_bytes))).case(),
        lie("the server moves a receipt to another time", ReadReceipt { at: at.after(MONTH), ..true_read.receipt })
            .case(),
        lie("the receipt was given for another letter", sign(&stage.bjorn.keyring, stage.other)).case(),
        lie("another reader signed the receipt", sign(&stage.mallory.keyring, id)).case(),
        lie("the operator signed the receipt with a key of Björn's address", sign(&operator, id))
            .tells_too(&deliveries, |told: &mut Deliveries| {
                for delivery in told.deliveries.iter_mut().filter(|delivery| delivery.read.is_some()) {
                    delivery.reader.certificate = hash;
                }
            })
            .also_serves(&format!("GET /directory/certificates/{hash}"), operator.present().certificate().bytes())
            .case(),
        stage
            .lie(11, LOOKS, "one reader's receipt stands for another's")
            .tells(&deliveries, |told: &mut Deliveries| {
                let unread = told.deliveries.iter_mut().find(|delivery| delivery.read.is_none()).expect("Mallory");
                unread.read = Some(borrowed.clone());
            })
            .also_serves(&format!("GET /directory/certificates/{}", mallorys.hash()), mallorys.bytes())
            .lists(READ, "mallory.g@example.se:", format!("mallory.g@example.se: {ReceiptRefused}"))
            .case(),
    ]
}
