//! Problem details (RFC 9457): every error of the API, one list.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

macro_rules! problem_types {
    ($($variant:ident $slug:literal $status:literal $title:literal $advice:literal;)+) => {
        /// What went wrong. `type` on the wire is `/problems/` and the slug, served as a page that says what to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        pub enum ProblemType {
            $(#[doc = $title] #[serde(rename = $slug)] $variant,)+
        }

        impl ProblemType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The last part of `type`.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)+ }
            }

            /// The HTTP status it comes with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// What happened, in a sentence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// What to do about it, in a sentence or two.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)+ }
            }
        }
    };
}

problem_types! {
    BadRequest "bad-request" 400 "The request could not be read." "Compare it with the API's description at /api/v1/openapi.json; `detail` says which part was not understood.";
    TwoCredentials "two-credentials" 400 "The request carries both a cookie and a bearer token." "Send one of them.";
    NotSignedIn "not-signed-in" 401 "There is no session, or it has ended." "Sign in again.";
    SessionLocked "session-locked" 403 "This session is locked." "Open the mailbox with its password.";
    CredentialsRefused "credentials-refused" 403 "The address, password or recovery code was not accepted." "Check each of them and try again. Nothing says which part was wrong, so that nobody can find out who has a mailbox here.";
    CodeRefused "code-refused" 403 "The code was not accepted." "Type the code from the newest message. After five tries or ten minutes, ask for a new one.";
    CodeReplaced "code-replaced" 403 "There is a newer code." "Type the code from the newest message; the ones before it count no more.";
    PasskeyRefused "passkey-refused" 403 "The passkey was not accepted." "Try again within five minutes, or sign in with the password. A passkey that was removed opens nothing any more.";
    CodeUsed "code-used" 403 "The code was used already." "Wait until the app shows the next code, or take the next one of the sheet.";
    OlderSheet "older-sheet" 403 "The code is from an older sheet." "Take a code from the newest sheet; `made` says when that was made.";
    LastWayIn "last-way-in" 409 "Without this nobody could get in." "Add another one first.";
    ProofRequired "proof-required" 403 "This needs a fresh proof of who you are." "Choose one of `offers`, confirm that it is you, and do it again.";
    MembersOnly "members-only" 403 "This needs a mailbox of one's own." "By a link one reads and answers whoever sent it. For anything else, get a mailbox.";
    LinkShut "link-shut" 403 "Too many wrong codes were typed at this link." "Call whoever wrote to you, and ask them to take the letter back and send it anew.";
    OtherOrigin "other-origin" 403 "The request comes from another site." "Open the mailbox at its own address.";
    LevelRequired "level-required" 403 "The sender asked for a stronger proof of who you are, or a fresher one." "Confirm that it is you, and open the letter again.";
    RegistrationClosed "registration-closed" 403 "Nobody can get a new mailbox here by themselves." "Ask those who run this service.";
    OtherDomain "other-domain" 403 "Mailboxes here are for addresses of certain organisations." "Use your address there, such as the one of your work, or ask those who run this service.";
    NotFound "not-found" 404 "There is nothing here, or it is not yours." "Refresh the list; it may have been erased on another device.";
    NoAccount "no-account" 404 "Nobody with this address has a mailbox here." "Check the spelling.";
    MethodNotAllowed "method-not-allowed" 405 "This address does not take that method." "Compare it with the API's description at /api/v1/openapi.json.";
    RequestTimeout "request-timeout" 408 "The request took too long to arrive." "Check the network and send it again.";
    StaleKey "stale-key" 409 "A reader has another key by now, or none." "Look the reader up again, look at what changed, and send anew.";
    PageNameTaken "page-name-taken" 409 "Another page has this name." "Choose another name.";
    IdTaken "id-taken" 409 "Another letter has this id." "Send it with a new id.";
    StaleDraft "stale-draft" 409 "The draft was written on, sent or erased meanwhile." "Read it, keep what is new in it, and send again.";
    AlreadyReleased "already-released" 409 "The letter has gone out already." "It lies in its readers' mailboxes, and can't be taken back like this any more.";
    OtherOffset "other-offset" 409 "The upload stands elsewhere than this piece begins." "Ask with HEAD how much of it is there, and go on from that byte.";
    BlobMissing "blob-missing" 409 "A file of the letter is not here, or not all of it." "Upload it again, and send the letter anew.";
    RegistrationOver "registration-over" 409 "This registration is complete, or its hour is over." "Sign in, or register again.";
    RecordExists "record-exists" 409 "The account has such a record already." "Read it, and write the next version.";
    StaleKeyring "stale-keyring" 412 "The keyring was written by another device meanwhile." "Read it. If it does not open, the locks of the mailbox were changed: sign in again.";
    StaleVersion "stale-version" 412 "The record was written by another device meanwhile." "Read it, merge, and write again.";
    TooLarge "too-large" 413 "The request is larger than this address takes." "Send less; the limits are in docs/protocol.md.";
    UnsupportedMediaType "unsupported-media-type" 415 "The body is of another kind than this address takes." "Compare it with the API's description at /api/v1/openapi.json.";
    WrongHost "wrong-host" 421 "The request names another host than this server." "Open the mailbox at its own address.";
    CodeNotSent "code-not-sent" 422 "The code could not be sent." "Check that it is right, or choose another way.";
    NotAMobileNumber "not-a-mobile-number" 422 "No code can be sent to this number." "Type the number of a mobile phone, with its country code.";
    OtherCountry "other-country" 422 "This service sends no codes to numbers of that country." "Type the number of another mobile phone, or ask the operator.";
    WorkRefused "work-refused" 422 "What was to be computed for the letter is missing, or too old." "Look at the page again, and compute it anew.";
    OtherTus "other-tus" 412 "The upload is by another version of tus than 1.0.0." "Send `Tus-Resumable: 1.0.0`.";
    PreconditionRequired "precondition-required" 428 "A record is written with `If-Match` and its version, or `If-None-Match: *`." "Read the record first.";
    TooManyRequests "too-many-requests" 429 "That was too often." "Wait, and try again. `Retry-After` says how many seconds.";
    TooManyLetters "too-many-letters" 429 "You have sent many letters in a short time." "Wait, and send it again. `Retry-After` says how many seconds.";
    Internal "internal" 500 "Something went wrong here." "Try again; if it stays, tell the operator the number of this request.";
    MailboxFull "mailbox-full" 507 "The mailbox holds as much as it may." "Empty the trash, and erase letters and drafts that are no longer needed.";
    ReaderFull "reader-full" 507 "A reader's mailbox is full." "Send it without them, or ask them to make room.";
    StorageFull "storage-full" 507 "The server's disk is full." "Try again later: reading and erasing go on meanwhile, and nothing is lost.";
    Busy "busy" 503 "The server has more to do than it can." "Try again in a few seconds; nothing was lost.";
}

impl ProblemType {
    /// What every `type` begins with, also that of a newer server. What begins otherwise is not of this protocol.
    pub const ROOT: &'static str = "/problems/";

    /// The `type` member: a path on this server.
    #[must_use]
    pub fn path(self) -> String {
        format!("{}{}", Self::ROOT, self.slug())
    }

    /// The type of a `type` member.
    #[must_use]
    pub fn from_path(path: &str) -> Option<Self> {
        let slug = path.strip_prefix(Self::ROOT)?;
        Self::ALL.iter().copied().find(|kind| kind.slug() == slug)
    }
}

/// A problem as it travels, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemDetails {
    /// `/problems/` and the slug.
    pub r#type: String,
    /// What happened, in a sentence.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is particular to this case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// Members of the type, such as `account` of `stale-key`.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, String>))]
    pub members: Map<String, Value>,
}

impl ProblemDetails {
    /// A problem of this type.
    #[must_use]
    pub fn new(kind: ProblemType) -> Self {
        Self {
            r#type: kind.path(),
            title: kind.title().into(),
            status: kind.status(),
            detail: None,
            members: Map::new(),
        }
    }

    /// Which type it is; none if a newer server made it.
    #[must_use]
    pub fn kind(&self) -> Option<ProblemType> {
        ProblemType::from_path(&self.r#type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_slug_of_its_own() {
        let slugs: std::collections::BTreeSet<_> = ProblemType::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(slugs.len(), ProblemType::ALL.len());
        for kind in ProblemType::ALL {
            assert_eq!(ProblemType::from_path(&kind.path()), Some(*kind));
        }
    }
}
