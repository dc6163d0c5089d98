// What the tests of each fuzzed crate do with the fuzzer's seeds. It is a module of theirs, by its path.

use std::{fs, path::Path};

/// A target's name, which is that of its seeds' folder, and what must hold of any bytes.
type Target = (&'static str, fn(&[u8]));

/// The seeds of a target.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    fs::read_dir(folder).unwrap().map(|seed| fs::read(seed.unwrap().path()).unwrap()).collect()
}

/// Tries every seed; a target without one is none.
pub(crate) fn all_hold(targets: &[Target]) {
    for (target, holds) in targets {
        assert!(of(target).iter().map(|seed| holds(seed)).count() > 0, "{target} has no seed");
    }
}
