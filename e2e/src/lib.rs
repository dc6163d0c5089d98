//! The product from outside: a real server, the real command, people who use both, and eyes for what they leave behind.

pub mod command;
pub mod outage;
pub mod person;
pub mod postgres;
pub mod server;
pub mod traces;
