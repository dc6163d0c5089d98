//! The lies, by row of ATTACKS.

mod keys;
mod letters;
mod places;
mod secrets;

use crate::suite::{Case, Suite};

use super::stage::Stage;

/// Björn opens his mailbox, lists his inbox, and reads Anna's letter to him and Mallory.
pub const READS: &str = "Björn reads Anna's letter";
/// Björn opens his mailbox as his device left it, and reads the same letter, which his device has not heard of.
pub const READS_UNHEARD: &str = "Björn reads Anna's letter before it was listed";
/// Björn lists his inbox, accepts what key Anna has, and lists it again.
pub const ACCEPTS: &str = "Björn accepts what key Anna has";
/// Björn opens his mailbox, and reads a letter of Anna's that is several chunks long.
pub const READS_LONG: &str = "Björn reads Anna's long letter";
/// Björn lists a letter of somebody he has not heard of.
pub const LISTS_MALLORYS: &str = "Björn lists Mallory's letter";
/// Anna opens her own letter: Björn has read it, Mallory has not.
pub const LOOKS: &str = "Anna looks who has read";
/// Anna is told of that letter's readers in a list.
pub const IS_TOLD: &str = "Anna is told who has read";
/// Anna opens her mailbox, writes to Björn, and accepts what key he has.
pub const WRITES: &str = "Anna writes to Björn, whom she knows";
/// The same after they compared their digits.
pub const WRITES_COMPARED: &str = "Anna writes to Björn, whom she compared";
/// Anna writes to somebody new.
pub const WRITES_NEW: &str = "Anna writes to Cecilia";
/// Anna writes a draft, looks at it, sends it, asks for what is new, and looks at her drafts.
pub const SENDS_A_DRAFT: &str = "Anna sends a draft";
/// Björn signs in on a second device, enters the code, lists, and writes to Anna.
pub const SIGNS_IN: &str = "Björn signs in";
/// Mallory signs in.
pub const MALLORY_SIGNS_IN: &str = "Mallory signs in";
/// Björn's second device learns that a letter was erased, lists, asks again, and lists again.
pub const ERASES: &str = "Björn's tablet learns of an erasure";
/// Björn has forgotten his password, and lists on a third device.
pub const RECOVERS: &str = "Björn recovers";

type Row = fn(&Stage) -> Vec<Case>;

/// Every row that a client can meet at a server, and that is built. The others are named in the threat model.
pub const ROWS: [(u8, Row); 19] = [
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
    (14, keys::another_certificate),
    (15, keys::no_account),
    (16, keys::different_keys),
    (17, keys::refused_certificates),
    (18, secrets::lowered),
    (19, places::swapped),
    (20, secrets::wrong_opaque),
    (35, places::erased),
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

/// All of them.
#[must_use]
pub fn all(stage: &Stage) -> Suite {
    Suite { days: stage.days.clone(), cases: ROWS.iter().flat_map(|(_, cases)| cases(stage)).collect() }
}
