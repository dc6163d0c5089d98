//! Attachments: files beside a letter, in parts that are sealed chunk by chunk (PROTOCOL §3).
//!
//! A part is one SEIPDv2 packet (RFC 9580 §5.13.2): AES-256-GCM in chunks of 256 KiB, with a length of five octets, so that
//! what lies where follows from how many bytes it holds. [`Layout`] says where, [`PartCipher`] seals and opens one chunk at
//! a time, and nothing here ever holds more than that. A browser does the same with its own AES, by [`ChunkKey`].
//!
//! The rows that name attachments, with their keys, travel in a letter's manifest: [`Attachment`].

mod chunks;
mod layout;
mod rows;

pub use chunks::{ChunkKey, PartCipher, PartKey, PartRefused, Salt};
pub use layout::{CHUNK, Chunk, HEAD, Layout, TAG, parts_of};
pub(crate) use rows::check;
pub use rows::{Attachment, FileHash, Part, RowRefused, Thumbnail, blobs};

#[cfg(test)]
mod tests;
