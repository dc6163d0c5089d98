//! The profile folder: what one mailbox keeps on this machine (PROTOCOL §9a). One command at a time.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use securemailbox_client::world::{Device, DeviceFailed, Item};

use crate::{files, http::ServerUrl, outcome::Stop};

const LOCK: &str = "lock";
const SERVER: &str = "server";

/// A profile folder, locked for as long as this lives: two commands at once would overwrite what each other saw.
pub(crate) struct Profile {
    folder: PathBuf,
    _lock: File,
}

impl Profile {
    /// Opens the folder, makes it if it is not there, and waits until no other command uses it.
    pub(crate) fn open(folder: Option<&Path>, quiet: bool) -> Result<Self, Stop> {
        let folder = folder.map_or_else(default_folder, |folder| Ok(folder.to_owned()))?;
        let lock = prepare(&folder).map_err(|error| trouble(&folder, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                if !quiet {
                    // Only a courtesy; the wait is the same if nobody reads it.
                    let _ = writeln!(io::stderr(), "Another command uses this profile; waiting for it to end.");
                }
                lock.lock().map_err(|error| trouble(&folder, &error))?;
            }
            Err(TryLockError::Error(error)) => return Err(trouble(&folder, &error)),
        }
        Ok(Self { folder, _lock: lock })
    }

    /// Whose server this profile is at.
    pub(crate) fn server(&self) -> Result<Option<ServerUrl>, Stop> {
        let Some(bytes) = files::read_whole(&self.folder, SERVER).map_err(|error| trouble(&self.folder, &error))?
        else {
            return Ok(None);
        };
        let url = ServerUrl::parse(String::from_utf8_lossy(&bytes).trim());
        url.map(Some).map_err(|_| Stop::usage("The profile's file `server` is damaged. Sign out and in again."))
    }

    /// Remembers the server.
    pub(crate) fn keep_server(&self, server: &ServerUrl) -> Result<(), Stop> {
        files::write_whole(&self.folder, SERVER, server.as_str().as_bytes())
            .map_err(|error| trouble(&self.folder, &error))
    }

    /// Forgets the server: the last thing of a sign-out.
    pub(crate) fn forget_server(&self) -> Result<(), Stop> {
        files::erase(&self.folder, SERVER).map_err(|error| trouble(&self.folder, &error))
    }
}

impl Device for Profile {
    async fn load(&self, item: Item) -> Result<Option<Vec<u8>>, DeviceFailed> {
        files::read_whole(&self.folder, item.as_str()).map_err(|_| DeviceFailed)
    }

    async fn save(&self, item: Item, bytes: &[u8]) -> Result<(), DeviceFailed> {
        files::write_whole(&self.folder, item.as_str(), bytes).map_err(|_| DeviceFailed)
    }

    async fn erase(&self, item: Item) -> Result<(), DeviceFailed> {
        files::erase(&self.folder, item.as_str()).map_err(|_| DeviceFailed)
    }
}

/// A device that forgets: for people who are made and signed out in one run.
#[derive(Default)]
pub(crate) struct Memory(RefCell<BTreeMap<Item, Vec<u8>>>);

impl Device for Memory {
    async fn load(&self, item: Item) -> Result<Option<Vec<u8>>, DeviceFailed> {
        Ok(self.0.borrow().get(&item).cloned())
    }

    async fn save(&self, item: Item, bytes: &[u8]) -> Result<(), DeviceFailed> {
        self.0.borrow_mut().insert(item, bytes.to_vec());
        Ok(())
    }

    async fn erase(&self, item: Item) -> Result<(), DeviceFailed> {
        self.0.borrow_mut().remove(&item);
        Ok(())
    }
}

/// XDG Base Directory Specification 0.8: `$XDG_STATE_HOME`, else `~/.local/state`.
fn default_folder() -> Result<PathBuf, Stop> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let state = state.or_else(home).ok_or_else(|| Stop::usage("There is no home folder here: say --profile DIR."))?;
    Ok(state.join("securemailbox"))
}

/// A folder of our own is closed to others; a folder with something else in it is not taken over.
fn prepare(folder: &Path) -> io::Result<File> {
    files::make_folder(folder)?;
    let ours = folder.join(LOCK).exists();
    if !ours && fs::read_dir(folder)?.next().is_some() {
        return Err(io::Error::other("it holds other things and is no profile; name an empty folder or a new one"));
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(folder.join(LOCK))
}

fn trouble(folder: &Path, error: &io::Error) -> Stop {
    Stop::unavailable(&format!("the profile folder {} can't be used: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_closed_to_others() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("profile");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let _profile = Profile::open(Some(&folder), true).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(folder.join(LOCK)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_not_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.txt"), "…").unwrap();
        assert!(Profile::open(Some(folder.path()), true).is_err());
    }

    #[test]
    fn a_profile_is_used_by_one_command_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Profile::open(Some(folder.path()), true).unwrap();
        let lock = File::open(folder.path().join(LOCK)).unwrap();
        assert!(matches!(lock.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        assert!(lock.try_lock().is_ok());
    }
}
