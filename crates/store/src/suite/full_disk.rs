//! PROTOCOL §8 on a disk that has no room left: a file system in memory of some MiB, where this may be mounted.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::{
    forgetting::count_traces,
    people::{Dice, NOW, again, draft, empty_trash, post, register, trash},
};
use crate::{
    Location, Store, StoreError,
    letters::{PostLetter, PostLettersError, ReadContent},
    sessions::TouchSession,
};

/// A small disk, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Answers none where this process may not mount a file system.
    fn mount(mebibytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"]).arg(folder.path());
        let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        mounted.then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(self.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "a file system stays mounted");
    }
}

/// A letter with a content of that many bytes.
fn large(dice: &mut Dice, person: &super::people::Person, length: usize) -> PostLetter {
    let mut letter = dice.letter(&[person]);
    letter.content = dice.bytes(length);
    letter
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_works_but_erasing_and_after_it_everything_does() {
    let Some(disk) = SmallDisk::mount(40) else {
        return println!("skipped: no file system can be mounted here");
    };
    let store = Store::open(Location::Sqlite(disk.path().to_path_buf())).await.unwrap();
    let mut dice = Dice::new(1);
    let anna = register(&store, &mut dice).await;
    let old = draft(&store, &mut dice, anna.account).await;
    let mut letters = Vec::new();
    let full = loop {
        let letter = large(&mut dice, &anna, 1 << 20);
        match post(&store, &anna, vec![again(&letter)], NOW).await {
            Ok(()) => letters.push(letter),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, PostLettersError::Store(StoreError::Full)) && letters.len() > 5);
    // Down to the last page, so that not even a small write finds room.
    std::fs::write(disk.path().join("else"), vec![1; 64 << 20]).unwrap_err();
    let small = |dice: &mut Dice| vec![large(dice, &anna, 100)];
    let refused = post(&store, &anna, small(&mut dice), NOW).await;
    assert!(matches!(refused, Err(PostLettersError::Store(StoreError::Full))));

    store
        .write(TouchSession { session: anna.session, now: NOW.after(std::time::Duration::from_secs(60)) })
        .await
        .unwrap();
    store.erase_draft(anna.account.mailbox(), old).await.unwrap();
    let erased = letters.split_off(letters.len() - 4);
    for letter in &erased {
        trash(&store, &anna, letter.new.id).await;
    }
    let refused = post(&store, &anna, small(&mut dice), NOW).await;
    assert!(matches!(refused, Err(PostLettersError::Store(StoreError::Full))), "the room is for erasing only");
    assert_eq!(empty_trash(&store, anna.account, NOW).await.unwrap().erased, 4);
    assert_eq!(count_traces(disk.path(), &erased), 0);

    std::fs::remove_file(disk.path().join("else")).unwrap();
    for letter in &erased[..2] {
        post(&store, &anna, vec![again(letter)], NOW).await.unwrap();
    }
    for letter in &letters {
        let content = store.read(ReadContent { mailbox: anna.account.mailbox(), letter: letter.new.id }).await.unwrap();
        assert!(content.as_ref() == Some(&letter.content), "what was acknowledged is there");
    }
    store.close().await;
}
