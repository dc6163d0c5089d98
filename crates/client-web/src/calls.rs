//! What a page can ask of a Worker: each call with its arguments and its answer, listed once, for Rust and TypeScript.

use securemailbox_client::failure::Class;
use securemailbox_protocol::{
    accounts::TrashLife,
    factors::{ConfirmedFactor, Factor, FactorOffer},
    letters::ErasureReceipt,
    phone::PhoneNumber,
    security::SecurityEvent,
    slots::SlotKind,
    waits::Wait,
};
use serde::{Serialize, de::DeserializeOwned};
#[cfg(test)]
use ts_rs::TS;

use crate::{
    arguments::{
        ChangedDays, Code, Confirmation, Credentials, Declining, Described, Erasing, Going, Heard, Id, JudgedPassword,
        LastCode, Letters, Marking, Move, NamedPhone, NewAnswer, NewClaim, NewLanguage, NewMailbox, NewName,
        NewNotices, NewPassword, NewPhone, NewRemoval, NewTrashLife, Nothing, OtherPassword, Part, RecoveryCode,
        Renewing, Sending, ShownLink, Spoken, StopLink, TypedAddress, TypedNumber, Unlock, WaitToStop, WordsIn,
        Writing,
    },
    passkeys::{
        CreatedFirstPasskey, CreatedPasskey, EnteredPasskey, NamedPasskey, PasskeyAdded, PasskeyAsked, PasskeyCreation,
        PasskeyEntered, PasskeyProof, PasskeyRequest, PasskeyToName, UsedFirstPasskey, UsedPasskey,
    },
    problems::named,
    public_pages::{LetterByPage, NamedPage, NewOwnPage, WritersAddress},
    registering::{Registering, RegisteringCode, RegisteringPassword, RegisteringPhone},
    views::{
        CheckedNumber, Comparison, Contact, Correspondent, Counts, Delivery, Done, Draft, DraftNews, Exported, Factors,
        GuestEntered, GuestLetters, GuestLink, Holdings, Invitation, KeptLink, Letter, LockedMailbox, Me, NamedSession,
        NewAuthenticator, NewPassphrase, OneTimeSheet, OwnCertificate, OwnPage, PageProblem, PasswordChange, Problem,
        PublicPage, Recovered, Recovering, Rewrapped, Rows, Saved, SentLetter, Sheet, Verdict, WentOut,
    },
};

/// Lists the calls of a Worker: a trait that answers them by name, and the same list for TypeScript.
macro_rules! calls {
    ($(#[$meta:meta])* $name:ident, $list:ident, $self:ident: $receiver:ty { $($(#[$doc:meta])* $call:ident($args:ty) -> $answer:ty;)+ }) => {
        $(#[$meta])*
        #[expect(async_fn_in_trait, reason = "a Worker has one thread")]
        pub trait $name {
            $($(#[$doc])* async fn $call($self: $receiver, args: $args) -> Result<$answer, Problem>;)+

            /// Answers a call by its name; arguments and answer are JSON.
            async fn answer($self: $receiver, call: &str, args: &str) -> Result<String, Problem> {
                match call {
                    $(stringify!($call) => said(&$self.$call(understood(args)?).await?),)+
                    _ => Err(misunderstood()),
                }
            }
        }

        /// Each call's name, what TypeScript calls its arguments and its answer; and what both are made of.
        #[cfg(test)]
        pub(crate) fn $list(types: &mut impl ts_rs::TypeVisitor) -> Vec<(&'static str, String, String)> {
            let config = typescript_config();
            $(types.visit::<$args>(); types.visit::<$answer>(); <$answer>::visit_generics(types);)+
            vec![$((stringify!($call), <$args>::name(&config), <$answer>::name(&config))),+]
        }
    };
}

calls! {
    /// The sign-in Worker: everything with a password or a recovery code. It ends when it has handed the mailbox over.
    SignInCalls, sign_in_calls, self: &mut Self {
        /// Asks for a mailbox; a code goes to the address.
        register(NewMailbox) -> Registering;
        /// Enters the code from the e-mail.
        enter_address_code(RegisteringCode) -> Registering;
        /// Says how a phone number was understood, before anything is sent to it.
        read_phone(NewPhone) -> PhoneNumber;
        /// Names the phone, or another one; a code goes to it.
        name_phone(RegisteringPhone) -> Registering;
        /// Enters the code from the SMS.
        enter_phone_code(RegisteringCode) -> Registering;
        /// Sends the code of a registration once more.
        send_registering_code(Registering) -> Done;
        /// Says whether a password would do.
        judge(JudgedPassword) -> Verdict;
        /// Takes the password, makes keys and account, and hands the mailbox over. The sheet is owed until `sheet_kept`.
        make_mailbox(RegisteringPassword) -> Sheet;
        /// Proves the password. Where there is one factor only, its code is sent.
        sign_in(Credentials) -> Factors;
        /// Chooses a factor, in a sign-in or a recovery; its code is sent.
        choose_factor(Id) -> Factors;
        /// Enters the code of a sign-in and hands the mailbox over.
        enter_code(LastCode) -> Done;
        /// Begins a forgotten password with the code on the recovery sheet. Where there is one factor only, its code is sent. Goes
        /// on with what waited, where its time has come.
        recover(RecoveryCode) -> Recovering;
        /// Enters the code of a recovery. One on paper begins to wait.
        enter_recovery_code(Code) -> Recovered;
        /// Asks that the mailbox of an address be removed; a code goes to the address.
        ask_for_removal(NewRemoval) -> Done;
        /// Enters it: the account waits to be removed.
        enter_removal_code(Code) -> Wait;
        /// What the link of an announcement is about. Changes nothing.
        find_wait(StopLink) -> Wait;
        /// Stops it.
        stop_by_link(StopLink) -> Done;
        /// Takes the new password, ends other sessions, and hands the mailbox over. The sheet is new, and owed until `sheet_kept`.
        replace_password(NewPassword) -> Sheet;
        /// Opens a locked mailbox with the password alone, and hands it over.
        unlock(Unlock) -> Done;
        /// Puts another password in the place of one's own, beside the open mailbox, and opens it by that once. `proof-required`
        /// asks the mailbox Worker for `confirm` first.
        change_password(OtherPassword) -> PasswordChange;
        /// Begins to renew the keys, beside the open mailbox: the password is judged, nothing is changed. `proof-required` asks
        /// the mailbox Worker for `confirm` first.
        begin_renewal(OtherPassword) -> Done;
        /// Renews them, ends every other session, and hands the mailbox over. The sheet is new, and owed until `sheet_kept`.
        renew(Renewing) -> Sheet;
        /// Sends the code at hand once more.
        send_again(Nothing) -> Done;
        /// Begins a sign-in by a passkey alone.
        ask_for_passkey(Nothing) -> PasskeyRequest;
        /// Enters what the passkey signed; its output comes beside the call. Hands the mailbox over, or says whose password opens
        /// it: then `unlock` is next.
        enter_passkey(EnteredPasskey) -> PasskeyEntered;
        /// Opens a locked mailbox with what the passkey signed that was asked for, and hands it over; its output comes beside the
        /// call.
        unlock_by_passkey(EnteredPasskey) -> Done;
        /// What a passkey is to sign that was chosen as a factor, in a sign-in or a recovery.
        passkey_challenge(Nothing) -> PasskeyRequest;
        /// Enters what it signed for a sign-in, and hands the mailbox over.
        enter_passkey_proof(EnteredPasskey) -> Done;
        /// Enters what it signed for a recovery.
        enter_recovery_passkey(PasskeyProof) -> Done;
    }
}

calls! {
    /// The guest Worker: a letter to somebody who has no mailbox.
    GuestCalls, guest_calls, self: &mut Self {
        /// Says who wrote. Sends, counts and uses up nothing.
        show_link(ShownLink) -> GuestLink;
        /// Sends the code, or another one.
        send_code(Nothing) -> Done;
        /// Opens a conversation by its link alone, where its owner made that.
        open_link(Nothing) -> GuestLetters;
        /// Enters it: the conversation opens, or asks for what was agreed on.
        enter_code(Code) -> GuestEntered;
        /// Tries that, here: the server is not asked.
        enter_passphrase(Spoken) -> GuestLetters;
        /// Looks for what came meanwhile.
        look_again(Nothing) -> GuestLetters;
        /// Sends an answer.
        answer_letter(NewAnswer) -> GuestLetters;
        /// A letter as a file anybody can read.
        export(Id) -> Exported;
        /// Says to the sender of a letter that all of its files lie on this device.
        say_saved(Id) -> Done;
        /// Tells whoever wrote that the phone is not that of whoever has the link. Sends nothing else.
        report_wrong_number(Nothing) -> Done;
        /// Does not want what was written: all of it is erased. With the code, where nothing was opened yet; nothing is.
        decline(Declining) -> Done;
        /// Asks for a mailbox of one's own at the address that was written to; a code goes there.
        claim(NewClaim) -> Registering;
        /// Enters it. The phone is proved already.
        enter_address_code(RegisteringCode) -> Registering;
        /// Sends it once more.
        send_registering_code(Registering) -> Done;
        /// Takes the password, makes the mailbox, moves everything there, and hands it over. The sheet is owed until `sheet_kept`.
        make_mailbox(RegisteringPassword) -> Sheet;
        /// Leaves the conversation to the open mailbox of its reader, which takes it in by `claim`.
        leave_keys(Nothing) -> Done;
        /// Begins to make a passkey that opens it in the place of a password.
        begin_passkey(Registering) -> PasskeyCreation;
        /// It was made; its output, where one came with it, comes beside the call. It is asked to sign.
        passkey_made(CreatedFirstPasskey) -> PasskeyAsked;
        /// Seals for the first output of one that came with none, beside the call. One more use has to follow.
        seal_passkey(Registering) -> Done;
        /// As `make_mailbox`, with what the passkey signed; its output comes beside the call. `passkey-opens-nothing` where that
        /// opens no mailbox: none was made.
        make_mailbox_by_passkey(UsedFirstPasskey) -> Sheet;
        /// Looks at a page by which anybody writes to a member. Sends and uses up nothing.
        show_page(NamedPage) -> PublicPage;
        /// Begins to prove an address that is told of an answer; a code goes there.
        prove_writer(WritersAddress) -> Done;
        /// Sends it once more.
        send_writers_code(Nothing) -> Done;
        /// Enters it.
        enter_writers_code(Code) -> Done;
        /// Writes by the page; the same once more is the same letter.
        write_by_page(LetterByPage) -> KeptLink;
        /// Forgets the keys, and ends the session.
        leave(Nothing) -> Done;
    }
}

calls! {
    /// The mailbox Worker: holds the keys from sign-in to lock.
    MailboxCalls, mailbox_calls, self: &Self {
        /// Opens the mailbox that is signed in on this device. `not-signed-in` or `locked` if it can't.
        reopen(Nothing) -> Me;
        /// Whose session it is, and what opens it, by the server's word, when there are no keys.
        locked(Nothing) -> LockedMailbox;
        /// Writes down what was seen, so that a closed tab loses nothing. The Worker asks it of itself.
        keep(Nothing) -> Done;
        /// Sends what is on its way, and hands in what was drafted without a network. The Worker asks it of itself.
        catch_up(Nothing) -> WentOut;
        /// Hands in to the server what was drafted. The Worker asks it of itself after each save.
        hand_in(Nothing) -> Vec<DraftNews>;
        /// Brings the mailbox up to date, a part at a time: `more` says to ask again at once.
        sync(Heard) -> Counts;
        /// How many there are of what, as of the last sync.
        counts(Nothing) -> Counts;
        /// Whose mailbox it is, as of the last sync: another device may have changed it.
        me(Nothing) -> Me;
        /// A part of the conversations of a folder, or of some of them, newest first.
        list(Part) -> Rows;
        /// Opens a letter, marks it as read, and sends the signed receipt.
        read(Id) -> Letter;
        /// Opens a letter that is being read once more, since something changed; marks nothing.
        look_again(Id) -> Letter;
        /// What became of a sent letter.
        told(Id) -> Vec<Delivery>;
        /// A letter as a file anybody can read.
        export(Id) -> Exported;
        /// Says to the sender of a letter that all of its files lie on this device.
        say_saved(Id) -> Done;
        /// Puts letters into a folder; back into the one that they were in is the undo of that.
        move_letters(Move) -> Counts;
        /// Puts letters back out of the archive or the trash: one's own to the sent ones, others into the inbox.
        put_back(Letters) -> Counts;
        /// Takes one's own letters out of their readers' mailboxes.
        withdraw(Letters) -> Done;
        /// Marks letters as read or not, flagged or not.
        mark_letters(Marking) -> Counts;
        /// Erases what lies in the trash, or some letters of it.
        empty_trash(Erasing) -> ErasureReceipt;
        /// Everybody whose key was met, or whom the owner wrote down.
        contacts(Nothing) -> Vec<Correspondent>;
        /// Those whom one wrote to who have no mailbox yet, the newest first.
        invitations(Nothing) -> Vec<Invitation>;
        /// Takes in what the guest Worker left here, keys and letters. `proof-required` asks for `confirm` first.
        claim(Nothing) -> Counts;
        /// Forgets what the guest Worker left here and was not taken in.
        drop_left(Nothing) -> Done;
        /// Takes back everything that somebody has who was written to by a link.
        withdraw_invitation(TypedAddress) -> Done;
        /// Sends somebody their link once more.
        remind(TypedAddress) -> Done;
        /// Allows as many wrong codes at somebody's link once more.
        allow_tries(TypedAddress) -> Done;
        /// Changes how long everything stays that somebody has who was written to by a link.
        change_days(ChangedDays) -> Done;
        /// Somebody of the contacts, with what the owner says of them.
        contact(TypedAddress) -> Contact;
        /// Writes somebody down, whether or not they have a mailbox. An empty field leaves what stands there.
        add_contact(Described) -> Contact;
        /// Says how a contact is to be described; an empty field is emptied.
        describe_contact(Described) -> Contact;
        /// Leaves nothing of a contact.
        forget_contact(TypedAddress) -> Done;
        /// Four words by chance, to agree on with somebody who has no mailbox.
        make_passphrase(WordsIn) -> NewPassphrase;
        /// Says how a phone number was understood.
        read_phone(NewPhone) -> PhoneNumber;
        /// Looks up somebody to write to.
        look_up(TypedAddress) -> Correspondent;
        /// Asks the server whether a number that the owner knows is that of somebody. Where it is not, nothing goes out to them:
        /// `number-differs`.
        check_number(TypedNumber) -> CheckedNumber;
        /// The owner writes to them anyway: what the server said is forgotten.
        write_anyway(TypedAddress) -> Correspondent;
        /// The writer wants a draft sent. It goes out by `send`, or by itself if the page ends before.
        hold(Going) -> Done;
        /// The writer took it back.
        take_back(Id) -> Done;
        /// Sends a letter, and erases its draft when it has gone out. `waiting` as problem: it is kept, and goes out by itself.
        send(Sending) -> SentLetter;
        /// Lets letters go that the server holds.
        release(Letters) -> Done;
        /// Makes the letters of a post that the server still holds a draft again. `already-released` if one has gone out.
        take_letters_back(Letters) -> Saved;
        /// All drafts.
        drafts(Nothing) -> Vec<Draft>;
        /// One draft.
        draft(Id) -> Draft;
        /// Keeps a letter that is being written, sealed, on this device.
        save_draft(Writing) -> Saved;
        /// Erases a draft.
        erase_draft(Id) -> Done;
        /// Shows the digits of the key that the directory offers, changed or not.
        compare(TypedAddress) -> Comparison;
        /// The person says that the digits match.
        digits_match(TypedAddress) -> Comparison;
        /// The person says that they do not: nothing goes out to this address until they do.
        digits_differ(TypedAddress) -> Comparison;
        /// Takes a changed key. `compare-first` where the former was compared.
        accept(TypedAddress) -> Comparison;
        /// This account's sessions.
        sessions(Nothing) -> Vec<NamedSession>;
        /// Ends another session. `proof-required` asks for `confirm` first.
        end_session(Id) -> Vec<NamedSession>;
        /// Ends all other sessions. `proof-required` asks for `confirm` first.
        end_other_sessions(Nothing) -> Vec<NamedSession>;
        /// What opens this mailbox besides its devices, each kind once.
        ways_in(Nothing) -> Vec<SlotKind>;
        /// Takes the password away, if a passkey opens the mailbox. `proof-required` asks for `confirm` first.
        remove_password(Nothing) -> Vec<SlotKind>;
        /// What was done about who may open this mailbox.
        security_events(Nothing) -> Vec<SecurityEvent>;
        /// Begins to confirm that it is the same person, with the offers of the refusal. Where there is one factor only, its
        /// code is sent.
        confirm(Confirmation) -> Factors;
        /// Chooses a factor of `confirm`; its code is sent.
        choose_proof(Id) -> Factors;
        /// Sends the code of `confirm` once more.
        send_proof_again(Nothing) -> Done;
        /// Enters the code: what was refused may be tried again.
        enter_proof(Code) -> Done;
        /// What a passkey is to sign that was chosen in `confirm`.
        passkey_challenge(Nothing) -> PasskeyRequest;
        /// Enters what it signed: what was refused may be tried again.
        enter_passkey_proof(PasskeyProof) -> Done;
        /// This account's passkeys.
        passkeys(Nothing) -> Vec<NamedPasskey>;
        /// Begins to add one. `proof-required` asks for `confirm` first.
        begin_passkey(Nothing) -> PasskeyCreation;
        /// It was made; its first output comes beside the call, where it gave one.
        passkey_made(CreatedPasskey) -> PasskeyAsked;
        /// Its first output comes beside the call, where it gave none when it was made.
        seal_passkey(Nothing) -> Done;
        /// It signed; its next output comes beside the call. It counts from here.
        passkey_used(UsedPasskey) -> PasskeyAdded;
        /// Calls a passkey something.
        name_passkey(PasskeyToName) -> Vec<NamedPasskey>;
        /// Removes a passkey. `proof-required` asks for `confirm` first.
        remove_passkey(Id) -> Vec<NamedPasskey>;
        /// By what this account can be proved.
        factors(Nothing) -> Vec<Factor>;
        /// Takes one away. `proof-required` asks for `confirm` first, as it does for all that changes them.
        remove_factor(Id) -> Vec<Factor>;
        /// Begins an authenticator app: what it is to know.
        begin_authenticator(Nothing) -> NewAuthenticator;
        /// Enters a code that the new app shows: it counts from now.
        confirm_authenticator(Code) -> ConfirmedFactor;
        /// Names a new phone, of one's own or for the reserve; a code goes to it.
        name_new_phone(NamedPhone) -> FactorOffer;
        /// Sends the code of the new phone once more.
        send_new_phone_code(Nothing) -> Done;
        /// Enters it: the phone counts from now.
        enter_new_phone_code(Code) -> Done;
        /// Makes a sheet of one-time codes, in the place of the one before. They are told this once.
        make_one_time_codes(Nothing) -> OneTimeSheet;
        /// Wraps the keys of some more letters anew, and gives up the former keys when none is left. `proof-required` asks for
        /// `confirm` first.
        rewrap_some(Nothing) -> Rewrapped;
        /// One's own certificate; asks the directory what it shows to others.
        own_certificate(Nothing) -> OwnCertificate;
        /// How much the mailbox holds, and may hold.
        holdings(Nothing) -> Holdings;
        /// Gives the owner another name.
        set_name(NewName) -> Me;
        /// One's own page by which anybody writes, if there is one.
        own_page(Nothing) -> OwnPage;
        /// Opens it, another one in its place, or closes it.
        set_own_page(NewOwnPage) -> OwnPage;
        /// Chooses the language of e-mails and SMS.
        set_language(NewLanguage) -> Done;
        /// How long letters lie in the trash.
        trash_life(Nothing) -> TrashLife;
        /// Chooses that.
        set_trash_life(NewTrashLife) -> Done;
        /// When one is told of letters by e-mail.
        notices(Nothing) -> NewNotices;
        /// Chooses when.
        set_notices(NewNotices) -> Done;
        /// Asks that this account be removed: it waits. `proof-required` asks for `confirm` first.
        remove_account(Nothing) -> Wait;
        /// Stops what waits to be done to this account. A new sheet is owed then, and so are new one-time codes.
        stop_wait(WaitToStop) -> Me;
        /// Makes a new recovery sheet; the old one is spent when `sheet_kept` is said of it.
        new_sheet(Nothing) -> Sheet;
        /// The person has the sheet that was shown last: that of `new_sheet`, or the one that came with the password.
        /// `proof-required` asks for `confirm` first; the new sheet waits meanwhile.
        sheet_kept(Nothing) -> Me;
        /// Forgets the keys; the session stays.
        lock(Nothing) -> Done;
        /// Ends the session and erases what this device kept. `draft-waits` while something would be lost;
        /// `session-lives-on` if this device is clean and the server could not be told.
        sign_out(Nothing) -> Done;
        /// Gives up what the server does not have, for a sign-out that must not wait for it.
        give_up_unsent(Nothing) -> Done;
    }
}

/// JSON has numbers of one kind.
#[cfg(test)]
fn typescript_config() -> ts_rs::Config {
    ts_rs::Config::default().with_large_int("number")
}

/// How the mailbox Worker runs a call beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// At once, beside whatever waits: it changes nothing that others change.
    AtOnce,
    /// One after the other, and never behind the network: it changes what lies on this device.
    Device,
    /// One after the other: it changes what lies at the server, or follows it.
    Server,
}

/// The lane of a call of `MailboxCalls`.
#[must_use]
pub fn lane(call: &str) -> Lane {
    match call {
        "locked"
        | "counts"
        | "me"
        | "list"
        | "read"
        | "look_again"
        | "told"
        | "export"
        | "contacts"
        | "contact"
        | "invitations"
        | "drop_left"
        | "add_contact"
        | "make_passphrase"
        | "read_phone"
        | "look_up"
        | "sessions"
        | "ways_in"
        | "own_certificate"
        | "own_page"
        | "security_events"
        | "holdings"
        | "notices"
        | "trash_life"
        | "release"
        | "confirm"
        | "choose_proof"
        | "send_proof_again"
        | "enter_proof"
        | "passkeys"
        | "passkey_challenge"
        | "enter_passkey_proof" => Lane::AtOnce,
        "factors"
        | "remove_factor"
        | "begin_authenticator"
        | "confirm_authenticator"
        | "name_new_phone"
        | "send_new_phone_code"
        | "enter_new_phone_code"
        | "make_one_time_codes" => Lane::AtOnce,
        "hold" | "take_back" | "drafts" | "draft" | "save_draft" | "describe_contact" | "give_up_unsent"
        | "new_sheet" | "lock" => Lane::Device,
        _ => Lane::Server,
    }
}

fn understood<T: DeserializeOwned>(args: &str) -> Result<T, Problem> {
    serde_json::from_slice(args.as_bytes()).map_err(|_| misunderstood())
}

fn said(answer: &impl Serialize) -> Result<String, Problem> {
    serde_json::to_string(answer).map_err(|_| misunderstood())
}

/// The page and the Worker are of different builds.
fn misunderstood() -> Problem {
    named(PageProblem::OldPage, Class::Unavailable)
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, env, fs, path::Path};

    use securemailbox_client::contacts::NOTE;
    use securemailbox_protocol::{limits, sync::Beat};
    use ts_rs::TypeVisitor;

    use super::*;

    /// Every type that the calls are made of, by name.
    #[derive(Default)]
    struct Declarations(BTreeMap<String, String>);

    impl TypeVisitor for Declarations {
        fn visit<T: TS + 'static + ?Sized>(&mut self) {
            let config = typescript_config();
            if T::output_path().is_some() && !self.0.contains_key(&T::name(&config)) {
                let docs = T::docs().unwrap_or_default();
                self.0.insert(T::name(&config), format!("{docs}export {}", T::decl(&config)));
                T::visit_dependencies(self);
            }
        }
    }

    fn typescript() -> String {
        let mut types = Declarations::default();
        // What a Worker hears besides the answers to its calls.
        types.visit::<Beat>();
        let lists = [
            ("SignInCalls", sign_in_calls(&mut types)),
            ("MailboxCalls", mailbox_calls(&mut types)),
            ("GuestCalls", guest_calls(&mut types)),
        ];
        let mut text =
            String::from("// Written by a test of crates/client-web from the Rust types. Not to be edited.\n");
        for declaration in types.0.values() {
            text += &format!("\n{declaration}\n");
        }
        text += &format!(
            "\n/** How much fits: octets of a subject, characters of a text and of a note, recipients; for how many days a letter may be held; and characters of a text by a public page. */\n\
             export const LIMITS = {{ subject: {}, text: {}, recipients: {}, note: {}, hold_days: {}, page_text: {} }} as const;\n",
            limits::SUBJECT,
            limits::TEXT,
            limits::READERS - 1,
            NOTE,
            limits::HOLD.as_secs() / (24 * 60 * 60),
            limits::PAGE_TEXT,
        );
        for (name, calls) in lists {
            let rows: String =
                calls.iter().map(|(call, args, answer)| format!("  {call}: [{args}, {answer}];\n")).collect();
            text += &format!("\n/** Each call's arguments and answer. */\nexport interface {name} {{\n{rows}}}\n");
        }
        text
    }

    #[test]
    fn every_call_that_has_a_lane_of_its_own_is_a_call() {
        let calls = mailbox_calls(&mut Declarations::default());
        let lanes: Vec<_> = calls.iter().map(|(call, _, _)| lane(call)).collect();
        let count = |wanted| lanes.iter().filter(|lane| **lane == wanted).count();
        assert_eq!((count(Lane::AtOnce), count(Lane::Device)), (40, 9));
    }

    /// `UPDATE_TYPES=1 cargo test` writes them anew.
    #[test]
    fn the_pages_types_are_those_of_this_crate() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/src/worker/types.ts");
        if env::var_os("UPDATE_TYPES").is_some() {
            fs::write(&file, typescript()).unwrap();
        }
        assert!(fs::read_to_string(&file).unwrap() == typescript(), "run this test with UPDATE_TYPES=1");
    }
}
