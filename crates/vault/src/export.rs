//! Taking letters along: `.eml` files that other programs read (PROTOCOL §3).

use pgp::armor::BlockType;

use crate::{
    certificates::armored,
    letters::{Letter, message_id},
};

/// The letter as a plain `.eml`: the signed MIME message, as it was written. Keep it as safe as the letter.
#[must_use]
pub fn plain(letter: &Letter) -> Vec<u8> {
    letter.mime().to_vec()
}

/// The letter as PGP/MIME (RFC 3156 §4), encrypted as it is stored: wrapped key ‖ content is a standard OpenPGP message.
/// Outside stand the addresses and the date, which a mail program needs, and for the subject `[...]` (RFC 9788 §3.1).
#[must_use]
pub fn encrypted(letter: &Letter, wrapped_key: &[u8], content: &[u8]) -> Vec<u8> {
    let message = armored(&[wrapped_key, content].concat(), BlockType::Message).replace('\n', "\r\n");
    // Armor has no line that begins with two hyphens and this name.
    let boundary = format!("securemailbox-{}", letter.content_hash());
    let mut headers = vec![("From", letter.from().to_string())];
    for (name, readers) in [("To", letter.to()), ("Cc", letter.cc())] {
        if !readers.is_empty() {
            let readers: Vec<_> = readers.iter().map(ToString::to_string).collect();
            headers.push((name, readers.join(",\r\n ")));
        }
    }
    let seconds = i64::try_from(letter.date().unix_millis() / 1000).unwrap_or(i64::MAX);
    headers.extend([
        ("Date", mail_builder::headers::date::Date::new(seconds).to_rfc822()),
        ("Message-ID", format!("<{}>", message_id(letter.id()))),
        ("Subject", "[...]".to_owned()),
        ("MIME-Version", "1.0".to_owned()),
        (
            "Content-Type",
            format!("multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\"{boundary}\""),
        ),
    ]);
    let headers: String = headers.into_iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!(
        "{headers}\r\n--{boundary}\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\
         --{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n{message}\r\n--{boundary}--\r\n"
    )
    .into_bytes()
}
