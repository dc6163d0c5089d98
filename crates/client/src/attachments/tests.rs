//! Uploads and downloads against a server that keeps blobs in memory, and loses, refuses or lies as a test tells it to.

use std::{cell::RefCell, collections::BTreeMap, ops::Range};

use proptest::prelude::*;
use securemailbox_protocol::{
    attachments::NewBlob,
    endpoints::Method,
    ids::{BlobId, LetterId},
    limits,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_vault::attachments::{Attachment, CHUNK, HEAD, Layout};
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

#[derive(Default)]
struct Shelf {
    blobs: RefCell<BTreeMap<BlobId, (u64, Vec<u8>)>>,
    fates: RefCell<Vec<Fate>>,
    largest: RefCell<usize>,
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
                let body = bytes.get(first..(last + 1).min(bytes.len())).unwrap_or_default().to_vec();
                let content_type = "application/octet-stream".into();
                Response { status: 206, content_type, body, ..Response::default() }
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
            Fate::Answered => Ok(self.act(&request)),
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

/// Threat model, rows 12 and 13: whatever the server gives in the place of a file is refused by name.
#[test]
fn what_is_not_the_file_is_refused_and_never_called_whole() {
    let (world, shelf, file) = (TestWorld::default(), Shelf::default(), File::of(40 * CHUNK));
    let attachment = send(&world, &shelf, &file).unwrap();
    let other = send(&world, &shelf, &File::of(40 * CHUNK)).unwrap();
    let (this, that) = (attachment.parts[0].blob, other.parts[0].blob);
    let lie = |change: &dyn Fn(&mut Vec<u8>)| {
        let honest = shelf.blobs.borrow()[&this].1.clone();
        change(&mut shelf.blobs.borrow_mut().get_mut(&this).unwrap().1);
        let got = get(&shelf, &attachment);
        shelf.blobs.borrow_mut().get_mut(&this).unwrap().1 = honest;
        got.err().unwrap()
    };
    let others = shelf.blobs.borrow()[&that].1.clone();
    let chunk = |number| {
        let sealed = Layout::of(40 * CHUNK, true).unwrap().chunk(number).unwrap().sealed;
        usize::try_from(sealed.start).unwrap()..usize::try_from(sealed.end).unwrap()
    };
    assert!(matches!(lie(&|bytes| bytes.clone_from(&others)), DownloadError::NotTheFile(_)), "another letter's blob");
    assert!(matches!(lie(&|bytes| bytes[HEAD as usize + 5] ^= 1), DownloadError::NotTheFile(_)));
    let moved = lie(&|bytes| {
        let (a, b) = (bytes[chunk(1)].to_vec(), bytes[chunk(2)].to_vec());
        bytes[chunk(1)].copy_from_slice(&b);
        bytes[chunk(2)].copy_from_slice(&a);
    });
    assert!(matches!(moved, DownloadError::NotTheFile(_)), "reordered");
    let short = lie(&|bytes| bytes.truncate(bytes.len() - 16));
    assert_eq!(short, DownloadError::Call(CallError::Unreadable), "shorter than it must be");
    let tag = lie(&|bytes| *bytes.last_mut().unwrap() ^= 1);
    assert!(matches!(tag, DownloadError::NotTheFile(_)), "the last tag");

    let mut renamed = attachment.clone();
    renamed.sha256 = other.sha256;
    renamed.sha256.0[0] ^= 1;
    assert_eq!(get(&shelf, &renamed), Err(DownloadError::NotTheFile(download::NotTheFile::Hash)));
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
