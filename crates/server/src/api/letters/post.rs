//! Posting (PROTOCOL §4.3): acknowledged only when it lies on disk in every reader's mailbox.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request, State, multipart::Field},
    http::StatusCode,
};
use http_body_util::Limited;
use securemailbox_protocol::{
    ids::{AccountId, ContentHash},
    invitations::NewGuest,
    letters::{Hold, NewLetter, NewLetters, Posted, SentDraft},
    levels::Level,
    limits,
    problems::{ProblemDetails, ProblemType},
    time::Timestamp,
};
use securemailbox_store::{
    invitations::{MakerOfGuest, MayWrite},
    letters::{PostLetter, PostLetters, PostLettersError, Strangers},
    notices::Lane,
};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{
    access::Access,
    api::{invitations, within},
    body::{self, Json},
    budgets::Tab,
    mailroom::Mailroom,
    problem::Problem,
    telemetry,
};

/// How long a whole post may take to arrive: 64 MiB at about 5 Mbit/s.
const PATIENCE: Duration = Duration::from_secs(120);

impl From<PostLettersError> for Problem {
    fn from(error: PostLettersError) -> Self {
        match error {
            PostLettersError::StaleKey { reader } => {
                Self::new(ProblemType::StaleKey).with("account", reader.to_string())
            }
            PostLettersError::IdTaken => ProblemType::IdTaken.into(),
            PostLettersError::StaleDraft => ProblemType::StaleDraft.into(),
            PostLettersError::BlobMissing => ProblemType::BlobMissing.into(),
            PostLettersError::MailboxFull => ProblemType::MailboxFull.into(),
            PostLettersError::ReaderFull { reader } => {
                Self::new(ProblemType::ReaderFull).with("account", reader.to_string())
            }
            PostLettersError::Readers => Self::bad_request("`readers` holds the sender and each other reader once"),
            PostLettersError::Store(source) => source.into(),
        }
    }
}

/// The multipart body of a post.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body to the OpenAPI document")]
pub(crate) struct PostBody {
    /// The head of each letter, as JSON; the contents are parts of their own.
    letters: NewLetters,
    /// The content packet of the first letter, raw; `content-1` and so on for the others.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    #[serde(rename = "content-0")]
    content: String,
}

/// Puts letters into every reader's mailbox. A letter's id makes a retry the same letter.
#[utoipa::path(post, path = "/letters", request_body(content = PostBody, content_type = "multipart/form-data"),
    responses((status = 201, body = Posted), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn post(
    State(mailroom): State<Mailroom>,
    access: Access,
    request: Request,
) -> Result<(StatusCode, Json<Posted>), Problem> {
    body::expect_type(request.headers(), "multipart/form-data")?;
    mailroom.rates.post(access.who).map_err(too_many)?;
    if access.session.guest && !mailroom.store.read(MayWrite { guest: access.who }).await? {
        return Err(ProblemType::TooManyLetters.into());
    }
    let _place = mailroom.budgets.post(access.who).await?;
    let received =
        tokio::time::timeout(PATIENCE, receive(request)).await.map_err(|_| ProblemType::RequestTimeout)??;
    let Received { letters, guests, draft, hold } = received;
    let now = mailroom.now();
    let release = hold.map(|hold| release(hold, now)).transpose()?;
    check_rates(&mailroom, &access, &letters).await?;
    check_guests(&mailroom, &access, &letters, &guests).await?;
    let guests = guests.into_iter().map(|guest| invitations::guest(&mailroom, guest)).collect::<Result<_, _>>()?;
    let count = letters.len();
    let (proved, quota) = (access.session.proves_now(now), mailroom.quota);
    let act = PostLetters { sender: access.mailbox, letters, guests, draft, release, proved, quota, now };
    let posted = mailroom.store.write(access.acts(&mailroom, act)).await?;
    if release.is_none() {
        mailroom.notices.ring(Lane::Letters);
    }
    // Counted and not logged: a line with its time and size would outlive the letter.
    metrics::counter!(telemetry::LETTERS).increment(count as u64);
    Ok((StatusCode::CREATED, Json(posted)))
}

/// Holds what a member sends in a day to the operator's limits.
async fn check_rates(mailroom: &Mailroom, access: &Access, letters: &[PostLetter]) -> Result<(), Problem> {
    let readers = letters.iter().flat_map(|letter| &letter.new.readers).map(|reader| reader.account);
    let among: Vec<AccountId> = readers.filter(|reader| *reader != access.who).collect();
    mailroom.rates.letters(access.who, letters.len(), among.len()).map_err(too_many)?;
    let strangers = mailroom.store.read(Strangers { mailbox: access.mailbox, among }).await?;
    mailroom.rates.strangers(access.who, &strangers).map_err(too_many)
}

/// A guest writes to whoever wrote to them, and makes no guests.
async fn check_guests(
    mailroom: &Mailroom,
    access: &Access,
    letters: &[PostLetter],
    guests: &[NewGuest],
) -> Result<(), Problem> {
    if !access.session.guest {
        return Ok(());
    }
    let maker = mailroom.store.read(MakerOfGuest { guest: access.who }).await?;
    // Each to that one, and none to themselves alone.
    let is_for = |letter: &PostLetter, who| letter.new.readers.iter().any(|reader| Some(reader.account) == who);
    let is_allowed = |reader| reader == access.who || Some(reader) == maker;
    let to_maker = letters
        .iter()
        .all(|letter| is_for(letter, maker) && letter.new.readers.iter().all(|reader| is_allowed(reader.account)));
    if to_maker && guests.is_empty() { Ok(()) } else { Err(ProblemType::MembersOnly.into()) }
}

/// Says of what there was too much: whoever wrote it has tried nothing too often.
fn too_many(problem: Problem) -> Problem {
    problem.called(ProblemType::TooManyLetters)
}

/// A whole post, held to the limits.
pub(crate) struct Received {
    /// Each with its content, which is the one that was announced.
    pub(crate) letters: Vec<PostLetter>,
    /// Readers who have no mailbox.
    guests: Vec<NewGuest>,
    /// The sender's draft that the letters were, if they were one, as the sender has read it.
    draft: Option<SentDraft>,
    /// How long they are held.
    hold: Option<Hold>,
}

fn release(hold: Hold, now: Timestamp) -> Result<Timestamp, Problem> {
    let release = hold.release(now);
    if release.since(now) > limits::HOLD {
        let days = limits::HOLD.as_secs() / (24 * 60 * 60);
        return Err(Problem::bad_request(format!("`hold` ends within {days} days")));
    }
    Ok(release)
}

/// Reads and checks a whole post. Nothing in it is believed but its author.
pub(crate) async fn receive(request: Request) -> Result<Received, Problem> {
    if body::announces_more_than(limits::POST_BODY, request.headers()) {
        return Err(too_large("the post", limits::POST_BODY));
    }
    let tab = request.extensions().get::<Tab>().cloned();
    let tab = tab.as_ref();
    let request = request.map(|body| Body::new(Limited::new(body, limits::POST_BODY)));
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| Problem::bad_request("the multipart boundary is missing"))?;
    let first = next(&mut parts, "letters").await?;
    let new: NewLetters = body::parse(&read(tab, first, "letters", limits::LETTERS_JSON).await?)?;
    if new.letters.is_empty() || new.letters.len() > limits::LETTERS {
        return Err(Problem::bad_request(format!("`letters` holds 1 to {} letters", limits::LETTERS)));
    }
    if new.guests.len() > limits::GUESTS {
        return Err(Problem::bad_request(format!("`guests` holds at most {}", limits::GUESTS)));
    }
    let mut letters = Vec::with_capacity(new.letters.len());
    for (number, new) in new.letters.into_iter().enumerate() {
        check(&new)?;
        let name = format!("content-{number}");
        let content = read(tab, next(&mut parts, &name).await?, &name, limits::CONTENT).await?;
        if ContentHash::from_bytes(Sha256::digest(&content).into()) != new.content_hash {
            return Err(Problem::bad_request(format!("`{name}` is not the content of `content_hash`")));
        }
        letters.push(PostLetter { new, content });
    }
    match parts.next_field().await {
        Ok(None) => Ok(Received { letters, guests: new.guests, draft: new.draft, hold: new.hold }),
        Ok(Some(_)) => Err(Problem::bad_request("there are more parts than letters")),
        Err(error) => Err(torn(&error)),
    }
}

pub(in crate::api) fn check(new: &NewLetter) -> Result<(), Problem> {
    within("envelope", &new.envelope.0, limits::ENVELOPE)?;
    if new.readers.is_empty() || new.readers.len() > limits::READERS {
        return Err(Problem::bad_request(format!("`readers` holds 1 to {} readers", limits::READERS)));
    }
    for reader in &new.readers {
        within("wrapped_key", &reader.wrapped_key.0, limits::WRAPPED_KEY)?;
    }
    let blobs: BTreeSet<_> = new.blobs.iter().collect();
    if new.blobs.len() > limits::BLOBS || blobs.len() != new.blobs.len() {
        return Err(Problem::bad_request(format!("`blobs` holds at most {} blobs, each once", limits::BLOBS)));
    }
    match new.level {
        None | Some(Level::Address | Level::Phone | Level::Authenticator | Level::Passkey) => Ok(()),
        Some(Level::Eid) => Err(Problem::bad_request("`level` is at most `passkey`: nobody here can prove more yet")),
    }
}

pub(in crate::api) async fn next<'a>(parts: &'a mut Multipart, name: &str) -> Result<Field<'a>, Problem> {
    let part = parts.next_field().await.map_err(|error| torn(&error))?;
    part.filter(|part| part.name() == Some(name))
        .ok_or_else(|| Problem::bad_request(format!("part `{name}` is missing, or not in its place")))
}

pub(in crate::api) async fn read(
    tab: Option<&Tab>,
    mut part: Field<'_>,
    name: &str,
    limit: usize,
) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(|error| torn(&error))? {
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(name, limit));
        }
        if let Some(tab) = tab {
            tab.arrived(chunk.len()).await?;
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

pub(in crate::api) fn torn(error: &axum::extract::multipart::MultipartError) -> Problem {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large("the post", limits::POST_BODY);
    }
    if body::is_too_slow(error) {
        return ProblemType::RequestTimeout.into();
    }
    Problem::bad_request("the body is not multipart/form-data, or ended too early")
}

pub(in crate::api) fn too_large(name: &str, limit: usize) -> Problem {
    Problem::new(ProblemType::TooLarge).detail(format!("`{name}` is too large")).with("limit", limit as u64)
}
