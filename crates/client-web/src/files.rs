//! The files Worker: sends and gets attachments beside the mailbox Worker, which holds the keys of letters and is never kept
//! waiting by a file. It makes the keys of what it sends, is given those of what it gets, and has no others (PROTOCOL §3).

use std::{cell::RefCell, collections::BTreeMap, ops::Range, sync::Arc};

use js_sys::{Array, Function, Promise, Uint8Array};
use securemailbox_client::{
    api::Api,
    attachments::{
        Download, DownloadError, Opened, Progress, Sealed, Sealer, Sink, SinkFailed, Source, SourceChanged, ToOpen,
        ToSeal, Upload, UploadError, UploadState, Uploaded,
    },
    world::World,
};
use securemailbox_vault::attachments::{Attachment, ChunkKey, PartRefused, Thumbnail};
use sha2::Digest as _;
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use crate::{
    problems::problem,
    workers::{Outside, Page, rejection},
};

#[wasm_bindgen]
extern "C" {
    /// A file that a person chose. `web/src/worker/files_worker.ts` makes it.
    pub type ChosenFile;

    #[wasm_bindgen(method, getter)]
    fn size(this: &ChosenFile) -> f64;

    /// Resolves to a `Uint8Array`; rejects if the file is another one by now.
    #[wasm_bindgen(method)]
    fn read(this: &ChosenFile, start: f64, end: f64) -> Promise;

    /// Keeps how far an upload is.
    pub type Keep;

    /// Resolves when it is kept, or can't be.
    #[wasm_bindgen(method)]
    fn keep(this: &Keep, state: Uint8Array) -> Promise;

    /// Where a file goes.
    pub type Saving;

    /// Resolves when the bytes are taken.
    #[wasm_bindgen(method)]
    fn write(this: &Saving, bytes: Uint8Array) -> Promise;

    /// The browser's own AES-GCM.
    pub type Aes;

    /// Nonces of 12 bytes in a row, and as many texts. Resolves to the texts with their tags.
    #[wasm_bindgen(method)]
    fn seal(this: &Aes, key: Uint8Array, nonces: Uint8Array, covered: Uint8Array, texts: Array) -> Promise;

    /// The same back; rejects if a tag does not hold.
    #[wasm_bindgen(method)]
    fn open(this: &Aes, key: Uint8Array, nonces: Uint8Array, covered: Uint8Array, texts: Array) -> Promise;
}

impl Source for ChosenFile {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a browser's sizes are whole and below 2^53"
    )]
    fn size(&self) -> u64 {
        Self::size(self) as u64
    }

    #[expect(clippy::cast_precision_loss, reason = "a browser's sizes are below 2^53")]
    async fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, SourceChanged> {
        let read = JsFuture::from(Self::read(self, range.start as f64, range.end as f64)).await;
        let bytes: Uint8Array = read.map_err(|_| SourceChanged)?.dyn_into().map_err(|_| SourceChanged)?;
        Ok(Zeroizing::new(bytes.to_vec()))
    }
}

impl Sink for Saving {
    async fn write(&self, bytes: Zeroizing<Vec<u8>>) -> Result<(), SinkFailed> {
        JsFuture::from(Self::write(self, Uint8Array::from(&bytes[..]))).await.map(drop).map_err(|_| SinkFailed)
    }
}

impl Sealer for Aes {
    async fn seal(&self, work: ToSeal) -> Sealed {
        let (texts, nonces) = (Array::new(), nonces(work.cipher.chunk_key(), work.chunks.clone()));
        let mut text = Zeroizing::new(Vec::new());
        for (number, data) in work.each() {
            text.clear();
            work.cipher.write_text(number, data, &mut text);
            texts.push(&Uint8Array::from(text.as_slice()));
        }
        let sealing = Self::seal(self, key(work.cipher.chunk_key()), nonces, covered(), texts);
        // The browser encrypts elsewhere meanwhile.
        let mut hash = work.hash;
        hash.update(&*work.data);
        let mut bytes = Vec::with_capacity(work.data.len() + 64 * 1024);
        if let Ok(sealed) = JsFuture::from(sealing).await {
            Array::from(&sealed).iter().for_each(|one| bytes.extend_from_slice(&Uint8Array::new(&one).to_vec()));
        }
        Sealed { bytes, hash }
    }

    async fn open(&self, work: ToOpen) -> Result<Opened, PartRefused> {
        let (texts, nonces) = (Array::new(), nonces(work.cipher.chunk_key(), work.chunks.clone()));
        for (_, sealed) in work.each() {
            texts.push(&Uint8Array::from(sealed));
        }
        let opening = Self::open(self, key(work.cipher.chunk_key()), nonces, covered(), texts);
        let opened = Array::from(&JsFuture::from(opening).await.map_err(|_| PartRefused::Chunk)?);
        let (cipher, first) = (Arc::clone(&work.cipher), work.chunks.start);
        work.by(|number, sealed| {
            let text = Uint8Array::new(&opened.get(u32::try_from(number - first).unwrap_or(u32::MAX)));
            let place = sealed.get_mut(..text.length() as usize).ok_or(PartRefused::Chunk)?;
            text.copy_to(place);
            cipher.read_text(number, place)
        })
    }
}

fn key(key: &ChunkKey) -> Uint8Array {
    Uint8Array::from(key.key().as_slice())
}

fn covered() -> Uint8Array {
    Uint8Array::from(ChunkKey::covered())
}

fn nonces(key: &ChunkKey, chunks: Range<u64>) -> Uint8Array {
    let all: Vec<u8> = chunks.flat_map(|number| key.nonce(number)).collect();
    Uint8Array::from(all.as_slice())
}

/// The files Worker's entry. Files go up and down beside each other.
#[wasm_bindgen]
pub struct FilesWorker {
    page: Page,
    /// Of a guest, whom no cookie signs in.
    token: Option<Zeroizing<String>>,
    /// What was begun, so that it goes on where it was.
    uploads: RefCell<BTreeMap<String, Upload>>,
    downloads: RefCell<BTreeMap<String, Download>>,
}

#[wasm_bindgen]
impl FilesWorker {
    /// Nothing begun. `token`: of a guest.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(outside: Outside, token: Option<String>) -> Self {
        let (uploads, downloads) = (RefCell::default(), RefCell::default());
        Self { page: Page::of(outside), token: token.map(Zeroizing::new), uploads, downloads }
    }

    /// Sends a file, or what is left of it. Resolves to what the mailbox Worker is to be told of it; rejects with a `Problem`,
    /// after which the same call goes on where it was. `kept`: how far it was when it was kept last, before this Worker was there.
    /// `keep` is given that before each piece, and `told` hears how many bytes are there. `thumbnail`: a small JPEG of a picture.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn upload(
        &self,
        id: String,
        file: ChosenFile,
        aes: Aes,
        kept: Option<Vec<u8>>,
        keep: Keep,
        told: Function,
        thumbnail: Option<Vec<u8>>,
    ) -> Result<Uint8Array, JsValue> {
        let api = self.api();
        let begun = self.uploads.borrow_mut().remove(&id);
        let mut upload = match begun {
            Some(upload) => upload,
            None => begun_before(kept, &api, &file).await.map_err(|error| rejection(&problem(&error)))?,
        };
        let keep = async |state: UploadState| {
            let Ok(state) = serde_json::to_vec(&state).map(Zeroizing::new) else { return };
            // Without it the file goes up from its beginning the next time.
            let _ = JsFuture::from(keep.keep(Uint8Array::from(state.as_slice()))).await;
        };
        let sent = upload.run(&self.page, &api, (&file, &aes), &|now| tell(&told, now), &keep).await;
        match sent {
            Ok(sent) => {
                let uploaded = Uploaded::new(sent, thumbnail.and_then(Thumbnail::new));
                let row = Zeroizing::new(serde_json::to_vec(&uploaded).map_err(|_| JsValue::UNDEFINED)?);
                Ok(Uint8Array::from(row.as_slice()))
            }
            Err(error) => {
                self.uploads.borrow_mut().insert(id, upload);
                Err(rejection(&problem(&error)))
            }
        }
    }

    /// Gives an upload up: what of it is at the server goes.
    pub async fn drop_upload(&self, id: String) {
        let upload = self.uploads.borrow_mut().remove(&id);
        if let Some(upload) = upload {
            upload.give_up(&self.api()).await;
        }
    }

    /// Gets an attachment, or what is left of it: `row` is what the mailbox Worker says of it. Resolves when all of it was
    /// written and is the file that was sent; rejects with a `Problem`, after which, but for `not-the-file`, the same call goes
    /// on where it was.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn download(
        &self,
        id: String,
        row: Vec<u8>,
        saving: Saving,
        aes: Aes,
        told: Function,
    ) -> Result<(), JsValue> {
        let row = Zeroizing::new(row);
        let begun = self.downloads.borrow_mut().remove(&id);
        let mut download = match begun {
            Some(download) => download,
            None => Download::new(serde_json::from_slice::<Attachment>(&row).map_err(|_| JsValue::UNDEFINED)?),
        };
        let got = download.run(&self.api(), (&saving, &aes), &|now| tell(&told, now)).await;
        got.map_err(|error| {
            if matches!(error, DownloadError::Call(_)) {
                self.downloads.borrow_mut().insert(id, download);
            }
            rejection(&problem(&error))
        })
    }

    /// Forgets a download that is not to go on.
    pub fn drop_download(&self, id: &str) {
        self.downloads.borrow_mut().remove(id);
    }
}

impl FilesWorker {
    fn api(&self) -> Api<'_, Outside> {
        Api::session(self.page.transport(), self.token.as_ref().map(|token| token.as_str()))
    }
}

/// What was begun in a tab that is closed by now, or before a lock, if the file is the same.
async fn begun_before(kept: Option<Vec<u8>>, api: &Api<'_, Outside>, file: &ChosenFile) -> Result<Upload, UploadError> {
    let kept = kept.map(Zeroizing::new).and_then(|kept| serde_json::from_slice::<UploadState>(&kept).ok());
    match kept {
        Some(kept) => match Upload::resume(kept, api, file).await {
            Err(UploadError::Changed(_)) => Ok(Upload::new(Source::size(file))),
            resumed => resumed,
        },
        None => Ok(Upload::new(Source::size(file))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a browser's sizes are below 2^53")]
fn tell(told: &Function, Progress { done, .. }: Progress) {
    // Whoever does not listen is told the next time.
    let _ = told.call1(&JsValue::NULL, &JsValue::from(done as f64));
}
