//! `securemailbox check`: a line for each matter, and the worst of them as exit code.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use securemailbox_e2e::{
    authority::Authority,
    outage::{Gateway, MailServer, dead_senders, free_port},
    server::{Server, Start, binary},
};

/// A configuration in `folder` whose senders listen at these ports, with a seal on what counts as another disk.
fn configure(folder: &Path, mail: u16, sms: u16, more: &str) -> std::path::PathBuf {
    let config = folder.join("mailbox.toml");
    let toml = format!(
        "data = 'data'\nseal = 'elsewhere/seal'\n{more}\n[mail]\nurl = 'smtp://localhost:{mail}'\nfrom = 'a@example.se'\n\
         [sms]\nkind = 'http'\nurl = 'http://localhost:{sms}/'\ncontent_type = 'application/json'\n\
         body = '{{\"to\":\"{{to}}\",\"text\":\"{{text}}\"}}'\n"
    );
    fs::create_dir_all(folder.join("elsewhere")).expect("a folder to work in");
    fs::write(&config, toml).expect("a folder to work in");
    config
}

fn check(config: &Path, more: &[&str]) -> (i32, String) {
    let Output { status, stdout, stderr } =
        Command::new(binary()).arg("check").arg("--config").arg(config).args(more).output().expect("it starts");
    let told = String::from_utf8(stdout).expect("text") + &String::from_utf8_lossy(&stderr);
    (status.code().expect("it ended by itself"), told)
}

/// The line about one matter.
#[track_caller]
fn line<'a>(told: &'a str, matter: &str) -> &'a str {
    told.lines().find(|line| line.contains(&format!("{matter}: "))).unwrap_or_else(|| panic!("no {matter} in {told}"))
}

/// PROTOCOL §5.
#[test]
fn the_operator_is_told_the_record_of_each_domain_and_what_dns_says_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let named = |domains: &str| {
        let nobody = free_port();
        format!("resolver = '127.0.0.1:{nobody}'\n[[organisations]]\nname = 'Vårdcentralen'\ndomains = [{domains}]")
    };
    let config = configure(folder.path(), free_port(), free_port(), &named("'vård.example.se'"));
    let (code, told) = check(&config, &[]);
    assert!(code == 1 && line(&told, "verified sender").contains("once the server has its seal"), "{told}");

    let seal = folder.path().join("elsewhere/seal");
    fs::write(&seal, "5e".repeat(32)).unwrap();
    fs::set_permissions(&seal, fs::Permissions::from_mode(0o600)).unwrap();
    let (code, told) = check(&config, &[]);
    assert_eq!(code, 5, "{told}");
    let record = "_securemailbox.xn--vrd-ula.example.se. TXT \"securemailbox-domain=";
    let said = line(&told, "verified sender");
    assert!(said.contains("Vårdcentralen, vård.example.se: DNS does not answer") && said.contains(record), "{said}");
    assert_eq!(line(&check(&config, &[]).1, "verified sender"), said, "the record stays the same");

    let config = configure(folder.path(), free_port(), free_port(), &named("'se'"));
    let (code, told) = check(&config, &[]);
    assert!(code == 2 && line(&told, "configuration").contains(r#""se" of "Vårdcentralen""#), "{told}");
}

#[test]
fn a_server_that_runs_is_checked_from_beside() {
    let folder = tempfile::tempdir().unwrap();
    let mail = free_port();
    let _mail = MailServer::listen(mail);
    let sms = free_port();
    let _sms = Gateway::listen(sms, "200 OK");
    let config = configure(folder.path(), mail, sms, "");
    let (code, told) = check(&config, &[]);
    assert_eq!(code, 1, "{told}");
    assert!(line(&told, "seal").contains("the first start makes"), "{told}");
    assert!(line(&told, "database").contains("empty: the first start fills it"), "{told}");
    assert!(
        !folder.path().join("data").exists() && !folder.path().join("elsewhere/seal").exists(),
        "it made something"
    );

    let start = dead_senders(Start::demo(folder.path()), free_port());
    let _server = Server::start(Start { config: Some(config.clone()), environment: Vec::new(), ..start });
    let (code, told) = check(&config, &["--mail", "anna@example.se", "--sms", "+46701740612"]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(told.lines().count(), 8, "{told}");
    for (matter, words) in [
        ("configuration", "listens on 127.0.0.1:8025"),
        ("tls", "for this machine only"),
        ("database", "as this program has it"),
        ("files", "none missing and none too many"),
        ("seal", "fits the database"),
        ("disk", "MiB free"),
        ("mail", "was taken"),
        ("sms", "was taken"),
    ] {
        assert!(line(&told, matter).starts_with("fine ") && line(&told, matter).contains(words), "{told}");
    }
    let (_, document) = check(&config, &["--json"]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["findings"][0]["verdict"], "fine");
}

#[test]
fn each_thing_that_is_wrong_has_its_line_and_the_worst_its_code() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "own");
    let leaf = authority.issue("localhost", 3);
    let tls = format!("[tls]\ncert = '{}'\nkey = '{}'", leaf.cert.display(), leaf.key.display());
    let dead = free_port();
    let config = configure(folder.path(), dead, dead, &tls);
    let (code, told) = check(&config, &["--mail", "anna@example.se", "--sms", "+46701740612"]);
    assert_eq!(code, 5, "{told}");
    assert!(line(&told, "tls").contains("2 days left") && line(&told, "tls").contains("fullchain.pem"), "{told}");
    for sender in ["mail", "sms"] {
        assert!(line(&told, sender).contains("it can't be reached"), "{told}");
    }

    let seal = folder.path().join("elsewhere/seal");
    let start = dead_senders(Start::demo(folder.path()), dead);
    let plain = configure(folder.path(), dead, dead, "");
    Server::start(Start { config: Some(plain.clone()), environment: Vec::new(), ..start }).stop();
    let ours = fs::read_to_string(&seal).unwrap();
    fs::write(&seal, "ab".repeat(32)).unwrap();
    let (code, told) = check(&plain, &[]);
    assert!(code == 2 && line(&told, "seal").contains("is another database's"), "{told}");
    fs::remove_file(&seal).unwrap();
    let (code, told) = check(&plain, &[]);
    assert!(code == 2 && line(&told, "seal").contains("does not exist"), "{told}");
    assert!(!told.contains(ours.trim()));

    fs::write(&plain, "data = 'data'\nlisen = 1").unwrap();
    let (code, told) = check(&plain, &[]);
    assert!(code == 2 && line(&told, "configuration").contains("`lisen` is not a key"), "{told}");
    let away = configure(folder.path(), dead, dead, &format!("database = 'postgresql://s:hemligt@localhost:{dead}/s'"));
    let (code, told) = check(&away, &[]);
    assert!(code == 5 && line(&told, "database").contains("Is PostgreSQL running there"), "{told}");
    assert!(!told.contains("hemligt"), "{told}");
}
