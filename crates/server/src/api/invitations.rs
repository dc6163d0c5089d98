//! Somebody who has no mailbox (PROTOCOL §5): made in the post of their first letter, listed to whoever made them, and let in by a
//! link and a code.

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    coding::base64url,
    factors::{FactorKind, Offers},
    ids::{AccountId, CertificateHash, FactorId, SignInId},
    invitations::{self, InvitationRow, InvitationUpdate, Invitations, LinkSignIn, NewLinkSignIn, NewReminder},
    limits,
    problems::{ProblemDetails, ProblemType},
    sealed::Purpose,
    time::Timestamp,
};
use securemailbox_store::{
    factors::Factor,
    invitations::{
        BeginLinkSignIn, ChangeDays, DeclineInvitation, DueGuest, ExpireInvitation, InvitationError, InvitationsDue,
        LinkSlot, ListInvitations, MakerOfGuest, NewGuest, RemindGuest, ReportWrongNumber, SenderToTell,
        WithdrawInvitation,
    },
    notices::{Lane, NoticeId},
};
use sha2::{Digest, Sha256};

use super::{Id, proofs, registrations, security, slots, within};
use crate::{
    body::Json,
    devices::Caller,
    mailroom::Mailroom,
    notices::{Recipient, Text, seal_notice},
    organisations,
    problem::Problem,
    session::{OfAnybody, Session},
    tallies::Tallies,
};

/// Begins to read by a link, and says who wrote. Nothing is sent, counted for the reader or used up: what scans an e-mail opens its
/// links. One answer for a link that is over, withdrawn or never was; tries are counted by their network.
#[utoipa::path(post, path = "/sign-ins/link", request_body = NewLinkSignIn,
    responses((status = 201, body = LinkSignIn), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn begin(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Json(new): Json<NewLinkSignIn>,
) -> Result<(StatusCode, Json<LinkSignIn>), Problem> {
    mailroom.rates.entrance(caller.network)?;
    let now = mailroom.now();
    let id = SignInId::new(now, &mut mailroom.rng());
    let act = BeginLinkSignIn { id, token_hash: token_hash(&new.token.0)?, now };
    let begun = mailroom.store.write(act).await?.ok_or(ProblemType::NotFound)?;
    let address = mailroom.seal.address(begun.offered.account, &begun.address_sealed)?;
    let from = mailroom.seal.address(begun.from.0, &begun.from.1)?;
    let organisation = organisations::of(&mailroom, &from).await?;
    let Offers { offers } = proofs::offers(&mailroom, &begun.offered)?;
    Ok((StatusCode::CREATED, Json(LinkSignIn { id, address, from, organisation, expires: begun.expires, offers })))
}

/// Somebody who has a link says that the phone is not theirs: whoever wrote is told, once, and nothing else happens.
#[utoipa::path(post, path = "/sign-ins/link/wrong-number", request_body = NewLinkSignIn,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn report_wrong_number(
    State(mailroom): State<Mailroom>,
    caller: Caller,
    Json(link): Json<NewLinkSignIn>,
) -> Result<StatusCode, Problem> {
    mailroom.rates.entrance(caller.network)?;
    let act = ReportWrongNumber { token_hash: token_hash(&link.token.0)?, now: mailroom.now() };
    found(mailroom.store.write(act).await?)
}

/// A guest does not want what was written to them: all of it is erased before this answers, and whoever wrote is told.
#[utoipa::path(post, path = "/invitations/decline",
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn decline(
    State(mailroom): State<Mailroom>,
    OfAnybody(session): OfAnybody,
) -> Result<StatusCode, Problem> {
    let declined = mailroom.store.write(DeclineInvitation { guest: session.account, now: mailroom.now() }).await?;
    mailroom.store.erase_removed().await?;
    found(declined)
}

/// Takes back everything that somebody has who was written to by a link. All of it is erased before this answers; what was sent
/// stays with whoever wrote.
#[utoipa::path(delete, path = "/invitations/{id}", params(("id" = AccountId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn withdraw(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(guest): Id<AccountId>,
) -> Result<StatusCode, Problem> {
    let act = WithdrawInvitation { sender: session.account, guest, now: mailroom.now() };
    let withdrawn = mailroom.store.write(session.acts(&mailroom, act)).await?;
    mailroom.store.erase_removed().await?;
    found(withdrawn)
}

/// Changes how long everything stays that a guest has, counted from the last letter.
#[utoipa::path(patch, path = "/invitations/{id}", params(("id" = AccountId, Path)), request_body = InvitationUpdate,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn update(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(guest): Id<AccountId>,
    Json(InvitationUpdate { days }): Json<InvitationUpdate>,
) -> Result<StatusCode, Problem> {
    if !(1..=limits::INVITATION_DAYS).contains(&days) {
        return Err(Problem::bad_request(format!("`days` is from 1 to {}", limits::INVITATION_DAYS)));
    }
    let act = ChangeDays { sender: session.account, guest, days, now: mailroom.now() };
    mailroom.store.write(session.acts(&mailroom, act)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a guest the link once more, which their sender's client hands in again: once a day, and never where its sender hands it over.
#[utoipa::path(post, path = "/invitations/{id}/reminder", params(("id" = AccountId, Path)), request_body = NewReminder,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn remind(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(guest): Id<AccountId>,
    Json(NewReminder { link }): Json<NewReminder>,
) -> Result<StatusCode, Problem> {
    is_own(&mailroom, &session, guest).await?;
    let link_sealed = seal_link(&mailroom, guest, &link)?;
    Tallies::of(&mailroom).reminder(guest).count().await?;
    let notice = NoticeId::new(&mut mailroom.rng());
    let act = RemindGuest { sender: session.account, guest, notice, link_sealed, now: mailroom.now() };
    mailroom.store.write(session.acts(&mailroom, act)).await?;
    mailroom.notices.ring(Lane::Letters);
    Ok(StatusCode::NO_CONTENT)
}

/// Allows as many wrong codes at a link once more, a few times: somebody may have guessed, so that its sender asks first.
#[utoipa::path(post, path = "/invitations/{id}/tries", params(("id" = AccountId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn allow_tries(
    State(mailroom): State<Mailroom>,
    session: Session,
    Id(guest): Id<AccountId>,
) -> Result<StatusCode, Problem> {
    is_own(&mailroom, &session, guest).await?;
    if Tallies::of(&mailroom).wrong_at_link(guest).is_full().await? {
        Tallies::of(&mailroom).tries_allowed(guest).count().await?;
        Tallies::of(&mailroom).wrong_at_link(guest).count_anew().await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn is_own(mailroom: &Mailroom, session: &Session, guest: AccountId) -> Result<(), Problem> {
    let maker = mailroom.store.read(MakerOfGuest { guest }).await?;
    if maker == Some(session.account) { Ok(()) } else { Err(ProblemType::NotFound.into()) }
}

impl From<InvitationError> for Problem {
    fn from(error: InvitationError) -> Self {
        match error {
            InvitationError::NotFound => ProblemType::NotFound.into(),
            InvitationError::HandedOver => Self::bad_request("its sender hands this link over"),
            InvitationError::Over => Self::bad_request("by `days` the time would be over; take it back instead"),
            InvitationError::Store(source) => source.into(),
        }
    }
}

fn found(is_there: bool) -> Result<StatusCode, Problem> {
    if is_there { Ok(StatusCode::NO_CONTENT) } else { Err(ProblemType::NotFound.into()) }
}

/// Those that one wrote to who have no mailbox yet.
#[utoipa::path(get, path = "/invitations",
    responses((status = 200, body = Invitations), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn list(State(mailroom): State<Mailroom>, session: Session) -> Result<Json<Invitations>, Problem> {
    let found = mailroom.store.read(ListInvitations { sender: session.account.mailbox() }).await?;
    let mut invitations = Vec::with_capacity(found.len());
    for one in found {
        invitations.push(InvitationRow {
            account: one.account,
            address: mailroom.seal.address(one.account, &one.address_sealed)?,
            hint: match &one.phone {
                Some(phone) => proofs::hint(&mailroom, one.account, phone)?,
                None => String::new(),
            },
            link: one.link,
            proved: one.proved_sealed.map(|sealed| mailroom.seal.address(one.account, &sealed)).transpose()?,
            made: one.made,
            opened: one.opened,
            wrong_number: one.wrong_number,
            days: one.days,
            shut: Tallies::of(&mailroom).wrong_at_link(one.account).is_full().await?,
            expires: one.expires,
        });
    }
    Ok(Json(Invitations { invitations }))
}

/// A guest of a post, held to the limits, as the store takes it.
pub(super) fn guest(mailroom: &Mailroom, new: invitations::NewGuest) -> Result<NewGuest, Problem> {
    within("certificate", &new.certificate.0, limits::CERTIFICATE)?;
    within("sealed", &new.slot.sealed.0, limits::SLOT)?;
    let account = new.account;
    let (seal, mut rng) = (&mailroom.seal, mailroom.rng());
    let phone = FactorId::new(mailroom.now(), &mut rng);
    let share_sealed = slots::seal_share(mailroom, account, new.slot.id, &new.slot.share.0)?;
    let link_sealed = new.link.map(|link| seal_link(mailroom, account, &link)).transpose()?;
    Ok(NewGuest {
        account,
        address_lookup: seal.address_look_up(&new.address),
        address_sealed: seal.seal_address(account, &new.address, &mut rng),
        phone: Factor {
            id: phone,
            kind: FactorKind::Phone,
            sealed: seal.seal_phone(account, phone, &new.phone, &mut rng),
        },
        language: new.language,
        certificate_sealed: seal.seal_certificate(account, &new.certificate.0, &mut rng),
        certificate_hash: CertificateHash::from_bytes(Sha256::digest(&new.certificate.0).into()),
        keyring: registrations::first_record("keyring", new.keyring, limits::KEYRING)?,
        settings: registrations::first_record("settings", new.settings, limits::RECORD)?,
        contact: registrations::first_record("contact", new.contact, limits::CONTACT)?,
        slot: LinkSlot { id: new.slot.id, sealed: new.slot.sealed.0, share_sealed },
        token_hash: token_hash(&new.slot.token.0)?,
        link_sealed,
    })
}

fn seal_link(mailroom: &Mailroom, account: AccountId, link: &str) -> Result<Vec<u8>, Problem> {
    let is_link = link.len() == invitations::LINK && base64url::decode(link).is_ok();
    if !is_link {
        return Err(Problem::bad_request(format!("`link` is {} characters of base64url", invitations::LINK)));
    }
    let place = *account.as_bytes();
    Ok(mailroom.seal.seal(Purpose::Outbox, place, place, link.as_bytes(), &mut mailroom.rng()))
}

pub(super) fn token_hash(token: &[u8]) -> Result<[u8; 32], Problem> {
    let token: &[u8; invitations::TOKEN] = token.try_into().map_err(|_| ProblemType::NotFound)?;
    Ok(Sha256::digest(token).into())
}

/// Removes the guests whose conversation has come to its end, all but their letters: some of them, the rest the next time. One that
/// fails stands in no other's way.
///
/// # Errors
/// The last that failed. It is tried again.
pub(crate) async fn end_due(mailroom: &Mailroom) -> Result<(), Problem> {
    let mut outcome = Ok(());
    let now = mailroom.now();
    for due in mailroom.store.read(InvitationsDue { now }).await? {
        outcome = end_one(mailroom, due, now).await.and(outcome);
    }
    outcome
}

async fn end_one(mailroom: &Mailroom, DueGuest { guest, to_tell }: DueGuest, now: Timestamp) -> Result<(), Problem> {
    let notice = match to_tell {
        Some(SenderToTell { account, address_sealed, language }) => {
            // What does not open tells nobody, and keeps nothing from being erased.
            let to = mailroom.seal.address(account, &address_sealed).ok().map(Recipient::Email);
            to.map(|to| seal_notice(&mailroom.seal, &to, language, &Text::ExpiredUnread, &mut mailroom.rng()))
        }
        None => None,
    };
    let rings = notice.is_some();
    if mailroom.store.write(ExpireInvitation { guest, notice, now }).await? && rings {
        security::ring(mailroom);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
