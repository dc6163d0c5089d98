//! Whose mailbox a request is about, and who asks. Today everybody has one mailbox, their own; a handler that says which
//! of the two it means stays right when a person may open another one.

use axum::{extract::FromRequestParts, http::request::Parts};
use securemailbox_protocol::ids::{AccountId, MailboxId};

use crate::{
    mailroom::Mailroom,
    problem::Problem,
    session::{OfAnybody, Session},
};

/// A request of somebody who may open a mailbox, a guest among them. A handler that takes one answers nobody else.
#[derive(Debug, Clone)]
pub struct Access {
    /// Who asks: whose daily limits count.
    pub who: AccountId,
    /// The mailbox that the request reads and writes.
    pub mailbox: MailboxId,
    /// The session that asks, with the level that it proved and when.
    pub session: Session,
}

impl FromRequestParts<Mailroom> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let OfAnybody(session) = OfAnybody::from_request_parts(parts, mailroom).await?;
        Ok(Self { who: session.account, mailbox: session.account.mailbox(), session })
    }
}
