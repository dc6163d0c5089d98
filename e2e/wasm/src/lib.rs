//! The vault and the client as WebAssembly, so that what is tested natively is tested where a browser runs it.

pub mod replay;

use securemailbox_vault::vectors;
use wasm_bindgen::prelude::wasm_bindgen;

/// Runs the vector file of this name and returns how many vectors agreed.
///
/// # Errors
/// Which one did not.
#[wasm_bindgen(js_name = runVectors)]
pub fn run_vectors(name: &str, json: &str) -> Result<usize, String> {
    vectors::run(name, json).map_err(|disagreement| disagreement.to_string())
}

/// Lives a recorded day again: a [`replay::Day`] as JSON in, a [`replay::Evening`] out.
///
/// # Errors
/// The JSON is no such day.
#[wasm_bindgen]
pub fn live(day: &str) -> Result<String, String> {
    let day = serde_json::from_str(day).map_err(|error| error.to_string())?;
    serde_json::to_string(&replay::live(day)).map_err(|error| error.to_string())
}
