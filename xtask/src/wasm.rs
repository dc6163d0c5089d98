//! The vault and the client as WebAssembly: a standard library for wasm32, the module, and its JavaScript.
//!
//! Where rustup can't be asked for the target, Debian 12 has a newer compiler for its browsers, with the sources of the
//! standard library; cargo builds the library with it once (docs/decisions/0004-the-webassembly-toolchain.md).

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    machine,
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

const TARGET: &str = "wasm32-unknown-unknown";
/// A workspace of its own, so that its profile and its lock file are.
pub(crate) const MANIFEST: &str = "e2e/wasm/Cargo.toml";
const MODULE: &str = "securemailbox_e2e_wasm";

/// Where the standard library for wasm32 comes from.
enum Compiler {
    /// Our own compiler has it.
    Own,
    /// Debian's, unpacked in this folder.
    Debian(PathBuf),
}

/// Builds the module and the JavaScript to call it through, and says in which folder they are.
pub(crate) fn build(workspace: &Workspace) -> Outcome<PathBuf> {
    let target = workspace.target().join("wasm");
    let mut cargo = cargo(workspace, &target, &["build", "--locked", "--profile", "wasm", "--target", TARGET, "--lib"]);
    cargo.args(["--package", "securemailbox-e2e-wasm"]).env("CARGO_ENCODED_RUSTFLAGS", short_paths(workspace));
    if let Compiler::Debian(root) = compiler(workspace)? {
        use_debians(&mut cargo, &root)?;
    }
    process::run(&mut cargo)?;
    process::run(&mut self::cargo(workspace, &target, &["build", "--locked", "--package", "securemailbox-glue"]))?;
    let (module, out) = (target.join(TARGET).join("wasm").join(MODULE).with_extension("wasm"), target.join("node"));
    process::run(Command::new(target.join("debug/securemailbox-glue")).arg(module).arg(&out))?;
    Ok(out)
}

fn cargo(workspace: &Workspace, target: &Path, arguments: &[&str]) -> Command {
    let mut cargo = workspace.cargo(arguments);
    cargo.args(["--manifest-path", MANIFEST]).env("CARGO_TARGET_DIR", target);
    cargo
}

/// The module keeps paths of sources for its panics: the same ones whoever builds it, and none of this machine's.
fn short_paths(workspace: &Workspace) -> String {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")));
    let prefixes = [(Some(workspace.root().to_owned()), "."), (cargo_home, "cargo")];
    let remap = |(from, to): (Option<PathBuf>, &str)| Some(format!("--remap-path-prefix={}={to}", from?.display()));
    prefixes.into_iter().filter_map(remap).collect::<Vec<_>>().join("\x1f")
}

fn compiler(workspace: &Workspace) -> Outcome<Compiler> {
    if own_compiler_has_it(workspace) {
        return Ok(Compiler::Own);
    }
    // Waits for a network that may never answer.
    let add = ["target", "add", TARGET];
    if process::is_installed("rustup")
        && process::succeeds_within(
            Duration::from_secs(90),
            Command::new("rustup").args(add).current_dir(workspace.root()),
        )
        && own_compiler_has_it(workspace)
    {
        return Ok(Compiler::Own);
    }
    if machine::is_debian() {
        return Ok(Compiler::Debian(debians_compiler(workspace)?));
    }
    Err(Failure::new(format!("install the standard library for {TARGET}: rustup target add {TARGET}")))
}

fn own_compiler_has_it(workspace: &Workspace) -> bool {
    let print = ["--print", "target-libdir", "--target", TARGET];
    process::capture(Command::new("rustc").args(print).current_dir(workspace.root()))
        .is_ok_and(|folder| Path::new(folder.trim()).is_dir())
}

/// Debian's compiler for browsers, downloaded and unpacked where builds lie. Nothing is installed, so no root is needed.
fn debians_compiler(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = workspace.target().join("wasm-compiler");
    let root = folder.join("root");
    if root.join("usr/bin/rustc").is_file() {
        return Ok(root);
    }
    machine::refresh_package_lists();
    let packages = debians_packages()?;
    fs::create_dir_all(&folder)?;
    let unpacked = folder.join("unpacking");
    process::run(Command::new("apt-get").arg("download").args(&packages).current_dir(&folder))?;
    for entry in fs::read_dir(&folder)? {
        let package = entry?.path();
        if package.extension().is_some_and(|extension| extension == "deb") {
            process::run(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&unpacked))?;
            fs::remove_file(&package)?;
        }
    }
    // Last, so that a torn download is no compiler.
    fs::rename(&unpacked, &root)?;
    Ok(root)
}

/// The compiler, what it links, the sources of its standard library, and the linker of the same LLVM. Versions move
/// with Debian's updates, so their names are looked up.
fn debians_packages() -> Outcome<Vec<String>> {
    let ask = ["depends", "--recurse", "--important", "libstd-rust-web-dev"];
    let packages = process::capture(Command::new("apt-cache").args(ask))?;
    let named = |prefix: &str| packages.lines().find(|line| line.starts_with(prefix)).map(str::trim);
    let (Some(library), Some(llvm)) = (named("libstd-rust-web-1"), named("libllvm")) else {
        return Err(Failure::new(format!("this Debian has no compiler for {TARGET}: rustup target add {TARGET}")));
    };
    let linker = llvm.replace("libllvm", "lld-");
    Ok(["rustc-web", "libstd-rust-web-dev", "rust-web-src", library, llvm, &linker].map(String::from).into())
}

fn use_debians(cargo: &mut Command, root: &Path) -> Outcome {
    let lib = root.join("usr/lib");
    let llvm =
        fs::read_dir(&lib)?.flatten().map(|entry| entry.path().join("bin/wasm-ld")).find(|linker| linker.exists());
    let linker = llvm.ok_or_else(|| Failure::new("Debian's linker for WebAssembly is not where it was"))?;
    let libraries = lib.join(format!("{}-linux-gnu", env::consts::ARCH));
    cargo
        .arg("-Zbuild-std=std,panic_abort")
        .env("RUSTC", root.join("usr/bin/rustc"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("LD_LIBRARY_PATH", libraries)
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    Ok(())
}
