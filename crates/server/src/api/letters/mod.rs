//! Letters (PROTOCOL §3, §4): posting, listing, reading, moving, receipts.

pub(crate) mod hold;
pub(crate) mod list;
pub(crate) mod post;
pub(crate) mod read;
pub(crate) mod receipts;
pub(crate) mod update;
pub(crate) mod withdraw;

use securemailbox_protocol::{
    ids::AccountId,
    letters::{Entry, Released, Sender},
    levels::Level,
};
use securemailbox_store::letters::{self, Correspondent};

use crate::{access::Access, mailroom::Mailroom, problem::Problem, seal::Unsealed};

/// An entry as this session may see it: what opens it is left out while a demanded level is not proved (PROTOCOL §6).
pub(super) fn entry(mailroom: &Mailroom, access: &Access, entry: letters::Entry) -> Result<Entry, Problem> {
    let has_key = !entry.wrapped_key.is_empty();
    let released = (has_key && may_open(mailroom, access, &entry))
        .then(|| Released { envelope: entry.envelope.into(), wrapped_key: entry.wrapped_key.into() });
    Ok(Entry {
        id: entry.id,
        thread: entry.thread,
        sender: sender(mailroom, &entry.sender)?,
        folder: entry.folder,
        read: entry.read,
        flagged: entry.flagged,
        level: entry.level,
        change: entry.change,
        arrived: entry.arrived,
        content_length: entry.content_length,
        held: entry.held,
        withdrawn: entry.withdrawn,
        binned: entry.binned,
        released,
    })
}

/// Whether the session may open an entry.
fn may_open(mailroom: &Mailroom, access: &Access, entry: &letters::Entry) -> bool {
    access.session.may_open(demanded(access, entry.sender.account, entry.level), mailroom.now())
}

/// The level that an entry demands. That is for its readers: one's own letter is one's own.
fn demanded(access: &Access, sender: AccountId, level: Option<Level>) -> Option<Level> {
    level.filter(|_| sender.mailbox() != access.mailbox)
}

fn sender(mailroom: &Mailroom, correspondent: &Correspondent) -> Result<Sender, Unsealed> {
    let address = mailroom.seal.address(correspondent.account, &correspondent.address_sealed)?;
    Ok(Sender { address, certificate: correspondent.certificate })
}
