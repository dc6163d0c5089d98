//! A file system of one's own in a file, to look at as it lies on a disk.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// An ext4 image that is mounted, for as long as this is there.
pub struct Disk {
    image: PathBuf,
    mounted: PathBuf,
}

impl Disk {
    /// One of so many MiB in `folder`. Nothing where this machine does not allow it: that takes root, `mkfs.ext4` and loop devices.
    ///
    /// # Panics
    /// When there is no room.
    #[must_use]
    pub fn mount(folder: &Path, mebibytes: u64) -> Option<Self> {
        let disk = Self { image: folder.join("disk.img"), mounted: folder.join("disk") };
        File::create(&disk.image).and_then(|file| file.set_len(mebibytes << 20)).expect("room");
        fs::create_dir(&disk.mounted).expect("a folder of its own");
        let made = ran(Command::new("mkfs.ext4").arg("-q").arg(&disk.image));
        let mounted = made && ran(Command::new("mount").args(["-o", "loop"]).arg(&disk.image).arg(&disk.mounted));
        mounted.then_some(disk)
    }

    /// The image: every byte of the disk.
    #[must_use]
    pub fn image(&self) -> &Path {
        &self.image
    }

    /// The folder that it is mounted at.
    #[must_use]
    pub fn mounted(&self) -> &Path {
        &self.mounted
    }

    /// Has the image hold what was written to the disk.
    ///
    /// # Panics
    /// When the disk does not answer.
    pub fn sync(&self) {
        assert!(ran(Command::new("sync").arg("--file-system").arg(&self.mounted)), "the disk is there");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily, since a server in it may be about to end.
        ran(Command::new("umount").arg("--lazy").arg(&self.mounted));
    }
}

fn ran(command: &mut Command) -> bool {
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ended.is_ok_and(|ended| ended.success())
}
