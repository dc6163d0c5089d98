//! A file on its way up: sealed piece by piece, each sent until it is there (PROTOCOL §3, §9).
//!
//! One key seals one text: what is sent again is the same bytes, kept until the server has them. Whoever goes on after the
//! program ended reads the file again from its beginning, and goes on with the key only if it is the file that it was.

use std::{ops::Range, sync::Arc, time::Duration};

use futures_util::future::join;
use securemailbox_protocol::{ids::BlobId, problems::ProblemType};
use securemailbox_vault::attachments::{Attachment, FileHash, Layout, Part, PartCipher, PartKey, Salt, TAG, parts_of};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    api::Api,
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    transport::Transport,
    world::World,
};

use super::{Sealed, Sealer, ToSeal, wire};

/// As many chunks as a piece of [`securemailbox_protocol::limits::PIECE`] has room for, with what stands before and after them.
const MOST_AT_ONCE: u64 = 31;
/// Chunks in a piece that a proxy with a limit of 1 MB lets pass.
const FOR_A_PROXY: u64 = 3;
/// Chunks in the first piece: nobody knows yet how fast the network is.
const FIRST: u64 = 8;
/// A piece that takes longer is followed by a smaller one, so that little is lost with it.
const SLOW: Duration = Duration::from_secs(6);
/// A piece that takes less is followed by a larger one.
const FAST: Duration = Duration::from_secs(2);
/// How much is read at once of a file that is looked at again.
const LOOK: u64 = 4 << 20;

/// A file, read where it lies.
#[expect(
    async_fn_in_trait,
    reason = "a page has one thread: the futures need not be Send, and the callers are generic"
)]
pub trait Source {
    /// How long it is, in bytes.
    fn size(&self) -> u64;

    /// These bytes of it, all of them.
    ///
    /// # Errors
    /// [`SourceChanged`]: it is gone, shorter, or was written to since it was chosen.
    async fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, SourceChanged>;
}

/// The file is not the one any more that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file was changed or moved since it was chosen")]
pub struct SourceChanged;

/// Why an upload stopped. It may go on, by [`Upload::run`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The file is another one.
    #[error(transparent)]
    Changed(#[from] SourceChanged),
    /// The server could not be asked, or refused.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Failure for UploadError {
    fn explain(&self) -> Explained {
        match self {
            Self::Changed(_) => {
                explained(ClientProblem::FileChanged, Class::Refused, "Choose the file again, as it is now.")
            }
            Self::Call(error) => error.explain(),
        }
    }
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file that are at the server.
    pub done: u64,
    /// Of so many.
    pub of: u64,
}

/// An upload as it is kept, sealed, before each piece: enough to go on after the program ended, if the file is the same.
#[derive(Clone, Serialize, Deserialize)]
pub struct UploadState {
    size: u64,
    parts: Vec<Part>,
    part: Option<PartState>,
    /// SHA-256 of what was sealed.
    so_far: FileHash,
}

#[derive(Clone, Serialize, Deserialize)]
struct PartState {
    blob: BlobId,
    key: PartKey,
    salt: Salt,
    /// The first chunk that was not sealed.
    next: u64,
}

/// A file on its way up.
pub struct Upload {
    size: u64,
    parts: Vec<Part>,
    hash: Sha256,
    part: Option<PartUnderWay>,
    at_once: u64,
}

struct PartUnderWay {
    blob: BlobId,
    key: PartKey,
    salt: Salt,
    cipher: Arc<PartCipher>,
    /// Where it begins in the file.
    start: u64,
    hash_at_start: Sha256,
    /// The first chunk that is not sealed.
    next: u64,
    /// How many bytes the server has.
    offset: u64,
    /// Sealed bytes from `offset` on, which the server may not have.
    ready: Vec<u8>,
    /// The server is asked where it stands before anything is sent.
    ask: bool,
}

impl Upload {
    /// Of a file of so many bytes.
    #[must_use]
    pub fn new(size: u64) -> Self {
        Self { size, parts: Vec::new(), hash: Sha256::new(), part: None, at_once: FIRST }
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let of_parts: u64 = self.parts.iter().map(|part| part.length).sum();
        let of_this = self.part.as_ref().map_or(0, |part| {
            let layout = part.cipher.layout();
            layout.chunk(layout.chunk_at(part.offset)).map_or(layout.data(), |chunk| chunk.data.start)
        });
        Progress { done: of_parts + of_this, of: self.size }
    }

    /// The blobs that it made at the server.
    pub fn blobs(&self) -> impl Iterator<Item = BlobId> {
        self.parts.iter().map(|part| part.blob).chain(self.part.as_ref().map(|part| part.blob))
    }

    /// Sends what is left, and says what the letter will: name and type are the caller's. `told` hears how far it is. `keep` is
    /// given what to keep before a piece is sent; where it is dropped meanwhile, or fails, it goes on where it was.
    ///
    /// # Errors
    /// [`UploadError`]
    pub async fn run<W: World, T: Transport>(
        &mut self,
        world: &W,
        api: &Api<'_, T>,
        (source, sealer): (&impl Source, &impl Sealer),
        told: &impl Fn(Progress),
        keep: &impl AsyncFn(UploadState),
    ) -> Result<(FileHash, Vec<Part>), UploadError> {
        let lengths: Vec<u64> = parts_of(self.size).collect();
        while let Some(length) = lengths.get(self.parts.len()).copied() {
            let is_last = self.parts.len() + 1 == lengths.len();
            if self.part.is_none() {
                self.part = Some(self.begin(world, api, length, is_last).await?);
            }
            self.finish_part(world, api, (source, sealer), told, keep).await?;
        }
        Ok((FileHash(self.hash.clone().finalize().into()), self.parts.clone()))
    }

    async fn begin<W: World, T: Transport>(
        &self,
        world: &W,
        api: &Api<'_, T>,
        length: u64,
        is_last: bool,
    ) -> Result<PartUnderWay, UploadError> {
        let layout = Layout::of(length, is_last).ok_or(SourceChanged)?;
        let key = PartKey::generate(&mut world.rng());
        let mut salt = Salt::default();
        rand::RngCore::fill_bytes(&mut world.rng(), &mut salt);
        let blob = wire::begin(api, layout.blob()).await?;
        let start = self.parts.iter().map(|part| part.length).sum();
        Ok(PartUnderWay {
            blob,
            cipher: Arc::new(PartCipher::new(layout, &key, &salt)),
            key,
            salt,
            start,
            hash_at_start: self.hash.clone(),
            next: 0,
            offset: 0,
            ready: Vec::new(),
            ask: false,
        })
    }

    async fn finish_part<W: World, T: Transport>(
        &mut self,
        world: &W,
        api: &Api<'_, T>,
        (source, sealer): (&impl Source, &impl Sealer),
        told: &impl Fn(Progress),
        keep: &impl AsyncFn(UploadState),
    ) -> Result<(), UploadError> {
        loop {
            let Some(part) = &mut self.part else { return Ok(()) };
            if std::mem::replace(&mut part.ask, false) && !part.look(api).await? {
                self.give_part_up(api).await;
                return Ok(());
            }
            let Some(part) = &mut self.part else { return Ok(()) };
            let layout = *part.cipher.layout();
            if part.offset == layout.blob() {
                self.parts.push(Part { blob: part.blob, key: part.key.clone(), length: layout.data() });
                self.part = None;
                told(self.progress());
                return Ok(());
            }
            if part.ready.is_empty() {
                let work = part.next_batch();
                let (bytes, next, hash) = sealed(&work, self.hash.clone(), source, sealer).await?;
                (part.next, self.hash) = (next, hash);
                part.ready = bytes;
            }
            keep(self.state()).await;
            let Some(part) = &mut self.part else { return Ok(()) };
            let piece = part.piece(self.at_once);
            let length = piece.len();
            part.ask = true;
            let began = world.now();
            let sending = wire::piece(api, part.blob, part.offset, piece);
            // The next batch is sealed while this one is on the wire.
            let work = (part.ready.len() == length && part.next < layout.chunks()).then(|| part.next_batch());
            let sealing = async {
                match &work {
                    Some(work) => sealed(work, self.hash.clone(), source, sealer).await.map(Some),
                    None => Ok(None),
                }
            };
            let (sent, ahead) = join(sending, sealing).await;
            let ahead = ahead?;
            match sent {
                Ok(offset) if offset == part.offset + length as u64 => {
                    part.offset = offset;
                    part.ready.drain(..length);
                    part.ask = false;
                    if let Some((bytes, next, hash)) = ahead {
                        (part.next, self.hash) = (next, hash);
                        part.ready = bytes;
                    }
                    self.pace(world.now().since(began));
                    told(self.progress());
                }
                // It says something else than what it was sent: it is asked where it stands.
                Ok(_) => {}
                Err(error) if is_elsewhere(&error) => {}
                Err(CallError::TooLargeForProxy) if self.at_once > 1 => {
                    self.at_once = if self.at_once > FOR_A_PROXY { FOR_A_PROXY } else { 1 };
                }
                Err(error) => {
                    self.at_once = (self.at_once / 4).max(1);
                    return Err(error.into());
                }
            }
        }
    }

    fn pace(&mut self, took: Duration) {
        if took > SLOW {
            self.at_once = (self.at_once / 2).max(1);
        } else if took < FAST && self.at_once != FOR_A_PROXY && self.at_once != 1 {
            self.at_once = (self.at_once * 2).min(MOST_AT_ONCE);
        } else if took < FAST && self.at_once == 1 {
            self.at_once = 2;
        }
    }

    /// The part begins anew, with a new key.
    async fn give_part_up<T: Transport>(&mut self, api: &Api<'_, T>) {
        if let Some(part) = self.part.take() {
            self.hash = part.hash_at_start;
            // What is left of it goes by itself after a day.
            let _ = wire::give_up(api, part.blob).await;
        }
    }

    /// Takes back what was sent, as far as the server can be asked.
    pub async fn give_up<T: Transport>(self, api: &Api<'_, T>) {
        for blob in self.blobs().collect::<Vec<_>>() {
            let _ = wire::give_up(api, blob).await;
        }
    }

    /// What to keep, to go on after the program ended.
    #[must_use]
    pub fn state(&self) -> UploadState {
        let part = self.part.as_ref().map(|part| PartState {
            blob: part.blob,
            key: part.key.clone(),
            salt: part.salt,
            next: part.next,
        });
        let so_far = FileHash(self.hash.clone().finalize().into());
        UploadState { size: self.size, parts: self.parts.clone(), part, so_far }
    }

    /// Goes on with what was kept, if the file is still the one that it was: it is read again as far as it was sealed.
    ///
    /// # Errors
    /// [`UploadError::Changed`]: it is another one, and goes up anew, with new keys.
    pub async fn resume<T: Transport>(
        kept: UploadState,
        api: &Api<'_, T>,
        source: &impl Source,
    ) -> Result<Self, UploadError> {
        let UploadState { size, parts, part, so_far } = kept;
        let whole: u64 = parts.iter().map(|part| part.length).sum();
        let lengths: Vec<u64> = parts_of(size).collect();
        if source.size() != size || !lengths.iter().zip(&parts).all(|(length, part)| *length == part.length) {
            return Err(SourceChanged.into());
        }
        for part in &parts {
            // What nothing refers to goes after a day, parts of a file that is not whole yet among it.
            match wire::offset(api, part.blob).await {
                Ok(_) => {}
                Err(error) if error.problem() == Some(ProblemType::NotFound) => return Err(SourceChanged.into()),
                Err(error) => return Err(error.into()),
            }
        }
        let (mut hash, mut read) = (Sha256::new(), 0);
        look(source, &mut hash, &mut read, whole).await?;
        let mut upload = Self { size, parts, hash: hash.clone(), part: None, at_once: FIRST };
        let Some((PartState { blob, key, salt, next }, length)) = part.zip(lengths.get(upload.parts.len()).copied())
        else {
            return if FileHash(hash.finalize().into()) == so_far { Ok(upload) } else { Err(SourceChanged.into()) };
        };
        let layout = Layout::of(length, upload.parts.len() + 1 == lengths.len()).ok_or(SourceChanged)?;
        let chunk_from = |number: u64| layout.chunk(number).map_or(length, |chunk| chunk.data.start);
        let stands = match wire::offset(api, blob).await {
            Ok(offset) => layout.boundary(offset).filter(|(number, _)| *number <= next),
            Err(error) if error.problem() == Some(ProblemType::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        let (number, offset) = stands.unwrap_or((0, 0));
        let hash_at_start = hash.clone();
        look(source, &mut hash, &mut read, whole + chunk_from(number)).await?;
        let hash_there = hash.clone();
        look(source, &mut hash, &mut read, whole + chunk_from(next)).await?;
        if FileHash(hash.finalize().into()) != so_far {
            return Err(SourceChanged.into());
        }
        if stands.is_some() {
            upload.hash = hash_there;
            let cipher = Arc::new(PartCipher::new(layout, &key, &salt));
            let (start, ready, ask) = (whole, Vec::new(), false);
            upload.part =
                Some(PartUnderWay { blob, key, salt, cipher, start, hash_at_start, next: number, offset, ready, ask });
        }
        Ok(upload)
    }
}

impl PartUnderWay {
    /// Asks where the server stands; whether it can go on from there.
    async fn look<T: Transport>(&mut self, api: &Api<'_, T>) -> Result<bool, UploadError> {
        let offset = match wire::offset(api, self.blob).await {
            Ok(offset) => offset,
            Err(error) if error.problem() == Some(ProblemType::NotFound) => return Ok(false),
            Err(error) => {
                self.ask = true;
                return Err(error.into());
            }
        };
        let there = offset.checked_sub(self.offset).and_then(|more| usize::try_from(more).ok());
        match there.filter(|there| *there <= self.ready.len()) {
            Some(there) => {
                self.ready.drain(..there);
                self.offset = offset;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Which chunks are sealed next, and of which bytes of the file.
    fn next_batch(&self) -> Batch {
        let chunks = self.next..(self.next + MOST_AT_ONCE).min(self.cipher.layout().chunks());
        Batch { cipher: Arc::clone(&self.cipher), salt: self.salt, start: self.start, chunks }
    }

    /// The beginning of what is ready: so many chunks, with what stands before the first and after the last.
    fn piece(&self, chunks: u64) -> Vec<u8> {
        let layout = self.cipher.layout();
        let last = layout.chunk_at(self.offset) + chunks;
        let end = layout.chunk(last).map_or(layout.blob(), |chunk| chunk.sealed.start);
        let length = usize::try_from(end - self.offset).unwrap_or(usize::MAX).min(self.ready.len());
        self.ready.get(..length).unwrap_or_default().to_vec()
    }
}

/// Chunks that are to be sealed.
struct Batch {
    cipher: Arc<PartCipher>,
    salt: Salt,
    start: u64,
    chunks: Range<u64>,
}

/// Reads and seals a batch: its bytes, with what stands before the first chunk and after the last; the chunk after it; the hash.
async fn sealed(
    batch: &Batch,
    hash: Sha256,
    source: &impl Source,
    sealer: &impl Sealer,
) -> Result<(Vec<u8>, u64, Sha256), SourceChanged> {
    let layout = *batch.cipher.layout();
    let at = |number: u64| layout.chunk(number).map_or(layout.data(), |chunk| chunk.data.start);
    let range = batch.start + at(batch.chunks.start)..batch.start + at(batch.chunks.end);
    let length = range.end - range.start;
    let data = source.read(range).await?;
    if data.len() as u64 != length {
        return Err(SourceChanged);
    }
    let work = ToSeal { cipher: Arc::clone(&batch.cipher), chunks: batch.chunks.clone(), data, hash };
    let Sealed { bytes, hash } = sealer.seal(work).await;
    let sealed = |number: u64| layout.chunk(number).map_or(layout.blob() - TAG, |chunk| chunk.sealed.start);
    if bytes.len() as u64 != sealed(batch.chunks.end) - sealed(batch.chunks.start) {
        // Whoever encrypts gave up; nothing was sent of it.
        return Err(SourceChanged);
    }
    let mut out = bytes;
    if batch.chunks.start == 0 {
        out.splice(0..0, PartCipher::head(&layout, &batch.salt));
    }
    if batch.chunks.end == layout.chunks() {
        out.extend_from_slice(&batch.cipher.last_tag());
    }
    Ok((out, batch.chunks.end, hash))
}

/// Hashes the file from `read` to `until`.
async fn look(source: &impl Source, hash: &mut Sha256, read: &mut u64, until: u64) -> Result<(), SourceChanged> {
    while *read < until {
        let end = until.min(*read + LOOK);
        let bytes = source.read(*read..end).await?;
        if bytes.len() as u64 != end - *read {
            return Err(SourceChanged);
        }
        hash.update(&*bytes);
        *read = end;
    }
    Ok(())
}

/// The server stands elsewhere than the piece began, or has no such upload any more.
fn is_elsewhere(error: &CallError) -> bool {
    matches!(error.problem(), Some(ProblemType::OtherOffset | ProblemType::NotFound))
}

/// The file as a letter's attachment.
impl Upload {
    /// What the letter says of a file that went up.
    #[must_use]
    pub fn attachment(
        name: String,
        media_type: String,
        size: u64,
        (sha256, parts): (FileHash, Vec<Part>),
    ) -> Attachment {
        Attachment { name, media_type, size, sha256, parts, thumbnail: None }
    }
}
