//! Senders that are dead or alive as a test wants: a mail server and an SMS gateway on loopback.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

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

/// A port that nobody listens on.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// A mail server that takes everything (RFC 5321) and remembers it.
#[derive(Clone, Default)]
pub struct MailServer {
    messages: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// Listens on `port` until the test ends.
    ///
    /// # Panics
    /// When the port is taken.
    #[must_use]
    pub fn listen(port: u16) -> Self {
        let server = Self::default();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the port is free");
        let messages = server.messages.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let messages = messages.clone();
                // A client that breaks off is no matter of ours.
                thread::spawn(move || converse(&stream, &messages));
            }
        });
        server
    }

    /// Everything taken so far: headers and body.
    ///
    /// # Panics
    /// When a connection panicked.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        self.messages.lock().expect("no panic").clone()
    }
}

fn converse(stream: &TcpStream, messages: &Mutex<Vec<String>>) -> Option<()> {
    let mut writer = stream;
    writer.write_all(b"220 test\r\n").ok()?;
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(line) = lines.next() {
        let answer = match line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase().as_str() {
            "DATA" => {
                writer.write_all(b"354 go on\r\n").ok()?;
                let message: Vec<String> = lines.by_ref().take_while(|line| line != ".").collect();
                messages.lock().ok()?.push(message.join("\n"));
                "250 taken\r\n"
            }
            "QUIT" => return writer.write_all(b"221 bye\r\n").ok(),
            _ => "250 fine\r\n",
        };
        writer.write_all(answer.as_bytes()).ok()?;
    }
    Some(())
}
