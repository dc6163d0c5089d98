//! Writes the JavaScript that a WebAssembly module of ours is called through: `securemailbox-glue node MODULE.wasm FOLDER`.

use std::{env, ffi::OsString, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let [caller, module, folder] = arguments.as_slice() else { return usage() };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module).remove_name_section(true).remove_producers_section(true);
    let bindgen = match caller.to_str() {
        Some("node") => bindgen.typescript(false).nodejs(true),
        // `vault.js`, an ES module beside `vault_bg.wasm`, which it loads from its own folder unless told otherwise.
        Some("page") => bindgen.typescript(true).out_name("vault").web(true),
        _ => return usage(),
    };
    match bindgen.and_then(|bindgen| bindgen.generate(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: securemailbox-glue node|page MODULE.wasm FOLDER");
    ExitCode::from(2)
}
