//! Uploads by hand, as tus 1.0 has them, and downloads by range, in a server without a network whose clock is ours.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use proptest::prelude::*;
use securemailbox_protocol::{
    attachments::{BLOBS, in_a_header},
    ids::{AccountId, CertificateHash, ContentHash, LetterId, RecordId, ThreadId},
    letters::{Deliveries, EntryUpdate, Folder, NewLetter, NewLetters, NewReader},
    levels::Level,
    octets::Octets,
    records::KEYRING_VERSION,
};
use securemailbox_store::letters::Withdraw;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;

use super::*;
use crate::{api::proofs::tests::House, networks::Network, session::Token};

/// Somebody who is signed in.
struct Client<'a> {
    house: &'a House,
    token: Token,
    account: AccountId,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    fn problem(&self) -> String {
        let problem: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        problem["type"].as_str().unwrap_or_default().trim_start_matches("/problems/").to_owned()
    }
}

async fn client<'a>(house: &'a House, address: &str, phone: &str) -> Client<'a> {
    let (token, _) = house.registered_at(address, phone).await;
    let account = house.session(&token).await.account;
    Client { house, token, account }
}

async fn anna(house: &House) -> Client<'_> {
    client(house, "anna@demo.example", "+46701740612").await
}

async fn bo(house: &House) -> Client<'_> {
    client(house, "bo@demo.example", "+46701740614").await
}

const VERSION: (&str, &str) = (TUS_RESUMABLE, TUS_VERSION);

impl Client<'_> {
    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{ROOT}{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token.to_text()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_vec())).unwrap();
        let tab = Tab::new(Arc::clone(&self.house.mailroom.budgets), Network::of([192, 0, 2, 1].into()));
        request.extensions_mut().insert(tab);
        let router = crate::api::router().0.with_state(self.house.mailroom.clone());
        let answer = router.oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let body = answer.into_body().collect().await.unwrap().to_bytes().to_vec();
        Answer { status, headers, body }
    }

    async fn begin(&self, length: usize) -> BlobId {
        let answer = self.ask("POST", "/blobs", &[VERSION, (UPLOAD_LENGTH, &length.to_string())], b"").await;
        assert_eq!((answer.status, answer.header(TUS_RESUMABLE)), (StatusCode::CREATED, Some(TUS_VERSION)));
        let NewBlob { id } = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.header("location"), Some(format!("/api/v1/blobs/{id}").as_str()));
        id
    }

    async fn piece(&self, blob: BlobId, offset: usize, bytes: &[u8]) -> Answer {
        let headers = [VERSION, ("content-type", PIECE), (UPLOAD_OFFSET, &offset.to_string())];
        self.ask("PATCH", &format!("/blobs/{blob}"), &headers, bytes).await
    }

    async fn look(&self, blob: BlobId) -> Answer {
        self.ask("HEAD", &format!("/blobs/{blob}"), &[VERSION], b"").await
    }

    async fn get(&self, blob: BlobId, range: Option<&str>) -> Answer {
        let headers: Vec<_> = range.map(|range| ("range", range)).into_iter().collect();
        self.ask("GET", &format!("/blobs/{blob}"), &headers, b"").await
    }

    /// A whole blob.
    async fn uploaded(&self, bytes: &[u8]) -> BlobId {
        let blob = self.begin(bytes.len()).await;
        assert_eq!(self.piece(blob, 0, bytes).await.status, StatusCode::NO_CONTENT);
        blob
    }

    /// A letter with it to these.
    async fn send(&self, readers: &[&Client<'_>], blobs: Vec<BlobId>, level: Option<Level>) -> (Answer, LetterId) {
        let (now, mut rng) = (self.house.mailroom.now(), self.house.mailroom.rng());
        let content = vec![7; 300];
        let reader = |account| NewReader {
            account,
            certificate: CertificateHash::from_bytes([1; 32]),
            wrapped_key: Octets(vec![4; 300]),
        };
        let id = LetterId::new(now, &mut rng);
        let new = NewLetter {
            id,
            thread: ThreadId::new(&mut rng),
            envelope: Octets(vec![5; 300]),
            content_hash: ContentHash::from_bytes(Sha256::digest(&content).into()),
            level,
            blobs,
            readers: std::iter::once(self).chain(readers.iter().copied()).map(|who| reader(who.account)).collect(),
        };
        let letters = NewLetters { letters: vec![new], draft: None, hold: None, guests: Vec::new() };
        let mut body = b"--b\r\nContent-Disposition: form-data; name=\"letters\"\r\n\r\n".to_vec();
        body.extend(serde_json::to_vec(&letters).unwrap());
        body.extend(b"\r\n--b\r\nContent-Disposition: form-data; name=\"content-0\"\r\n\r\n");
        body.extend(content);
        body.extend(b"\r\n--b--\r\n");
        let kind = ("content-type", "multipart/form-data; boundary=b");
        (self.ask("POST", "/letters", &[kind], &body).await, id)
    }

    async fn draft(&self, purpose: &str, blobs: &str) -> Answer {
        let id = RecordId::new(self.house.mailroom.now(), &mut self.house.mailroom.rng());
        let headers = [
            ("content-type", "application/octet-stream"),
            ("if-none-match", "*"),
            (KEYRING_VERSION, "1"),
            (BLOBS, blobs),
        ];
        self.ask("PUT", &format!("/records/{id}?purpose={purpose}"), &headers, b"sealed").await
    }

    async fn holds(&self) -> u64 {
        let account: Value = serde_json::from_slice(&self.ask("GET", "/account", &[], b"").await.body).unwrap();
        account["holds"]["bytes"].as_u64().unwrap()
    }
}

/// Bytes that are not alike.
fn file(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

#[tokio::test]
async fn a_file_goes_up_in_pieces_after_a_lost_answer_too_and_comes_down_whole_or_by_range() {
    let house = House::open().await;
    let anna = anna(&house).await;
    let bytes = file(3_000_000);
    let before = anna.holds().await;
    let blob = anna.begin(bytes.len()).await;
    assert_eq!(anna.holds().await, before + 3_000_000, "from its beginning");
    for (from, to) in [(0, 262_144), (262_144, 2_500_000)] {
        let answer = anna.piece(blob, from, &bytes[from..to]).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.header(UPLOAD_OFFSET), Some(to.to_string().as_str()));
        assert_eq!(answer.header(TUS_RESUMABLE), Some(TUS_VERSION));
    }
    // Its answer was lost, and it is sent again.
    let again = anna.piece(blob, 262_144, &bytes[262_144..2_500_000]).await;
    assert_eq!((again.status, again.problem()), (StatusCode::CONFLICT, "other-offset".to_owned()));
    assert_eq!((again.header(UPLOAD_OFFSET), again.header(TUS_RESUMABLE)), (Some("2500000"), Some(TUS_VERSION)));
    let look = anna.look(blob).await;
    assert_eq!((look.status, look.header(UPLOAD_OFFSET)), (StatusCode::OK, Some("2500000")));
    assert_eq!((look.header(UPLOAD_LENGTH), look.body.len()), (Some("3000000"), 0));
    assert_eq!(anna.get(blob, None).await.status, StatusCode::NOT_FOUND, "a part is no blob");
    assert_eq!(anna.piece(blob, 2_500_000, &bytes[2_500_000..]).await.status, StatusCode::NO_CONTENT);

    let whole = anna.get(blob, None).await;
    assert_eq!((whole.status, whole.header("content-length")), (StatusCode::OK, Some("3000000")));
    assert_eq!(
        (whole.header("accept-ranges"), whole.header("content-type")),
        (Some("bytes"), Some("application/octet-stream"))
    );
    assert!(whole.body == bytes);
    for (range, from, to) in [
        ("bytes=0-0", 0, 1),
        ("bytes=262100-2500100", 262_100, 2_500_101),
        ("bytes=-100", 2_999_900, 3_000_000),
        ("bytes=1000000-", 1_000_000, 3_000_000),
    ] {
        let part = anna.get(blob, Some(range)).await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
        let told = format!("bytes {from}-{}/3000000", to - 1);
        assert_eq!(part.header("content-range"), Some(told.as_str()));
        assert_eq!(part.header("content-length"), Some((to - from).to_string().as_str()));
        assert!(part.body == bytes[from..to], "{range}");
    }
    let beyond = anna.get(blob, Some("bytes=3000000-")).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!((beyond.header("content-range"), beyond.body.len()), (Some("bytes */3000000"), 0));
    assert!(anna.get(blob, Some("bytes=0-1,5-6")).await.body == bytes, "more than one range is the whole");
}

/// tus 1.0, Protocol: every request says the version, and every answer.
#[tokio::test]
async fn another_version_of_tus_is_refused_and_options_says_which_is_spoken() {
    let house = House::open().await;
    let anna = anna(&house).await;
    let blob = anna.begin(10_000).await;
    let path = format!("/blobs/{blob}");
    for (method, path) in [("POST", "/blobs"), ("HEAD", &path), ("PATCH", &path), ("DELETE", &path)] {
        for version in [None, Some("0.2.2"), Some("1.0.1"), Some("")] {
            let mut headers = vec![(UPLOAD_LENGTH, "10"), (UPLOAD_OFFSET, "0"), ("content-type", PIECE)];
            headers.extend(version.map(|version| (TUS_RESUMABLE, version)));
            let refused = anna.ask(method, path, &headers, b"").await;
            assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{method} {version:?}");
            assert_eq!(refused.header("tus-version"), Some("1.0.0"));
            assert_eq!(refused.header(TUS_RESUMABLE), Some("1.0.0"));
            assert!(method == "HEAD" || refused.problem() == "other-tus");
        }
    }
    assert_eq!(anna.look(blob).await.status, StatusCode::OK, "nothing was done");
    for path in ["/blobs", &path] {
        let spoken = anna.ask("OPTIONS", path, &[], b"").await;
        assert_eq!(spoken.status, StatusCode::NO_CONTENT);
        for (name, value) in [
            ("tus-resumable", "1.0.0".to_owned()),
            ("tus-version", "1.0.0".to_owned()),
            ("tus-extension", "creation,termination".to_owned()),
            ("tus-max-size", limits::BLOB.to_string()),
        ] {
            assert_eq!(spoken.header(name), Some(value.as_str()), "{name}");
        }
    }
}

#[tokio::test]
async fn what_no_client_of_ours_sends_is_refused_and_leaves_nothing() {
    let house = House::open().await;
    let anna = anna(&house).await;
    let before = anna.holds().await;
    let too_long = (limits::BLOB + 1).to_string();
    for (headers, status) in [
        (vec![VERSION], StatusCode::BAD_REQUEST),
        (vec![VERSION, (UPLOAD_LENGTH, "0")], StatusCode::BAD_REQUEST),
        (vec![VERSION, (UPLOAD_LENGTH, "-1")], StatusCode::BAD_REQUEST),
        (vec![VERSION, (UPLOAD_LENGTH, "+1")], StatusCode::BAD_REQUEST),
        (vec![VERSION, (UPLOAD_LENGTH, "99999999999999999999999")], StatusCode::BAD_REQUEST),
        (vec![VERSION, (UPLOAD_LENGTH, &too_long)], StatusCode::PAYLOAD_TOO_LARGE),
        (vec![VERSION, ("upload-defer-length", "1")], StatusCode::BAD_REQUEST),
        (vec![VERSION, (UPLOAD_LENGTH, "9"), ("upload-metadata", "filename d29ybGQ=")], StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(anna.ask("POST", "/blobs", &headers, b"").await.status, status, "{headers:?}");
    }
    assert_eq!(anna.holds().await, before);
    let blob = anna.begin(10_000).await;
    let path = format!("/blobs/{blob}");
    for (headers, length, status) in [
        (vec![VERSION, (UPLOAD_OFFSET, "0")], 10_000, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (vec![VERSION, ("content-type", PIECE)], 10_000, StatusCode::BAD_REQUEST),
        (vec![VERSION, ("content-type", PIECE), (UPLOAD_OFFSET, "x")], 10_000, StatusCode::BAD_REQUEST),
        (vec![VERSION, ("content-type", PIECE), (UPLOAD_OFFSET, "0")], 10_001, StatusCode::PAYLOAD_TOO_LARGE),
        (vec![VERSION, ("content-type", PIECE), (UPLOAD_OFFSET, "0")], 4095, StatusCode::BAD_REQUEST),
        (vec![VERSION, ("content-type", PIECE), (UPLOAD_OFFSET, "0")], 0, StatusCode::NO_CONTENT),
    ] {
        assert_eq!(anna.ask("PATCH", &path, &headers, &file(length)).await.status, status, "{headers:?}");
        assert_eq!(anna.look(blob).await.header(UPLOAD_OFFSET), Some("0"));
    }
    // The last one may be as small as it is.
    assert_eq!(anna.piece(blob, 0, &file(9_999)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.piece(blob, 9_999, &[1]).await.status, StatusCode::NO_CONTENT);
    let large = anna.begin(limits::PIECE + 1).await;
    assert_eq!(anna.piece(large, 0, &file(limits::PIECE + 1)).await.problem(), "too-large");
}

#[tokio::test]
async fn an_upload_is_its_uploaders_and_ends_when_it_is_given_up() {
    let house = House::open().await;
    let (anna, bo) = (anna(&house).await, bo(&house).await);
    let before = anna.holds().await;
    let blob = anna.uploaded(&file(5000)).await;
    let unknown = BlobId::new(house.mailroom.now(), &mut house.mailroom.rng());
    for blob in [blob, unknown] {
        let path = format!("/blobs/{blob}");
        assert_eq!(bo.look(blob).await.status, StatusCode::NOT_FOUND);
        assert_eq!(bo.piece(blob, 5000, b"").await.problem(), "not-found");
        assert_eq!(bo.get(blob, None).await.problem(), "not-found");
        assert_eq!(bo.ask("DELETE", &path, &[VERSION], b"").await.problem(), "not-found");
    }
    let end = || anna.ask("DELETE", "/blobs/ID", &[VERSION], b"");
    assert_eq!(end().await.status, StatusCode::BAD_REQUEST);
    let path = format!("/blobs/{blob}");
    assert_eq!(anna.ask("DELETE", &path, &[VERSION], b"").await.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.get(blob, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(anna.ask("DELETE", &path, &[VERSION], b"").await.status, StatusCode::NOT_FOUND);
    assert_eq!(anna.holds().await, before);
    assert_eq!(house.mailroom.store.erase_due_pieces(house.mailroom.now()).await, Ok(1));
}

#[tokio::test]
async fn a_reader_has_the_files_of_a_letter_until_it_is_withdrawn_and_at_its_level() {
    let house = House::open().await;
    let (anna, bo) = (anna(&house).await, bo(&house).await);
    let (open, shut) = (anna.uploaded(&file(5000)).await, anna.uploaded(&file(6000)).await);
    let (posted, letter) = anna.send(&[&bo], vec![open], None).await;
    assert_eq!(posted.status, StatusCode::CREATED);
    let (posted, _) = anna.send(&[&bo], vec![shut], Some(Level::Authenticator)).await;
    assert_eq!(posted.status, StatusCode::CREATED);
    assert!(bo.get(open, None).await.body == file(5000) && anna.get(shut, None).await.body == file(6000));
    let refused = bo.get(shut, None).await;
    assert_eq!((refused.status, refused.problem()), (StatusCode::FORBIDDEN, "level-required".to_owned()));
    let problem: Value = serde_json::from_slice(&refused.body).unwrap();
    assert!(problem["offers"].is_array(), "with what would be enough: {problem}");
    let (lent, _) = bo.send(&[], vec![shut], None).await;
    assert_eq!(lent.problem(), "blob-missing", "nor by a letter to himself");
    // What is a letter's is nobody's upload.
    assert_eq!(anna.look(open).await.status, StatusCode::NOT_FOUND);
    let path = format!("/blobs/{open}");
    assert_eq!(anna.ask("DELETE", &path, &[VERSION], b"").await.status, StatusCode::NOT_FOUND);

    let withdraw = Withdraw { mailbox: anna.account.mailbox(), letter, now: house.mailroom.now() };
    house.mailroom.store.write(withdraw).await.unwrap();
    assert_eq!(bo.get(open, None).await.problem(), "not-found");
    assert_eq!(anna.get(open, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_letter_and_a_draft_refer_to_what_is_theirs_and_say_each_once() {
    let house = House::open().await;
    let (anna, bo) = (anna(&house).await, bo(&house).await);
    let (blob, others, half) =
        (anna.uploaded(&file(5000)).await, bo.uploaded(&file(5000)).await, anna.begin(5000).await);
    for missing in [others, half, BlobId::new(house.mailroom.now(), &mut house.mailroom.rng())] {
        let (refused, _) = anna.send(&[&bo], vec![blob, missing], None).await;
        assert_eq!((refused.status, refused.problem()), (StatusCode::CONFLICT, "blob-missing".to_owned()));
        assert_eq!(anna.draft("draft", &in_a_header(&[missing])).await.problem(), "blob-missing");
    }
    assert_eq!(anna.send(&[&bo], vec![blob, blob], None).await.0.status, StatusCode::BAD_REQUEST);
    assert_eq!(anna.draft("draft", &in_a_header(&[blob, blob])).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(anna.draft("contact", &in_a_header(&[blob])).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(anna.look(blob).await.status, StatusCode::OK, "it is an upload as before");
    assert_eq!(anna.draft("draft", &in_a_header(&[blob])).await.status, StatusCode::OK);
    assert_eq!(anna.look(blob).await.status, StatusCode::NOT_FOUND);
    assert!(anna.get(blob, None).await.body == file(5000));
    assert_eq!(anna.send(&[&bo], vec![blob], None).await.0.status, StatusCode::CREATED, "from the draft");
    assert!(bo.get(blob, None).await.body == file(5000));
}

#[tokio::test]
async fn a_mailbox_has_room_for_so_much_and_so_many_uploads() {
    let house = House::open().await;
    let anna = anna(&house).await;
    let length = limits::BLOB.to_string();
    let begin = async || anna.ask("POST", "/blobs", &[VERSION, (UPLOAD_LENGTH, &length)], b"").await;
    let mut begun = 0;
    let full = loop {
        let answer = begin().await;
        if answer.status != StatusCode::CREATED {
            break answer;
        }
        begun += 1;
    };
    assert_eq!((full.status, full.problem(), begun), (StatusCode::INSUFFICIENT_STORAGE, "mailbox-full".into(), 19));
    for _ in begun..limits::UPLOADS {
        anna.begin(1).await;
    }
    let refused = anna.ask("POST", "/blobs", &[VERSION, (UPLOAD_LENGTH, "1")], b"").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.header("retry-after").is_some());
    // After a day of nothing they are over.
    house.wait(limits::UPLOAD_LIFE);
    assert_eq!(house.mailroom.store.sweep_uploads(house.mailroom.now()).await, Ok(limits::UPLOADS as u64));
}

#[tokio::test]
async fn a_locked_session_has_nothing_of_files() {
    let house = House::open().await;
    let anna = anna(&house).await;
    let blob = anna.uploaded(&file(5000)).await;
    assert_eq!(anna.ask("DELETE", "/slots/device", &[], b"").await.status, StatusCode::NO_CONTENT);
    assert_eq!(anna.get(blob, None).await.problem(), "session-locked");
    assert_eq!(anna.look(blob).await.status, StatusCode::FORBIDDEN);
    assert_eq!(anna.piece(blob, 5000, b"").await.problem(), "session-locked");
}

#[tokio::test]
async fn a_reader_says_to_the_sender_that_all_was_saved() {
    let house = House::open().await;
    let (anna, bo) = (anna(&house).await, bo(&house).await);
    let blob = anna.uploaded(&file(5000)).await;
    let (_, letter) = anna.send(&[&bo], vec![blob], None).await;
    let (_, bare) = anna.send(&[&bo], vec![], None).await;
    let say = async |who: &Client<'_>, letter: LetterId| {
        who.ask("POST", &format!("/letters/{letter}/saved"), &[], b"").await.status
    };
    for (who, letter) in [(&anna, letter), (&bo, bare)] {
        assert_eq!(say(who, letter).await, StatusCode::NOT_FOUND);
    }
    let at = house.mailroom.now();
    assert_eq!(say(&bo, letter).await, StatusCode::NO_CONTENT);
    house.wait(Duration::from_secs(60));
    assert_eq!(say(&bo, letter).await, StatusCode::NO_CONTENT);
    let told = anna.ask("GET", &format!("/letters/{letter}/deliveries"), &[], b"").await;
    let Deliveries { deliveries } = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(deliveries[0].saved, Some(at), "the first time");
}

#[tokio::test]
async fn an_emptied_trash_has_the_files_overwritten_before_it_says_so() {
    let house = House::open().await;
    let anna = anna(&house).await;
    let blob = anna.uploaded(&file(5000)).await;
    let (_, letter) = anna.send(&[], vec![blob], None).await;
    let bin = EntryUpdate { folder: Some(Folder::Trash), ..EntryUpdate::default() };
    let json = ("content-type", "application/json");
    let path = format!("/letters/{letter}");
    anna.ask("PATCH", &path, &[json], &serde_json::to_vec(&bin).unwrap()).await;
    let empty = format!("{{\"id\":\"{}\"}}", RecordId::from_bytes([3; 16]));
    let empty = async || {
        let receipt = anna.ask("POST", "/trash/empty", &[json], empty.as_bytes()).await;
        serde_json::from_slice::<Value>(&receipt.body).unwrap()
    };
    let receipt = empty().await;
    let step = &receipt["steps"][2];
    assert_eq!((&step["step"], &step["taken"], &step["count"]), (&"files-overwritten".into(), &true.into(), &1.into()));
    assert_eq!(empty().await, receipt, "the same emptying has the same receipt");
    assert_eq!(house.mailroom.store.erase_due_pieces(house.mailroom.now()).await, Ok(0), "nothing is left to do");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever a client sends where, in whatever order, a blob is the file or is not whole.
    #[test]
    fn pieces_in_any_order_make_the_file_or_nothing(sent in prop::collection::vec((0_usize..40_000, 1_usize..20_000), 1..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::open().await;
            let anna = anna(&house).await;
            let bytes = file(40_000);
            let blob = anna.begin(bytes.len()).await;
            let mut there = 0;
            for (offset, length) in sent {
                let offset = if length % 3 == 0 { offset } else { there };
                let end = (offset + length).min(bytes.len());
                let answer = anna.piece(blob, offset, &bytes[offset..end]).await;
                if answer.status == StatusCode::NO_CONTENT {
                    assert_eq!(offset, there);
                    there = end;
                }
                assert_eq!(anna.look(blob).await.header(UPLOAD_OFFSET), Some(there.to_string().as_str()));
            }
            let whole = anna.get(blob, None).await;
            assert_eq!(whole.status == StatusCode::OK, there == bytes.len());
            assert!(whole.status != StatusCode::OK || whole.body == bytes);
        });
    }
}
