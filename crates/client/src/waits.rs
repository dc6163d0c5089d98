//! What is done to an account only when its time has come, and saying no to it meanwhile (PROTOCOL §7).

use securemailbox_protocol::{
    coding::base64url,
    endpoints,
    octets::Octets,
    waits::{TOKEN, Wait, WaitKind, WaitLink},
};

use crate::{api::Api, failure::CallError, mailbox::Mailbox, opens::OpenError, world::World};

/// The link of an announcement, or what stands behind its `#`; none if it is neither.
#[must_use]
pub fn read_link(typed: &str) -> Option<WaitLink> {
    let token = typed.trim().rsplit('#').next()?;
    let token = base64url::decode(token).ok().filter(|token| token.len() == TOKEN)?;
    Some(WaitLink { token: Octets(token) })
}

/// What a link is about. Changes nothing.
///
/// # Errors
/// [`CallError`]; `not-found` for one that is over.
pub async fn find(world: &impl World, link: &WaitLink) -> Result<Wait, CallError> {
    Api::stranger(world.transport()).send(endpoints::FIND_WAIT.here(), link).await
}

/// Stops what a link is about.
///
/// # Errors
/// [`CallError`]; `not-found` for one that is over.
pub async fn stop_by_link(world: &impl World, link: &WaitLink) -> Result<(), CallError> {
    Api::stranger(world.transport()).tell(endpoints::STOP_WAIT_BY_LINK.here(), link).await
}

impl Mailbox {
    /// What waits to be done to this account, by the server's word at the last sync.
    #[must_use]
    pub fn waits(&self) -> Vec<Wait> {
        self.state.borrow().waits.clone()
    }

    /// Stops what waits. The papers that were shown for a recovery are void then, so a new sheet is owed.
    ///
    /// # Errors
    /// [`OpenError`]: of a call that did not go through, or it is stopped and the owed sheet could not be written down.
    pub async fn stop_wait(&self, world: &impl World, kind: WaitKind) -> Result<(), OpenError> {
        self.session.api(world).delete(endpoints::STOP_WAIT.of(kind)).await?;
        self.state.borrow_mut().waits.retain(|wait| wait.kind != kind);
        match kind {
            WaitKind::Recovery => self.settle_sheet(world, true).await,
            WaitKind::Removal => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_taken_whole_or_by_what_stands_behind_it() {
        let token = "Zm9vYmFyZm9vYmFyZm9vYg";
        for typed in [token.into(), format!(" https://mail.example.se/stop#{token}\n"), format!("#{token}")] {
            assert_eq!(read_link(&typed).unwrap().token.0, b"foobarfoobarfoob", "{typed}");
        }
        for typed in ["", "https://mail.example.se/stop", "#Zm9v", "#not base64url, not at all"] {
            assert!(read_link(typed).is_none(), "{typed}");
        }
    }
}
