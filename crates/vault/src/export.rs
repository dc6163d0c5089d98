//! Taking letters along: `.eml` files that other programs read (PROTOCOL §3).

use pgp::armor::BlockType;
use rand::{CryptoRng, RngCore};

use crate::{
    attachments::PartKey,
    certificates::{Certificate, armored},
    letters::{self, Letter, SessionKey, message_id},
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

/// What stands before a blob to make it a standard OpenPGP message for `owner`: the part's key, wrapped (RFC 9580 §5.1.2).
#[must_use]
pub fn before_blob(key: &PartKey, owner: &Certificate, rng: &mut (impl RngCore + CryptoRng)) -> Vec<u8> {
    letters::wrap(&SessionKey::from_bytes(*key.as_bytes()), owner, rng)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixtures::{ANNA, BJÖRN, NOW, certificate, letter, rng},
        letters::{Expected, open_content, open_envelope, seal, unwrap},
    };

    fn exported() -> (Vec<u8>, Vec<u8>) {
        let sealed = seal(&letter(), ANNA.present(), &mut rng(1)).unwrap();
        let wrapped = &sealed.wrapped[1].bytes;
        let key = unwrap(wrapped, &BJÖRN).unwrap();
        let (id, thread) = (letter().id, letter().thread);
        let expected = Expected { id, thread, sender: certificate(&ANNA), reader: &BJÖRN, now: NOW };
        let envelope = open_envelope(&sealed.envelope, &key).unwrap().verify(&expected).unwrap();
        let letter = open_content(&sealed.content, &key).unwrap().verify(&expected, &envelope).unwrap();
        (plain(&letter), encrypted(&letter, wrapped, &sealed.content))
    }

    #[test]
    fn an_encrypted_export_is_pgp_mime_and_does_not_tell_the_subject() {
        let message = mail_parser::MessageParser::default().parse(&exported().1).unwrap().into_owned();
        assert_eq!(message.subject(), Some("[...]"));
        assert_eq!(
            message.from().and_then(|from| from.first()).and_then(|from| from.address()),
            Some("anna@example.se")
        );
        assert_eq!(message.parts.len(), 3);
        let text = String::from_utf8(exported().1).unwrap();
        assert!(!text.contains("torsdag") && text.contains("-----BEGIN PGP MESSAGE-----\r\n"));
        assert!(text.contains("protocol=\"application/pgp-encrypted\"") && text.contains("\r\nVersion: 1\r\n"));
        assert!(text.lines().all(|line| line.len() <= 998));
    }

    #[test]
    fn a_plain_export_reads_as_an_ordinary_message() {
        let message = mail_parser::MessageParser::default().parse(&exported().0).unwrap().into_owned();
        assert_eq!(message.subject(), Some("Återbesök på torsdag"));
        assert_eq!(message.body_text(0).map(|text| text.replace("\r\n", "\n")), Some(letter().text));
    }
}
