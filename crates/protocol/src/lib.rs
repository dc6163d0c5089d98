#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod address;
pub mod attachments;
pub mod base32;
pub mod coding;
pub mod directory;
pub mod endpoints;
pub mod factors;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod ids;
pub mod invitations;
pub mod letters;
pub mod levels;
pub mod limits;
pub mod notices;
pub mod numbers;
pub mod octets;
pub mod opaque;
pub mod organisations;
pub mod passkeys;
pub mod phone;
pub mod problems;
pub mod public_pages;
pub mod records;
pub mod renewals;
pub mod sealed;
pub mod security;
pub mod sessions;
pub mod sign_in;
pub mod slots;
pub mod sync;
pub mod time;
pub mod typed;
#[cfg(feature = "typescript")]
mod typescript;
pub mod waits;

/// The one version of every format here. Nothing that a server sends chooses or lowers it (PROTOCOL §11).
pub const VERSION: &str = "securemailbox/1";
