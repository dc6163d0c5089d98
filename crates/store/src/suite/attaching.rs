//! PROTOCOL §3, §8, §9: blobs go up piece by piece, are there for whoever has something that refers to them, and go with the last
//! of it: from the database, from the disk, and from what its holders' mailboxes count.

use std::time::Duration;

use securemailbox_protocol::{
    ids::{BlobId, LetterId, MailboxId, RecordId},
    letters::{ErasureStepKind, Folder, SentDraft},
    levels::Level,
    limits,
    numbers::Version,
    records::RecordPurpose,
    time::Timestamp,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, again, empty_trash, later, move_to, post, register, trash},
    together::Count,
};
use crate::{
    Store, StoreError,
    accounts::AccountById,
    blobs::{
        BeginUpload, BeginUploadError, BlobOf, GiveUpUpload, NewPiece, PlaceOfPiece, ReadableBlob, Referring, Upload,
        UploadError, UploadOf,
    },
    letters::{DeliveriesOf, PostLetter, PostLetters, PostLettersError, PutReceiptError, SaySaved, TakeBack, Withdraw},
    pieces::PieceName,
    quotas::Quota,
    records::{WriteRecord, WriteRecordError},
    sessions::InSessionError,
};

on_both! {
    a_blob_grows_by_pieces_and_is_read_in_any_part
    of_two_pieces_at_one_place_one_is_kept_and_nothing_of_the_other
    a_piece_that_belongs_elsewhere_is_refused_and_leaves_nothing
    nobody_else_has_anything_of_an_upload
    a_blob_goes_with_the_last_entry_that_refers_to_it
    a_blob_is_its_readers_until_it_is_withdrawn
    a_letter_refers_to_whole_blobs_that_are_its_senders_to_refer_to
    what_a_letter_demands_is_demanded_of_its_blobs_too
    a_draft_refers_to_exactly_what_it_says
    a_draft_hands_its_blobs_to_the_letter_that_it_becomes
    a_file_counts_once_on_its_way_from_an_upload_by_a_draft_to_a_letter
    a_letter_taken_back_takes_its_blobs_along
    an_upload_that_nobody_goes_on_with_goes_after_its_time
    so_many_uploads_and_no_more
    a_removed_account_leaves_no_blob
    a_reader_says_once_that_all_was_saved
    after_everything_is_erased_a_mailbox_holds_what_it_held
}

/// The bytes of blobs are random, so that a file can be looked for.
pub(super) struct Attached {
    pub(super) blob: BlobId,
    pub(super) bytes: Vec<u8>,
}

impl Person {
    fn mailbox(&self) -> MailboxId {
        self.account.mailbox()
    }
}

pub(super) async fn begin(store: &Store, dice: &mut Dice, person: &Person, length: usize) -> BlobId {
    let blob = BlobId::new(NOW, &mut dice.0);
    let begin = BeginUpload { mailbox: person.mailbox(), blob, length: length as u64, quota: Quota::NONE, now: NOW };
    store.write(begin).await.expect("begun");
    blob
}

pub(super) async fn piece(
    store: &Store,
    dice: &mut Dice,
    person: &Person,
    (blob, offset): (BlobId, u64),
    bytes: &[u8],
) -> Result<u64, UploadError> {
    let place = PlaceOfPiece { mailbox: person.mailbox(), blob, offset };
    let piece = NewPiece { place, name: PieceName::new(&mut dice.0), bytes: bytes.to_vec(), now: NOW };
    store.upload(person.session, piece).await.map_err(|error| match error {
        InSessionError::Act(error) => error,
        InSessionError::Over | InSessionError::Locked => panic!("the session lives"),
    })
}

/// A whole blob of so many bytes, in three pieces.
pub(super) async fn upload(store: &Store, dice: &mut Dice, person: &Person, length: usize) -> Attached {
    let blob = begin(store, dice, person, length).await;
    let bytes = dice.bytes(length);
    let mut offset = 0;
    for part in bytes.chunks(length.div_ceil(3)) {
        offset = piece(store, dice, person, (blob, offset), part).await.expect("kept");
    }
    Attached { blob, bytes }
}

pub(super) fn with(mut letter: PostLetter, attached: &[&Attached]) -> PostLetter {
    letter.new.blobs = attached.iter().map(|attached| attached.blob).collect();
    letter
}

/// All of a blob, for whoever may have it.
pub(super) async fn read(store: &Store, person: &Person, blob: BlobId) -> Option<Vec<u8>> {
    let ReadableBlob { length, .. } = store.read(BlobOf { mailbox: person.mailbox(), blob }).await.unwrap()?;
    Some(read_range(store, blob, 0, length).await)
}

async fn read_range(store: &Store, blob: BlobId, start: u64, end: u64) -> Vec<u8> {
    let mut reader = store.read_blob(blob, start, end);
    let mut bytes = Vec::new();
    while let Some(next) = reader.next(1000).await.unwrap() {
        assert!(!next.is_empty() && next.len() <= 1000);
        bytes.extend(next);
    }
    bytes
}

async fn holds(store: &Store, person: &Person) -> u64 {
    store.read(AccountById { account: person.account }).await.unwrap().unwrap().bytes
}

/// How many rows and files there are of blobs: of blobs, pieces, references, files.
pub(super) async fn left(store: &Store) -> [i64; 5] {
    let count = async |sql| store.read(Count(sql)).await.unwrap();
    [
        count("SELECT COUNT(*) FROM blob").await,
        count("SELECT COUNT(*) FROM blob_piece").await,
        count("SELECT COUNT(*) FROM letter_blob").await,
        count("SELECT COUNT(*) FROM draft_blob").await,
        i64::try_from(store.pieces().folder().files().len()).unwrap(),
    ]
}

pub(super) async fn nothing_is_left(store: &Store) {
    store.erase_due_pieces(NOW).await.unwrap();
    assert_eq!(left(store).await, [0; 5]);
}

async fn a_blob_grows_by_pieces_and_is_read_in_any_part(store: Store) {
    let mut dice = Dice::new(1);
    let anna = register(&store, &mut dice).await;
    let blob = begin(&store, &mut dice, &anna, 10_000).await;
    let bytes = dice.bytes(10_000);
    let of = UploadOf { mailbox: anna.mailbox(), blob };
    assert_eq!(store.read(of).await, Ok(Some(Upload { length: 10_000, received: 0 })));
    for (from, to) in [(0, 1), (1, 4096), (4096, 9000)] {
        let received = piece(&store, &mut dice, &anna, (blob, from), &bytes[from as usize..to]).await;
        assert_eq!(received, Ok(to as u64));
        assert_eq!(read(&store, &anna, blob).await, None, "a part is no blob");
    }
    piece(&store, &mut dice, &anna, (blob, 9000), &bytes[9000..]).await.unwrap();
    assert_eq!(read(&store, &anna, blob).await.as_ref(), Some(&bytes));
    for (from, to) in [(0, 1), (0, 10_000), (1, 4096), (4095, 4097), (8999, 9001), (9999, 10_000), (5, 5)] {
        assert_eq!(read_range(&store, blob, from, to).await, bytes[from as usize..to as usize], "{from} to {to}");
    }
}

async fn of_two_pieces_at_one_place_one_is_kept_and_nothing_of_the_other(store: Store) {
    let mut dice = Dice::new(2);
    let anna = register(&store, &mut dice).await;
    let blob = begin(&store, &mut dice, &anna, 5000).await;
    let (one, two) = (dice.bytes(5000), dice.bytes(5000));
    let mut others = Dice::new(200);
    let (first, second) = tokio::join!(
        piece(&store, &mut dice, &anna, (blob, 0), &one),
        piece(&store, &mut others, &anna, (blob, 0), &two)
    );
    let (won, lost) = if first.is_ok() { (&one, second) } else { (&two, first) };
    assert_eq!(lost, Err(UploadError::OtherOffset { received: 5000 }));
    assert_eq!(read(&store, &anna, blob).await.as_ref(), Some(won));
    assert_eq!(left(&store).await, [1, 1, 0, 0, 1], "nothing is left of the other");
}

async fn a_piece_that_belongs_elsewhere_is_refused_and_leaves_nothing(store: Store) {
    let mut dice = Dice::new(3);
    let anna = register(&store, &mut dice).await;
    let blob = begin(&store, &mut dice, &anna, 100).await;
    for (offset, length, refused) in [
        (1, 10, UploadError::OtherOffset { received: 0 }),
        (u64::MAX, 10, UploadError::OtherOffset { received: 0 }),
        (0, 101, UploadError::TooLong),
    ] {
        assert_eq!(piece(&store, &mut dice, &anna, (blob, offset), &vec![1; length]).await, Err(refused));
    }
    let unknown = BlobId::new(NOW, &mut dice.0);
    assert_eq!(piece(&store, &mut dice, &anna, (unknown, 0), &[1]).await, Err(UploadError::NotFound));
    assert_eq!(left(&store).await, [1, 0, 0, 0, 0]);
}

async fn nobody_else_has_anything_of_an_upload(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let attached = upload(&store, &mut dice, &anna, 100).await;
    let begun = begin(&store, &mut dice, &anna, 100).await;
    assert_eq!(read(&store, &bjorn, attached.blob).await, None);
    assert_eq!(store.read(UploadOf { mailbox: bjorn.mailbox(), blob: begun }).await, Ok(None));
    assert_eq!(piece(&store, &mut dice, &bjorn, (begun, 0), &[1]).await, Err(UploadError::NotFound));
    assert_eq!(store.write(GiveUpUpload { mailbox: bjorn.mailbox(), blob: begun }).await, Ok(false));
    let letter = with(dice.letter(&[&bjorn]), &[&attached]);
    assert!(matches!(post(&store, &bjorn, vec![letter], NOW).await, Err(PostLettersError::BlobMissing)));
    for blob in [begun, attached.blob] {
        assert_eq!(store.write(GiveUpUpload { mailbox: anna.mailbox(), blob }).await, Ok(true));
    }
    nothing_is_left(&store).await;
}

async fn a_blob_goes_with_the_last_entry_that_refers_to_it(store: Store) {
    let mut dice = Dice::new(5);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let attached = upload(&store, &mut dice, &anna, 3000).await;
    let letter = with(dice.letter(&[&anna, &bjorn]), &[&attached]);
    let forwarded = with(dice.letter(&[&bjorn]), &[&attached]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    post(&store, &anna, vec![again(&letter)], NOW).await.expect("a repetition");
    let uploader = store.read(Count("SELECT COUNT(*) FROM blob WHERE uploader_id IS NOT NULL")).await;
    assert_eq!(uploader, Ok(0), "nothing ties it to who uploaded it");
    post(&store, &bjorn, vec![again(&forwarded)], NOW).await.unwrap();

    for (holder, letter) in [(&anna, letter.new.id), (&bjorn, letter.new.id)] {
        trash(&store, holder, letter).await;
        let receipt = empty_trash(&store, holder.account, later(1)).await.unwrap();
        assert!(receipt.steps.iter().all(|step| step.step != ErasureStepKind::FilesOverwritten), "a letter has it");
        assert_eq!(read(&store, &bjorn, attached.blob).await.as_ref(), Some(&attached.bytes));
    }
    assert_eq!(read(&store, &anna, attached.blob).await, None);
    trash(&store, &bjorn, forwarded.new.id).await;
    let receipt = empty_trash(&store, bjorn.account, later(1)).await.unwrap();
    let files: Vec<_> = receipt.steps.iter().filter(|step| step.step == ErasureStepKind::FilesOverwritten).collect();
    assert!(files.len() == 1 && files[0].taken && files[0].count == 1, "{files:?}");
    assert_eq!(left(&store).await, [0; 5], "when the receipt is there");
}

async fn a_blob_is_its_readers_until_it_is_withdrawn(store: Store) {
    let mut dice = Dice::new(6);
    let people =
        [register(&store, &mut dice).await, register(&store, &mut dice).await, register(&store, &mut dice).await];
    let [anna, bjorn, cecilia] = &people;
    let before = [holds(&store, bjorn).await, holds(&store, cecilia).await];
    let attached = upload(&store, &mut dice, anna, 3000).await;
    let letter = with(dice.letter(&[anna, bjorn, cecilia]), &[&attached]);
    let id = letter.new.id;
    let rest = (letter.content.len() + letter.new.envelope.as_ref().len()) as u64;
    post(&store, anna, vec![letter], NOW).await.unwrap();
    move_to(&store, bjorn, id, Folder::Archive, NOW).await;
    let read_it = securemailbox_protocol::letters::EntryUpdate { read: Some(true), ..Default::default() };
    let update = crate::letters::UpdateEntry { mailbox: bjorn.mailbox(), letter: id, update: read_it, now: NOW };
    store.write(update).await.unwrap();
    for person in &people {
        assert_eq!(read(&store, person, attached.blob).await.as_ref(), Some(&attached.bytes));
    }
    store.write(Withdraw { mailbox: anna.mailbox(), letter: id, now: later(1) }).await.unwrap();
    for person in [bjorn, cecilia] {
        assert_eq!(read(&store, person, attached.blob).await, None);
    }
    assert_eq!(holds(&store, bjorn).await, before[0] + rest, "who opened it has a row, and no file");
    assert_eq!(holds(&store, cecilia).await, before[1]);
    assert_eq!(read(&store, anna, attached.blob).await.as_ref(), Some(&attached.bytes), "her letter is hers");
    trash(&store, anna, id).await;
    empty_trash(&store, anna.account, later(2)).await.unwrap();
    assert_eq!(left(&store).await, [0; 5], "a row without a key keeps no file");
    trash(&store, bjorn, id).await;
    empty_trash(&store, bjorn.account, later(3)).await.unwrap();
    assert_eq!(holds(&store, bjorn).await, before[0]);
}

async fn a_letter_refers_to_whole_blobs_that_are_its_senders_to_refer_to(store: Store) {
    let mut dice = Dice::new(7);
    let anna = register(&store, &mut dice).await;
    let begun = begin(&store, &mut dice, &anna, 1000).await;
    piece(&store, &mut dice, &anna, (begun, 0), &[1; 999]).await.unwrap();
    let half = Attached { blob: begun, bytes: Vec::new() };
    let nothing = Attached { blob: BlobId::new(NOW, &mut dice.0), bytes: Vec::new() };
    let whole = upload(&store, &mut dice, &anna, 10).await;
    for attached in [vec![&half], vec![&nothing], vec![&whole, &half]] {
        let letter = with(dice.letter(&[&anna]), &attached);
        assert!(matches!(post(&store, &anna, vec![letter], NOW).await, Err(PostLettersError::BlobMissing)));
    }
    // Several letters of one post, and the same id with other blobs.
    let letters = [with(dice.letter(&[&anna]), &[&whole]), with(dice.letter(&[&anna]), &[&whole])];
    post(&store, &anna, letters.iter().map(again).collect(), NOW).await.unwrap();
    let other = with(again(&letters[0]), &[]);
    assert!(matches!(post(&store, &anna, vec![other], NOW).await, Err(PostLettersError::IdTaken)));
    assert_eq!(left(&store).await[2], 2);
}

async fn what_a_letter_demands_is_demanded_of_its_blobs_too(store: Store) {
    let mut dice = Dice::new(8);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let attached = upload(&store, &mut dice, &anna, 10).await;
    let mut demanding = with(dice.letter(&[&anna, &bjorn]), &[&attached]);
    demanding.new.level = Some(Level::Authenticator);
    post(&store, &anna, vec![demanding], NOW).await.unwrap();
    let level = async |person: &Person| {
        store.read(BlobOf { mailbox: person.mailbox(), blob: attached.blob }).await.unwrap().unwrap().level
    };
    assert_eq!((level(&anna).await, level(&bjorn).await), (None, Some(Level::Authenticator)));
    // Whoever could not read it could have it by a letter to themselves.
    let forward = async |letter: PostLetter, proved| {
        let (sender, letters, guests) = (bjorn.mailbox(), vec![letter], Vec::new());
        let (draft, release, quota) = (None, None, Quota::NONE);
        store.write(PostLetters { sender, letters, guests, draft, release, proved, quota, now: NOW }).await
    };
    let own = with(dice.letter(&[&bjorn]), &[&attached]);
    for proved in [None, Some(Level::Phone)] {
        let refused = forward(again(&own), proved).await;
        assert!(matches!(refused, Err(PostLettersError::BlobMissing)), "{proved:?}");
        let draft = write(&store, &bjorn, RecordId::new(NOW, &mut dice.0), None, &[&attached], proved).await;
        assert!(matches!(draft, Err(WriteRecordError::BlobMissing)), "{proved:?}");
    }
    forward(own, Some(Level::Authenticator)).await.unwrap();
    assert_eq!(level(&bjorn).await, None, "by a letter of his own");
}

async fn write(
    store: &Store,
    person: &Person,
    id: RecordId,
    expected: Option<Version>,
    attached: &[&Attached],
    proved: Option<Level>,
) -> Result<Version, WriteRecordError> {
    let refers = Referring { blobs: attached.iter().map(|attached| attached.blob).collect(), proved };
    let (mailbox, purpose, keyring) = (person.mailbox(), RecordPurpose::Draft, None);
    let (sealed, quota) = (vec![7; 500], Quota::NONE);
    Ok(store.write(WriteRecord { mailbox, id, purpose, expected, keyring, sealed, refers, quota }).await?.version)
}

async fn a_draft_refers_to_exactly_what_it_says(store: Store) {
    let mut dice = Dice::new(9);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let before = holds(&store, &anna).await;
    let one = upload(&store, &mut dice, &anna, 1000).await;
    let two = upload(&store, &mut dice, &anna, 2000).await;
    let others = upload(&store, &mut dice, &bjorn, 10).await;
    let id = RecordId::new(NOW, &mut dice.0);
    let refused = write(&store, &anna, id, None, &[&one, &others], None).await;
    assert!(matches!(refused, Err(WriteRecordError::BlobMissing)));
    let first = write(&store, &anna, id, None, &[&one, &two], None).await.unwrap();
    assert_eq!(holds(&store, &anna).await, before + 3500, "as a draft's, and as uploads no more");
    assert_eq!(store.read(UploadOf { mailbox: anna.mailbox(), blob: one.blob }).await, Ok(None));
    assert_eq!(read(&store, &anna, one.blob).await.as_ref(), Some(&one.bytes));
    assert_eq!(read(&store, &bjorn, one.blob).await, None);
    // Another draft refers to what this one has.
    let other = RecordId::new(NOW, &mut dice.0);
    write(&store, &anna, other, None, &[&one], None).await.unwrap();
    assert_eq!(holds(&store, &anna).await, before + 5000);
    let second = write(&store, &anna, id, Some(first), &[&two], None).await.unwrap();
    assert_eq!(left(&store).await[0], 3, "the other draft still has it");
    store.erase_draft(anna.mailbox(), other).await.unwrap();
    assert_eq!((read(&store, &anna, one.blob).await, holds(&store, &anna).await), (None, before + 2500));
    write(&store, &anna, id, Some(second), &[], None).await.unwrap();
    assert_eq!(holds(&store, &anna).await, before + 500);
    store.erase_due_pieces(NOW).await.unwrap();
    assert_eq!(left(&store).await, [1, 3, 0, 0, 3], "Björn's");
}

async fn a_draft_hands_its_blobs_to_the_letter_that_it_becomes(store: Store) {
    let mut dice = Dice::new(10);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let attached = upload(&store, &mut dice, &anna, 1000).await;
    let id = RecordId::new(NOW, &mut dice.0);
    let version = write(&store, &anna, id, None, &[&attached], None).await.unwrap();
    let letter = with(dice.letter(&[&anna, &bjorn]), &[&attached]);
    let post = PostLetters {
        sender: anna.mailbox(),
        letters: vec![letter],
        guests: Vec::new(),
        draft: Some(SentDraft { id, version }),
        release: None,
        proved: None,
        quota: Quota::NONE,
        now: NOW,
    };
    store.write(post).await.unwrap();
    assert_eq!(left(&store).await[2..4], [1, 0]);
    assert_eq!(read(&store, &bjorn, attached.blob).await.as_ref(), Some(&attached.bytes));
}

async fn a_file_counts_once_on_its_way_from_an_upload_by_a_draft_to_a_letter(store: Store) {
    const FILE: usize = 100_000;
    let mut dice = Dice::new(11);
    let anna = register(&store, &mut dice).await;
    // Room for the file, a letter and a draft, and not for the file twice.
    let quota = Quota { bytes: holds(&store, &anna).await + FILE as u64 + 10_000, ..Quota::NONE };
    let begin = |blob, length| BeginUpload { mailbox: anna.mailbox(), blob, length, quota, now: NOW };
    let too_much = store.write(begin(BlobId::new(NOW, &mut dice.0), quota.bytes)).await;
    assert_eq!(too_much, Err(BeginUploadError::Full));
    let attached = upload(&store, &mut dice, &anna, FILE).await;
    let second = store.write(begin(BlobId::new(NOW, &mut dice.0), FILE as u64)).await;
    assert_eq!(second, Err(BeginUploadError::Full), "an upload counts from its beginning");
    let id = RecordId::new(NOW, &mut dice.0);
    let refers = Referring { blobs: vec![attached.blob], proved: None };
    let (mailbox, purpose, sealed) = (anna.mailbox(), RecordPurpose::Draft, vec![7; 500]);
    let draft = WriteRecord { mailbox, id, purpose, expected: None, keyring: None, sealed, refers, quota };
    let version = store.write(draft).await.unwrap().version;
    let letter = with(dice.letter(&[&anna]), &[&attached]);
    let (letters, guests, draft) = (vec![letter], Vec::new(), Some(SentDraft { id, version }));
    let post = PostLetters { sender: mailbox, letters, guests, draft, release: None, proved: None, quota, now: NOW };
    store.write(post).await.unwrap();
    // A second letter with it is a second copy.
    let again = with(dice.letter(&[&anna]), &[&attached]);
    let (letters, guests) = (vec![again], Vec::new());
    let post =
        PostLetters { sender: mailbox, letters, guests, draft: None, release: None, proved: None, quota, now: NOW };
    assert!(matches!(store.write(post).await, Err(PostLettersError::MailboxFull)));
}

async fn a_letter_taken_back_takes_its_blobs_along(store: Store) {
    let mut dice = Dice::new(12);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let before = [holds(&store, &anna).await, holds(&store, &bjorn).await];
    let attached = upload(&store, &mut dice, &anna, 1000).await;
    let letter = with(dice.letter(&[&anna, &bjorn]), &[&attached]);
    let id = letter.new.id;
    let (sender, letters, guests) = (anna.mailbox(), vec![letter], Vec::new());
    let (draft, release, quota) = (None, Some(later(60)), Quota::NONE);
    store.write(PostLetters { sender, letters, guests, draft, release, proved: None, quota, now: NOW }).await.unwrap();
    assert_eq!(read(&store, &bjorn, attached.blob).await, None, "not yet");
    store.write(TakeBack { mailbox: anna.mailbox(), letters: vec![id] }).await.unwrap();
    assert_eq!([holds(&store, &anna).await, holds(&store, &bjorn).await], before);
    nothing_is_left(&store).await;
}

async fn an_upload_that_nobody_goes_on_with_goes_after_its_time(store: Store) {
    let mut dice = Dice::new(13);
    let anna = register(&store, &mut dice).await;
    let before = holds(&store, &anna).await;
    let kept = upload(&store, &mut dice, &anna, 1000).await;
    post(&store, &anna, vec![with(dice.letter(&[&anna]), &[&kept])], NOW).await.unwrap();
    let with_letter = holds(&store, &anna).await;
    upload(&store, &mut dice, &anna, 1000).await;
    begin(&store, &mut dice, &anna, 1000).await;
    let over = NOW.after(limits::UPLOAD_LIFE);
    assert_eq!(store.sweep_uploads(over.before(Duration::from_millis(1))).await, Ok(0));
    assert_eq!(store.sweep_uploads(over).await, Ok(2));
    assert_eq!(holds(&store, &anna).await, with_letter);
    assert!(with_letter > before);
    store.erase_due_pieces(NOW).await.unwrap();
    assert_eq!(left(&store).await, [1, 3, 1, 0, 3]);
    assert_eq!(read(&store, &anna, kept.blob).await, Some(kept.bytes));
}

async fn so_many_uploads_and_no_more(store: Store) {
    let mut dice = Dice::new(14);
    let anna = register(&store, &mut dice).await;
    for _ in 0..limits::UPLOADS {
        begin(&store, &mut dice, &anna, 1).await;
    }
    let blob = BlobId::new(NOW, &mut dice.0);
    let one_more = BeginUpload { mailbox: anna.mailbox(), blob, length: 1, quota: Quota::NONE, now: NOW };
    assert_eq!(store.write(one_more).await, Err(BeginUploadError::TooMany));
}

async fn a_removed_account_leaves_no_blob(store: Store) {
    let mut dice = Dice::new(15);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let (sent, drafted) = (upload(&store, &mut dice, &anna, 1000).await, upload(&store, &mut dice, &anna, 1000).await);
    upload(&store, &mut dice, &anna, 1000).await;
    begin(&store, &mut dice, &anna, 1000).await;
    write(&store, &anna, RecordId::new(NOW, &mut dice.0), None, &[&drafted], None).await.unwrap();
    let letter = with(dice.letter(&[&anna, &bjorn]), &[&sent]);
    let id = letter.new.id;
    post(&store, &anna, vec![letter], NOW).await.unwrap();
    store.write(Remove(anna.account)).await.unwrap();
    assert_eq!(left(&store).await[0], 1, "uploads and drafts go at once");
    store.erase_removed().await.unwrap();
    assert_eq!(left(&store).await, [1, 3, 1, 0, 3], "what was sent stays with its reader");
    assert_eq!(read(&store, &bjorn, sent.blob).await, Some(sent.bytes));
    trash(&store, &bjorn, id).await;
    empty_trash(&store, bjorn.account, later(1)).await.unwrap();
    assert_eq!(left(&store).await, [0; 5]);
}

/// Removes an account whose time has come.
struct Remove(securemailbox_protocol::ids::AccountId);

impl crate::Act for Remove {
    type Output = ();
    type Error = StoreError;

    async fn run<D: crate::Db>(&self, db: &mut D) -> Result<Self::Output, Self::Error> {
        crate::removals::remove(db, self.0).await
    }
}

async fn a_reader_says_once_that_all_was_saved(store: Store) {
    let mut dice = Dice::new(16);
    let (anna, bjorn) = (register(&store, &mut dice).await, register(&store, &mut dice).await);
    let attached = upload(&store, &mut dice, &anna, 10).await;
    let (letter, bare) = (with(dice.letter(&[&anna, &bjorn]), &[&attached]), dice.letter(&[&anna, &bjorn]));
    let (id, without) = (letter.new.id, bare.new.id);
    post(&store, &anna, vec![letter, bare], NOW).await.unwrap();
    let say = async |person: &Person, letter: LetterId, now: Timestamp| {
        store.write(SaySaved { mailbox: person.mailbox(), letter, now }).await
    };
    for (person, letter) in [(&anna, id), (&bjorn, without), (&bjorn, LetterId::new(NOW, &mut dice.0))] {
        assert!(matches!(say(person, letter, NOW).await, Err(PutReceiptError::NotFound)));
    }
    say(&bjorn, id, later(5)).await.unwrap();
    say(&bjorn, id, later(9)).await.unwrap();
    let deliveries = store.read(DeliveriesOf { mailbox: anna.mailbox(), letter: id }).await.unwrap().unwrap();
    assert_eq!(deliveries[0].saved, Some(later(5)));
}

/// Whatever is done with files in whatever order, nothing of it is left when all is erased.
async fn after_everything_is_erased_a_mailbox_holds_what_it_held(store: Store) {
    let mut dice = Dice::new(17);
    let people = [register(&store, &mut dice).await, register(&store, &mut dice).await];
    let before = [holds(&store, &people[0]).await, holds(&store, &people[1]).await];
    let mut letters: Vec<LetterId> = Vec::new();
    let mut drafts: Vec<(usize, RecordId, Version)> = Vec::new();
    let mut files: Vec<(usize, Attached)> = Vec::new();
    for _ in 0..60 {
        let choice = dice.bytes(2);
        let (who, what) = (usize::from(choice[0] % 2), choice[1] % 6);
        let (person, other) = (&people[who], &people[1 - who]);
        let own: Vec<&Attached> = files.iter().filter(|(of, _)| *of == who).map(|(_, attached)| attached).collect();
        match what {
            0 | 1 => {
                let attached = upload(&store, &mut dice, person, 1000).await;
                files.push((who, attached));
            }
            2 => {
                let letter = with(dice.letter(&[person, other]), &own);
                let id = letter.new.id;
                if post(&store, person, vec![letter], NOW).await.is_ok() {
                    letters.push(id);
                }
            }
            3 => {
                let id = RecordId::new(NOW, &mut dice.0);
                if let Ok(version) = write(&store, person, id, None, &own, None).await {
                    drafts.push((who, id, version));
                }
            }
            4 => {
                if let Some((who, id, version)) = drafts.pop() {
                    let some: Vec<&Attached> =
                        files.iter().filter(|(of, _)| *of == who).map(|(_, attached)| attached).take(1).collect();
                    let version = write(&store, &people[who], id, Some(version), &some, None).await.unwrap_or(version);
                    drafts.insert(0, (who, id, version));
                }
            }
            _ => {
                if let Some(letter) = letters.pop() {
                    // Its sender may; the other is refused.
                    let _ = store.write(Withdraw { mailbox: person.mailbox(), letter, now: NOW }).await;
                    letters.insert(0, letter);
                }
            }
        }
        if dice.bytes(1)[0].is_multiple_of(4) {
            // What a client lost track of.
            drop(files.drain(..1.min(files.len())));
        }
    }
    for (who, id, _) in drafts {
        store.erase_draft(people[who].mailbox(), id).await.unwrap();
    }
    store.sweep_uploads(NOW.after(limits::UPLOAD_LIFE)).await.unwrap();
    for person in &people {
        for letter in &letters {
            let update =
                securemailbox_protocol::letters::EntryUpdate { folder: Some(Folder::Trash), ..Default::default() };
            let (mailbox, letter) = (person.mailbox(), *letter);
            // Who never opened one that was withdrawn has nothing of it.
            let _ = store.write(crate::letters::UpdateEntry { mailbox, letter, update, now: NOW }).await;
        }
        empty_trash(&store, person.account, NOW).await.unwrap();
    }
    assert_eq!([holds(&store, &people[0]).await, holds(&store, &people[1]).await], before);
    nothing_is_left(&store).await;
}
