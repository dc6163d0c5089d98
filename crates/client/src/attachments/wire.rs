//! The calls of an upload and of a download (PROTOCOL §9; tus 1.0).

use std::ops::Range;

use securemailbox_protocol::{
    attachments::{NewBlob, PIECE, TUS_RESUMABLE, TUS_VERSION, UPLOAD_LENGTH, UPLOAD_OFFSET},
    endpoints,
    ids::BlobId,
};

use crate::{api::Api, failure::CallError, transport::Transport};

fn tus() -> (&'static str, String) {
    (TUS_RESUMABLE, TUS_VERSION.into())
}

/// Begins a blob of so many bytes.
pub(super) async fn begin<T: Transport>(api: &Api<'_, T>, length: u64) -> Result<BlobId, CallError> {
    let headers = vec![tus(), (UPLOAD_LENGTH, length.to_string())];
    let begun: NewBlob = api.json_with(endpoints::BEGIN_UPLOAD.here(), headers).await?;
    Ok(begun.id)
}

/// How many bytes of it have arrived.
pub(super) async fn offset<T: Transport>(api: &Api<'_, T>, blob: BlobId) -> Result<u64, CallError> {
    let answer = api.exchange(endpoints::LOOK_AT_UPLOAD.of(blob), vec![tus()], Vec::new(), 0).await?;
    answer.upload_offset.ok_or(CallError::Unreadable)
}

/// Sends a piece, and says how many bytes have arrived then.
pub(super) async fn piece<T: Transport>(
    api: &Api<'_, T>,
    blob: BlobId,
    offset: u64,
    bytes: Vec<u8>,
) -> Result<u64, CallError> {
    let headers = vec![tus(), (UPLOAD_OFFSET, offset.to_string()), ("content-type", PIECE.into())];
    let answer = api.exchange(endpoints::UPLOAD_PIECE.of(blob), headers, bytes, 0).await?;
    answer.upload_offset.ok_or(CallError::Unreadable)
}

/// Gives a blob up, so that nothing of it stays at the server.
pub(super) async fn give_up<T: Transport>(api: &Api<'_, T>, blob: BlobId) -> Result<(), CallError> {
    api.exchange(endpoints::GIVE_UP_UPLOAD.of(blob), vec![tus()], Vec::new(), 0).await.map(drop)
}

/// Bytes of a blob: exactly as many as were asked for.
pub(super) async fn read<T: Transport>(
    api: &Api<'_, T>,
    blob: BlobId,
    range: Range<u64>,
) -> Result<Vec<u8>, CallError> {
    let length = usize::try_from(range.end - range.start).map_err(|_| CallError::Unreadable)?;
    // RFC 9110 §14.1.2: both ends are inclusive.
    let headers = vec![("range", format!("bytes={}-{}", range.start, range.end.saturating_sub(1)))];
    let answer = api.exchange(endpoints::READ_BLOB.of(blob), headers, Vec::new(), length).await?;
    if answer.status == 206 && answer.body.len() == length { Ok(answer.body) } else { Err(CallError::Unreadable) }
}
