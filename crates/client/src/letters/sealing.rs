//! Sealing what was written: one letter, one more for each blind copy, or one for each reader (PROTOCOL §3).

use securemailbox_protocol::{
    ids::{LetterId, RecordId, ThreadId},
    letters::{Hold, NewLetter, NewLetters, NewReader},
    levels::Level,
    octets::Octets,
    time::Timestamp,
};
use securemailbox_vault::{
    attachments::blobs,
    certificates::Certificate,
    letters::{Outgoing, SealRefused, SealedLetter, seal, seal_blind_copy},
};

use crate::{directory::LookUpError, invitations::Invite, mailbox::Mailbox, recipient::Recipient, world::World};

use super::{Addressed, SendError, SentTo, TextPrint, Waiting};

/// The contents of one post, in bytes: it waits whole on the device, and in memory.
const MOST_AT_ONCE: usize = 16 * 1024 * 1024;

/// What a post is sealed from.
pub(super) struct Source<'a> {
    /// What was written.
    pub(super) written: &'a Addressed,
    /// The draft that it was.
    pub(super) record: Option<RecordId>,
    /// The texts of that draft that its sender had seen.
    pub(super) seen: Vec<TextPrint>,
    /// How long the server holds it.
    pub(super) hold: Option<Hold>,
}

/// A letter of a post, sealed.
struct Part {
    thread: ThreadId,
    sealed: SealedLetter,
    sent_to: SentTo,
}

impl Mailbox {
    /// Seals a post, and says whom it is to.
    ///
    /// # Errors
    /// [`SendError`]: nothing was sealed.
    pub(super) async fn seal(
        &self,
        world: &impl World,
        from: &Source<'_>,
    ) -> Result<(Waiting, Vec<Recipient>), SendError> {
        let Source { written, record, seen, hold } = from;
        let (mut readers, mut guests) = (Vec::new(), Vec::new());
        // A blind copy for oneself is the letter that one has.
        for address in written.to.iter().chain(&written.cc).chain(written.bcc.iter().filter(|to| *to != self.address()))
        {
            let invite = written.invite.iter().find(|invite| invite.address == *address);
            let recipient = match (self.recipient(world, address).await, invite) {
                (Err(LookUpError::NoAccount), Some(invite)) => {
                    let (guest, recipient) = self.invite(world, invite);
                    guests.push(guest);
                    Ok(recipient)
                }
                // Words that were said since, and that their link does not open by.
                (Ok(_), Some(Invite { passphrase: Some(agreed), .. }))
                    if self.was_invited(address) && self.passphrase_of(address).as_ref() != Some(agreed) =>
                {
                    Err(LookUpError::OtherPassphrase)
                }
                (Ok(_), _) if address.is_of_writer() && written.level > Some(Level::Address) => {
                    Err(LookUpError::NoLevelByLink)
                }
                (found, _) => found,
            };
            readers.push(recipient.map_err(|cause| SendError::LookUp { address: address.clone(), cause })?);
        }
        let parts = self.seal_parts(world, written, &readers, *hold)?;
        if parts.iter().map(|part| part.sealed.content.len()).sum::<usize>() > MOST_AT_ONCE && parts.len() > 1 {
            return Err(SendError::TooMuchAtOnce);
        }
        let account_of = |certificate| {
            let other = readers.iter().find(|reader| reader.certificate.hash() == certificate);
            other.map_or(self.owner.account, |reader| reader.account)
        };
        let id = parts.first().ok_or(SealRefused::NoReader)?.sealed.id;
        let (mut letters, mut contents, mut sent_to) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            let SealedLetter { id, content, content_hash, envelope, wrapped } = part.sealed;
            let holders = wrapped.into_iter().map(|wrapped| NewReader {
                account: account_of(wrapped.certificate),
                certificate: wrapped.certificate,
                wrapped_key: wrapped.bytes.into(),
            });
            let (thread, envelope, readers) = (part.thread, envelope.into(), holders.collect());
            letters.push(NewLetter {
                id,
                thread,
                envelope,
                content_hash,
                level: written.level,
                readers,
                blobs: blobs(&written.attachments()).collect(),
            });
            contents.push(Octets(content));
            sent_to.push(part.sent_to);
        }
        let waiting = Waiting {
            id,
            letters: NewLetters { letters, draft: None, hold: *hold, guests },
            contents,
            written: (*written).clone(),
            record: *record,
            seen: seen.clone(),
            sent_to,
        };
        Ok((waiting, readers))
    }

    fn seal_parts(
        &self,
        world: &impl World,
        written: &Addressed,
        readers: &[Recipient],
        hold: Option<Hold>,
    ) -> Result<Vec<Part>, SealRefused> {
        // Letters of one post have ids of one moment: by that their sender's devices know them (PROTOCOL §3).
        // They ascend, so that the first is the one that the others are copies of.
        let now = world.now();
        let mut ids: Vec<_> = (0..=readers.len()).map(|_| LetterId::new(now, &mut world.rng())).collect();
        ids.sort_unstable();
        let certificates: Vec<_> = readers.iter().map(|reader| reader.certificate.clone()).collect();
        let keyring = self.keyring();
        let sender = keyring.present();
        if written.each {
            let each = ids.into_iter().zip(certificates).map(|(id, reader)| {
                let letter = self.outgoing(world, (id, now), written, (vec![reader], Vec::new()), hold);
                Ok(Part::new(&letter, seal(&letter, sender, &mut world.rng())?, None))
            });
            return each.collect();
        }
        let (named, blind) = certificates.split_at(written.to.len() + written.cc.len());
        let (to, cc) = named.split_at(written.to.len());
        let mut ids = ids.into_iter();
        let id = ids.next().ok_or(SealRefused::NoReader)?;
        let letter = self.outgoing(world, (id, now), written, (to.to_vec(), cc.to_vec()), hold);
        let mut parts = vec![Part::new(&letter, seal(&letter, sender, &mut world.rng())?, None)];
        for (id, reader) in ids.zip(blind) {
            let copy = seal_blind_copy(&letter, id, reader, sender, &mut world.rng())?;
            parts.push(Part::new(&letter, copy, Some(reader)));
        }
        Ok(parts)
    }

    fn outgoing(
        &self,
        world: &impl World,
        (id, now): (LetterId, Timestamp),
        written: &Addressed,
        (to, cc): (Vec<Certificate>, Vec<Certificate>),
        hold: Option<Hold>,
    ) -> Outgoing {
        let answers = written.answers.as_ref();
        Outgoing {
            id,
            thread: answers.map_or_else(|| ThreadId::new(&mut world.rng()), |answers| answers.thread),
            name: Some(self.name()),
            to,
            cc,
            subject: written.subject.clone(),
            text: written.text.clone(),
            // Whoever gets it later is not told a date that was long ago.
            date: match hold {
                Some(Hold::Until(release)) => release.max(now),
                Some(Hold::For(_)) | None => now,
            },
            signed: now,
            in_reply_to: answers.map(|answers| answers.letter),
            references: answers
                .map_or_else(Vec::new, |answers| answers.references.iter().copied().chain([answers.letter]).collect()),
            level: written.level,
            attachments: written.attachments(),
        }
    }
}

impl Part {
    fn new(letter: &Outgoing, sealed: SealedLetter, blind: Option<&Certificate>) -> Self {
        let readers = letter.to.iter().chain(&letter.cc).chain(blind);
        let readers = readers.map(|reader| (reader.address().clone(), reader.fingerprint())).collect();
        let blind = blind.map(|reader| reader.address().clone());
        Self { thread: letter.thread, sent_to: SentTo { content: sealed.content_hash, readers, blind }, sealed }
    }
}
