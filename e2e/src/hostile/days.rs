//! The days that the people of the stage lived, by name, and what a device asks first on a day when it is new.

/// Björn opens his mailbox, lists his inbox, and reads Anna's letter to him and Mallory.
pub const READS: &str = "Björn reads Anna's letter";
/// Björn opens his mailbox as his device left it, and reads the same letter, which his device has not heard of.
pub const READS_UNHEARD: &str = "Björn reads Anna's letter before it was listed";
/// Björn lists his inbox, accepts what key Anna has, and lists it again.
pub const ACCEPTS: &str = "Björn accepts what key Anna has";
/// Björn opens his mailbox, and reads a letter of Anna's that is several chunks long.
pub const READS_LONG: &str = "Björn reads Anna's long letter";
/// Björn opens his mailbox, reads a letter of Anna's with a file, and saves that.
pub const SAVES: &str = "Björn saves Anna's file";
/// The same with a letter of Mallory's.
pub const SAVES_MALLORYS: &str = "Björn saves Mallory's file";
/// The same with another letter of Anna's, whose file is as long as the first one's.
pub const SAVES_ANOTHER: &str = "Björn saves another file of Anna's";
/// Anna opens her mailbox, and writes to Björn with a file that she has uploaded.
pub const SENDS_A_FILE: &str = "Anna sends a file";
/// Björn lists a letter of somebody he has not heard of.
pub const LISTS_MALLORYS: &str = "Björn lists Mallory's letter";
/// Anna opens her own letter: Björn has read it, Mallory has not.
pub const LOOKS: &str = "Anna looks who has read";
/// Anna is told of that letter's readers in a list.
pub const IS_TOLD: &str = "Anna is told who has read";
/// Anna opens her mailbox, writes to Björn, and accepts what key he has.
pub const WRITES: &str = "Anna writes to Björn, whom she knows";
/// The same day after they compared their digits.
pub const WRITES_COMPARED: &str = "Anna writes to Björn, whom she compared";
/// Anna writes to somebody new.
pub const WRITES_NEW: &str = "Anna writes to Cecilia";
/// Cecilia asks whether the number that she knows is Björn's, which it is, and writes to him.
pub const CHECKS_NUMBER: &str = "Cecilia checks Björn's number";
/// Cecilia asks about a number that is not Mallory's, says that she writes all the same, and does.
pub const WRITES_ANYWAY: &str = "Cecilia writes to Mallory, whose number is another";
/// Cecilia asks about a number that is not Anna's.
pub const CHECKS_ANOTHER_NUMBER: &str = "Cecilia checks a number that is not Anna's";
/// Anna writes a draft, looks at it, sends it, asks for what is new, and looks at her drafts.
pub const SENDS_A_DRAFT: &str = "Anna sends a draft";
/// Björn signs in on a second device, enters the code, lists, and writes to Anna.
pub const SIGNS_IN: &str = "Björn signs in";
/// Mallory signs in on a second device, and does nothing there.
pub const MALLORY_SIGNS_IN: &str = "Mallory signs in";
/// Björn's second device learns that a letter was erased, lists, asks again, and lists again.
pub const ERASES: &str = "Björn's tablet learns of an erasure";
/// Björn has forgotten his password, and lists on a third device.
pub const RECOVERS: &str = "Björn recovers";
/// Cecilia changes all locks of her mailbox, has her letters locked anew, and lists them.
pub const RENEWS: &str = "Cecilia changes her locks";
/// Björn signs in on a fourth device by a passkey alone, and lists.
pub const SHOWS_A_PASSKEY: &str = "Björn shows his passkey";
/// The same by another passkey of his.
pub const SHOWS_ANOTHER: &str = "Björn shows his other passkey";
/// Mallory signs in by a passkey of hers, and does nothing there.
pub const MALLORY_SHOWS_HERS: &str = "Mallory shows her passkey";
/// Eva, who has no mailbox, shows Anna's link, enters the code, lists, and reads.
pub const READS_BY_A_LINK: &str = "Eva reads by Anna's link";
/// Eva shows it again, enters the code, and writes to Anna.
pub const ANSWERS_BY_A_LINK: &str = "Eva answers by Anna's link";
/// Anna writes to Eva once more.
pub const WRITES_TO_A_GUEST: &str = "Anna writes to Eva, who has her link";
/// Eva shows a link of Mallory's, and enters the code.
pub const SHOWS_MALLORYS_LINK: &str = "Eva shows Mallory's link";

/// The question that a new device asks before anything else.
pub const FIRST_RECORDS: &str = "GET /changes?since=0&only=records";
/// The question that it asks once it has the records.
pub const FIRST_CHANGES: &str = "GET /changes?since=0";
