//! Room on the disk that is set aside, so that erasing works on a full one (PROTOCOL §8): what deletes a row is written to
//! the log first, and so is what makes the log forget. Nothing grows on a disk that has less room than that beside it, so
//! that it is rarely touched.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use super::out_of_room;
use crate::Room;

/// The rows of some thousands of letters, or the contents of three of the largest.
pub(super) const SIZE: u64 = 8 * 1024 * 1024;

/// A file of that size in the data folder.
pub(super) struct Reserve {
    folder: PathBuf,
    path: PathBuf,
    /// Whether it is there, or can't be had for another reason than a full disk.
    settled: bool,
    is_short: bool,
}

/// The room that is left on the disk.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    /// Whether the reserve is set aside.
    whole: bool,
    /// Bytes beside it.
    free: u64,
}

impl Left {
    pub(super) const fn has_room(self, room: Room) -> bool {
        match room {
            Room::Grows => self.whole && self.free >= SIZE,
            Room::SignsIn => self.whole || self.free >= SIZE / 2,
            Room::Erases => true,
        }
    }
}

impl Reserve {
    pub(super) fn of(folder: &Path) -> Self {
        let path = folder.join("reserve");
        let settled = fs::metadata(&path).is_ok_and(|found| found.len() == SIZE);
        Self { folder: folder.to_path_buf(), path, settled, is_short: false }
    }

    /// Looks how much room there is, and sets the reserve aside again where it can. Says it once when it gets short, and
    /// once when it no longer is.
    pub(super) fn left(&mut self) -> Left {
        let whole = self.settled || self.free() >= SIZE && self.take();
        let free = self.free();
        let left = Left { whole, free };
        let is_short = !left.has_room(Room::Grows);
        if is_short != self.is_short {
            self.is_short = is_short;
            if is_short {
                tracing::error!(
                    free,
                    "the disk is nearly full: reading, signing in and erasing go on, and nothing else"
                );
            } else {
                tracing::info!(free, "the disk has room again");
            }
        }
        left
    }

    /// Bytes that the disk has left. Where the file system can't say, only a write tells.
    fn free(&self) -> u64 {
        rustix::fs::statvfs(&self.folder).map_or(u64::MAX, |found| found.f_bavail * found.f_frsize)
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
