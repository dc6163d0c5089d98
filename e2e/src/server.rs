//! A real server in a process of its own.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The line the server prints when it answers.
const READY: &str = "SecureMailbox listens on ";

/// The command under test: `SECUREMAILBOX_BIN`, else the one that lies beside this test.
#[must_use]
pub fn binary() -> PathBuf {
    std::env::var_os("SECUREMAILBOX_BIN").map_or_else(
        || {
            let test = std::env::current_exe().expect("a test knows where it lies");
            test.ancestors().nth(2).expect("target/debug/deps/test").join("securemailbox")
        },
        PathBuf::from,
    )
}

/// How a server is started.
#[derive(Clone)]
pub struct Start {
    /// The command that serves.
    pub binary: PathBuf,
    /// The folder that the server keeps its data in.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: String,
    /// Configuration over the default, by environment variable.
    pub environment: Vec<(String, String)>,
    /// The configuration file, where there is one.
    pub config: Option<PathBuf>,
    /// Whether the server is started as a demo, whose codes can be read.
    pub demo: bool,
    /// Whether the people of the demo have written to each other already.
    pub with_letters: bool,
}

impl Start {
    /// A demo on SQLite in `folder`.
    #[must_use]
    pub fn demo(folder: &Path) -> Self {
        Self {
            binary: binary(),
            data: folder.join("data"),
            listen: "127.0.0.1:0".into(),
            environment: Vec::new(),
            config: None,
            demo: true,
            with_letters: false,
        }
    }

    /// Starts a server on a PostgreSQL database.
    #[must_use]
    pub fn on_postgres(self, url: &str) -> Self {
        self.with("DATABASE", url)
    }

    /// With one key of the configuration, such as `MAIL__URL`.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.environment.push((format!("SECUREMAILBOX_SERVER_{key}"), value.to_owned()));
        self
    }
}

/// A server that answers. Dropped, it is killed.
pub struct Server {
    child: Child,
    url: String,
    log: PathBuf,
    start: Start,
}

impl Server {
    /// Starts it and waits until it answers.
    ///
    /// # Panics
    /// When it does not, with its log.
    #[must_use]
    pub fn start(start: Start) -> Self {
        Self::try_start(start).unwrap_or_else(|(status, log)| panic!("the server did not start ({status:?}):\n{log}"))
    }

    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// Its exit code and its log, when it does not.
    pub fn try_start(start: Start) -> Result<Self, (Option<i32>, String)> {
        let log = start.data.with_extension("log");
        fs::create_dir_all(start.data.parent().expect("a folder of its own")).expect("a folder to work in");
        let stderr = File::options().create(true).append(true).open(&log).expect("a log to write");
        let mut command = Command::new(&start.binary);
        command.arg("serve").arg("--data").arg(&start.data).arg("--listen").arg(&start.listen);
        if start.demo {
            command.arg("--demo");
            if !start.with_letters {
                command.arg("--without-letters");
            }
        }
        if let Some(config) = &start.config {
            command.arg("--config").arg(config);
        }
        command.envs(start.environment.iter().map(|(key, value)| (key, value)));
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr).spawn().expect("the command starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped above")).lines();
        let url = lines.by_ref().map_while(Result::ok).find_map(|line| line.strip_prefix(READY).map(str::to_owned));
        let Some(url) = url else {
            let status = child.wait().ok().and_then(|status| status.code());
            return Err((status, fs::read_to_string(&log).unwrap_or_default()));
        };
        Ok(Self { child, url, log, start })
    }

    /// Its address, `http://localhost:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder that the server keeps its data in.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.start.data
    }

    /// Everything it has logged, over all its lives.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Resident memory now, in KiB.
    #[must_use]
    pub fn resident_kib(&self) -> u64 {
        let mut status = String::new();
        File::open(format!("/proc/{}/status", self.child.id()))
            .and_then(|mut file| file.read_to_string(&mut status))
            .expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux tells");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// How long it has run on a processor so far.
    #[must_use]
    pub fn processor_seconds(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        // The name in parentheses may hold spaces; user and system time are the 12th and 13th after it (proc(5)), in
        // hundredths of a second on every Linux.
        let (_, fields) = stat.rsplit_once(") ").expect("a name in parentheses");
        let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u32>().expect("a number"));
        f64::from(ticks.sum::<u32>()) / 100.0
    }

    /// Sends it a signal, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits until it has logged this.
    ///
    /// # Panics
    /// When it has not within ten seconds.
    pub async fn await_log(&self, words: &str) {
        for _ in 0..500 {
            if self.log().contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it did not log {words:?}:\n{}", self.log())
    }

    /// `kill -9`: no chance to tidy up.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was killed");
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// When it doesn't stop by itself, or not with success.
    pub fn stop(&mut self) {
        self.signal("TERM");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "the server ended with {status}:\n{}", self.log());
    }

    /// Starts it again after [`Server::kill`] or [`Server::stop`], at the same address, so that clients find it.
    #[must_use]
    pub fn again(&self) -> Self {
        let port = self.url.rsplit(':').next().expect("a port");
        Self::start(Start { listen: format!("127.0.0.1:{port}"), ..self.start.clone() })
    }

    /// Everything the demo would have sent, newest last.
    pub async fn outbox(&self) -> Vec<serde_json::Value> {
        let answer = reqwest::get(format!("{}/demo/outbox.json", self.url)).await.expect("the demo answers");
        serde_json::from_slice(&answer.bytes().await.expect("whole")).expect("JSON")
    }

    /// The newest code sent to `to` after the first `before` messages to them. Other news may come between.
    ///
    /// # Panics
    /// When none comes within ten seconds.
    pub async fn code(&self, to: &str, before: usize) -> String {
        let code = |message: serde_json::Value| message["code"].as_str().map(ToOwned::to_owned);
        for _ in 0..500 {
            let messages = self.outbox().await.into_iter().filter(|message| message["to"] == to).skip(before);
            if let Some(code) = messages.filter_map(code).last() {
                return code;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no code came to {to}")
    }

    /// The first message to `to` after `before` of them, once it is there.
    ///
    /// # Panics
    /// When none comes within ten seconds.
    pub async fn message(&self, to: &str, before: usize) -> String {
        for _ in 0..500 {
            if let Some(message) = self.outbox().await.into_iter().filter(|message| message["to"] == to).nth(before) {
                return message["text"].as_str().expect("a text").to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no message came to {to}")
    }

    /// How many messages went to `to` so far.
    pub async fn messages_to(&self, to: &str) -> usize {
        self.outbox().await.iter().filter(|message| message["to"] == to).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
