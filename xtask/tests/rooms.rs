//! Which room may use which, and what may be linked at all (ARCHITECTURE.md, deny.toml), read from `cargo metadata`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Each room, and the rooms it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("protocol", &[]),
    ("vault", &["protocol"]),
    ("client", &["vault", "protocol"]),
    ("client-web", &["client", "vault", "protocol"]),
    ("store", &["protocol"]),
    ("site", &["protocol"]),
    ("server", &["site", "store", "protocol"]),
    ("securemailbox", &["server", "client", "store", "protocol", "vault"]),
];

/// Each room, and what it links in no way, however long.
const NEVER: &[(&str, &[&str])] = &[
    // No path in the server can decrypt.
    ("server", &["pgp", "vault", "client"]),
    ("store", &["pgp", "vault", "client", "axum", "hyper"]),
    // What anybody may read is made of words alone.
    ("site", &["pgp", "vault", "client", "store", "axum", "hyper", "tokio"]),
    // What is secret meets no network and no file.
    ("vault", NO_NETWORK),
    ("client", NO_NETWORK),
    ("client-web", NO_NETWORK),
    ("protocol", NO_NETWORK),
];

const NO_NETWORK: &[&str] =
    &["tokio", "hyper", "reqwest", "axum", "lettre", "rusqlite", "tokio-postgres", "socket2", "mio"];

/// What `cargo metadata` says of the workspace.
struct Graph {
    /// Name of each package by its id.
    names: BTreeMap<String, String>,
    /// Ids that a package links, by its id. Dependencies of tests and of build scripts aside.
    links: BTreeMap<String, Vec<String>>,
    /// Ids of the workspace's own packages.
    members: BTreeSet<String>,
    /// Name and licence of all others.
    licences: Vec<(String, String)>,
}

impl Graph {
    /// Whatever is linked anywhere.
    fn read() -> Self {
        Self::of(&[])
    }

    /// What is linked for a platform, which is less.
    fn on(platform: &str) -> Self {
        Self::of(&["--filter-platform", platform])
    }

    fn of(filter: &[&str]) -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--all-features"])
            .args(filter)
            .current_dir(root())
            .output()
            .expect("cargo starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
        let rows = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let members: BTreeSet<String> = rows(&metadata["workspace_members"]).iter().map(text).collect();
        let packages = rows(&metadata["packages"]);
        let foreign = packages.iter().filter(|package| !members.contains(&text(&package["id"])));
        let licences = foreign.map(|package| (text(&package["name"]), text(&package["license"]))).collect();
        let names = packages.iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
        let is_linked = |dependency: &Value| rows(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let links = rows(&metadata["resolve"]["nodes"])
            .iter()
            .map(|node| {
                let linked =
                    rows(&node["deps"]).into_iter().filter(is_linked).map(|dependency| text(&dependency["pkg"]));
                (text(&node["id"]), linked.collect())
            })
            .collect();
        Self { names, links, members, licences }
    }

    /// `vault` for `securemailbox-vault`, whoever else is called as it is.
    fn short(&self, id: &str) -> &str {
        let name = &self.names[id];
        name.strip_prefix("securemailbox-").unwrap_or(name)
    }

    fn member(&self, room: &str) -> &str {
        self.members.iter().find(|id| self.short(id) == room).unwrap_or_else(|| panic!("there is no room {room}"))
    }

    /// Everything that a package links, itself included.
    fn reach(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut ahead = vec![from];
        while let Some(id) = ahead.pop() {
            if seen.insert(self.short(id)) {
                ahead.extend(self.links[id].iter().map(String::as_str));
            }
        }
        seen
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The texts in the list `key = […]` of deny.toml: one list for cargo-deny and for these tests.
fn listed_in_deny_toml(key: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("deny.toml")).expect("deny.toml");
    let (_, list) = text.split_once(&format!("\n{key} = [")).unwrap_or_else(|| panic!("deny.toml has no {key}"));
    let (list, _) = list.split_once(']').expect("a list ends");
    list.split('"').skip(1).step_by(2).map(String::from).collect()
}

/// Whether an SPDX expression can be met with allowed licences. Old crates write `/` for `OR`.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let mut spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    spaced = spaced.replace(" WITH ", "-WITH-");
    let mut words = spaced.split_whitespace().peekable();
    let met = any_of(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any_of(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all_of(words, allowed);
    }
    met
}

fn all_of(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some("(") => any_of(words, allowed) && words.next() == Some(")"),
        Some(licence) => allowed.contains(licence),
        None => false,
    }
}

#[test]
fn rooms_use_only_the_rooms_that_the_drawing_shows() {
    let graph = Graph::read();
    for (room, may_use) in ARROWS {
        for used in graph.links[graph.member(room)].iter().filter(|id| graph.members.contains(*id)) {
            let used = graph.short(used);
            assert!(may_use.contains(&used), "{room} uses {used}");
        }
    }
    let drawn: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).chain(["e2e", "e2e-wasm", "xtask"]).collect();
    let there: BTreeSet<&str> = graph.members.iter().map(|id| graph.short(id)).collect();
    assert_eq!(there, drawn, "a room came or went: draw it here and in ARCHITECTURE.md");
}

#[test]
fn no_path_in_the_server_leads_to_a_crate_that_opens_letters() {
    // Natively, and in a browser: what a crate for browsers would link elsewhere is linked nowhere.
    for platform in ["x86_64-unknown-linux-gnu", "wasm32-unknown-unknown"] {
        let graph = Graph::on(platform);
        for (room, never) in NEVER {
            let reach = graph.reach(graph.member(room));
            for banned in *never {
                assert!(!reach.contains(banned), "{room} links {banned} on {platform}");
            }
        }
        // The same search finds what is there.
        assert!(graph.reach(graph.member("vault")).contains("pgp"));
    }
}

#[test]
fn a_banned_crate_is_nowhere_in_the_tree() {
    let graph = Graph::read();
    let banned = listed_in_deny_toml("deny");
    assert!(banned.contains("openssl") && banned.contains("native-tls"), "{banned:?}");
    for name in graph.names.values() {
        assert!(!banned.contains(name), "{name} is banned");
    }
}

/// Name and version of every package that a lock file has.
fn locked(path: &str) -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let value = |package: &str, key: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")).map(str::to_owned));
        line.map(|line| line.trim_end_matches('"').to_owned())
    };
    text.split("[[package]]")
        .filter_map(|package| Some((value(package, "name")?, value(package, "version")?)))
        .collect()
}

#[test]
fn what_is_fuzzed_is_what_is_shipped() {
    let (product, fuzzed) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let names: BTreeSet<&String> = product.iter().map(|(name, _)| name).collect();
    assert!(fuzzed.iter().filter(|(name, _)| names.contains(name)).count() > 100, "the lock files were not read");
    for package in fuzzed.iter().filter(|(name, _)| names.contains(name)) {
        let (name, version) = package;
        assert!(product.contains(package), "fuzz/Cargo.lock has {name} {version}: copy Cargo.lock over it, and build");
    }
}

/// Dependencies that no source names: package, dependency, and what it is there for all the same.
const UNNAMED: &[(&str, &str, &str)] = &[];

/// Every dependency in a manifest, less the feature that a target adds to one.
fn dependencies(manifest: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut among_them = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            among_them = line.ends_with("dependencies]") && !line.starts_with("[workspace");
        } else if among_them && let Some((name, _)) = line.split_once(['.', ' ', '=']) {
            found.extend((!name.is_empty() && !name.starts_with('#')).then_some(name));
        }
    }
    found
}

/// The sources of one package without their comments; those of packages within its folder are not its own.
fn sources(package: &Path) -> String {
    let mut text = String::new();
    for path in fs::read_dir(package).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let is_foreign = ["target", "node_modules"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !is_foreign && !path.join("Cargo.toml").exists() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = fs::read_to_string(&path).expect("a text");
            text.extend(
                source.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]),
            );
        }
    }
    text
}

/// Whether a path in a source begins with the crate.
fn names(source: &str, dependency: &str) -> bool {
    let path = format!("{}::", dependency.replace('-', "_"));
    source.match_indices(&path).any(|(at, _)| {
        let before = source[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

#[test]
fn every_dependency_is_named_by_a_source() {
    let rooms = fs::read_dir(root().join("crates")).expect("the rooms").map(|entry| entry.expect("a room").path());
    let others = ["e2e", "e2e/wasm", "xtask", "xtask/glue", "fuzz"].map(|folder| root().join(folder));
    let mut unnamed = BTreeSet::new();
    for package in rooms.chain(others) {
        let manifest = fs::read_to_string(package.join("Cargo.toml")).expect("a manifest");
        let (source, name) = (sources(&package), package.file_name().and_then(|name| name.to_str()).expect("a name"));
        let found = dependencies(&manifest);
        assert!(!found.is_empty(), "{name} depends on nothing: its manifest was not understood");
        let missing = found.into_iter().filter(|dependency| !names(&source, dependency));
        unnamed.extend(missing.map(|dependency| (name.to_owned(), dependency.to_owned())));
    }
    let excused = UNNAMED.iter().map(|(package, dependency, _)| ((*package).to_owned(), (*dependency).to_owned()));
    assert_eq!(unnamed, excused.collect(), "dependencies that no source names, and those that have an excuse");
}

#[test]
fn a_dependency_is_named_by_a_path_and_by_nothing_else() {
    assert!(names("use tokio_stream::Stream;", "tokio-stream") && names("#[tokio::main]", "tokio"));
    for source in ["use tokio_stream::Stream;", "let tokio = 1;", "my_tokio::run()", ""] {
        assert!(!names(source, "tokio"), "{source}");
    }
    let manifest =
        "[dependencies]\na.workspace = true\nb-c = \"1\"\n# d = 1\n[lints]\ne = 1\n[dev-dependencies]\nf = \"2\"\n";
    assert_eq!(dependencies(manifest), BTreeSet::from(["a", "b-c", "f"]));
}

#[test]
fn every_licence_in_the_tree_can_be_met_with_the_allowed_ones() {
    let allowed = listed_in_deny_toml("allow");
    let graph = Graph::read();
    assert!(graph.licences.len() > 100, "the tree was not read");
    for (name, licence) in &graph.licences {
        assert!(is_met(licence, &allowed), "{name} is under {licence:?}");
    }
}

#[test]
fn a_licence_is_met_only_as_its_expression_says() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned()]);
    for met in ["MIT", "MIT/GPL-3.0", "GPL-3.0 OR (MIT AND ISC)", "ISC AND (GPL-3.0 OR MIT)"] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR ISC) AND GPL-3.0", "Apache-2.0 WITH LLVM-exception", "(MIT"]
    {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}
