//! `cargo xtask run | build [--release] | test [STAGE…] | bench | fuzz`: builds, runs and tests SecureMailbox.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command that talks to a person at a terminal")]

mod demo;
mod fuzz;
mod loopback;
mod machine;
mod page;
mod process;
mod stages;
mod wasm;
mod workspace;

use std::{
    env,
    process::{Command, ExitCode},
};

use process::{Failure, Outcome};
use stages::Stage;
use workspace::{Profile, Workspace};

const USAGE: &str = "\
usage: cargo xtask run [--listen ADDR] [--once]   a server with people in it; --once ends when its page has answered
       cargo xtask build [--release]              WebAssembly, page and binary, whose path is the last line
       cargo xtask test [STAGE…]                  every check, or some of them
       cargo xtask bench                          limits and ours in one run, of a release build
       cargo xtask fuzz [--seconds N] [TARGET…]   what no client would write, for every parser or some of them";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["run", rest @ ..] => demo::Options::parse(rest).and_then(|options| demo::run(&Workspace::here()?, &options)),
        ["build"] => build(Profile::Dev),
        ["build", "--release"] => build(Profile::Release),
        ["bench"] => Workspace::here().and_then(|workspace| bench(&workspace)),
        ["fuzz", rest @ ..] => fuzz::Options::parse(rest).and_then(|options| fuzz::run(&Workspace::here()?, &options)),
        ["test", names @ ..] => Stage::parse_all(names).and_then(|stages| stages::run(&Workspace::here()?, &stages)),
        _ => Err(Failure::usage(format!("{USAGE}\nstages: {}", Stage::names()))),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

/// Measures a release build (`e2e/examples/bench.rs`). The page is no part of what is measured, so it is not built.
fn bench(workspace: &Workspace) -> Outcome {
    const FIGURES: &str = "bench";
    // Both at once: each by itself would choose other features, and compile what they share twice.
    let both = ["build", "--locked", "--workspace", "--release", "--bin", "securemailbox", "--example", FIGURES];
    process::run(&mut workspace.cargo(&both))?;
    let release = workspace.target().join("release");
    let mut bench = Command::new(release.join("examples").join(FIGURES));
    process::run(bench.env("SECUREMAILBOX_BIN", release.join("securemailbox")))
}

fn build(profile: Profile) -> Outcome {
    let workspace = Workspace::here()?;
    page::build(&workspace)?;
    println!("{}", workspace.build_binary(profile)?.display());
    Ok(())
}
