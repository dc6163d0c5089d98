//! Gathers the pictures of the guides, the guides as they were printed, and the tokens of the page's look.

use std::{env, fmt::Write as _, fs, path::Path};

const TOKENS: &str = "../../web/src/app/tokens.css";

fn main() {
    let out = env::var("OUT_DIR").expect("cargo names the folder");
    let out = Path::new(&out);
    println!("cargo::rerun-if-changed=pictures");
    println!("cargo::rerun-if-changed=brochures");
    println!("cargo::rerun-if-changed=pages");
    println!("cargo::rerun-if-changed={TOKENS}");
    let here = env::var("CARGO_MANIFEST_DIR").expect("cargo names the folder");
    let here = Path::new(&here);
    fs::write(out.join("pictures.rs"), list(&here.join("pictures"), ".png")).expect("written");
    fs::write(out.join("brochures.rs"), list(&here.join("brochures"), ".pdf")).expect("written");
    let tokens = fs::read_to_string(TOKENS).expect("the tokens of the page");
    fs::write(out.join("tokens.css"), without_fonts(&tokens)).expect("written");
}

/// Name and bytes of every file in a folder that ends so.
fn list(folder: &Path, ending: &str) -> String {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("an ASCII name"))
        .filter(|name| name.ends_with(ending))
        .collect();
    names.sort();
    let mut list = String::from("&[\n");
    for name in names {
        writeln!(list, "({name:?}, include_bytes!({:?})),", folder.join(&name)).expect("memory");
    }
    list.push(']');
    list
}

/// The page names its fonts as npm has them; here they lie at other addresses.
fn without_fonts(css: &str) -> String {
    let mut parts = css.split("@font-face");
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        left.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    left
}
