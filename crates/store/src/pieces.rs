//! Where the bytes of blobs lie: pieces, each written once, read in parts, and erased (PROTOCOL §8). Which piece is whose stands in
//! the database; here a piece is a random name and its bytes.

use std::path::PathBuf;

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

    /// In 32 hexadecimal digits.
    fn text(self) -> String {
        use std::fmt::Write as _;
        self.0.iter().fold(String::with_capacity(32), |mut text, octet| {
            // Writing to a text does not fail.
            let _ = write!(text, "{octet:02x}");
            text
        })
    }
}

/// The place of all pieces. Cheap to clone.
#[derive(Clone)]
pub struct Pieces(Kind);

#[derive(Clone)]
enum Kind {
    Folder(Folder),
}

impl Pieces {
    /// In a folder, which is made when the first one comes.
    #[must_use]
    pub fn in_folder(folder: PathBuf) -> Self {
        Self(Kind::Folder(Folder::new(folder)))
    }

    /// Writes a new piece: it is on disk when this returns.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::File`]: some of it may lie there, until it is erased.
    pub(crate) async fn put(&self, name: PieceName, bytes: Vec<u8>) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.put(name, bytes).await,
        }
    }

    /// Reads `length` bytes of a piece, from byte `start` of it.
    ///
    /// # Errors
    /// [`StoreError::File`]: it is not there, or is shorter.
    pub(crate) async fn read(&self, name: PieceName, start: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.read(name, start, length).await,
        }
    }

    /// Makes the bytes of a piece unreadable, and removes it. One that is not there is gone already.
    ///
    /// # Errors
    /// [`StoreError::File`]: it is to be erased again.
    pub(crate) async fn erase(&self, name: PieceName) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.erase(name).await,
        }
    }

    /// Removes what a crash in the middle of an erasure left, which was overwritten before.
    pub(crate) async fn clear_remains(&self) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.clear_remains().await,
        }
    }

    /// What a receipt says of pieces that were erased here.
    pub(crate) const fn forgets_by(&self) -> ErasureStepKind {
        match &self.0 {
            Kind::Folder(_) => ErasureStepKind::FilesOverwritten,
        }
    }

    /// The folder, where a test may make its steps fail.
    #[cfg(test)]
    pub(crate) const fn folder(&self) -> &Folder {
        match &self.0 {
            Kind::Folder(folder) => folder,
        }
    }
}
