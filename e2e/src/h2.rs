//! HTTP/2 over clear text, octet by octet (RFC 9113): as much of it as a client needs that means to be a nuisance, which no
//! library offers.

use std::io::Write;

/// What a connection begins with.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Any frame, also one that is none.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short frame").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Settings with the window that each answer begins with.
#[must_use]
pub fn settings(window: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[&4_u16.to_be_bytes()[..], &window.to_be_bytes()].concat())
}

/// A request on a stream; whether a body follows is the caller's word.
#[must_use]
pub fn headers(stream: u32, method: &str, path: &str, host: &str, more: &[(&str, &str)], ends: bool) -> Vec<u8> {
    let pseudo = [(":method", method), (":scheme", "http"), (":authority", host), (":path", path)];
    let mut block = Vec::new();
    for (name, value) in pseudo.iter().chain(more) {
        // Literals without indexing or Huffman code (RFC 7541 §6.2.2).
        block.push(0);
        for text in [name, value] {
            let length = u8::try_from(text.len()).ok().filter(|length| *length < 127).expect("a short text");
            block.push(length);
            block.extend_from_slice(text.as_bytes());
        }
    }
    let flags = if ends { END_HEADERS | END_STREAM } else { END_HEADERS };
    frame(HEADERS, flags, stream, &block)
}

/// A part of a request's body.
#[must_use]
pub fn data(stream: u32, octets: &[u8]) -> Vec<u8> {
    frame(DATA, 0, stream, octets)
}

/// Answers the pings among the whole frames of `seen` from octet `from` on; where the next frame begins.
pub fn answer_pings(seen: &[u8], mut from: usize, to: &mut impl Write) -> usize {
    while let Some(head) = seen.get(from..from + 9) {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        let Some(payload) = seen.get(from + 9..from + 9 + length) else { break };
        if head[3] == PING && head[4] & ACK == 0 {
            // The other end may be gone.
            let _ = to.write_all(&frame(PING, ACK, 0, payload));
        }
        from += 9 + length;
    }
    from
}
