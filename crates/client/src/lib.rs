#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod api;
pub mod comparing;
pub mod contacts;
pub mod directory;
pub mod failure;
#[cfg(test)]
mod fixtures;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod index;
pub mod letters;
pub mod mailbox;
pub mod opening;
pub mod records;
pub mod session;
pub mod settings;
pub mod sign_in;
pub mod sync;
pub mod transcript;
pub mod transport;
pub mod world;
