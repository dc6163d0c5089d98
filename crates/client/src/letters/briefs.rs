//! Entries in short as the device keeps them: pages by the last byte of the letter's id, so that a change writes one small
//! page, and a mailbox of 20,000 letters opens in the time of 256 rows.

use std::collections::BTreeMap;

use securemailbox_protocol::{
    ids::{LetterId, ThreadId},
    letters::Folder,
    numbers::ChangeNumber,
    time::Timestamp,
};

use crate::{
    device::RowId,
    replica::{Brief, place},
};

/// Letter, thread, arrival, change, folder and flags, one after the other; numbers big-endian. A flag is a bit: read, flagged,
/// refused.
const WIDTH: usize = 16 + 16 + 8 + 8 + 1 + 1;

/// The page that a letter stands on.
#[must_use]
pub const fn page_of(id: LetterId) -> u8 {
    id.as_bytes()[15]
}

/// The row of a page.
#[must_use]
pub const fn row_of(page: u8) -> RowId {
    let mut row = [0; 16];
    row[15] = page;
    row
}

/// A page's bytes.
#[must_use]
pub fn to_bytes<'a>(entries: impl Iterator<Item = (LetterId, &'a Brief)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (id, brief) in entries {
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(brief.thread.as_bytes());
        bytes.extend_from_slice(&brief.arrived.unix_millis().to_be_bytes());
        bytes.extend_from_slice(&brief.change.get().to_be_bytes());
        bytes.push(place(brief.folder));
        bytes.push(u8::from(brief.read) | u8::from(brief.flagged) << 1 | u8::from(brief.refused) << 2);
    }
    bytes
}

/// The entries of a page; none if it is of another form.
#[must_use]
pub fn from_bytes(bytes: &[u8]) -> Option<BTreeMap<LetterId, Brief>> {
    if !bytes.len().is_multiple_of(WIDTH) {
        return None;
    }
    bytes.chunks_exact(WIDTH).map(one).collect()
}

fn one(bytes: &[u8]) -> Option<(LetterId, Brief)> {
    let (id, rest) = bytes.split_first_chunk::<16>()?;
    let (thread, rest) = rest.split_first_chunk::<16>()?;
    let (arrived, rest) = rest.split_first_chunk::<8>()?;
    let (change, rest) = rest.split_first_chunk::<8>()?;
    let [folder, flags @ 0..=7] = rest else { return None };
    let folder = Folder::ALL.into_iter().find(|of| place(*of) == *folder)?;
    let brief = Brief {
        thread: ThreadId::from_bytes(*thread),
        arrived: Timestamp::from_unix_millis(u64::from_be_bytes(*arrived)),
        change: ChangeNumber::new(u64::from_be_bytes(*change)),
        folder,
        read: flags & 1 != 0,
        flagged: flags & 2 != 0,
        refused: flags & 4 != 0,
    };
    Some((LetterId::from_bytes(*id), brief))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_brief() -> impl Strategy<Value = (LetterId, Brief)> {
        (any::<[u8; 16]>(), any::<[u8; 16]>(), 0..1_u64 << 45, any::<u64>(), 0..5_usize, any::<[bool; 3]>()).prop_map(
            |(id, thread, arrived, change, folder, [read, flagged, refused])| {
                let brief = Brief {
                    thread: ThreadId::from_bytes(thread),
                    arrived: Timestamp::from_unix_millis(arrived),
                    change: ChangeNumber::new(change),
                    folder: Folder::ALL[folder],
                    read,
                    flagged,
                    refused,
                };
                (LetterId::from_bytes(id), brief)
            },
        )
    }

    proptest! {
        #[test]
        fn a_page_says_what_was_written_on_it(entries in prop::collection::btree_map(any_brief().prop_map(|(id, _)| id), any_brief().prop_map(|(_, brief)| brief), 0..40)) {
            let bytes = to_bytes(entries.iter().map(|(id, brief)| (*id, brief)));
            prop_assert_eq!(bytes.len(), entries.len() * WIDTH);
            prop_assert_eq!(from_bytes(&bytes), Some(entries));
        }

        #[test]
        fn any_bytes_at_all_are_a_page_or_none(bytes in any::<Vec<u8>>()) {
            if let Some(entries) = from_bytes(&bytes) {
                prop_assert!(entries.len() <= bytes.len() / WIDTH);
            }
        }
    }
}
