//! The vault and the client as WebAssembly, so that what is tested natively is tested where a browser runs it.

use wasm_bindgen::prelude::wasm_bindgen;

/// The protocol's version.
#[wasm_bindgen]
#[must_use]
pub fn version() -> String {
    securemailbox_protocol::VERSION.into()
}
