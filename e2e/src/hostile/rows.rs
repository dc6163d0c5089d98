//! The lies, by row of ATTACKS.

mod files;
mod keys;
mod letters;
mod links;
mod places;
mod renewals;
mod secrets;

use crate::suite::{Case, Suite};

use super::stage::Stage;

type Row = fn(&Stage) -> Vec<Case>;

/// Every row that a client can meet at a server, and that is built. The others are named in the threat model.
pub const ROWS: [(u8, Row); 27] = [
    (1, letters::another_sender),
    (2, letters::rewritten_by_a_reader),
    (3, letters::content_as_envelope),
    (4, letters::moved),
    (5, keys::own_certificate),
    (6, secrets::made_records),
    (7, keys::older),
    (8, letters::again),
    (9, letters::under_another_name),
    (10, letters::nested),
    (11, letters::forged_receipts),
    (12, files::not_the_file),
    (13, files::never_had),
    (14, keys::another_certificate),
    (15, keys::no_account),
    (16, keys::different_keys),
    (17, keys::refused_certificates),
    (18, secrets::lowered),
    (19, places::swapped),
    (20, secrets::wrong_opaque),
    (25, renewals::half_done),
    (26, keys::checked_numbers),
    (29, links::another_claimant),
    (30, links::another_correspondent),
    (35, places::erased),
    (61, places::passkey_slots),
    (75, letters::other_levels),
];

/// The cases of a row.
///
/// # Panics
/// When the row has none.
#[must_use]
pub fn row(stage: &Stage, row: u8) -> Suite {
    let (_, cases) = ROWS.iter().find(|(number, _)| *number == row).unwrap_or_else(|| panic!("no row {row}"));
    Suite { days: stage.days.clone(), cases: cases(stage) }
}

/// The cases of all rows.
#[must_use]
pub fn all(stage: &Stage) -> Suite {
    Suite { days: stage.days.clone(), cases: ROWS.iter().flat_map(|(_, cases)| cases(stage)).collect() }
}
