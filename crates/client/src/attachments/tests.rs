//! Uploads and downloads against a server that keeps blobs in memory, and loses, refuses or lies as a test tells it to.

use std::{cell::RefCell, collections::BTreeMap, ops::Range};

use proptest::prelude::*;
use rand::rngs::OsRng;
use securemailbox_protocol::{
    attachments::NewBlob,
    endpoints::Method,
    ids::{BlobId, LetterId},
    limits,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_vault::attachments::{Attachment, CHUNK, HEAD, Layout, Part, PartCipher, PartKey, PartRefused, TAG};
use zeroize::Zeroizing;

use super::*;
use crate::{
    api::Api,
    failure::CallError,
    fixtures::{TestWorld, annas_mailbox, ready},
    transport::{Request, Response, Transport, Unreachable},
};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is answered.
    Answered,
    /// It is lost on its way.
    Lost,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// A proxy takes nothing over 1 MB.
    Proxy,
    /// The server has lost this upload.
    Gone,
}

/// A status and a body.
type Told = (u16, Vec<u8>);

#[derive(Default)]
struct Shelf {
    blobs: RefCell<BTreeMap<BlobId, (u64, Vec<u8>)>>,
    fates: RefCell<Vec<Fate>>,
    largest: RefCell<usize>,
    /// What is answered to who asks for bytes from here on: a status, and a body however long.
    lies: RefCell<BTreeMap<(BlobId, u64), Told>>,
}

impl Shelf {
    fn facing(fates: impl IntoIterator<Item = Fate>) -> Self {
        let mut fates: Vec<_> = fates.into_iter().collect();
        fates.reverse();
        Self { fates: RefCell::new(fates), ..Self::default() }
    }

    fn act(&self, request: &Request) -> Response {
        let header =
            |name: &str| request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone());
        let number = |name| header(name).unwrap().parse::<u64>().unwrap();
        let mut blobs = self.blobs.borrow_mut();
        if request.method == Method::Post {
            let id = BlobId::from_bytes([u8::try_from(blobs.len() + 1).unwrap(); 16]);
            blobs.insert(id, (number("upload-length"), Vec::new()));
            let body = serde_json::to_vec(&NewBlob { id }).unwrap();
            return Response { status: 201, content_type: "application/json".into(), body, ..Response::default() };
        }
        let id: BlobId = request.path.rsplit('/').next().unwrap().parse().unwrap();
        if request.method == Method::Delete {
            blobs.remove(&id);
            return Response { status: 204, ..Response::default() };
        }
        let Some((length, bytes)) = blobs.get_mut(&id) else { return problem(ProblemType::NotFound) };
        match request.method {
            Method::Head => answer(200, bytes.len()),
            Method::Patch if number("upload-offset") != bytes.len() as u64 => problem(ProblemType::OtherOffset),
            Method::Patch => {
                assert!(request.body.len() <= limits::PIECE);
                let mut largest = self.largest.borrow_mut();
                *largest = request.body.len().max(*largest);
                bytes.extend_from_slice(&request.body);
                assert!(bytes.len() as u64 <= *length);
                answer(204, bytes.len())
            }
            _ => {
                let range = header("range").unwrap();
                let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                let (first, last): (usize, usize) = (first.parse().unwrap(), last.parse().unwrap());
                let truth = || (206, bytes.get(first..(last + 1).min(bytes.len())).unwrap_or_default().to_vec());
                let (status, body) = self.lies.borrow().get(&(id, first as u64)).cloned().unwrap_or_else(truth);
                let content_type = "application/octet-stream".into();
                Response { status, content_type, body, ..Response::default() }
            }
        }
    }
}

fn answer(status: u16, offset: usize) -> Response {
    Response { status, upload_offset: Some(offset as u64), ..Response::default() }
}

fn problem(kind: ProblemType) -> Response {
    let body = serde_json::to_vec(&ProblemDetails::new(kind)).unwrap();
    Response { status: kind.status(), content_type: "application/problem+json".into(), body, ..Response::default() }
}

impl Transport for Shelf {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let fate = self.fates.borrow_mut().pop().unwrap_or(Fate::Answered);
        match fate {
            // What is longer than was asked for is no answer: every transport holds to that.
            Fate::Answered => {
                Some(self.act(&request)).filter(|answer| answer.body.len() <= request.limit).ok_or(Unreachable)
            }
            Fate::Lost => Err(Unreachable),
            Fate::AnswerLost => {
                self.act(&request);
                Err(Unreachable)
            }
            Fate::Proxy if request.body.len() > 1_000_000 => Ok(Response { status: 413, ..Response::default() }),
            Fate::Proxy => Ok(self.act(&request)),
            Fate::Gone => {
                self.blobs.borrow_mut().clear();
                Ok(self.act(&request))
            }
        }
    }
}

struct File(RefCell<Vec<u8>>);

impl File {
    fn of(size: u64) -> Self {
        let pattern: Vec<u8> = (0..=252).map(|at| at * 31 % 253).map(|byte: u16| u8::try_from(byte).unwrap()).collect();
        let mut bytes = pattern.repeat(usize::try_from(size).unwrap() / pattern.len() + 1);
        bytes.truncate(usize::try_from(size).unwrap());
        Self(RefCell::new(bytes))
    }
}

impl Source for File {
    fn size(&self) -> u64 {
        self.0.borrow().len() as u64
    }

    async fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, SourceChanged> {
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        self.0.borrow().get(range).map(|bytes| Zeroizing::new(bytes.to_vec())).ok_or(SourceChanged)
    }
}

#[derive(Default)]
struct Kept(RefCell<Vec<u8>>);

impl Sink for Kept {
    async fn write(&self, bytes: Zeroizing<Vec<u8>>) -> Result<(), SinkFailed> {
        self.0.borrow_mut().extend_from_slice(&bytes);
        Ok(())
    }
}

const PATIENCE: usize = 60;

/// Goes on until it is up, as a driver does.
fn send(world: &TestWorld, shelf: &Shelf, file: &File) -> Result<Attachment, UploadError> {
    let api = Api::session(shelf, None);
    let mut upload = Upload::new(file.size());
    for _ in 0..PATIENCE {
        let sent = ready(upload.run(world, &api, (file, &Here), &|_| {}, &async |_| {}));
        match sent {
            Ok(sent) => {
                assert_eq!(upload.progress().done, file.size());
                return Ok(Upload::attachment("a.pdf".into(), "application/pdf".into(), file.size(), sent));
            }
            Err(UploadError::Call(CallError::Unreachable(_))) => {}
            Err(error) => return Err(error),
        }
    }
    panic!("it never got there")
}

fn get(shelf: &Shelf, attachment: &Attachment) -> Result<Vec<u8>, DownloadError> {
    let (api, sink) = (Api::session(shelf, None), Kept::default());
    let mut download = Download::new(attachment.clone());
    for _ in 0..PATIENCE {
        match ready(download.run(&api, (&sink, &Here), &|_| {})) {
            Ok(()) => return Ok(sink.0.into_inner()),
            Err(DownloadError::Call(CallError::Unreachable(_))) => {}
            Err(error) => return Err(error),
        }
    }
    panic!("it never got here")
}

#[test]
fn what_went_up_comes_down() {
    for size in [0, 1, CHUNK - 12, 33 * CHUNK, 70 * CHUNK + 5] {
        let (world, shelf, file) = (TestWorld::default(), Shelf::default(), File::of(size));
        let attachment = send(&world, &shelf, &file).unwrap();
        assert_eq!(get(&shelf, &attachment).unwrap(), *file.0.borrow(), "{size}");
    }
}

#[test]
fn a_proxy_that_takes_1_mb_is_gone_through() {
    let (world, file) = (TestWorld::default(), File::of(20 * CHUNK));
    let shelf = Shelf::facing(std::iter::repeat_n(Fate::Proxy, 200));
    let attachment = send(&world, &shelf, &file).unwrap();
    assert!(*shelf.largest.borrow() < 1_000_000);
    assert_eq!(get(&shelf, &attachment).unwrap(), *file.0.borrow());
}

#[test]
fn an_upload_that_the_server_lost_begins_anew_with_another_key() {
    let (world, file) = (TestWorld::default(), File::of(40 * CHUNK));
    let shelf = Shelf::facing([Fate::Answered, Fate::Answered, Fate::Gone]);
    let attachment = send(&world, &shelf, &file).unwrap();
    assert_eq!(get(&shelf, &attachment).unwrap(), *file.0.borrow());
}

#[test]
fn a_file_that_was_changed_meanwhile_is_not_sent() {
    let (world, shelf, file) = (TestWorld::default(), Shelf::default(), File::of(40 * CHUNK));
    let api = Api::session(&shelf, None);
    let shorten = |_| file.0.borrow_mut().truncate(100);
    let sent = ready(Upload::new(40 * CHUNK).run(&world, &api, (&file, &Here), &shorten, &async |_| {}));
    assert_eq!(sent.err(), Some(UploadError::Changed(SourceChanged)));
}

#[test]
fn whoever_comes_back_goes_on_where_it_was_and_only_with_the_same_file() {
    let (world, file) = (TestWorld::default(), File::of(70 * CHUNK + 5));
    let shelf = Shelf::facing([Fate::Answered, Fate::Answered, Fate::Answered, Fate::AnswerLost]);
    let api = Api::session(&shelf, None);
    let kept = RefCell::new(None);
    let keep = async |state| drop(kept.replace(Some(state)));
    let mut upload = Upload::new(file.size());
    assert!(ready(upload.run(&world, &api, (&file, &Here), &|_| {}, &keep)).is_err());
    let kept = kept.take().unwrap();
    let text = serde_json::to_string(&kept).unwrap();
    let before = shelf.blobs.borrow().len();

    let again = || serde_json::from_str::<UploadState>(&text).unwrap();
    let mut resumed = ready(Upload::resume(again(), &api, &file)).unwrap();
    assert!(resumed.progress().done > 10 * CHUNK, "{:?}", resumed.progress());
    let sent = ready(resumed.run(&world, &api, (&file, &Here), &|_| {}, &async |_| {})).unwrap();
    assert_eq!(shelf.blobs.borrow().len(), before, "the same blob");
    let attachment = Upload::attachment("a".into(), "b".into(), file.size(), sent);
    assert_eq!(get(&shelf, &attachment).unwrap(), *file.0.borrow());

    file.0.borrow_mut()[3] ^= 1;
    assert_eq!(ready(Upload::resume(again(), &api, &file)).err(), Some(UploadError::Changed(SourceChanged)));
    file.0.borrow_mut().push(1);
    assert_eq!(ready(Upload::resume(again(), &api, &file)).err(), Some(UploadError::Changed(SourceChanged)));
}

/// A file of two chunks more than are asked for at once, so that its chunks come in two answers.
const TWO_ANSWERS: u64 = 33;

/// Where the answers with chunks begin, and what is in them.
fn answers(shelf: &Shelf, blob: BlobId) -> [(u64, Vec<u8>); 2] {
    let bytes = shelf.blobs.borrow()[&blob].1.clone();
    let second = HEAD + 31 * (CHUNK + TAG);
    let (head, at) = (usize::try_from(HEAD).unwrap(), usize::try_from(second).unwrap());
    [(HEAD, bytes[head..at].to_vec()), (second, bytes[at..].to_vec())]
}

/// Asks once, without patience: what was written by then, and how it ended.
fn get_once(shelf: &Shelf, attachment: &Attachment) -> (u64, Result<(), DownloadError>) {
    let (api, sink) = (Api::session(shelf, None), Kept::default());
    let mut download = Download::new(attachment.clone());
    let ended = ready(download.run(&api, (&sink, &Here), &|_| {}));
    (download.progress().done, ended)
}

/// Threat model, rows 12 and 13: whatever the server gives in the place of a file is refused by name.
#[test]
fn what_is_not_the_file_is_refused_and_never_called_whole() {
    let size = TWO_ANSWERS * CHUNK - 100;
    let (world, shelf) = (TestWorld::default(), Shelf::default());
    let attachment = send(&world, &shelf, &File::of(size)).unwrap();
    let other = send(&world, &shelf, &File::of(size)).unwrap();
    let (this, that) = (attachment.parts[0].blob, other.parts[0].blob);
    let [(first, begins), (second, ends)] = answers(&shelf, this);
    let [(_, others_begin), (_, others_end)] = answers(&shelf, that);
    let head = |blob| shelf.blobs.borrow()[&blob].1[..usize::try_from(HEAD).unwrap()].to_vec();
    let lie = |lies: &[(u64, &[u8])]| {
        let told = lies.iter().map(|(at, bytes)| ((this, *at), (206, bytes.to_vec())));
        shelf.lies.replace(told.collect());
        let (done, ended) = get_once(&shelf, &attachment);
        assert!(done < size, "the end of it was given away");
        ended.expect_err("it was called whole")
    };
    let changed = |bytes: &[u8], change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = bytes.to_vec();
        change(&mut bytes);
        bytes
    };
    let part = |refused| DownloadError::NotTheFile(NotTheFile::Part(refused));
    let (chunk, tag) = (usize::try_from(CHUNK + TAG).unwrap(), usize::try_from(TAG).unwrap());
    let swapped = changed(&begins, &|bytes| {
        let (a, b) = bytes[chunk..3 * chunk].split_at_mut(chunk);
        a.swap_with_slice(b);
    });
    let without_last = changed(&ends, &|bytes| drop(bytes.drain(chunk..bytes.len() - tag)));
    let last_in_its_place = changed(&ends, &|bytes| {
        let length = bytes.len();
        bytes.copy_within(0..length - chunk - tag, chunk);
    });
    let flipped = |bytes: &[u8], at: usize| changed(bytes, &|bytes| bytes[at] ^= 1);
    let longer = |bytes: &[u8]| changed(bytes, &|bytes| bytes.push(0));
    let shorter = |bytes: &[u8]| changed(bytes, &|bytes| bytes.truncate(bytes.len() - 1));
    let unreadable = DownloadError::Call(CallError::Unreadable);
    let unreachable = DownloadError::Call(CallError::Unreachable(Unreachable));
    for (name, lies, why) in [
        ("a bit", vec![(first, &*flipped(&begins, 5))], part(PartRefused::Chunk)),
        ("reordered", vec![(first, &*swapped)], part(PartRefused::Chunk)),
        ("the missing last chunk", vec![(second, &*without_last)], unreadable.clone()),
        ("another chunk in the place of the last", vec![(second, &*last_in_its_place)], part(PartRefused::Chunk)),
        ("the last tag", vec![(second, &*flipped(&ends, ends.len() - 1))], part(PartRefused::LastTag)),
        (
            "another letter's blob",
            vec![(0, &*head(that)), (first, &*others_begin), (second, &*others_end)],
            part(PartRefused::Chunk),
        ),
        ("a range of another file", vec![(second, &*others_end)], part(PartRefused::LastTag)),
        ("another range of this file", vec![(second, &begins[..ends.len()])], part(PartRefused::LastTag)),
        ("another file's beginning", vec![(0, &*head(that))], part(PartRefused::Chunk)),
        ("a beginning that is none", vec![(0, &*flipped(&head(this), 8))], part(PartRefused::Head)),
        ("shorter", vec![(second, &*shorter(&ends))], unreadable.clone()),
        ("nothing", vec![(second, &[])], unreadable.clone()),
        ("a longer beginning", vec![(0, &*longer(&head(this)))], unreadable.clone()),
        ("longer than anything that was asked for", vec![(first, &*longer(&begins))], unreachable),
    ] {
        assert_eq!(lie(&lies), why, "{name}");
    }
    // A proxy that knows of no ranges answers each question with the beginning of all there is.
    shelf.lies.replace([((this, second), (200, ends))].into());
    assert_eq!(get_once(&shelf, &attachment).1, Err(unreadable));
    shelf.lies.take();
    assert_eq!(get_once(&shelf, &attachment), (size, Ok(())), "and all of this is refused for the lie alone");
}

/// Threat model, row 12: a reader has the keys too, and seals another file with them for the server to serve.
#[test]
fn what_another_reader_sealed_with_the_key_of_a_part_is_not_the_file() {
    let (world, shelf, file) = (TestWorld::default(), Shelf::default(), File::of(2 * CHUNK));
    let attachment = send(&world, &shelf, &file).unwrap();
    let part = &attachment.parts[0];
    let forged = sealed(&part.key, &[0; 2 * CHUNK as usize], true);
    let blob = |bytes: Vec<u8>| drop(shelf.blobs.borrow_mut().insert(part.blob, (bytes.len() as u64, bytes)));
    blob(forged);
    assert_eq!(get(&shelf, &attachment), Err(DownloadError::NotTheFile(NotTheFile::Hash)));
    blob(sealed(&part.key, &file.0.borrow(), false));
    assert_eq!(get(&shelf, &attachment), Err(DownloadError::NotTheFile(NotTheFile::Part(PartRefused::Head))));
    blob(sealed(&part.key, &file.0.borrow(), true));
    assert_eq!(get(&shelf, &attachment), Ok(file.0.take()), "under another salt it is still the file");
}

/// Threat model, row 12: parts are held to their places, the last one by its padding and each by its key.
#[test]
fn a_part_in_the_place_of_another_is_not_the_file() {
    let size = usize::try_from(2 * CHUNK).unwrap();
    let (world, file) = (TestWorld::default(), File::of(2 * CHUNK));
    // Of a size that a test can hold: whole parts are a thousand times as long.
    let (shelf, bytes) = (Shelf::default(), file.0.borrow().clone());
    let halves: Vec<_> = bytes.chunks(size / 2).collect();
    let mut attachment = send(&world, &shelf, &file).unwrap();
    attachment.parts.clear();
    for (number, half) in halves.iter().enumerate() {
        let (blob, key) =
            (BlobId::from_bytes([0x50 + u8::try_from(number).unwrap(); 16]), PartKey::generate(&mut OsRng));
        let there = sealed(&key, half, number == 1);
        shelf.blobs.borrow_mut().insert(blob, (there.len() as u64, there));
        attachment.parts.push(Part { blob, key, length: half.len() as u64 });
    }
    assert_eq!(get(&shelf, &attachment).as_deref(), Ok(&*bytes));
    let [one, two] = [0, 1].map(|number| attachment.parts[number].blob);
    let swap = || {
        let mut blobs = shelf.blobs.borrow_mut();
        let (a, b) = (blobs[&one].clone(), blobs[&two].clone());
        blobs.extend([(one, b), (two, a)]);
    };
    swap();
    assert_eq!(get(&shelf, &attachment), Err(DownloadError::NotTheFile(NotTheFile::Part(PartRefused::Head))));
    swap();
    // By who has the keys, each under the other's: whole parts, in the wrong order.
    for (blob, part, data) in [(one, 0, halves[1]), (two, 1, halves[0])] {
        let there = sealed(&attachment.parts[part].key, data, part == 1);
        shelf.blobs.borrow_mut().insert(blob, (there.len() as u64, there));
    }
    assert_eq!(get(&shelf, &attachment), Err(DownloadError::NotTheFile(NotTheFile::Hash)));
}

/// A part as whoever has its key seals it, under a salt of theirs.
fn sealed(key: &PartKey, data: &[u8], is_last: bool) -> Vec<u8> {
    let layout = Layout::of(data.len() as u64, is_last).unwrap();
    let (salt, cipher) = ([7; 32], PartCipher::new(layout, key, &[7; 32]));
    let mut bytes = PartCipher::head(&layout, &salt);
    for number in 0..layout.chunks() {
        let range = layout.chunk(number).unwrap().data;
        cipher.seal(
            number,
            &data[usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap()],
            &mut bytes,
        );
    }
    bytes.extend_from_slice(&cipher.last_tag());
    bytes
}

#[test]
fn a_file_is_remembered_while_a_letter_is_shown_by_the_contacts() {
    let mailbox = annas_mailbox();
    let contacts = mailbox.contacts();
    let (world, shelf, file) = (TestWorld::default(), Shelf::default(), File::of(10));
    let uploaded = Uploaded::of(&send(&world, &shelf, &file).unwrap());
    let id = FileId::of_letter(LetterId::from_bytes([1; 16]), 0);
    mailbox.remember_file(id, uploaded.clone());
    assert_eq!(mailbox.uploaded(id), Some(uploaded));
    drop(contacts);
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Answered),
        2 => Just(Fate::Lost),
        2 => Just(Fate::AnswerLost),
        1 => Just(Fate::Proxy),
        1 => Just(Fate::Gone),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_is_lost_on_the_way_it_arrives_whole(
        size in 0..(20 * CHUNK),
        up in prop::collection::vec(any_fate(), 0..40),
        down in prop::collection::vec(prop_oneof![Just(Fate::Answered), Just(Fate::Lost)], 0..20),
    ) {
        let (world, file, shelf) = (TestWorld::default(), File::of(size), Shelf::facing(up));
        let attachment = send(&world, &shelf, &file).unwrap();
        shelf.fates.replace(down);
        prop_assert_eq!(get(&shelf, &attachment).unwrap(), file.0.into_inner());
    }
}
