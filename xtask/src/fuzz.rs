//! `cargo xtask fuzz`: gives every parser of outside bytes what no client would write (CONTRIBUTING.md).
//!
//! What must hold is written beside the parsers, in the module `fuzzing` of each crate; the package `fuzz` links one
//! program for each. No tool is installed: libFuzzer comes as a crate, and the coverage that it steers by is a pass of the
//! compiler that every toolchain has. Without a sanitizer for memory, since nothing of ours is `unsafe`.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    process::{self, Failure, Outcome},
    workspace::Workspace,
};

/// The package of the programs: a workspace of its own.
pub(crate) const PACKAGE: &str = "fuzz/Cargo.toml";

/// What follows `fuzz`.
pub(crate) struct Options {
    seconds: u32,
    targets: Vec<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Outcome<Self> {
        match arguments {
            ["--seconds", number, rest @ ..] => {
                let seconds =
                    number.parse().map_err(|_| Failure::usage(format!("{number} is no number of seconds")))?;
                Ok(Self { seconds, ..Self::parse(rest)? })
            }
            [flag, ..] if flag.starts_with('-') => Err(Failure::usage(format!("fuzz takes --seconds N, not {flag}"))),
            targets => Ok(Self { seconds: 60, targets: targets.iter().map(|name| (*name).to_owned()).collect() }),
        }
    }
}

/// Builds the targets, runs each, all of them even after one found something, and ends with a line for each.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    let targets = chosen(all_targets(workspace)?, &options.targets)?;
    let programs = build(workspace, &targets)?;
    let mut lines = Vec::new();
    let mut failed = Vec::new();
    for target in &targets {
        let verdict = match fuzz(workspace, &programs.join(target), target, options.seconds) {
            Ok(runs) => format!("{:>6} s {runs:>12} runs  ok", options.seconds),
            Err(failure) => {
                eprintln!("{failure}");
                failed.push(target.as_str());
                "FOUND SOMETHING".into()
            }
        };
        println!("{target:16}{verdict}");
        lines.push(format!("{target:16}{verdict}"));
    }
    println!("\n== summary");
    lines.iter().for_each(|line| println!("{line}"));
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("found something: {}", failed.join(" ")))) }
}

fn all_targets(workspace: &Workspace) -> Outcome<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(workspace.root().join("fuzz/fuzz_targets"))? {
        targets.extend(entry?.path().file_stem().and_then(OsStr::to_str).map(String::from));
    }
    targets.sort();
    Ok(targets)
}

/// The targets of these names; all of them if there is none.
fn chosen(all: Vec<String>, names: &[String]) -> Outcome<Vec<String>> {
    match names.iter().find(|name| !all.contains(name)) {
        Some(unknown) => Err(Failure::usage(format!("there is no target {unknown}; there are: {}", all.join(" ")))),
        None if names.is_empty() => Ok(all),
        None => Ok(names.to_vec()),
    }
}

/// Builds the programs of these targets, and says in which folder they are.
fn build(workspace: &Workspace, targets: &[String]) -> Outcome<PathBuf> {
    // As `cargo fuzz` has it.
    const COVERAGE: [&str; 7] = [
        "--cfg=fuzzing",
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
        "-Ccodegen-units=1",
    ];
    let host = host()?;
    let folder = workspace.target().join("fuzz");
    // Not `--locked`: what a room comes to depend on is added to the lock file of this package by itself. A test holds that
    // it has the product's versions.
    let mut cargo = workspace.cargo(&["build", "--release", "--manifest-path", PACKAGE]);
    if !need_the_server(workspace, targets)? {
        cargo.arg("--no-default-features");
    }
    // A platform is named, so that neither build scripts nor macros get the flags.
    cargo.args(["--target", &host]).args(targets.iter().flat_map(|target| ["--bin", target]));
    cargo.env("CARGO_TARGET_DIR", &folder).env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\x1f"));
    process::run(&mut cargo)?;
    Ok(folder.join(host).join("release"))
}

/// Whether one of the targets is a parser of the server, which has two hundred crates that the others do without.
fn need_the_server(workspace: &Workspace, targets: &[String]) -> Outcome<bool> {
    for target in targets {
        let source = fs::read_to_string(workspace.root().join("fuzz/fuzz_targets").join(target).with_extension("rs"))?;
        if ["securemailbox_server", "securemailbox_store"].iter().any(|room| source.contains(room)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The compiler's own platform.
fn host() -> Outcome<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = process::capture(Command::new(rustc).arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(String::from).ok_or_else(|| Failure::new("rustc does not say its host"))
}

/// Runs one target, beginning with its seeds and what earlier runs here came upon. Says how many inputs it tried.
fn fuzz(workspace: &Workspace, program: &Path, target: &str, seconds: u32) -> Outcome<u64> {
    let folder = workspace.target().join("fuzz");
    let (corpus, findings) = (folder.join("corpus").join(target), folder.join("findings").join(target));
    let log = folder.join("logs").join(target).with_extension("log");
    for folder in [Some(corpus.as_path()), Some(findings.as_path()), log.parent()].into_iter().flatten() {
        fs::create_dir_all(folder)?;
    }
    println!("\n== {target}: {seconds} s, {}", log.display());
    let status = Command::new(program)
        .args([&corpus, &workspace.root().join("fuzz/seeds").join(target)])
        .args([format!("-max_total_time={seconds}"), format!("-artifact_prefix={}/", findings.display())])
        .args(["-print_final_stats=1", "-timeout=10", "-rss_limit_mb=2048"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log)?)
        .status()?;
    let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if !status.success() {
        return Err(found(&said, target));
    }
    let runs = said.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    runs.and_then(|runs| runs.trim().parse().ok())
        .ok_or_else(|| Failure::new(format!("{target} did not run to its end")))
}

/// What a person does next with an input that breaks something.
fn found(said: &str, target: &str) -> Failure {
    let lines: Vec<&str> = said.lines().collect();
    let end = lines[lines.len().saturating_sub(40)..].join("\n");
    Failure::new(format!(
        "{end}\n{target}: put the input into fuzz/seeds/{target}, where a unit test tries it, and mend"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_target_is_known_by_its_file_and_another_name_is_refused() {
        let all = all_targets(&Workspace::here().unwrap()).unwrap();
        assert_eq!(chosen(all.clone(), &[]).unwrap(), all);
        assert_eq!(chosen(all.clone(), &names(&["packets"])).unwrap(), ["packets"]);
        let refused = chosen(all, &names(&["pockets"])).unwrap_err().to_string();
        assert!(refused.contains("pockets") && refused.contains("packets"), "{refused}");
    }

    #[test]
    fn the_server_is_built_for_its_own_parsers_only() {
        let workspace = Workspace::here().unwrap();
        for (target, needs) in [("packets", false), ("content", false), ("multipart", true), ("log", true)] {
            assert_eq!(need_the_server(&workspace, &names(&[target])).unwrap(), needs, "{target}");
        }
    }

    #[test]
    fn a_minute_is_tried_unless_told_otherwise() {
        assert_eq!(Options::parse(&["json"]).unwrap().seconds, 60);
        let told = Options::parse(&["--seconds", "600", "json", "address"]).unwrap();
        assert_eq!((told.seconds, told.targets), (600, names(&["json", "address"])));
        assert!(Options::parse(&["--seconds", "long"]).is_err() && Options::parse(&["--minutes", "1"]).is_err());
    }
}
