//! Other implementations read what the command exports and write what we read (issue 3, Interop; e2e/interop/README.md).
//! Every letter and key here was made by the command line in the same run.

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use pgp::armor::Dearmor;
use rand::rngs::OsRng;
use securemailbox_e2e::{
    command::Terminal,
    person,
    server::{Server, Start},
};
use securemailbox_protocol::{address::Address, time::Timestamp};
use securemailbox_vault::{
    certificates::Certificate,
    identities::Identity,
    keyring::Keyring,
    letters::{ForeignMessage, Refused, open_foreign},
    passwords::Password,
};
use serde_json::{Value, json};
use tempfile::TempDir;

const ANNA: (&str, &str, &str) = ("anna.interop@example.se", "+46701740616", "Anna Lindqvist");
const BJORN: (&str, &str, &str) = ("bjorn.interop@example.se", "+46701740617", "Björn Ek");
const STRANGER: &str = "stranger@example.com";
const PASSPHRASE: &str = "en lösenfras för nyckeln";
const SUBJECT: &str = "Åtgärder efter besöket den tolfte – och vad som händer sedan, om något händer alls 🙂";
const TEXT: &str = "Hej Björn!\n\nFrom och med nu: vila.\n.\n-- \nAnna   \n\n=C3=A5 är inte å.\n";

const FILE: &str = "Läkarintyg.bin";

/// More than one chunk of an attachment, and no number of whole ones.
fn bytes_of_file() -> Vec<u8> {
    (0..600_001_u32).map(|at| u8::try_from(at * 31 % 253).expect("a byte")).collect()
}

/// A letter that Anna sent and Björn exported, with the keys it takes to read it.
struct Exchange {
    folder: TempDir,
    bjorn: Terminal,
    letter: String,
    _server: Server,
}

impl Exchange {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Server::start(Start::demo(folder.path()));
        let [anna, bjorn] = [ANNA, BJORN].map(|(address, phone, name)| {
            let terminal = Terminal::new(folder.path(), name, person::PASSWORD);
            terminal.register(&server, address, phone, name);
            terminal
        });
        let file = folder.path().join(FILE);
        fs::write(&file, bytes_of_file()).expect("writable");
        let file = file.to_str().expect("UTF-8");
        let sent = anna.run(&["send", "--to", BJORN.0, "--subject", SUBJECT, "--text", TEXT, "--attach", file]).done();
        let letter = sent["id"].as_str().expect("an id").to_owned();
        let exchange = Self { folder, bjorn, letter, _server: server };
        exchange.keep("passphrase", &format!("{PASSPHRASE}\n"));
        exchange.keep_key(&anna, "anna.asc");
        exchange.keep_key(&exchange.bjorn, "bjorn.asc");
        let secret = exchange.bjorn.converse(&["export-key", "--secret"], |_| Some(PASSPHRASE.into())).done();
        exchange.keep("bjorn.key", secret["secret_key"].as_str().expect("a key"));
        exchange
    }

    fn keep_key(&self, person: &Terminal, name: &str) {
        let exported = person.run(&["export-key"]).done();
        self.keep(name, exported["certificate"].as_str().expect("a certificate"));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn keep(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("writable");
    }

    /// Björn's export of the letter.
    fn export(&self, form: &[&str]) -> PathBuf {
        let out = self.path("export");
        let arguments = [&["export", "--out", out.to_str().expect("UTF-8")], form].concat();
        assert_eq!(self.bjorn.run(&arguments).done()["exported"], json!([self.letter]));
        out.join(format!("{}.eml", self.letter))
    }

    /// Asks another implementation to open the letter as Björn.
    fn open(&self, other: Command, passphrase: &str, sender: &str, letter: &Path) -> Output {
        let mut other = other;
        other.arg("open").arg(self.path("bjorn.key")).arg(self.path(passphrase)).arg(self.path(sender)).arg(letter);
        other.output().expect("it runs")
    }

    /// Asks OpenPGP.js to sign and encrypt for Björn; leaves `sender.asc`, `sender.key` and `message.pgp` in `folder`.
    fn written_by_openpgpjs(&self, folder: &str, address: &str, document: &str) {
        let mut write = openpgpjs();
        write.arg("write").arg(self.path("bjorn.asc")).arg(address).arg(self.path(folder));
        given(write, document.as_bytes());
    }

    /// Opens a message of another implementation with Björn's exported key and nothing else.
    fn open_here(&self, sender: &str, address: &str, message: &str) -> Result<ForeignMessage, Refused> {
        let now = person::now();
        let key = fs::read_to_string(self.path("bjorn.key")).expect("exported");
        let bjorn = Address::parse(BJORN.0).expect("an address");
        let bjorn = Identity::import(&key, &Password::new(PASSPHRASE), &bjorn, now).expect("our own key");
        let message = fs::read(self.path(message)).expect("written");
        open_foreign(&message, &self.certificate(sender, address, now), &Keyring::new(bjorn), now)
    }

    fn certificate(&self, name: &str, address: &str, now: Timestamp) -> Certificate {
        let armored = fs::read(self.path(name)).expect("written");
        let mut bytes = Vec::new();
        Dearmor::new(&armored[..]).read_to_end(&mut bytes).expect("armor");
        Certificate::parse(&bytes, &Address::parse(address).expect("an address"), now).expect("of the protocol's shape")
    }
}

fn script(program: impl AsRef<std::ffi::OsStr>, name: &str) -> Command {
    let mut command = Command::new(program);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name));
    command
}

fn openpgpjs() -> Command {
    script("node", "openpgpjs.mjs")
}

fn python(name: &str) -> Command {
    script(std::env::var_os("SECUREMAILBOX_PYTHON").unwrap_or_else(|| "python3".into()), name)
}

fn sequoia() -> Command {
    python("sequoia.py")
}

/// Runs a command that must succeed, with something on its standard input.
fn given(mut command: Command, input: &[u8]) -> Vec<u8> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("piped").write_all(input).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What Python's `email` sees in a message.
fn seen(message: &[u8]) -> Value {
    serde_json::from_slice(&given(python("message.py"), message)).expect("JSON")
}

#[track_caller]
fn assert_is_the_letter(message: &[u8]) {
    let seen = seen(message);
    assert_eq!(seen["subject"], SUBJECT);
    // RFC 2046 §4.1.1 ends lines with CRLF; `email` gives them back as it found them.
    assert_eq!(seen["text"].as_str().expect("a text").replace("\r\n", "\n"), TEXT);
    assert_eq!((&seen["from"], &seen["to"]), (&json!([ANNA.0]), &json!([BJORN.0])));
    assert_eq!(seen["defects"], json!([]));
}

#[test]
fn an_exported_letter_opens_with_the_exported_key_in_openpgpjs_and_in_sequoia() {
    let exchange = Exchange::new();
    let letter = exchange.export(&["--encrypted"]);
    for other in [openpgpjs, sequoia] {
        let opened = exchange.open(other(), "passphrase", "anna.asc", &letter);
        assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
        assert_is_the_letter(&opened.stdout);
    }
}

#[test]
fn an_exported_attachment_opens_with_the_exported_key_in_openpgpjs_and_in_sequoia() {
    let exchange = Exchange::new();
    let letter = exchange.export(&["--encrypted"]);
    let file = letter.with_extension("").join(format!("{FILE}.pgp"));
    for other in [openpgpjs, sequoia] {
        let mut other = other();
        other.arg("file").arg(exchange.path("bjorn.key")).arg(exchange.path("passphrase")).arg(&file);
        let opened = other.output().expect("it runs");
        assert!(opened.status.success(), "{}", String::from_utf8_lossy(&opened.stderr));
        assert!(opened.stdout == bytes_of_file());
    }
    let plain = exchange.export(&[]).with_extension("").join(FILE);
    assert!(fs::read(plain).expect("exported") == bytes_of_file());
}

#[test]
fn an_exported_letter_opens_for_nobody_else_and_is_not_taken_for_somebody_elses() {
    let exchange = Exchange::new();
    let letter = exchange.export(&["--encrypted"]);
    // Another key of the same address, as a lying directory would offer it.
    exchange.written_by_openpgpjs("imposter", ANNA.0, "…");
    exchange.keep("guess", "en annan lösenfras\n");
    for (other, not_the_signer, not_the_passphrase) in [
        (openpgpjs as fn() -> Command, "Could not find signing key", "Incorrect key passphrase"),
        (sequoia, "no valid signatures found", "aead::Error"),
    ] {
        for (passphrase, sender, why) in [
            ("passphrase", "imposter/sender.asc", not_the_signer),
            ("passphrase", "bjorn.asc", not_the_signer),
            ("guess", "anna.asc", not_the_passphrase),
        ] {
            let refused = exchange.open(other(), passphrase, sender, &letter);
            let said = String::from_utf8_lossy(&refused.stderr);
            assert!(!refused.status.success() && refused.stdout.is_empty(), "{sender}: {said}");
            assert!(said.contains(why), "refused for another reason than {why}: {said}");
        }
    }
}

#[test]
fn a_message_by_openpgpjs_or_sequoia_opens_here_and_only_under_its_signers_key() {
    let exchange = Exchange::new();
    let document = "Content-Type: text/plain; charset=utf-8\r\n\r\nHej från ett annat program: åäö 🙂\r\n";
    exchange.written_by_openpgpjs("other", STRANGER, document);
    let mut write = sequoia();
    let [key, message] = ["other/sender.key", "other/sequoia.pgp"].map(|name| exchange.path(name));
    write.arg("write").arg(exchange.path("bjorn.asc")).arg(key).arg(message);
    given(write, document.as_bytes());
    for message in ["other/message.pgp", "other/sequoia.pgp"] {
        let opened = exchange.open_here("other/sender.asc", STRANGER, message);
        let opened = opened.unwrap_or_else(|refused| panic!("{message}: {refused}"));
        assert_eq!(String::from_utf8_lossy(opened.document()), document, "{message}");
        // Both ways of being somebody else: another's certificate, and a new one under the same address.
        exchange.written_by_openpgpjs("imposter", STRANGER, "…");
        assert!(exchange.open_here("anna.asc", ANNA.0, message).is_err(), "{message}");
        assert!(exchange.open_here("imposter/sender.asc", STRANGER, message).is_err(), "{message}");
    }
}

#[test]
fn a_plain_export_is_a_message_that_any_mail_program_reads() {
    let exchange = Exchange::new();
    let message = fs::read(exchange.export(&[])).unwrap();
    assert_is_the_letter(&message);
    assert_eq!(seen(&message)["types"][1], "text/plain");
}

/// What is exported is the account's key, and the passphrase is all that guards it.
#[test]
fn an_exported_key_is_imported_here_with_its_passphrase_only() {
    let exchange = Exchange::new();
    let key = fs::read_to_string(exchange.path("bjorn.key")).unwrap();
    let (bjorn, now) = (Address::parse(BJORN.0).unwrap(), person::now());
    let imported = Identity::import(&key, &Password::new(PASSPHRASE), &bjorn, now).unwrap();
    let fingerprint = exchange.bjorn.run(&["whoami"]).done()["fingerprint"].clone();
    assert_eq!(imported.certificate().fingerprint().to_string(), fingerprint);
    assert!(Identity::import(&key, &Password::new("en annan"), &bjorn, now).is_err());
    assert_ne!(*imported.export(&Password::new(PASSPHRASE), &mut OsRng), key, "each export has a salt of its own");
}
