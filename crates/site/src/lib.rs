#![doc = include_str!("../README.md")]

mod claims;
mod colour;
mod facts;
mod frame;
mod icons;
mod language;
mod markdown;
mod own;
mod pages;
mod pictures;
mod problems;
mod search;
mod site;
mod status;
mod texts;

pub use colour::ColourRefused;
pub use facts::Facts;
pub use own::{Certificate, InBoth, Own, OwnRefused, Processor, Review};
pub use site::{File, Site, SiteError};
pub use status::{Letters, State};
