//! Sessions: who asks (PROTOCOL §9a). A token is 32 random bytes, stored as SHA-256; a browser sends it in a cookie, a
//! program in `Authorization: Bearer`.

use std::time::Duration;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{AppendHeaders, IntoResponse, Response},
};
use rand::RngCore;
use securemailbox_protocol::{
    coding::base64url,
    ids::{AccountId, SessionId},
    levels::Level,
    limits,
    problems::ProblemType,
    sessions::{KNOWN_DEVICE, NewSession, SessionDelivery},
    slots::Slot,
    time::Timestamp,
};
use securemailbox_store::{
    proofs::Standing,
    sessions::{self, Begun, SessionByToken, TouchSession},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::{
    budgets::Tab,
    devices::KnownDevice,
    mailroom::Mailroom,
    origin::{self, Origin},
    problem::Problem,
};

const COOKIE: &str = "__Host-session";

/// A session's secret: 32 random bytes that only the client keeps.
pub struct Token(Zeroizing<[u8; 32]>);

impl Token {
    /// A new random token.
    #[must_use]
    pub fn generate(mailroom: &Mailroom) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        mailroom.rng().fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// SHA-256 of the token, by which the store finds the session.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_slice()).into()
    }

    /// As it travels: base64url.
    #[must_use]
    pub fn to_text(&self) -> String {
        base64url::encode(self.0.as_slice())
    }

    /// As a browser keeps it, for as long as its session lasts by now.
    #[must_use]
    pub fn to_cookie(&self, life: Duration) -> HeaderValue {
        cookie(&self.to_text(), life.as_secs())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(base64url::decode(text).ok()?);
        <[u8; 32]>::try_from(bytes.as_slice()).ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }
}

/// Makes a browser forget its session.
#[must_use]
pub fn forget_cookie() -> HeaderValue {
    cookie("", 0)
}

fn cookie(value: &str, max_age: u64) -> HeaderValue {
    let text = format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={max_age}");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The session that a request comes with. A handler that takes one answers signed-in people only.
#[derive(Debug, Clone)]
pub struct Session {
    /// The account that the session acts for.
    pub account: AccountId,
    /// The session's id.
    pub id: SessionId,
    /// What was proved, and when.
    pub standing: Standing,
    /// When a factor that is kept in reserve was proved last.
    pub reserve: Option<Timestamp>,
    /// When it began.
    pub begun: Timestamp,
    /// Whether it is kept.
    pub kept: bool,
    /// Whether the token came in a cookie or in `Authorization`.
    pub delivery: SessionDelivery,
    /// Whether it is of somebody who came by a link (PROTOCOL §5).
    pub guest: bool,
}

impl Session {
    /// Whether what it stands by was kept in reserve.
    pub(crate) fn stands_by_reserve(&self) -> bool {
        sessions::is_by_reserve(self.standing.proved, self.reserve)
    }

    /// The browser's cookie once more, for as long as the session lasts from now; none for a program.
    pub(crate) fn renewed_cookie(
        &self,
        token: &Token,
        kept: bool,
        now: Timestamp,
    ) -> Option<(HeaderName, HeaderValue)> {
        match self.delivery {
            SessionDelivery::Bearer => None,
            SessionDelivery::Cookie => {
                let life = sessions::end_of(self.begun, now, kept).since(now);
                Some((header::SET_COOKIE, token.to_cookie(life)))
            }
        }
    }
}

/// A session that begins now, at the level that the store finds proved.
pub(crate) fn fresh(mailroom: &Mailroom, token: &Token, device: KnownDevice) -> sessions::NewSession {
    let now = mailroom.now();
    sessions::NewSession {
        id: SessionId::new(now, &mut mailroom.rng()),
        token_hash: token.hash(),
        device: *device.octets(),
        now,
        new_device: None,
    }
}

/// The answer that hands over a session that has begun.
pub(crate) fn begun(id: SessionId, begun: Begun, slots: Vec<Slot>) -> NewSession {
    let Begun { account, standing: Standing { level, proved } } = begun;
    NewSession { id, account, level, proved, token: None, slots, share: None }
}

/// A cookie is given to our own page only, so that no other site can sign its visitors in here.
pub(crate) fn check_delivery(delivery: SessionDelivery, own_page: FromOwnPage) -> Result<(), Problem> {
    match delivery {
        SessionDelivery::Cookie if !own_page.0 => Err(ProblemType::OtherOrigin.into()),
        SessionDelivery::Cookie | SessionDelivery::Bearer => Ok(()),
    }
}

/// Hands the token over the way it was asked for; the browser or program is known from now on, too.
pub(crate) fn hand_over(
    mailroom: &Mailroom,
    mut session: NewSession,
    token: &Token,
    delivery: SessionDelivery,
    device: KnownDevice,
) -> Response {
    match delivery {
        SessionDelivery::Bearer => {
            session.token = Some(token.to_text());
            let known = [(KNOWN_DEVICE, device.mark(&mailroom.seal, session.account))];
            (StatusCode::CREATED, known, axum::Json(session)).into_response()
        }
        SessionDelivery::Cookie => {
            let known = device.cookie(&mailroom.seal, session.account);
            let cookies = AppendHeaders([
                (header::SET_COOKIE, token.to_cookie(limits::SESSION_LIFE)),
                (header::SET_COOKIE, known),
            ]);
            (StatusCode::CREATED, cookies, axum::Json(session)).into_response()
        }
    }
}

impl Session {
    /// The level that it proves now, by which entries are released to it.
    pub(crate) fn proves_now(&self, now: Timestamp) -> Option<Level> {
        let level = self.standing.level;
        self.may_open(Some(level), now).then_some(level)
    }

    /// Whether an entry that demands `required` is released to this session: by what was kept in reserve none is (PROTOCOL §6).
    #[must_use]
    pub fn may_open(&self, required: Option<Level>, now: Timestamp) -> bool {
        required.is_none_or(|level| self.standing.proves(level, now) && !self.stands_by_reserve())
    }
}

impl FromRequestParts<Mailroom> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let OfAnybody(session) = OfAnybody::from_request_parts(parts, mailroom).await?;
        if session.guest { Err(ProblemType::MembersOnly.into()) } else { Ok(session) }
    }
}

/// A session of a member, or of somebody who came by a link. A handler that takes one says that a guest may do it.
#[derive(Debug, Clone)]
pub struct OfAnybody(pub Session);

impl FromRequestParts<Mailroom> for OfAnybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let LockedOrNot { session, locked } = LockedOrNot::from_request_parts(parts, mailroom).await?;
        if locked { Err(ProblemType::SessionLocked.into()) } else { Ok(Self(session)) }
    }
}

/// A session that may be locked. A handler that takes one says what a locked session may do: say whose it is, be locked
/// again, be unlocked, end.
#[derive(Debug, Clone)]
pub struct LockedOrNot {
    /// The session.
    pub session: Session,
    /// Whether its password has to be proved before it may do more.
    pub locked: bool,
}

impl FromRequestParts<Mailroom> for LockedOrNot {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Problem> {
        let (token, delivery) = presented(&parts.headers)?;
        if delivery == SessionDelivery::Cookie {
            check_cookie_request(&mailroom.origin, parts)?;
        }
        let now = mailroom.now();
        let found = mailroom.store.read(SessionByToken { token_hash: token.hash(), now }).await?;
        let row = found.ok_or(ProblemType::NotSignedIn)?;
        if let Some(tab) = parts.extensions.get::<Tab>() {
            tab.belongs_to(row.account);
        }
        if row.is_due_for_touch(now) {
            mailroom.store.write(TouchSession { session: row.id, now }).await?;
        }
        let sessions::Session { id, account, standing, reserve, begun, kept, locked, guest, .. } = row;
        Ok(Self { session: Session { account, id, standing, reserve, begun, kept, delivery, guest }, locked })
    }
}

/// The token that a request comes with. It is judged by [`Session`].
pub(crate) struct PresentedToken(pub(crate) Token);

impl<S: Sync> FromRequestParts<S> for PresentedToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(presented(&parts.headers)?.0))
    }
}

/// Whether a request says that our own page made it. A cookie is given to no other.
#[derive(Debug, Clone, Copy)]
pub struct FromOwnPage(pub bool);

impl FromRequestParts<Mailroom> for FromOwnPage {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, mailroom: &Mailroom) -> Result<Self, Self::Rejection> {
        Ok(Self(mailroom.origin.check_own_origin(parts).is_ok()))
    }
}

/// A cookie comes along by itself, so a request that changes something must say that our own page made it.
fn check_cookie_request(origin: &Origin, parts: &Parts) -> Result<(), ProblemType> {
    if origin::reads_only(&parts.method) { Ok(()) } else { origin.check_own_origin(parts) }
}

fn presented(headers: &HeaderMap) -> Result<(Token, SessionDelivery), ProblemType> {
    let bearer = headers.get(header::AUTHORIZATION).map(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let cookie = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    let (text, delivery) = match (bearer, cookie) {
        (Some(_), Some(_)) => return Err(ProblemType::TwoCredentials),
        (Some(bearer), None) => (bearer, SessionDelivery::Bearer),
        (None, cookie) => (cookie, SessionDelivery::Cookie),
    };
    let token = text.and_then(Token::parse).ok_or(ProblemType::NotSignedIn)?;
    Ok((token, delivery))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    const TOKEN: &str = "Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const PAIR: &str = "theme=dark; __Host-session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn a_token_comes_one_way_only() {
        let delivery = |pairs: &[_]| presented(&headers(pairs)).map(|(_, delivery)| delivery);
        assert_eq!(delivery(&[(header::AUTHORIZATION, TOKEN)]), Ok(SessionDelivery::Bearer));
        assert_eq!(delivery(&[(header::COOKIE, PAIR)]), Ok(SessionDelivery::Cookie));
        assert_eq!(
            delivery(&[(header::AUTHORIZATION, TOKEN), (header::COOKIE, PAIR)]),
            Err(ProblemType::TwoCredentials)
        );
        for nothing in ["", "Bearer", "Bearer AAAA", "Basic AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            assert_eq!(delivery(&[(header::AUTHORIZATION, nothing)]), Err(ProblemType::NotSignedIn), "{nothing}");
        }
        assert_eq!(delivery(&[]), Err(ProblemType::NotSignedIn));
    }

    #[test]
    fn a_demanded_level_must_be_proved_and_fresh() {
        let proved = Timestamp::from_unix_millis(1_000_000);
        let id = SessionId::from_bytes([1; 16]);
        let account = AccountId::from_bytes([2; 16]);
        let standing = Standing { level: Level::Phone, proved };
        let delivery = SessionDelivery::Bearer;
        let session =
            Session { account, id, standing, reserve: None, begun: proved, kept: false, delivery, guest: false };
        let later = proved.after(limits::PROOF_LIFE + Duration::from_secs(1));
        assert!(session.may_open(None, later));
        assert!(session.may_open(Some(Level::Phone), proved));
        assert!(!session.may_open(Some(Level::Phone), later));
        assert!(!session.may_open(Some(Level::Passkey), proved));
        let by_paper = Session { reserve: Some(proved), ..session };
        assert!(by_paper.may_open(None, proved) && !by_paper.may_open(Some(Level::Phone), proved));
    }
}
