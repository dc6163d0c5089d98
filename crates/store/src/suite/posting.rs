//! PROTOCOL §3, §4: posting, listing, reading, moving, receipts.

use securemailbox_protocol::{
    accounts::AccountKind,
    ids::{AccountId, CertificateHash, ContentHash, MailboxId, RecordId},
    letters::{EntryUpdate, Folder, SentDraft},
    levels::Level,
    limits,
    numbers::{ChangeNumber, Version},
    records::RecordPurpose,
    sync::Erased,
};

use super::{
    on_both,
    people::{Dice, NOW, Person, again, draft, empty_trash, later, post, register, trash, write_new},
};
use crate::{
    Act, Db, Store, StoreError,
    accounts::AccountById,
    letters::{
        DeliveriesOf, DeliveryReceipt, ListEntries, PostLetters, PostLettersError, PutReceipt, PutReceiptError,
        ReadContent, ReadEntry, ReadShortContent, UpdateEntry, UpdateEntryError,
    },
    pulse::PulseOf,
    quotas::Quota,
    records::ReadRecord,
    sessions::{EndSession, InSession, InSessionError},
    slots::LockSession,
    sync::{ChangesSince, DraftIdsOf, LetterIdsOf, Scope},
};

on_both! {
    a_letter_lies_in_every_readers_mailbox_with_the_readers_own_key
    a_letter_is_not_posted_for_a_session_that_ended_while_it_was_on_its_way
    the_same_letter_again_is_the_same_letter_even_when_a_holder_erased_it
    the_same_id_with_other_bytes_or_from_another_sender_is_taken
    a_reader_with_another_key_keeps_all_letters_of_a_post_back
    a_letter_without_its_sender_or_with_a_reader_twice_is_refused
    a_letter_to_oneself_is_one_entry_in_the_inbox
    a_draft_goes_with_the_post_that_sends_it_and_with_its_repetition
    a_draft_that_was_written_on_or_is_gone_holds_its_letter_back
    a_post_that_is_refused_leaves_its_draft
    a_post_drops_nothing_but_the_senders_own_draft
    a_list_pages_through_every_entry_once_newest_first
    changes_come_oldest_first_and_in_pieces
    a_move_raises_one_change_number_and_its_repetition_none
    the_first_receipt_stays_and_the_sender_learns_of_it
    a_stranger_to_a_letter_reads_nothing_of_it
    a_mailbox_that_is_no_members_takes_letters_and_has_no_address
    a_short_content_comes_with_what_decides_and_a_long_one_by_itself
    a_device_that_has_seen_everything_is_told_so
}

async fn two(store: &Store, dice: &mut Dice) -> (Person, Person) {
    (register(store, dice).await, register(store, dice).await)
}

async fn a_letter_lies_in_every_readers_mailbox_with_the_readers_own_key(store: Store) {
    let mut dice = Dice::new(1);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let cecilia = register(&store, &mut dice).await;
    let mut letter = dice.letter(&[&anna, &bjorn]);
    letter.new.level = Some(Level::Phone);
    // Cecilia's copy is a letter of its own, as a Bcc reader's is.
    let copy = dice.letter(&[&anna, &cecilia]);
    post(&store, &anna, vec![again(&letter), again(&copy)], later(7)).await.unwrap();
    for (holder, folder, read) in [(&anna, Folder::Sent, true), (&bjorn, Folder::Inbox, false)] {
        let found = ReadEntry { mailbox: holder.account.mailbox(), letter: letter.new.id };
        let entry = store.read(found).await.unwrap().unwrap();
        let own = letter.new.readers.iter().find(|reader| reader.account == holder.account).unwrap();
        assert_eq!((entry.folder, entry.read, entry.arrived), (folder, read, later(7)));
        assert_eq!((entry.thread, entry.level), (letter.new.thread, Some(Level::Phone)));
        assert_eq!(entry.wrapped_key, own.wrapped_key.0);
        assert_eq!(entry.envelope, letter.new.envelope.0);
        assert_eq!((entry.sender.account, entry.sender.certificate), (anna.account, anna.certificate));
        assert_eq!(entry.content_length, letter.content.len() as u64);
        let content =
            store.read(ReadContent { mailbox: holder.account.mailbox(), letter: letter.new.id }).await.unwrap();
        assert_eq!(content.as_ref(), Some(&letter.content));
    }
    assert_eq!(store.read(LetterIdsOf { mailbox: cecilia.account.mailbox() }).await.unwrap().ids, [copy.new.id]);
}

async fn a_letter_is_not_posted_for_a_session_that_ended_while_it_was_on_its_way(store: Store) {
    let mut dice = Dice::new(12);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    let post = |now| InSession {
        session: anna.session,
        now,
        act: PostLetters {
            proved: None,
            sender: anna.account.mailbox(),
            letters: vec![again(&letter)],
            guests: Vec::new(),
            draft: None,
            release: None,
            quota: Quota::NONE,
            now,
        },
    };
    let over = later(limits::SESSION_LIFE.as_secs());
    assert!(matches!(store.write(post(over)).await, Err(InSessionError::Over)), "its time");
    store.write(LockSession { session: anna.session }).await.unwrap();
    assert!(matches!(store.write(post(NOW)).await, Err(InSessionError::Locked)), "its lock");
    store.write(EndSession { account: anna.account, session: anna.session }).await.unwrap();
    assert!(matches!(store.write(post(NOW)).await, Err(InSessionError::Over)), "its end");
    assert_eq!(store.read(LetterIdsOf { mailbox: bjorn.account.mailbox() }).await.unwrap().ids, []);
}

async fn the_same_letter_again_is_the_same_letter_even_when_a_holder_erased_it(store: Store) {
    let mut dice = Dice::new(2);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    let post = |now| PostLetters {
        proved: None,
        sender: anna.account.mailbox(),
        letters: vec![again(&letter)],
        guests: Vec::new(),
        draft: None,
        release: None,
        quota: Quota::NONE,
        now,
    };
    let first = store.write(post(NOW)).await.unwrap();
    trash(&store, &bjorn, letter.new.id).await;
    empty_trash(&store, bjorn.account, NOW).await.unwrap();
    let pulse = store.read(PulseOf { mailbox: bjorn.account.mailbox() }).await.unwrap();
    assert_eq!(store.write(post(later(60))).await.unwrap(), first);
    assert_eq!(store.read(PulseOf { mailbox: bjorn.account.mailbox() }).await.unwrap(), pulse);
    assert_eq!(store.read(LetterIdsOf { mailbox: bjorn.account.mailbox() }).await.unwrap().ids, []);
    // One that is there already does not keep a new one back.
    let new = dice.letter(&[&anna, &bjorn]);
    let both = PostLetters {
        proved: None,
        sender: anna.account.mailbox(),
        letters: vec![again(&letter), again(&new)],
        guests: Vec::new(),
        draft: None,
        release: None,
        quota: Quota::NONE,
        now: later(90),
    };
    let posted = store.write(both).await.unwrap().letters;
    assert_eq!(posted.iter().map(|posted| posted.arrived).collect::<Vec<_>>(), [NOW, later(90)]);
    assert_eq!(store.read(LetterIdsOf { mailbox: bjorn.account.mailbox() }).await.unwrap().ids, [new.new.id]);
}

async fn the_same_id_with_other_bytes_or_from_another_sender_is_taken(store: Store) {
    let mut dice = Dice::new(3);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let taken = |answer: Result<(), PostLettersError>| assert!(matches!(answer, Err(PostLettersError::IdTaken)));
    taken(post(&store, &bjorn, vec![again(&letter)], NOW).await);
    let changes: [fn(&mut crate::letters::PostLetter, &mut Dice); 5] = [
        |letter, dice| letter.new.content_hash = ContentHash::from_bytes(dice.hash()),
        |letter, dice| letter.new.envelope = dice.bytes(500).into(),
        |letter, dice| letter.new.readers[1].wrapped_key = dice.bytes(1200).into(),
        |letter, _| letter.new.level = Some(Level::Eid),
        |letter, _| drop(letter.new.readers.pop()),
    ];
    for change in changes {
        let mut other = again(&letter);
        change(&mut other, &mut dice);
        taken(post(&store, &anna, vec![other], NOW).await);
    }
    taken(post(&store, &anna, vec![again(&letter), again(&letter)], NOW).await);
}

async fn a_reader_with_another_key_keeps_all_letters_of_a_post_back(store: Store) {
    let mut dice = Dice::new(4);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let good = dice.letter(&[&anna, &bjorn]);
    let mut stale = dice.letter(&[&anna, &bjorn]);
    stale.new.readers[1].certificate = anna.certificate;
    let before = store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap();
    let answer = post(&store, &anna, vec![again(&good), again(&stale)], NOW).await;
    assert!(matches!(answer, Err(PostLettersError::StaleKey { reader }) if reader == bjorn.account));
    let nobody = Person { account: securemailbox_protocol::ids::AccountId::from_bytes([9; 16]), ..bjorn.clone() };
    let answer = post(&store, &anna, vec![dice.letter(&[&anna, &nobody])], NOW).await;
    assert!(matches!(answer, Err(PostLettersError::StaleKey { reader }) if reader == nobody.account));
    assert_eq!(store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap(), before);
    assert_eq!(store.read(LetterIdsOf { mailbox: bjorn.account.mailbox() }).await.unwrap().ids, []);
    post(&store, &anna, vec![good], NOW).await.unwrap();
}

async fn a_letter_without_its_sender_or_with_a_reader_twice_is_refused(store: Store) {
    let mut dice = Dice::new(5);
    let (anna, bjorn) = two(&store, &mut dice).await;
    for people in [vec![&bjorn], vec![&anna, &bjorn, &bjorn], vec![]] {
        let letter = dice.letter(&people);
        assert!(matches!(post(&store, &anna, vec![letter], NOW).await, Err(PostLettersError::Readers)));
    }
}

async fn a_letter_to_oneself_is_one_entry_in_the_inbox(store: Store) {
    let mut dice = Dice::new(6);
    let anna = register(&store, &mut dice).await;
    let letter = dice.letter(&[&anna]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let entry =
        store.read(ReadEntry { mailbox: anna.account.mailbox(), letter: letter.new.id }).await.unwrap().unwrap();
    assert_eq!((entry.folder, entry.read), (Folder::Inbox, false));
    let deliveries = store.read(DeliveriesOf { mailbox: anna.account.mailbox(), letter: letter.new.id }).await.unwrap();
    assert_eq!(deliveries, Some(vec![]));
}

async fn a_draft_goes_with_the_post_that_sends_it_and_with_its_repetition(store: Store) {
    let mut dice = Dice::new(12);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    let other = draft(&store, &mut dice, anna.account).await;
    let post = |draft| PostLetters {
        proved: None,
        sender: anna.account.mailbox(),
        letters: vec![again(&letter)],
        guests: Vec::new(),
        draft: first(draft),
        release: None,
        quota: Quota::NONE,
        now: NOW,
    };
    let drafts = async || store.read(DraftIdsOf { mailbox: anna.account.mailbox() }).await.unwrap();
    let before = store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap().erased;
    let mut number = before.drafts;
    // The second time as if the draft had been written anew by another device between the two tries.
    for _ in 0..2 {
        let sent = draft(&store, &mut dice, anna.account).await;
        number = number.next();
        assert_eq!(store.write(post(sent)).await.unwrap().drafts_erased, Some(number));
        assert_eq!((drafts().await.erase, drafts().await.ids), (number, vec![other]));
        // Gone already, and the same letter: no error, and no number to tell.
        assert_eq!(store.write(post(sent)).await.unwrap().drafts_erased, None);
    }
    let after = store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap().erased;
    assert_eq!(after, Erased { letters: before.letters, drafts: number });
    assert_eq!(store.read(LetterIdsOf { mailbox: anna.account.mailbox() }).await.unwrap().ids, [letter.new.id]);
}

async fn a_draft_that_was_written_on_or_is_gone_holds_its_letter_back(store: Store) {
    let mut dice = Dice::new(15);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let mailbox = anna.account.mailbox();
    let id = draft(&store, &mut dice, anna.account).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    let post = |version| {
        let draft = Some(SentDraft { id, version: Version::new(version) });
        PostLetters {
            proved: None,
            sender: mailbox,
            letters: vec![again(&letter)],
            guests: Vec::new(),
            draft,
            release: None,
            quota: Quota::NONE,
            now: NOW,
        }
    };
    // Another device wrote on, or had saved it before this one heard that it was saved.
    for unlike in [0, 2] {
        assert!(matches!(store.write(post(unlike)).await, Err(PostLettersError::StaleDraft)));
    }
    assert_eq!(store.read(DraftIdsOf { mailbox }).await.unwrap().ids, [id]);
    assert!(store.read(LetterIdsOf { mailbox }).await.unwrap().ids.is_empty(), "nothing was posted");
    store.write(post(1)).await.unwrap();
    // Another device sends the same draft, of which it has not heard that it went.
    let draft = Some(SentDraft { id, version: Version::new(1) });
    let second = PostLetters {
        proved: None,
        sender: mailbox,
        letters: vec![dice.letter(&[&anna, &bjorn])],
        guests: Vec::new(),
        draft,
        release: None,
        quota: Quota::NONE,
        now: NOW,
    };
    assert!(matches!(store.write(second).await, Err(PostLettersError::StaleDraft)));
    assert_eq!(store.read(LetterIdsOf { mailbox }).await.unwrap().ids, [letter.new.id]);
}

/// A draft that was saved once.
fn first(id: RecordId) -> Option<SentDraft> {
    Some(SentDraft { id, version: Version::new(1) })
}

async fn a_post_that_is_refused_leaves_its_draft(store: Store) {
    let mut dice = Dice::new(13);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let kept = draft(&store, &mut dice, anna.account).await;
    let mut stale = dice.letter(&[&anna, &bjorn]);
    stale.new.readers[1].certificate = anna.certificate;
    let post = PostLetters {
        proved: None,
        sender: anna.account.mailbox(),
        letters: vec![stale],
        guests: Vec::new(),
        draft: first(kept),
        release: None,
        quota: Quota::NONE,
        now: NOW,
    };
    assert!(matches!(store.write(post).await, Err(PostLettersError::StaleKey { .. })));
    assert_eq!(store.read(DraftIdsOf { mailbox: anna.account.mailbox() }).await.unwrap().ids, [kept]);
}

async fn a_post_drops_nothing_but_the_senders_own_draft(store: Store) {
    let mut dice = Dice::new(14);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let bjorns = draft(&store, &mut dice, bjorn.account).await;
    let contact = write_new(&store, &mut dice, anna.account, RecordPurpose::Contact).await;
    for id in [bjorns, contact, RecordId::new(NOW, &mut dice.0)] {
        let post = |version, letter| {
            let draft = Some(SentDraft { id, version: Version::new(version) });
            PostLetters {
                proved: None,
                sender: anna.account.mailbox(),
                letters: vec![letter],
                guests: Vec::new(),
                draft,
                release: None,
                quota: Quota::NONE,
                now: NOW,
            }
        };
        let letter = dice.letter(&[&anna, &bjorn]);
        assert!(matches!(store.write(post(1, again(&letter))).await, Err(PostLettersError::StaleDraft)));
        assert_eq!(store.write(post(0, letter)).await.unwrap().drafts_erased, None);
    }
    assert_eq!(store.read(DraftIdsOf { mailbox: bjorn.account.mailbox() }).await.unwrap().ids, [bjorns]);
    assert!(store.read(ReadRecord { mailbox: anna.account.mailbox(), id: contact }).await.unwrap().is_some());
}

async fn a_list_pages_through_every_entry_once_newest_first(store: Store) {
    let mut dice = Dice::new(7);
    let (anna, bjorn) = two(&store, &mut dice).await;
    for number in 0..25 {
        // Several in the same millisecond.
        post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], later(number / 4)).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let list = ListEntries { mailbox: bjorn.account.mailbox(), folder: Folder::Inbox, cursor, limit: 10 };
        let page = store.read(list).await.unwrap();
        seen.extend(page.entries.iter().map(|entry| (entry.arrived, entry.id)));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 25);
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]));
    let exactly = ListEntries { mailbox: bjorn.account.mailbox(), folder: Folder::Inbox, cursor: None, limit: 25 };
    assert_eq!(store.read(exactly).await.unwrap().next, None);
}

async fn changes_come_oldest_first_and_in_pieces(store: Store) {
    let mut dice = Dice::new(8);
    let (anna, bjorn) = two(&store, &mut dice).await;
    for _ in 0..10 {
        post(&store, &anna, vec![dice.letter(&[&anna, &bjorn])], NOW).await.unwrap();
    }
    let mut since = ChangeNumber::ZERO;
    let (mut entries, mut records) = (Vec::new(), 0);
    loop {
        let changes = store
            .read(ChangesSince { mailbox: bjorn.account.mailbox(), since, limit: 4, scope: Scope::Everything })
            .await
            .unwrap();
        assert!(changes.entries.len() + changes.records.len() <= 4 && changes.change > since);
        entries.extend(changes.entries.iter().map(|entry| entry.change));
        records += changes.records.len();
        since = changes.change;
        if !changes.more {
            break;
        }
    }
    assert_eq!((entries.len(), records), (10, 2));
    assert!(entries.is_sorted());
    assert_eq!(since, store.read(PulseOf { mailbox: bjorn.account.mailbox() }).await.unwrap().change);
}

async fn a_move_raises_one_change_number_and_its_repetition_none(store: Store) {
    let mut dice = Dice::new(9);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let before = store.read(PulseOf { mailbox: bjorn.account.mailbox() }).await.unwrap().change;
    let update = |folder, read| UpdateEntry {
        mailbox: bjorn.account.mailbox(),
        letter: letter.new.id,
        update: EntryUpdate { folder, read, ..EntryUpdate::default() },
        now: NOW,
    };
    for _ in 0..2 {
        let moved = store.write(update(Some(Folder::Archive), Some(true))).await.unwrap();
        assert_eq!((moved.folder, moved.read, moved.change), (Folder::Archive, true, before.next()));
    }
    let unread = store.write(update(None, Some(false))).await.unwrap();
    assert_eq!((unread.folder, unread.read, unread.change), (Folder::Archive, false, before.next().next()));
    let flag =
        UpdateEntry { update: EntryUpdate { flagged: Some(true), ..EntryUpdate::default() }, ..update(None, None) };
    let flagged = store.write(flag).await.unwrap();
    assert_eq!((flagged.flagged, flagged.read, flagged.folder), (true, false, Folder::Archive));
    let drafts = store.write(update(Some(Folder::Drafts), None)).await;
    assert!(matches!(drafts, Err(UpdateEntryError::NotAFolderForLetters)));
    let other = UpdateEntry { mailbox: register(&store, &mut dice).await.account.mailbox(), ..update(None, None) };
    assert!(matches!(store.write(other).await, Err(UpdateEntryError::NotFound)));
}

async fn the_first_receipt_stays_and_the_sender_learns_of_it(store: Store) {
    let mut dice = Dice::new(10);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let since = store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap().change;
    let receipt = |seconds, signature: &[u8]| DeliveryReceipt {
        at: later(seconds),
        signature: signature.to_vec(),
        level: Level::Phone,
    };
    for receipt in [receipt(5, b"first"), receipt(9, b"second")] {
        store.write(PutReceipt { mailbox: bjorn.account.mailbox(), letter: letter.new.id, receipt }).await.unwrap();
    }
    let changes = store
        .read(ChangesSince { mailbox: anna.account.mailbox(), since, limit: 10, scope: Scope::Everything })
        .await
        .unwrap();
    assert_eq!((changes.change, changes.entries.len()), (since.next(), 1));
    let deliveries = DeliveriesOf { mailbox: anna.account.mailbox(), letter: letter.new.id };
    let deliveries = store.read(deliveries).await.unwrap().unwrap();
    assert_eq!((deliveries.len(), deliveries[0].reader.account), (1, bjorn.account));
    assert_eq!((deliveries[0].delivered, deliveries[0].notified), (NOW, None));
    assert_eq!(deliveries[0].read, Some(receipt(5, b"first")));
    let others = DeliveriesOf { mailbox: bjorn.account.mailbox(), letter: letter.new.id };
    assert_eq!(store.read(others).await, Ok(None));
    let stranger = register(&store, &mut dice).await.account;
    let put = PutReceipt { mailbox: stranger.mailbox(), letter: letter.new.id, receipt: receipt(1, b"no reader") };
    assert!(matches!(store.write(put).await, Err(PutReceiptError::NotFound)));
}

async fn a_stranger_to_a_letter_reads_nothing_of_it(store: Store) {
    let mut dice = Dice::new(11);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let (account, letter) = (bjorn.account, letter.new.id);
    assert_eq!(store.read(ReadEntry { mailbox: account.mailbox(), letter }).await, Ok(None));
    assert_eq!(store.read(ReadContent { mailbox: account.mailbox(), letter }).await, Ok(None));
    assert_eq!(store.read(ReadShortContent { mailbox: account.mailbox(), letter }).await, Ok(None));
    assert_eq!(store.read(DeliveriesOf { mailbox: account.mailbox(), letter }).await, Ok(None));
}

/// Makes a mailbox of somebody who is no member.
struct OpenGuestMailbox {
    mailbox: MailboxId,
    certificate: CertificateHash,
}

impl Act for OpenGuestMailbox {
    type Output = ();
    type Error = StoreError;

    async fn run<D: Db>(&self, db: &mut D) -> Result<(), StoreError> {
        const SQL: &str = "
            INSERT INTO mailbox (mailbox_id, kind, certificate_hash, change, erase_letters, erase_drafts, told, letters,
                                 bytes)
            VALUES ($1, $2, $3, 0, 0, 0, 0, 0, 0)";
        db.exec(SQL, &[&self.mailbox, &AccountKind::Guest, &self.certificate]).await.map(drop)
    }
}

/// PROTOCOL §5: whoever was written to is found by nobody else, and may still register.
async fn a_mailbox_that_is_no_members_takes_letters_and_has_no_address(store: Store) {
    let mut dice = Dice::new(15);
    let anna = register(&store, &mut dice).await;
    let account = AccountId::new(NOW, &mut dice.0);
    let guest = Person { account, certificate: CertificateHash::from_bytes(dice.hash()), ..anna.clone() };
    let mailbox = account.mailbox();
    store.write(OpenGuestMailbox { mailbox, certificate: guest.certificate }).await.unwrap();
    let letter = dice.letter(&[&anna, &guest]);
    post(&store, &anna, vec![again(&letter)], NOW).await.unwrap();
    let entry = store.read(ReadEntry { mailbox, letter: letter.new.id }).await.unwrap().unwrap();
    assert_eq!((entry.folder, entry.sender.account), (Folder::Inbox, anna.account));
    assert_eq!(store.read(AccountById { account }).await, Ok(None), "who has a mailbox only is no member");
}

async fn a_short_content_comes_with_what_decides_and_a_long_one_by_itself(store: Store) {
    let mut dice = Dice::new(31);
    let (anna, bjorn) = two(&store, &mut dice).await;
    for (length, comes) in [(0, true), (64 * 1024, true), (64 * 1024 + 1, false)] {
        let mut posted = dice.letter(&[&anna, &bjorn]);
        posted.content = vec![7; length];
        posted.new.level = Some(Level::Phone);
        post(&store, &anna, vec![again(&posted)], NOW).await.unwrap();
        let (mailbox, letter) = (bjorn.account.mailbox(), posted.new.id);
        let found = store.read(ReadShortContent { mailbox, letter }).await.unwrap().unwrap();
        assert_eq!((found.sender, found.level), (anna.account, Some(Level::Phone)));
        assert_eq!(found.content, comes.then(|| posted.content.clone()), "{length} bytes");
        assert_eq!(store.read(ReadContent { mailbox, letter }).await, Ok(Some(posted.content)));
    }
}

async fn a_device_that_has_seen_everything_is_told_so(store: Store) {
    let mut dice = Dice::new(32);
    let (anna, bjorn) = two(&store, &mut dice).await;
    let letter = dice.letter(&[&anna, &bjorn]);
    let id = letter.new.id;
    post(&store, &anna, vec![letter], NOW).await.unwrap();
    trash(&store, &anna, id).await;
    empty_trash(&store, anna.account, later(1)).await.unwrap();
    let pulse = store.read(PulseOf { mailbox: anna.account.mailbox() }).await.unwrap();
    for since in [pulse.change, pulse.change.next()] {
        let found = store
            .read(ChangesSince { mailbox: anna.account.mailbox(), since, limit: 100, scope: Scope::Everything })
            .await
            .unwrap();
        assert_eq!((found.change, found.erased, found.more), (pulse.change, pulse.erased, false));
        assert!(found.entries.is_empty() && found.records.is_empty());
    }
}
