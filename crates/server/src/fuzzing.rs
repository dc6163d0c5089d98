//! What a fuzzer gives to the parsers of this crate, and what must hold whatever it gives. Part of the tests, which try
//! the seeds in `fuzz/seeds`, and of `cargo xtask fuzz`, whose builds set `cfg(fuzzing)`; never of the product.

use std::{net::IpAddr, str};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, header, request::Parts},
};
use futures_util::FutureExt;
use securemailbox_protocol::{
    attachments::{UPLOAD_LENGTH, UPLOAD_OFFSET},
    coding::base64url,
    ids::ContentHash,
    limits,
    passkeys::MadeCredential,
};
use sha2::{Digest, Sha256};

use crate::{
    api::{
        blobs::{
            self,
            range::{self, Range},
        },
        letters, records,
    },
    guard::Proxies,
    listener::Peer,
    networks::Network,
    origin::Origin,
    webauthn::RelyingParty,
};

/// A property, which panics where it does not hold.
type Property = fn(&[u8]);

/// The properties by the names of their targets, which are those of their seeds' folders.
pub const TARGETS: &[(&str, Property)] = &[
    ("multipart", multipart),
    ("cursor", cursor),
    ("if_match", if_match),
    ("forwarded", forwarded),
    ("origin", origin),
    ("passkey", passkey),
    ("range", range),
    ("tus", tus),
];

/// A post that is taken has no more than the protocol allows, and each content is the one that was announced.
pub fn multipart(bytes: &[u8]) {
    let request = Request::builder()
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(Body::from(bytes.to_vec()))
        .expect("a request");
    let received = letters::post::receive(request).now_or_never().expect("the body is there, so nothing waits");
    if let Ok(posted) = received {
        assert!((1..=limits::LETTERS).contains(&posted.letters.len()));
        for letter in posted.letters {
            assert!(letter.content.len() <= limits::CONTENT && letter.new.envelope.0.len() <= limits::ENVELOPE);
            assert!((1..=limits::READERS).contains(&letter.new.readers.len()));
            assert_eq!(ContentHash::from_bytes(Sha256::digest(&letter.content).into()), letter.new.content_hash);
        }
    }
}

/// What an authenticator says after the name of the site: a credential that is taken has an id and a key within what was said.
pub fn passkey(bytes: &[u8]) {
    let challenge = [7; 32];
    let client_data = format!(
        r#"{{"type":"webauthn.create","challenge":"{}","origin":"http://localhost:8025"}}"#,
        base64url::encode(&challenge)
    );
    let authenticator_data = [Sha256::digest(b"localhost").as_slice(), bytes].concat();
    let made =
        MadeCredential { client_data: client_data.into_bytes().into(), authenticator_data: authenticator_data.into() };
    let party = RelyingParty::new(&Origin::new(None, ([127, 0, 0, 1], 8025).into()));
    if let Ok(credential) = party.made(&made, &challenge) {
        assert!((16..=1023).contains(&credential.id.len()));
        assert!(credential.id.len() + credential.public_key.len() < bytes.len());
        assert!(!credential.state.backed_up || credential.state.backup_eligible);
    }
}

/// What `Range` asks for, of a blob whose length the first two octets say: never a byte that is not there, and the same again when it is
/// asked for in its plainest form. A second line is `If-Range`, which asks for all of it.
pub fn range(bytes: &[u8]) {
    let [a, b, bytes @ ..] = bytes else { return };
    let length = u64::from(u16::from_be_bytes([*a, *b])).max(1);
    let mut lines = bytes.splitn(2, |octet| *octet == b'\n').map(HeaderValue::from_bytes);
    let Some(Ok(value)) = lines.next() else { return };
    let mut headers = HeaderMap::from_iter([(header::RANGE, value)]);
    match range::asked(&headers, length) {
        Range::Whole | Range::Beyond => {}
        Range::Part { start, end } => {
            assert!(start < end && end <= length);
            let plain = HeaderValue::try_from(format!("bytes={start}-{}", end - 1)).expect("digits");
            let plain = HeaderMap::from_iter([(header::RANGE, plain)]);
            assert_eq!(range::asked(&plain, length), Range::Part { start, end });
        }
    }
    if let Some(Ok(validator)) = lines.next() {
        headers.insert(header::IF_RANGE, validator);
        assert_eq!(range::asked(&headers, length), Range::Whole);
    }
}

/// `Upload-Length` and `Upload-Offset`: a number is digits and nothing else, and none that does not fit is taken for one that does.
pub fn tus(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let headers = HeaderMap::from_iter([(HeaderName::from_static(UPLOAD_LENGTH), value)]);
    if let Ok(number) = blobs::number(&headers, UPLOAD_LENGTH) {
        let written = number.to_string();
        let zeros = bytes.len().checked_sub(written.len()).expect("no digit is made up");
        assert!(bytes[..zeros].iter().all(|digit| *digit == b'0') && bytes[zeros..] == *written.as_bytes());
    }
    assert!(blobs::number(&headers, UPLOAD_OFFSET).is_err(), "one is not the other");
}

/// A cursor that is taken, written again, is the same place.
pub fn cursor(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Ok(cursor) = letters::list::parse_cursor(text) {
        let written = letters::list::cursor_text(&cursor);
        assert_eq!(letters::list::parse_cursor(&written).expect("what was written is taken"), cursor);
    }
}

/// A version has one spelling.
pub fn if_match(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let headers = HeaderMap::from_iter([(header::IF_MATCH, value)]);
    if let Ok(version) = records::precondition(&headers) {
        let version = version.expect("`If-Match` replaces a version");
        assert_eq!(bytes, format!("\"{version}\"").as_bytes());
    }
}

/// Whatever a stranger wrote into `X-Forwarded-For`, on how many lines soever: the address that our proxy put behind it
/// is the one that counts, and without a proxy of ours nothing counts.
pub fn forwarded(bytes: &[u8]) {
    let (proxy, stranger, caller) = ([10, 0, 0, 1], [192, 0, 2, 7], [198, 51, 100, 1]);
    let proxies = Proxies([IpAddr::from(proxy)].into());
    let lines = bytes.split(|octet| *octet == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    let lines: Vec<HeaderValue> = lines.collect();
    let from = |peer: [u8; 4], lines: &[HeaderValue]| {
        let mut parts = Request::new(()).into_parts().0;
        parts.extensions.insert(Peer(peer.into()));
        for line in lines {
            parts.headers.append("x-forwarded-for", line.clone());
        }
        proxies.network_of(&parts)
    };
    assert_eq!(from(stranger, &lines), Network::of(stranger.into()));
    // Some proxies write a line of their own, others behind the last one there is.
    let own_line = [&lines[..], &[HeaderValue::from_static("198.51.100.1")]].concat();
    assert_eq!(from(proxy, &own_line), Network::of(caller.into()));
    if let [before @ .., last] = &lines[..] {
        let appended = [last.as_bytes(), b", 198.51.100.1"].concat();
        let appended = [before, &[HeaderValue::from_bytes(&appended).expect("as good as its parts")]].concat();
        assert_eq!(from(proxy, &appended), Network::of(caller.into()));
    }
}

/// A host or origin that is taken is ours, letter by letter. The first line is `Host`, the second `Origin`.
pub fn origin(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |octet| *octet == b'\n');
    let mut next = || lines.next().and_then(|line| HeaderValue::from_bytes(line).ok());
    let (Some(host), origin) = (next(), next()) else { return };
    let mut parts: Parts =
        Request::builder().method("POST").uri("/api/v1/letters").body(()).expect("a request").into_parts().0;
    parts.headers.insert(header::HOST, host.clone());
    if let Some(origin) = &origin {
        parts.headers.insert(header::ORIGIN, origin.clone());
    }
    let is = |value: &HeaderValue, ours: &[&str]| {
        ours.iter().any(|ours| value.as_bytes().eq_ignore_ascii_case(ours.as_bytes()))
    };
    let listen = ([127, 0, 0, 1], 8025).into();
    let public = Origin::new(Some("https://mail.example.se"), listen);
    assert_eq!(public.check_host(&parts.uri, &parts.headers).is_ok(), is(&host, &["mail.example.se"]));
    let same_site = origin.as_ref().is_none_or(|origin| is(origin, &["https://mail.example.se"]));
    assert_eq!(public.check_site(&parts).is_ok(), same_site);
    let loopback = Origin::new(None, listen);
    if loopback.check_host(&parts.uri, &parts.headers).is_ok() {
        let names = ["localhost:8025", "127.0.0.1:8025", "[::1]:8025"];
        assert!(is(&host, &names));
        if loopback.check_own_origin(&parts).is_ok() {
            assert!(is(
                &origin.expect("it was taken"),
                &names.map(|name| format!("http://{name}")).each_ref().map(|o| &**o)
            ));
        }
    }
    // The same in the URI, as HTTP/2 has it.
    if let Ok(uri) = Uri::try_from(bytes)
        && loopback.check_host(&uri, &HeaderMap::new()).is_ok()
    {
        assert!(uri.authority().is_some_and(|authority| authority.as_str().ends_with(":8025")));
    }
}

#[cfg(test)]
#[path = "../../../fuzz/seeds.rs"]
mod seeds;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    #[test]
    fn every_seed_of_the_fuzzer_holds() {
        seeds::all_hold(TARGETS);
    }

    proptest! {
        /// Blind, and so no fuzzer; but it runs each time, and the fuzzer needs all that a server links built anew.
        #[test]
        fn a_seed_with_some_octets_changed_holds(
            target in any::<Index>(),
            seed in any::<Index>(),
            changes in vec((any::<Index>(), any::<u8>()), 1..6),
            twice in any::<Index>(),
        ) {
            let (target, holds) = TARGETS[target.index(TARGETS.len())];
            let seeds = seeds::of(target);
            let mut bytes = seeds[seed.index(seeds.len())].clone();
            // A piece of it again, so that lists grow and things are said twice.
            let again = bytes[twice.index(bytes.len())..].to_vec();
            if again.len().is_multiple_of(2) {
                bytes.extend(again);
            }
            for (at, octet) in changes {
                let at = at.index(bytes.len());
                bytes[at] = octet;
            }
            holds(&bytes);
        }
    }
}
