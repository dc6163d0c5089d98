//! Room on the disk that is set aside, so that erasing works on a full one (PROTOCOL §8): what deletes a row is written to
//! the log first, and so is what makes the log forget.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::out_of_room;

/// The rows of some thousands of letters, or the contents of three of the largest.
pub(super) const SIZE: u64 = 8 * 1024 * 1024;

/// A file of that size in the data folder.
pub(super) struct Reserve {
    path: PathBuf,
    /// Whether it is there, or can't be had for another reason than a full disk.
    settled: bool,
}

impl Reserve {
    pub(super) fn of(folder: &Path) -> Self {
        let path = folder.join("reserve");
        let settled = fs::metadata(&path).is_ok_and(|found| found.len() == SIZE);
        Self { path, settled }
    }

    /// Sets the room aside unless it is. False if the disk is too full for it: then only what is needed to erase goes on.
    pub(super) fn take(&mut self) -> bool {
        if !self.settled
            && let Err(error) = fill(&self.path)
        {
            // A part of it would only make the disk fuller.
            let _ = fs::remove_file(&self.path);
            if out_of_room(error.kind()) {
                return false;
            }
            tracing::warn!(kind = %error.kind(), "no room can be set aside: erasing will fail when the disk is full");
        }
        self.settled = true;
        true
    }

    /// Gives the room back to the disk. False if there was none.
    pub(super) fn release(&mut self) -> bool {
        let released = self.settled && fs::remove_file(&self.path).is_ok();
        if released {
            self.settled = false;
            tracing::error!("the disk is full: nothing but erasing goes on until there is room again");
        }
        released
    }
}

/// Fills the file with noise, which no file system stores in less room than it takes.
fn fill(path: &Path) -> io::Result<()> {
    let mut noise = 0x9E37_79B9_7F4A_7C15_u64;
    let mut file = File::create(path)?;
    let mut part = Vec::with_capacity(1 << 16);
    for _ in 0..SIZE / (1 << 16) {
        part.clear();
        while part.len() < 1 << 16 {
            // Xorshift (Marsaglia 2003): it is no secret, only hard to compress.
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            part.extend_from_slice(&noise.to_le_bytes());
        }
        file.write_all(&part)?;
    }
    file.sync_data()
}
