#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod directory;
pub mod erasure;
pub mod factors;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod jobs;
pub mod letters;
pub mod meta;
pub mod notices;
pub mod records;
pub mod recoveries;
pub mod registrations;
pub mod sessions;
pub mod sign_in;
pub mod slots;
pub mod sync;

mod act;
mod db;
mod migrations;
mod postgres;
mod proofs;
mod sqlite;
mod store;

pub use act::{Act, ReadOnly};
pub use db::{Db, Param, Row, StoreError, ToParam, Value};
pub use store::{Location, OpenError, Store};

#[cfg(test)]
mod suite;
