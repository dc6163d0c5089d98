//! `cargo xtask test`: every check, a stage at a time.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    fuzz, machine, page,
    process::{self, Failure, Outcome},
    wasm,
    workspace::{Profile, Workspace},
};

macro_rules! stages {
    ($($variant:ident $name:literal $what:literal;)+) => {
        /// One of the checks.
        #[derive(Debug, Clone, Copy)]
        pub(crate) enum Stage {
            $(#[doc = $what] $variant,)+
        }

        impl Stage {
            const ALL: &[Self] = &[$(Self::$variant),+];

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

stages! {
    Lint "lint" "Format, lints, and the types and words of the page and its tests.";
    Deny "deny" "Arrows between rooms, licences, banned crates, advisories; what documents say of names and files.";
    Unit "unit" "What each file says of itself, and the examples in documents.";
    Vectors "vectors" "The same vectors natively and as WebAssembly, and the module's size.";
    Interop "interop" "Another implementation of OpenPGP reads ours, and ours reads its.";
    Store "store" "One suite on SQLite and on PostgreSQL.";
    Api "api" "Every documented operation over HTTP, asked well and badly.";
    Cli "cli" "The command line against a real server.";
    Browser "browser" "The page in a browser against a real server, and what it weighs.";
    Hostile "hostile" "A server that lies.";
    Erasure "erasure" "What is left on the disk, and what a kill breaks.";
}

impl Stage {
    /// The stages of these names; all of them if there is none.
    pub(crate) fn parse_all(names: &[&str]) -> Outcome<Vec<Self>> {
        if names.is_empty() {
            return Ok(Self::ALL.to_vec());
        }
        let parse = |name: &&str| Self::ALL.iter().copied().find(|stage| stage.name() == *name);
        let unknown = |name: &str| Failure::usage(format!("there is no stage {name}; there are: {}", Self::names()));
        names.iter().map(|name| parse(name).ok_or_else(|| unknown(name))).collect()
    }

    pub(crate) fn names() -> String {
        Self::ALL.iter().map(|stage| stage.name()).collect::<Vec<_>>().join(" ")
    }

    fn run(self, workspace: &Workspace) -> Outcome<Passed> {
        match self {
            Self::Lint => lint(workspace),
            Self::Deny => deny(workspace),
            Self::Unit => unit(workspace),
            Self::Vectors => vectors(workspace),
            Self::Interop => interop(workspace),
            Self::Store => store(workspace),
            Self::Browser => browser(workspace),
            Self::Hostile => hostile(workspace),
            Self::Api => api(workspace),
            Self::Cli => cli(workspace),
            Self::Erasure => erasure(workspace),
        }
    }
}

const BROWSER_TESTS: &str = "e2e/browser";

/// Unit tests that have a stage of their own, by the beginning of their names.
const SUITE: &str = "suite::";
const VECTORS: &str = "vectors::";

/// How a stage passed, and what it adds to its line in the summary.
enum Passed {
    /// Everything that it holds was looked at.
    Whole(String),
    /// Something could not be looked at here.
    InPart(String),
}

impl Passed {
    const fn silently() -> Self {
        Self::Whole(String::new())
    }
}

/// What the summary says of a stage.
fn verdict(outcome: &Outcome<Passed>) -> String {
    match outcome {
        Ok(Passed::Whole(remark)) => format!("ok      {remark}").trim_end().to_owned(),
        Ok(Passed::InPart(what)) => format!("IN PART {what}"),
        Err(_) => "FAILED".into(),
    }
}

/// Runs stages, all of them even after one failed, and ends with a line for each.
#[expect(clippy::disallowed_methods, reason = "a person wants to know how long a stage took")]
pub(crate) fn run(workspace: &Workspace, stages: &[Stage]) -> Outcome {
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for stage in stages {
        println!("\n== {}", stage.name());
        let begun = Instant::now();
        let outcome = stage.run(workspace);
        let seconds = begun.elapsed().as_secs_f64();
        lines.push(format!("{:10}{seconds:8.1} s  {}", stage.name(), verdict(&outcome)));
        if let Err(failure) = outcome {
            eprintln!("{failure}");
            failed.push(format!("{}: {failure}", stage.name()));
        }
    }
    println!("\n== summary");
    lines.iter().for_each(|line| println!("{line}"));
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("failed:\n{}", failed.join("\n")))) }
}

fn lint(workspace: &Workspace) -> Outcome<Passed> {
    process::run(&mut workspace.cargo(&["fmt", "--all", "--check"]))?;
    for apart in [wasm::GLUE, fuzz::PACKAGE] {
        process::run(&mut workspace.cargo(&["fmt", "--check", "--manifest-path", apart]))?;
    }
    process::run(&mut workspace.cargo(&[
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    // Links within the documentation lead somewhere, private items' too.
    let document = ["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"];
    process::run(workspace.cargo(&document).env("RUSTDOCFLAGS", "-Dwarnings"))?;
    page::check(workspace)?;
    // After the page, whose modules and words the tests import.
    machine::node_modules(workspace, BROWSER_TESTS)?;
    process::run(Command::new("npm").args(["run", "check"]).current_dir(workspace.root().join(BROWSER_TESTS)))?;
    Ok(Passed::silently())
}

/// The tests hold what `cargo-deny` holds, where that isn't installed; advisories need it, and its database.
fn deny(workspace: &Workspace) -> Outcome<Passed> {
    test(workspace, &["--test", "rooms", "--test", "documents"])?;
    if !process::is_installed("cargo-deny") {
        return Ok(without_advisories("cargo-deny is not installed"));
    }
    process::run(&mut workspace.cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"]))?;
    let fetch = process::succeeds_within(Duration::from_secs(60), &mut workspace.cargo(&["deny", "fetch", "db"]));
    if !fetch {
        return Ok(without_advisories("their database can't be fetched here"));
    }
    process::run(&mut workspace.cargo(&["deny", "check", "advisories"]))?;
    Ok(Passed::silently())
}

/// Says so loudly: a machine that cannot look would else be green for ever.
fn without_advisories(reason: &str) -> Passed {
    Passed::InPart(format!("advisories: NOT CHECKED, because {reason}"))
}

fn unit(workspace: &Workspace) -> Outcome<Passed> {
    let elsewhere = ["--", "--skip", SUITE, "--skip", VECTORS];
    process::run(
        test_command(workspace, &["--lib", "--bins", "--test", "two_devices", "--test", "pages"]).args(elsewhere),
    )?;
    test(workspace, &["--doc"])?;
    Ok(Passed::silently())
}

fn vectors(workspace: &Workspace) -> Outcome<Passed> {
    machine::provide(&machine::NODE)?;
    test(workspace, &["--lib", "--", VECTORS])?;
    let folder = wasm::for_tests(workspace)?;
    process::run(Command::new("node").arg("e2e/wasm/vectors.cjs").arg(folder).current_dir(workspace.root()))?;
    Ok(Passed::silently())
}

/// The page is part of what is served, so it is built first. The proxies are those of `deploy/`.
fn api(workspace: &Workspace) -> Outcome<Passed> {
    machine::provide(&machine::NGINX)?;
    machine::provide(&machine::CADDY)?;
    page::build(workspace)?;
    test_from_outside(workspace, "api", &[])
}

/// The operator's commands too, which are others' programs (docs/running.md).
fn cli(workspace: &Workspace) -> Outcome<Passed> {
    for tool in [&machine::SYSTEMD, &machine::SQLITE, &machine::POSTGRESQL] {
        machine::provide(tool)?;
    }
    test_from_outside(workspace, "cli", &[])
}

fn browser(workspace: &Workspace) -> Outcome<Passed> {
    machine::provide(&machine::CHROMIUM)?;
    machine::provide(&machine::OATHTOOL)?;
    page::build(workspace)?;
    let weights = page::weigh(workspace)?;
    machine::node_modules(workspace, BROWSER_TESTS)?;
    let binary = workspace.build_binary(Profile::Dev)?;
    let mut test = Command::new("npm");
    // A machine may stand still at the wrong moment: what passes only the second time is named as flaky at the end.
    test.args(["test", "--", "--retries=1"])
        .env("SECUREMAILBOX_BIN", binary)
        .current_dir(workspace.root().join(BROWSER_TESTS));
    process::run(&mut test)?;
    Ok(Passed::Whole(weights))
}

/// The native test writes its list of lies down; the same list then runs as WebAssembly.
fn hostile(workspace: &Workspace) -> Outcome<Passed> {
    machine::provide(&machine::NODE)?;
    test_from_outside(workspace, "hostile", &[])?;
    let folder = wasm::for_tests(workspace)?;
    let list = workspace.target().join("tmp/hostile.json");
    process::run(Command::new("node").arg("e2e/wasm/hostile.cjs").arg(folder).arg(list).current_dir(workspace.root()))?;
    Ok(Passed::silently())
}

fn interop(workspace: &Workspace) -> Outcome<Passed> {
    machine::node_modules(workspace, "e2e/interop")?;
    let python = machine::python_with(workspace, "e2e/interop/requirements.txt")?;
    test_from_outside(workspace, "files", &[("SECUREMAILBOX_PYTHON", python.clone())])?;
    test_from_outside(workspace, "interop", &[("SECUREMAILBOX_PYTHON", python)])
}

fn erasure(workspace: &Workspace) -> Outcome<Passed> {
    machine::provide(&machine::POSTGRESQL)?;
    test_from_outside(workspace, "erasure", &[])
}

fn store(workspace: &Workspace) -> Outcome<Passed> {
    machine::provide(&machine::POSTGRESQL)?;
    test(workspace, &["--lib", "--", SUITE])?;
    Ok(Passed::silently())
}

/// A test of the package `e2e`, which drives the real command.
fn test_from_outside(workspace: &Workspace, name: &str, tools: &[(&str, PathBuf)]) -> Outcome<Passed> {
    let binary = workspace.build_binary(Profile::Dev)?;
    let mut test = test_command(workspace, &["--test", name]);
    process::run(test.env("SECUREMAILBOX_BIN", binary).envs(tools.iter().map(|(name, path)| (name, path))))?;
    Ok(Passed::silently())
}

fn test(workspace: &Workspace, targets: &[&str]) -> Outcome {
    process::run(&mut test_command(workspace, targets))
}

/// Always the whole workspace, with targets chosen by kind or name: one resolution of features, each crate compiled once.
fn test_command(workspace: &Workspace, targets: &[&str]) -> Command {
    let mut cargo = workspace.cargo(&["test", "--locked", "--workspace", "--no-fail-fast"]);
    cargo.args(targets);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_means_every_stage() {
        assert_eq!(Stage::parse_all(&[]).unwrap().len(), Stage::ALL.len());
        assert_eq!(
            Stage::parse_all(&["store", "lint"]).unwrap().iter().map(|s| s.name()).collect::<Vec<_>>(),
            ["store", "lint"]
        );
    }

    #[test]
    fn a_stage_that_could_not_look_at_everything_is_not_called_ok() {
        assert_eq!(verdict(&Ok(Passed::silently())), "ok");
        let said = verdict(&Ok(without_advisories("cargo-deny is not installed")));
        assert_eq!(said, "IN PART advisories: NOT CHECKED, because cargo-deny is not installed");
        assert_eq!(verdict(&Err(Failure::new("no"))), "FAILED");
    }

    #[test]
    fn an_unknown_stage_is_answered_with_those_there_are() {
        let refused = Stage::parse_all(&["lint", "sore"]).unwrap_err().to_string();
        assert!(refused.contains("sore") && refused.contains("store"), "{refused}");
    }
}
