//! The directory (PROTOCOL §4.1): signed-in people only, within a daily limit.

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use securemailbox_protocol::{
    directory::{Listing, LookUp},
    ids::CertificateHash,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::directory::{CertificateByHash, ListingByAddress, SealedCertificate};

use super::Id;
use crate::{access::Access, body::Json, mailroom::Mailroom, problem::Problem, session::Session};

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
    let listing = mailroom.store.read(ListingByAddress { address_lookup }).await?.ok_or(ProblemType::NoAccount)?;
    let SealedCertificate { account, sealed } = listing.certificate;
    let certificate = mailroom.seal.certificate(account, &sealed)?.into();
    Ok(Json(Listing { account, certificate, level: listing.level }))
}

/// The certificate of that SHA-256, binary: to verify what its owner signed.
#[utoipa::path(get, path = "/directory/certificates/{hash}", params(("hash" = CertificateHash, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = [u8]), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn certificate(
    State(mailroom): State<Mailroom>,
    _: Session,
    Id(hash): Id<CertificateHash>,
) -> Result<Response, Problem> {
    let SealedCertificate { account, sealed } =
        mailroom.store.read(CertificateByHash { hash }).await?.ok_or(ProblemType::NotFound)?;
    let certificate = mailroom.seal.certificate(account, &sealed)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], certificate).into_response())
}
