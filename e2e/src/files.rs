//! Files by hand: uploads, letters that refer to them and nothing else, downloads. Nothing is sealed; the server can't tell.

use rand::{RngCore as _, rngs::OsRng};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use securemailbox_protocol::{
    accounts::Account,
    attachments::{NewBlob, PIECE, TUS_RESUMABLE, TUS_VERSION, UPLOAD_LENGTH, UPLOAD_OFFSET},
    endpoints::ROOT,
    ids::{BlobId, ContentHash, LetterId, ThreadId},
    letters::{ErasureReceipt, NewLetter, NewLetters, NewReader},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    person::{Person, now},
    server::Server,
};

/// Somebody with files.
pub struct Files {
    url: String,
    token: String,
    client: Client,
}

/// A letter that can be posted.
pub struct ToPost {
    /// Its id.
    pub id: LetterId,
    body: Vec<u8>,
}

/// Bytes that are found again wherever they lie.
#[must_use]
pub fn noise(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

impl Files {
    /// Those of a person who is signed in.
    #[must_use]
    pub fn of(server: &Server, person: &Person) -> Self {
        Self { url: format!("{}{ROOT}", server.url()), token: person.token(), client: Client::new() }
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token)
    }

    fn tus(&self, method: Method, path: &str) -> RequestBuilder {
        self.ask(method, path).header(TUS_RESUMABLE, TUS_VERSION)
    }

    /// Begins a blob.
    ///
    /// # Panics
    /// When the server does not.
    pub async fn begin(&self, length: usize) -> BlobId {
        let answer = self.tus(Method::POST, "/blobs").header(UPLOAD_LENGTH, length).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::CREATED);
        let made: NewBlob = serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON");
        made.id
    }

    /// Sends a piece.
    ///
    /// # Panics
    /// Without an answer.
    pub async fn piece(&self, blob: BlobId, offset: usize, bytes: &[u8]) -> Response {
        let request = self.tus(Method::PATCH, &format!("/blobs/{blob}")).header(UPLOAD_OFFSET, offset);
        request.header("content-type", PIECE).body(bytes.to_vec()).send().await.expect("an answer")
    }

    /// How much of an upload is there.
    ///
    /// # Panics
    /// When there is no such upload.
    pub async fn there(&self, blob: BlobId) -> usize {
        let answer = self.tus(Method::HEAD, &format!("/blobs/{blob}")).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        answer.headers()[UPLOAD_OFFSET].to_str().expect("a text").parse().expect("a number")
    }

    /// Uploads a whole blob in pieces of so many bytes.
    ///
    /// # Panics
    /// When the server refuses one.
    pub async fn upload(&self, bytes: &[u8], piece: usize) -> BlobId {
        let blob = self.begin(bytes.len()).await;
        for (number, part) in bytes.chunks(piece).enumerate() {
            assert_eq!(self.piece(blob, number * piece, part).await.status(), StatusCode::NO_CONTENT);
        }
        blob
    }

    /// Asks for a blob, or a range of it.
    ///
    /// # Panics
    /// Without an answer.
    pub async fn get(&self, blob: BlobId, range: Option<&str>) -> Response {
        let request = self.ask(Method::GET, &format!("/blobs/{blob}"));
        let request = match range {
            Some(range) => request.header("range", range),
            None => request,
        };
        request.send().await.expect("an answer")
    }

    /// A letter to oneself that refers to them.
    ///
    /// # Panics
    /// When it is not posted.
    pub async fn keep(&self, blobs: Vec<BlobId>) -> LetterId {
        let letter = self.letter(blobs).await;
        let answer = self.post(&letter).await;
        assert_eq!(answer.status(), StatusCode::CREATED);
        letter.id
    }

    /// Such a letter, as it is posted: once more it is the same letter.
    ///
    /// # Panics
    /// When nobody is signed in.
    pub async fn letter(&self, blobs: Vec<BlobId>) -> ToPost {
        let account = self.ask(Method::GET, "/account").send().await.expect("an answer");
        let account: Account = serde_json::from_slice(&account.bytes().await.expect("whole")).expect("JSON");
        let content = noise(300);
        let (id, key) = (LetterId::new(now(), &mut OsRng), noise(300).into());
        let reader = NewReader { account: account.id, certificate: account.certificate, wrapped_key: key };
        let letter = NewLetter {
            id,
            thread: ThreadId::new(&mut OsRng),
            envelope: noise(300).into(),
            content_hash: ContentHash::from_bytes(Sha256::digest(&content).into()),
            level: None,
            readers: vec![reader],
            blobs,
        };
        let letters = NewLetters { letters: vec![letter], draft: None, hold: None, guests: Vec::new() };
        let json = serde_json::to_vec(&letters).expect("JSON");
        let body = [
            b"--b\r\ncontent-disposition: form-data; name=\"letters\"\r\n\r\n".as_slice(),
            &json,
            b"\r\n--b\r\ncontent-disposition: form-data; name=\"content-0\"\r\n\r\n",
            &content,
            b"\r\n--b--\r\n",
        ]
        .concat();
        ToPost { id, body }
    }

    /// Posts it.
    ///
    /// # Panics
    /// Without an answer.
    pub async fn post(&self, letter: &ToPost) -> Response {
        let request = self.ask(Method::POST, "/letters").header("content-type", "multipart/form-data; boundary=b");
        request.body(letter.body.clone()).send().await.expect("an answer")
    }

    /// Puts letters into the trash, and empties it.
    ///
    /// # Panics
    /// When the server does not.
    pub async fn erase(&self, letters: &[LetterId]) -> ErasureReceipt {
        for letter in letters {
            self.bin(*letter).await;
        }
        self.empty_trash().await
    }

    /// Whether there is such a letter.
    ///
    /// # Panics
    /// Without an answer.
    pub async fn has(&self, letter: LetterId) -> bool {
        let answer = self.ask(Method::GET, &format!("/letters/{letter}")).send().await.expect("an answer");
        answer.status().is_success()
    }

    /// Puts a letter into the trash.
    ///
    /// # Panics
    /// When the server does not.
    pub async fn bin(&self, letter: LetterId) {
        let bin = self.ask(Method::PATCH, &format!("/letters/{letter}")).header("content-type", "application/json");
        let answer = bin.body(json!({ "folder": "trash" }).to_string()).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
    }

    /// Empties the trash.
    ///
    /// # Panics
    /// When the server does not.
    pub async fn empty_trash(&self) -> ErasureReceipt {
        let id = LetterId::new(now(), &mut OsRng);
        let empty = self.ask(Method::POST, "/trash/empty").header("content-type", "application/json");
        let answer = empty.body(json!({ "id": id }).to_string()).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON")
    }
}
