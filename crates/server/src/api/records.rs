//! Sealed records (PROTOCOL §9a): read whole, written with `If-Match`.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use securemailbox_protocol::{
    attachments::{self, BLOBS},
    ids::{BlobId, RecordId},
    limits,
    numbers::Version,
    problems::{ProblemDetails, ProblemType},
    records::{KEYRING_VERSION, Record, RecordHead, RecordPurpose},
    security::SecurityEventKind,
};
use securemailbox_store::{
    blobs::Referring,
    records::{EraseRecordError, ReadRecord, WriteRecord, WriteRecordError},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Id, Query, proofs, security, within};
use crate::{
    access::Access,
    body::{Json, Raw},
    mailroom::Mailroom,
    problem::Problem,
    session::Session,
};

impl From<WriteRecordError> for Problem {
    fn from(error: WriteRecordError) -> Self {
        match error {
            WriteRecordError::Exists => ProblemType::RecordExists.into(),
            WriteRecordError::StaleVersion => ProblemType::StaleVersion.into(),
            WriteRecordError::StaleKeyring => ProblemType::StaleKeyring.into(),
            WriteRecordError::NotFound => ProblemType::NotFound.into(),
            WriteRecordError::Full => ProblemType::MailboxFull.into(),
            WriteRecordError::BlobMissing => ProblemType::BlobMissing.into(),
            WriteRecordError::Store(source) => source.into(),
        }
    }
}

impl From<EraseRecordError> for Problem {
    fn from(error: EraseRecordError) -> Self {
        match error {
            EraseRecordError::NotFound => ProblemType::NotFound.into(),
            EraseRecordError::Store(source) => source.into(),
        }
    }
}

/// Reads one record with its bytes.
#[utoipa::path(get, path = "/records/{id}", params(("id" = RecordId, Path)),
    responses((status = 200, body = Record), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn read(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(id): Id<RecordId>,
) -> Result<Json<Record>, Problem> {
    let record = mailroom.store.read(ReadRecord { mailbox: access.mailbox, id }).await?;
    Ok(Json(record.ok_or(ProblemType::NotFound)?))
}

/// The purpose of a record that is written.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// The word for the record's purpose, such as `draft`.
    #[param(inline)]
    pub(super) purpose: RecordPurpose,
}

/// Writes a record's next version: `If-Match: "N"` replaces version N, `If-None-Match: *` makes a new one. `Keyring-Version: N`
/// says by which keyring it was sealed. `Blobs` says which blobs a draft refers to, and no other record does. The keyring itself asks
/// for a fresh proof.
#[utoipa::path(put, path = "/records/{id}",
    params(("id" = RecordId, Path), Written, ("If-Match" = Option<String>, Header), ("If-None-Match" = Option<String>, Header),
        ("Keyring-Version" = Option<String>, Header), ("Blobs" = Option<String>, Header)),
    request_body(content_type = "application/octet-stream", content = [u8], description = "The sealed record"),
    responses((status = 200, body = RecordHead), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn write(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(id): Id<RecordId>,
    Query(Written { purpose }): Query<Written>,
    headers: HeaderMap,
    Raw(sealed): Raw<{ limits::RECORD }>,
) -> Result<Json<RecordHead>, Problem> {
    // A conversation by a link is kept in nobody's drafts.
    if access.session.guest && purpose == RecordPurpose::Draft {
        return Err(ProblemType::MembersOnly.into());
    }
    let expected = precondition(&headers)?;
    let keyring = if purpose == RecordPurpose::Keyring { None } else { Some(keyring_version(&headers)?) };
    let (mailbox, quota) = (access.mailbox, mailroom.quota);
    let refers = Referring { blobs: blobs(&headers, purpose)?, proved: access.session.proves_now(mailroom.now()) };
    let write =
        |sealed| access.acts(&mailroom, WriteRecord { mailbox, id, purpose, expected, keyring, sealed, refers, quota });
    let head = match purpose {
        RecordPurpose::Keyring => {
            within("the keyring", &sealed, limits::KEYRING)?;
            proofs::demand_best(&mailroom, &access.session).await?;
            let Session { account, id, .. } = access.session;
            security::write_noted(&mailroom, account, id, SecurityEventKind::KeyringReplaced, write(sealed)).await?
        }
        RecordPurpose::Contact => {
            within("the contact", &sealed, limits::CONTACT)?;
            mailroom.store.write(write(sealed)).await?
        }
        RecordPurpose::Settings | RecordPurpose::Draft => mailroom.store.write(write(sealed)).await?,
    };
    Ok(Json(head))
}

/// Erases a draft; no other record can be erased.
#[utoipa::path(delete, path = "/records/{id}", params(("id" = RecordId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn erase(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(id): Id<RecordId>,
) -> Result<StatusCode, Problem> {
    mailroom.store.erase_draft(access.mailbox, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The blobs that a draft refers to.
fn blobs(headers: &HeaderMap, purpose: RecordPurpose) -> Result<Vec<BlobId>, Problem> {
    let Some(value) = headers.get(BLOBS) else { return Ok(Vec::new()) };
    if purpose != RecordPurpose::Draft {
        return Err(Problem::bad_request("`Blobs` is of drafts"));
    }
    let named = value.to_str().ok().and_then(|text| attachments::from_a_header(text).ok());
    named.ok_or_else(|| Problem::bad_request(format!("`Blobs` names at most {} blobs, each once", limits::BLOBS)))
}

/// The version of the keyring that the writer holds.
fn keyring_version(headers: &HeaderMap) -> Result<Version, Problem> {
    let value = headers.get(KEYRING_VERSION).ok_or(ProblemType::PreconditionRequired)?;
    let version = value.to_str().ok().and_then(version_of);
    version.ok_or_else(|| Problem::bad_request("`Keyring-Version` is a version, such as 3"))
}

/// Versions lie in a column of 63 bits, and have one spelling.
fn version_of(digits: &str) -> Option<Version> {
    let version = digits.parse().ok().filter(|version: &u64| *version < i64::MAX as u64)?;
    (version.to_string() == digits).then(|| Version::new(version))
}

/// The version a write replaces; none for a new record (RFC 9110 §13.1).
pub(crate) fn precondition(headers: &HeaderMap) -> Result<Option<Version>, Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(header::IF_MATCH), text(header::IF_NONE_MATCH)) {
        (Some(tag), None) => {
            let digits = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            let version = digits.and_then(version_of);
            let wrong = || Problem::bad_request("`If-Match` is a version in quotes, such as \"3\"");
            Ok(Some(version.ok_or_else(wrong)?))
        }
        (None, Some("*")) => Ok(None),
        (None, Some(_)) => Err(Problem::bad_request("`If-None-Match` is *")),
        (Some(_), Some(_)) | (None, None) => Err(ProblemType::PreconditionRequired.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_says_what_it_replaces() {
        let of = |pairs: &[(header::HeaderName, &'static str)]| {
            let headers =
                pairs.iter().map(|(name, value)| (name.clone(), header::HeaderValue::from_static(value))).collect();
            precondition(&headers)
        };
        assert_eq!(of(&[(header::IF_MATCH, "\"3\"")]).unwrap(), Some(Version::new(3)));
        assert_eq!(of(&[(header::IF_NONE_MATCH, "*")]).unwrap(), None);
        for refused in [
            vec![],
            vec![(header::IF_MATCH, "3")],
            vec![(header::IF_MATCH, "\"+3\"")],
            vec![(header::IF_MATCH, "\"03\"")],
            vec![(header::IF_MATCH, "*")],
            vec![(header::IF_MATCH, "\"99999999999999999999\"")],
            vec![(header::IF_MATCH, "\"9223372036854775807\"")],
            vec![(header::IF_NONE_MATCH, "\"3\"")],
            vec![(header::IF_MATCH, "\"3\""), (header::IF_NONE_MATCH, "*")],
        ] {
            assert!(of(&refused).is_err(), "{refused:?}");
        }
    }
}
