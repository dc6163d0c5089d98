//! A file on its way down: opened piece by piece, and whole only at its end (PROTOCOL §3).

use std::{ops::Range, sync::Arc};

use futures_util::future::join3;
use securemailbox_vault::attachments::{Attachment, HEAD, Layout, PartCipher, PartRefused, TAG};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::{
    api::Api,
    failure::{CallError, Class, ClientProblem, Explained, Failure, explained},
    transport::Transport,
};

use super::{Opened, Progress, Sealer, ToOpen, wire};

/// Chunks that are asked for at once.
const AT_ONCE: u64 = 31;

/// Where a file goes.
#[expect(
    async_fn_in_trait,
    reason = "a page has one thread: the futures need not be Send, and the callers are generic"
)]
pub trait Sink {
    /// Takes the next bytes, and is given no others before it returns.
    ///
    /// # Errors
    /// [`SinkFailed`]: there is no room, or it is gone.
    async fn write(&self, bytes: Zeroizing<Vec<u8>>) -> Result<(), SinkFailed>;
}

/// What was to take the file does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file could not be written")]
pub struct SinkFailed;

/// Why a download stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// The server could not be asked, or refused. It may go on, by [`Download::run`].
    #[error(transparent)]
    Call(#[from] CallError),
    /// What it gave is not the file that the letter names (ATTACKS 12, 13). It is over.
    #[error("not the file that was sent: {0}")]
    NotTheFile(#[from] NotTheFile),
    /// It could not be written where it was to go.
    #[error(transparent)]
    Sink(#[from] SinkFailed),
}

/// What is wrong with what the server gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTheFile {
    /// A part does not open.
    #[error(transparent)]
    Part(#[from] PartRefused),
    /// Each part is whole, and together they are another file.
    #[error("the file has another hash than the letter says")]
    Hash,
    /// The letter names parts that can't be.
    #[error("the letter's parts are not those of a file")]
    Layout,
}

impl Failure for DownloadError {
    fn explain(&self) -> Explained {
        match self {
            Self::Call(error) => error.explain(),
            Self::NotTheFile(_) => explained(
                ClientProblem::NotTheFile,
                Class::Damaged,
                "Nothing of it was kept. Get it again; if that changes nothing, ask whoever sent it to send it anew.",
            ),
            Self::Sink(_) => explained(
                ClientProblem::FileNotWritten,
                Class::Unavailable,
                "Check that there is room for it, and that the folder may be written to.",
            ),
        }
    }
}

/// A file on its way down.
pub struct Download {
    attachment: Attachment,
    hash: Sha256,
    /// Which part, and which chunk of it, comes next.
    part: usize,
    chunk: u64,
    cipher: Option<Arc<PartCipher>>,
    done: u64,
}

impl Download {
    /// Of this attachment.
    #[must_use]
    pub fn new(attachment: Attachment) -> Self {
        Self { attachment, hash: Sha256::new(), part: 0, chunk: 0, cipher: None, done: 0 }
    }

    /// How far it is.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress { done: self.done, of: self.attachment.size }
    }

    /// Gets what is left. When this returns without an error, the sink was given the whole file that the letter names.
    ///
    /// # Errors
    /// [`DownloadError`]; after one of the network it goes on where it was.
    pub async fn run<T: Transport>(
        &mut self,
        api: &Api<'_, T>,
        (sink, sealer): (&impl Sink, &impl Sealer),
        told: &impl Fn(Progress),
    ) -> Result<(), DownloadError> {
        let parts: Vec<_> = self.attachment.layouts().map(|(part, layout)| (part.clone(), layout)).collect();
        if parts.len() != self.attachment.parts.len() {
            return Err(NotTheFile::Layout.into());
        }
        while let Some((part, layout)) = parts.get(self.part) {
            let cipher = match &self.cipher {
                Some(cipher) => Arc::clone(cipher),
                None => {
                    let head = wire::read(api, part.blob, 0..HEAD).await?;
                    let salt = PartCipher::read_head(layout, &head).map_err(NotTheFile::from)?;
                    let cipher = Arc::new(PartCipher::new(*layout, &part.key, &salt));
                    Arc::clone(self.cipher.insert(cipher))
                }
            };
            self.rest_of_part(api, part.blob, &cipher, (sink, sealer), told).await?;
            (self.part, self.chunk, self.cipher) = (self.part + 1, 0, None);
        }
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        if hash == self.attachment.sha256.0 { Ok(()) } else { Err(NotTheFile::Hash.into()) }
    }

    async fn rest_of_part<T: Transport>(
        &mut self,
        api: &Api<'_, T>,
        blob: securemailbox_protocol::ids::BlobId,
        cipher: &Arc<PartCipher>,
        (sink, sealer): (&impl Sink, &impl Sealer),
        told: &impl Fn(Progress),
    ) -> Result<(), DownloadError> {
        let layout = *cipher.layout();
        let (mut next, mut hash) = (self.chunk, self.hash.clone());
        let (mut fetched, mut opened, mut lost) = (None, None, None);
        while self.chunk < layout.chunks() {
            // While some chunks are written, those after them are opened, and those after these are on the wire. What is here goes
            // all the way, whatever becomes of the network: or one that is lost again and again would let nothing through.
            let (to_open, to_write) = (fetched.take(), opened.take());
            let wanted = next..(next + AT_ONCE).min(layout.chunks());
            let fetching = async {
                if lost.is_some() || wanted.is_empty() { None } else { Some(fetch(api, blob, &layout, &wanted).await) }
            };
            let (written, open, answer) =
                join3(write(sink, to_write), open(sealer, cipher, to_open, &hash), fetching).await;
            if let Some((end, length, hash)) = written? {
                (self.chunk, self.hash) = (end, hash);
                self.done += length;
                told(self.progress());
            }
            opened = open?;
            if let Some((_, opened)) = &opened {
                hash = opened.hash.clone();
            }
            match answer {
                Some(Ok(bytes)) => {
                    next = wanted.end;
                    fetched = Some((wanted, bytes));
                }
                Some(Err(error)) => lost = Some(error),
                None => {}
            }
            if let Some(error) = lost.take_if(|_| fetched.is_none() && opened.is_none()) {
                return Err(error.into());
            }
        }
        Ok(())
    }
}

/// Gives the sink what was opened: up to which chunk, how many bytes, and the hash of the file up to there.
async fn write(sink: &impl Sink, opened: Option<(u64, Opened)>) -> Result<Option<(u64, u64, Sha256)>, SinkFailed> {
    let Some((end, Opened { data, hash })) = opened else { return Ok(None) };
    let length = data.len() as u64;
    sink.write(data).await?;
    Ok(Some((end, length, hash)))
}

/// Opens what was fetched, up to a chunk. `hash`: of the file before it.
async fn open(
    sealer: &impl Sealer,
    cipher: &Arc<PartCipher>,
    fetched: Option<(Range<u64>, Vec<u8>)>,
    hash: &Sha256,
) -> Result<Option<(u64, Opened)>, NotTheFile> {
    let Some((chunks, mut bytes)) = fetched else { return Ok(None) };
    let end = chunks.end;
    if end == cipher.layout().chunks() {
        let tag = bytes.split_off(bytes.len().saturating_sub(TAG as usize));
        cipher.check_last_tag(&tag)?;
    }
    let opened = sealer.open(ToOpen { cipher: Arc::clone(cipher), chunks, bytes, hash: hash.clone() }).await?;
    Ok(Some((end, opened)))
}

/// These chunks, and the last tag with the last of them.
async fn fetch<T: Transport>(
    api: &Api<'_, T>,
    blob: securemailbox_protocol::ids::BlobId,
    layout: &Layout,
    chunks: &Range<u64>,
) -> Result<Vec<u8>, CallError> {
    let start = layout.chunk(chunks.start).map_or(layout.blob(), |chunk| chunk.sealed.start);
    let end = layout.chunk(chunks.end).map_or(layout.blob(), |chunk| chunk.sealed.start);
    wire::read(api, blob, start..end).await
}
