#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod api;
pub mod attachments;
pub mod claims;
pub mod comparing;
pub mod confirming;
pub mod contacts;
pub mod device;
pub mod devices;
pub mod directory;
pub mod factors;
pub mod failure;
#[cfg(test)]
mod fixtures;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod identity;
pub mod invitations;
mod keeping;
pub mod letters;
pub mod links;
pub mod mailbox;
pub mod names;
mod numbers;
pub mod opening;
pub mod opens;
pub mod owner;
pub mod passkeys;
pub mod passwords;
pub mod public_pages;
pub mod recipient;
pub mod records;
pub mod removals;
pub mod renewals;
pub mod replica;
pub mod rows;
pub mod session;
pub mod settings;
pub mod sign_in;
mod slots;
pub mod sync;
pub mod transcript;
pub mod transport;
pub mod waits;
pub mod world;
