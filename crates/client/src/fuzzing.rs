//! What a fuzzer gives to the parsers of this crate, and what must hold whatever it gives. Part of the tests, which try
//! the seeds in `fuzz/seeds`, and of `cargo xtask fuzz`, whose builds set `cfg(fuzzing)`; never of the product.

use std::str;

use crate::settings::{NAME, Name, Settings};

/// A property, which panics where it does not hold.
type Property = fn(&[u8]);

/// The properties by the names of their targets, which are those of their seeds' folders.
pub const TARGETS: &[(&str, Property)] = &[("settings", settings)];

/// Settings that are taken are written as they were read; a name is one line in its one form.
pub fn settings(bytes: &[u8]) {
    if let Ok(settings) = Settings::from_bytes(bytes) {
        assert_eq!(Settings::from_bytes(&settings.to_bytes()), Ok(settings));
    }
    let Ok(typed) = str::from_utf8(bytes) else { return };
    if let Ok(name) = Name::parse(typed) {
        assert!(!name.as_str().chars().any(char::is_control) && name.as_str().chars().count() <= NAME);
        assert_eq!(Name::parse(name.as_str()), Ok(name));
    }
}

#[cfg(test)]
#[path = "../../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
#[test]
fn every_seed_of_the_fuzzer_holds() {
    seeds::all_hold(TARGETS);
}
