//! The vault and the client as WebAssembly, so that what is tested natively is tested where a browser runs it.
#![cfg(target_arch = "wasm32")]

pub mod replay;
pub mod suite;

use securemailbox_vault::vectors;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs the vector file of this name and returns how many vectors agreed.
///
/// # Errors
/// The vector that did not agree.
#[wasm_bindgen(js_name = runVectors)]
pub fn run_vectors(name: &str, json: &str) -> Result<usize, String> {
    vectors::run(name, json).map_err(|disagreement| disagreement.to_string())
}

/// Runs the list of lies that the native test wrote: a [`suite::Suite`] as JSON in, a list of [`suite::Verdict`] out.
///
/// # Errors
/// The JSON is no such list.
#[wasm_bindgen(js_name = runHostile)]
pub fn run_hostile(suite: &str) -> Result<String, String> {
    let suite: suite::Suite = serde_json::from_str(suite).map_err(|error| error.to_string())?;
    serde_json::to_string(&suite.run()).map_err(|error| error.to_string())
}
