#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod blobs;
pub mod claims;
pub mod devices;
pub mod directory;
pub mod domains;
pub mod enrolments;
pub mod erasure;
pub mod factors;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod invitations;
pub mod jobs;
pub mod letters;
pub mod measures;
pub mod meta;
pub mod notices;
pub mod one_time_codes;
pub mod passkeys;
pub mod pieces;
pub mod proofs;
pub mod proving;
pub mod public_pages;
pub mod pulse;
pub mod quotas;
pub mod records;
pub mod recoveries;
pub mod registrations;
pub mod removals;
pub mod renewals;
pub mod sealed;
pub mod security;
pub mod sessions;
pub mod sign_in;
pub mod slots;
pub mod sync;
pub mod tallies;
pub mod waits;

mod act;
mod beside;
mod db;
mod inspection;
mod listeners;
mod migrations;
mod postgres;
mod sqlite;
mod store;
mod traces;

pub use act::{Act, ReadOnly, Room};
pub use beside::Beside;
pub use db::{Db, Param, Row, StoreError, ToParam, Value};
pub use inspection::{Inspection, Way};
pub use listeners::{Listener, News};
pub use store::{Location, OpenError, Refusal, Store, Unusable};

#[cfg(test)]
mod suite;
