use std::collections::BTreeSet;

use proptest::prelude::*;
use securemailbox_protocol::numbers::ChangeNumber;

use super::*;

fn letter(id: u8) -> LetterId {
    LetterId::from_bytes([id; 16])
}

fn brief(thread: u8, arrived: u64, folder: Folder) -> Brief {
    Brief {
        thread: ThreadId::from_bytes([thread; 16]),
        arrived: Timestamp::from_unix_millis(arrived),
        change: ChangeNumber::new(1),
        folder,
        read: true,
        flagged: false,
        refused: false,
    }
}

fn replica(entries: impl IntoIterator<Item = (u8, Brief)>) -> Replica {
    let mut replica = Replica::default();
    entries.into_iter().for_each(|(id, brief)| replica.put(letter(id), brief));
    replica
}

fn rows(replica: &Replica, choice: impl Into<Choice>) -> Vec<Vec<u8>> {
    let rows = replica.part(choice, 0..99).into_iter();
    rows.map(|row| row.letters.iter().map(|id| id.as_bytes()[0]).collect()).collect()
}

#[test]
fn a_conversation_is_one_row_that_stands_where_its_newest_letter_does() {
    let inbox = |thread, arrived| brief(thread, arrived, Folder::Inbox);
    let mut replica = replica([(1, inbox(1, 10)), (2, inbox(2, 20)), (3, inbox(1, 30))]);
    assert_eq!(rows(&replica, Folder::Inbox), [vec![3, 1], vec![2]]);
    replica.put(letter(3), Brief { folder: Folder::Archive, ..inbox(1, 30) });
    assert_eq!(rows(&replica, Folder::Inbox), [vec![2], vec![1]], "it falls back to where the older one stands");
    assert_eq!(rows(&replica, Folder::Archive), [vec![3]]);
    assert_eq!(replica.letters(Folder::Inbox, 0..9), [letter(2), letter(1)]);
}

#[test]
fn a_row_opens_with_its_oldest_unread_letter_and_is_flagged_if_one_is() {
    let inbox = |arrived| brief(1, arrived, Folder::Inbox);
    let unread = |arrived| Brief { read: false, ..inbox(arrived) };
    let mut replica =
        replica([(1, inbox(10)), (2, unread(20)), (3, unread(30)), (4, Brief { flagged: true, ..inbox(5) })]);
    let row = |replica: &Replica| replica.row_of(letter(1)).unwrap();
    assert_eq!((row(&replica).unread, row(&replica).flagged), (Some(letter(2)), true));
    assert_eq!(replica.count(Folder::Inbox), (4, 2), "letters are counted, not rows");
    for (id, arrived) in [(2, 20), (3, 30), (4, 5)] {
        replica.put(letter(id), inbox(arrived));
    }
    assert_eq!((row(&replica).unread, row(&replica).flagged), (None, false));
}

#[test]
fn a_choice_of_rows_keeps_the_one_that_is_open() {
    let unread = Brief { read: false, ..brief(1, 10, Folder::Inbox) };
    let flagged = Brief { flagged: true, ..brief(2, 20, Folder::Inbox) };
    let replica =
        replica([(1, unread), (2, flagged), (3, brief(2, 30, Folder::Inbox)), (4, brief(3, 40, Folder::Sent))]);
    let choice = |which, open| Choice { folder: Folder::Inbox, which, open };
    assert_eq!(rows(&replica, choice(Which::Unread, None)), [vec![1]]);
    assert_eq!(rows(&replica, choice(Which::Flagged, None)), [vec![3, 2]], "the whole conversation");
    assert_eq!(rows(&replica, choice(Which::Unread, Some(letter(2)))), [vec![3, 2], vec![1]]);
    assert_eq!(replica.size(choice(Which::Unread, Some(letter(2)))), 2);
    assert_eq!(rows(&replica, choice(Which::Unread, Some(letter(4)))), [vec![1]], "what is open elsewhere");
}

#[test]
fn what_was_binned_is_read_with_what_was_binned_and_the_rest_across_folders() {
    let folders = [Folder::Inbox, Folder::Sent, Folder::Trash, Folder::Archive, Folder::Trash];
    let letters = folders.into_iter().zip(1..).map(|(folder, id)| (id, brief(1, u64::from(id), folder)));
    let replica = replica(letters.chain([(9, brief(2, 9, Folder::Inbox))]));
    assert_eq!(replica.read_with(letter(1)), [letter(1), letter(2), letter(4)]);
    assert_eq!(replica.read_with(letter(5)), [letter(3), letter(5)]);
    assert_eq!(replica.read_with(letter(77)), []);
}

/// Letters of few threads, arrived at few times, put and moved and erased in any order.
fn any_mailbox() -> impl Strategy<Value = Replica> {
    let any_brief = (0..6_u8, 0..9_u64, 0..Folder::ALL.len(), any::<[bool; 2]>()).prop_map(
        |(thread, arrived, folder, [read, flagged])| Brief {
            read,
            flagged,
            ..brief(thread, arrived, Folder::ALL[folder])
        },
    );
    prop::collection::vec((0..40_u8, prop::option::weighted(0.9, any_brief)), 0..80).prop_map(|acts| {
        let mut replica = Replica::default();
        for (id, brief) in acts {
            match brief {
                Some(brief) => replica.put(letter(id), brief),
                None => replica.drop_letter(letter(id)),
            }
        }
        replica
    })
}

proptest! {
    #[test]
    fn rows_part_the_letters_of_a_folder_whatever_came_and_went(replica in any_mailbox()) {
        for folder in Folder::ALL {
            let rows = replica.part(folder, 0..usize::MAX);
            let listed: Vec<LetterId> = rows.iter().flat_map(|row| row.letters.iter().copied()).collect();
            let there: BTreeSet<_> = replica.entries().filter(|(_, brief)| brief.folder == folder).map(|(id, _)| id).collect();
            prop_assert_eq!(listed.len(), there.len(), "each in one row");
            prop_assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), there.clone());
            prop_assert_eq!(replica.letters(folder, 0..usize::MAX).into_iter().collect::<BTreeSet<_>>(), there);
            for row in &rows {
                let briefs: Vec<_> = row.letters.iter().map(|id| (*id, replica.entry(*id).unwrap())).collect();
                prop_assert!(briefs.iter().all(|(id, brief)| ConversationId::of(*id, brief) == row.id));
                prop_assert_eq!(row.flagged, briefs.iter().any(|(_, brief)| brief.flagged));
                let oldest_unread = briefs.iter().filter(|(_, brief)| !brief.read).min_by_key(|(id, brief)| (brief.arrived, *id));
                prop_assert_eq!(row.unread, oldest_unread.map(|(id, _)| *id));
            }
            let ids: BTreeSet<_> = rows.iter().map(|row| row.id).collect();
            prop_assert_eq!(ids.len(), rows.len(), "no conversation has two rows");
        }
    }

    #[test]
    fn rows_and_their_letters_stand_in_order_and_a_filter_leaves_out_whole_rows(replica in any_mailbox(), open in any::<Option<u8>>()) {
        let arrival = |id: &LetterId| (replica.entry(*id).unwrap().arrived, *id);
        for folder in Folder::ALL {
            let all = replica.part(folder, 0..usize::MAX);
            prop_assert!(all.is_sorted_by(|above, below| arrival(&above.letters[0]) > arrival(&below.letters[0])));
            prop_assert!(all.iter().all(|row| row.letters.is_sorted_by(|above, below| arrival(above) > arrival(below))));
            let open = open.map(|id| letter(id % 40));
            for which in [Which::All, Which::Unread, Which::Flagged] {
                let chosen = replica.part(Choice { folder, which, open }, 0..usize::MAX);
                let wanted = all.iter().filter(|row| match which {
                    Which::All => true,
                    Which::Unread => row.unread.is_some() || open.is_some_and(|open| row.letters.contains(&open)),
                    Which::Flagged => row.flagged || open.is_some_and(|open| row.letters.contains(&open)),
                });
                prop_assert_eq!(chosen, wanted.cloned().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_parts_of_a_list_are_the_whole(replica in any_mailbox(), length in 1..5_usize) {
        for folder in Folder::ALL {
            for which in [Which::All, Which::Unread, Which::Flagged] {
                let choice = Choice { folder, which, open: None };
                let size = replica.size(choice);
                let parts = (0..size.div_ceil(length)).flat_map(|part| replica.part(choice, part * length..(part + 1) * length));
                let whole = replica.part(choice, 0..usize::MAX);
                prop_assert_eq!(parts.collect::<Vec<_>>(), whole.clone());
                prop_assert_eq!(whole.len(), size);
            }
        }
    }
}
