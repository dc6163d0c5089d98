#![doc = include_str!("../README.md")]

mod adding;
mod arguments;
pub mod calls;
mod confirming;
mod contacts;
mod drafts;
mod factor;
#[cfg(target_arch = "wasm32")]
pub mod files;
pub mod guest;
pub mod mailbox;
mod passkeys;
mod problems;
mod public_pages;
pub mod registering;
mod shown;
pub mod sign_in;
pub mod views;
#[cfg(target_arch = "wasm32")]
pub mod workers;
