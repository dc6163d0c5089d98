//! `contacts`: whom this mailbox knows, and how.

use serde_json::json;

use crate::{
    desk::Desk,
    outcome::{Answer, Stop},
    show::plain,
    words::{Sentence, standing_word},
};

/// Lists everybody whose key was met.
pub(crate) async fn list(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |_, mailbox| {
        let contacts = mailbox.contacts();
        let names = mailbox.names(&contacts);
        let (mut document, mut rows) = (Vec::new(), Vec::new());
        for (address, _) in contacts.iter() {
            let (name, key) = (names.shown(address, None).name, contacts.standing_of(address));
            let shown = plain(name.as_deref().unwrap_or_default());
            rows.push(vec![shown, address.to_string(), standing_word(key, desk.style.names())]);
            document.push(json!({ "address": address, "name": name, "key_state": key.as_str() }));
        }
        let text = if rows.is_empty() && desk.style.is_table() {
            desk.line(Sentence::NoContacts)
        } else {
            desk.style.rows(&[Sentence::Name, Sentence::AddressHead, Sentence::Key], rows)
        };
        Ok(Answer::new(document.into(), text))
    })
    .await
}
