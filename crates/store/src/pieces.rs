//! Where the bytes of blobs lie: pieces, each written once, read in parts, and erased (PROTOCOL §8). Which piece is whose stands in
//! the database; here a piece is a random name and its bytes.

use std::{path::PathBuf, sync::Arc};

use futures_util::future::BoxFuture;
use rand::{CryptoRng, RngCore};
use securemailbox_protocol::letters::ErasureStepKind;

use crate::StoreError;

mod folder;

use folder::Folder;
#[cfg(test)]
pub(crate) use folder::Step;

/// What a piece is called where it lies: random, so that it says nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PieceName([u8; 16]);

// Names stay out of logs (PROTOCOL §8).
impl std::fmt::Debug for PieceName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PieceName(…)")
    }
}

impl PieceName {
    /// A random name.
    pub fn new(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    pub(crate) const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From [`PieceName::text`]; none of anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = (text.len() == 32).then_some(text.as_bytes())?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// In 32 hexadecimal digits.
    #[must_use]
    pub fn text(self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(32), |mut text, octet| {
            // Writing to a text does not fail.
            let _ = write!(text, "{octet:02x}");
            text
        })
    }
}

/// A place for pieces that this room knows nothing of, such as an object store. What it can't do now fails with
/// [`StoreError::FilesAway`].
pub trait Elsewhere: Send + Sync {
    /// Keeps a new piece, for good when this is over.
    fn put(&self, name: PieceName, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Reads `length` bytes of a piece, from byte `start` of it.
    fn read(&self, name: PieceName, start: u64, length: usize) -> BoxFuture<'_, Result<Vec<u8>, StoreError>>;

    /// Removes a piece so that nothing of it is kept. One that is not there is gone already.
    fn erase(&self, name: PieceName) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Every piece that it has, with its length.
    fn list(&self) -> BoxFuture<'_, Result<Vec<(PieceName, u64)>, StoreError>>;
}

/// The place of all pieces. Cheap to clone.
#[derive(Clone)]
pub struct Pieces(Kind);

#[derive(Clone)]
enum Kind {
    Folder(Folder),
    Elsewhere(Arc<dyn Elsewhere>),
}

impl Pieces {
    /// In a folder, which is made when the first one comes.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(Kind::Folder(Folder::new(folder)))
    }

    /// Elsewhere.
    #[must_use]
    pub fn elsewhere(place: Arc<dyn Elsewhere>) -> Self {
        Self(Kind::Elsewhere(place))
    }

    /// Writes a new piece: it is on disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::File`]: some of it may lie there, until it is erased.
    pub(crate) async fn put(&self, name: PieceName, bytes: Vec<u8>) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.put(name, bytes).await,
            Kind::Elsewhere(place) => place.put(name, bytes).await,
        }
    }

    /// Reads `length` bytes of a piece, from byte `start` of it.
    ///
    /// # Errors
    /// [`StoreError::File`]: it is not there, or is shorter.
    pub async fn read(&self, name: PieceName, start: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.read(name, start, length).await,
            Kind::Elsewhere(place) => place.read(name, start, length).await,
        }
    }

    /// Makes the bytes of a piece unreadable, and removes it. One that is not there is gone already.
    ///
    /// # Errors
    /// [`StoreError::File`]: it is to be erased again.
    pub(crate) async fn erase(&self, name: PieceName) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.erase(name).await,
            Kind::Elsewhere(place) => place.erase(name).await,
        }
    }

    /// Every piece that lies here, with its length. What has another name is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) async fn list(&self) -> Result<Vec<(PieceName, u64)>, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.list().await,
            Kind::Elsewhere(place) => place.list().await,
        }
    }

    /// Removes what a crash in the middle of an erasure left, which was overwritten before.
    pub(crate) async fn clear_remains(&self) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.clear_remains().await,
            Kind::Elsewhere(_) => Ok(()),
        }
    }

    /// What a receipt says of pieces that were erased here.
    pub(crate) const fn forgets_by(&self) -> ErasureStepKind {
        match &self.0 {
            Kind::Folder(_) => ErasureStepKind::FilesOverwritten,
            Kind::Elsewhere(_) => ErasureStepKind::FilesDeleted,
        }
    }

    /// The folder, where a test may make its steps fail.
    #[cfg(test)]
    pub(crate) fn folder(&self) -> &Folder {
        match &self.0 {
            Kind::Folder(folder) => folder,
            Kind::Elsewhere(_) => panic!("pieces lie elsewhere"),
        }
    }
}
