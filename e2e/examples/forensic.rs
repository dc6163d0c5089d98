//! What a disk keeps of erased letters: a thousand with files are erased among ten thousand that stay, in a data folder on an ext4
//! image of its own, and the command looks for all of them in the folder and in every byte of the image, before and after.
//!
//! `cargo run -p securemailbox-e2e --example forensic -- [ERASED] [KEPT]`, with `SECUREMAILBOX_BIN` naming the command. Mounting the
//! image takes root; where that can't be, only the folder is looked through, and the last line says so.

#![expect(clippy::print_stdout, clippy::disallowed_methods, reason = "it measures, and says what it measured")]

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use securemailbox_e2e::{
    command::{Ended, in_a_pipe},
    disk::Disk,
    files::{Files, noise},
    person::Person,
    server::{Server, Start, binary},
};
use securemailbox_protocol::ids::LetterId;

/// How many post at once.
const POSTING: usize = 8;
/// A file of each letter, in two pieces.
const FILE: usize = 9_000;
const PIECE: usize = 5_000;
/// An emptied trash writes to the log before it is gone; so many letters at once.
const AT_ONCE: usize = 100;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse::<usize>().expect("a number of letters"));
    let (erased, kept) = (numbers.next().unwrap_or(1_000), numbers.next().unwrap_or(10_000));
    let folder = tempfile::tempdir().expect("a folder");
    let mebibytes = 256 + u64::try_from(erased + kept).expect("a number") / 10;
    let disk = Disk::mount(folder.path(), mebibytes);
    let data = disk.as_ref().map_or_else(|| folder.path().join("data"), |disk| disk.mounted().join("data"));
    let start = Start { data, ..Start::demo(folder.path()) };
    let server = Server::start(start.with("QUOTAS__MEBIBYTES", "1000000").with("LIMITS__REQUESTS_A_SECOND", "100000"));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let anna = Person::at(&server);
    drop(runtime.block_on(anna.register(&server, "anna.forensic@example.se", "+46701740671", "Anna")));
    let files = Files::of(&server, &anna);
    let (letters, posting) = timed(|| runtime.block_on(post(&files, erased + kept)));
    // One in so many, from the first to the last.
    let every = letters.len() / erased;
    let to_erase: Vec<LetterId> = letters.iter().copied().step_by(every).take(erased).collect();
    println!(
        "{} letters with a file of {FILE} bytes each were posted in {:.0} s",
        letters.len(),
        posting.as_secs_f64()
    );

    let samples = folder.path().join("samples");
    let image = disk.as_ref().map(Disk::image);
    let scan = |step: &str| {
        if let Some(disk) = &disk {
            disk.sync();
        }
        let (ended, took) = timed(|| forensic_scan(server.data(), step, &samples, image));
        println!("\nforensic-scan {step}: {:.1} s, exit code {}", took.as_secs_f64(), ended.code);
        let document = ended.json();
        for place in document["places"].as_array().into_iter().flatten() {
            let name = if place["files"] == 1 { "raw image" } else { "data folder" };
            let mebibytes = place["bytes"].as_u64().unwrap_or_default() >> 20;
            let (kept, erased) = (&place["kept"], &place["erased"]);
            println!(
                "{name:>12}: {mebibytes:>5} MiB; of letters that are kept {kept:>6} found, of erased ones {erased:>6}"
            );
        }
        (ended.code, document)
    };
    println!("{} samples", scan("--take").1["samples"]);
    let (_, before) = scan("--for");
    // The scan took so long that the server has closed the connection before.
    let files = Files::of(&server, &anna);
    let (_, erasing) = timed(|| {
        for some in to_erase.chunks(AT_ONCE) {
            runtime.block_on(files.erase(some));
        }
    });
    println!("\n{erased} of them were erased in {:.1} s", erasing.as_secs_f64());
    let (code, after) = scan("--for");

    assert_eq!(code, 0, "something is left, or the search is blind: {after}");
    for (before, after) in
        before["places"].as_array().into_iter().flatten().zip(after["places"].as_array().expect("places"))
    {
        assert_eq!((&before["kept"], &before["erased"]), (&(erased + kept).into(), &0.into()), "before: all");
        assert_eq!((&after["kept"], &after["erased"]), (&kept.into(), &0.into()), "after: those that are kept");
    }
    let place = if image.is_some() {
        "data folder and raw image"
    } else {
        "data folder only, since no image can be mounted here"
    };
    println!("\nForensic scan: {erased} erased letters with files among {kept} kept, {place}: 0 hits, before: all.");
}

/// Posts so many letters, a few at once.
async fn post(files: &Files, letters: usize) -> Vec<LetterId> {
    let some = (0..POSTING).map(|number| async move {
        let mut posted = Vec::new();
        for _ in (number..letters).step_by(POSTING) {
            let blob = files.upload(&noise(FILE), PIECE).await;
            posted.push(files.keep(vec![blob]).await);
        }
        posted
    });
    let mut letters: Vec<LetterId> = join_all(some).await.concat();
    letters.sort();
    letters
}

fn forensic_scan(data: &Path, step: &str, samples: &Path, image: Option<&Path>) -> Ended {
    let mut command = Command::new(binary());
    command.arg("forensic-scan").arg("--data").arg(data).arg(step).arg(samples).arg("--json");
    if let Some(image) = image.filter(|_| step == "--for") {
        command.arg("--also").arg(image);
    }
    in_a_pipe(command)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    (work(), begun.elapsed())
}
