//! The directory (PROTOCOL §4.1): signed-in people only, within a daily limit.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use securemailbox_protocol::{
    directory::{Claimed, Listing, LookUp, NumberChecked, NumberToCheck},
    ids::{AccountId, CertificateHash, MailboxId},
    invitations::ClaimStatement,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::{
    StoreError,
    claims::{ClaimTo, ClaimTold},
    directory::{
        CertificateByHash, Listing as Listed, ListingByAddress, PhonesByAddress, ProvedPhone, SealedCertificate,
    },
    invitations::{GuestByAddress, MakerOfGuest},
};
use subtle::ConstantTimeEq as _;

use super::Id;
use crate::{access::Access, body::Json, mailroom::Mailroom, problem::Problem, session::Session, tallies::Tallies};

/// Finds the account of an address.
#[utoipa::path(post, path = "/directory/look-ups", request_body = LookUp,
    responses((status = 200, body = Listing), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn look_up(
    State(mailroom): State<Mailroom>,
    access: Access,
    Json(look_up): Json<LookUp>,
) -> Result<Json<Listing>, Problem> {
    mailroom.rates.look_up(access.who)?;
    let address_lookup = mailroom.seal.address_look_up(&look_up.address);
    let listing = listed_to(&mailroom, &access, address_lookup).await?.ok_or(ProblemType::NoAccount)?;
    let SealedCertificate { account, sealed } = listing.certificate;
    let certificate = mailroom.seal.certificate(account, &sealed)?.into();
    let claimed = claimed_to(&mailroom, access.mailbox, account).await?;
    Ok(Json(Listing { account, certificate, level: listing.level, claimed }))
}

/// What somebody's key says of the one in its place to whom they had been written by a link.
async fn claimed_to(
    mailroom: &Mailroom,
    sender: MailboxId,
    claimant: AccountId,
) -> Result<Option<Claimed>, StoreError> {
    let Some(claim) = mailroom.store.read(ClaimTo { sender, claimant }).await? else { return Ok(None) };
    if !claim.told {
        mailroom.store.write(ClaimTold { sender, claimant }).await?;
    }
    let statement = ClaimStatement { at: claim.signed_at, signature: claim.signature.into() };
    Ok(Some(Claimed { guest: claim.certificate, statement }))
}

/// Whom the directory has for one who asks: members, and the guests whom one wrote to oneself. A guest finds whoever wrote, and
/// learns of nobody else whether they are here (PROTOCOL §5).
async fn listed_to(mailroom: &Mailroom, access: &Access, address_lookup: [u8; 32]) -> Result<Option<Listed>, Problem> {
    let member = mailroom.store.read(ListingByAddress { address_lookup }).await?;
    if access.session.guest {
        let maker = mailroom.store.read(MakerOfGuest { guest: access.who }).await?;
        return Ok(member.filter(|listed| Some(listed.certificate.account) == maker));
    }
    match member {
        Some(member) => Ok(Some(member)),
        None => Ok(mailroom.store.read(GuestByAddress { sender: access.mailbox, address_lookup }).await?),
    }
}

/// Says whether the owner of an address is who the asker knows by this number, and nothing else: an address that nobody has is
/// answered like another number (PROTOCOL §6). Counted before anything is looked at, whatever comes of it.
#[utoipa::path(post, path = "/directory/numbers", request_body = NumberToCheck,
    responses((status = 200, body = NumberChecked), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn check_number(
    State(mailroom): State<Mailroom>,
    session: Session,
    Json(asked): Json<NumberToCheck>,
) -> Result<Json<NumberChecked>, Problem> {
    Ok(Json(checked(&mailroom, session.account, &asked).await?))
}

async fn checked(mailroom: &Mailroom, asker: AccountId, asked: &NumberToCheck) -> Result<NumberChecked, Problem> {
    let address_lookup = mailroom.seal.address_look_up(&asked.address);
    Tallies::of(mailroom).number_asked(asker, &address_lookup).count().await?;
    let mut matches = false;
    for ProvedPhone { account, factor, sealed } in mailroom.store.read(PhonesByAddress { address_lookup }).await? {
        let proved = mailroom.seal.phone(account, factor, &sealed)?;
        matches |= bool::from(proved.as_str().as_bytes().ct_eq(asked.phone.as_str().as_bytes()));
    }
    Ok(NumberChecked { matches })
}

/// The certificate of that SHA-256, binary: to verify what its owner signed.
#[utoipa::path(get, path = "/directory/certificates/{hash}", params(("hash" = CertificateHash, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = [u8]), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn certificate(
    State(mailroom): State<Mailroom>,
    _: Access,
    Id(hash): Id<CertificateHash>,
) -> Result<Response, Problem> {
    let SealedCertificate { account, sealed } =
        mailroom.store.read(CertificateByHash { hash }).await?.ok_or(ProblemType::NotFound)?;
    let certificate = mailroom.seal.certificate(account, &sealed)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], certificate).into_response())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use securemailbox_protocol::{address::Address, phone::PhoneNumber};

    use super::*;
    use crate::api::proofs::tests::House;

    const ANNAS: &str = "+46701740612";

    /// Who asks, by number.
    fn asker(number: u8) -> AccountId {
        AccountId::from_bytes([number; 16])
    }

    async fn ask(house: &House, who: u8, address: &str, phone: &str) -> Result<bool, Problem> {
        let (address, phone) = (Address::parse(address).unwrap(), PhoneNumber::parse(phone).unwrap());
        checked(&house.mailroom, asker(who), &NumberToCheck { address, phone }).await.map(|answer| answer.matches)
    }

    /// How often somebody may ask before it is refused.
    async fn until_refused(house: &House, who: u8, address: &str) -> u32 {
        for asked in 0..1000 {
            if let Err(refused) = ask(house, who, address, "+46701740699").await {
                assert_eq!(refused.kind(), ProblemType::TooManyRequests);
                return asked;
            }
        }
        panic!("never refused");
    }

    #[tokio::test]
    async fn only_a_proved_number_of_the_owners_own_is_a_match_and_nobodys_address_is_like_another_number() {
        let house = House::open().await;
        house.registered().await;
        assert_eq!(ask(&house, 1, "anna@demo.example", ANNAS).await.ok(), Some(true));
        assert_eq!(ask(&house, 1, "anna@demo.example", "+46701740613").await.ok(), Some(false));
        assert_eq!(ask(&house, 1, "nobody@demo.example", ANNAS).await.ok(), Some(false));
    }

    #[tokio::test]
    async fn a_number_is_asked_about_so_often_by_one_at_one_address_and_by_all() {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let house = House::open().await;
        house.registered().await;
        assert_eq!(until_refused(&house, 1, "anna@demo.example").await, 5, "of one address");
        assert!(ask(&house, 1, "anna@demo.example", ANNAS).await.is_err(), "the right one too");
        assert_eq!(until_refused(&house, 1, "nobody@demo.example").await, 5, "an address that nobody has counts alike");
        assert!(ask(&house, 2, "anna@demo.example", ANNAS).await.is_ok(), "somebody else");

        let mut in_all = 5 + 1;
        for who in 2..40 {
            in_all += until_refused(&house, who, "anna@demo.example").await;
        }
        assert_eq!(in_all, 100, "of one address, by whomever");
        let mut of_one = 0;
        for address in 0..40 {
            of_one += until_refused(&house, 99, &format!("n{address}@demo.example")).await;
        }
        assert_eq!(of_one, 30, "by one, of whomever");
        house.wait(DAY + Duration::from_secs(1));
        assert_eq!(ask(&house, 1, "anna@demo.example", ANNAS).await.ok(), Some(true));
    }
}
