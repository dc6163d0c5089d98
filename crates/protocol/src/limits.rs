//! Every limit of the protocol, in one place (PROTOCOL §9a). Limits per network are the operator's configuration.

use std::time::Duration;

/// A content packet, in bytes. Larger things are attachments.
pub const CONTENT: usize = 2 * 1024 * 1024;
/// Attachments of one letter.
pub const ATTACHMENTS: usize = 100;
/// What lies in one part of an attachment, in bytes; all parts but the last have as much (PROTOCOL §3).
pub const PART: u64 = 1024 * 1024 * 1024;
/// A part as the server has it, in bytes: PADMÉ rounds 1 GiB and its packets up to 1 GiB and 32 MiB, and the tags take 68 kB.
pub const BLOB: u64 = PART + 33 * 1024 * 1024;
/// Blobs of one letter, or one draft.
pub const BLOBS: usize = 150;
/// A piece of a blob, in bytes: what one request of an upload carries, and one of a client's download asks for.
pub const PIECE: usize = 8 * 1024 * 1024;
/// The fewest bytes of a piece that is not the last of its blob: what a disk takes for a file in any case.
pub const LEAST_PIECE: usize = 4 * 1024;
/// How long an upload is kept that nothing refers to, after its last piece.
pub const UPLOAD_LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// Uploads of one mailbox that nothing refers to.
pub const UPLOADS: usize = 300;
/// The name of an attachment, in octets.
pub const FILE_NAME: usize = 1020;
/// The small picture of an attachment, in bytes.
pub const THUMBNAIL: usize = 8 * 1024;
/// Each of its sides, in pixels: a few bytes may say that they are a picture that no device has room for.
pub const THUMBNAIL_SIDE: u16 = 256;
/// Attachments of one letter that have a small picture: as many as a page shows.
pub const THUMBNAILS: usize = 12;
/// An envelope packet, in bytes.
pub const ENVELOPE: usize = 16 * 1024;
/// A wrapped key, in bytes: a v6 PKESK for ML-KEM-768 + X25519 is about 1.2 kB.
pub const WRAPPED_KEY: usize = 2 * 1024;
/// Readers of one letter, the sender's own entry included.
pub const READERS: usize = 100;
/// Letters in one post: one, and one for each Bcc reader; or one for each reader.
pub const LETTERS: usize = 100;
/// Readers of one post who are made a guest account (PROTOCOL §5).
pub const GUESTS: usize = 20;
/// How many days the conversation with somebody who has no mailbox stays after its last letter, if its sender chose no less.
pub const INVITATION_DAYS: u64 = 60;
/// The same, as a time.
pub const INVITATION_LIFE: Duration = Duration::from_secs(INVITATION_DAYS * 24 * 60 * 60);
/// Wrong codes at one link, in all, until its sender allows as many once more.
pub const LINK_TRIES: u64 = 20;
/// How often its sender may. After that they write anew.
pub const LINK_RENEWALS: u64 = 3;
/// The text of a letter by a public page, in characters (PROTOCOL §5).
pub const PAGE_TEXT: usize = 10_000;
/// Its content packet, in bytes.
pub const PAGE_CONTENT: usize = 64 * 1024;
/// The JSON part of its post, in bytes: a certificate, three records, an envelope and two wrapped keys.
pub const PAGE_JSON: usize = 128 * 1024;
/// The body of its post, in bytes.
pub const PAGE_BODY: usize = 200 * 1024;
/// How long what is to be computed for it is good.
pub const WORK_LIFE: Duration = Duration::from_secs(10 * 60);
/// The keyring record, in bytes.
pub const KEYRING: usize = 64 * 1024;
/// The record of one contact, in bytes.
pub const CONTACT: usize = 5 * 1024;
/// Any other record, in bytes.
pub const RECORD: usize = 1024 * 1024;
/// A certificate, in bytes.
pub const CERTIFICATE: usize = 16 * 1024;
/// A lock slot's sealed part, in bytes: salt, account secret, tag.
pub const SLOT: usize = 80;
/// A detached signature, in bytes.
pub const SIGNATURE: usize = 2 * 1024;
/// A JSON body, in bytes.
pub const JSON_BODY: usize = 64 * 1024;
/// The JSON part of a post, in bytes: an envelope and 100 wrapped keys each, base64url.
pub const LETTERS_JSON: usize = 8 * 1024 * 1024;
/// The body of a post, in bytes.
pub const POST_BODY: usize = 64 * 1024 * 1024;
/// The body that completes a registration, in bytes: two records and a certificate, base64url.
pub const REGISTRATION_BODY: usize = 256 * 1024;
/// Rows in a page of a list.
pub const PAGE: usize = 100;
/// A subject, in octets.
pub const SUBJECT: usize = 998;
/// A letter's text, in characters. At four octets each a draft still keeps within [`RECORD`], and a letter within
/// [`CONTENT`]: what can be written can be kept and sent.
pub const TEXT: usize = 250_000;
/// An address in its one form, in octets (RFC 5321 §4.5.3.1.3).
pub const ADDRESS: usize = 254;
/// An address as typed, in octets, before it is looked at.
pub const ADDRESS_TYPED: usize = 1024;
/// Directory look-ups of one account in a day.
pub const LOOK_UPS_A_DAY: u32 = 500;
/// New recovery sheets of one account in a day.
pub const SHEETS_A_DAY: u32 = 20;
/// Other passwords of one account in a day.
pub const PASSWORDS_A_DAY: u32 = 20;
/// Failed sign-ins of one account in an hour, before the next must wait.
pub const SIGN_INS_AN_HOUR: u32 = 20;
/// What was typed or pasted for a code, in bytes: a whole message, and not a page.
pub const CODE_TYPED: usize = 2 * 1024;
/// The furthest that a letter's release may lie ahead.
pub const HOLD: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Tries at one code.
pub const CODE_TRIES: u8 = 5;
/// Codes that were sent before the newest, and are remembered to say so.
pub const OLDER_CODES: usize = 3;
/// How long a code is good for.
pub const CODE_LIFE: Duration = Duration::from_secs(10 * 60);
/// How long the news that a letter waits, or that something was changed, is tried: as long as mail servers try (RFC 5321 §4.5.4.1).
pub const NEWS_LIFE: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// How long a challenge for a passkey is good (WebAuthn §15.1 has the same).
pub const CHALLENGE_LIFE: Duration = Duration::from_secs(5 * 60);
/// Passkeys of one account.
pub const PASSKEYS: usize = 20;
/// Codes on a sheet of one-time codes (PROTOCOL §7).
pub const ONE_TIME_CODES: usize = 10;
/// Sheets of one-time codes that are remembered, the newest included: whoever types a code of an older one is told so.
pub const ONE_TIME_SHEETS: usize = 3;
/// How long a code of an authenticator app is shown (RFC 6238 §4.1).
pub const AUTHENTICATOR_STEP: Duration = Duration::from_secs(30);
/// How far an app's clock may be from the server's when it is added, in steps.
pub const DRIFT_AT_CONFIRMATION: i64 = 5;
/// And at the most afterwards, as it drifts from one use to the next.
pub const DRIFT: i64 = 10;
/// How long a factor that was begun waits to be confirmed.
pub const ENROLMENT_LIFE: Duration = Duration::from_secs(30 * 60);
/// How long records that were sealed anew wait for the renewal that they are for (PROTOCOL §10).
pub const RENEWAL_LIFE: Duration = Duration::from_secs(60 * 60);
/// Keys of entries that are wrapped anew in one request: what a JSON body has room for.
pub const REWRAPPED_KEYS: usize = 32;
/// How long the receipt of an emptied trash is kept for a client that did not get it.
pub const RECEIPT_LIFE: Duration = Duration::from_secs(10 * 60);
/// How long a letter lies in the trash before it is erased, unless its holder wants it kept (PROTOCOL §8).
pub const TRASH_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a registration waits for its next step.
pub const REGISTRATION_LIFE: Duration = Duration::from_secs(60 * 60);
/// How long somebody who showed nothing but paper waits, before the sheet opens the mailbox (PROTOCOL §7).
pub const RECOVERY_WAIT: Duration = Duration::from_secs(72 * 60 * 60);
/// How often that is announced meanwhile.
pub const RECOVERY_ANNOUNCED_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the recovery code may then be typed again. After that the wait was for nothing.
pub const RECOVERY_OPEN: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How long an account waits to be removed, whoever asked for it (PROTOCOL §7).
pub const REMOVAL_WAIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// How often that is announced meanwhile.
pub const REMOVAL_ANNOUNCED_EVERY: Duration = Duration::from_secs(2 * 24 * 60 * 60);
/// How long a sign-in waits for its second message.
pub const SIGN_IN_LIFE: Duration = Duration::from_secs(5 * 60);
/// Sessions of one account at once. One more ends the one that was used longest ago.
pub const SESSIONS: usize = 50;
/// How long a session lasts without a kept device slot.
pub const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// How long a kept session lasts after its last use.
pub const KEPT_SESSION_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a kept session lasts from its beginning, however it is used: as long as a device is known that signed in once.
pub const KEPT_SESSION_END: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// How long a browser or program is known after a sign-in, unless it signs out or is put out (PROTOCOL §9a, Codes).
pub const KNOWN_DEVICE_LIFE: Duration = Duration::from_secs(180 * 24 * 60 * 60);
/// How fresh a proof of identity must be for an entry that demands a level, and for replacing what opens a mailbox (PROTOCOL §6).
pub const PROOF_LIFE: Duration = Duration::from_secs(15 * 60);
/// Wrong passwords in a row at one locked session, before it ends.
pub const UNLOCK_TRIES: u32 = 10;
/// How long a security event is kept (PROTOCOL §6).
pub const SECURITY_EVENT_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// Within this, security events of one kind are announced by SMS once, and by e-mail [`ANNOUNCEMENTS_A_DAY`] times.
pub const ANNOUNCED_WITHIN: Duration = Duration::from_secs(24 * 60 * 60);
/// E-mails that announce security events of one kind, to one account in a day.
pub const ANNOUNCEMENTS_A_DAY: u64 = 20;
/// From the last announcement of what waits until its time there is at least so long to stop it, also where a server that did not
/// run announced it late; but for [`ANNOUNCED_LATE`].
pub const LAST_WORD: Duration = Duration::from_secs(24 * 60 * 60);
/// An announcement that is no later than this puts nothing off.
pub const ANNOUNCED_LATE: Duration = Duration::from_secs(60 * 60);
/// Within the same time a removal of one account begins so often: each is announced on every channel.
pub const WAITS_A_DAY: u64 = 3;
/// A signed date further than this from the arrival is marked (PROTOCOL §4.4).
pub const DATE_SLACK: Duration = Duration::from_secs(24 * 60 * 60);
/// The fewest characters of a password.
pub const PASSWORD_CHARACTERS: usize = 12;
