//! The page: the WebAssembly that its Workers call, then what npm makes of `web/`. What is up to date is left alone.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use crate::{
    machine,
    process::{self, Failure, Outcome},
    wasm,
    workspace::Workspace,
};

const WEB: &str = "web";
/// Where npm puts the built page, in `web`.
const DIST: &str = "dist";
/// The file that every address is answered with, and the folder of the files it loads.
const SHELL: &str = "index.html";
const ASSETS: &str = "assets";
/// Written after each build, so that a build that was cut off is not taken for one. It goes with the tools that built.
const STAMP: &str = "node_modules/.page-built";
/// In `web`, besides what begins with a dot: no source of the page. The tools write some of them.
const NO_SOURCE: &[&str] = &["node_modules", DIST, "paraglide", "README.md"];

/// What a browser loads before a person sees the sign-in page, in bytes, compressed.
const SIGN_IN_LIMIT: u64 = 150_000;
/// What it loads before a person sees a letter, in bytes, compressed (docs/decisions/0008-what-the-module-weighs.md).
const MODULE_LIMIT: u64 = 1_020_000;

/// Builds the page, if anything in it changed.
pub(crate) fn build(workspace: &Workspace) -> Outcome {
    prepare(workspace)?;
    let web = workspace.root().join(WEB);
    let (stamp, begun) = (web.join(STAMP), web.join(STAMP).with_extension("begun"));
    if web.join(DIST).join(SHELL).is_file() && Sources::of(&web)?.are_those_of(&stamp) {
        return Ok(());
    }
    // What changes from here on is newer than this file, whether or not the build still saw it.
    File::create(&begun)?;
    process::run(Command::new("npm").args(["run", "build"]).current_dir(&web))?;
    let since = fs::metadata(&begun)?.modified()?;
    fs::write(&begun, Sources::of(&web)?.names)?;
    File::options().append(true).open(&begun)?.set_modified(since)?;
    Ok(fs::rename(begun, stamp)?)
}

/// Types, words and rules of the page.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    prepare(workspace)?;
    process::run(Command::new("npm").args(["run", "check"]).current_dir(workspace.root().join(WEB)))
}

/// Everything the page is built and checked with.
fn prepare(workspace: &Workspace) -> Outcome {
    machine::node_modules(workspace, WEB)?;
    wasm::for_page(workspace)
}

/// What the page is built of.
#[derive(Default)]
struct Sources {
    /// A line for each file.
    names: String,
    /// When one of them last changed.
    newest: Option<SystemTime>,
}

impl Sources {
    fn of(folder: &Path) -> Outcome<Self> {
        let mut sources = Self::default();
        sources.add(folder)?;
        Ok(sources)
    }

    fn add(&mut self, folder: &Path) -> Outcome {
        let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Outcome<_>>()?;
        entries.sort();
        for path in entries {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with('.') || NO_SOURCE.contains(&&*name) {
                continue;
            }
            if path.is_dir() {
                self.add(&path)?;
            } else {
                self.names += &format!("{}\n", path.display());
                self.newest = self.newest.max(modified(&path));
            }
        }
        Ok(())
    }

    /// Whether what was built when `stamp` was written was built of these.
    fn are_those_of(&self, stamp: &Path) -> bool {
        fs::read_to_string(stamp).is_ok_and(|names| names == self.names) && self.newest < modified(stamp)
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// Says what the page weighs, and refuses it when that is too much.
pub(crate) fn weigh(workspace: &Workspace) -> Outcome<String> {
    let built = Built { dist: workspace.root().join(WEB).join(DIST) };
    let (sign_in, module) = (built.weight_of(&built.before_the_vault()?)?, built.weight_of(&built.modules()?)?);
    let weights =
        format!("sign-in page {sign_in} bytes of {SIGN_IN_LIMIT}, module {module} of {MODULE_LIMIT}, compressed");
    if sign_in <= SIGN_IN_LIMIT && module <= MODULE_LIMIT {
        Ok(weights)
    } else {
        Err(Failure::new(format!("the page is too heavy: {weights}")))
    }
}

/// The page as it was built, with its compressed files beside the plain ones.
struct Built {
    dist: PathBuf,
}

impl Built {
    /// What a browser loads before the sign-in page is there: the shell, what it links, what that imports at once, and
    /// the sign-in page's own piece, if it has one.
    fn before_the_vault(&self) -> Outcome<BTreeSet<String>> {
        let assets = self.assets()?;
        let shell = fs::read_to_string(self.dist.join(SHELL))?;
        let is_loaded = |name: &&String| shell.contains(&format!("/{name}\"")) || name.contains("/SignIn");
        let mut ahead: Vec<&String> = assets.iter().filter(is_loaded).collect();
        if !ahead.iter().any(|name| name.ends_with(".js")) {
            return Err(Failure::new("the page's script was not found, so it can't be weighed"));
        }
        let mut loaded = BTreeSet::from([SHELL.to_owned()]);
        while let Some(name) = ahead.pop() {
            if loaded.insert(name.clone()) && name.ends_with(".js") {
                let script = fs::read_to_string(self.dist.join(name))?;
                ahead.extend(assets.iter().filter(|other| imports(&script, other)));
            }
        }
        Ok(loaded)
    }

    /// The WebAssembly.
    fn modules(&self) -> Outcome<BTreeSet<String>> {
        let modules: BTreeSet<String> = self.assets()?.into_iter().filter(|name| name.ends_with(".wasm")).collect();
        if modules.is_empty() { Err(Failure::new("the page has no WebAssembly to weigh")) } else { Ok(modules) }
    }

    /// Files that have their hash in their name, compressed copies aside.
    fn assets(&self) -> Outcome<BTreeSet<String>> {
        let entries = fs::read_dir(self.dist.join(ASSETS))?.flatten();
        let names = entries.map(|entry| format!("{ASSETS}/{}", entry.file_name().display()));
        Ok(names.filter(|name| !name.ends_with(".br") && !name.ends_with(".gz")).collect())
    }

    /// Bytes on the wire.
    fn weight_of(&self, files: &BTreeSet<String>) -> Outcome<u64> {
        let on_the_wire = |name: &String| {
            let compressed = fs::metadata(self.dist.join(format!("{name}.br")));
            compressed.or_else(|_| fs::metadata(self.dist.join(name))).map(|file| file.len())
        };
        Ok(files.iter().map(on_the_wire).sum::<Result<u64, _>>()?)
    }
}

/// Whether a script imports another at once (`from"./NAME"`, `import"./NAME"`), not when it is needed (`import("./NAME")`).
fn imports(script: &str, asset: &str) -> bool {
    let path = asset.replacen(ASSETS, ".", 1);
    script.match_indices(&path).any(|(at, _)| {
        let before = script[..at].trim_end_matches(['"', '\'', '`']).trim_end();
        before.ends_with("from") || before.ends_with("import")
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A folder below the target folder, empty.
    fn folder(name: &str) -> PathBuf {
        let folder = Workspace::here().unwrap().target().join("tmp").join(name);
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_page_is_weighed_with_what_it_imports_at_once() {
        let built = Built { dist: folder("page-to-weigh") };
        fs::create_dir(built.dist.join(ASSETS)).unwrap();
        let entry = r#"import{a}from"./shared-1.js";import"./side-1.js";()=>import("./Mail-1.js");"./Mail-1.js""#;
        for (name, text) in [
            ("index.html", r#"<script src="/assets/index-1.js"></script><link href="/assets/index-1.css">"#),
            ("assets/index-1.js", entry),
            ("assets/index-1.js.br", "1234567"),
            ("assets/index-1.css", "12345"),
            ("assets/shared-1.js", "import`./index-1.js`"),
            ("assets/side-1.js", ""),
            ("assets/Mail-1.js", "import'./heavy-1.js'"),
            ("assets/heavy-1.js", "1234567890"),
            ("assets/vault-1.wasm", "123"),
        ] {
            fs::write(built.dist.join(name), text).unwrap();
        }
        let loaded = built.before_the_vault().unwrap();
        let names = ["assets/index-1.css", "assets/index-1.js", "assets/shared-1.js", "assets/side-1.js", SHELL];
        assert_eq!(loaded.iter().map(String::as_str).collect::<Vec<_>>(), names);
        let shell = fs::metadata(built.dist.join(SHELL)).unwrap().len();
        assert_eq!(built.weight_of(&loaded).unwrap(), shell + 7 + 5 + 20);
        assert_eq!(built.weight_of(&built.modules().unwrap()).unwrap(), 3);
        fs::remove_file(built.dist.join("assets/vault-1.wasm")).unwrap();
        assert!(built.modules().is_err(), "what was not found weighs nothing, which would pass");
    }

    #[test]
    fn a_page_is_built_anew_when_a_source_changes_comes_or_goes_and_not_when_a_tool_writes() {
        let web = folder("page-to-watch");
        for name in ["node_modules", "dist", "src/paraglide", ".lix"] {
            fs::create_dir_all(web.join(name)).unwrap();
        }
        let written = |name: &str, age: u64| {
            fs::write(web.join(name), "").unwrap();
            let file = File::options().append(true).open(web.join(name)).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - age)).unwrap();
        };
        let stamp = web.join("node_modules/stamp");
        let stays = || Sources::of(&web).unwrap().are_those_of(&stamp);
        written("src/main.ts", 9);
        assert!(!stays(), "never built");
        fs::write(&stamp, Sources::of(&web).unwrap().names).unwrap();
        let file = File::options().append(true).open(&stamp).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - 5)).unwrap();
        for name in ["node_modules/x", "dist/x", "src/paraglide/x", ".lix/x"] {
            written(name, 0);
        }
        assert!(stays());
        written("src/main.ts", 4);
        assert!(!stays(), "changed");
        written("src/main.ts", 9);
        assert!(stays());
        written("src/other.ts", 9);
        assert!(!stays(), "came");
        fs::remove_file(web.join("src/other.ts")).unwrap();
        fs::rename(web.join("src/main.ts"), web.join("src/entry.ts")).unwrap();
        assert!(!stays(), "went");
    }
}
