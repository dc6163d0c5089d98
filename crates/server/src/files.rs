//! What the system gives us: how many files may be open, each connection being one, and how much room is left on a disk.

use std::{io, path::Path};

use rustix::{
    fs::statvfs,
    process::{Resource, Rlimit, getrlimit, setrlimit},
};

/// Raises the limit as far as the system lets us, and tells how far that was. The lower one is for programs that still call
/// `select`, which we don't; systemd gives 1,024 and lets a service that asks have 524,288.
pub fn raise_limit() -> u64 {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Where that is refused, the limit that stays is what counts.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// How many bytes are free on the disk of a folder, for a user like ours.
///
/// # Errors
/// The folder is not there, or can't be looked at.
pub fn room_at(folder: &Path) -> io::Result<u64> {
    let found = statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
