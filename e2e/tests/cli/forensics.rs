//! `securemailbox forensic-scan`: what was erased is found nowhere, and what is kept is, by the same search (PROTOCOL §8).

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use securemailbox_e2e::{
    command::{Ended, in_a_pipe},
    disk::Disk,
    files::{Files, noise},
    person::Person,
    server::{Server, Start, binary},
};
use securemailbox_protocol::ids::LetterId;
use serde_json::{Value, json};

use crate::{ANNA, BJORN, assert_failed, id};

fn scan_in(locale: &str, data: &Path, more: &[&str]) -> Ended {
    let mut command = Command::new(binary());
    command.env("LC_ALL", locale).arg("forensic-scan").arg("--data").arg(data).args(more);
    in_a_pipe(command)
}

fn scan(data: &Path, more: &[&str]) -> Ended {
    scan_in("C", data, &[more, &["--json"]].concat())
}

/// Letters to oneself, each with a file of two pieces.
struct Letters {
    anna: Person,
    to_erase: Vec<LetterId>,
    to_keep: Vec<LetterId>,
}

impl Letters {
    /// Twenty that are about to be erased, among fifty that stay.
    async fn post(server: &Server) -> Self {
        let anna = Person::at(server);
        drop(anna.register(server, ANNA.address, ANNA.phone, ANNA.name).await);
        let files = Files::of(server, &anna);
        let mut letters = Self { anna, to_erase: Vec::new(), to_keep: Vec::new() };
        for number in 0..70 {
            let blob = files.upload(&noise(9_000), 5_000).await;
            let letter = files.keep(vec![blob]).await;
            if number % 7 < 2 { letters.to_erase.push(letter) } else { letters.to_keep.push(letter) }
        }
        letters
    }

    /// Erases some, over another connection: a scan takes so long that the server has closed the one before.
    async fn erase(&self, server: &Server, some: &[LetterId]) {
        let erased = Files::of(server, &self.anna).erase(some).await.erased;
        assert_eq!(erased, some.len() as u64);
    }
}

/// Of a document: letters that are erased, in part, and kept, and of how many something was found.
fn counted(document: &Value) -> [(u64, u64); 3] {
    let number = |of: &Value, what| of[what].as_u64().expect("a number");
    ["erased", "partly", "kept"].map(|which| (number(&document[which], "letters"), number(&document[which], "found")))
}

#[tokio::test(flavor = "current_thread")]
async fn twenty_erased_letters_with_files_are_found_nowhere_and_fifty_that_are_kept_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(Start::demo(folder.path()));
    let letters = Letters::post(&server).await;
    let file = folder.path().join("samples");
    let file = file.to_str().unwrap();

    assert_eq!(scan(server.data(), &["--take", file]).done()["letters"], 70);
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = scan(server.data(), &["--for", file]);
    assert_eq!((before.code, counted(&before.json())), (1, [(0, 0), (0, 0), (70, 70)]), "nothing is erased yet");
    // The same search by one who does not know that they are kept.
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let unknowing = scan(&elsewhere, &["--for", file, "--also", server.data().to_str().unwrap()]);
    assert_eq!((unknowing.code, counted(&unknowing.json())), (1, [(70, 70), (0, 0), (0, 0)]));
    for of in ["id", "envelope", "content", "key", "file"] {
        let traces = unknowing.json()["traces"].as_array().unwrap().clone();
        assert!(traces.iter().any(|trace| trace["of"] == of && trace["form"] == "raw"), "{of}");
    }

    letters.erase(&server, &letters.to_erase).await;
    let after = scan(server.data(), &["--for", file]);
    assert_eq!((after.code, counted(&after.json())), (0, [(20, 0), (0, 0), (50, 50)]), "while the server runs");
    server.stop();
    let after = scan(server.data(), &["--for", file]);
    assert_eq!((after.code, counted(&after.json())), (0, [(20, 0), (0, 0), (50, 50)]), "after it stopped");
    assert_eq!(after.json()["traces"], json!([]));
}

/// A raw image of the disk holds what no folder shows: freed blocks, and the file system's own journal.
#[tokio::test(flavor = "current_thread")]
async fn of_erased_letters_with_files_nothing_is_on_the_raw_disk() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(folder.path(), 128) else {
        println!("SKIPPED: no ext4 image can be mounted here; that takes root, mkfs.ext4 and loop devices");
        return;
    };
    let server = Server::start(Start { data: disk.mounted().join("data"), ..Start::demo(folder.path()) });
    let letters = Letters::post(&server).await;
    let file = folder.path().join("samples");
    let (file, image) = (file.to_str().unwrap(), disk.image().to_str().unwrap());
    scan(server.data(), &["--take", file]).done();
    // The exit code; of how many letters what is kept, and what was erased, lies on the disk.
    let on_the_disk = || {
        disk.sync();
        let ended = scan(server.data(), &["--for", file, "--also", image]);
        let seen = ended.json()["places"][1].clone();
        (ended.code, seen["kept"].clone(), seen["erased"].clone())
    };
    assert_eq!(on_the_disk(), (1, json!(70), json!(0)), "nothing is erased yet");
    letters.erase(&server, &letters.to_erase).await;
    assert_eq!(on_the_disk(), (0, json!(50), json!(0)));

    // What is only removed is still on the disk, and is seen there.
    let piece = fs::read(&pieces(&server.data().join("blobs"))[0]).unwrap();
    let copy = disk.mounted().join("copy");
    fs::write(&copy, piece.repeat(400)).unwrap();
    disk.sync();
    fs::remove_file(&copy).unwrap();
    letters.erase(&server, &letters.to_keep).await;
    assert_eq!(on_the_disk(), (1, json!(0), json!(1)), "a file that somebody copied");
}

fn pieces(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()) {
        if path.is_dir() { found.extend(pieces(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_person_is_told_in_their_language_what_the_scan_proves() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Start::demo(folder.path()));
    let (anna, bjorn) = (ANNA.at(&server, folder.path()), BJORN.at(&server, folder.path()));
    let send = || id(&anna.run(&["send", "--to", BJORN.address, "--subject", "Provsvaren", "--text", "Hej!"]).done());
    let (letter, other) = (send(), send());
    let file = folder.path().join("samples");
    let file = file.to_str().unwrap();
    let taken = scan_in("C", server.data(), &["--take", file, "--letter", &letter, "--letter", &other]);
    assert!(taken.code == 0 && taken.out.contains(" samples of 2 letters are in "), "{taken:?}");
    let not_yet = scan_in("sv_SE.UTF-8", server.data(), &["--for", file]);
    assert!(not_yet.code == 1 && not_yet.out.ends_with("Inget av de här breven är raderat än.\n"), "{not_yet:?}");

    // Björn's key goes with his entry, and everything else stays until Anna erases it too.
    bjorn.run(&["list"]).done();
    bjorn.run(&["move", &letter, "trash"]).done();
    bjorn.run(&["erase", &letter]).done();
    assert_eq!(counted(&scan(server.data(), &["--for", file]).done()), [(0, 0), (1, 0), (1, 1)]);
    anna.run(&["move", &letter, "trash"]).done();
    anna.run(&["erase", &letter]).done();
    let gone = scan_in("sv_SE.UTF-8", server.data(), &["--for", file]);
    assert!(gone.code == 0 && gone.out.contains("\nRaderade: 1 brev. Av dem hittades något av: 0.\n"), "{gone:?}");

    // A proxy that writes paths down keeps the id.
    let log = folder.path().join("access.log");
    fs::write(&log, format!("GET /api/v1/letters/{letter}/content 200\n")).unwrap();
    let found = scan_in("C", server.data(), &["--for", file, "--also", log.to_str().unwrap()]);
    let line = format!("The id of {letter} is in {}, at byte 20.\n", log.display());
    assert!(found.code == 1 && found.out.contains(&line), "{found:?}");
}

#[test]
fn what_can_not_be_scanned_is_told_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let file = folder.path().join("samples");
    let file = file.to_str().unwrap();
    assert_failed(&scan(&empty, &["--take", file]), 4, "not-found");
    assert_eq!(fs::read_dir(&empty).unwrap().count(), 0, "it made something");
    let server = Server::start(Start::demo(folder.path()));
    let nobodys = "0193f2d0-6f1e-7b3c-9a52-3f1d6f0c2a11";
    assert_failed(&scan(server.data(), &["--take", file, "--letter", nobodys]), 4, "not-found");
    assert_failed(&scan(server.data(), &["--for", file]), 5, "failed");
    fs::write(file, "something else\n").unwrap();
    assert_failed(&scan(server.data(), &["--for", file]), 2, "usage");
    assert_failed(&scan(server.data(), &["--take", file]), 2, "usage");
    let swedish = scan_in("sv_SE.UTF-8", server.data(), &["--take", file]);
    assert_eq!(swedish.err, format!("securemailbox: {file} finns redan: ange en ny fil för proven.\n"));
}
