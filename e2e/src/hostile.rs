//! A server that lies (ATTACKS): days that real clients lived at a real server, and what malicious senders, readers and
//! operators could have made of them. The lies are made here, with real keys; [`crate::suite`] tells them.

pub mod authenticator;
pub mod certificates;
pub mod days;
pub mod forge;
pub mod plot;
pub mod recording;
pub mod rows;
pub mod stage;
