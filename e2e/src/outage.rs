//! Senders that are dead or alive as a test wants: a mail server and an SMS gateway on loopback.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    ops::Range,
    process,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::Duration,
};

use securemailbox_protocol::factors::Code;

use crate::server::Start;

/// A configuration whose mail server and SMS gateway do not answer.
#[must_use]
pub fn dead_senders(start: Start, mail_port: u16) -> Start {
    Start { demo: false, ..start }
        // Everybody in a test comes from one network.
        .with("LIMITS__REQUESTS_A_SECOND", "100000")
        .with("MAIL__URL", &format!("smtp://localhost:{mail_port}"))
        .with("MAIL__FROM", "noreply@example.se")
        .with("SMS__KIND", "http")
        .with("SMS__URL", "http://localhost:9/")
        .with("SMS__CONTENT_TYPE", "application/json")
        .with("SMS__BODY", r#"{"to":"{to}","text":"{text}"}"#)
}

/// A port that nobody listens on and nobody else is given: each once in a process, and none of those that the system
/// gives to connections (on Linux from 32,768), which take a port between its being found free and its being used.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    const PORTS: Range<u16> = 10_000..32_000;
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Test programs that run beside each other begin at different places.
    let begin = u16::try_from(process::id() % 220).expect("less than 220") * 100;
    let next = |_| PORTS.start + (begin + GIVEN.fetch_add(1, Ordering::Relaxed)) % (PORTS.end - PORTS.start);
    PORTS.map(next).find(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()).expect("a free port")
}

/// What a mail server does with a message that it was given.
#[derive(Clone, Copy)]
pub enum Manner {
    /// Takes it.
    Takes,
    /// Says nothing more.
    Hangs,
    /// Takes it after this time.
    Slow(Duration),
    /// Answers with this.
    Refuses(&'static str),
}

/// A mail server (RFC 5321) that remembers everything it is given.
#[derive(Clone, Default)]
pub struct MailServer {
    messages: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// Listens on `port` until the test ends, and takes everything.
    ///
    /// # Panics
    /// When the port is taken.
    #[must_use]
    pub fn listen(port: u16) -> Self {
        Self::behaving(port, Manner::Takes)
    }

    /// Listens on `port` until the test ends.
    ///
    /// # Panics
    /// When the port is taken.
    #[must_use]
    pub fn behaving(port: u16, manner: Manner) -> Self {
        let server = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let messages = server.messages.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let messages = messages.clone();
                // A client that breaks off is no matter of ours.
                thread::spawn(move || converse(&stream, manner, &messages));
            }
        });
        server
    }

    /// Everything given so far: headers and body.
    ///
    /// # Panics
    /// When a connection panicked.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.messages.lock().expect("no panic").clone()
    }
}

fn converse(stream: &TcpStream, manner: Manner, messages: &Mutex<Vec<String>>) -> Option<()> {
    let mut writer = stream;
    writer.write_all(b"220 test\r\n").ok()?;
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        let answer = match line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                writer.write_all(b"354 go on\r\n").ok()?;
                let message: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
                messages.lock().ok()?.push(message.join("\n"));
                match manner {
                    Manner::Takes => "250 taken\r\n".to_owned(),
                    Manner::Hangs => loop {
                        thread::park();
                    },
                    Manner::Slow(pause) => {
                        thread::park_timeout(pause);
                        "250 taken\r\n".to_owned()
                    }
                    Manner::Refuses(answer) => format!("{answer}\r\n"),
                }
            }
            "QUIT" => return writer.write_all(b"221 bye\r\n").ok(),
            _ => "250 fine\r\n".to_owned(),
        };
        writer.write_all(answer.as_bytes()).ok()?;
    }
    Some(())
}

/// An SMS gateway that gives everything the same answer and remembers what it was asked.
#[derive(Clone, Default)]
pub struct Gateway {
    asked: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    /// Listens on `port` until the test ends; `status` is such as `402 Payment Required`.
    ///
    /// # Panics
    /// When the port is taken.
    #[must_use]
    pub fn listen(port: u16, status: &'static str) -> Self {
        let gateway = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let asked = gateway.asked.clone();
        thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut request = [0; 4096];
                let length = stream.read(&mut request).unwrap_or_default();
                asked.lock().expect("no panic").push(String::from_utf8_lossy(&request[..length]).into_owned());
                // A client that breaks off is no matter of ours.
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        gateway
    }

    /// Every request so far.
    ///
    /// # Panics
    /// When the gateway panicked.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }

    /// The last request that names this number.
    ///
    /// # Panics
    /// When the gateway panicked.
    #[must_use]
    pub fn newest_to(&self, phone: &str) -> Option<String> {
        self.asked.lock().expect("no panic").iter().rev().find(|asked| asked.contains(phone)).cloned()
    }
}

/// How it stands with the way to a service.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// What is asked is passed on, and so is the answer.
    Open,
    /// All is answered with this status, and with this code in S3's form.
    Refuses(&'static str, &'static str),
    /// What is asked arrives once the way is open again, whether or not somebody still waits for it.
    Held,
}

/// A way to a service that speaks HTTP, which is as a test wants it.
pub struct Detour {
    url: String,
    way: Arc<(Mutex<Way>, Condvar)>,
}

impl Detour {
    /// Listens until the test ends, and passes on to a service at `http://ADDRESS:PORT`.
    ///
    /// # Panics
    /// When it can't listen.
    #[must_use]
    pub fn to(service: &str) -> Self {
        let service: SocketAddr = service.trim_start_matches("http://").parse().expect("an address and a port");
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("it listens"));
        let way = Arc::new((Mutex::new(Way::Open), Condvar::new()));
        let shared = Arc::clone(&way);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let way = Arc::clone(&shared);
                // Whoever breaks off is no matter of ours.
                thread::spawn(move || pass_on(&stream, service, &way));
            }
        });
        Self { url, way }
    }

    /// Its address, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on it is this way.
    ///
    /// # Panics
    /// When a connection panicked.
    pub fn becomes(&self, way: Way) {
        let (now, changed) = &*self.way;
        *now.lock().expect("no panic") = way;
        changed.notify_all();
    }
}

/// One request and its answer, and no more by this connection.
fn pass_on(mut client: &TcpStream, service: SocketAddr, (way, changed): &(Mutex<Way>, Condvar)) -> Option<()> {
    let mut reader = BufReader::new(client);
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") {
        let begins = head.len();
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        let line = head[begins..].to_ascii_lowercase();
        if let Some(said) = line.strip_prefix("content-length:") {
            length = said.trim().parse().ok()?;
        } else if line.starts_with("connection:") {
            head.truncate(begins);
        }
    }
    head.insert_str(head.len() - 2, "connection: close\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let way = *changed.wait_while(way.lock().ok()?, |way| *way == Way::Held).ok()?;
    if let Way::Refuses(status, code) = way {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>");
        let length = body.len();
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        return client.write_all(&[head, body].concat().into_bytes()).ok();
    }
    let mut passed = TcpStream::connect(service).ok()?;
    passed.write_all(head.as_bytes()).ok()?;
    passed.write_all(&body).ok()?;
    let mut answer = Vec::new();
    passed.read_to_end(&mut answer).ok()?;
    client.write_all(&answer).ok()
}

/// The first number of six digits in an e-mail or an SMS.
#[must_use]
pub fn code_in(text: &str) -> Option<Code> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    numbers.find(|number| number.len() == 6).and_then(|code| Code::parse(code).ok())
}
