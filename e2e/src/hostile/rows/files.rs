//! Rows 12 and 13: what a server can make of a file, alone or with a reader or a sender of it.

use pgp::crypto::aead::{AeadAlgorithm, ChunkSize};
use pgp::types::Tag;
use securemailbox_client::{
    attachments::{DownloadError, NotTheFile},
    failure::{CallError, Problem},
    letters::SendError,
    transport::Unreachable,
};
use securemailbox_protocol::problems::ProblemType;
use securemailbox_vault::{
    attachments::{Attachment, CHUNK, HEAD, Layout, PartCipher, PartRefused, TAG},
    letters::Refused,
};

use crate::{
    hostile::{
        days::{SAVES, SAVES_ANOTHER, SAVES_MALLORYS, SENDS_A_FILE},
        forge::{LOCK, Lock, packet},
        plot::{Plot, damaged, failed, unread},
        stage::{FILE, Stage},
    },
    suite::Case,
};

const SEND: usize = 1;
const READ: usize = 1;
const SAVE: usize = 2;
/// A chunk with its tag, as it lies in the blob.
const SEALED: usize = (CHUNK + TAG) as usize;

/// How a part is encrypted (PROTOCOL §3).
const PART_LOCK: Lock = Lock { mode: AeadAlgorithm::Gcm, chunk: ChunkSize::C256KiB, ..LOCK };

/// What saving shows where a chunk, a tag or all of it is another file's.
fn unsaved(refused: impl Into<NotTheFile>) -> String {
    failed(DownloadError::NotTheFile(refused.into()))
}

fn uncalled(error: CallError) -> String {
    failed(DownloadError::Call(error))
}

/// The question that gets a file.
fn get(file: &Attachment) -> String {
    format!("GET /blobs/{}", file.parts[0].blob)
}

impl Plot<'_> {
    /// Saving shows this, and the sender is not told that there is anything on this device.
    fn not_saved(self, letter: impl std::fmt::Display, shown: String) -> Case {
        self.shows(SAVE, shown).never_asks(&format!("POST /letters/{letter}/saved")).case()
    }
}

/// A whole blob in the two answers that it comes in.
fn in_two(blob: &[u8]) -> [&[u8]; 2] {
    let (head, rest) = blob.split_at(HEAD as usize);
    [head, rest]
}

/// A part as a reader of the letter can seal it who has no regard for its hash: all that they lack is the sender's signature.
fn sealed_by_a_reader(file: &Attachment, data: &[u8]) -> Vec<u8> {
    let layout = Layout::of(data.len() as u64, true).expect("a part");
    let (salt, key) = ([9; 32], &file.parts[0].key);
    let cipher = PartCipher::new(layout, key, &salt);
    let mut blob = PartCipher::head(&layout, &salt);
    for number in 0..layout.chunks() {
        let range = layout.chunk(number).expect("a chunk").data;
        let (start, end) = (usize::try_from(range.start).expect("short"), usize::try_from(range.end).expect("short"));
        cipher.seal(number, &data[start..end], &mut blob);
    }
    blob.extend_from_slice(&cipher.last_tag());
    blob
}

/// The text of the part, whose literal packet has a header of the forger's choice; as long as the true one.
fn text(format: u8, date: [u8; 4]) -> Vec<u8> {
    let file = vec![1; FILE];
    let literal = packet(Tag::LiteralData, &[&[format, 0][..], &date, &file].concat());
    let whole = usize::try_from(Layout::of(FILE as u64, true).expect("a part").text()).expect("short");
    let padding = packet(Tag::Padding, &vec![0; whole - literal.len() - 6]);
    [literal, padding].concat()
}

pub(super) fn not_the_file(stage: &Stage) -> Vec<Case> {
    let (id, [file, other, _]) = (stage.filed, &stage.files);
    let [head, rest] = stage.file_answers(SAVES, file);
    let [others_head, others_rest] = stage.file_answers(SAVES_ANOTHER, other);
    let gives = |name: &str, answers: [&[u8]; 2], shown: String| {
        stage.lie(12, SAVES, name).gives(&get(file), &answers.map(|bytes| (206, bytes))).not_saved(id, shown)
    };
    // Of what begins otherwise no more is asked for.
    let begins = |name: &str, blob: &[u8], shown: String| {
        stage.lie(12, SAVES, name).gives(&get(file), &[(206, in_two(blob)[0])]).not_saved(id, shown)
    };
    let part = |refused: PartRefused| unsaved(refused);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = rest.clone();
        change(&mut bytes);
        bytes
    };
    let unreadable = || uncalled(CallError::Unreadable);
    let swapped = changed(&|bytes| {
        let (a, b) = bytes[..2 * SEALED].split_at_mut(SEALED);
        a.swap_with_slice(b);
    });
    let without_last = changed(&|bytes| drop(bytes.drain(2 * SEALED..bytes.len() - TAG as usize)));
    let last = rest.len() - 2 * SEALED - TAG as usize;
    let twice = changed(&|bytes| bytes.copy_within(..last, 2 * SEALED));
    let longer_head = [&*head, &[0]].concat();
    let by_a_reader = |data: &[u8]| sealed_by_a_reader(file, data);
    let forged = by_a_reader(&[4; FILE]);
    let (padded, shorter) = (by_a_reader(&[1; FILE - 1000]), by_a_reader(&[1; FILE / 2]));
    let key = file.parts[0].key.as_bytes();
    let dated = PART_LOCK.lock(&text(b'b', [0x69, 0, 0, 0]), key);
    let as_text = PART_LOCK.lock(&text(b'u', [0; 4]), key);
    let ocb = Lock { mode: AeadAlgorithm::Ocb, ..PART_LOCK }.lock(&text(b'b', [0; 4]), key);
    let small_chunks = Lock { chunk: ChunkSize::C64KiB, ..PART_LOCK }.lock(&text(b'b', [0; 4]), key);
    let mut cases = vec![
        gives("another letter's blob", [&others_head, &others_rest], part(PartRefused::LastTag)),
        gives("a range of another file", [&head, &others_rest], part(PartRefused::LastTag)),
        gives("the beginning of another file", [&others_head, &rest], part(PartRefused::LastTag)),
        gives("two chunks that changed places", [&head, &swapped], part(PartRefused::Chunk)),
        gives("a part without its last chunk", [&head, &without_last], unreadable()),
        gives("another chunk in the place of the last", [&head, &twice], part(PartRefused::Chunk)),
        gives("one bit", [&head, &changed(&|bytes| bytes[SEALED + 5] ^= 1)], part(PartRefused::Chunk)),
        gives(
            "one bit of the last tag",
            [&head, &changed(&|bytes| bytes[rest.len() - 1] ^= 1)],
            part(PartRefused::LastTag),
        ),
        gives("less than was asked for", [&head, &changed(&|bytes| bytes.truncate(bytes.len() - 1))], unreadable()),
        gives("nothing at all", [&head, &[]], unreadable()),
        gives("a beginning that is longer", [&longer_head, &rest], unreadable()),
        gives(
            "more than was asked for",
            [&head, &changed(&|bytes| bytes.push(0))],
            uncalled(CallError::Unreachable(Unreachable)),
        ),
        gives("another file, sealed by a reader with the key", in_two(&forged), unsaved(NotTheFile::Hash)),
        gives("a shorter one in a part as long, sealed by a reader", in_two(&padded), part(PartRefused::Text)),
        begins("a shorter one, sealed by a reader with the key", &shorter, part(PartRefused::Head)),
        gives("a literal packet with a date", in_two(&dated), part(PartRefused::Text)),
        gives("a literal packet of text", in_two(&as_text), part(PartRefused::Text)),
        begins("a part in another mode", &ocb, part(PartRefused::Head)),
        begins("a part in smaller chunks", &small_chunks, part(PartRefused::Head)),
        stage
            .lie(12, SAVES, "all of the file where a range was asked for")
            .gives(&get(file), &[(206, &head), (200, &rest)])
            .not_saved(id, unreadable()),
    ];
    cases.extend(signed_by_its_sender(stage));
    cases
}

/// A sender is held to what they signed: a row that says another hash, and rows that no client writes.
fn signed_by_its_sender(stage: &Stage) -> Vec<Case> {
    let (id, file, pen) = (stage.filed, &stage.files[0], stage.anna.pen());
    let rewritten = stage.filed_rewritten(SAVES, id, &stage.anna);
    let content = format!("GET /letters/{id}/content");
    let hash =
        |file: &Attachment| serde_json::to_value(file.sha256).expect("JSON").as_str().expect("a text").to_owned();
    let sends = |name: &str, from: &str, to: &str| {
        let forged = rewritten.replace(from, to).signed(&pen, rewritten.entry.arrived);
        let plot = stage.lie(12, SAVES, name).lists_as(id, &forged.entry).serves(&content, &forged.content);
        (plot, forged.content)
    };
    let size = |size: usize| format!("\"size\":{size},");
    let refuses = |name: &str, from: &str, to: &str| {
        let said = unread(damaged(Refused::NotAContent));
        let (plot, forged) = sends(name, from, to);
        // Whoever wants to save what was not read gets the letter once more.
        plot.also_serves(&content, &forged).shows(READ, said.clone()).not_saved(id, said)
    };
    vec![
        sends("its sender signs the hash of another file", &hash(file), &hash(&stage.files[1]))
            .0
            .not_saved(id, unsaved(NotTheFile::Hash)),
        refuses("its sender signs another size than its part has", &size(FILE), &size(FILE + 1)),
        refuses("its sender signs a name of two lines", "Provsvar.pdf", "Prov\\nsvar.pdf"),
    ]
}

/// A server that lets anybody refer to any blob, and one that says there is none.
pub(super) fn never_had(stage: &Stage) -> Vec<Case> {
    let (id, [annas, _, mallorys]) = (stage.mallorys_filed, &stage.files);
    let rewritten = stage.filed_rewritten(SAVES_MALLORYS, id, &stage.mallory);
    let [head, rest] = stage.file_answers(SAVES, annas);
    let blob = |file: &Attachment| file.parts[0].blob.to_string();
    let forged = rewritten.replace(&blob(mallorys), &blob(annas));
    let forged = forged.signed(&stage.mallory.pen(), rewritten.entry.arrived);
    let missing =
        Problem { kind: ProblemType::BlobMissing, detail: None, retry_after: None, offers: Vec::new(), request: None };
    vec![
        stage
            .lie(13, SAVES_MALLORYS, "Mallory's letter names Anna's blob, and the server takes it")
            .lists_as(id, &forged.entry)
            .serves(&format!("GET /letters/{id}/content"), &forged.content)
            .also_gives(&get(annas), &head)
            .also_gives(&get(annas), &rest)
            .never_asks(&get(mallorys))
            .not_saved(id, unsaved(PartRefused::LastTag)),
        stage
            .lie(13, SENDS_A_FILE, "the server says that a blob is missing which it has")
            .refuses("POST /letters", 1, ProblemType::BlobMissing)
            .shows(SEND, failed(SendError::Refused(CallError::Problem(missing))))
            .case(),
    ]
}
