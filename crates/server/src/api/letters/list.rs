//! Lists, newest arrival first (PROTOCOL §9a).

use axum::extract::State;
use securemailbox_protocol::{
    coding::base64url,
    ids::LetterId,
    letters::{EntryPage, Folder},
    limits,
    problems::ProblemDetails,
    time::Timestamp,
};
use securemailbox_store::letters::{Cursor, ListEntries};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    access::Access,
    api::{Query, letters},
    body::Json,
    mailroom::Mailroom,
    problem::Problem,
};

/// The query of a list: a folder, and where in it the page begins.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    /// The folder to list.
    #[param(inline)]
    folder: Folder,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// At most how many; 100 unless fewer are asked for.
    #[serde(default)]
    limit: Option<u32>,
}

/// Lists one page of a folder, newest arrival first.
#[utoipa::path(get, path = "/letters", params(Listed),
    responses((status = 200, body = EntryPage), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn list(
    State(mailroom): State<Mailroom>,
    access: Access,
    Query(listed): Query<Listed>,
) -> Result<Json<EntryPage>, Problem> {
    let cursor = listed.cursor.as_deref().map(parse_cursor).transpose()?;
    let limit = page_size(listed.limit)?;
    let list =
        mailroom.store.read(ListEntries { mailbox: access.mailbox, folder: listed.folder, cursor, limit }).await?;
    let entries =
        list.entries.into_iter().map(|entry| letters::entry(&mailroom, &access, entry)).collect::<Result<_, _>>()?;
    Ok(Json(EntryPage { entries, next: list.next.as_ref().map(cursor_text) }))
}

/// A page's size as asked for, held to the protocol's.
pub(crate) fn page_size(asked: Option<u32>) -> Result<u32, Problem> {
    let most = limits::PAGE as u32;
    match asked {
        None => Ok(most),
        Some(size) if (1..=most).contains(&size) => Ok(size),
        Some(_) => Err(Problem::bad_request(format!("`limit` is 1 to {most}"))),
    }
}

pub(crate) fn cursor_text(cursor: &Cursor) -> String {
    base64url::encode(&[cursor.arrived.unix_millis().to_be_bytes().as_slice(), cursor.letter.as_bytes()].concat())
}

pub(crate) fn parse_cursor(text: &str) -> Result<Cursor, Problem> {
    let bytes = base64url::decode(text).ok();
    let parsed = bytes.as_deref().and_then(|bytes| {
        let (arrived, letter) = bytes.split_first_chunk::<8>()?;
        let arrived = Timestamp::from_unix_millis(u64::from_be_bytes(*arrived));
        Some(Cursor { arrived, letter: LetterId::from_bytes(letter.try_into().ok()?) })
    });
    parsed.ok_or_else(|| Problem::bad_request("`cursor` is not the `next` of a page"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_survives_the_wire(millis in 0..253_402_300_799_999_u64, letter in any::<[u8; 16]>()) {
            let cursor = Cursor { arrived: Timestamp::from_unix_millis(millis), letter: LetterId::from_bytes(letter) };
            prop_assert_eq!(parse_cursor(&cursor_text(&cursor)).unwrap(), cursor);
        }

        #[test]
        fn a_text_is_a_cursor_only_if_it_is_24_octets_in_base64url(text in prop_oneof![".{0,64}", "[A-Za-z0-9_-]{30,34}"]) {
            let is_base64url = text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
            prop_assert_eq!(parse_cursor(&text).is_ok(), text.len() == 32 && is_base64url);
        }
    }
}
