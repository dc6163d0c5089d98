//! `cargo xtask run`: a server with people in it, and its page.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
};

use serde_json::Value;

use crate::{
    loopback, page,
    process::{self, Failure, Outcome},
    workspace::{Profile, Workspace},
};

/// Where the demo listens unless told otherwise or taken.
const USUAL_PORT: u16 = 8443;

/// What the server says when it answers and its people are made.
const READY: &str = "SecureMailbox listens on http://";

/// What follows `run`.
pub(crate) struct Options {
    listen: Option<String>,
    once: bool,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Outcome<Self> {
        match arguments {
            [] => Ok(Self { listen: None, once: false }),
            ["--once", rest @ ..] => Ok(Self { once: true, ..Self::parse(rest)? }),
            ["--listen", address, rest @ ..] => Ok(Self { listen: Some((*address).into()), ..Self::parse(rest)? }),
            [other, ..] => Err(Failure::usage(format!("run takes --listen ADDR and --once, not {other}"))),
        }
    }
}

/// Someone the demo made.
struct Person {
    name: String,
    address: String,
    phone: String,
    password: String,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Outcome {
    page::build(workspace)?;
    let binary = workspace.build_binary(Profile::Dev)?;
    let listen = options.listen.clone().map_or_else(usual_or_free_port, Ok)?;
    let mut server = Server::start(workspace, &binary, &listen)?;
    loopback::get(&server.authority, "/", "text/html")?;
    let people = people(&server.authority)?;
    introduce(&server.authority, &people);
    if let [first, second, ..] = people.as_slice() {
        println!("\nThree commands to try:");
        let profile = from_here(&workspace.target().join("demo-profile"));
        for command in [
            format!("login --server http://{} --email {}", server.authority, first.address),
            format!("send --to {} --subject Hej --text 'Hur mår du?'", second.address),
            "list --folder sent".to_owned(),
        ] {
            println!("  {} {command} --profile {}", from_here(&binary).display(), profile.display());
        }
    }
    if options.once {
        return server.stop();
    }
    println!("\nIt goes on until Ctrl-C.");
    server.process.wait()?;
    Ok(())
}

fn introduce(authority: &str, people: &[Person]) {
    println!("\nSecureMailbox, with people in it: http://{authority}\n");
    for Person { name, address, phone, password } in people {
        println!("  {name:24} {address:26} {phone:14} {password}");
    }
    println!("\nTheir codes, and everything else that would have been sent: http://{authority}/demo/outbox");
}

fn usual_or_free_port() -> Outcome<String> {
    let port = if TcpListener::bind(("127.0.0.1", USUAL_PORT)).is_ok() { USUAL_PORT } else { loopback::free_port()? };
    Ok(format!("127.0.0.1:{port}"))
}

/// The demo's people, as the server says they are.
fn people(authority: &str) -> Outcome<Vec<Person>> {
    let accounts = loopback::json(authority, "/demo/accounts.json")?;
    let rows = accounts.as_array().ok_or_else(|| Failure::new("/demo/accounts.json is no list"))?;
    let text = |row: &Value, member: &str| {
        row[member]
            .as_str()
            .map(String::from)
            .ok_or_else(|| Failure::new(format!("a person of the demo has no {member}")))
    };
    rows.iter()
        .map(|row| {
            let (name, address) = (text(row, "name")?, text(row, "address")?);
            Ok(Person { name, address, phone: text(row, "phone")?, password: text(row, "password")? })
        })
        .collect()
}

/// The demo server. Stopped when it goes out of scope, so that a failed start leaves none behind.
struct Server {
    process: Child,
    authority: String,
}

impl Server {
    fn start(workspace: &Workspace, binary: &Path, listen: &str) -> Outcome<Self> {
        let log = workspace.target().join("demo.log");
        let mut process = Command::new(binary)
            .args(["serve", "--demo", "--listen", listen, "--data"])
            .arg(workspace.target().join("demo"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
        let lines =
            process.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok);
        let (ready, readiness) = mpsc::channel();
        // Reads on after that line, so that the server never writes into a closed pipe.
        thread::spawn(move || {
            lines.filter_map(|line| Some(line.strip_prefix(READY)?.to_owned())).for_each(|authority| {
                ready.send(authority).ok();
            });
        });
        match readiness.recv() {
            Ok(authority) => Ok(Self { process, authority }),
            Err(_) => Err(Failure::new(format!("the server did not start; its log ends:\n{}", last_lines(&log)?))),
        }
    }

    /// Asks it to end, and waits until it has.
    fn stop(&mut self) -> Outcome {
        process::capture(Command::new("kill").arg(self.process.id().to_string()))?;
        let status = self.process.wait()?;
        if status.success() { Ok(()) } else { Err(Failure::new(format!("the server ended with {status}"))) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn last_lines(log: &Path) -> Outcome<String> {
    let text = fs::read_to_string(log)?;
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(5)..].join("\n"))
}

/// A path as one would type it in this folder.
fn from_here(path: &Path) -> PathBuf {
    let here = env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).into()
}
