-- Letters, their holders, and everything a mailbox has. Ids are 16 bytes, times milliseconds since 1970, truth 0 or 1.
-- No AUTOINCREMENT, no statistics: both would outlive what is erased (docs/protocol.md, section 8).

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;

-- What entries, records, slots and sessions belong to. Whose it is stands beside it. `told`: its owner was told that a
-- letter waits, or is being told, and has not looked since. `refused_since`: the e-mail address took no notice of what came
-- from then on. `letters` and `bytes`: how much it holds.
CREATE TABLE mailbox (
    mailbox_id       BLOB NOT NULL PRIMARY KEY,
    kind             TEXT NOT NULL,
    certificate_hash BLOB NOT NULL,
    change           INTEGER NOT NULL,
    erase_letters    INTEGER NOT NULL,
    erase_drafts     INTEGER NOT NULL,
    told             INTEGER NOT NULL,
    refused_since    INTEGER,
    letters          INTEGER NOT NULL,
    bytes            INTEGER NOT NULL
) STRICT;
CREATE INDEX mailbox_removed ON mailbox (mailbox_id) WHERE kind = 'removed';

-- A person with an account, and the mailbox that is theirs. An address is one member's; others may have been written to
-- under it, who are none. `notices`: when its owner wants to be told by e-mail that a letter waits.
CREATE TABLE member (
    mailbox_id     BLOB NOT NULL PRIMARY KEY,
    language       TEXT NOT NULL,
    trash_life     TEXT NOT NULL,
    notices        TEXT NOT NULL,
    address_lookup BLOB NOT NULL UNIQUE,
    address_sealed BLOB NOT NULL,
    level          INTEGER NOT NULL
) STRICT;

-- A guest: a member by row, under a look-up that no address has. `sender_id`: the mailbox of whoever wrote, and the only one that
-- it may write to. `token_hash`: SHA-256 of what its link shows. `link_sealed`: the link, until a mail server has it.
-- `code_asked`: when the first code was sent, and `code_refused`: whether the gateway took one for good. `wrong_number`: when somebody with the link said that the phone is not theirs. `days`: how long it stays after the last letter.
-- `from_page`: whoever has the link wrote by the public page of `sender_id`. `proved_sealed`: the e-mail address that they proved.
CREATE TABLE invitation (
    mailbox_id     BLOB NOT NULL PRIMARY KEY,
    sender_id      BLOB NOT NULL,
    address_lookup BLOB NOT NULL,
    token_hash     BLOB NOT NULL UNIQUE,
    link_sealed    BLOB,
    made           INTEGER NOT NULL,
    opened         INTEGER,
    code_asked     INTEGER,
    code_refused   INTEGER NOT NULL DEFAULT 0,
    wrong_number   INTEGER,
    days           INTEGER NOT NULL,
    expires        INTEGER NOT NULL,
    from_page      INTEGER NOT NULL DEFAULT 0,
    proved_sealed  BLOB,
    UNIQUE (sender_id, address_lookup)
) STRICT;
CREATE INDEX invitation_by_expiry ON invitation (expires);

-- A page by which anybody writes to a member: what stands in its address, and what strangers see above it.
CREATE TABLE public_page (
    mailbox_id BLOB NOT NULL PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    title      TEXT NOT NULL
) STRICT;

-- A guest made a mailbox of its own. For whoever wrote: what its key signed of the one that took its place. It goes with the last
-- letter of the guest's, once whoever wrote was `told`.
CREATE TABLE claim (
    guest_id    BLOB NOT NULL PRIMARY KEY,
    sender_id   BLOB NOT NULL,
    claimant_id BLOB NOT NULL,
    signed_at   INTEGER NOT NULL,
    signature   BLOB NOT NULL,
    told        INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX claim_by_claimant ON claim (claimant_id, sender_id);
CREATE INDEX claim_by_sender ON claim (sender_id);

-- Apart from the mailbox, whose row is rewritten with every change.
CREATE TABLE certificate (
    mailbox_id       BLOB NOT NULL PRIMARY KEY,
    certificate_hash BLOB NOT NULL,
    sealed            BLOB NOT NULL
) STRICT;
CREATE INDEX certificate_by_hash ON certificate (certificate_hash);

-- `wants`: a mailbox, that the one at this address is removed, or nothing but to prove the address.
CREATE TABLE registration (
    registration_id BLOB NOT NULL PRIMARY KEY,
    account_id      BLOB NOT NULL,
    address_lookup  BLOB NOT NULL,
    language        TEXT NOT NULL,
    wants           TEXT NOT NULL,
    expires         INTEGER NOT NULL
) STRICT;
CREATE INDEX registration_by_expiry ON registration (expires);

-- What an account can be proved with, or a registration for the account that it reserved. `used`: when it was proved last.
-- `drift`, `step` and `used_by`: of an authenticator app, how far its clock is off, the step of its last code, and the holder
-- that it was proved for.
CREATE TABLE factor (
    mailbox_id BLOB NOT NULL,
    factor_id  BLOB NOT NULL,
    kind       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    created    INTEGER NOT NULL,
    used       INTEGER,
    drift      INTEGER NOT NULL,
    step       INTEGER,
    used_by    BLOB,
    PRIMARY KEY (mailbox_id, factor_id)
) STRICT;

-- The public half of a passkey, which is a factor.
CREATE TABLE passkey (
    factor_id       BLOB NOT NULL PRIMARY KEY,
    mailbox_id      BLOB NOT NULL,
    credential_id   BLOB NOT NULL UNIQUE,
    public_key      BLOB NOT NULL,
    counter         INTEGER NOT NULL,
    backup_eligible INTEGER NOT NULL,
    backed_up       INTEGER NOT NULL,
    host            BLOB NOT NULL
) STRICT;
CREATE INDEX passkey_by_mailbox ON passkey (mailbox_id);

-- Those of the host that people reach this server by, which is in `meta`. Others open and prove nothing here.
CREATE VIEW passkey_here AS
    SELECT p.factor_id, p.mailbox_id, p.credential_id, p.public_key, p.counter, p.backup_eligible, p.backed_up
      FROM passkey p JOIN meta m ON m.name = 'host' AND m.value = p.host;

-- A passkey that a session or a registration (its holder) is adding. It is no factor before its second ceremony, and has no challenge while one is judged.
CREATE TABLE enrolling_passkey (
    holder_id       BLOB NOT NULL PRIMARY KEY,
    mailbox_id      BLOB NOT NULL,
    factor_id       BLOB NOT NULL,
    challenge       BLOB,
    expires         INTEGER NOT NULL,
    credential_id   BLOB,
    public_key      BLOB,
    counter         INTEGER,
    backup_eligible INTEGER,
    backed_up       INTEGER
) STRICT;
CREATE INDEX enrolling_passkey_by_expiry ON enrolling_passkey (expires);

-- A factor that its owner is adding in a session, and that counts once it was proved.
CREATE TABLE enrolment (
    factor_id  BLOB NOT NULL PRIMARY KEY,
    mailbox_id BLOB NOT NULL,
    session_id BLOB NOT NULL,
    kind       TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    expires    INTEGER NOT NULL
) STRICT;
CREATE INDEX enrolment_by_session ON enrolment (session_id);
CREATE INDEX enrolment_by_expiry ON enrolment (expires);

-- Codes on paper, by their HMAC. `made`: of which sheet. `used_by`: the holder that it was proved for.
CREATE TABLE one_time_code (
    mailbox_id BLOB NOT NULL,
    code       BLOB NOT NULL,
    made       INTEGER NOT NULL,
    used       INTEGER,
    used_by    BLOB,
    PRIMARY KEY (mailbox_id, code)
) STRICT;

-- What was proved, and codes that wait to be entered. The holder is a registration, a sign-in, a recovery, a session
-- or an enrolment.
-- `notice_id`: the message that brings the newest code.
CREATE TABLE proof (
    holder     TEXT NOT NULL,
    holder_id  BLOB NOT NULL,
    factor_id  BLOB NOT NULL,
    state      TEXT NOT NULL,
    code       BLOB NOT NULL,
    older      BLOB NOT NULL,
    until      INTEGER NOT NULL,
    tries_left INTEGER NOT NULL,
    proved     INTEGER,
    notice_id  BLOB,
    PRIMARY KEY (holder_id, factor_id)
) STRICT;
CREATE INDEX proof_by_factor ON proof (factor_id);
CREATE INDEX proof_by_notice ON proof (notice_id) WHERE notice_id IS NOT NULL;

CREATE TABLE sign_in (
    sign_in_id BLOB NOT NULL PRIMARY KEY,
    account_id BLOB,
    step       TEXT NOT NULL,
    state      BLOB NOT NULL,
    expires    INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_by_account ON sign_in (account_id);
CREATE INDEX sign_in_by_expiry ON sign_in (expires);

CREATE TABLE recovery (
    recovery_id BLOB NOT NULL PRIMARY KEY,
    account_id  BLOB NOT NULL,
    expires     INTEGER NOT NULL
) STRICT;
CREATE INDEX recovery_by_account ON recovery (account_id);
CREATE INDEX recovery_by_expiry ON recovery (expires);

-- What is done to an account when its time has come, unless it is stopped. `announce`: when it is announced again.
-- `stop_hash`: SHA-256 of what the link in each announcement says.
CREATE TABLE wait (
    mailbox_id BLOB NOT NULL,
    kind       TEXT NOT NULL,
    begun      INTEGER NOT NULL,
    due        INTEGER NOT NULL,
    announce   INTEGER,
    stop_hash  BLOB NOT NULL UNIQUE,
    PRIMARY KEY (mailbox_id, kind)
) STRICT;
CREATE INDEX wait_by_announcement ON wait (announce) WHERE announce IS NOT NULL;
CREATE INDEX wait_by_due ON wait (due);

-- `tries`: wrong passwords in a row, since it was unlocked last. `reserve`: when a factor that is kept in reserve was proved.
CREATE TABLE session (
    session_id BLOB NOT NULL PRIMARY KEY,
    mailbox_id BLOB NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    device     BLOB NOT NULL,
    level      INTEGER NOT NULL,
    proved     INTEGER NOT NULL,
    begun      INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    kept       INTEGER NOT NULL,
    locked     INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    reserve    INTEGER,
    expires    INTEGER NOT NULL
) STRICT;
CREATE INDEX session_by_mailbox ON session (mailbox_id);
CREATE INDEX session_by_expiry ON session (expires);

-- Browsers and programs whose sessions their owner ended from elsewhere: they are known no more, though they say who they were.
CREATE TABLE put_out_device (
    mailbox_id BLOB NOT NULL,
    device     BLOB NOT NULL,
    until      INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, device)
) STRICT;
CREATE INDEX put_out_device_by_end ON put_out_device (until);

-- What was done about who may open a mailbox, for its owner to read. Says nothing of a person.
CREATE TABLE security_event (
    mailbox_id BLOB NOT NULL,
    at         INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    session_id BLOB NOT NULL,
    PRIMARY KEY (mailbox_id, at, kind, session_id)
) STRICT;
CREATE INDEX security_event_by_time ON security_event (at);

CREATE TABLE slot (
    mailbox_id    BLOB NOT NULL,
    slot_id       BLOB NOT NULL,
    kind          TEXT NOT NULL,
    sealed        BLOB NOT NULL,
    opaque_record BLOB,
    proof_hash    BLOB,
    session_id    BLOB,
    share_sealed  BLOB,
    factor_id     BLOB,
    PRIMARY KEY (mailbox_id, slot_id)
) STRICT;
CREATE UNIQUE INDEX slot_one_of_a_kind ON slot (mailbox_id, kind) WHERE kind IN ('password', 'recovery');
CREATE UNIQUE INDEX slot_by_session ON slot (session_id) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX slot_by_factor ON slot (factor_id) WHERE factor_id IS NOT NULL;

CREATE TABLE record (
    mailbox_id BLOB NOT NULL,
    record_id  BLOB NOT NULL,
    purpose    TEXT NOT NULL,
    version    INTEGER NOT NULL,
    change     INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    PRIMARY KEY (mailbox_id, record_id)
) STRICT;
CREATE UNIQUE INDEX record_one_of_a_kind ON record (mailbox_id, purpose) WHERE purpose IN ('keyring', 'settings');
CREATE INDEX record_by_change ON record (mailbox_id, change);
-- So that thousands of contacts are not read to list a few drafts.
CREATE INDEX record_draft ON record (mailbox_id, record_id) WHERE purpose = 'draft';

-- A record as it will be after a renewal that is under way, sealed under the new account secret.
CREATE TABLE renewed_record (
    mailbox_id BLOB NOT NULL,
    record_id  BLOB NOT NULL,
    session_id BLOB NOT NULL,
    version    INTEGER NOT NULL,
    sealed     BLOB NOT NULL,
    expires    INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, record_id)
) STRICT;
CREATE INDEX renewed_record_by_session ON renewed_record (session_id);
CREATE INDEX renewed_record_by_expiry ON renewed_record (expires);

CREATE TABLE letter (
    letter_id      BLOB NOT NULL PRIMARY KEY,
    sender_id      BLOB NOT NULL,
    thread_id      BLOB NOT NULL,
    content_hash   BLOB NOT NULL,
    request_hash   BLOB NOT NULL,
    content_length INTEGER NOT NULL,
    blobs_length   INTEGER NOT NULL,
    level          INTEGER,
    arrived        INTEGER NOT NULL,
    withdrawn      INTEGER,
    envelope       BLOB NOT NULL
) STRICT;

-- How many a stranger has written.
CREATE INDEX letter_by_sender ON letter (sender_id);

CREATE TABLE content (
    letter_id BLOB NOT NULL PRIMARY KEY,
    bytes     BLOB NOT NULL
) STRICT;

-- A part of an attachment, sealed. `uploader_id`: who uploads it, until a draft or a letter refers to it; from then on nothing ties it
-- to who did. `used`: when its last piece came. One without uploader that nothing refers to is erased.
CREATE TABLE blob (
    blob_id     BLOB NOT NULL PRIMARY KEY,
    uploader_id BLOB,
    length      INTEGER NOT NULL,
    received    INTEGER NOT NULL,
    used        INTEGER NOT NULL
) STRICT;
CREATE INDEX blob_by_uploader ON blob (uploader_id) WHERE uploader_id IS NOT NULL;
CREATE INDEX blob_by_use ON blob (used) WHERE uploader_id IS NOT NULL;

-- What a blob is made of: bytes that one request brought, and that are never written to again. `erase`: when it is to be overwritten
-- and removed, which is the queue of all that are. A row is there before its bytes are, and until they are gone.
CREATE TABLE blob_piece (
    piece_name BLOB NOT NULL PRIMARY KEY,
    blob_id    BLOB,
    start      INTEGER NOT NULL,
    length     INTEGER NOT NULL,
    erase      INTEGER
) STRICT;
CREATE INDEX blob_piece_by_blob ON blob_piece (blob_id, start) WHERE blob_id IS NOT NULL;
CREATE INDEX blob_piece_by_erasure ON blob_piece (erase) WHERE erase IS NOT NULL;

-- The blobs that a letter refers to, as long as somebody has a key to it, and those of a draft.
CREATE TABLE letter_blob (
    letter_id BLOB NOT NULL,
    blob_id   BLOB NOT NULL,
    PRIMARY KEY (letter_id, blob_id)
) STRICT;
CREATE INDEX letter_blob_by_blob ON letter_blob (blob_id);
CREATE TABLE draft_blob (
    mailbox_id BLOB NOT NULL,
    record_id  BLOB NOT NULL,
    blob_id    BLOB NOT NULL,
    PRIMARY KEY (mailbox_id, record_id, blob_id)
) STRICT;
CREATE INDEX draft_blob_by_blob ON draft_blob (blob_id);

-- One mailbox's copy of a letter. A letter that no entry holds is erased. `binned`: when it was put into the trash, where it
-- lies.
CREATE TABLE entry (
    mailbox_id  BLOB NOT NULL,
    letter_id   BLOB NOT NULL,
    sender_id   BLOB NOT NULL,
    folder      TEXT NOT NULL,
    read        INTEGER NOT NULL,
    flagged     INTEGER NOT NULL DEFAULT 0,
    binned      INTEGER,
    arrived     INTEGER NOT NULL,
    change      INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    PRIMARY KEY (mailbox_id, letter_id)
) STRICT;
CREATE INDEX entry_by_change ON entry (mailbox_id, change);
CREATE INDEX entry_by_folder ON entry (mailbox_id, folder, arrived, letter_id);
CREATE INDEX entry_by_letter ON entry (letter_id);
CREATE INDEX entry_by_binning ON entry (binned) WHERE binned IS NOT NULL;
-- Whether somebody ever wrote to its owner, and whether anybody still has a letter of somebody.
CREATE INDEX entry_by_sender ON entry (sender_id, mailbox_id);

-- A letter that only its sender has, until it is released to its readers. `refused`: why that could not be.
CREATE TABLE hold (
    letter_id BLOB NOT NULL PRIMARY KEY,
    release   INTEGER NOT NULL,
    refused   TEXT
) STRICT;
CREATE INDEX hold_by_release ON hold (release) WHERE refused IS NULL;

-- Whom a held letter is for, and what their entries will be made of.
CREATE TABLE held_reader (
    letter_id        BLOB NOT NULL,
    mailbox_id       BLOB NOT NULL,
    certificate_hash BLOB NOT NULL,
    wrapped_key      BLOB NOT NULL,
    PRIMARY KEY (letter_id, mailbox_id)
) STRICT;
CREATE INDEX held_reader_by_mailbox ON held_reader (mailbox_id);

-- The sender's: it goes with the sender's entry.
CREATE TABLE delivery (
    letter_id  BLOB NOT NULL,
    reader_id  BLOB NOT NULL,
    delivered  INTEGER NOT NULL,
    notified   INTEGER,
    read_at    INTEGER,
    read_level INTEGER,
    signature  BLOB,
    saved      INTEGER,
    ended      INTEGER,
    ending     TEXT,
    PRIMARY KEY (letter_id, reader_id)
) STRICT;
CREATE INDEX delivery_by_reader ON delivery (reader_id);
CREATE INDEX delivery_by_ending ON delivery (ended) WHERE ended IS NOT NULL;

-- The outbox. A notice of a letter names it, any other is sealed. One that is claimed is due when its claim is over. `daily`:
-- it waits for the morning, was never claimed, and goes if its reader looks before.
CREATE TABLE notice (
    notice_id  BLOB NOT NULL PRIMARY KEY,
    lane       TEXT NOT NULL,
    sealed     BLOB,
    mailbox_id BLOB,
    letter_id  BLOB,
    due        INTEGER NOT NULL,
    daily      INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    created    INTEGER NOT NULL
) STRICT;
CREATE INDEX notice_by_due ON notice (lane, due, notice_id);
CREATE INDEX notice_by_letter ON notice (letter_id) WHERE letter_id IS NOT NULL;
-- Whoever is about to be told that a letter waits need not be told of another.
CREATE UNIQUE INDEX notice_by_reader ON notice (mailbox_id) WHERE mailbox_id IS NOT NULL;

-- Erasures whose rows are gone and whose traces may not be yet. A number, and nothing of what was erased.
CREATE TABLE erasure (
    number INTEGER NOT NULL PRIMARY KEY
) STRICT;

-- The last emptied trash of a mailbox, for minutes: numbers and a time, for a client that lost the answer.
CREATE TABLE receipt (
    mailbox_id BLOB NOT NULL PRIMARY KEY,
    erasure_id BLOB NOT NULL,
    at         INTEGER NOT NULL,
    entries    INTEGER NOT NULL,
    letters    INTEGER NOT NULL,
    blobs      INTEGER NOT NULL,
    expires    INTEGER NOT NULL
) STRICT;
CREATE INDEX receipt_by_expiry ON receipt (expires);

-- What one erasure is about. Empty between two transactions.
CREATE TABLE erasing (
    mailbox_id BLOB NOT NULL,
    letter_id  BLOB NOT NULL,
    sent       INTEGER NOT NULL,
    last       INTEGER NOT NULL,
    PRIMARY KEY (mailbox_id, letter_id)
) STRICT;

-- How often something was done until a time: messages to one number, wrong codes of one network. The key is an HMAC of
-- what is counted.
CREATE TABLE tally (
    tally_key BLOB NOT NULL PRIMARY KEY,
    done      INTEGER NOT NULL,
    until     INTEGER NOT NULL
) STRICT;
CREATE INDEX tally_by_end ON tally (until);

-- The domains of verified senders, as the operator names them: when each is looked up in DNS again, and when its record was found
-- last. One that is claimed is due when its claim is over.
CREATE TABLE domain (
    domain TEXT NOT NULL PRIMARY KEY,
    due    INTEGER NOT NULL,
    proved INTEGER
) STRICT;
