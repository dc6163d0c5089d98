//! What no client of HTTP/2 would send (RFC 9113), put together by chance.

use rand::{Rng, RngCore, rngs::StdRng};
use securemailbox_e2e::h2;

use super::{Target, one_of};

/// Kinds of frames, and some that are none.
const KINDS: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 255];
const END_HEADERS: u8 = 4;

/// A preface, or half of one, and frames of which some are as they should be.
pub fn octets(random: &mut StdRng, target: &Target<'_>) -> Vec<u8> {
    let mut sent = h2::PREFACE.to_vec();
    if random.gen_bool(0.05) {
        sent.truncate(random.gen_range(1..sent.len()));
        return sent;
    }
    sent.extend(h2::settings(one_of(random, &[65_535, 65_535, 0, 1, 0x7fff_ffff, u32::MAX])));
    let mut stream = 1;
    for _ in 0..random.gen_range(1..40) {
        match random.gen_range(0..12) {
            0..=3 => {
                sent.extend(request(random, target, stream));
                stream += 2;
            }
            4 => sent.extend(h2::data(stream.saturating_sub(2), &vec![b' '; random.gen_range(0..16_000)])),
            5 => sent.extend(any_frame(random, stream)),
            6 => sent.extend(settings(random)),
            7 => sent.extend(h2::frame(8, 0, any_stream(random, stream), &any_window(random).to_be_bytes())),
            8 => sent.extend(h2::frame(6, one_of(random, &[0, 1]), any_stream(random, 0), &octets_of(random, 12))),
            9 => {
                // Asked and taken back, as often as a connection may.
                for _ in 0..random.gen_range(1..200) {
                    sent.extend(h2::headers(stream, "GET", "/healthz", target.host, &[], true));
                    sent.extend(h2::frame(3, 0, stream, &8_u32.to_be_bytes()));
                    stream += 2;
                }
            }
            10 => sent.extend(continuations(random, stream)),
            _ => sent.extend(h2::frame(1, random.r#gen(), any_stream(random, stream), &block(random))),
        }
    }
    sent
}

fn request(random: &mut StdRng, target: &Target<'_>, stream: u32) -> Vec<u8> {
    let bearer = format!("Bearer {}", target.token);
    let length = random.gen_range(0..30_000_u32).to_string();
    let all = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
        ("content-type", "multipart/form-data; boundary=b"),
        ("content-length", &*length),
        ("content-length", "0"),
        ("transfer-encoding", "chunked"),
        ("connection", "close"),
        ("te", "gzip"),
        ("host", "evil.example"),
        ("Upper", "case"),
        ("", "no name"),
        (":method", "POST"),
        (":path", "/again"),
        (":unknown", "1"),
        ("cookie", "a=b"),
        ("if-none-match", "*"),
    ];
    let more: Vec<_> = (0..random.gen_range(0..4)).map(|_| one_of(random, &all)).collect();
    let methods = ["GET", "GET", "POST", "PUT", "DELETE", "PATCH", "CONNECT", "", "INVENTED", "G T"];
    let ends = random.gen_bool(0.5);
    let (method, path) = (one_of(random, &methods), target.path(random));
    let host = if random.gen_bool(0.9) { target.host } else { one_of(random, &["", "evil.example", "a b"]) };
    let mut sent = h2::headers(stream, method, path, host, &more, ends);
    if !ends && random.gen_bool(0.7) {
        sent.extend(h2::data(stream, &vec![b' '; random.gen_range(0..16_000)]));
        if random.gen_bool(0.5) {
            sent.extend(h2::frame(0, 1, stream, b""));
        }
    }
    sent
}

/// Any kind with any flags; its length may be another than it says.
fn any_frame(random: &mut StdRng, stream: u32) -> Vec<u8> {
    let (kind, flags) = (one_of(random, &KINDS), random.r#gen());
    let longest = one_of(random, &[0, 4, 5, 8, 100, 16_384, 20_000]);
    let mut frame = h2::frame(kind, flags, any_stream(random, stream), &octets_of(random, longest));
    if random.gen_bool(0.2) {
        frame[random.gen_range(0..3)] = random.r#gen();
    }
    frame
}

fn settings(random: &mut StdRng) -> Vec<u8> {
    let mut payload = Vec::new();
    for _ in 0..random.gen_range(0..6) {
        payload.extend(random.gen_range(0..10_u16).to_be_bytes());
        payload.extend(any_window(random).to_be_bytes());
    }
    if random.gen_bool(0.1) {
        payload.push(0);
    }
    h2::frame(4, one_of(random, &[0, 0, 1]), any_stream(random, 0), &payload)
}

/// A head that does not end, in small pieces.
fn continuations(random: &mut StdRng, stream: u32) -> Vec<u8> {
    let mut sent = h2::frame(1, 0, stream, &block(random));
    for _ in 0..random.gen_range(1..300) {
        sent.extend(h2::frame(9, 0, stream, &octets_of(random, 200)));
    }
    if random.gen_bool(0.5) {
        sent.extend(h2::frame(9, END_HEADERS, stream, b""));
    }
    sent
}

/// A block of headers (RFC 7541) that is a bomb, out of bounds, or nothing at all.
fn block(random: &mut StdRng) -> Vec<u8> {
    match random.gen_range(0..5) {
        // One header into the table, and then that again and again.
        0 => [&[0x40, 1, b'a', 0x7f, 0x81, 0x1e][..], &[b'x'; 4000], &vec![0xbe; random.gen_range(1..12_000)]].concat(),
        // An entry of the table that is not there, and numbers without end.
        1 => vec![0xff; random.gen_range(1..40)],
        // The table larger than it may be.
        2 => vec![0x3f, 0xff, 0xff, 0xff, 0x0f],
        // Huffman code that ends in the middle.
        3 => [&[0, 0x85][..], &octets_of(random, 5), &[0x84], &octets_of(random, 4)].concat(),
        _ => octets_of(random, 300),
    }
}

fn any_stream(random: &mut StdRng, likely: u32) -> u32 {
    if random.gen_bool(0.6) { likely } else { one_of(random, &[0, 1, 2, 3, 0x7fff_ffff, u32::MAX]) }
}

fn any_window(random: &mut StdRng) -> u32 {
    one_of(random, &[0, 1, 16_383, 16_384, 65_535, 0x00ff_ffff, 0x0100_0000, 0x7fff_ffff, 0x8000_0000, u32::MAX])
}

fn octets_of(random: &mut StdRng, longest: usize) -> Vec<u8> {
    let mut octets = vec![0; random.gen_range(0..=longest)];
    random.fill_bytes(&mut octets);
    octets
}
