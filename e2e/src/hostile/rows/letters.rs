//! Rows 1 to 4, 8 to 11 and 75: what senders, readers and the server can make of a letter.

use std::time::Duration;

use data_encoding::BASE64;
use rand::rngs::OsRng;
use securemailbox_client::{
    failure::{CallError, Problem},
    letters::{Damage, ReceiptRefused},
};
use securemailbox_protocol::{
    ids::LetterId,
    letters::{Deliveries, DeliveryRead, Entry, ReadReceipt, Released, Sender},
    levels::Level,
    numbers::ChangeNumber,
    octets::Octets,
    problems::ProblemType,
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
        days::{IS_TOLD, LISTS_MALLORYS, LOOKS, READS, READS_UNHEARD},
        forge::{Forged, LOCK, envelope_key, flipped},
        plot::{Plot, damaged, failed, unlisted, unread},
        stage::{Cast, Stage},
    },
    suite::Case,
};

const SUBJECT: &str = "Återbesök";
const LIST: usize = 1;
const READ: usize = 2;
/// On the day on which it was not listed before.
const READ_UNHEARD: usize = 1;
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
        self.tells(&format!("GET /letters/{id}"), |opened: &mut Entry| {
            *opened = Entry { change: opened.change, read: opened.read, ..entry.clone() };
        })
    }

    /// The letter is refused when it is listed, and when it is read all the same.
    pub(super) fn refuses_letter(self, damage: impl Into<Damage>) -> Self {
        let damage = damage.into();
        self.lists(LIST, SUBJECT, unlisted(damage)).shows(READ, unread(damage))
    }
}

/// A letter is another one when it is read after it was listed, and when the device had not heard of it: it must be shown
/// as `must` says, by both ways.
pub(super) fn both_ways<'a>(
    stage: &'a Stage,
    row: u8,
    name: &str,
    forged: &Forged,
    must: impl Fn(Plot<'a>, usize) -> Plot<'a>,
) -> [Case; 2] {
    let id = stage.letter;
    let content = format!("GET /letters/{id}/content");
    let listed = stage.lie(row, READS, name).lists_as(id, &forged.entry);
    let unheard = stage.lie(row, READS_UNHEARD, &format!("{name}, unheard of")).opens_as(id, &forged.entry);
    [(listed, READ), (unheard, READ_UNHEARD)]
        .map(|(plot, read)| must(plot.serves(&content, &forged.content), read).case())
}

/// Whatever was listed, the letter is refused when it is read.
pub(super) fn not_read<'a>(damage: impl Into<Damage>) -> impl Fn(Plot<'a>, usize) -> Plot<'a> {
    let damage = damage.into();
    move |plot, read| plot.shows(read, unread(damage))
}

/// An entry that is another one, and refused, whether it was listed or is unheard of.
fn refused_both_ways(stage: &Stage, row: u8, name: &str, entry: &Entry, damage: impl Into<Damage>) -> [Case; 2] {
    let (id, damage) = (stage.letter, damage.into());
    [
        stage.lie(row, READS, name).lists_as(id, entry).refuses_letter(damage).case(),
        stage
            .lie(row, READS_UNHEARD, &format!("{name}, unheard of"))
            .opens_as(id, entry)
            .shows(READ_UNHEARD, unread(damage))
            .case(),
    ]
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
    let claims_a_sender = rewritten.claiming("from", "cecilia.m@example.se").envelope_signed(&pen, at);
    let mut cases = vec![
        stage
            .lie(1, LISTS_MALLORYS, "the server says that Mallory's letter is Anna's")
            .lists_as(stage.mallorys, &posing)
            .lists(LIST, "Från Mallory", unlisted(wrong_issuer))
            .lists(LIST + 1, "Från Mallory", unlisted(wrong_issuer))
            .case(),
        stage
            .lie(1, READS, "an envelope claims another name")
            .lists_as(id, &rewritten.claiming("name", "Björn Ek").envelope_signed(&pen, at))
            .lists(LIST, SUBJECT, "anna.l@example.se (known, calls itself Björn Ek): Återbesök på torsdag")
            .case(),
    ];
    cases.extend(refused_both_ways(
        stage,
        1,
        "an envelope claims a sender",
        &claims_a_sender,
        damaged(Refused::NotAnEnvelope),
    ));
    cases.extend(both_ways(
        stage,
        1,
        "a content claims another From",
        &other,
        not_read(damaged(Refused::FromIsNotTheSigner)),
    ));
    cases.extend(both_ways(
        stage,
        1,
        "a content claims two From",
        &two,
        not_read(damaged(Refused::FromIsNotTheSigner)),
    ));
    cases
}

pub(super) fn rewritten_by_a_reader(stage: &Stage) -> Vec<Case> {
    let at = stage.rewritten().entry.arrived;
    let rewritten = stage.rewritten().claiming("subject", "Återbesök på fredag");
    let (by_mallory, posing) = (stage.mallory.pen(), stage.mallory.pen().posing_as(&stage.anna.pen()));
    let refused = |signature| damaged(Refused::Signature(signature));
    let (other_issuer, wrong) = (refused(SignatureRefused::OtherIssuer), refused(SignatureRefused::Wrong));
    let mut cases = Vec::new();
    cases.extend(refused_both_ways(
        stage,
        2,
        "Mallory signs the envelope that the others are shown",
        &rewritten.envelope_signed(&by_mallory, at),
        other_issuer,
    ));
    cases.extend(refused_both_ways(
        stage,
        2,
        "Mallory signs the envelope and names Anna's key as the one that signed",
        &rewritten.envelope_signed(&posing, at),
        wrong,
    ));
    // An envelope that is in order around a content that only Mallory signed: the list has nothing against it.
    let pen = stage.anna.pen();
    let forged = stage.rewritten().holding(&LOCK.lock(&rewritten.plain(&posing, at), &rewritten.key), &pen, at);
    let name = "Mallory signs the content alone and names Anna's key as the one that signed";
    cases.extend(both_ways(stage, 2, name, &forged, not_read(wrong)));
    cases
}

pub(super) fn content_as_envelope(stage: &Stage) -> Vec<Case> {
    let (id, rewritten) = (stage.letter, stage.rewritten());
    let envelope = rewritten.entry.released.clone().expect("released").envelope.0;
    let locked = damaged(Refused::Locked(LockedRefused::NotAuthentic));
    let plain = rewritten.plain(&stage.anna.pen(), rewritten.entry.arrived);
    let under_the_envelopes_key = LOCK.lock(&plain, &envelope_key(&rewritten.key));
    let content = format!("GET /letters/{id}/content");
    let mut cases = vec![
        stage
            .lie(3, READS, "the server serves the envelope as the content")
            .serves(&content, &envelope)
            .shows(READ, unread(locked))
            .case(),
    ];
    let swapped = rewritten.enveloped(&rewritten.content);
    cases.extend(refused_both_ways(stage, 3, "the server serves the content as the envelope", &swapped, locked));
    let name = "a reader encrypts the signed content under the envelope's key";
    let entry = rewritten.enveloped(&under_the_envelopes_key);
    cases.extend(refused_both_ways(stage, 3, name, &entry, damaged(Refused::NotAnEnvelope)));
    cases
}

pub(super) fn moved(stage: &Stage) -> Vec<Case> {
    let (id, here) = (stage.letter, stage.rewritten().entry);
    let changes: Changes = stage.answer(READS, "GET /changes");
    let there = changes.entries.into_iter().find(|entry| entry.id == stage.other).expect("it is new");
    let moved = Entry { released: there.released.clone(), thread: there.thread, ..here.clone() };
    let in_its_thread = Entry { thread: here.thread, ..moved.clone() };
    let threaded = Entry { thread: there.thread, ..here.clone() };
    let mixed = {
        let (here, there) = (here.released.clone().expect("released"), there.released.clone().expect("released"));
        Released { envelope: here.envelope, wrapped_key: there.wrapped_key }
    };
    let mixed = Entry { released: Some(mixed), ..here.clone() };
    let (other_id, other_thread) = (damaged(Refused::OtherId), damaged(Refused::OtherThread));
    let locked = damaged(Refused::Locked(LockedRefused::NotAuthentic));
    let mut cases = vec![
        stage
            .lie(4, READS, "the content is another letter's")
            .serves(&format!("GET /letters/{id}/content"), &stage.long_rewritten().content)
            .shows(READ, unread(locked))
            .case(),
        stage
            .lie(4, READS_UNHEARD, "another letter is answered than was asked for")
            .tells(&format!("GET /letters/{id}"), |entry: &mut Entry| *entry = there.clone())
            .shows(READ_UNHEARD, unread(Damage::OtherLetter))
            .case(),
    ];
    for (name, entry, damage) in [
        ("another letter is in this one's entry, with its thread", moved, other_id),
        ("another letter is in this one's entry", in_its_thread, other_id),
        ("the letter is in another thread", threaded, other_thread),
        ("the wrapped key is another letter's", mixed, locked),
    ] {
        cases.extend(refused_both_ways(stage, 4, name, &entry, damage));
    }
    cases
}

pub(super) fn again(stage: &Stage) -> Vec<Case> {
    let id = stage.letter;
    let copy = |changes: &Changes| changes.entries.iter().find(|entry| entry.id == id).expect("it is new").clone();
    let with_mark = |shown: &str| format!("{shown}\nwarning: date-is-off");
    let marked = |plot: Plot<'_>| {
        let shown = with_mark(plot.shown(READ_UNHEARD));
        plot.shows(READ_UNHEARD, shown).case()
    };
    let renamed = stage.lie(8, READS, "the letter is delivered again under another id");
    let renamed_rows = format!("{}\n{}", renamed.line(LIST, SUBJECT), unlisted(damaged(Refused::OtherId)));
    // As it is listed and read when it is said to have come at another time: first or last, and marked.
    let listed = |name: &str, come: &dyn Fn(&mut Entry), first: bool| {
        let plot = stage.lie(8, READS, name);
        let marked = plot.line(LIST, SUBJECT).replace("): ", ", date is off): ");
        let mut lines: Vec<_> = plot.shown(LIST).lines().filter(|line| !line.contains(SUBJECT)).collect();
        lines.insert(if first { 0 } else { lines.len() }, &marked);
        let (shown, read) = (lines.join("\n"), with_mark(plot.shown(READ)));
        let plot = plot.tells("GET /changes", |changes: &mut Changes| {
            come(changes.entries.iter_mut().find(|entry| entry.id == id).expect("it is new"));
        });
        plot.shows(LIST, shown).shows(READ, read)
    };
    let late = |entry: &mut Entry| entry.arrived = entry.arrived.after(MONTH);
    let early = |entry: &mut Entry| entry.arrived = entry.arrived.before(MONTH);
    let entry = format!("GET /letters/{id}");
    vec![
        listed("the letter is listed as come a month after it was written", &late, true).case(),
        listed("the letter is listed as come a month ago", &early, false).case(),
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
        marked(stage.lie(8, READS_UNHEARD, "the letter is delivered a month late").tells(&entry, late).later(MONTH)),
        marked(stage.lie(8, READS_UNHEARD, "the letter is said to have come a month ago").tells(&entry, early)),
    ]
}

pub(super) fn under_another_name(stage: &Stage) -> Vec<Case> {
    let (id, rewritten) = (stage.letter, stage.rewritten());
    let (at, sender) = (rewritten.entry.arrived, stage.mallory.as_sender());
    let stolen = Entry { sender: sender.clone(), ..rewritten.entry.clone() };
    let wrapped = Entry { sender, ..rewritten.envelope_signed(&stage.mallory.pen(), at) };
    let refused = damaged(Refused::Signature(SignatureRefused::OtherIssuer));
    let mut cases = vec![
        stage
            .lie(9, READS, "Mallory posts Anna's content under an envelope of her own")
            .lists_as(id, &wrapped)
            .lists(LIST, SUBJECT, "mallory.g@example.se (known, calls itself Anna Lindqvist): Återbesök på torsdag")
            .shows(READ, unread(refused))
            .case(),
        stage
            .lie(9, READS_UNHEARD, "Mallory posts Anna's content under an envelope of her own, unheard of")
            .opens_as(id, &wrapped)
            .shows(READ_UNHEARD, unread(refused))
            .case(),
    ];
    cases.extend(refused_both_ways(stage, 9, "Mallory posts Anna's letter as it is", &stolen, refused));
    cases
}

pub(super) fn nested(stage: &Stage) -> Vec<Case> {
    let rewritten = stage.rewritten();
    // A letter that Björn could open: what Anna would like to have quoted back.
    let secret = stage.long_rewritten();
    let released = secret.entry.released.as_ref().expect("released");
    let secret = BASE64.encode(&[&released.wrapped_key.0[..], &secret.content].concat());
    let armored = format!("-----BEGIN PGP MESSAGE-----\r\n\r\n{secret}\r\n-----END PGP MESSAGE-----");
    let boundary = rewritten.mime.split("boundary=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("one");
    let last = format!("--{boundary}\r\nContent-Type: application/vnd.securemailbox.manifest+json");
    ["application/pgp-encrypted", "message/rfc822", "text/html"]
        .into_iter()
        .flat_map(|kind| {
            let part = format!("--{boundary}\r\nContent-Type: {kind}\r\n\r\n{armored}\r\n{last}");
            let forged = rewritten.replace(&last, &part).signed(&stage.anna.pen(), rewritten.entry.arrived);
            both_ways(stage, 10, &format!("an encrypted part is hidden as {kind}"), &forged, |plot, read| {
                let shown = format!("{}\nwarning: unopened-parts", plot.shown(read));
                plot.shows(read, shown)
            })
        })
        .collect()
}

/// In the letter itself, and in a list.
pub(super) fn forged_receipts(stage: &Stage) -> Vec<Case> {
    [LOOKS, IS_TOLD].into_iter().flat_map(|day| receipts_forged_on(stage, day)).collect()
}

fn receipts_forged_on(stage: &Stage, day: &str) -> Vec<Case> {
    const READ: usize = 1;
    let (id, deliveries) = (stage.letter, format!("GET /letters/{}/deliveries", stage.letter));
    let truth: Deliveries = stage.answer(day, &deliveries);
    let true_read = truth.deliveries.into_iter().find_map(|delivery| delivery.read).expect("Björn has read");
    let (at, content) = (true_read.receipt.at, stage.rewritten().content_hash());
    let operator = Keyring::new(Identity::generate(&stage.bjorn.address, at, &mut OsRng));
    let sign = |keyring: &Keyring, id| receipts::sign(id, content, at, keyring.present(), &mut OsRng);
    let named = |name: &str| if day == IS_TOLD { format!("{name}, in a list") } else { name.to_owned() };
    let lie = |name: &str, receipt: ReadReceipt| {
        let lie = stage.lie(11, day, &named(name)).tells(&deliveries, |told: &mut Deliveries| {
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
            .lie(11, day, &named("one reader's receipt stands for another's"))
            .tells(&deliveries, |told: &mut Deliveries| {
                let unread = told.deliveries.iter_mut().find(|delivery| delivery.read.is_none()).expect("Mallory");
                unread.read = Some(borrowed.clone());
            })
            .also_serves(&format!("GET /directory/certificates/{}", mallorys.hash()), mallorys.bytes())
            .lists(READ, "mallory.g@example.se:", format!("mallory.g@example.se: {ReceiptRefused}"))
            .case(),
    ]
}

/// What a server can make of how a letter asks its readers to be identified. It can let anybody in, which the letter tells; and it
/// can keep everybody out.
pub(super) fn other_levels(stage: &Stage) -> Vec<Case> {
    let entry = stage.rewritten().entry;
    let asks = Entry { level: Some(Level::Passkey), ..entry.clone() };
    let withheld = Entry { released: None, ..asks.clone() };
    let warned = |plot: Plot<'_>, act: usize| {
        let shown = format!("{}\nwarning: level-is-off", plot.shown(act));
        plot.shows(act, shown).case()
    };
    let lie = |day, name| stage.lie(75, day, name);
    let id = stage.letter;
    vec![
        warned(lie(READS, "the server asks for a level that its sender did not ask for").lists_as(id, &asks), READ),
        warned(lie(READS_UNHEARD, "it asks for one when the letter is opened").opens_as(id, &asks), READ_UNHEARD),
        lie(READS, "a letter is withheld in the name of a level")
            .lists_as(id, &withheld)
            .also_tells(&format!("GET /letters/{id}"), &withheld)
            .refuses(&format!("GET /letters/{id}/content"), 1, ProblemType::LevelRequired)
            .lists(LIST, SUBJECT, unlisted(Damage::LevelRequired))
            .shows(READ, failed(CallError::Problem(withheld_problem())))
            .case(),
    ]
}

/// How the client is told of a refusal without anything beside it.
fn withheld_problem() -> Problem {
    Problem { kind: ProblemType::LevelRequired, detail: None, retry_after: None, offers: Vec::new(), request: None }
}
