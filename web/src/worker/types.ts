// Written by a test of crates/client-web from the Rust types. Not to be edited.

/**
 * An assertion: a passkey was used (WebAuthn §5.2.2).
 */
export type Assertion = { 
/**
 * The id of the credential.
 */
credential: string, 
/**
 * `clientDataJSON`: what the browser asked for.
 */
client_data: string, 
/**
 * Authenticator data (WebAuthn §6.1).
 */
authenticator_data: string, 
/**
 * The signature over both.
 */
signature: string, 
/**
 * Whose the authenticator says that it is: the account id. Absent where it was asked for certain credentials.
 */
user?: string, };

/**
 * An event `beat` of `GET /events`: the stream is alive, and so is everything between its two ends. The first comes at once.
 */
export type Beat = { 
/**
 * For how many seconds the stream is never silent. After some more, whoever listens begins anew.
 */
seconds: number, };

/**
 * Rises by one with each write to an entry or record of an account.
 */
export type ChangeNumber = number;

/**
 * How long everything stays that somebody has who was written to by a link.
 */
export type ChangedDays = { 
/**
 * Whose.
 */
address: string, 
/**
 * Days after the last letter.
 */
days: number, };

/**
 * A number that the owner asked about. The server's word.
 */
export type CheckedNumber = { 
/**
 * As it was understood.
 */
phone: string, 
/**
 * Whether their account proved it as its owner's own.
 */
matches: boolean, };

/**
 * What a failure means: one exit code on the command line, one tone on a page.
 */
export type Class = "refused" | "notfound" | "unavailable" | "damaged";

/**
 * What this client calls a failure that is not the server's word.
 */
export type ClientProblem = "compare-first" | "contended" | "contradiction" | "damaged-profile" | "device-failed" | "digits-differ" | "file-changed" | "file-not-uploaded" | "file-not-written" | "key-changed" | "keyring-full" | "letter-refused" | "no-draft" | "no-level-by-link" | "no-recipients" | "not-an-address" | "not-the-file" | "number-differs" | "older-record" | "other-address" | "other-passphrase" | "oneself" | "password-not-taken" | "record-does-not-open" | "record-missing" | "renewal-under-way" | "renewal-unanswered" | "second-record" | "server-went-back" | "slot-does-not-open" | "somebody-else" | "subject-too-long" | "text-too-long" | "too-large-for-proxy" | "too-many-files" | "too-many-recipients" | "too-much-at-once" | "unknown-contact" | "unknown-form" | "unknown-problem" | "unreachable" | "unreadable-answer" | "unsaved" | "waiting" | "weak-password";

/**
 * A code as typed or pasted.
 */
export type Code = { 
/**
 * Six digits, or the whole message they stand in.
 */
code: string, };

/**
 * The sixty digits to read to each other.
 */
export type Comparison = { 
/**
 * With whom, and how the key stands now.
 */
who: Correspondent, 
/**
 * Twelve groups of five.
 */
digits: Array<string>, 
/**
 * The former key was compared: this one can't be accepted without comparing it.
 */
must_be_compared: boolean, 
/**
 * The person said of this key that its digits do not match.
 */
digits_differ: boolean, };

/**
 * What was refused for want of a fresh proof.
 */
export type Confirmation = { 
/**
 * The offers of the refusal; empty where it had none, then the server is asked.
 */
offers: Array<FactorOffer>, };

/**
 * The answer to `POST /factors/{id}/proofs/enter`: the factor counts from now.
 */
export type ConfirmedFactor = { 
/**
 * How far the app's clock goes before the server's, in steps of 30 seconds; less than zero where it is behind. Zero
 * where there is no app.
 */
drift: number, };

/**
 * Somebody in the contacts, and what the owner says of them.
 */
export type Contact = { 
/**
 * As they are shown everywhere.
 */
who: Correspondent, 
/**
 * What the owner calls them.
 */
called: string | null, 
/**
 * What they call themselves, by the first letter of theirs that was read here.
 */
claims: string | null, 
/**
 * Where the owner says that they can be called.
 */
phone: string | null, 
/**
 * What the owner wants to remember.
 */
note: string | null, 
/**
 * What the server said of a number that the owner asked about.
 */
number: CheckedNumber | null, };

/**
 * A row of a folder: a conversation, of which these letters lie there. What is done with it is done with all of them.
 */
export type Conversation = { 
/**
 * Which one: the same whatever comes or goes.
 */
id: ConversationId, 
/**
 * Its letters in this folder, newest first; at least one.
 */
ids: Array<string>, 
/**
 * The letter that it opens with: the oldest that was not opened yet, or else the newest.
 */
opens: string, 
/**
 * Whether all of them were opened.
 */
read: boolean, 
/**
 * Whether one of them is to be seen again.
 */
flagged: boolean, 
/**
 * What the row shows.
 */
newest: Row, };

/**
 * A conversation by a link came to its end.
 */
export type ConversationEnded = { 
/**
 * When.
 */
at: Timestamp, 
/**
 * By what.
 */
ending: Ending, };

/**
 * What the letters of one row have in common: their thread; of what was sent, the moments in which they were made and
 * posted.
 */
export type ConversationId = string;

/**
 * Somebody in a letter or in the contacts. A name is a claim, an address is bound to a key.
 */
export type Correspondent = { 
/**
 * The address.
 */
address: string, 
/**
 * What the owner calls them, or else the name they claim, or the contact's.
 */
name: string | null, 
/**
 * Whether the contact has this very name, and nobody else's contact has it: only then may it stand without the address.
 */
name_may_stand_alone: boolean, 
/**
 * How their key stands.
 */
standing: Standing, 
/**
 * The number that the owner knows of them, where the server says that it is theirs, of the key that they are known by.
 */
number: string | null, 
/**
 * They have no mailbox, and read by a link that the server sent and that opens by itself: whoever runs it could have kept that.
 */
open_to_operator: boolean, };

/**
 * How many there are of what.
 */
export type Counts = { 
/**
 * Letters in the inbox.
 */
inbox: number, 
/**
 * Of those, not opened yet.
 */
unread: number, 
/**
 * Letters sent.
 */
sent: number, 
/**
 * Letters put away.
 */
archive: number, 
/**
 * Letters not sent yet, as drafts.
 */
drafts: number, 
/**
 * Letters in the trash.
 */
trash: number, 
/**
 * Letters that this sync brought into the inbox.
 */
arrived: number, 
/**
 * Whether this sync brought anything.
 */
changed: boolean, 
/**
 * Whether the server has more: ask again at once.
 */
more: boolean, 
/**
 * What waits to be done to the account, unless it is stopped.
 */
waits: Array<Wait>, };

/**
 * A passkey that was made for a mailbox that there is not yet.
 */
export type CreatedFirstPasskey = { 
/**
 * The registration.
 */
registering: Registering, 
/**
 * What was made.
 */
passkey: CreatedPasskey, };

/**
 * A passkey that was made.
 */
export type CreatedPasskey = { 
/**
 * The factor that it will be.
 */
id: string, 
/**
 * What its authenticator says.
 */
made: MadeCredential, };

/**
 * Address and password as typed.
 */
export type Credentials = { 
/**
 * The address.
 */
address: string, 
/**
 * The password.
 */
password: string, };

/**
 * What each damage is called.
 */
export type DamageName = "damaged" | "certificate-refused" | "certificate-missing" | "sender-key-changed" | "older-certificate" | "other-letter" | "level-required" | "withdrawn";

/**
 * Somebody who came by a link does not want what was written.
 */
export type Declining = { 
/**
 * The code from the SMS as typed or pasted, where nothing was opened yet.
 */
code: string | null, };

/**
 * What became of a sent letter at one reader.
 */
export type Delivery = { 
/**
 * The reader.
 */
reader: Correspondent, 
/**
 * Whether no other reader knows of it.
 */
blind: boolean, 
/**
 * When it lay in their mailbox. The server's word.
 */
delivered: Timestamp, 
/**
 * When the mail server took the notice. The server's word.
 */
notified: Timestamp | null, 
/**
 * The e-mail address does not take the notice, and the reader has not looked since. The server's word.
 */
notice_refused: boolean, 
/**
 * When it was opened, by the reader's verified signature.
 */
read: Timestamp | null, 
/**
 * When all of its files lay on the reader's device. The server's word.
 */
saved: Timestamp | null, 
/**
 * How the reader was identified. The server's word.
 */
level: Level | null, 
/**
 * The server says that it was read, and shows no signature that holds (ATTACKS 11).
 */
receipt_refused: boolean, 
/**
 * Of somebody who has no mailbox: how far they are. The server's word.
 */
guest: GuestDelivery | null, 
/**
 * The server sent them the link, and that opens it by itself: whoever runs it could have kept it.
 */
open_to_operator: boolean, 
/**
 * The conversation by a link is over. The server's word.
 */
ended: ConversationEnded | null, };

/**
 * A contact as typed.
 */
export type Described = { 
/**
 * The address.
 */
address: string, 
/**
 * What the owner calls them.
 */
name: string, 
/**
 * A Swedish number, or one with a country code.
 */
phone: string, 
/**
 * What there is to remember.
 */
note: string, };

/**
 * A program and the system that it runs on, such as Firefox and Windows.
 */
export type DeviceName = { 
/**
 * The browser, or the terminal.
 */
program: string, 
/**
 * The operating system.
 */
system: string, };

/**
 * Nothing to say but that it was done.
 */
export type Done = Record<symbol, never>;

/**
 * A letter that is being written, as it is kept: sealed, at the server.
 */
export type Draft = { 
/**
 * The record's id.
 */
id: string, 
/**
 * The addresses, and whatever was typed in their place.
 */
to: Array<string>, 
/**
 * Who gets a copy that everybody sees, likewise.
 */
cc: Array<string>, 
/**
 * Who gets a copy that nobody else knows of, likewise.
 */
bcc: Array<string>, 
/**
 * Whether each gets a letter of their own.
 */
each: boolean, 
/**
 * The subject.
 */
subject: string, 
/**
 * The text.
 */
text: string, 
/**
 * The letter that it answers.
 */
answers: string | null, 
/**
 * How its readers are to be identified, if its writer asks for it.
 */
level: Level | null, 
/**
 * Those who are to be written to though they have no mailbox.
 */
invite: Array<Invited>, 
/**
 * The files beside it.
 */
files: Array<DraftFile>, 
/**
 * When it was saved, by this or another device's clock.
 */
saved: Timestamp, 
/**
 * It is on its way: not to be written on, and not to be sent again.
 */
waiting: boolean, 
/**
 * Why nothing of it is shown.
 */
damage: Problem | null, };

/**
 * A file of a draft.
 */
export type DraftFile = { 
/**
 * Names it.
 */
id: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * Its media type.
 */
type: string, 
/**
 * How long it is, in bytes.
 */
size: number, 
/**
 * Whether all of it is at the server. If not, its bytes are where it was chosen.
 */
up: boolean, };

/**
 * What became of a draft at the server.
 */
export type DraftNews = { 
/**
 * The record it was saved under.
 */
id: string, 
/**
 * The one it has now.
 */
now: string, 
/**
 * Another device wrote on in the same draft: both texts are kept.
 */
beside: boolean, 
/**
 * Why it is on this device only, if trying again won't help.
 */
refused: Problem | null, };

/**
 * What ended a conversation by a link.
 */
export type Ending = "expired" | "declined" | "withdrawn" | "claimed";

/**
 * What a passkey signed for a sign-in.
 */
export type EnteredPasskey = { 
/**
 * What it signed.
 */
assertion: Assertion, 
/**
 * Stay signed in on this device for 30 days.
 */
keep: boolean, 
/**
 * What this device is called.
 */
device: DeviceName | null, };

/**
 * Rises by one with each erasure of letters, or of drafts, in an account, so that other devices compare ids without
 * tombstones.
 */
export type EraseNumber = number;

/**
 * How often something was erased, letters and drafts apart: a sent draft must not make every device fetch the ids of
 * all letters.
 */
export type Erased = { 
/**
 * Higher than before: compare the letters with `GET /ids/letters`.
 */
letters: EraseNumber, 
/**
 * Higher than before: compare the drafts with `GET /ids/drafts`.
 */
drafts: EraseNumber, };

/**
 * What of the trash is erased.
 */
export type Erasing = { 
/**
 * Only these; none: everything.
 */
ids: Array<string> | null, };

/**
 * The answer to `POST /trash/empty`: what was erased, step by step (PROTOCOL §8).
 */
export type ErasureReceipt = { 
/**
 * When it was done.
 */
at: Timestamp, 
/**
 * How many letters left this mailbox.
 */
erased: number, 
/**
 * In the order they were taken.
 */
steps: Array<ErasureStep>, };

/**
 * One step of an erasure.
 */
export type ErasureStep = { 
/**
 * What was done.
 */
step: ErasureStepKind, 
/**
 * False where this store can't take it.
 */
taken: boolean, 
/**
 * To how many.
 */
count: number, };

/**
 * The steps of an erasure.
 */
export type ErasureStepKind = "keys-destroyed" | "letters-overwritten" | "files-overwritten" | "files-deleted" | "log-overwritten" | "vacuumed";

/**
 * A letter to take along.
 */
export type Exported = { 
/**
 * The file's name.
 */
file_name: string, 
/**
 * The file: `.eml`, plain text that anybody can read.
 */
text: string, };

/**
 * A factor as its owner sees it.
 */
export type Factor = { 
/**
 * Its id.
 */
id: string, 
/**
 * What kind it is.
 */
kind: FactorKind, 
/**
 * What its owner knows it by: the last two digits of a phone. Empty where there is nothing to tell apart.
 */
hint: string, 
/**
 * When it was proved first, and began to count.
 */
added: Timestamp, 
/**
 * When it was proved last; none if never since.
 */
used: Timestamp | null, 
/**
 * How many codes of a sheet are left.
 */
left: number | null, };

/**
 * What kind a factor is.
 */
export type FactorKind = "address" | "phone" | "reserve-phone" | "one-time-codes" | "authenticator" | "passkey";

/**
 * A factor that may be chosen.
 */
export type FactorOffer = { 
/**
 * Its id.
 */
id: string, 
/**
 * What kind it is.
 */
kind: FactorKind, 
/**
 * What its owner knows it by: the last two digits of a phone. Empty where there is nothing to tell apart.
 */
hint: string, };

/**
 * The ways there are, and the one that was chosen: its code was sent.
 */
export type Factors = { 
/**
 * At least one.
 */
offers: Array<FactorOffer>, 
/**
 * None while the person has to choose.
 */
chosen: FactorOffer | null, };

/**
 * What a failure is called: one of three lists, each a stable name on its own, such as `key-changed`.
 */
export type FailureName = ProblemType | ClientProblem | DamageName;

/**
 * Where an entry lies.
 */
export type Folder = "inbox" | "sent" | "archive" | "trash";

/**
 * A letter that was to go out and is a draft again.
 */
export type GivenBack = { 
/**
 * The draft's id.
 */
draft: string, 
/**
 * Why.
 */
problem: Problem, };

/**
 * A draft that is to go out.
 */
export type Going = { 
/**
 * Its id.
 */
id: string, 
/**
 * When its readers are to get it, if that is later.
 */
until: Timestamp | null, };

/**
 * How far somebody is who was written to and has no mailbox (PROTOCOL §5).
 */
export type GuestDelivery = { 
/**
 * When the phone was proved first.
 */
proved?: Timestamp | null, 
/**
 * When the first code was sent to the phone.
 */
code_asked?: Timestamp | null, 
/**
 * A code was refused for good on its way to the phone, and none was proved.
 */
code_refused?: boolean, 
/**
 * When somebody who has the link said that the phone is not theirs.
 */
wrong_number?: Timestamp | null, };

/**
 * What a right code at a link comes to.
 */
export type GuestEntered = { 
/**
 * The conversation; none where it opens by what was agreed on.
 */
letters: GuestLetters | null, };

/**
 * The letters of a conversation by a link.
 */
export type GuestLetters = { 
/**
 * The guest.
 */
me: string, 
/**
 * Who wrote.
 */
from: string, 
/**
 * When everything in it is erased, unless somebody writes.
 */
expires: Timestamp, 
/**
 * Whether it opened by what was agreed on.
 */
agreed: boolean, 
/**
 * The oldest first.
 */
letters: Array<Letter>, 
/**
 * Why others are not shown.
 */
shut: Array<Problem>, };

/**
 * Who wrote to somebody who has no mailbox. Nothing was sent yet.
 */
export type GuestLink = { 
/**
 * Who, by the server's word.
 */
from: string, 
/**
 * The organisation that they write for, where its domain is verified.
 */
organisation: Organisation | null, 
/**
 * To whom.
 */
address: string, 
/**
 * When everything in the conversation is erased.
 */
expires: Timestamp, 
/**
 * The last two digits of the phone that a code will go to; empty where the link opens it by itself.
 */
hint: string, };

/**
 * What the event stream said, where it was that which asks for a sync.
 */
export type Heard = { 
/**
 * How far the server is: nothing is asked if this device is as far.
 */
pulse: Pulse | null, };

/**
 * How much a mailbox holds, and may hold. The server's word.
 */
export type Holdings = { 
/**
 * Letters, in all folders.
 */
letters: number, 
/**
 * At most so many.
 */
most_letters: number, 
/**
 * Bytes of letters, drafts and contacts, as the server has them.
 */
bytes: number, 
/**
 * At most so many.
 */
most_bytes: number, 
/**
 * The largest file that may go with a letter, in bytes.
 */
largest_file: number, };

/**
 * A letter, a draft, a session or a factor.
 */
export type Id = { 
/**
 * Its id.
 */
id: string, };

/**
 * Somebody whom one wrote to and who has no mailbox yet, by the server's word but for the link.
 */
export type Invitation = { 
/**
 * What stands behind the `#` of their link; none where another device made it and its contacts are not here yet.
 */
secret: string | null, 
/**
 * What was agreed on beside it.
 */
passphrase: string | null, 
/**
 * The guest account.
 */
account: string, 
/**
 * Who was written to.
 */
address: string, 
/**
 * The last two digits of the phone; empty where there is none.
 */
hint: string, 
/**
 * Where the link is.
 */
link: LinkState, 
/**
 * The e-mail address that they proved who wrote by the public page, by the server's word.
 */
proved?: string | null, 
/**
 * When it was made.
 */
made: Timestamp, 
/**
 * When its phone was proved first.
 */
opened?: Timestamp | null, 
/**
 * When somebody who has the link said that the phone is not theirs.
 */
wrong_number?: Timestamp | null, 
/**
 * How many days after the last letter that is.
 */
days: number, 
/**
 * As many wrong codes were typed as a link stands: it opens nothing until its sender allows more.
 */
shut: boolean, 
/**
 * When everything in the conversation is erased.
 */
expires: Timestamp, };

/**
 * Somebody who is written to though they have no mailbox.
 */
export type Invited = { 
/**
 * Whom.
 */
address: string, 
/**
 * The phone that a code goes to, as it was understood.
 */
phone: string, 
/**
 * The language of what the server writes to them.
 */
language: Language, 
/**
 * Whether the server sends the link; else whoever writes hands it over.
 */
mailed: boolean, 
/**
 * What the two agreed on, if they did.
 */
passphrase: string | null, };

/**
 * A password as typed, and whose it would be.
 */
export type JudgedPassword = { 
/**
 * As typed.
 */
password: string, 
/**
 * The address.
 */
address: string, 
/**
 * The name; empty where it is still sealed.
 */
name: string, };

/**
 * A letter by a page went out.
 */
export type KeptLink = { 
/**
 * What stands behind the `#` of the link to the answer. Nobody else has it.
 */
secret: string, 
/**
 * When everything is erased if nobody writes any more.
 */
expires: Timestamp, };

/**
 * The language of what the server writes to a person: e-mail and SMS.
 */
export type Language = "sv" | "en";

/**
 * The last code of a sign-in.
 */
export type LastCode = { 
/**
 * Six digits, or the whole message they stand in.
 */
code: string, 
/**
 * Stay signed in on this device for 30 days.
 */
keep: boolean, 
/**
 * What this device is called.
 */
device: DeviceName | null, };

/**
 * A letter, verified as a whole.
 */
export type Letter = { 
/**
 * Its id.
 */
id: string, 
/**
 * Where it lies.
 */
folder: Folder, 
/**
 * Whether it is to be seen again.
 */
flagged: boolean, 
/**
 * When it came, by the server's clock.
 */
arrived: Timestamp, 
/**
 * When it was written, by the sender's clock.
 */
date: Timestamp, 
/**
 * Who signed it, and how their key stood.
 */
from: Correspondent, 
/**
 * To and Cc readers; for its sender, of letters that went to each by itself, all of them.
 */
to: Array<Correspondent>, 
/**
 * Readers of a blind copy: for its sender all of them, for such a reader oneself.
 */
bcc: Array<Correspondent>, 
/**
 * Whether each of them got a letter of their own. Their sender only knows.
 */
each: boolean, 
/**
 * For its sender: the letters of its post, itself among them.
 */
together: Array<string>, 
/**
 * The subject; may be empty.
 */
subject: string, 
/**
 * The text, plain.
 */
text: string, 
/**
 * The files beside it.
 */
files: Array<LetterFile>, 
/**
 * How its sender asks readers to be identified, as signed.
 */
level: Level | null, 
/**
 * What the reader should know.
 */
warnings: Array<ReadingWarning>, 
/**
 * For its sender: what became of it. Empty for a reader.
 */
deliveries: Array<Delivery>, 
/**
 * For its sender, while the server holds it: when its readers get it.
 */
held: Timestamp | null, 
/**
 * For its sender: when it was withdrawn.
 */
withdrawn: Timestamp | null, 
/**
 * The letters of its conversation, oldest first; itself among them. What was binned is shown with what was binned.
 */
conversation: Array<Row>, 
/**
 * Those of them that are one row with it.
 */
row: Array<string>, };

/**
 * A letter by a page.
 */
export type LetterByPage = { 
/**
 * Who writes, as they say.
 */
name: string, 
/**
 * One line.
 */
subject: string, 
/**
 * The text.
 */
text: string, 
/**
 * The e-mail address that is told of an answer, as typed; none tells nobody. `out-of-step` where it was not proved.
 */
email: string | null, 
/**
 * The language of what the server writes to them.
 */
language: Language, };

/**
 * A file beside a letter.
 */
export type LetterFile = { 
/**
 * Names it, for who passes it on.
 */
id: string, 
/**
 * What its sender calls it. A page looks at it before it shows it, and before anything is saved under it.
 */
name: string, 
/**
 * Its media type, by its sender's word.
 */
type: string, 
/**
 * How long it is, in bytes.
 */
size: number, 
/**
 * What it looks like by its sender's word, where it is a picture: a small JPEG, base64url.
 */
thumbnail: string | null, };

/**
 * When the owner of a mailbox is told by e-mail that a letter waits. What concerns their security is always told.
 */
export type LetterNotices = "at-once" | "daily" | "never";

/**
 * Letters.
 */
export type Letters = { 
/**
 * Their ids.
 */
ids: Array<string>, };

/**
 * How well a person's identity was proved (PROTOCOL §6), weakest first.
 */
export type Level = "address" | "phone" | "authenticator" | "passkey" | "eid";

/**
 * Whose hands a link is in.
 */
export type LinkState = "with-sender" | "waiting" | "mailed" | "with-writer";

/**
 * A session without keys.
 */
export type LockedMailbox = { 
/**
 * Whose it is.
 */
address: string, 
/**
 * What opens it, each kind once.
 */
opens: Array<SlotKind>, };

/**
 * A new credential, as its authenticator made it (WebAuthn §5.2.1). No attestation is asked for.
 */
export type MadeCredential = { 
/**
 * `clientDataJSON`: what the browser asked for.
 */
client_data: string, 
/**
 * Authenticator data (WebAuthn §6.1), with the credential's id and public key.
 */
authenticator_data: string, };

/**
 * Letters, and how they are marked. Absent is unchanged.
 */
export type Marking = { 
/**
 * Their ids.
 */
ids: Array<string>, 
/**
 * Read or not.
 */
read: boolean | null, 
/**
 * Flagged or not.
 */
flagged: boolean | null, };

/**
 * Whose mailbox is open.
 */
export type Me = { 
/**
 * The address.
 */
address: string, 
/**
 * The name that goes out with letters.
 */
name: string, 
/**
 * The recovery sheet was left for later: ask again, with a new code.
 */
sheet_owed: boolean, 
/**
 * The directory shows others a certificate for this address that is not one's own (ATTACKS 5).
 */
own_certificate_differs: boolean, 
/**
 * Stays signed in on this device for 30 days.
 */
kept: boolean, 
/**
 * A thorough renewal is not over: `rewrap_some` goes on with it.
 */
rewrapping: boolean, };

/**
 * Letters, and where they go.
 */
export type Move = { 
/**
 * Their ids.
 */
ids: Array<string>, 
/**
 * Where to.
 */
to: Folder, };

/**
 * A file of a letter that is being written. What opens it stays in the Worker, by its id.
 */
export type NamedFile = { 
/**
 * Names it, in 32 hexadecimal digits, capitals.
 */
id: string, 
/**
 * What it is called.
 */
name: string, 
/**
 * Its media type.
 */
type: string, 
/**
 * How long it is, in bytes.
 */
size: number, };

/**
 * A page by which anybody writes to a member, by its name.
 */
export type NamedPage = { 
/**
 * As it stood in the page's address.
 */
name: string, };

/**
 * A passkey of this account.
 */
export type NamedPasskey = { 
/**
 * As the server has it.
 */
passkey: Passkey, 
/**
 * What its owner calls it.
 */
name: string | null, };

/**
 * A phone number as typed, and what the phone is for.
 */
export type NamedPhone = { 
/**
 * As typed: a Swedish number, or one with a country code.
 */
phone: string, 
/**
 * What for.
 */
role: PhoneRole, };

/**
 * Where the owner is signed in: a device, by the name that it gave itself.
 */
export type NamedSession = { 
/**
 * As the server has it.
 */
row: SessionRow, 
/**
 * What its device is called, where it said so.
 */
device: DeviceName | null, };

/**
 * An answer to a letter that came by a link.
 */
export type NewAnswer = { 
/**
 * The letter.
 */
id: string, 
/**
 * One line.
 */
subject: string, 
/**
 * The text.
 */
text: string, 
/**
 * The files beside it, all of them at the server.
 */
files: Array<NamedFile>, };

/**
 * An authenticator app that is being added.
 */
export type NewAuthenticator = { 
/**
 * What is typed into it: 32 characters of base32.
 */
secret: string, 
/**
 * What the QR code says, and what a press on the phone itself opens.
 */
uri: string, };

/**
 * Somebody who came by a link asks for a mailbox.
 */
export type NewClaim = { 
/**
 * The name that goes out with letters.
 */
name: string, 
/**
 * The language of e-mails and SMS.
 */
language: Language, };

/**
 * A choice of language.
 */
export type NewLanguage = { 
/**
 * Which one.
 */
language: Language, };

/**
 * Who asks for a mailbox.
 */
export type NewMailbox = { 
/**
 * The name that goes out with letters.
 */
name: string, 
/**
 * The address.
 */
address: string, 
/**
 * The language of e-mails and SMS.
 */
language: Language, };

/**
 * A name as typed.
 */
export type NewName = { 
/**
 * The name that goes out with letters.
 */
name: string, };

/**
 * A choice of when to be told of letters by e-mail.
 */
export type NewNotices = { 
/**
 * When.
 */
notices: LetterNotices, };

/**
 * One's own page.
 */
export type NewOwnPage = { 
/**
 * As typed; none closes it.
 */
page: TypedPage | null, };

/**
 * Four words that somebody says to somebody.
 */
export type NewPassphrase = { 
/**
 * With a space between them.
 */
words: string, };

/**
 * A new password as typed, in the place of a forgotten one.
 */
export type NewPassword = { 
/**
 * As typed.
 */
password: string, 
/**
 * What this device is called.
 */
device: DeviceName | null, };

/**
 * A phone number as typed.
 */
export type NewPhone = { 
/**
 * As typed: a Swedish number, or one with a country code.
 */
phone: string, };

/**
 * Whose mailbox is to be removed.
 */
export type NewRemoval = { 
/**
 * The address.
 */
address: string, 
/**
 * The language of the e-mail.
 */
language: Language, };

/**
 * A choice of how long letters lie in the trash.
 */
export type NewTrashLife = { 
/**
 * How long.
 */
life: TrashLife, };

/**
 * No arguments.
 */
export type Nothing = Record<symbol, never>;

/**
 * A sheet of one-time codes, to be shown and printed once.
 */
export type OneTimeSheet = { 
/**
 * When it was made: its name.
 */
made: Timestamp, 
/**
 * Each of three groups of four characters.
 */
codes: Array<string>, };

/**
 * The organisation that a verified sender writes for. By the server's word, both of it.
 */
export type Organisation = { 
/**
 * What it is called, as the operator says.
 */
name: string, 
/**
 * The verified domain: that of the sender's address.
 */
domain: string, };

/**
 * Another password as typed, in the place of one's own.
 */
export type OtherPassword = { 
/**
 * As typed.
 */
password: string, 
/**
 * Its owner's name, against which it is judged.
 */
name: string, };

/**
 * One's own certificate, as others get it.
 */
export type OwnCertificate = { 
/**
 * 64 hexadecimal digits.
 */
fingerprint: string, 
/**
 * ASCII-armored (RFC 9580 §6.2).
 */
armored: string, 
/**
 * The directory shows others another one (ATTACKS 5).
 */
differs: boolean, };

/**
 * One's own page.
 */
export type OwnPage = { 
/**
 * What stands in its address; none where there is no page.
 */
name: string | null, 
/**
 * What strangers see above it.
 */
title: string | null, };

/**
 * What arises before the client is asked, or in a Worker's TypeScript.
 */
export type PageProblem = "broken-page" | "draft-waits" | "link-cut" | "link-differs" | "locked" | "not-a-code" | "not-a-name" | "not-a-note" | "not-a-page-name" | "not-a-page-name-for-you" | "not-a-page-title" | "not-a-phone-number" | "not-an-opening" | "old-page" | "one-time-code-character" | "one-time-code-length" | "out-of-step" | "passkey-opens-nothing" | "recovery-code-character" | "recovery-code-length" | "session-lives-on" | "slip-of-the-pen" | "words-differ";

/**
 * A part of a folder.
 */
export type Part = { 
/**
 * Which folder.
 */
folder: Folder, 
/**
 * Which of its conversations.
 */
which: Which, 
/**
 * And the one with this letter in any case: it is open, and must not vanish for having been opened.
 */
open: string | null, 
/**
 * How many of the newest are left out.
 */
from: number, 
/**
 * At most how many.
 */
count: number, };

/**
 * One of the account's passkeys. What its owner calls it is sealed in the settings.
 */
export type Passkey = { 
/**
 * The factor that it is.
 */
id: string, 
/**
 * Whether it opens the mailbox by a slot of its own, or proves a person only.
 */
opens: boolean, 
/**
 * When it was added.
 */
added: Timestamp, 
/**
 * When it proved something last; none if never since.
 */
used: Timestamp | null, };

/**
 * The passkey counts.
 */
export type PasskeyAdded = { 
/**
 * Whether it opens the mailbox.
 */
what_for: PasskeyUse, 
/**
 * What it is called now.
 */
name: string, };

/**
 * The passkey is asked to sign before it counts.
 */
export type PasskeyAsked = { 
/**
 * What it is used with.
 */
request: PasskeyRequest, 
/**
 * Whether its first output has come. Where not, the output of the next use is the first, and one more use has to follow.
 */
sealed: boolean, };

/**
 * What a passkey is made with.
 */
export type PasskeyCreation = { 
/**
 * The factor that it will be.
 */
id: string, 
/**
 * What is to be signed.
 */
challenge: string, 
/**
 * Credentials of this account, of which there must not be a second one in one place.
 */
exclude: Array<string>, 
/**
 * The handle of its owner: the account id.
 */
user: string, 
/**
 * What a browser calls its owner.
 */
address: string, 
/**
 * The algorithms that are taken (RFC 9053), best first.
 */
algorithms: Array<number>, 
/**
 * What its PRF output is asked for.
 */
prf_input: string, };

/**
 * What a passkey came to that signs somebody in alone.
 */
export type PasskeyEntered = { 
/**
 * Whose password opens the mailbox, where the passkey does not; the session waits, locked.
 */
password_of: string | null, };

/**
 * What a passkey signed as a factor.
 */
export type PasskeyProof = { 
/**
 * What it signed.
 */
assertion: Assertion, };

/**
 * What a passkey is used with.
 */
export type PasskeyRequest = { 
/**
 * What is to be signed.
 */
challenge: string, 
/**
 * Which may answer; empty where nobody was named.
 */
credentials: Array<string>, 
/**
 * What its PRF output is asked for; none where nothing is to be opened by it.
 */
prf_input: string | null, };

/**
 * What a passkey is to be called.
 */
export type PasskeyToName = { 
/**
 * Which one.
 */
id: string, 
/**
 * As typed.
 */
name: string, };

/**
 * What a passkey that counts is good for.
 */
export type PasskeyUse = "opens" | "proves";

/**
 * The password is another one.
 */
export type PasswordChange = { 
/**
 * Whether it opened the mailbox just now. If not, the server could not be asked, and it is changed by the server's word.
 */
proved: boolean, };

/**
 * What a phone is for.
 */
export type PhoneRole = "own" | "reserve";

/**
 * Why a call was not done.
 */
export type Problem = { 
/**
 * What it is called.
 */
name: ProblemName, 
/**
 * Its tone.
 */
class: Class, 
/**
 * Whom it is about, where it is about somebody.
 */
address: string | null, 
/**
 * Of a letter that is not shown for want of a proof: which one its sender asks for. The server's word.
 */
level: Level | null, 
/**
 * After how many seconds trying again may help, where the server said so.
 */
retry_after: number | null, 
/**
 * By what the person may confirm that it is them, where that is what was missing; see `confirm`.
 */
offers: Array<FactorOffer>, 
/**
 * By which number the operator finds the request in the log, where the server said so.
 */
request: string | null, };

/**
 * What a problem is called: the key of the page's sentence.
 */
export type ProblemName = FailureName | PageProblem;

/**
 * What went wrong. `type` on the wire is `/problems/` and the slug, served as a page that says what to do.
 */
export type ProblemType = "bad-request" | "two-credentials" | "not-signed-in" | "session-locked" | "credentials-refused" | "code-refused" | "code-replaced" | "passkey-refused" | "code-used" | "older-sheet" | "last-way-in" | "proof-required" | "members-only" | "link-shut" | "other-origin" | "level-required" | "registration-closed" | "other-domain" | "not-found" | "no-account" | "method-not-allowed" | "request-timeout" | "stale-key" | "page-name-taken" | "id-taken" | "stale-draft" | "already-released" | "other-offset" | "blob-missing" | "registration-over" | "record-exists" | "stale-keyring" | "stale-version" | "too-large" | "unsupported-media-type" | "wrong-host" | "code-not-sent" | "not-a-mobile-number" | "other-country" | "work-refused" | "other-tus" | "precondition-required" | "too-many-requests" | "too-many-letters" | "internal" | "mailbox-full" | "reader-full" | "storage-full" | "busy";

/**
 * A page by which anybody writes to a member, as a stranger sees it.
 */
export type PublicPage = { 
/**
 * What it is called.
 */
title: string, 
/**
 * Who reads what is written there, by the server's word.
 */
address: string, 
/**
 * The organisation that they write for, where its domain is verified.
 */
organisation: Organisation | null, };

/**
 * An event without a name of `GET /events`: a hint to ask for changes.
 */
export type Pulse = { 
/**
 * The account's newest change.
 */
change: ChangeNumber, 
/**
 * What was erased so far.
 */
erased: Erased, };

/**
 * Something a reader should know of a letter that is otherwise in order.
 */
export type ReadingWarning = { "type": "date-is-off" } | { "type": "reader-key-differs", "address": string } | { "type": "unopened-parts" } | { "type": "not-marked" } | { "type": "level-is-off" };

/**
 * What the recovery code and another proof came to.
 */
export type Recovered = { 
/**
 * Both were on paper, so it waits; none if the mailbox is open and a new password is to be chosen.
 */
waits: Wait | null, };

/**
 * The recovery code is right.
 */
export type Recovering = { 
/**
 * What there is to choose from beside it.
 */
factors: Factors, 
/**
 * What waits for its time since a one-time code was shown, if anything does.
 */
waits: Wait | null, 
/**
 * Its time has come: a one-time code is shown again.
 */
waited: boolean, };

/**
 * What a recovery begins with.
 */
export type RecoveryCode = { 
/**
 * The address.
 */
address: string, 
/**
 * The code on the sheet, as typed. `slip-of-the-pen` if its check characters do not fit.
 */
recovery_code: string, };

/**
 * A registration as far as it has come: what the page shows of it, and keeps for its tab so that a reload goes on. No secret.
 */
export type Registering = { 
/**
 * What is asked for now.
 */
step: RegisteringStep, 
/**
 * The name that will go out with letters.
 */
name: string, 
/**
 * The address in its one form.
 */
address: string, 
/**
 * Names the registration.
 */
id: string, 
/**
 * Reserved for the account.
 */
account: string, 
/**
 * What a code was sent by, at the step that asks for it.
 */
factor: string | null, 
/**
 * The phone, once it was named.
 */
phone: string | null, };

/**
 * A code of a registration as typed or pasted.
 */
export type RegisteringCode = { 
/**
 * The registration.
 */
registering: Registering, 
/**
 * Six digits, or the whole message they stand in.
 */
code: string, };

/**
 * The password of a registration as typed.
 */
export type RegisteringPassword = { 
/**
 * The registration.
 */
registering: Registering, 
/**
 * As typed.
 */
password: string, 
/**
 * What this device is called.
 */
device: DeviceName | null, };

/**
 * The phone of a registration as typed.
 */
export type RegisteringPhone = { 
/**
 * The registration.
 */
registering: Registering, 
/**
 * As typed: a Swedish number, or one with a country code.
 */
phone: string, };

/**
 * What a registration asks for.
 */
export type RegisteringStep = "address-code" | "phone" | "phone-code" | "password";

/**
 * How the keys are renewed.
 */
export type Renewing = { 
/**
 * The letters that there are get new locks as well.
 */
thorough: boolean, 
/**
 * What the page calls this device; none if it can't tell.
 */
device: DeviceName | null, };

/**
 * How far a thorough renewal is.
 */
export type Rewrapped = { 
/**
 * How many letters have a new lock.
 */
done: number, 
/**
 * How many there are.
 */
total: number, 
/**
 * The former keys are given up.
 */
over: boolean, };

/**
 * A letter in a list: `summary` or `damage`, never both.
 */
export type Row = { 
/**
 * The letter's id.
 */
id: string, 
/**
 * Where it lies.
 */
folder: Folder, 
/**
 * Whether it was opened.
 */
read: boolean, 
/**
 * Whether it is to be seen again.
 */
flagged: boolean, 
/**
 * When it came, by the server's clock.
 */
arrived: Timestamp, 
/**
 * How its sender asks readers to be identified: as signed, or by the server's word while it is not shown.
 */
level: Level | null, 
/**
 * One's own letter that the server holds: when its readers get it.
 */
held: Timestamp | null, 
/**
 * When its sender withdrew it.
 */
withdrawn: Timestamp | null, 
/**
 * When it is erased, if it lies in the trash and letters do not lie there for as long as one likes.
 */
erased: Timestamp | null, 
/**
 * What its verified envelope says.
 */
summary: Summary | null, 
/**
 * Why nothing of it is shown.
 */
damage: Problem | null, };

/**
 * A part of a folder, newest first.
 */
export type Rows = { 
/**
 * The rows that were asked for.
 */
rows: Array<Conversation>, 
/**
 * How many rows there are.
 */
total: number, };

/**
 * Where a draft was saved.
 */
export type Saved = { 
/**
 * The record's id, for the next time: another one than before if the draft was erased meanwhile.
 */
id: string, 
/**
 * When.
 */
saved: Timestamp, 
/**
 * Somebody else wrote on in the same draft: both texts are kept, this one under another id.
 */
beside: boolean, };

/**
 * One row of `GET /account/security-events`.
 */
export type SecurityEvent = { 
/**
 * What was done.
 */
kind: SecurityEventKind, 
/**
 * When.
 */
at: Timestamp, 
/**
 * The session that it was done in; of one that was ended, that one.
 */
session: string, 
/**
 * Whether that is the session which asks.
 */
current: boolean, };

/**
 * What was done. A closed list.
 */
export type SecurityEventKind = "signed-in" | "new-device" | "sheet-replaced" | "keyring-replaced" | "password-replaced" | "password-changed" | "keys-renewed" | "password-removed" | "session-ended" | "other-sessions-ended" | "unlock-failed" | "codes-refused" | "authenticator-added" | "authenticator-removed" | "phone-replaced" | "reserve-phone-added" | "reserve-phone-removed" | "one-time-codes-made" | "one-time-codes-removed" | "one-time-code-used" | "passkey-added" | "passkey-removed" | "recovery-begun" | "recovery-stopped" | "removal-begun" | "removal-stopped";

/**
 * A letter that is to go out.
 */
export type Sending = { 
/**
 * What was written.
 */
written: Writing, 
/**
 * For how many seconds the server holds it, so that it can be taken back.
 */
hold: number, 
/**
 * When its readers are to get it, if that is later.
 */
until: Timestamp | null, };

/**
 * A letter that was taken by the server.
 */
export type SentLetter = { 
/**
 * Its id; where readers got letters of their own, each one's.
 */
ids: Array<string>, };

/**
 * One row of `GET /sessions`.
 */
export type SessionRow = { 
/**
 * As `DELETE /sessions/{id}` takes it.
 */
id: string, 
/**
 * Whether it is the one that asks.
 */
current: boolean, 
/**
 * What was proved.
 */
level: Level, 
/**
 * When it was proved.
 */
proved: Timestamp, 
/**
 * When it was last used, to the minute.
 */
used: Timestamp, 
/**
 * Whether it is kept signed in for 30 days after its last use.
 */
kept: boolean, };

/**
 * A recovery sheet.
 */
export type Sheet = { 
/**
 * 28 characters in seven groups of four, with hyphens.
 */
recovery_code: string, 
/**
 * Whose mailbox it opens.
 */
address: string, };

/**
 * The link of somebody who has no mailbox, or what stands behind its `#`.
 */
export type ShownLink = { 
/**
 * As it stood in the page's address.
 */
link: string, };

/**
 * Where a slot's key comes from.
 */
export type SlotKind = "password" | "passkey" | "recovery" | "device" | "link";

/**
 * What two agreed on, as one of them typed it.
 */
export type Spoken = { 
/**
 * Its words.
 */
words: string, };

/**
 * How a key stands, as a person is shown it.
 */
export type Standing = "own" | "unmet" | "new" | "known" | "compared" | "former" | "changed" | "differs";

/**
 * The link of an announcement, or what stands behind its `#`.
 */
export type StopLink = { 
/**
 * As it stands in the page's address.
 */
link: string, };

/**
 * What a verified envelope says.
 */
export type Summary = { 
/**
 * Who signed it.
 */
from: Correspondent, 
/**
 * The first To and Cc readers.
 */
to: Array<Correspondent>, 
/**
 * How many more there are.
 */
more_readers: number, 
/**
 * The subject; may be empty.
 */
subject: string, 
/**
 * The first line of the text.
 */
first_line: string, 
/**
 * How many files lie beside it.
 */
attachments: number, 
/**
 * When it was written, by the sender's clock.
 */
date: Timestamp, 
/**
 * Dated more than a day from its arrival (ATTACKS 8).
 */
date_is_off: boolean, };

/**
 * A point in time, to the millisecond, between the years 1970 and 9999.
 */
export type Timestamp = string;

/**
 * How long a letter lies in the trash before the server erases it (PROTOCOL §8).
 */
export type TrashLife = "thirty-days" | "unlimited";

/**
 * An address as typed.
 */
export type TypedAddress = { 
/**
 * As typed.
 */
address: string, };

/**
 * A number that somebody is known by, as typed.
 */
export type TypedNumber = { 
/**
 * Whose it should be.
 */
address: string, 
/**
 * A Swedish number, or one with a country code.
 */
phone: string, };

/**
 * Name and title of a page.
 */
export type TypedPage = { 
/**
 * What stands in its address, as typed.
 */
name: string, 
/**
 * What strangers see above it, as typed.
 */
title: string, };

/**
 * The password of a locked mailbox.
 */
export type Unlock = { 
/**
 * The password.
 */
password: string, 
/**
 * Stay signed in on this device for 30 days.
 */
keep: boolean, 
/**
 * What this device is called, where its session has just begun, by a passkey.
 */
device: DeviceName | null, };

/**
 * It signed.
 */
export type UsedFirstPasskey = { 
/**
 * The registration.
 */
registering: Registering, 
/**
 * What was signed, and what its owner calls it.
 */
used: UsedPasskey, 
/**
 * What this device is called.
 */
device: DeviceName | null, };

/**
 * The passkey signed.
 */
export type UsedPasskey = { 
/**
 * What it signed.
 */
assertion: Assertion, 
/**
 * What its owner calls it.
 */
name: string, };

/**
 * Whether a password will do.
 */
export type Verdict = "too-short" | "pattern" | "own-name" | "personal" | "known" | "enough" | "good";

/**
 * One that waits.
 */
export type Wait = { 
/**
 * What waits.
 */
kind: WaitKind, 
/**
 * Since when.
 */
begun: Timestamp, 
/**
 * When its time has come, by the server's clock.
 */
due: Timestamp, };

/**
 * What waits. An account has at most one of a kind.
 */
export type WaitKind = "recovery" | "removal";

/**
 * What waits, and is to be stopped.
 */
export type WaitToStop = { 
/**
 * What.
 */
kind: WaitKind, };

/**
 * What became of the letters that were on their way.
 */
export type WentOut = { 
/**
 * How many still are.
 */
waiting: number, 
/**
 * Those that can't go out as they stand: drafts again.
 */
given_back: Array<GivenBack>, 
/**
 * Drafts that are others now, or that the server refused.
 */
drafts: Array<DraftNews>, };

/**
 * Which conversations of a folder.
 */
export type Which = "all" | "unread" | "flagged";

/**
 * In which language words are to be.
 */
export type WordsIn = { 
/**
 * Of the two who say and hear them.
 */
language: Language, };

/**
 * An e-mail address to be told at when an answer waits.
 */
export type WritersAddress = { 
/**
 * As typed.
 */
address: string, 
/**
 * The language of the e-mails.
 */
language: Language, };

/**
 * A letter that is being written.
 */
export type Writing = { 
/**
 * Its draft; none before it was saved first.
 */
id: string | null, 
/**
 * The addresses; in a draft, whatever was typed.
 */
to: Array<string>, 
/**
 * Who gets a copy that everybody sees, likewise.
 */
cc: Array<string>, 
/**
 * Who gets a copy that nobody else knows of, likewise.
 */
bcc: Array<string>, 
/**
 * Whether each gets a letter of their own.
 */
each: boolean, 
/**
 * The subject.
 */
subject: string, 
/**
 * The text.
 */
text: string, 
/**
 * The letter that it answers.
 */
answers: string | null, 
/**
 * How its readers are to be identified, if its writer asks for it.
 */
level: Level | null, 
/**
 * Those who are to be written to though they have no mailbox.
 */
invite: Array<Invited>, 
/**
 * The files beside it.
 */
files: Array<NamedFile>, };

/** How much fits: octets of a subject, characters of a text and of a note, recipients; for how many days a letter may be held; and characters of a text by a public page. */
export const LIMITS = { subject: 998, text: 250000, recipients: 99, note: 500, hold_days: 400, page_text: 10000 } as const;

/** Each call's arguments and answer. */
export interface SignInCalls {
  register: [NewMailbox, Registering];
  enter_address_code: [RegisteringCode, Registering];
  read_phone: [NewPhone, string];
  name_phone: [RegisteringPhone, Registering];
  enter_phone_code: [RegisteringCode, Registering];
  send_registering_code: [Registering, Done];
  judge: [JudgedPassword, Verdict];
  make_mailbox: [RegisteringPassword, Sheet];
  sign_in: [Credentials, Factors];
  choose_factor: [Id, Factors];
  enter_code: [LastCode, Done];
  recover: [RecoveryCode, Recovering];
  enter_recovery_code: [Code, Recovered];
  ask_for_removal: [NewRemoval, Done];
  enter_removal_code: [Code, Wait];
  find_wait: [StopLink, Wait];
  stop_by_link: [StopLink, Done];
  replace_password: [NewPassword, Sheet];
  unlock: [Unlock, Done];
  change_password: [OtherPassword, PasswordChange];
  begin_renewal: [OtherPassword, Done];
  renew: [Renewing, Sheet];
  send_again: [Nothing, Done];
  ask_for_passkey: [Nothing, PasskeyRequest];
  enter_passkey: [EnteredPasskey, PasskeyEntered];
  unlock_by_passkey: [EnteredPasskey, Done];
  passkey_challenge: [Nothing, PasskeyRequest];
  enter_passkey_proof: [EnteredPasskey, Done];
  enter_recovery_passkey: [PasskeyProof, Done];
}

/** Each call's arguments and answer. */
export interface MailboxCalls {
  reopen: [Nothing, Me];
  locked: [Nothing, LockedMailbox];
  keep: [Nothing, Done];
  catch_up: [Nothing, WentOut];
  hand_in: [Nothing, Array<DraftNews>];
  sync: [Heard, Counts];
  counts: [Nothing, Counts];
  me: [Nothing, Me];
  list: [Part, Rows];
  read: [Id, Letter];
  look_again: [Id, Letter];
  told: [Id, Array<Delivery>];
  export: [Id, Exported];
  say_saved: [Id, Done];
  move_letters: [Move, Counts];
  put_back: [Letters, Counts];
  withdraw: [Letters, Done];
  mark_letters: [Marking, Counts];
  empty_trash: [Erasing, ErasureReceipt];
  contacts: [Nothing, Array<Correspondent>];
  invitations: [Nothing, Array<Invitation>];
  claim: [Nothing, Counts];
  drop_left: [Nothing, Done];
  withdraw_invitation: [TypedAddress, Done];
  remind: [TypedAddress, Done];
  allow_tries: [TypedAddress, Done];
  change_days: [ChangedDays, Done];
  contact: [TypedAddress, Contact];
  add_contact: [Described, Contact];
  describe_contact: [Described, Contact];
  forget_contact: [TypedAddress, Done];
  make_passphrase: [WordsIn, NewPassphrase];
  read_phone: [NewPhone, string];
  look_up: [TypedAddress, Correspondent];
  check_number: [TypedNumber, CheckedNumber];
  write_anyway: [TypedAddress, Correspondent];
  hold: [Going, Done];
  take_back: [Id, Done];
  send: [Sending, SentLetter];
  release: [Letters, Done];
  take_letters_back: [Letters, Saved];
  drafts: [Nothing, Array<Draft>];
  draft: [Id, Draft];
  save_draft: [Writing, Saved];
  erase_draft: [Id, Done];
  compare: [TypedAddress, Comparison];
  digits_match: [TypedAddress, Comparison];
  digits_differ: [TypedAddress, Comparison];
  accept: [TypedAddress, Comparison];
  sessions: [Nothing, Array<NamedSession>];
  end_session: [Id, Array<NamedSession>];
  end_other_sessions: [Nothing, Array<NamedSession>];
  ways_in: [Nothing, Array<SlotKind>];
  remove_password: [Nothing, Array<SlotKind>];
  security_events: [Nothing, Array<SecurityEvent>];
  confirm: [Confirmation, Factors];
  choose_proof: [Id, Factors];
  send_proof_again: [Nothing, Done];
  enter_proof: [Code, Done];
  passkey_challenge: [Nothing, PasskeyRequest];
  enter_passkey_proof: [PasskeyProof, Done];
  passkeys: [Nothing, Array<NamedPasskey>];
  begin_passkey: [Nothing, PasskeyCreation];
  passkey_made: [CreatedPasskey, PasskeyAsked];
  seal_passkey: [Nothing, Done];
  passkey_used: [UsedPasskey, PasskeyAdded];
  name_passkey: [PasskeyToName, Array<NamedPasskey>];
  remove_passkey: [Id, Array<NamedPasskey>];
  factors: [Nothing, Array<Factor>];
  remove_factor: [Id, Array<Factor>];
  begin_authenticator: [Nothing, NewAuthenticator];
  confirm_authenticator: [Code, ConfirmedFactor];
  name_new_phone: [NamedPhone, FactorOffer];
  send_new_phone_code: [Nothing, Done];
  enter_new_phone_code: [Code, Done];
  make_one_time_codes: [Nothing, OneTimeSheet];
  rewrap_some: [Nothing, Rewrapped];
  own_certificate: [Nothing, OwnCertificate];
  holdings: [Nothing, Holdings];
  set_name: [NewName, Me];
  own_page: [Nothing, OwnPage];
  set_own_page: [NewOwnPage, OwnPage];
  set_language: [NewLanguage, Done];
  trash_life: [Nothing, TrashLife];
  set_trash_life: [NewTrashLife, Done];
  notices: [Nothing, NewNotices];
  set_notices: [NewNotices, Done];
  remove_account: [Nothing, Wait];
  stop_wait: [WaitToStop, Me];
  new_sheet: [Nothing, Sheet];
  sheet_kept: [Nothing, Me];
  lock: [Nothing, Done];
  sign_out: [Nothing, Done];
  give_up_unsent: [Nothing, Done];
}

/** Each call's arguments and answer. */
export interface GuestCalls {
  show_link: [ShownLink, GuestLink];
  send_code: [Nothing, Done];
  open_link: [Nothing, GuestLetters];
  enter_code: [Code, GuestEntered];
  enter_passphrase: [Spoken, GuestLetters];
  look_again: [Nothing, GuestLetters];
  answer_letter: [NewAnswer, GuestLetters];
  export: [Id, Exported];
  say_saved: [Id, Done];
  report_wrong_number: [Nothing, Done];
  decline: [Declining, Done];
  claim: [NewClaim, Registering];
  enter_address_code: [RegisteringCode, Registering];
  send_registering_code: [Registering, Done];
  make_mailbox: [RegisteringPassword, Sheet];
  leave_keys: [Nothing, Done];
  begin_passkey: [Registering, PasskeyCreation];
  passkey_made: [CreatedFirstPasskey, PasskeyAsked];
  seal_passkey: [Registering, Done];
  make_mailbox_by_passkey: [UsedFirstPasskey, Sheet];
  show_page: [NamedPage, PublicPage];
  prove_writer: [WritersAddress, Done];
  send_writers_code: [Nothing, Done];
  enter_writers_code: [Code, Done];
  write_by_page: [LetterByPage, KeptLink];
  leave: [Nothing, Done];
}
