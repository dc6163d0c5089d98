//! PROTOCOL §8 on a disk that has no room left: a file system in memory of some MiB, where this may be mounted.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use securemailbox_protocol::ids::SignInId;
use tempfile::TempDir;

use super::{
    attaching::{begin, left, piece},
    forgetting::count_traces,
    people::{Dice, NOW, PHONE_CODE, again, draft, empty_trash, enter, expect, post, register, trash},
};
use crate::{
    Location, Store, StoreError,
    blobs::{GiveUpUpload, UploadError},
    letters::{PostLetter, PostLettersError, ReadContent},
    meta::TryToWrite,
    notices::{ClaimNotices, Lane},
    pieces::Pieces,
    proofs::HolderId,
    sessions::TouchSession,
    sign_in::{BeginSignIn, PasswordProved, SigningIn, TakeSignInState},
    tallies::{Count, Tally},
};

const HOUR: Duration = Duration::from_secs(60 * 60);

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
    let store = Store::open(Location::Sqlite(disk.path().to_path_buf()), Pieces::in_folder(disk.path().join("blobs")))
        .await
        .unwrap();
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

    // Whoever reads or erases signs in first, and the code has to go out.
    let sign_in = SignInId::new(NOW, &mut dice.0);
    let begin = BeginSignIn { id: sign_in, account: Some(anna.account), state: dice.bytes(300), now: NOW };
    store.write(begin).await.unwrap();
    store.write(TakeSignInState { id: sign_in, now: NOW }).await.unwrap();
    store.write(PasswordProved { id: sign_in, now: NOW }).await.unwrap();
    store.write(Count { tallies: vec![Tally { key: [1; 16], most: 1, within: HOUR }], now: NOW }).await.unwrap();
    expect(&store, &mut dice, HolderId::SignIn(sign_in), anna.phone, PHONE_CODE).await.unwrap();
    let claim = ClaimNotices { lane: Lane::Emails, now: NOW, limit: 10, until: NOW.after(HOUR) };
    assert!(!store.write(claim).await.unwrap().is_empty());
    let session = dice.session(NOW);
    enter(&store, SigningIn { id: sign_in, session }, anna.phone, PHONE_CODE).await.unwrap();
    let not_ready = store.write(TryToWrite).await;
    assert_eq!(not_ready, Err(StoreError::Full));

    store.write(TouchSession { session: anna.session, now: NOW.after(Duration::from_secs(60)) }).await.unwrap();
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
    assert_eq!(store.write(TryToWrite).await, Ok(()));
    store.close().await;
}

/// Files leave the room that the database needs: a full disk refuses them first, whole, and takes them again when there is room.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_fill_no_disk_to_its_end_and_nothing_of_one_that_was_refused_stays() {
    const PIECE: usize = 4 << 20;
    let Some(disk) = SmallDisk::mount(80) else {
        return println!("skipped: no file system can be mounted here");
    };
    let pieces = Pieces::in_folder(disk.path().join("blobs"));
    let store = Store::open(Location::Sqlite(disk.path().to_path_buf()), pieces).await.unwrap();
    let mut dice = Dice::new(2);
    let anna = register(&store, &mut dice).await;
    let bytes = dice.bytes(PIECE);
    let blob = begin(&store, &mut dice, &anna, 64 << 20).await;
    let mut received = 0;
    let full = loop {
        match piece(&store, &mut dice, &anna, (blob, received), &bytes).await {
            Ok(there) => received = there,
            Err(error) => break error,
        }
    };
    assert_eq!(full, UploadError::Store(StoreError::Full));
    assert!(received > 0);
    assert_eq!(left(&store).await[4], i64::try_from(received).unwrap() / (4 << 20), "no part of the refused one");
    // Letters go on, in the room that was left for them.
    post(&store, &anna, vec![large(&mut dice, &anna, 1 << 20)], NOW).await.unwrap();
    assert_eq!(store.write(GiveUpUpload { mailbox: anna.account.mailbox(), blob }).await, Ok(true));
    store.erase_due_pieces(NOW).await.unwrap();
    let again = begin(&store, &mut dice, &anna, PIECE).await;
    piece(&store, &mut dice, &anna, (again, 0), &bytes).await.unwrap();
    store.close().await;
}
