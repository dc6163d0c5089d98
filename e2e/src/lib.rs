//! The product from outside: a real server, the real command, people who use both, and eyes for what they leave behind.

pub mod authority;
pub mod command;
pub mod disk;
pub mod events;
pub mod files;
pub mod h2;
pub mod hostile;
pub mod kills;
pub mod outage;
pub mod person;
pub mod postgres;
pub mod proxies;
// One source for both: what the module runs as WebAssembly is what runs here.
#[path = "../wasm/src/replay.rs"]
pub mod replay;
pub mod server;
#[path = "../wasm/src/suite.rs"]
pub mod suite;
pub mod traces;
