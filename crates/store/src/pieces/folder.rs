//! Pieces as files. A piece is on disk with its name before anybody is told so, and it is overwritten before it loses its name
//! (docs/decisions/0035-a-blob-is-a-run-of-pieces.md).

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use rand::{RngCore as _, SeedableRng as _, rngs::StdRng};

use super::PieceName;
use crate::StoreError;

/// What is left free on the disk: the room that the database sets aside, and as much again for it to go on in.
const KEPT_FREE: u64 = 32 * 1024 * 1024;
/// So much is overwritten at once.
const STRIDE: usize = 1024 * 1024;
/// What a file is called that was overwritten and is about to go: all of them alike, so that a crash leaves one of them at most, and
/// opening the store knows it.
const ERASED: &str = "erased";

/// A folder of pieces, in folders of folders: no one of them gets long.
#[derive(Clone)]
pub(crate) struct Folder(Arc<Inner>);

struct Inner {
    root: PathBuf,
    #[cfg(test)]
    faults: Faults,
}

/// What is done to a file, one step after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Its folders are made.
    MakeFolders,
    /// It gets its name.
    Create,
    /// Its bytes are handed to the disk.
    Write,
    /// They are there.
    Sync,
    /// The folder has its name.
    SyncFolder,
    /// Other bytes are in the place of its own.
    Overwrite,
    /// The disk has those.
    SyncOverwritten,
    /// It has the name that all erased ones have.
    Rename,
    /// It is gone.
    Unlink,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self(Arc::new(Inner {
            root,
            #[cfg(test)]
            faults: Faults::default(),
        }))
    }

    pub(super) async fn put(&self, name: PieceName, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.blocking(move |inner| inner.put(name, &bytes)).await
    }

    pub(super) async fn read(&self, name: PieceName, start: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        self.blocking(move |inner| {
            let mut bytes = vec![0; length];
            File::open(inner.path(name))?.read_exact_at(&mut bytes, start)?;
            Ok(bytes)
        })
        .await
    }

    pub(super) async fn erase(&self, name: PieceName) -> Result<(), StoreError> {
        self.blocking(move |inner| inner.erase(name)).await
    }

    pub(super) async fn list(&self) -> Result<Vec<(PieceName, u64)>, StoreError> {
        self.blocking(Inner::list).await
    }

    pub(super) async fn clear_remains(&self) -> Result<(), StoreError> {
        self.blocking(|inner| unless_gone(fs::remove_file(inner.root.join(ERASED)))).await
    }

    /// A disk takes its time, and others must not wait for it.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> io::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || work(&inner)).await.map_err(|_| StoreError::Panicked)?;
        Ok(done?)
    }
}

impl Inner {
    fn path(&self, name: PieceName) -> PathBuf {
        let text = name.text();
        let (first, rest) = text.split_at(2);
        let (second, rest) = rest.split_at(2);
        self.root.join(first).join(second).join(rest)
    }

    fn put(&self, name: PieceName, bytes: &[u8]) -> io::Result<()> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.root);
        self.step(Step::MakeFolders)?;
        self.make(folder)?;
        if self.free() < KEPT_FREE + bytes.len() as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.step(Step::Create)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        self.step(Step::Write)?;
        file.write_all(bytes)?;
        self.step(Step::Sync)?;
        file.sync_all()?;
        self.step(Step::SyncFolder)?;
        sync_folder(folder)
    }

    /// Makes the folders up to this one, each with its name on disk.
    fn make(&self, folder: &Path) -> io::Result<()> {
        let above = |folder: &Path| folder.parent().map(Path::to_path_buf);
        let mut missing = Vec::new();
        let mut at = Some(folder.to_path_buf());
        while let Some(folder) = at.filter(|folder| !folder.is_dir()) {
            at = above(&folder);
            missing.push(folder);
        }
        for folder in missing.iter().rev() {
            match DirBuilder::new().mode(0o700).create(folder) {
                // Another piece made it at the same moment.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
            if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
                sync_folder(above)?;
            }
        }
        Ok(())
    }

    fn erase(&self, name: PieceName) -> io::Result<()> {
        let path = self.path(name);
        let erased = self.root.join(ERASED);
        let mut file = match OpenOptions::new().write(true).open(&path) {
            // An earlier try may have ended just before its last step.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return unless_gone(fs::remove_file(&erased)),
            opened => opened?,
        };
        self.step(Step::Overwrite)?;
        overwrite(&mut file, name)?;
        self.step(Step::SyncOverwritten)?;
        file.sync_all()?;
        self.step(Step::Rename)?;
        unless_gone(fs::rename(&path, &erased))?;
        self.step(Step::Unlink)?;
        unless_gone(fs::remove_file(&erased))?;
        path.parent().map_or(Ok(()), sync_folder)
    }

    fn list(&self) -> io::Result<Vec<(PieceName, u64)>> {
        let mut pieces = Vec::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                // No piece came yet.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let (entry, path) = entry.map(|entry| (entry.metadata(), entry.path()))?;
                let Ok(found) = entry else { continue };
                if found.is_dir() {
                    folders.push(path);
                } else if let Some(name) = self.name_of(&path) {
                    pieces.push((name, found.len()));
                }
            }
        }
        Ok(pieces)
    }

    fn name_of(&self, path: &Path) -> Option<PieceName> {
        let parts = path.strip_prefix(&self.root).ok()?.components();
        let text: String = parts.map(|part| part.as_os_str().to_string_lossy()).collect();
        PieceName::parse(&text)
    }

    /// Bytes that the disk has left. Where the file system can't say, only a write tells.
    fn free(&self) -> u64 {
        rustix::fs::statvfs(&self.root).map_or(u64::MAX, |found| found.f_bavail * found.f_frsize)
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "a test fails here")]
    const fn step(&self, _: Step) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn step(&self, step: Step) -> io::Result<()> {
        self.faults.step(step)
    }
}

/// Writes noise over all of a file: an erased piece looks like any other.
fn overwrite(file: &mut File, name: PieceName) -> io::Result<()> {
    let mut seed = [0; 32];
    seed[..16].copy_from_slice(name.as_bytes());
    let mut noise = vec![0; STRIDE];
    StdRng::from_seed(seed).fill_bytes(&mut noise);
    let mut left = file.seek(SeekFrom::End(0))?;
    file.rewind()?;
    while left > 0 {
        let now = left.min(STRIDE as u64);
        file.write_all(noise.get(..usize::try_from(now).unwrap_or(STRIDE)).unwrap_or(&noise))?;
        left -= now;
    }
    Ok(())
}

/// Two may erase the same piece, after a crash or in two processes.
fn unless_gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

/// A file's name is on disk once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Lets a disk fail, as one whose power is cut does: at a step, and at all after it.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Faults(std::sync::Mutex<Option<Step>>);

#[cfg(test)]
impl Faults {
    fn step(&self, step: Step) -> io::Result<()> {
        match *self.0.lock().expect("no panic") {
            Some(fails) if fails == step => Err(io::ErrorKind::Interrupted.into()),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
impl Step {
    /// Those of a piece that is written.
    pub(crate) const OF_WRITING: [Self; 5] =
        [Self::MakeFolders, Self::Create, Self::Write, Self::Sync, Self::SyncFolder];
    /// Those of one that is erased.
    pub(crate) const OF_ERASING: [Self; 4] = [Self::Overwrite, Self::SyncOverwritten, Self::Rename, Self::Unlink];
}

#[cfg(test)]
impl Folder {
    /// From now on this step fails, or none.
    pub(crate) fn fails_at(&self, step: Option<Step>) {
        *self.0.faults.0.lock().expect("no panic") = step;
    }

    /// Every file in it, with its bytes.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let mut folders = vec![self.0.root.clone()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.expect("an entry").path();
                if path.is_dir() { folders.push(path) } else { files.push(fs::read(path).expect("a file")) }
            }
        }
        files
    }
}
