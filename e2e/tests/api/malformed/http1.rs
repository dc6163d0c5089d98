//! What no client of HTTP/1.1 would send (RFC 9112), put together by chance.

use rand::{Rng, rngs::StdRng, seq::SliceRandom};

use super::{Target, one_of};

/// Some requests, one behind the other, of which each part may be wrong.
pub fn octets(random: &mut StdRng, target: &Target<'_>) -> Vec<u8> {
    let requests = random.gen_range(1..4);
    (0..requests).flat_map(|_| request(random, target)).collect()
}

fn request(random: &mut StdRng, target: &Target<'_>) -> Vec<u8> {
    let end = one_of(random, &["\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n ", "\r\r\n"]);
    let mut head = vec![[method(random), path(random, target), version(random)].join(" ")];
    head.extend(hosts(random, target));
    if random.gen_bool(0.5) {
        head.push(format!("Authorization: Bearer {}", target.token));
    }
    head.push(format!(
        "Content-Type: {}",
        one_of(random, &["application/json", "multipart/form-data; boundary=b", "", "x"])
    ));
    let body = body(random);
    head.extend(framing(random, body.len()));
    for _ in 0..random.gen_range(0..3) {
        head.push(oddity(random));
    }
    // The request line comes first; everything after it in any order.
    head[1..].shuffle(random);
    [head.join(end).as_bytes(), end.as_bytes(), end.as_bytes(), &body].concat()
}

fn method(random: &mut StdRng) -> String {
    match random.gen_range(0..10) {
        0 => format!("M{}", "X".repeat(random.gen_range(1..20_000))),
        1 => one_of(random, &["get", "", "G\0T", "G\u{e9}T", "PRI", "CONNECT", "TRACE", "OPTIONS", "GET GET"]).into(),
        _ => one_of(random, &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]).into(),
    }
}

fn path(random: &mut StdRng, target: &Target<'_>) -> String {
    match random.gen_range(0..10) {
        0 => format!("/{}", "a/".repeat(random.gen_range(1..10_000))),
        1 => {
            let odd = [
                "*",
                "",
                "//",
                "http://evil.example/",
                "/%00",
                "/%",
                "/\u{1}",
                "/../../etc/passwd",
                "/?\u{7f}",
                "a b",
                ":80",
            ];
            one_of(random, &odd).into()
        }
        _ => target.path(random).to_owned(),
    }
}

fn version(random: &mut StdRng) -> String {
    let rare =
        ["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "http/1.1", "HTTP/1.1 ", "", "HTTP/11", "HTTP/1.1\t", "ICY"];
    if random.gen_bool(0.2) { one_of(random, &rare).into() } else { "HTTP/1.1".into() }
}

fn hosts(random: &mut StdRng, target: &Target<'_>) -> Vec<String> {
    let ours = format!("Host: {}", target.host);
    match random.gen_range(0..10) {
        0 => vec![],
        1 => vec![ours.clone(), ours],
        2 => vec![ours, "Host: evil.example".into()],
        3 => vec![one_of(random, &["Host:", "Host: a b", "Host: [::1", "Host: \u{e5}", "Host: evil.example"]).into()],
        _ => vec![ours],
    }
}

/// How long the body is, by one word or by several that are at odds.
fn framing(random: &mut StdRng, length: usize) -> Vec<String> {
    let right = format!("Content-Length: {length}");
    let chunked = "Transfer-Encoding: chunked".to_owned();
    match random.gen_range(0..12) {
        0 => vec![],
        1 => vec![right.clone(), right],
        2 => vec![right, "Content-Length: 1".into()],
        3 => vec![right, chunked],
        4 => vec![chunked.clone(), chunked],
        5 => {
            let odd = [
                "-1",
                "+3",
                "0x3",
                "1, 1",
                "1,2",
                "99999999999999999999",
                "",
                "3 ",
                "\u{b}3",
                "1_0",
                "18446744073709551615",
            ];
            vec![format!("Content-Length: {}", one_of(random, &odd))]
        }
        6 => {
            let odd = [
                "xchunked",
                "chunked, identity",
                "identity",
                " chunked",
                "chunked\0",
                "gzip, chunked",
                "CHUNKED",
                "chunked;a=b",
                "",
            ];
            vec![format!("Transfer-Encoding: {}", one_of(random, &odd))]
        }
        7 => vec![
            one_of(
                random,
                &["Content-Length : 3", " Content-Length: 3", "Transfer-Encoding : chunked", "Content_Length: 3"],
            )
            .into(),
        ],
        8 | 9 => vec![chunked],
        _ => vec![right],
    }
}

fn oddity(random: &mut StdRng) -> String {
    match random.gen_range(0..8) {
        0 => format!("X-Long: {}", "a".repeat(random.gen_range(1..100_000))),
        1 => {
            (0..random.gen_range(1..300)).map(|number| format!("X-{number}: {number}")).collect::<Vec<_>>().join("\r\n")
        }
        2 => format!("{}: 1", "N".repeat(random.gen_range(1..50_000))),
        3 => format!("Cookie: {}", "a=b; ".repeat(random.gen_range(1..4000))),
        _ => {
            let odd = [
                "Expect: 100-continue",
                "Expect: 200-ok",
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
                "Connection: close",
                "Connection: keep-alive, Host",
                "Upgrade: websocket",
                "no colon",
                ": no name",
                "X\0: 1",
                "X: \0",
                "X: a\r\n folded",
                "X-Forwarded-For: 10.0.0.1, ::1, x",
                "If-Match: \"9999999999999999999999\"",
                "Origin: null",
                "Range: bytes=0-,-1,5-2",
                "Accept-Encoding: gzip;q=x",
                "TE: trailers",
                "Trailer: Content-Length",
            ];
            one_of(random, &odd).into()
        }
    }
}

/// A body: text, chunks of which some are wrong, or a request that means to be one of its own.
fn body(random: &mut StdRng) -> Vec<u8> {
    match random.gen_range(0..6) {
        0 => vec![],
        1 => vec![b'['; random.gen_range(1..70_000)],
        2 => b"0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: smuggled\r\n\r\n".to_vec(),
        3 => b"{\"address\":\"nobody@example.se\",\"language\":\"sv\"}".to_vec(),
        _ => chunks(random),
    }
}

fn chunks(random: &mut StdRng) -> Vec<u8> {
    let mut body = Vec::new();
    for _ in 0..random.gen_range(0..5) {
        let data = vec![b'a'; random.gen_range(0..2000)];
        let size = match random.gen_range(0..6) {
            0 => one_of(random, &["zz", "-1", "FFFFFFFFFFFFFFFFF", "", " 5", "5 ", "0x5", "7fffffffffffffff", "+5"])
                .to_owned(),
            1 => format!("{:x};{}", data.len(), "e".repeat(random.gen_range(0..30_000))),
            2 => format!("{}{:x}", "0".repeat(random.gen_range(1..100)), data.len()),
            _ => format!("{:x}", data.len()),
        };
        let end = one_of(random, &["\r\n", "\r\n", "\r\n", "\r\n", "\n", ""]);
        body.extend([size.as_bytes(), end.as_bytes(), &data, end.as_bytes()].concat());
    }
    let last = ["0\r\n\r\n", "0\r\n\r\n", "0\n\n", "0\r\nContent-Length: 5\r\nX: 1\r\n\r\n", "0\r\n", ""];
    body.extend_from_slice(one_of(random, &last).as_bytes());
    body
}
