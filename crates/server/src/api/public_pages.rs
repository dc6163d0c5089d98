//! A page by which anybody writes to a member (PROTOCOL §5): opened and closed by its owner, looked at and written to by strangers.
//! What a stranger sends is limited before it is read, and counted before it is kept.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{FromRequest as _, FromRequestParts, Multipart, Request, State},
    http::{StatusCode, request::Parts},
};
use http_body_util::Limited;
use securemailbox_protocol::{
    accounts::{NewRegistration, Registration},
    address::Address,
    ids::{CertificateHash, ContentHash, LetterId, RegistrationId},
    letters::Posted,
    limits,
    problems::{ProblemDetails, ProblemType},
    public_pages::{self, NewPageLetter, OwnPage, PageName, PublicPage, ShownPage, WorkAsked, WorkDone},
    time::Timestamp,
};
use securemailbox_store::{
    invitations::LinkSlot,
    letters::PostLetter,
    notices::Lane,
    public_pages::{
        ClosePage, FoundPage, NewWriter, OpenPage, OpenPageError, PageByName, PageOf, WriteToPage, WriteToPageError,
        WrittenByPage,
    },
    quotas::Quota,
    registrations::{AddressForPage, Wanted},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;
use utoipa::ToSchema;

use super::{Id, invitations, letters::post, registrations, slots, within};
use crate::{
    body::{self, Json},
    budgets::Tab,
    devices::Caller,
    mailroom::Mailroom,
    organisations,
    problem::Problem,
    seal::ServerSeal,
    session::Session,
    tallies::Tallies,
    telemetry,
};

/// How long a letter may take to arrive: a phone on a poor line sends as much in far less.
const PATIENCE: Duration = Duration::from_secs(60);

impl From<OpenPageError> for Problem {
    fn from(error: OpenPageError) -> Self {
        match error {
            OpenPageError::Taken => ProblemType::PageNameTaken.into(),
            OpenPageError::Store(source) => source.into(),
        }
    }
}

impl From<WriteToPageError> for Problem {
    fn from(error: WriteToPageError) -> Self {
        match error {
            WriteToPageError::NoPage => ProblemType::NotFound.into(),
            WriteToPageError::Post(source) => source.into(),
            WriteToPageError::Store(source) => source.into(),
        }
    }
}

/// Reads one's own page, if there is one.
#[utoipa::path(get, path = "/account/page", responses((status = 200, body = OwnPage), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn own(State(mailroom): State<Mailroom>, session: Session) -> Result<Json<OwnPage>, Problem> {
    let page = mailroom.store.read(PageOf { account: session.account }).await?;
    Ok(Json(OwnPage { page }))
}

/// Opens a page, or another one in its place. Its owner's address is shown to strangers there.
#[utoipa::path(put, path = "/account/page", request_body = PublicPage,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn open(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(page): Json<PublicPage>,
) -> Result<StatusCode, Problem> {
    // The answer says whether somebody has the name.
    mailroom.rates.look_up(session.account)?;
    mailroom.store.write(session.acts(&mailroom, OpenPage { account: session.account, page })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Closes one's page. What was written by it stays, and so do the links of those who wrote.
#[utoipa::path(delete, path = "/account/page", responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn close(State(mailroom): State<Mailroom>, session: Session) -> Result<StatusCode, Problem> {
    mailroom.store.write(session.acts(&mailroom, ClosePage { account: session.account })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The name in a path. What can't be one is a page that is not there.
pub(crate) struct Named(PageName);

impl FromRequestParts<Mailroom> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let named = Id::from_request_parts(parts, mailroom).await;
        named.map(|Id(name)| Self(name)).map_err(|_| ProblemType::NotFound.into())
    }
}

async fn find(mailroom: &Mailroom, name: &PageName) -> Result<FoundPage, Problem> {
    Ok(mailroom.store.read(PageByName { name: name.clone() }).await?.ok_or(ProblemType::NotFound)?)
}

/// Looks at a page. Counted by network, so that names are not tried in a row.
#[utoipa::path(get, path = "/pages/{name}", params(("name" = PageName, Path)),
    responses((status = 200, body = ShownPage), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn show(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Named(name): Named,
) -> Result<Json<ShownPage>, Problem> {
    mailroom.rates.entrance(caller.network)?;
    let FoundPage { page, address_sealed, certificate } = find(&mailroom, &name).await?;
    let account = certificate.account;
    let bits = mailroom.public_pages.work_bits;
    let work =
        (bits > 0).then(|| WorkAsked { challenge: challenge(&mailroom.seal, &name, mailroom.now()).into(), bits });
    let address = mailroom.seal.address(account, &address_sealed)?;
    Ok(Json(ShownPage {
        title: page.title,
        account,
        organisation: organisations::of(&mailroom, &address).await?,
        address,
        certificate: mailroom.seal.certificate(account, &certificate.sealed)?.into(),
        work,
    }))
}

/// Begins to prove an e-mail address, which is told then when an answer waits. From here on as in a registration, of which it is no
/// step: nobody gets a mailbox by it.
#[utoipa::path(post, path = "/pages/{name}/proofs", params(("name" = PageName, Path)), request_body = NewRegistration,
    responses((status = 201, body = Registration), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn prove(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Named(name): Named,
    Json(new): Json<NewRegistration>,
) -> Result<(StatusCode, Json<Registration>), Problem> {
    mailroom.rates.entrance(caller.network)?;
    find(&mailroom, &name).await?;
    let begun = registrations::reserve(&mailroom, caller.network, new, Wanted::Page).await?;
    Ok((StatusCode::CREATED, Json(begun)))
}

/// The multipart body of a letter by a page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body to the OpenAPI document")]
pub(crate) struct PageLetterBody {
    /// Who writes, and the head of the letter.
    letter: NewPageLetter,
    /// The content packet, raw.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    #[serde(rename = "content-0")]
    content: String,
}

/// Writes to the owner of a page: the letter and the guest account of its writer, both or neither. Its id makes a retry the same letter.
#[utoipa::path(post, path = "/pages/{name}/letters", params(("name" = PageName, Path)),
    request_body(content = PageLetterBody, content_type = "multipart/form-data"),
    responses((status = 201, body = Posted), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn write(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Named(name): Named,
    request: Request,
) -> Result<(StatusCode, Json<Posted>), Problem> {
    body::expect_type(request.headers(), "multipart/form-data")?;
    mailroom.rates.entrance(caller.network)?;
    let owner = find(&mailroom, &name).await?.certificate.account;
    let received = tokio::time::timeout(PATIENCE, receive(&mailroom, &name, request)).await;
    let (writer, proved, letter) = received.map_err(|_| ProblemType::RequestTimeout)??;
    // After an answer that was lost the same letter is neither counted again nor asked for its proof, which it has used.
    let is_here = mailroom.store.read(WrittenByPage { letter: letter.new.id, writer: writer.account }).await?;
    let proved = match proved.filter(|_| !is_here) {
        Some(id) => Some(proved_address(&mailroom, id).await?),
        None => None,
    };
    if !is_here {
        Tallies::of(&mailroom).letter_by_page(owner, caller.network).count().await?;
    }
    let writer = kept(&mailroom, writer, proved.as_ref())?;
    let quota = for_strangers(mailroom.quota);
    let posted = mailroom.store.write(WriteToPage { name, writer, letter, quota, now: mailroom.now() }).await?;
    mailroom.notices.ring(Lane::Letters);
    metrics::counter!(telemetry::LETTERS).increment(1);
    Ok((StatusCode::CREATED, Json(posted)))
}

/// Strangers fill nine tenths of a mailbox, and leave the rest to whom its owner knows.
const fn for_strangers(quota: Quota) -> Quota {
    Quota { letters: quota.letters / 10 * 9, bytes: quota.bytes / 10 * 9, drafts: quota.drafts }
}

type Received = (public_pages::NewWriter, Option<RegistrationId>, PostLetter);

/// Reads and checks a letter. The work is looked at before its content is read.
async fn receive(mailroom: &Mailroom, name: &PageName, request: Request) -> Result<Received, Problem> {
    if body::announces_more_than(limits::PAGE_BODY, request.headers()) {
        return Err(post::too_large("the post", limits::PAGE_BODY));
    }
    let tab = request.extensions().get::<Tab>().cloned();
    let tab = tab.as_ref();
    let request = request.map(|body| Body::new(Limited::new(body, limits::PAGE_BODY)));
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| Problem::bad_request("the multipart boundary is missing"))?;
    let first = post::next(&mut parts, "letter").await?;
    let new: NewPageLetter = body::parse(&post::read(tab, first, "letter", limits::PAGE_JSON).await?)?;
    let NewPageLetter { writer, letter: new, proved, work } = new;
    post::check(&new)?;
    let bits = mailroom.public_pages.work_bits;
    if !is_worked(&mailroom.seal, name, bits, (new.id, new.content_hash), work.as_ref(), mailroom.now()) {
        return Err(ProblemType::WorkRefused.into());
    }
    let content =
        post::read(tab, post::next(&mut parts, "content-0").await?, "content-0", limits::PAGE_CONTENT).await?;
    if ContentHash::from_bytes(Sha256::digest(&content).into()) != new.content_hash {
        return Err(Problem::bad_request("`content-0` is not the content of `content_hash`"));
    }
    match parts.next_field().await {
        Ok(None) => Ok((writer, proved, PostLetter { new, content })),
        Ok(Some(_)) => Err(Problem::bad_request("there are more parts than the letter and its content")),
        Err(error) => Err(post::torn(&error)),
    }
}

async fn proved_address(mailroom: &Mailroom, id: RegistrationId) -> Result<Address, Problem> {
    let proved = mailroom.store.read(AddressForPage { id, now: mailroom.now() }).await?;
    let (account, sealed) = proved.ok_or(ProblemType::RegistrationOver)?;
    Ok(mailroom.seal.address(account, &sealed)?)
}

/// A writer, held to the limits, as the store takes it.
fn kept(mailroom: &Mailroom, new: public_pages::NewWriter, proved: Option<&Address>) -> Result<NewWriter, Problem> {
    within("certificate", &new.certificate.0, limits::CERTIFICATE)?;
    within("sealed", &new.slot.sealed.0, limits::SLOT)?;
    let account = new.account;
    let (seal, mut rng) = (&mailroom.seal, mailroom.rng());
    let address = Address::of_writer(account);
    let share_sealed = slots::seal_share(mailroom, account, new.slot.id, &new.slot.share.0)?;
    Ok(NewWriter {
        account,
        address_lookup: seal.address_look_up(&address),
        address_sealed: seal.seal_address(account, &address, &mut rng),
        proved_sealed: proved.map(|proved| seal.seal_address(account, proved, &mut rng)),
        language: new.language,
        certificate_sealed: seal.seal_certificate(account, &new.certificate.0, &mut rng),
        certificate_hash: CertificateHash::from_bytes(Sha256::digest(&new.certificate.0).into()),
        records: [
            registrations::first_record("keyring", new.keyring, limits::KEYRING)?,
            registrations::first_record("settings", new.settings, limits::CONTACT)?,
            registrations::first_record("contact", new.contact, limits::CONTACT)?,
        ],
        slot: LinkSlot { id: new.slot.id, sealed: new.slot.sealed.0, share_sealed },
        token_hash: invitations::token_hash(&new.slot.token.0)?,
    })
}

/// When it was asked, and the server's word for that: nothing of it is kept.
fn challenge(seal: &ServerSeal, name: &PageName, now: Timestamp) -> Vec<u8> {
    [&now.unix_millis().to_be_bytes()[..], &seal.work(name.as_str(), now)].concat()
}

/// Whether as much was computed for this letter as is asked for, for this page and lately.
fn is_worked(
    seal: &ServerSeal,
    name: &PageName,
    bits: u8,
    letter: (LetterId, ContentHash),
    done: Option<&WorkDone>,
    now: Timestamp,
) -> bool {
    if bits == 0 {
        return true;
    }
    let Some(done) = done else { return false };
    let Some((millis, mac)) = done.challenge.0.split_first_chunk() else { return false };
    let asked = Timestamp::from_unix_millis(u64::from_be_bytes(*millis));
    let is_ours = bool::from(seal.work(name.as_str(), asked).ct_eq(mac));
    is_ours && asked <= now && now.since(asked) <= limits::WORK_LIFE && done.bits(letter) >= u32::from(bits)
}

#[cfg(test)]
mod tests;
