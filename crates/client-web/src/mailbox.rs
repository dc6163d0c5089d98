//! The mailbox Worker: holds the keys from sign-in to lock, and shows a page what was verified.

use std::str::FromStr;

use securemailbox_client::{
    failure::{Class, Failure},
    letters::{Form, Kept, NotSent, ReadError, Unfinished},
    mailbox::{Mailbox, NewSheet, OpenError, Warning},
    opening::Opening,
    sign_in,
    world::World,
};
use securemailbox_protocol::{address::Address, ids::RecordId, letters::Folder};

use crate::{
    calls::{self, Id, MailboxCalls, Move, NewLanguage, Nothing, Part, Writing},
    problems::{OrProblem, problem, refused},
    shown::{self, People},
    sign_in::parse_address,
    views::{
        self, Comparison, Contacts, Counts, Done, Drafts, ErasureReceipt, Exported, GivenBack, Letter, Locked, Me,
        OwnCertificate, Problem, Recipient, Rows, Saved, Sessions, Sheet, Told, WentOut,
    },
};

/// A mailbox as a page has it: open, locked, or nobody's.
pub struct Desk<W> {
    world: W,
    mailbox: Option<Mailbox>,
    sheet: Option<NewSheet>,
    own_certificate_differs: bool,
    /// The newest letter that the page was told of, by arrival.
    newest: Option<securemailbox_protocol::time::Timestamp>,
}

impl<W: World> Desk<W> {
    /// Nothing open.
    pub const fn new(world: W) -> Self {
        Self { world, mailbox: None, sheet: None, own_certificate_differs: false, newest: None }
    }

    /// Opens what the sign-in Worker handed over.
    ///
    /// # Errors
    /// [`Problem`]
    pub async fn begin(&mut self, opening: &[u8]) -> Result<Me, Problem> {
        let opening = Opening::from_bytes(opening).map_err(|_| refused("not-an-opening"))?;
        let (mailbox, warnings) = opening.open(&self.world).await.or_problem()?;
        self.own_certificate_differs = warnings.contains(&Warning::OwnCertificateDiffers);
        Ok(self.opened(mailbox))
    }

    fn opened(&mut self, mailbox: Mailbox) -> Me {
        let me = me(&mailbox, self.own_certificate_differs);
        self.newest = mailbox.newest_arrival();
        self.mailbox = Some(mailbox);
        me
    }

    fn open(&mut self) -> Result<(&mut Mailbox, &W), Problem> {
        match &mut self.mailbox {
            Some(mailbox) => Ok((mailbox, &self.world)),
            None => Err(refused("locked")),
        }
    }

    fn count(&mut self, arrived: u32) -> Result<Counts, Problem> {
        let (mailbox, _) = self.open()?;
        let (inbox, unread) = mailbox.count(Folder::Inbox);
        Ok(Counts {
            inbox: shown::count(inbox),
            unread: shown::count(unread),
            sent: shown::count(mailbox.count(Folder::Sent).0),
            drafts: shown::count(mailbox.count_drafts()),
            trash: shown::count(mailbox.count(Folder::Trash).0),
            arrived,
        })
    }
}

impl<W: World> MailboxCalls for Desk<W> {
    async fn reopen(&mut self, _: Nothing) -> Result<Me, Problem> {
        let mut mailbox = Mailbox::open(&self.world).await.or_problem()?;
        // A directory that can't be asked now is asked at the next sign-in.
        let warnings = mailbox.check_own_listing(&self.world).await.unwrap_or_default();
        self.own_certificate_differs = warnings.contains(&Warning::OwnCertificateDiffers);
        mailbox.keep(&self.world).await.or_problem()?;
        Ok(self.opened(mailbox))
    }

    async fn locked(&mut self, _: Nothing) -> Result<Locked, Problem> {
        let address = sign_in::whose_session(&self.world).await.or_problem()?;
        Ok(Locked { address: address.as_str().into() })
    }

    async fn keep(&mut self, _: Nothing) -> Result<Done, Problem> {
        if let Some(mailbox) = &mut self.mailbox {
            mailbox.keep(&self.world).await.or_problem()?;
        }
        Ok(Done {})
    }

    async fn catch_up(&mut self, _: Nothing) -> Result<WentOut, Problem> {
        let (mailbox, world) = self.open()?;
        let given_back = mailbox.send_outgoing(world).await.or_problem()?;
        mailbox.hand_in_drafts(world).await;
        let given_back =
            given_back.iter().map(|back| GivenBack { draft: back.record.to_string(), problem: not_sent(&back.cause) });
        Ok(WentOut { given_back: given_back.collect(), waiting: shown::count(mailbox.count_outgoing()) })
    }

    async fn sync(&mut self, _: Nothing) -> Result<Counts, Problem> {
        let before = self.newest;
        let (mailbox, world) = self.open()?;
        mailbox.sync(world).await.or_problem()?;
        let arrived = mailbox.arrived_since(before);
        self.newest = mailbox.newest_arrival();
        self.count(shown::count(arrived))
    }

    async fn counts(&mut self, _: Nothing) -> Result<Counts, Problem> {
        self.count(0)
    }

    async fn list(&mut self, args: Part) -> Result<Rows, Problem> {
        let (mailbox, world) = self.open()?;
        let (from, folder) = (args.from as usize, args.folder.into());
        let rows = mailbox.part(world, folder, from..from + args.count as usize).await.or_problem()?;
        let people = People::of(mailbox);
        let rows = rows.into_iter().map(|row| people.row(row)).collect();
        Ok(Rows { rows, total: shown::count(mailbox.count(folder).0) })
    }

    async fn read(&mut self, args: Id) -> Result<Letter, Problem> {
        let (mailbox, world) = self.open()?;
        let id = id(&args.id)?;
        let reading = match mailbox.read(world, id).await {
            Ok(reading) => reading,
            // Whom the server says it is from: a person has somebody to ask.
            Err(error) => {
                let address = mailbox.said_from(id).map(|address| address.as_str().into());
                return Err(Problem { address, ..problem(&error) });
            }
        };
        let conversation = mailbox.conversation(world, reading.letter.thread()).await.or_problem()?;
        let people = People::of(mailbox);
        Ok(people.letter(&reading, conversation.into_iter().map(|row| people.row(row)).collect()))
    }

    async fn told(&mut self, args: Id) -> Result<Told, Problem> {
        let (mailbox, world) = self.open()?;
        let deliveries = mailbox.told(world, id(&args.id)?).await.or_problem()?;
        let people = People::of(mailbox);
        Ok(Told { deliveries: deliveries.iter().map(|delivery| people.delivery(delivery)).collect() })
    }

    async fn export(&mut self, args: Id) -> Result<Exported, Problem> {
        let (mailbox, world) = self.open()?;
        let id = id(&args.id)?;
        let bytes = mailbox.export(world, id, Form::Plain).await.or_problem()?;
        Ok(Exported { file_name: format!("{id}.eml"), text: String::from_utf8_lossy(&bytes).into_owned() })
    }

    async fn move_letters(&mut self, args: Move) -> Result<Counts, Problem> {
        let (mailbox, world) = self.open()?;
        for typed in &args.ids {
            mailbox.move_letter(world, id(typed)?, args.to.into()).await.or_problem()?;
        }
        self.sync(Nothing {}).await
    }

    async fn empty_trash(&mut self, _: Nothing) -> Result<ErasureReceipt, Problem> {
        let (mailbox, world) = self.open()?;
        let receipt = mailbox.empty_trash(world).await.or_problem()?;
        mailbox.keep(world).await.or_problem()?;
        Ok(shown::receipt(&receipt))
    }

    async fn contacts(&mut self, _: Nothing) -> Result<Contacts, Problem> {
        let (mailbox, _) = self.open()?;
        let people = People::of(mailbox);
        Ok(Contacts { contacts: people.contacts.iter().map(|(address, _)| people.contact(address)).collect() })
    }

    async fn look_up(&mut self, args: calls::Address) -> Result<Recipient, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        let looked_up = mailbox.look_up(world, &address).await;
        mailbox.remember_keys(world).await.or_problem()?;
        let recipient = looked_up.or_problem_of(address.as_str())?;
        let who = People::of(mailbox).somebody(&address, None, recipient.standing);
        Ok(Recipient { who })
    }

    async fn send(&mut self, args: Writing) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        let (record, written) = written(mailbox, world, args).await?;
        mailbox.send_written(world, record, written).await.map_err(|error| not_sent(&error))?;
        Ok(Done {})
    }

    async fn hold(&mut self, args: Id) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.hold(world, id(&args.id)?).await.or_problem()?;
        Ok(Done {})
    }

    async fn take_back(&mut self, args: Id) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.take_back(world, id(&args.id)?).await.or_problem()?;
        Ok(Done {})
    }

    async fn drafts(&mut self, _: Nothing) -> Result<Drafts, Problem> {
        let (mailbox, world) = self.open()?;
        let kept = mailbox.drafts(world).await.or_problem()?;
        Ok(Drafts { drafts: kept.iter().map(|kept| draft_of(mailbox, kept)).collect() })
    }

    async fn draft(&mut self, args: Id) -> Result<views::Draft, Problem> {
        let (mailbox, world) = self.open()?;
        let id = id(&args.id)?;
        let draft = mailbox.draft(world, id).await.or_problem()?;
        Ok(draft_of(mailbox, &Kept { id, draft: Ok(draft) }))
    }

    async fn save_draft(&mut self, args: Writing) -> Result<Saved, Problem> {
        let (mailbox, world) = self.open()?;
        let (record, draft) = written(mailbox, world, args).await?;
        if record.is_some_and(|record| mailbox.is_outgoing(record)) {
            return Err(refused("waiting"));
        }
        let saved = draft.saved;
        let kept = mailbox.save_draft(world, record, draft).await.or_problem()?;
        Ok(Saved { id: kept.id.to_string(), saved: shown::millis(saved), refused: kept.refused.as_ref().map(problem) })
    }

    async fn erase_draft(&mut self, args: Id) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.erase_draft(world, id(&args.id)?).await.or_problem()?;
        Ok(Done {})
    }

    async fn compare(&mut self, args: calls::Address) -> Result<Comparison, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        let comparison = mailbox.compare(world, &address).await.or_problem_of(address.as_str())?;
        Ok(compared(mailbox, &address, &comparison))
    }

    async fn digits_match(&mut self, args: calls::Address) -> Result<Comparison, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        let comparison = mailbox.digits_match(world, &address).await.or_problem_of(address.as_str())?;
        Ok(compared(mailbox, &address, &comparison))
    }

    async fn digits_differ(&mut self, args: calls::Address) -> Result<Comparison, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        let comparison = mailbox.digits_differ(world, &address).await.or_problem_of(address.as_str())?;
        Ok(compared(mailbox, &address, &comparison))
    }

    async fn accept(&mut self, args: calls::Address) -> Result<Comparison, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        let comparison = mailbox.accept(world, &address).await.or_problem_of(address.as_str())?;
        Ok(compared(mailbox, &address, &comparison))
    }

    async fn sessions(&mut self, _: Nothing) -> Result<Sessions, Problem> {
        let (mailbox, world) = self.open()?;
        Ok(shown::sessions(&mailbox.sessions(world).await.or_problem()?))
    }

    async fn end_session(&mut self, args: Id) -> Result<Sessions, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.end_session(world, id(&args.id)?).await.or_problem()?;
        self.sessions(Nothing {}).await
    }

    async fn own_certificate(&mut self, _: Nothing) -> Result<OwnCertificate, Problem> {
        let (mailbox, world) = self.open()?;
        let differs = mailbox.check_own_listing(world).await.or_problem()?.contains(&Warning::OwnCertificateDiffers);
        let certificate = mailbox.keyring().present().certificate();
        let shown = OwnCertificate {
            fingerprint: certificate.fingerprint().to_string(),
            armored: certificate.to_armor(),
            differs,
        };
        self.own_certificate_differs = differs;
        Ok(shown)
    }

    async fn set_language(&mut self, args: NewLanguage) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.set_language(world, args.language.into()).await.or_problem()?;
        Ok(Done {})
    }

    async fn new_sheet(&mut self, _: Nothing) -> Result<Sheet, Problem> {
        let (mailbox, world) = self.open()?;
        let sheet = mailbox.new_sheet(world);
        let shown = Sheet { recovery_code: sheet.code().to_string(), address: mailbox.address().as_str().into() };
        self.sheet = Some(sheet);
        Ok(shown)
    }

    async fn sheet_kept(&mut self, _: Nothing) -> Result<Me, Problem> {
        let sheet = self.sheet.take().ok_or_else(|| refused("out-of-step"))?;
        let differs = self.own_certificate_differs;
        let (mailbox, world) = self.open()?;
        if let Err(error) = mailbox.replace_sheet(world, &sheet).await {
            self.sheet = Some(sheet);
            return Err(problem(&error));
        }
        Ok(me(mailbox, differs))
    }

    async fn lock(&mut self, _: Nothing) -> Result<Done, Problem> {
        let Some(mailbox) = self.mailbox.take() else { return Ok(Done {}) };
        mailbox.lock(&self.world).await.or_problem()?;
        Ok(Done {})
    }

    async fn sign_out(&mut self, _: Nothing) -> Result<Done, Problem> {
        if let Some(mailbox) = &mut self.mailbox {
            // What was written is at the server, or the person is told before anything goes.
            if !mailbox.hand_in_drafts(&self.world).await || mailbox.count_outgoing() > 0 {
                return Err(refused("draft-waits"));
            }
            match mailbox.keep(&self.world).await {
                // Pins that the server does not take now are what a later sign-in sees again.
                Ok(()) | Err(OpenError::Record(_)) => {}
                Err(error) if error.explain().class == Class::Unavailable => {}
                Err(error) => return Err(problem(&error)),
            }
        }
        self.mailbox = None;
        match sign_in::sign_out(&self.world).await {
            Err(sign_in::SignInError::Call(error)) if error.explain().class == Class::Unavailable => {
                Err(refused("session-lives-on"))
            }
            ended => ended.or_problem().map(|()| Done {}),
        }
    }

    async fn give_up_unsent(&mut self, _: Nothing) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.give_up_unsent(world).await.or_problem()?;
        Ok(Done {})
    }
}

impl From<views::Folder> for Folder {
    fn from(folder: views::Folder) -> Self {
        match folder {
            views::Folder::Inbox => Self::Inbox,
            views::Folder::Sent => Self::Sent,
            views::Folder::Trash => Self::Trash,
        }
    }
}

fn me(mailbox: &Mailbox, own_certificate_differs: bool) -> Me {
    Me {
        address: mailbox.address().as_str().into(),
        name: mailbox.name().into(),
        sheet_owed: mailbox.owes_sheet(),
        own_certificate_differs,
        kept: mailbox.stays_signed_in(),
    }
}

/// An id in the page's address may be anything.
fn id<T: FromStr>(typed: &str) -> Result<T, Problem> {
    typed.parse().map_err(|_| Problem { class: views::Class::NotFound, ..refused("not-found") })
}

/// What stands on the page, and the draft that it is.
async fn written(
    mailbox: &mut Mailbox,
    world: &impl World,
    args: Writing,
) -> Result<(Option<RecordId>, Unfinished), Problem> {
    let record = args.id.as_deref().map(id).transpose()?;
    let answers = match args.answers.as_deref() {
        None => None,
        Some(letter) => match mailbox.answers(world, record, id(letter)?).await {
            // Erased since: what was written is no answer any more, and still a letter.
            Err(ReadError::NotFound) => None,
            answers => Some(answers.or_problem()?),
        },
    };
    Ok((record, Unfinished { to: args.to, subject: args.subject, text: args.text, answers, saved: world.now() }))
}

fn not_sent(error: &NotSent) -> Problem {
    Problem { address: error.about().map(Into::into), ..problem(error) }
}

fn draft_of(mailbox: &Mailbox, kept: &Kept) -> views::Draft {
    let waiting = mailbox.is_outgoing(kept.id);
    let id = kept.id.to_string();
    match &kept.draft {
        Ok(Unfinished { to, subject, text, answers, saved }) => views::Draft {
            id,
            to: to.clone(),
            subject: subject.clone(),
            text: text.clone(),
            answers: answers.as_ref().map(|answers| answers.letter().to_string()),
            saved: shown::millis(*saved),
            waiting,
            damage: None,
        },
        Err(error) => views::Draft {
            id,
            to: Vec::new(),
            subject: String::new(),
            text: String::new(),
            answers: None,
            saved: 0,
            waiting,
            damage: Some(problem(error)),
        },
    }
}

fn compared(
    mailbox: &Mailbox,
    address: &Address,
    comparison: &securemailbox_client::comparing::Comparison,
) -> Comparison {
    Comparison {
        who: People::of(mailbox).somebody(address, None, comparison.standing),
        digits: comparison.digits.to_string().split(' ').map(Into::into).collect(),
        must_be_compared: comparison.must_be_compared,
        digits_differ: comparison.differs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_pages_address_is_no_id_until_it_is_parsed() {
        for typed in ["", "..", "x", "/letters/1", "01a20d79-8f77-7d60-b15e-c10ad3c45a8"] {
            assert_eq!(
                id::<securemailbox_protocol::ids::LetterId>(typed).unwrap_err().class,
                views::Class::NotFound,
                "{typed}"
            );
        }
    }
}
