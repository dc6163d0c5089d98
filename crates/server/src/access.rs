//! Whose mailbox a request is about, and who asks. Today everybody has one mailbox, their own; a handler that says which
//! of the two it means stays right when a person may open another one.

use axum::{extract::FromRequestParts, http::request::Parts};
use securemailbox_protocol::{
    ids::{AccountId, MailboxId},
    problems::ProblemType,
};
use securemailbox_store::sessions::{InSession, InSessionError};

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

impl Access {
    /// An act of this request's, which is not done if its session ends before.
    pub(crate) fn acts<A>(&self, mailroom: &Mailroom, act: A) -> InSession<A> {
        self.session.acts(mailroom, act)
    }
}

impl Session {
    /// The same, where no mailbox is named.
    pub(crate) fn acts<A>(&self, mailroom: &Mailroom, act: A) -> InSession<A> {
        InSession { session: self.id, now: mailroom.now(), act }
    }
}

impl<E> From<InSessionError<E>> for Problem
where
    Self: From<E>,
{
    fn from(error: InSessionError<E>) -> Self {
        match error {
            InSessionError::Over => ProblemType::NotSignedIn.into(),
            InSessionError::Locked => ProblemType::SessionLocked.into(),
            InSessionError::Act(error) => error.into(),
        }
    }
}

impl FromRequestParts<Mailroom> for Access {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let OfAnybody(session) = OfAnybody::from_request_parts(parts, mailroom).await?;
        Ok(Self { who: session.account, mailbox: session.account.mailbox(), session })
    }
}
