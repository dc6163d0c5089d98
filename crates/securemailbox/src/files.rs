//! Files of one owner: written whole or not at all, readable by nobody else, overwritten before they go.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Makes a folder, and those above it, that only its owner may enter.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Replaces a file as a whole: after a crash there is the old one or the new one, and when this returns it is on disk.
pub(crate) fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let fresh = folder.join(fresh_name(name));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// Reads a file whole; none if there is no such file.
pub(crate) fn read_whole(folder: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    if_there(fs::read(folder.join(name)))
}

/// Overwrites and removes a file, with what a crash may have left of its next version.
pub(crate) fn erase(folder: &Path, name: &str) -> io::Result<()> {
    for name in [name, &fresh_name(name)] {
        let path = folder.join(name);
        if let Some(mut file) = if_there(OpenOptions::new().write(true).open(&path))? {
            let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
            file.write_all(&vec![0; length])?;
            file.sync_all()?;
            fs::remove_file(&path)?;
        }
    }
    File::open(folder)?.sync_all()
}

/// Gives a file that is whole a name in its folder that no other has, and says where it lies then: nothing is written over.
pub(crate) fn take_free_name(file: &Path, folder: &Path, name: &str) -> io::Result<PathBuf> {
    let (stem, ending) = match name.rfind('.') {
        Some(at) if at > 0 => name.split_at(at),
        _ => (name, ""),
    };
    for number in 1..=1000 {
        let name = if number == 1 { name.to_owned() } else { format!("{stem} ({number}){ending}") };
        let path = folder.join(name);
        // A second name for it, which a taken one refuses in the same moment, on every file system that has them.
        match fs::hard_link(file, &path) {
            Ok(()) => {
                fs::remove_file(file)?;
                File::open(folder)?.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) if !path.exists() => {
                fs::rename(file, &path)?;
                File::open(folder)?.sync_all()?;
                return Ok(path);
            }
            Err(_) => {}
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

fn fresh_name(name: &str) -> String {
    format!(".{name}.new")
}

fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_its_owners_and_is_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        write_whole(folder.path(), "index", b"a longer text").unwrap();
        write_whole(folder.path(), "index", b"text").unwrap();
        assert_eq!(read_whole(folder.path(), "index").unwrap().as_deref(), Some(b"text".as_slice()));
        let mode = fs::metadata(folder.path().join("index")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_erased_file_leaves_nothing_not_even_a_half_written_next_one() {
        let folder = tempfile::tempdir().unwrap();
        write_whole(folder.path(), "session", b"secret").unwrap();
        fs::write(folder.path().join(".session.new"), b"half").unwrap();
        erase(folder.path(), "session").unwrap();
        erase(folder.path(), "session").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
