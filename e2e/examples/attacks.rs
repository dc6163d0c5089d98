//! What one person can do to everybody else: each attack runs for a while from this machine against a server in ordinary
//! configuration, while another person, at 127.0.0.2, signs in, sends and reads. Prints a table, and ends with 1 where that
//! person waited for more than two seconds or the server's memory grew beyond a bound.
//!
//! `cargo build --release --workspace --bin securemailbox --example attacks`, then
//! `target/release/examples/attacks [--tls] [--ipv6] [--postgres] [WORD]` runs those whose name holds the word.
//! `SECUREMAILBOX_BIN` names another command than the one built with it.

#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(clippy::disallowed_methods, reason = "a real server's time is measured")]

mod attacks {
    pub mod door;
    pub mod floods;
    pub mod holds;
    pub mod scene;
}

use std::{process::ExitCode, thread, time::Duration};

use attacks::{
    floods, holds,
    scene::{Report, Scene, Setting, mebibytes},
};

/// How long the other person may wait for anything.
const PATIENCE: Duration = Duration::from_secs(2);
/// By how much the server may grow: all that one network or account may hold at once, and connections beside.
const GROWTH_KIB: u64 = 256 * 1024;

/// How a handshake of TLS begins: a record of 512 octets, of which nothing follows.
const HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01";

type Run = fn(&Scene, Duration) -> String;

/// Name, how long, and what it does; it answers how it was refused.
const ATTACKS: [(&str, u64, Run); 18] = [
    ("H1 9,000 connections that say nothing", 10, |scene, time| holds::bare_connections(scene, time, b"")),
    ("H1 9,000 connections, half a TLS handshake", 10, |scene, time| holds::bare_connections(scene, time, HELLO)),
    ("H1 9,000 connections, half an HTTP/2 preface", 10, |scene, time| holds::connections(scene, time, b"PRI * HT")),
    ("idle HTTP/2 that answers pings, 9,000", 75, holds::pings),
    ("H2 480 contents, window 0 (HTTP/2)", 10, holds::contents),
    ("H3 64 trickled posts (HTTP/1.1)", 10, holds::posts),
    ("H3 64 trickled posts (HTTP/2)", 10, holds::posts_h2),
    ("M10 480 bodies of nobody (HTTP/1.1)", 10, holds::bodies),
    ("M10 480 bodies of nobody (HTTP/2)", 10, holds::bodies_h2),
    ("M10 480 sign-ins that lack an octet (HTTP/2)", 10, holds::sign_ins_h2),
    ("H4 letters to one stranger", 10, floods::letters),
    ("H4 drafts of 1 MiB", 10, floods::drafts),
    ("H5 SMS to one number", 10, floods::texts),
    ("H5 e-mails to many addresses (HTTP/1.1)", 10, |scene, time| floods::emails(scene, time, floods::Http::One)),
    ("H5 e-mails to many addresses (HTTP/2)", 10, |scene, time| floods::emails(scene, time, floods::Http::Two)),
    ("H6 invented methods of 14 kB", 10, floods::methods),
    ("M1 wrong codes over many registrations", 10, floods::guesses),
    ("M2 registrations from 65,536 /64 of one /48", 10, floods::networks),
];

fn main() -> ExitCode {
    let Some((setting, word)) = asked_for() else {
        println!("attacks [--tls] [--ipv6] [--postgres] [WORD]");
        return ExitCode::from(2);
    };
    attacks::scene::raise_files();
    println!(
        "| attack | how it ended | slowest sign-in / send / read, ms | memory before / worst, MiB | SMS | e-mails |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut holds = true;
    for (name, seconds, run) in ATTACKS.into_iter().filter(|(name, ..)| name.contains(&word)) {
        holds &= attack(setting, name, Duration::from_secs(seconds), run);
    }
    if "idle event streams".contains(&word) {
        holds &= holds::event_streams(setting);
    }
    if "many networks".contains(&word) {
        holds &= floods::many_networks(setting);
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The setting and the word; none for a flag that is none.
fn asked_for() -> Option<(Setting, String)> {
    let (mut setting, mut word) = (Setting::default(), String::new());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--tls" => setting.manner.tls = true,
            "--ipv6" => setting.manner.ipv6 = true,
            "--postgres" => setting.postgres = true,
            flag if flag.starts_with('-') => return None,
            _ => word = argument,
        }
    }
    Some((setting, word))
}

fn attack(setting: Setting, name: &str, time: Duration, run: Run) -> bool {
    let scene = Scene::set(setting, name.starts_with("M2"));
    let (ended, report) = thread::scope(|threads| {
        let other = threads.spawn(|| scene.watch(time));
        let ended = run(&scene, time);
        (ended, other.join().expect("the watch goes on whatever happens"))
    });
    let Report { slowest, failed, before, worst } = report;
    let [sign_in, send, read] = slowest.map(|slow| slow.as_millis());
    let failed = failed.map(|why| format!(" — NOT SERVED: {why}")).unwrap_or_default();
    let (texts, emails) = (scene.gateway.asked().len(), scene.mails.messages().len());
    println!(
        "| {name} | {ended}{failed} | {sign_in} / {send} / {read} | {} / {} | {texts} | {emails} |",
        mebibytes(before),
        mebibytes(worst)
    );
    failed.is_empty() && slowest.iter().all(|slow| *slow <= PATIENCE) && worst < before + GROWTH_KIB
}
