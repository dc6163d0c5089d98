//! Attacks that take something and do not give it back: places, bodies and answers.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read, Write},
    thread,
    time::{Duration, Instant},
};

use securemailbox_e2e::h2;

use super::{
    door::Line,
    scene::{Scene, Setting, mebibytes},
};

/// Below the server's own number, and above what it lets one network have.
const CONNECTIONS: usize = 9000;
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
/// How much 1,000 idle event streams may grow in a minute.
const STREAMS_KIB: u64 = 4 * 1024;

/// Opens connections that say `sent`; fewer where no more come about in time.
fn open(connect: impl Fn() -> Option<Line>, many: usize, sent: &[u8], until: Instant) -> Vec<Line> {
    let mut held = Vec::new();
    while held.len() < many && Instant::now() < until {
        let Some(mut stream) = connect() else { continue };
        // It may be closed already, which is what is counted afterwards.
        let _ = stream.write_all(sent);
        held.push(stream);
    }
    held
}

/// Reads what is there. Whether the connection is still open.
fn read(stream: &mut Line, seen: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 16 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(length) => seen.extend_from_slice(&buffer[..length]),
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

fn sleep_until(until: Instant) {
    thread::sleep(until.saturating_duration_since(Instant::now()));
}

pub fn connections(scene: &Scene, time: Duration, sent: &[u8]) -> String {
    connections_by(|| scene.door.connect(), time, sent)
}

/// The same from below TLS, which nobody speaks.
pub fn bare_connections(scene: &Scene, time: Duration, sent: &[u8]) -> String {
    connections_by(|| scene.door.connect_bare(), time, sent)
}

fn connections_by(connect: impl Fn() -> Option<Line>, time: Duration, sent: &[u8]) -> String {
    let until = Instant::now() + time;
    let mut held = open(connect, CONNECTIONS, sent, until);
    let open =
        |held: &mut [Line]| held.iter_mut().map(|stream| usize::from(read(stream, &mut Vec::new()))).sum::<usize>();
    let first = open(&mut held);
    sleep_until(until + Duration::from_secs(1));
    let last = open(&mut held);
    format!("{} opened, {} closed at once, {last} open after {} s", held.len(), held.len() - first, time.as_secs() + 1)
}

pub fn pings(scene: &Scene, time: Duration) -> String {
    let until = Instant::now() + time;
    let host = scene.door.host();
    let sent = [h2::PREFACE, &h2::settings(65_535), &h2::headers(1, "GET", "/healthz", &host, &[], true)].concat();
    let held = open(|| scene.door.connect(), CONNECTIONS, &sent, until);
    let all = held.len();
    // Each of them for the whole time, however long it took to open all.
    let until = Instant::now() + time;
    let mut held: Vec<_> = held.into_iter().map(|stream| (stream, Vec::new(), 0)).collect();
    let mut refused = None;
    while Instant::now() < until {
        held.retain_mut(|(stream, seen, answered)| {
            let is_open = read(stream, seen);
            *answered = h2::answer_pings(seen, *answered, stream);
            is_open
        });
        refused.get_or_insert(all - held.len());
        thread::sleep(Duration::from_millis(500));
    }
    let refused = refused.unwrap_or_default();
    format!("{all} opened, {refused} closed at once, {} open after {} s", held.len(), time.as_secs())
}

/// Requests that stay as they are, on connections that each have so many; which statuses came.
fn hold(scene: &Scene, time: Duration, connections: usize, sent: &[u8]) -> String {
    let until = Instant::now() + time;
    let mut held = open(|| scene.door.connect(), connections, sent, until);
    sleep_until(until);
    let (mut statuses, mut open) = (BTreeMap::new(), 0);
    for stream in &mut held {
        let mut seen = Vec::new();
        open += usize::from(read(stream, &mut seen));
        count_statuses(&seen, &mut statuses);
    }
    let statuses: Vec<String> = statuses.iter().map(|(status, times)| format!("{times}×{status}")).collect();
    let statuses = if statuses.is_empty() { "nothing refused".into() } else { statuses.join(", ") };
    format!("{statuses}; {open} of {} connections open", held.len())
}

/// Problems name their status in their body, by either protocol.
fn count_statuses(seen: &[u8], statuses: &mut BTreeMap<String, usize>) {
    let text = String::from_utf8_lossy(seen);
    for part in text.split("\"status\":").skip(1) {
        let status: String = part.chars().take_while(char::is_ascii_digit).collect();
        *statuses.entry(status).or_default() += 1;
    }
}

fn h2_requests(scene: &Scene, method: &str, path: &str, more: &[(&str, &str)], body: &[u8], window: u32) -> Vec<u8> {
    let host = scene.door.host();
    let mut sent = [h2::PREFACE, &h2::settings(window)].concat();
    for request in 0..16 {
        sent.extend(h2::headers(1 + 2 * request, method, path, &host, more, body.is_empty()));
        if !body.is_empty() {
            sent.extend(h2::data(1 + 2 * request, body));
        }
    }
    sent
}

pub fn contents(scene: &Scene, time: Duration) -> String {
    let token = format!("Bearer {}", scene.token);
    let sent = h2_requests(scene, "GET", &scene.content, &[("authorization", &token)], b"", 0);
    hold(scene, time, 30, &sent)
}

fn h1_request(scene: &Scene, path: &str, kind: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = [
        format!("POST {path} HTTP/1.1"),
        format!("Host: {}", scene.door.host()),
        format!("Authorization: Bearer {}", scene.token),
        format!("Content-Type: {kind}"),
        format!("Content-Length: {length}"),
    ];
    [format!("{}\r\n\r\n", head.join("\r\n")).as_bytes(), body].concat()
}

const MULTIPART: &str = "multipart/form-data; boundary=b";

pub fn posts(scene: &Scene, time: Duration) -> String {
    hold(scene, time, 64, &h1_request(scene, "/api/v1/letters", MULTIPART, 1_000_000, b"--b\r\n"))
}

pub fn posts_h2(scene: &Scene, time: Duration) -> String {
    let token = format!("Bearer {}", scene.token);
    let more = [("authorization", &*token), ("content-type", MULTIPART)];
    hold(scene, time, 4, &h2_requests(scene, "POST", "/api/v1/letters", &more, b"--b\r\n", 65_535))
}

pub fn bodies(scene: &Scene, time: Duration) -> String {
    let path = format!("/api/v1/registrations/{NOBODY}/complete");
    hold(scene, time, 480, &h1_request(scene, &path, "application/json", 256 * 1024, &vec![b' '; 60_000]))
}

pub fn bodies_h2(scene: &Scene, time: Duration) -> String {
    let path = format!("/api/v1/registrations/{NOBODY}/complete");
    let more = [("content-type", "application/json")];
    hold(scene, time, 30, &h2_requests(scene, "POST", &path, &more, &[b' '; 4000], 65_535))
}

pub fn sign_ins_h2(scene: &Scene, time: Duration) -> String {
    let more = [("content-type", "application/json")];
    hold(scene, time, 30, &h2_requests(scene, "POST", "/api/v1/sign-ins", &more, &[b' '; 4000], 65_535))
}

/// 1,000 event streams of one account, on which nothing happens for a minute.
pub fn event_streams(setting: Setting) -> bool {
    let scene = Scene::set(setting, false);
    let before = scene.server.resident_kib();
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
        scene.door.host(),
        scene.token
    );
    let mut held = open(|| scene.door.connect(), 1000, request.as_bytes(), Instant::now() + Duration::from_secs(60));
    thread::sleep(Duration::from_secs(5));
    let begun = scene.server.resident_kib();
    thread::sleep(Duration::from_secs(60));
    let after = scene.server.resident_kib();
    let is_open = |stream: &mut Line| {
        let mut seen = Vec::new();
        read(stream, &mut seen) && seen.starts_with(b"HTTP/1.1 200")
    };
    let open: usize = held.iter_mut().map(|stream| usize::from(is_open(stream))).sum();
    println!(
        "\n1,000 idle event streams: {} MiB without, {} MiB with them, {} MiB a minute later; {open} of them open.",
        mebibytes(before),
        mebibytes(begun),
        mebibytes(after)
    );
    after < begun + STREAMS_KIB
}
