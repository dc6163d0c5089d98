//! Who encrypts and hashes: by what a machine has for it, and where it stands in nobody's way.

use std::{ops::Range, sync::Arc};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use securemailbox_vault::attachments::{PartCipher, PartRefused};

/// Some chunks of a part that are to be sealed.
pub struct ToSeal {
    /// The part.
    pub cipher: Arc<PartCipher>,
    /// Which chunks.
    pub chunks: Range<u64>,
    /// The file's bytes in them, in a row.
    pub data: Zeroizing<Vec<u8>>,
    /// The hash of the file up to there.
    pub hash: Sha256,
}

/// The same, sealed.
pub struct Sealed {
    /// Chunks with their tags, in a row.
    pub bytes: Vec<u8>,
    /// The hash of the file up to their end.
    pub hash: Sha256,
}

/// Some chunks of a part that are to be opened.
pub struct ToOpen {
    /// The part.
    pub cipher: Arc<PartCipher>,
    /// Which chunks.
    pub chunks: Range<u64>,
    /// Chunks with their tags, in a row.
    pub bytes: Vec<u8>,
    /// The hash of the file up to there.
    pub hash: Sha256,
}

/// The same, opened.
pub struct Opened {
    /// The file's bytes in them, in a row.
    pub data: Zeroizing<Vec<u8>>,
    /// The hash of the file up to their end.
    pub hash: Sha256,
}

/// Encrypts, decrypts and hashes.
#[expect(
    async_fn_in_trait,
    reason = "a page has one thread: the futures need not be Send, and the callers are generic"
)]
pub trait Sealer {
    /// Seals chunks, and hashes what is in them.
    async fn seal(&self, work: ToSeal) -> Sealed;

    /// Opens chunks, and hashes what is in them.
    ///
    /// # Errors
    /// [`PartRefused`]: one of them is not what it should be.
    async fn open(&self, work: ToOpen) -> Result<Opened, PartRefused>;
}

impl ToSeal {
    /// Which bytes of the data lie in each chunk.
    pub fn each(&self) -> impl Iterator<Item = (u64, &[u8])> {
        each(&self.cipher, self.chunks.clone(), |chunk| chunk.data.clone(), &self.data)
    }

    /// Does it in this thread, without any other help.
    #[must_use]
    pub fn here(mut self) -> Sealed {
        let mut bytes = Vec::with_capacity(self.data.len() + 64 * 1024);
        for (number, data) in self.each() {
            self.cipher.seal(number, data, &mut bytes);
        }
        self.hash.update(&*self.data);
        Sealed { bytes, hash: self.hash }
    }
}

impl ToOpen {
    /// Which bytes belong to each chunk.
    pub fn each(&self) -> impl Iterator<Item = (u64, &[u8])> {
        each(&self.cipher, self.chunks.clone(), |chunk| chunk.sealed.clone(), &self.bytes)
    }

    /// Does it in this thread, chunk after chunk, by `open`, which decrypts one where it lies and says which of its bytes are the
    /// file's. These close ranks in the one buffer: what was opened lies nowhere else, and is erased with it.
    ///
    /// # Errors
    /// [`PartRefused`]
    pub fn by(self, open: impl Fn(u64, &mut [u8]) -> Result<Range<usize>, PartRefused>) -> Result<Opened, PartRefused> {
        let Self { cipher, chunks, bytes, mut hash } = self;
        let mut data = Zeroizing::new(bytes);
        let (mut at, mut end) = (0, 0);
        for number in chunks {
            let length = cipher.layout().chunk(number).map_or(0, |chunk| length(&chunk.sealed)).min(data.len() - at);
            let file = open(number, &mut data[at..at + length])?;
            let file = at + file.start..at + file.end;
            hash.update(&data[file.clone()]);
            at += length;
            let length = file.len();
            data.copy_within(file, end);
            end += length;
        }
        data.truncate(end);
        Ok(Opened { data, hash })
    }

    /// Does it in this thread, without any other help.
    ///
    /// # Errors
    /// [`PartRefused`]
    pub fn here(self) -> Result<Opened, PartRefused> {
        let cipher = Arc::clone(&self.cipher);
        self.by(|number, sealed| cipher.open(number, sealed))
    }
}

fn each<'a>(
    cipher: &'a PartCipher,
    chunks: Range<u64>,
    range: impl Fn(&securemailbox_vault::attachments::Chunk) -> Range<u64> + 'a,
    bytes: &'a [u8],
) -> impl Iterator<Item = (u64, &'a [u8])> {
    let mut rest = bytes;
    chunks.filter_map(move |number| {
        let chunk = cipher.layout().chunk(number)?;
        let (these, after) = rest.split_at(length(&range(&chunk)).min(rest.len()));
        rest = after;
        Some((number, these))
    })
}

fn length(range: &Range<u64>) -> usize {
    usize::try_from(range.end - range.start).unwrap_or(usize::MAX)
}

/// In this thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct Here;

impl Sealer for Here {
    async fn seal(&self, work: ToSeal) -> Sealed {
        work.here()
    }

    async fn open(&self, work: ToOpen) -> Result<Opened, PartRefused> {
        work.here()
    }
}
