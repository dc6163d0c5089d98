//! The vault and the client as WebAssembly: a standard library for wasm32, the modules, and their JavaScript.
//!
//! Where rustup can't be asked for the target, Debian 12 has a newer compiler for its browsers, with the sources of the
//! standard library; cargo builds the library with it once (docs/decisions/0004-the-webassembly-toolchain.md).

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime},
};

use crate::{
    machine,
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

const TARGET: &str = "wasm32-unknown-unknown";
/// The tool that writes JavaScript: a workspace of its own.
pub(crate) const GLUE: &str = "xtask/glue/Cargo.toml";

/// Where the standard library for wasm32 comes from.
enum Compiler {
    /// Our own compiler has it.
    Own,
    /// Debian's, unpacked in this folder.
    Debian(PathBuf),
}

/// A module of ours, and who calls it.
struct Module {
    package: &'static str,
    /// What the glue is told: who will call the module.
    caller: &'static str,
    folder: PathBuf,
}

/// The module that runs what the native tests run, for node; says in which folder it is.
pub(crate) fn for_tests(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = target(workspace).join("node");
    build(workspace, Module { package: "securemailbox-e2e-wasm", caller: "node", folder })
}

/// The module that the page's Workers call, written where they import it from.
pub(crate) fn for_page(workspace: &Workspace) -> Outcome {
    let folder = workspace.root().join("web/src/worker/vault");
    build(workspace, Module { package: "securemailbox-client-web", caller: "page", folder }).map(drop)
}

/// Builds a module with its own features only, and the JavaScript to call it through, which is written anew only if the
/// module or the glue is newer.
fn build(workspace: &Workspace, module: Module) -> Outcome<PathBuf> {
    let Module { package, caller, folder } = module;
    let mut cargo = workspace.cargo(&["build", "--locked", "--profile", "wasm", "--target", TARGET, "--lib"]);
    cargo.args(["--package", package]).env("CARGO_TARGET_DIR", target(workspace));
    cargo.env("CARGO_ENCODED_RUSTFLAGS", short_paths(workspace));
    if let Compiler::Debian(root) = compiler(workspace)? {
        use_debians(&mut cargo, &root)?;
    }
    process::run(&mut cargo)?;
    let mut glue = workspace.cargo(&["build", "--locked", "--manifest-path", GLUE]);
    process::run(glue.env("CARGO_TARGET_DIR", target(workspace)))?;
    let built = target(workspace).join(TARGET).join("wasm").join(package.replace('-', "_")).with_extension("wasm");
    let glue = target(workspace).join("debug/securemailbox-glue");
    if oldest(&folder) <= newest(&[&built, &glue]) {
        fs::remove_dir_all(&folder).or_else(not_found)?;
        process::run(Command::new(glue).arg(caller).arg(built).arg(&folder))?;
    }
    Ok(folder)
}

/// When the first of a folder's files was written; none if there is no file.
fn oldest(folder: &Path) -> Option<SystemTime> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()?.modified().ok()).min()
}

fn not_found(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

fn newest(files: &[&Path]) -> Option<SystemTime> {
    files.iter().filter_map(|file| fs::metadata(file).ok()?.modified().ok()).max()
}

/// Apart, since another compiler may build here.
fn target(workspace: &Workspace) -> PathBuf {
    workspace.target().join("wasm")
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
    let unpacked = debians_folder(workspace).join("root");
    if unpacked.join("usr/bin/rustc").is_file() {
        return Ok(Compiler::Debian(unpacked));
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

fn debians_folder(workspace: &Workspace) -> PathBuf {
    workspace.target().join("wasm-compiler")
}

/// Debian's compiler for browsers, downloaded and unpacked where builds lie. Nothing is installed, so no root is needed.
fn debians_compiler(workspace: &Workspace) -> Outcome<PathBuf> {
    let folder = debians_folder(workspace);
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
    let root = folder.join("root");
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
