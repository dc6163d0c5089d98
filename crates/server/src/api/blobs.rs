//! Blobs (PROTOCOL §3, §9): uploads by tus 1.0 (core protocol, creation, termination), and downloads by range. What a blob is,
//! nobody here knows.

use std::time::Duration;

use axum::{
    Extension,
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, stream};
use securemailbox_protocol::{
    attachments::{NewBlob, PIECE, TUS_RESUMABLE, TUS_VERSION, UPLOAD_LENGTH, UPLOAD_OFFSET},
    endpoints::ROOT,
    ids::{BlobId, MailboxId},
    limits,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::{
    StoreError,
    blobs::{
        BeginUpload, BeginUploadError, BlobOf, BlobReader, GiveUpUpload, NewPiece, PlaceOfPiece, UploadError, UploadOf,
    },
    invitations::CameByPage,
    pieces::PieceName,
    sessions::InSessionError,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Id, proofs};
use crate::{
    access::Access,
    body::{self, Json},
    budgets::{Room, Tab},
    mailroom::Mailroom,
    problem::Problem,
};

pub(crate) mod range;
#[cfg(test)]
mod tests;

use range::Range;

/// How long a piece may take to arrive: 8 MiB at about 0.6 Mbit/s. Who has a worse line sends smaller ones.
const PATIENCE: Duration = Duration::from_secs(120);
/// What an answer holds in memory of a blob, however long it is.
const CHUNK: usize = 1024 * 1024;
/// After so many of them it is asked whether the mailbox may still have the blob: its letter may be withdrawn meanwhile.
const ASKED_AFTER: usize = 8;
/// How long to wait after too many uploads: one of them may be done.
const COME_AGAIN: u64 = 60;

const TUS_VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const TUS_EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
const TUS_MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");
const UPLOAD_METADATA: &str = "upload-metadata";
const UPLOAD_DEFER_LENGTH: &str = "upload-defer-length";

/// The routes of blobs, whose answers say which version of tus is spoken.
pub(super) fn router() -> OpenApiRouter<Mailroom> {
    OpenApiRouter::new()
        .routes(routes!(begin))
        .routes(routes!(look_at, upload, give_up, read))
        .route("/blobs", axum::routing::options(options))
        .route("/blobs/{id}", axum::routing::options(options))
        .layer(middleware::from_fn(dress))
}

/// Says the version on every answer that is about an upload.
async fn dress(request: Request, next: Next) -> Response {
    let is_download = request.method() == Method::GET;
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    if !is_download {
        headers.insert(TUS_RESUMABLE, HeaderValue::from_static(TUS_VERSION));
    }
    if answer.extensions().get::<ProblemType>() == Some(&ProblemType::OtherTus) {
        answer.headers_mut().insert(TUS_VERSIONS, HeaderValue::from_static(TUS_VERSION));
    }
    answer
}

/// What is spoken here, for clients that ask (tus 1.0, OPTIONS).
async fn options(State(mailroom): State<Mailroom>) -> impl IntoResponse {
    let spoken = [
        (TUS_VERSIONS, TUS_VERSION.to_owned()),
        (TUS_EXTENSIONS, "creation,termination".to_owned()),
        (TUS_MAX_SIZE, most(&mailroom).to_string()),
    ];
    (StatusCode::NO_CONTENT, spoken)
}

/// The largest blob: a part of the largest file.
fn most(mailroom: &Mailroom) -> u64 {
    limits::BLOB.min(mailroom.largest_file.saturating_add(limits::BLOB - limits::PART))
}

/// A request that speaks this version of tus. Asked after the session, so that it tells a stranger nothing.
pub(crate) struct Resumable;

impl<S: Sync> FromRequestParts<S> for Resumable {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let is_spoken = parts.headers.get(TUS_RESUMABLE).is_some_and(|version| version == TUS_VERSION);
        if is_spoken { Ok(Self) } else { Err(ProblemType::OtherTus.into()) }
    }
}

impl From<BeginUploadError> for Problem {
    fn from(error: BeginUploadError) -> Self {
        match error {
            BeginUploadError::TooMany => Self::new(ProblemType::TooManyRequests).retry_after(COME_AGAIN),
            BeginUploadError::Full => ProblemType::MailboxFull.into(),
            BeginUploadError::Store(source) => source.into(),
        }
    }
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::NotFound => ProblemType::NotFound.into(),
            UploadError::OtherOffset { .. } => ProblemType::OtherOffset.into(),
            UploadError::TooLong => ProblemType::TooLarge.into(),
            UploadError::Store(source) => source.into(),
        }
    }
}

/// Begins a blob of `Upload-Length` bytes. `Location` is the address for its pieces.
#[utoipa::path(post, path = "/blobs",
    params(("Tus-Resumable" = String, Header), ("Upload-Length" = u64, Header)),
    responses((status = 201, body = NewBlob), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    access: Access,
    _: Resumable,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if headers.contains_key(UPLOAD_METADATA) {
        return Err(Problem::bad_request("`Upload-Metadata` would tell the name of the file"));
    }
    if headers.contains_key(UPLOAD_DEFER_LENGTH) {
        return Err(Problem::bad_request("`Upload-Length` is said when an upload begins"));
    }
    let length = number(&headers, UPLOAD_LENGTH)?;
    if length == 0 {
        return Err(Problem::bad_request("a blob has at least one byte"));
    }
    if length > most(&mailroom) {
        return Err(Problem::new(ProblemType::TooLarge).with("limit", most(&mailroom)));
    }
    // Of whoever came by a page nothing is known: they write, and send no files.
    if access.session.guest && mailroom.store.read(CameByPage { guest: access.who }).await? {
        return Err(ProblemType::MembersOnly.into());
    }
    let now = mailroom.now();
    let id = BlobId::new(now, &mut mailroom.rng());
    let begin = BeginUpload { mailbox: access.mailbox, blob: id, length, quota: mailroom.quota, now };
    mailroom.store.write(access.acts(&mailroom, begin)).await?;
    let location = [(header::LOCATION, format!("{ROOT}/blobs/{id}"))];
    Ok((StatusCode::CREATED, location, Json::<_>(NewBlob { id })).into_response())
}

/// Says how much of an upload of one's own is there, in `Upload-Offset`.
#[utoipa::path(head, path = "/blobs/{id}", params(("id" = BlobId, Path), ("Tus-Resumable" = String, Header)),
    responses((status = 200, headers(("Upload-Offset" = u64), ("Upload-Length" = u64))),
        (status = "4XX", description = "As for any other operation, without a body")))]
pub(crate) async fn look_at(
    State(mailroom): State<Mailroom>,
    access: Access,
    _: Resumable,
    Id(blob): Id<BlobId>,
) -> Result<Response, Problem> {
    let upload = mailroom.store.read(UploadOf { mailbox: access.mailbox, blob }).await?;
    let upload = upload.ok_or(ProblemType::NotFound)?;
    let said = [(UPLOAD_OFFSET, upload.received.to_string()), (UPLOAD_LENGTH, upload.length.to_string())];
    Ok((StatusCode::OK, said).into_response())
}

/// Adds a piece to an upload of one's own, where it ends: the whole piece or nothing of it. Answered when it is on disk.
#[utoipa::path(patch, path = "/blobs/{id}",
    params(("id" = BlobId, Path), ("Tus-Resumable" = String, Header), ("Upload-Offset" = u64, Header)),
    request_body(content_type = "application/offset+octet-stream", content = [u8], description = "The piece"),
    responses((status = 204, headers(("Upload-Offset" = u64))), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn upload(
    State(mailroom): State<Mailroom>,
    access: Access,
    _: Resumable,
    Id(blob): Id<BlobId>,
    request: Request,
) -> Result<Response, Problem> {
    body::expect_type(request.headers(), PIECE)?;
    let offset = number(request.headers(), UPLOAD_OFFSET)?;
    let mailbox = access.mailbox;
    let begun = mailroom.store.read(UploadOf { mailbox, blob }).await?.ok_or(ProblemType::NotFound)?;
    if begun.received != offset {
        return Ok(other_offset(begun.received));
    }
    let rest = usize::try_from(begun.length - offset).unwrap_or(usize::MAX);
    let bytes = body::read(request, rest.min(limits::PIECE), PATIENCE).await?;
    if bytes.is_empty() {
        return Ok(stands_at(StatusCode::NO_CONTENT, offset));
    }
    if bytes.len() < limits::LEAST_PIECE.min(rest) {
        let least = limits::LEAST_PIECE;
        return Err(Problem::bad_request(format!("a piece has at least {least} bytes, unless it is the last one")));
    }
    let place = PlaceOfPiece { mailbox, blob, offset };
    let piece = NewPiece { place, name: PieceName::new(&mut mailroom.rng()), bytes, now: mailroom.now() };
    let (store, session) = (mailroom.store.clone(), access.session.id);
    // Whoever hangs up leaves no piece that nobody counts: what was begun is kept, or taken back.
    let kept = tokio::spawn(async move { store.upload(session, piece).await }).await;
    match kept.map_err(|_| ProblemType::Internal)? {
        Ok(received) => Ok(stands_at(StatusCode::NO_CONTENT, received)),
        Err(InSessionError::Act(UploadError::OtherOffset { received })) => Ok(other_offset(received)),
        Err(error) => Err(error.into()),
    }
}

/// Gives up an upload of one's own.
#[utoipa::path(delete, path = "/blobs/{id}", params(("id" = BlobId, Path), ("Tus-Resumable" = String, Header)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn give_up(
    State(mailroom): State<Mailroom>,
    access: Access,
    _: Resumable,
    Id(blob): Id<BlobId>,
) -> Result<StatusCode, Problem> {
    let give_up = GiveUpUpload { mailbox: access.mailbox, blob };
    let was_there = mailroom.store.write(access.acts(&mailroom, give_up)).await?;
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(ProblemType::NotFound.into()) }
}

/// A blob, whole or by `Range`. Released at the level of the letter that refers to it (PROTOCOL §6).
#[utoipa::path(get, path = "/blobs/{id}", params(("id" = BlobId, Path), ("Range" = Option<String>, Header)),
    responses((status = 200, content_type = "application/octet-stream", body = [u8]),
        (status = 206, content_type = "application/octet-stream", body = [u8]),
        (status = 416, description = "The range begins beyond the end, which `Content-Range` tells"),
        (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn read(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(blob): Id<BlobId>,
    Extension(tab): Extension<Tab>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mailbox = access.mailbox;
    let found = mailroom.store.read(BlobOf { mailbox, blob }).await?.ok_or(ProblemType::NotFound)?;
    if let Some(level) = found.level {
        proofs::demand(&mailroom, &access.session, level, ProblemType::LevelRequired).await?;
    }
    let length = found.length;
    let range = range::asked(&headers, length);
    let (status, start, end) = match range {
        Range::Whole => (StatusCode::OK, 0, length),
        Range::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
        Range::Beyond => {
            let told = [(header::CONTENT_RANGE, format!("bytes */{length}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, told).into_response());
        }
    };
    // Held as long as somebody fetches it, so that those whom nobody hears out take no more than others.
    let room = tab.answer(usize::try_from(end - start).unwrap_or(CHUNK).min(CHUNK)).await?;
    let reader = mailroom.store.read_blob(blob, start, end);
    let streamed = Streamed { mailroom, mailbox, blob, reader, chunks: 0, _room: room };
    let mut answer = (status, Body::from_stream(streamed.chunks())).into_response();
    let said = answer.headers_mut();
    said.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    said.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    said.insert(header::CONTENT_LENGTH, (end - start).into());
    if let (StatusCode::PARTIAL_CONTENT, Ok(told)) =
        (status, HeaderValue::try_from(format!("bytes {start}-{}/{length}", end - 1)))
    {
        said.insert(header::CONTENT_RANGE, told);
    }
    Ok(answer)
}

/// A blob on its way out.
struct Streamed {
    mailroom: Mailroom,
    mailbox: MailboxId,
    blob: BlobId,
    reader: BlobReader,
    chunks: usize,
    _room: Room,
}

impl Streamed {
    fn chunks(self) -> impl Stream<Item = Result<Vec<u8>, StoreError>> {
        stream::try_unfold(self, async |mut streamed| {
            let next = streamed.next().await;
            if let Err(error) = &next {
                // The connection ends, and the client asks for the rest.
                tracing::warn!(%error, "a download broke off");
            }
            Ok(next?.map(|chunk| (chunk, streamed)))
        })
    }

    async fn next(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.chunks > 0 && self.chunks.is_multiple_of(ASKED_AFTER) {
            let (mailbox, blob) = (self.mailbox, self.blob);
            self.mailroom.store.read(BlobOf { mailbox, blob }).await?.ok_or(StoreError::Damaged("a withdrawn blob"))?;
        }
        self.chunks += 1;
        self.reader.next(CHUNK).await
    }
}

fn stands_at(status: StatusCode, received: u64) -> Response {
    (status, [(UPLOAD_OFFSET, received.to_string())]).into_response()
}

fn other_offset(received: u64) -> Response {
    let mut answer = Problem::new(ProblemType::OtherOffset).into_response();
    answer.headers_mut().insert(UPLOAD_OFFSET, received.into());
    answer
}

/// A header that is a number, in digits and nothing else.
pub(crate) fn number(headers: &HeaderMap, name: &str) -> Result<u64, Problem> {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    let digits = value.filter(|text| !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| Problem::bad_request(format!("`{name}` is a number of bytes")))
}
