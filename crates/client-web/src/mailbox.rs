//! The mailbox Worker: holds the keys from sign-in to lock, and shows a page what was verified.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    str::FromStr,
};

use securemailbox_client::{
    claims::GuestKeys,
    directory::Warning,
    failure::{Class, ClientProblem, Failure, FailureName},
    invitations::Reminded,
    letters::{DraftRow, Form, ReadError, Reading, Rewrapping},
    mailbox::Mailbox,
    opening::Opening,
    opens::{NewSheet, OpenError},
    replica::{Choice, Followed},
    settings::Name,
    sign_in,
    sync::Progress,
    world::World,
};
use securemailbox_protocol::{
    accounts::{Account, TrashLife},
    factors::{ConfirmedFactor, Factor, FactorOffer},
    ids::LetterId,
    invitations::InvitationRow,
    letters::{EntryUpdate, ErasureReceipt, Folder, Hold},
    phone::PhoneNumber,
    problems::ProblemType,
    security::SecurityEvent,
    slots::SlotKind,
    time::Timestamp,
    waits::Wait,
};
use securemailbox_vault::passphrases::Passphrase;
use zeroize::Zeroizing;

use crate::{
    adding::Adding,
    arguments::{
        ChangedDays, Code, Confirmation, Described, Erasing, Going, Heard, Id, Letters, Marking, Move, NamedPhone,
        NewLanguage, NewName, NewNotices, NewPhone, NewTrashLife, Nothing, Part, Sending, TypedAddress, TypedNumber,
        WaitToStop, WordsIn, Writing,
    },
    calls::MailboxCalls,
    confirming::Proof,
    contacts::Decision,
    drafts::{self, draft_news, not_sent, written},
    passkeys::{
        AddingPasskey, CreatedPasskey, Handed, NamedPasskey, PasskeyAdded, PasskeyAsked, PasskeyCreation, PasskeyProof,
        PasskeyRequest, PasskeyToName, UsedPasskey,
    },
    problems::{OrProblem, out_of_step, problem, refused},
    public_pages::{self, NewOwnPage},
    shown::{self, People},
    sign_in::{parse_address, parse_phone},
    views::{
        self, CheckedNumber, Comparison, Contact, Correspondent, Counts, Delivery, Done, DraftNews, Exported, Factors,
        GivenBack, Holdings, Invitation, Letter, LockedMailbox, Me, NamedSession, NewAuthenticator, NewPassphrase,
        OneTimeSheet, OwnCertificate, OwnPage, PageProblem, Problem, Rewrapped, Rows, Saved, SentLetter, Sheet,
        WentOut,
    },
};

/// A mailbox as a page has it: open, locked, or nobody's.
///
/// A call borrows nothing of it while it waits, so that calls can wait beside each other.
pub struct Desk<W> {
    world: W,
    mailbox: RefCell<Option<Rc<Mailbox>>>,
    sheet: RefCell<Option<NewSheet>>,
    /// How the person confirms that it is them, while they do.
    confirming: Proof,
    /// The factor that is being added, while one is.
    adding: Adding,
    /// The passkey that is being added, while one is, and an output that came beside a call.
    pub(crate) adding_passkey: AddingPasskey,
    pub(crate) handed: Handed,
    /// What somebody leaves to this mailbox who came by a link, until it is here.
    left: RefCell<Option<GuestKeys>>,
    /// How far a thorough renewal is, while it goes on.
    rewrapping: RefCell<Rewrapping>,
    own_certificate_differs: Cell<bool>,
    /// The newest letter that the page was told of, by arrival.
    newest: Cell<Option<Timestamp>>,
    /// How far the device was when the page was last told that something changed.
    told: Cell<Option<Followed>>,
}

impl<W: World> Desk<W> {
    /// Nothing open.
    pub const fn new(world: W) -> Self {
        Self {
            world,
            mailbox: RefCell::new(None),
            sheet: RefCell::new(None),
            confirming: Proof::none(),
            adding: Adding::nothing(),
            adding_passkey: AddingPasskey::none(),
            handed: Handed::none(),
            left: RefCell::new(None),
            rewrapping: RefCell::new(Rewrapping::new()),
            own_certificate_differs: Cell::new(false),
            newest: Cell::new(None),
            told: Cell::new(None),
        }
    }

    /// Opens what the sign-in Worker handed over.
    ///
    /// # Errors
    /// [`Problem`]
    pub async fn begin(&self, opening: &[u8]) -> Result<Me, Problem> {
        let opening = Opening::from_bytes(opening).map_err(|_| refused(PageProblem::NotAnOpening))?;
        let (mailbox, warnings) = Mailbox::begin(&self.world, opening).await.or_problem()?;
        Ok(self.opened(mailbox, &warnings).await)
    }

    /// Takes what the files Worker says of a file that is whole at the server.
    pub fn take_uploaded(&self, id: &str, row: &[u8]) {
        if let Ok((mailbox, _)) = self.open() {
            drafts::take_uploaded(&mailbox, id, row);
        }
    }

    /// How far an upload was that this browser began under this name.
    pub async fn upload_state(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        let (mailbox, world) = self.open().ok()?;
        drafts::upload_state(&mailbox, world, name).await
    }

    /// Keeps how far it is; nothing: it is over.
    pub async fn keep_upload(&self, name: &str, state: Option<&[u8]>) {
        if let Ok((mailbox, world)) = self.open() {
            drafts::keep_upload(&mailbox, world, name, state).await;
        }
    }

    /// What the files Worker needs to get an attachment of a letter.
    ///
    /// # Errors
    /// [`Problem`]
    pub async fn file_row(&self, letter: &str, number: u32) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let (mailbox, world) = self.open()?;
        drafts::file_row(&mailbox, world, letter, number).await
    }

    /// Takes what the guest Worker handed over, for `claim`.
    ///
    /// # Errors
    /// [`Problem`]
    pub fn take_left(&self, bytes: &[u8]) -> Result<(), Problem> {
        let left = GuestKeys::from_bytes(bytes, &self.world).map_err(|_| refused(PageProblem::NotAnOpening))?;
        *self.left.borrow_mut() = Some(left);
        Ok(())
    }

    async fn opened(&self, mailbox: Mailbox, warnings: &[Warning]) -> Me {
        if mailbox.is_new_here() {
            // The newest letters first: all of them may be thousands. What does not come now comes with the others.
            let _ = mailbox.first_screen(&self.world).await;
        }
        self.own_certificate_differs.set(warnings.contains(&Warning::OwnCertificateDiffers));
        self.newest.set(mailbox.newest_arrival());
        self.told.set(Some(mailbox.followed()));
        self.rewrapping.replace(Rewrapping::new());
        let me = me(&mailbox, self.own_certificate_differs.get());
        *self.mailbox.borrow_mut() = Some(Rc::new(mailbox));
        me
    }

    /// A letter that was opened, with the conversation around it; or why it was not.
    async fn shown(&self, id: LetterId, opened: Result<Reading, ReadError>) -> Result<Letter, Problem> {
        let (mailbox, world) = self.open()?;
        let reading = match opened {
            Ok(reading) => reading,
            // Whom the server says it is from: a person has somebody to ask.
            Err(error) => {
                let said = mailbox.said_of(world, id).await;
                let level = said.as_ref().and_then(|entry| entry.level);
                let address = said.map(|entry| entry.sender.address.as_str().into());
                return Err(Problem { address, level, ..problem(&error) });
            }
        };
        let conversation = mailbox.read_with(world, id).await.or_problem()?;
        let contacts = mailbox.contacts();
        let people = People::of(&mailbox, &contacts);
        let conversation = conversation.into_iter().map(|row| people.row(row)).collect();
        Ok(people.letter(&reading, conversation, mailbox.row_of(id)))
    }

    pub(crate) fn open(&self) -> Result<(Rc<Mailbox>, &W), Problem> {
        match &*self.mailbox.borrow() {
            Some(mailbox) => Ok((Rc::clone(mailbox), &self.world)),
            None => Err(refused(PageProblem::Locked)),
        }
    }

    async fn update(&self, ids: &[String], update: EntryUpdate) -> Result<Counts, Problem> {
        let (mailbox, world) = self.open()?;
        for typed in ids {
            mailbox.update_letter(world, id(typed)?, update.clone()).await.or_problem()?;
        }
        self.sync(Heard { pulse: None }).await
    }

    fn count(&self, news: News) -> Result<Counts, Problem> {
        let (mailbox, _) = self.open()?;
        let (inbox, unread) = mailbox.count(Folder::Inbox);
        let News { arrived, changed, more } = news;
        Ok(Counts {
            inbox: shown::count(inbox),
            unread: shown::count(unread),
            sent: shown::count(mailbox.count(Folder::Sent).0),
            archive: shown::count(mailbox.count(Folder::Archive).0),
            drafts: shown::count(mailbox.count_drafts()),
            trash: shown::count(mailbox.count(Folder::Trash).0),
            arrived: shown::count(arrived),
            changed,
            more,
            waits: mailbox.waits(),
        })
    }
}

/// What a sync came to.
#[derive(Default)]
struct News {
    arrived: usize,
    changed: bool,
    more: bool,
}

impl<W: World> MailboxCalls for Desk<W> {
    async fn reopen(&self, _: Nothing) -> Result<Me, Problem> {
        let mailbox = Mailbox::open(&self.world).await.or_problem()?;
        // A directory that can't be asked now is asked at the next sign-in.
        let warnings = mailbox.check_own_listing(&self.world).await.unwrap_or_default();
        Ok(self.opened(mailbox, &warnings).await)
    }

    async fn locked(&self, _: Nothing) -> Result<LockedMailbox, Problem> {
        let Account { address, opens, .. } = sign_in::whose_session(&self.world).await.or_problem()?;
        Ok(LockedMailbox { address, opens })
    }

    async fn keep(&self, _: Nothing) -> Result<Done, Problem> {
        if let Ok((mailbox, world)) = self.open() {
            mailbox.keep(world).await.or_problem()?;
        }
        Ok(Done {})
    }

    async fn catch_up(&self, _: Nothing) -> Result<WentOut, Problem> {
        let (mailbox, world) = self.open()?;
        let given_back = mailbox.send_outgoing(world).await.or_problem()?;
        let handed_in = mailbox.hand_in_drafts(world).await.or_problem()?;
        let given_back = given_back.iter().map(|back| GivenBack { draft: back.record, problem: not_sent(&back.cause) });
        Ok(WentOut {
            given_back: given_back.collect(),
            waiting: shown::count(mailbox.count_outgoing()),
            drafts: handed_in.iter().filter_map(draft_news).collect(),
        })
    }

    async fn hand_in(&self, _: Nothing) -> Result<Vec<DraftNews>, Problem> {
        let (mailbox, world) = self.open()?;
        let handed_in = mailbox.hand_in_drafts(world).await.or_problem()?;
        Ok(handed_in.iter().filter_map(draft_news).collect())
    }

    async fn sync(&self, args: Heard) -> Result<Counts, Problem> {
        let (mailbox, world) = self.open()?;
        let progress = match args.pulse {
            Some(pulse) if mailbox.has_followed(&pulse) => Progress::UpToDate,
            Some(_) | None => mailbox.sync_some(world).await.or_problem()?,
        };
        let arrived = mailbox.arrived_since(self.newest.replace(mailbox.newest_arrival()));
        // What this device wrote itself is news for the lists too.
        let changed = self.told.replace(Some(mailbox.followed())) != Some(mailbox.followed());
        self.count(News { arrived, changed, more: progress == Progress::More })
    }

    async fn me(&self, _: Nothing) -> Result<Me, Problem> {
        let (mailbox, _) = self.open()?;
        Ok(me(&mailbox, self.own_certificate_differs.get()))
    }

    async fn counts(&self, _: Nothing) -> Result<Counts, Problem> {
        self.count(News::default())
    }

    async fn list(&self, args: Part) -> Result<Rows, Problem> {
        let (mailbox, world) = self.open()?;
        let Part { folder, which, open, from, count } = args;
        // What stands in the fragment may be no letter's id.
        let choice = Choice { folder: folder.into(), which, open: open.and_then(|open| open.parse().ok()) };
        let from = from as usize;
        let rows = mailbox.part(world, choice, from..from + count as usize).await.or_problem()?;
        let contacts = mailbox.contacts();
        let people = People::of(&mailbox, &contacts);
        let rows = rows.into_iter().map(|(conversation, newest)| people.conversation(conversation, newest)).collect();
        Ok(Rows { rows, total: shown::count(mailbox.size(choice)) })
    }

    async fn read(&self, args: Id) -> Result<Letter, Problem> {
        let (mailbox, world) = self.open()?;
        let id = id(&args.id)?;
        self.shown(id, mailbox.read(world, id).await).await
    }

    async fn look_again(&self, args: Id) -> Result<Letter, Problem> {
        let (mailbox, world) = self.open()?;
        let id = id(&args.id)?;
        self.shown(id, mailbox.look_again(world, id).await).await
    }

    async fn told(&self, args: Id) -> Result<Vec<Delivery>, Problem> {
        let (mailbox, world) = self.open()?;
        let id = id(&args.id)?;
        let deliveries = mailbox.told(world, id).await.or_problem()?;
        let contacts = mailbox.contacts();
        let people = People::of(&mailbox, &contacts);
        Ok(deliveries.iter().map(|delivery| people.delivery(delivery, id.made())).collect())
    }

    async fn say_saved(&self, args: Id) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.say_saved(world, id(&args.id)?).await.or_problem().map(|()| Done {})
    }

    async fn export(&self, args: Id) -> Result<Exported, Problem> {
        let (mailbox, world) = self.open()?;
        exported(&mailbox, world, &args).await
    }

    async fn move_letters(&self, args: Move) -> Result<Counts, Problem> {
        self.update(&args.ids, EntryUpdate { folder: Some(args.to.into()), ..EntryUpdate::default() }).await
    }

    async fn put_back(&self, args: Letters) -> Result<Counts, Problem> {
        let (mailbox, world) = self.open()?;
        for typed in &args.ids {
            mailbox.put_back(world, id(typed)?).await.or_problem()?;
        }
        self.sync(Heard { pulse: None }).await
    }

    async fn mark_letters(&self, args: Marking) -> Result<Counts, Problem> {
        self.update(&args.ids, EntryUpdate { folder: None, read: args.read, flagged: args.flagged }).await
    }

    async fn empty_trash(&self, args: Erasing) -> Result<ErasureReceipt, Problem> {
        let (mailbox, world) = self.open()?;
        match args.ids {
            None => mailbox.empty_trash(world).await.or_problem(),
            Some(ids) => {
                let letters = ids.iter().map(|typed| id(typed)).collect::<Result<_, _>>()?;
                mailbox.erase_letters(world, letters).await.or_problem()
            }
        }
    }

    async fn contacts(&self, _: Nothing) -> Result<Vec<Correspondent>, Problem> {
        self.everybody()
    }

    async fn invitations(&self, _: Nothing) -> Result<Vec<Invitation>, Problem> {
        let (mailbox, world) = self.open()?;
        let rows = mailbox.invitations(world).await.or_problem()?;
        let shown = |row: InvitationRow| {
            let agreed = mailbox.passphrase_of(&row.address);
            let passphrase = agreed.map(String::from);
            Invitation { secret: mailbox.link_of(&row.address), passphrase, row }
        };
        Ok(rows.into_iter().map(shown).collect())
    }

    async fn claim(&self, _: Nothing) -> Result<Counts, Problem> {
        let left = self.left.take().ok_or_else(out_of_step)?;
        let (mailbox, world) = self.open()?;
        if let Err(error) = mailbox.claim(world, &left).await {
            // It may be asked for again: the session is to be proved first, perhaps.
            *self.left.borrow_mut() = Some(left);
            return Err(problem(&error));
        }
        self.counts(Nothing {}).await
    }

    async fn drop_left(&self, _: Nothing) -> Result<Done, Problem> {
        self.left.take();
        Ok(Done {})
    }

    async fn withdraw_invitation(&self, args: TypedAddress) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        done(mailbox.withdraw_invitation(world, &parse_address(&args.address)?).await.or_problem()?)
    }

    async fn remind(&self, args: TypedAddress) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        // The page offers it only where the server had the link.
        done(mailbox.remind(world, &parse_address(&args.address)?).await.or_problem()? == Reminded::Sent)
    }

    async fn allow_tries(&self, args: TypedAddress) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        done(mailbox.allow_tries(world, &parse_address(&args.address)?).await.or_problem()?)
    }

    async fn change_days(&self, args: ChangedDays) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        done(mailbox.change_days(world, &parse_address(&args.address)?, args.days).await.or_problem()?)
    }

    async fn contact(&self, args: TypedAddress) -> Result<Contact, Problem> {
        self.one_contact(&args)
    }

    async fn add_contact(&self, args: Described) -> Result<Contact, Problem> {
        self.add(args).await
    }

    async fn describe_contact(&self, args: Described) -> Result<Contact, Problem> {
        self.describe(args).await
    }

    async fn forget_contact(&self, args: TypedAddress) -> Result<Done, Problem> {
        self.forget(args).await
    }

    async fn make_passphrase(&self, args: WordsIn) -> Result<NewPassphrase, Problem> {
        let (_, world) = self.open()?;
        Ok(NewPassphrase { words: Passphrase::generate(args.language, &mut world.rng()).into() })
    }

    async fn read_phone(&self, args: NewPhone) -> Result<PhoneNumber, Problem> {
        parse_phone(&args.phone)
    }

    async fn look_up(&self, args: TypedAddress) -> Result<Correspondent, Problem> {
        self.looked_up(args).await
    }

    async fn check_number(&self, args: TypedNumber) -> Result<CheckedNumber, Problem> {
        self.check(args).await
    }

    async fn write_anyway(&self, args: TypedAddress) -> Result<Correspondent, Problem> {
        self.pass_over_number(args).await
    }

    async fn send(&self, args: Sending) -> Result<SentLetter, Problem> {
        let (mailbox, world) = self.open()?;
        let Sending { written: writing, hold, until } = args;
        let (record, written) = written(&mailbox, world, writing).await?;
        let hold = until.map(Hold::Until).or((hold > 0).then_some(Hold::For(hold)));
        let sent = mailbox.send_written(world, record, written, hold).await;
        Ok(SentLetter { ids: sent.map_err(|error| not_sent(&error))? })
    }

    async fn release(&self, args: Letters) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.release_letters(world, ids(&args)?).await.or_problem()?;
        Ok(Done {})
    }

    async fn withdraw(&self, args: Letters) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        for letter in ids(&args)? {
            mailbox.withdraw_letter(world, letter).await.or_problem()?;
        }
        Ok(Done {})
    }

    async fn take_letters_back(&self, args: Letters) -> Result<Saved, Problem> {
        let (mailbox, world) = self.open()?;
        let saved = mailbox.take_letters_back(world, ids(&args)?).await.or_problem()?;
        Ok(Saved { id: saved.id, saved: world.now(), beside: saved.beside.is_some() })
    }

    async fn hold(&self, args: Going) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.hold(world, id(&args.id)?, args.until.map(Hold::Until)).await.or_problem()?;
        Ok(Done {})
    }

    async fn take_back(&self, args: Id) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.take_back(world, id(&args.id)?).await.or_problem()?;
        Ok(Done {})
    }

    async fn drafts(&self, _: Nothing) -> Result<Vec<views::Draft>, Problem> {
        let (mailbox, world) = self.open()?;
        let rows = mailbox.drafts(world).await.or_problem()?;
        Ok(rows.iter().map(|row| shown::draft(&mailbox, row)).collect())
    }

    async fn draft(&self, args: Id) -> Result<views::Draft, Problem> {
        let (mailbox, world) = self.open()?;
        let id = id(&args.id)?;
        let draft = mailbox.draft(world, id).await.or_problem()?;
        Ok(shown::draft(&mailbox, &DraftRow { id, draft: Ok(draft) }))
    }

    async fn save_draft(&self, args: Writing) -> Result<Saved, Problem> {
        let (mailbox, world) = self.open()?;
        let (record, draft) = written(&mailbox, world, args).await?;
        if record.is_some_and(|record| mailbox.is_outgoing(record)) {
            return Err(refused(FailureName::Client(ClientProblem::Waiting)));
        }
        let (saved, files) = (draft.saved, draft.files.clone());
        let kept = mailbox.save_draft(world, record, draft).await.or_problem()?;
        drafts::forget_uploads(&mailbox, world, &files).await;
        Ok(Saved { id: kept.id, saved, beside: kept.beside.is_some() })
    }

    async fn erase_draft(&self, args: Id) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.erase_draft(world, id(&args.id)?).await.or_problem()?;
        Ok(Done {})
    }

    async fn compare(&self, args: TypedAddress) -> Result<Comparison, Problem> {
        self.decide(args, Decision::Show).await
    }

    async fn digits_match(&self, args: TypedAddress) -> Result<Comparison, Problem> {
        self.decide(args, Decision::Match).await
    }

    async fn digits_differ(&self, args: TypedAddress) -> Result<Comparison, Problem> {
        self.decide(args, Decision::Differ).await
    }

    async fn accept(&self, args: TypedAddress) -> Result<Comparison, Problem> {
        self.decide(args, Decision::Accept).await
    }

    async fn sessions(&self, _: Nothing) -> Result<Vec<NamedSession>, Problem> {
        let (mailbox, world) = self.open()?;
        let rows = mailbox.sessions(world).await.or_problem()?.sessions;
        let names = mailbox.device_names(world).await.or_problem()?;
        Ok(rows.into_iter().map(|row| NamedSession { device: names.of(row.id).cloned(), row }).collect())
    }

    async fn end_session(&self, args: Id) -> Result<Vec<NamedSession>, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.end_session(world, id(&args.id)?).await.or_problem()?;
        self.sessions(Nothing {}).await
    }

    async fn end_other_sessions(&self, _: Nothing) -> Result<Vec<NamedSession>, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.end_other_sessions(world).await.or_problem()?;
        self.sessions(Nothing {}).await
    }

    async fn ways_in(&self, _: Nothing) -> Result<Vec<SlotKind>, Problem> {
        let (mailbox, world) = self.open()?;
        Ok(mailbox.account(world).await.or_problem()?.opens)
    }

    async fn remove_password(&self, _: Nothing) -> Result<Vec<SlotKind>, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.remove_password(world).await.or_problem()?;
        self.ways_in(Nothing {}).await
    }

    async fn security_events(&self, _: Nothing) -> Result<Vec<SecurityEvent>, Problem> {
        let (mailbox, world) = self.open()?;
        Ok(mailbox.security_events(world).await.or_problem()?.events)
    }

    async fn holdings(&self, _: Nothing) -> Result<Holdings, Problem> {
        let (mailbox, world) = self.open()?;
        let Account { holds, quota, largest_file, .. } = mailbox.account(world).await.or_problem()?;
        Ok(Holdings {
            letters: holds.letters,
            most_letters: quota.letters,
            bytes: holds.bytes,
            most_bytes: quota.bytes,
            largest_file,
        })
    }

    async fn confirm(&self, args: Confirmation) -> Result<Factors, Problem> {
        let (mailbox, world) = self.open()?;
        self.confirming.begin(world, mailbox.confirm(world, args.offers).await.or_problem()?).await
    }

    async fn choose_proof(&self, args: Id) -> Result<Factors, Problem> {
        self.confirming.choose(&self.world, &args.id).await
    }

    async fn send_proof_again(&self, _: Nothing) -> Result<Done, Problem> {
        self.confirming.send_again(&self.world).await
    }

    async fn enter_proof(&self, args: Code) -> Result<Done, Problem> {
        self.confirming.enter(&self.world, &args.code).await
    }

    async fn factors(&self, _: Nothing) -> Result<Vec<Factor>, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.factors(world).await.or_problem()
    }

    async fn remove_factor(&self, args: Id) -> Result<Vec<Factor>, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.remove_factor(world, id(&args.id)?).await.or_problem()?;
        mailbox.factors(world).await.or_problem()
    }

    async fn begin_authenticator(&self, _: Nothing) -> Result<NewAuthenticator, Problem> {
        let (mailbox, world) = self.open()?;
        self.adding.begin_authenticator(world, &mailbox).await
    }

    async fn confirm_authenticator(&self, args: Code) -> Result<ConfirmedFactor, Problem> {
        let (mailbox, world) = self.open()?;
        self.adding.confirm_authenticator(world, &mailbox, &args.code).await
    }

    async fn name_new_phone(&self, args: NamedPhone) -> Result<FactorOffer, Problem> {
        let (mailbox, world) = self.open()?;
        self.adding.name_phone(world, &mailbox, args).await
    }

    async fn send_new_phone_code(&self, _: Nothing) -> Result<Done, Problem> {
        self.adding.send_code(&self.world).await
    }

    async fn enter_new_phone_code(&self, args: Code) -> Result<Done, Problem> {
        self.adding.enter_code(&self.world, &args.code).await
    }

    async fn make_one_time_codes(&self, _: Nothing) -> Result<OneTimeSheet, Problem> {
        let (mailbox, world) = self.open()?;
        let sheet = mailbox.make_one_time_codes(world).await.or_problem()?;
        let codes = sheet.codes.iter().map(ToString::to_string).collect();
        Ok(OneTimeSheet { made: sheet.made, codes })
    }

    async fn passkey_challenge(&self, _: Nothing) -> Result<PasskeyRequest, Problem> {
        self.confirming.passkey_challenge(&self.world).await
    }

    async fn enter_passkey_proof(&self, args: PasskeyProof) -> Result<Done, Problem> {
        self.confirming.enter_passkey(&self.world, args.assertion).await
    }

    async fn passkeys(&self, _: Nothing) -> Result<Vec<NamedPasskey>, Problem> {
        self.named_passkeys().await
    }

    async fn begin_passkey(&self, _: Nothing) -> Result<PasskeyCreation, Problem> {
        let (mailbox, world) = self.open()?;
        let to_make = mailbox.begin_passkey(world).await.or_problem()?;
        Ok(PasskeyCreation::new(to_make, mailbox.account_id(), mailbox.address().clone()))
    }

    async fn passkey_made(&self, args: CreatedPasskey) -> Result<PasskeyAsked, Problem> {
        self.take_made_passkey(args).await
    }

    async fn seal_passkey(&self, _: Nothing) -> Result<Done, Problem> {
        self.seal_for_passkey()
    }

    async fn passkey_used(&self, args: UsedPasskey) -> Result<PasskeyAdded, Problem> {
        self.take_used_passkey(args).await
    }

    async fn name_passkey(&self, args: PasskeyToName) -> Result<Vec<NamedPasskey>, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.name_passkey(world, args.id, args.parsed()?).await.or_problem()?;
        self.named_passkeys().await
    }

    async fn remove_passkey(&self, args: Id) -> Result<Vec<NamedPasskey>, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.remove_passkey(world, id(&args.id)?).await.or_problem()?;
        self.named_passkeys().await
    }

    async fn rewrap_some(&self, _: Nothing) -> Result<Rewrapped, Problem> {
        let (mailbox, world) = self.open()?;
        // Two at once would do it twice, and each alone is enough.
        let mut so_far = self.rewrapping.take();
        let (done, over) = if so_far.is_done() {
            match mailbox.give_up_former_keys(world, &so_far).await {
                Ok(true) => (Ok(()), true),
                Ok(false) => {
                    so_far.look_again();
                    (Ok(()), false)
                }
                Err(error) => (Err(error), false),
            }
        } else {
            (mailbox.rewrap_some(world, &mut so_far).await, false)
        };
        let rewrapped = Rewrapped { done: so_far.done(), total: mailbox.letters().len().max(so_far.done()), over };
        self.rewrapping.replace(so_far);
        done.or_problem()?;
        Ok(rewrapped)
    }

    async fn own_certificate(&self, _: Nothing) -> Result<OwnCertificate, Problem> {
        let (mailbox, world) = self.open()?;
        let differs = mailbox.check_own_listing(world).await.or_problem()?.contains(&Warning::OwnCertificateDiffers);
        let keyring = mailbox.keyring();
        let certificate = keyring.present().certificate();
        let shown = OwnCertificate {
            fingerprint: certificate.fingerprint().to_string(),
            armored: certificate.to_armor(),
            differs,
        };
        self.own_certificate_differs.set(differs);
        Ok(shown)
    }

    async fn set_name(&self, args: NewName) -> Result<Me, Problem> {
        let (mailbox, world) = self.open()?;
        let name = Name::parse(&args.name).map_err(|_| refused(PageProblem::NotAName))?;
        mailbox.rename(world, name).await.or_problem()?;
        Ok(me(&mailbox, self.own_certificate_differs.get()))
    }

    async fn own_page(&self, _: Nothing) -> Result<OwnPage, Problem> {
        let (mailbox, world) = self.open()?;
        Ok(public_pages::own(mailbox.public_page(world).await.or_problem()?))
    }

    async fn set_own_page(&self, args: NewOwnPage) -> Result<OwnPage, Problem> {
        let (mailbox, world) = self.open()?;
        match args.page.map(public_pages::typed).transpose()? {
            Some(page) => mailbox.open_page(world, &page).await.or_problem()?,
            None => mailbox.close_page(world).await.or_problem()?,
        }
        Ok(public_pages::own(mailbox.public_page(world).await.or_problem()?))
    }

    async fn set_language(&self, args: NewLanguage) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.set_language(world, args.language).await.or_problem()?;
        Ok(Done {})
    }

    async fn trash_life(&self, _: Nothing) -> Result<TrashLife, Problem> {
        let (mailbox, world) = self.open()?;
        Ok(mailbox.account(world).await.or_problem()?.trash_life)
    }

    async fn set_trash_life(&self, args: NewTrashLife) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.set_trash_life(world, args.life).await.or_problem()?;
        Ok(Done {})
    }

    async fn notices(&self, _: Nothing) -> Result<NewNotices, Problem> {
        let (mailbox, world) = self.open()?;
        Ok(NewNotices { notices: mailbox.account(world).await.or_problem()?.notices })
    }

    async fn set_notices(&self, args: NewNotices) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.set_notices(world, args.notices).await.or_problem()?;
        Ok(Done {})
    }

    async fn new_sheet(&self, _: Nothing) -> Result<Sheet, Problem> {
        let (mailbox, world) = self.open()?;
        let sheet = mailbox.new_sheet(world);
        let shown = Sheet { recovery_code: sheet.code().to_string(), address: mailbox.address().clone() };
        *self.sheet.borrow_mut() = Some(sheet);
        Ok(shown)
    }

    async fn sheet_kept(&self, _: Nothing) -> Result<Me, Problem> {
        let (mailbox, world) = self.open()?;
        match self.sheet.take() {
            None => mailbox.first_sheet_kept(world).await.or_problem()?,
            Some(sheet) => {
                if let Err(error) = mailbox.replace_sheet(world, &sheet).await {
                    *self.sheet.borrow_mut() = Some(sheet);
                    return Err(problem(&error));
                }
            }
        }
        Ok(me(&mailbox, self.own_certificate_differs.get()))
    }

    async fn remove_account(&self, _: Nothing) -> Result<Wait, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.remove_account(world).await.or_problem()
    }

    async fn stop_wait(&self, args: WaitToStop) -> Result<Me, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.stop_wait(world, args.kind).await.or_problem()?;
        Ok(me(&mailbox, self.own_certificate_differs.get()))
    }

    async fn lock(&self, _: Nothing) -> Result<Done, Problem> {
        let Some(mailbox) = self.mailbox.take() else { return Ok(Done {}) };
        mailbox.lock(&self.world).await.or_problem()?;
        // What was written is on the device in any case; the page ends this Worker when that takes too long.
        let _ = mailbox.hand_in_drafts(&self.world).await;
        Ok(Done {})
    }

    async fn sign_out(&self, _: Nothing) -> Result<Done, Problem> {
        if let Ok((mailbox, world)) = self.open() {
            // What was written is at the server, or the person is told before anything goes.
            let handed_in = mailbox.hand_in_drafts(world).await.or_problem()?;
            if handed_in.iter().any(|draft| draft.handed_in.is_err()) || mailbox.count_outgoing() > 0 {
                return Err(refused(PageProblem::DraftWaits));
            }
            match mailbox.keep(world).await {
                // Pins that the server does not take now are what a later sign-in sees again.
                Ok(()) | Err(OpenError::Record(_)) => {}
                Err(error) if error.explain().class == Class::Unavailable => {}
                Err(error) => return Err(problem(&error)),
            }
            if mailbox.has_unwritten_words() {
                return Err(refused(PageProblem::DraftWaits));
            }
        }
        self.mailbox.take();
        match sign_in::sign_out(&self.world).await {
            Err(sign_in::SignInError::Call(error)) if error.explain().class == Class::Unavailable => {
                Err(refused(PageProblem::SessionLivesOn))
            }
            ended => ended.or_problem().map(|()| Done {}),
        }
    }

    async fn give_up_unsent(&self, _: Nothing) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        mailbox.give_up_unsent(world).await.or_problem()?;
        Ok(Done {})
    }
}

fn me(mailbox: &Mailbox, own_certificate_differs: bool) -> Me {
    Me {
        address: mailbox.address().clone(),
        name: mailbox.name(),
        sheet_owed: mailbox.owes_sheet(),
        own_certificate_differs,
        kept: mailbox.stays_signed_in(),
        rewrapping: mailbox.is_rewrapping(),
    }
}

/// A letter as a file anybody can read.
pub(crate) async fn exported(mailbox: &Mailbox, world: &impl World, letter: &Id) -> Result<Exported, Problem> {
    let id = id(&letter.id)?;
    let bytes = mailbox.export(world, id, Form::Plain).await.or_problem()?;
    Ok(Exported { file_name: format!("{id}.eml"), text: String::from_utf8_lossy(&bytes).into_owned() })
}

/// An id in the page's address may be anything.
pub(crate) fn id<T: FromStr>(typed: &str) -> Result<T, Problem> {
    typed.parse().map_err(|_| not_found())
}

fn done(found: bool) -> Result<Done, Problem> {
    if found { Ok(Done {}) } else { Err(not_found()) }
}

fn not_found() -> Problem {
    Problem { class: Class::NotFound, ..refused(FailureName::Server(ProblemType::NotFound)) }
}

fn ids(typed: &Letters) -> Result<Vec<LetterId>, Problem> {
    typed.ids.iter().map(|typed| id(typed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_in_a_pages_address_is_no_id_until_it_is_parsed() {
        for typed in ["", "..", "x", "/letters/1", "01a20d79-8f77-7d60-b15e-c10ad3c45a8"] {
            assert_eq!(id::<LetterId>(typed).unwrap_err().class, Class::NotFound, "{typed}");
        }
    }
}
