//! Asks our own server on this machine. No client library: one plain GET is all there is to it.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
};

use serde_json::Value;

use crate::process::{Failure, Outcome};

/// A port of this machine that nobody listens on.
pub(crate) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// The JSON document at `path` of the server at `authority` (`localhost:8443`).
pub(crate) fn json(authority: &str, path: &str) -> Outcome<Value> {
    let body = get(authority, path, "application/json")?;
    serde_json::from_str(&body).map_err(|error| Failure::new(format!("{path} is not JSON: {error}")))
}

/// What is answered at `path` to who accepts `kind`.
pub(crate) fn get(authority: &str, path: &str, kind: &str) -> Outcome<String> {
    let mut stream = TcpStream::connect(authority)?;
    // HTTP/1.0, so that the body ends with the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {authority}\r\nAccept: {kind}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.lines().next().unwrap_or("nothing");
    if status.split(' ').nth(1) == Some("200") {
        Ok(body.to_owned())
    } else {
        Err(Failure::new(format!("{path} answered: {status}")))
    }
}

#[cfg(test)]
mod tests {
    use std::{io::BufRead, io::BufReader, thread};

    use super::*;

    /// What `get` makes of one answer.
    fn answered(answer: &'static str) -> Outcome<Value> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let authority = listener.local_addr()?.to_string();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let head = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            assert_eq!(head.count(), 3);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        json(&authority, "/demo/accounts.json")
    }

    #[test]
    fn a_document_is_read_and_an_error_told() {
        assert_eq!(answered("HTTP/1.0 200 OK\r\n\r\n[1]").unwrap(), serde_json::json!([1]));
        let refused = answered("HTTP/1.0 404 Not Found\r\n\r\n{}").unwrap_err().to_string();
        assert!(refused.contains("404"), "{refused}");
    }
}
