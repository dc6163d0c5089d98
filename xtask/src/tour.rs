//! `cargo xtask run`: a server with people in it, and a letter from Anna to Björn and back.

use std::{
    env,
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    loopback,
    process::{self, Failure, Outcome},
    workspace::{Profile, Workspace},
};

/// Where the demo listens unless told otherwise or taken.
const USUAL_PORT: u16 = 8443;

/// What the server says when it answers and its people are made.
const READY: &str = "SecureMailbox listens on http://";

/// How often the demo's outbox is looked into for a code.
const TRIES_AT_THE_OUTBOX: u32 = 200;

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
    let binary = workspace.build_binary(Profile::Dev)?;
    let listen = options.listen.clone().map_or_else(usual_or_free_port, Ok)?;
    let mut server = Server::start(workspace, &binary, &listen)?;
    let people = people(&server.authority)?;
    println!("\nA mailbox server with people in it: http://{}\n", server.authority);
    for person in &people {
        println!("  {:24} {:26} {:14} {}", person.name, person.address, person.phone, person.password);
    }
    let tour = Tour { binary: &binary, server: &server, profiles: workspace.target().join("demo-profiles") };
    tour.walk(&people)?;
    if options.once {
        return server.stop();
    }
    println!(
        "\nThe server goes on until Ctrl-C. Every e-mail and SMS of the demo: http://{}/demo/outbox",
        server.authority
    );
    server.process.wait()?;
    Ok(())
}

fn usual_or_free_port() -> Outcome<String> {
    let port = if TcpListener::bind(("127.0.0.1", USUAL_PORT)).is_ok() { USUAL_PORT } else { loopback::free_port()? };
    Ok(format!("127.0.0.1:{port}"))
}

/// The demo's people, as the server says they are.
fn people(authority: &str) -> Outcome<Vec<Person>> {
    let accounts = loopback::get(authority, "/demo/accounts.json")?;
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

/// The demo server. Stopped when it goes out of scope, so that a failed tour leaves none behind.
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

/// The command line, as two people use it.
struct Tour<'a> {
    binary: &'a Path,
    server: &'a Server,
    profiles: PathBuf,
}

impl Tour<'_> {
    fn walk(&self, people: &[Person]) -> Outcome {
        let called = |first: &str| {
            let found = people.iter().find(|person| person.name.starts_with(first));
            found.ok_or_else(|| Failure::new(format!("the demo has no {first}")))
        };
        let (anna, bjorn) = (called("Anna")?, called("Björn")?);
        self.sign_in(anna)?;
        self.sign_in(bjorn)?;
        println!("\nAnna writes to Björn:");
        self.show(
            anna,
            &[
                "send",
                "--to",
                &bjorn.address,
                "--subject",
                "Provsvaren",
                "--text",
                "Allt ser bra ut. Ring om du undrar något.",
            ],
        )?;
        println!("\nBjörn looks, and reads:");
        self.show(bjorn, &["list"])?;
        let letter = self.newest(bjorn)?;
        self.show(bjorn, &["read", &letter])?;
        println!("\nBjörn answers, and Anna reads:");
        let answer = ["--subject", "Sv: Provsvaren", "--text", "Tack, vad skönt att höra!"];
        self.show(bjorn, &[&["send", "--to", &anna.address, "--reply-to", &letter][..], &answer].concat())?;
        self.show(anna, &["read", &self.newest(anna)?])?;
        println!("\nThree commands to try:");
        for arguments in [
            &["list"][..],
            &["compare", &bjorn.address],
            &["send", "--to", &bjorn.address, "--subject", "Hej", "--text", "…"],
        ] {
            println!("  {}", self.typed(anna, arguments));
        }
        Ok(())
    }

    /// Signs a person in, unless the profile still is.
    fn sign_in(&self, person: &Person) -> Outcome {
        if process::capture(&mut self.command(person, &["whoami"])).is_ok() {
            return Ok(());
        }
        let profile = self.profile(person);
        if profile.exists() {
            fs::remove_dir_all(&profile)?;
        }
        let server = format!("http://{}", self.server.authority);
        let before = self.codes(person)?.len();
        // The password is in the environment, so the only question is for the code.
        let mut login = self.command(person, &["login", "--server", &server, "--email", &person.address]);
        login.env("SECUREMAILBOX_PASSWORD", &person.password);
        let mut child = login.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let (mut answers, said) = (child.stdin.take(), child.stderr.take());
        let mut last = String::new();
        for line in said.map(BufReader::new).into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            last = line;
            if let Some(mut answers) = answers.take() {
                writeln!(answers, "{}", self.next_code(person, before)?)?;
            }
        }
        let status = child.wait()?;
        if status.success() { Ok(()) } else { Err(Failure::new(format!("{} could not sign in: {last}", person.name))) }
    }

    /// The code that comes to a person's phone after the first `before`. The server answers before it has sent it.
    #[expect(clippy::disallowed_methods, reason = "the outbox is a page that has to be asked again")]
    fn next_code(&self, person: &Person, before: usize) -> Outcome<String> {
        for _ in 0..TRIES_AT_THE_OUTBOX {
            if let Some(code) = self.codes(person)?.into_iter().nth(before) {
                return Ok(code);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(Failure::new(format!("no code was sent to {}", person.name)))
    }

    /// The codes that were sent to a person's phone, oldest first.
    fn codes(&self, person: &Person) -> Outcome<Vec<String>> {
        let outbox = loopback::get(&self.server.authority, "/demo/outbox.json")?;
        let sent = outbox.as_array().into_iter().flatten().filter(|sent| sent["to"] == person.phone.as_str());
        Ok(sent.filter_map(|sent| sent["code"].as_str().map(String::from)).collect())
    }

    /// The id of the newest letter in a person's inbox.
    fn newest(&self, person: &Person) -> Outcome<String> {
        let list = process::capture(&mut self.command(person, &["list", "--json", "--limit", "1"]))?;
        let list: Value =
            serde_json::from_str(&list).map_err(|error| Failure::new(format!("list is not JSON: {error}")))?;
        list[0]["id"].as_str().map(String::from).ok_or_else(|| Failure::new(format!("{} has no letter", person.name)))
    }

    /// Runs a command of the product in front of the reader.
    fn show(&self, person: &Person, arguments: &[&str]) -> Outcome {
        println!("$ {}", self.typed(person, arguments));
        let output = process::capture(&mut self.command(person, arguments))?;
        output.lines().for_each(|line| println!("  {line}"));
        Ok(())
    }

    fn command(&self, person: &Person, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command.args(arguments).arg("--profile").arg(self.profile(person));
        command
    }

    fn profile(&self, person: &Person) -> PathBuf {
        self.profiles.join(person.address.split('@').next().unwrap_or("person"))
    }

    /// The command as a person would type it.
    fn typed(&self, person: &Person, arguments: &[&str]) -> String {
        let quoted = |word: &&str| if word.contains([' ', '…']) { format!("'{word}'") } else { (*word).into() };
        let words: Vec<String> = arguments.iter().map(quoted).collect();
        let (binary, profile) = (from_here(self.binary), from_here(&self.profile(person)));
        format!("{} {} --profile {}", binary.display(), words.join(" "), profile.display())
    }
}

/// A path as one would type it in this folder.
fn from_here(path: &Path) -> PathBuf {
    let here = env::current_dir().ok();
    here.and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).into()
}
