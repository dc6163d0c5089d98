//! What the documents say of files, tests and dependencies is so.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Where a path in a document begins.
const ROOMS: &[&str] = &["crates/", "docs/", "e2e/", "xtask/", ".ci/", ".cargo/", "deploy/", "fuzz/", "web/"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Files below a folder with this extension, the project's own.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let is_foreign = ["target", "node_modules", ".git", ".venv"].iter().any(|foreign| name == *foreign);
        if path.is_dir() && !is_foreign {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

/// What stands between backticks on one line, outside of fenced blocks.
fn code_words(markdown: &str) -> Vec<&str> {
    let prose = markdown.split("```").step_by(2);
    prose.flat_map(str::lines).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// Where links lead, outside of fenced blocks.
fn link_targets(markdown: &str) -> Vec<&str> {
    let prose = markdown.split("```").step_by(2);
    prose.flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split(')').next()).collect()
}

#[test]
fn every_path_that_a_document_names_is_there() {
    let mut documents = files(&root(), "md");
    // The texts of the public pages name addresses; `crates/site` holds that these lead somewhere.
    documents.retain(|document| !document.components().any(|part| part.as_os_str() == "pages"));
    assert!(documents.len() > 8, "the documents were not found");
    for document in documents {
        let text = read(&document);
        let folder = document.parent().expect("a file has a folder");
        for word in code_words(&text) {
            let is_path = ROOMS.iter().any(|room| word.starts_with(room)) && !word.contains([' ', '*', '…', '{', '<']);
            assert!(!is_path || root().join(word).exists(), "{} names {word}", document.display());
        }
        // Not to the web, not within the page, and not to an item of the crate whose documentation a README is.
        let leads_to_a_file =
            |link: &&str| !["://", "::"].iter().any(|mark| link.contains(mark)) && !link.starts_with('#');
        for target in link_targets(&text).into_iter().filter(leads_to_a_file) {
            let path = target.split('#').next().unwrap_or_default();
            assert!(folder.join(path).exists(), "{} links to {target}", document.display());
        }
    }
}

#[test]
fn every_test_that_a_document_on_security_names_is_there() {
    let sources: String =
        ["crates", "e2e", "xtask"].iter().flat_map(|room| files(&root().join(room), "rs")).map(read).collect();
    let tests: BTreeSet<&str> = sources.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next()).collect();
    for document in ["docs/threat-model.md", "docs/security.md"] {
        let text = read(root().join(document));
        // A sentence with underscores is a test's name; nothing else in those documents has three of them.
        let named: Vec<&str> = code_words(&text).into_iter().filter(|word| word.matches('_').count() > 2).collect();
        assert!(!named.is_empty(), "{document} names no test");
        for name in named {
            assert!(tests.contains(name), "{document} names {name}");
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = read(root().join("Cargo.toml"));
    let (_, dependencies) = manifest.split_once("[workspace.dependencies]").expect("a table");
    let (dependencies, _) = dependencies.split_once("\n[").expect("tables follow");
    let reasons = read(root().join("docs/dependencies.md"));
    let names = dependencies.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name);
    for name in names.filter(|name| !name.starts_with("securemailbox-")) {
        assert!(reasons.contains(&format!("| `{name}` |")), "docs/dependencies.md has no reason for {name}");
    }
}

/// Packages of npm that a manifest of ours names.
fn npm_packages() -> BTreeSet<String> {
    let manifests = ["web", "e2e/browser", "e2e/interop"].map(|folder| root().join(folder).join("package.json"));
    let mut packages = BTreeSet::new();
    for manifest in manifests {
        let manifest: serde_json::Value = serde_json::from_str(&read(manifest)).expect("JSON");
        for list in ["dependencies", "devDependencies"] {
            packages.extend(manifest[list].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
    }
    packages
}

#[test]
fn every_package_of_npm_has_its_reason() {
    let reasons = read(root().join("docs/dependencies.md"));
    let packages = npm_packages();
    assert!(packages.len() > 10, "{packages:?}");
    for name in packages {
        assert!(reasons.contains(&format!("| `{name}` |")), "docs/dependencies.md has no reason for {name}");
    }
}

#[test]
fn every_dependency_with_a_reason_is_one() {
    let packages = npm_packages();
    let manifests: String =
        files(&root(), "toml").into_iter().filter(|path| path.ends_with("Cargo.toml")).map(read).collect();
    for row in read(root().join("docs/dependencies.md")).lines().filter_map(|line| line.strip_prefix("| `")) {
        let name = row.split('`').next().unwrap_or_default();
        let is_named = [" = ", ".workspace"].iter().any(|follows| manifests.contains(&format!("\n{name}{follows}")));
        assert!(
            is_named || packages.contains(name),
            "docs/dependencies.md gives a reason for {name}, which nothing uses"
        );
    }
}

#[test]
fn decisions_are_numbered_without_a_gap() {
    let mut names: Vec<String> = files(&root().join("docs/decisions"), "md")
        .iter()
        .filter_map(|path| path.file_name()?.to_str().map(String::from))
        .collect();
    names.sort();
    for (name, number) in names.iter().zip(1..) {
        assert!(name.starts_with(&format!("{number:04}-")), "{name} should be number {number}");
    }
}

#[test]
fn every_integration_test_has_its_stage() {
    let stages = read(root().join("xtask/src/stages.rs"));
    for room in ["crates/*", "e2e", "xtask"] {
        let rooms = match room.strip_suffix("/*") {
            Some(folder) => fs::read_dir(root().join(folder)).expect("a folder").flatten().map(|e| e.path()).collect(),
            None => vec![root().join(room)],
        };
        for tests in rooms.into_iter().map(|room| room.join("tests")).filter(|tests| tests.is_dir()) {
            for file in fs::read_dir(tests).expect("a folder").flatten().map(|entry| entry.path()) {
                let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
                let is_test = file.extension().is_some_and(|extension| extension == "rs");
                assert!(!is_test || stages.contains(&format!("\"{name}\"")), "no stage runs {}", file.display());
            }
        }
    }
}
