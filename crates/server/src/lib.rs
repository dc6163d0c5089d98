#![doc = include_str!("../README.md")]

mod access;
mod api;
mod authenticator;
mod body;
pub mod bucket;
mod budgets;
pub mod check;
pub mod config;
mod devices;
mod even;
mod files;
mod flow;
pub mod forensics;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
mod jobs;
mod listener;
mod mailroom;
mod networks;
mod notices;
mod numbers;
mod opaque;
mod organisations;
mod origin;
mod pages;
mod patience;
mod problem;
mod rates;
mod refusals;
mod reload;
mod request_id;
mod seal;
mod session;
mod shares;
mod start;
mod tallies;
mod telemetry;
mod tls;
mod webauthn;

pub use mailroom::Clock;
pub use notices::SenderError;
pub use pages::DemoAccount;
pub use reload::Reloader;
pub use seal::SealError;
pub use start::{Server, StartError, World};
pub use tls::TlsError;
