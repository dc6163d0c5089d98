//! What must hold of the insides of a letter, whoever wrote them (see [`crate::fuzzing`]).

use securemailbox_protocol::limits;

use super::{contents, envelope, layers::Layers, manifest};
use crate::packets::Lengths;

/// Takes apart what an encrypted packet held, and gives its document on.
pub(crate) fn layers(plain: &[u8], document: impl Fn(&[u8])) {
    let strict = Layers::parse(plain, Lengths::Fixed);
    let generous = Layers::parse(plain, Lengths::Partial);
    if let Ok(strict) = strict {
        let generous = generous.expect("whoever takes packets in parts takes those that are whole");
        assert!(strict.unverified() == generous.unverified());
        assert!(strict.unverified().len() <= plain.len());
        document(strict.unverified());
    }
}

/// What a content shows fits a page, and every reader has a key.
pub(crate) fn content(mime: &[u8]) {
    let Ok(content) = contents::read(mime) else { return };
    let lines = [content.subject.as_str(), content.name.as_deref().unwrap_or_default()];
    assert!(lines.iter().all(|line| line.len() <= limits::SUBJECT && !line.chars().any(char::is_control)));
    assert!(!content.text.contains("\r\n") && content.references.len() <= limits::PAGE);
    assert_eq!(content.readers().len(), content.to.len() + content.cc.len());
    assert!(content.unopened_parts <= mime.len() / "\r\n--\r\n".len());
}

/// An envelope that is taken is written as it was read, and fits a list.
pub(crate) fn envelope(json: &[u8]) {
    let Ok(text) = serde_json::from_slice::<envelope::Text>(json) else { return };
    let written = serde_json::to_vec(&text).expect("an envelope is JSON");
    let again = serde_json::from_slice::<envelope::Text>(&written).expect("what was written is taken");
    assert_eq!(again, text);
    if text.fits_a_list() {
        assert!(!format!("{}{}", text.subject, text.first_line).contains(['\n', '\r', '\u{1b}']));
    }
}

/// A manifest that is taken is written as it was read.
pub(crate) fn manifest(json: &[u8]) {
    let Ok(rows) = serde_json::from_slice::<manifest::Manifest>(json) else { return };
    let written = serde_json::to_vec(&rows).expect("a manifest is JSON");
    let again = serde_json::from_slice::<manifest::Manifest>(&written).expect("what was written is taken");
    assert!(again.thread == rows.thread && again.readers == rows.readers && again.attachments == rows.attachments);
}
