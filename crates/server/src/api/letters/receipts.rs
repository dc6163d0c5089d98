//! Read receipts and what became of a letter (PROTOCOL §4.5).

use axum::{extract::State, http::StatusCode};
use securemailbox_protocol::{
    ids::LetterId,
    letters::{Deliveries, Delivery, DeliveryRead, ReadReceipt},
    limits,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_store::letters::{self, DeliveriesOf, DeliveryReceipt, PutReceipt, PutReceiptError, SaySaved};

use super::{read, sender};
use crate::{
    access::Access,
    api::{Id, within},
    body::Json,
    mailroom::Mailroom,
    problem::Problem,
};

impl From<PutReceiptError> for Problem {
    fn from(error: PutReceiptError) -> Self {
        match error {
            PutReceiptError::NotFound => ProblemType::NotFound.into(),
            PutReceiptError::Store(source) => source.into(),
        }
    }
}

/// Tells the sender, signed, that the letter was opened. The first receipt stays.
#[utoipa::path(post, path = "/letters/{id}/receipt", params(("id" = LetterId, Path)), request_body = ReadReceipt,
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn put(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
    Json(receipt): Json<ReadReceipt>,
) -> Result<StatusCode, Problem> {
    within("signature", &receipt.signature.0, limits::SIGNATURE)?;
    read::may_open(&mailroom, &access, letter).await?;
    let receipt =
        DeliveryReceipt { at: receipt.at, signature: receipt.signature.0, level: access.session.standing.level };
    mailroom.store.write(access.acts(&mailroom, PutReceipt { mailbox: access.mailbox, letter, receipt })).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells the sender that all files of a letter lie with its reader. The first time stays; 404 for a letter without files.
#[utoipa::path(post, path = "/letters/{id}/saved", params(("id" = LetterId, Path)),
    responses((status = 204), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn saved(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
) -> Result<StatusCode, Problem> {
    read::may_open(&mailroom, &access, letter).await?;
    let say = SaySaved { mailbox: access.mailbox, letter, now: mailroom.now() };
    mailroom.store.write(access.acts(&mailroom, say)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Tells how far a letter of one's own came with each reader.
#[utoipa::path(get, path = "/letters/{id}/deliveries", params(("id" = LetterId, Path)),
    responses((status = 200, body = Deliveries), (status = "4XX", body = ProblemDetails)))]
pub(crate) async fn deliveries(
    State(mailroom): State<Mailroom>,
    access: Access,
    Id(letter): Id<LetterId>,
) -> Result<Json<Deliveries>, Problem> {
    let found =
        mailroom.store.read(DeliveriesOf { mailbox: access.mailbox, letter }).await?.ok_or(ProblemType::NotFound)?;
    let deliveries = found.into_iter().map(|delivery| on_the_wire(&mailroom, delivery)).collect::<Result<_, _>>()?;
    Ok(Json(Deliveries { deliveries }))
}

fn on_the_wire(mailroom: &Mailroom, delivery: letters::Delivery) -> Result<Delivery, Problem> {
    Ok(Delivery {
        saved: delivery.saved,
        reader: sender(mailroom, &delivery.reader)?,
        delivered: delivery.delivered,
        notified: delivery.notified,
        notice_refused: delivery.notice_refused,
        read: delivery.read.map(|read| DeliveryRead {
            receipt: ReadReceipt { at: read.at, signature: read.signature.into() },
            level: read.level,
        }),
        guest: delivery.guest,
        ended: delivery.ended,
    })
}
