//! A day of a thousand people, or of as many as are asked for, in twelve minutes: each signs in twenty times, keeps an event stream open until the next
//! time, asks for changes, signs out every other time and otherwise leaves the session to lapse; each tenth stays until the
//! server ends it. The server is the real one with a quicker clock. Prints what it takes of memory over the day, and ends
//! with 1 where that grows in the second half of it.
//! `cargo build --release --workspace --bin securemailbox --example day`, then `target/release/examples/day [PEOPLE]`.

#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(clippy::disallowed_methods, reason = "a real server's time is measured, and made quicker")]

mod day {
    pub mod people;
    pub mod quick_server;
}

use std::{env, process::ExitCode, thread, time::Duration};

use day::{
    people::{Counts, Place},
    quick_server::{self, HOUR},
};

const PEOPLE: usize = 1000;
/// Sign-ins of each, but of those who stay.
const SIGN_INS: u32 = 20;
/// By how much the server may be larger at the end than at noon.
const GROWTH_KIB: u64 = 16 * 1024;

fn main() -> ExitCode {
    if env::args().nth(1).is_some_and(|word| word == "serve") {
        return quick_server::serve();
    }
    let people = env::args().nth(1).map_or(PEOPLE, |text| text.parse().expect("a number of people"));
    let (place, counts) = (Place::with(people), Counts::default());
    println!("| hour | sign-ins | failed | signed out | streams open | streams ended by the server | server, MiB |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let seen = thread::scope(|threads| {
        let watch = threads.spawn(|| {
            (0..=24)
                .map(|hour| {
                    if hour > 0 {
                        thread::sleep(HOUR);
                    }
                    let resident = place.server.resident_kib();
                    println!("| {hour} | {counts} | {} |", resident / 1024);
                    resident
                })
                .collect::<Vec<_>>()
        });
        place.live(&counts, SIGN_INS, 24 * HOUR);
        watch.join().expect("it only looks")
    });
    // What a day's sessions leave behind is swept within the minute.
    thread::sleep(Duration::from_secs(70));
    let (noon, end) = (seen[12], place.server.resident_kib());
    println!("\n{} MiB at noon, {} MiB after the day.", noon / 1024, end / 1024);
    if end < noon + GROWTH_KIB && !counts.many_failed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
