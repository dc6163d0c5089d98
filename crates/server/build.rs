//! Builds the page into the binary: every file below `web/dist`, or none before the page was built.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    // Without a folder to watch, cargo would build this crate anew each time.
    fs::create_dir_all(&dist)?;
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    list(&dist, &mut files)?;
    files.sort();
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let mut rows = String::new();
    for (number, file) in files.iter().enumerate() {
        let path = file.strip_prefix(&dist).map_err(io::Error::other)?.display().to_string();
        // A copy: the folder may be emptied for the next build of the page while this crate compiles.
        let copy = out.join(format!("page-{number}"));
        fs::copy(file, &copy)?;
        rows += &format!("    ({path:?}, include_bytes!({:?})),\n", copy.display().to_string());
    }
    fs::write(out.join("page.rs"), format!("&[\n{rows}]\n"))?;
    if rows.is_empty() && env::var_os("PROFILE").is_some_and(|profile| profile == "release") {
        println!("cargo:warning=the page is not built, so this server has none: cargo xtask build --release");
    }
    Ok(())
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
