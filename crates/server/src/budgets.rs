//! Memory that requests hold: bytes of bodies on their way in, bytes of answers until they are fetched, posts and event
//! streams at once.
//! Each is divided, so that neither one account nor one network takes all of it, and strangers take nothing of what
//! members have.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use securemailbox_protocol::{ids::AccountId, limits, problems::ProblemType};
use tokio::sync::Mutex;

use crate::{
    networks::Network,
    problem::Problem,
    shares::{Division, NoRoom, Share, Shares},
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// How long a request waits for its turn before it is told to come again.
const PATIENCE: Duration = Duration::from_secs(5);
/// After how many seconds to come again.
const COME_AGAIN: u64 = 5;
/// Answers up to this size are not counted: sixteen of them at once are what a connection costs anyway.
const SMALL: u64 = 4 * KIB as u64;

/// Bodies of members: one post as large as it may be, and something beside it.
const FROM_MEMBERS: Division =
    Division { all: 256 * MIB, each: limits::POST_BODY + 8 * MIB, reserve: 64 * MIB, little: MIB };
/// Bodies of strangers: registrations, sign-ins and recoveries, none of them large, of a whole office.
const FROM_STRANGERS: Division = Division { all: 64 * MIB, each: 16 * MIB, reserve: 16 * MIB, little: 256 * KIB };
/// Answers to members: eight contents as large as they may be.
const TO_MEMBERS: Division = Division { all: 256 * MIB, each: 16 * MIB, reserve: 64 * MIB, little: 4 * MIB };
/// Answers to strangers: the API's description, mostly.
const TO_STRANGERS: Division = Division { all: 64 * MIB, each: 16 * MIB, reserve: 16 * MIB, little: MIB };
/// Posts at once: a member's next one may arrive while the last one is written.
const POSTS: Division = Division { all: 64, each: 2, reserve: 16, little: 1 };
/// Event streams at once: one for each tab or terminal of a person's devices. Whoever gets none asks for changes now and then.
const STREAMS: Division = Division { all: 16_384, each: 16, reserve: 2048, little: 2 };

/// Who a request's bytes are counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Payer {
    Member(AccountId),
    Stranger(Network),
}

/// All budgets of a server.
#[derive(Debug)]
pub struct Budgets {
    from_members: Arc<Shares<Payer>>,
    from_strangers: Arc<Shares<Payer>>,
    to_members: Arc<Shares<Payer>>,
    to_strangers: Arc<Shares<Payer>>,
    posts: Arc<Shares<AccountId>>,
    streams: Arc<Shares<AccountId>>,
}

impl Budgets {
    /// Nothing is taken yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            from_members: Shares::new(FROM_MEMBERS),
            from_strangers: Shares::new(FROM_STRANGERS),
            to_members: Shares::new(TO_MEMBERS),
            to_strangers: Shares::new(TO_STRANGERS),
            posts: Shares::new(POSTS),
            streams: Shares::new(STREAMS),
        })
    }

    /// A place for a post, to be held until it is written.
    ///
    /// # Errors
    /// 503, when as many posts of this account stay under way for a while.
    pub async fn post(&self, account: AccountId) -> Result<Share<AccountId>, Problem> {
        self.posts.wait_for(Some(account), 1, PATIENCE).await.map_err(busy)
    }

    /// A place for an event stream, to be held until it ends.
    ///
    /// # Errors
    /// 503 at once, when this account has as many as it may.
    pub fn stream(&self, account: AccountId) -> Result<Share<AccountId>, Problem> {
        self.streams.take(Some(account), 1).map_err(busy)
    }
}

fn busy(_: NoRoom) -> Problem {
    Problem::new(ProblemType::Busy).retry_after(COME_AGAIN)
}

/// What one request holds, in its extensions. What it took of its body goes back when it is answered.
#[derive(Debug, Clone)]
pub struct Tab(Arc<Entries>);

#[derive(Debug)]
struct Entries {
    budgets: Arc<Budgets>,
    network: Network,
    /// Known once a session was found.
    account: OnceLock<AccountId>,
    arrived: Mutex<Option<Share<Payer>>>,
    /// Whether what the answer holds is counted already.
    answered: AtomicBool,
}

impl Tab {
    /// A request from a network, of nobody yet.
    #[must_use]
    pub fn new(budgets: Arc<Budgets>, network: Network) -> Self {
        let (account, arrived, answered) = (OnceLock::new(), Mutex::new(None), AtomicBool::new(false));
        Self(Arc::new(Entries { budgets, network, account, arrived, answered }))
    }

    /// The request has a session, so that it is the account's.
    pub fn belongs_to(&self, account: AccountId) {
        // The first word stands; a request has one session.
        let _ = self.0.account.set(account);
    }

    fn payer(&self) -> Payer {
        self.0.account.get().map_or(Payer::Stranger(self.0.network), |account| Payer::Member(*account))
    }

    /// Counts a part of the body before it is kept.
    ///
    /// # Errors
    /// 503, where there stays no room for it.
    pub async fn arrived(&self, bytes: usize) -> Result<(), Problem> {
        let payer = self.payer();
        let shares = match payer {
            Payer::Member(_) => &self.0.budgets.from_members,
            Payer::Stranger(_) => &self.0.budgets.from_strangers,
        };
        let mut arrived = self.0.arrived.lock().await;
        match &mut *arrived {
            Some(share) => share.wait_to_grow(bytes, PATIENCE).await.map_err(busy),
            none => {
                *none = Some(shares.wait_for(Some(payer), bytes, PATIENCE).await.map_err(busy)?);
                Ok(())
            }
        }
    }

    /// Waits for room for an answer before it is read from the store.
    ///
    /// # Errors
    /// 503, where others that nobody fetches stay in the way.
    pub async fn answer(&self, bytes: usize) -> Result<Room, Problem> {
        let share = self.leaving().wait_for(Some(self.payer()), bytes, PATIENCE).await.map_err(busy)?;
        self.0.answered.store(true, Ordering::Relaxed);
        Ok(Room(share))
    }

    fn leaving(&self) -> &Arc<Shares<Payer>> {
        match self.payer() {
            Payer::Member(_) => &self.0.budgets.to_members,
            Payer::Stranger(_) => &self.0.budgets.to_strangers,
        }
    }

    fn is_answered(&self) -> bool {
        self.0.answered.load(Ordering::Relaxed)
    }
}

/// Room for an answer.
#[derive(Debug)]
pub struct Room(#[expect(dead_code, reason = "held until it is dropped")] Share<Payer>);

struct Held<B> {
    bytes: B,
    _room: Room,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for Held<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

impl Room {
    /// The answer's bytes. The room is given back with the last piece of them, wherever that waits to be sent.
    #[must_use]
    pub fn holds<B: AsRef<[u8]> + Send + 'static>(self, bytes: B) -> Bytes {
        Bytes::from_owner(Held { bytes, _room: self })
    }
}

/// Counts what an answer holds until it is fetched, whichever operation gave it. Refused at once where there is no room, so
/// that nothing piles up here either.
pub async fn weigh(request: Request, next: Next) -> Response {
    let tab = request.extensions().get::<Tab>().cloned();
    let response = next.run(request).await;
    let length = response.body().size_hint().exact().filter(|length| *length > SMALL);
    let (Some(tab), Some(length)) = (tab, length) else { return response };
    if tab.is_answered() {
        return response;
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let room = match tab.leaving().take(Some(tab.payer()), length) {
        Ok(share) => Room(share),
        Err(no_room) => return busy(no_room).into_response(),
    };
    let (parts, body) = response.into_parts();
    // It is there already: only what has a length came here.
    match axum::body::to_bytes(body, length).await {
        Ok(bytes) => Response::from_parts(parts, room.holds(bytes).into()),
        Err(error) => Problem::internal(&error).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tab(budgets: &Arc<Budgets>, network: u8) -> Tab {
        Tab::new(Arc::clone(budgets), Network::of([192, 0, 2, network].into()))
    }

    #[tokio::test]
    async fn an_answer_is_counted_until_its_last_piece_is_gone() {
        let budgets = Budgets::new();
        let all = TO_STRANGERS.each;
        let mut bytes = tab(&budgets, 1).answer(all).await.unwrap().holds(vec![0; all]);
        let last = bytes.split_off(all - 1);
        drop(bytes);
        assert!(budgets.to_strangers.take(Some(tab(&budgets, 1).payer()), 1).is_err());
        drop(last);
        assert!(budgets.to_strangers.take(Some(tab(&budgets, 1).payer()), all).is_ok());
    }

    #[tokio::test]
    async fn a_body_is_counted_until_its_request_is_answered() {
        let budgets = Budgets::new();
        let first = tab(&budgets, 1);
        first.arrived(FROM_STRANGERS.each - 1).await.unwrap();
        first.arrived(1).await.unwrap();
        let payer = first.payer();
        assert!(budgets.from_strangers.take(Some(payer), 1).is_err());
        tab(&budgets, 2).arrived(1).await.unwrap();
        drop(first);
        assert!(budgets.from_strangers.take(Some(payer), FROM_STRANGERS.each).is_ok());
    }

    #[tokio::test]
    async fn strangers_take_nothing_of_what_members_have() {
        let budgets = Budgets::new();
        let strangers: Vec<Tab> = (0..4).map(|network| tab(&budgets, network)).collect();
        for stranger in &strangers {
            // Each until nothing more is given.
            while stranger.arrived(FROM_STRANGERS.little).await.is_ok() {}
        }
        let member = tab(&budgets, 1);
        member.belongs_to(AccountId::from_bytes([1; 16]));
        member.arrived(limits::POST_BODY).await.unwrap();
    }

    #[tokio::test]
    async fn an_account_has_two_posts_under_way_and_another_account_its_own() {
        let budgets = Budgets::new();
        let (one, other) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let _first = budgets.post(one).await.unwrap();
        let second = budgets.post(one).await.unwrap();
        assert_eq!(budgets.post(one).await.unwrap_err().kind(), ProblemType::Busy);
        budgets.post(other).await.unwrap();
        drop(second);
        budgets.post(one).await.unwrap();
    }

    #[test]
    fn an_account_has_so_many_event_streams_and_another_account_its_own() {
        let budgets = Budgets::new();
        let (one, other) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let mut streams: Vec<_> = (0..STREAMS.each).map(|_| budgets.stream(one).unwrap()).collect();
        assert_eq!(budgets.stream(one).unwrap_err().kind(), ProblemType::Busy);
        budgets.stream(other).unwrap();
        streams.pop();
        budgets.stream(one).unwrap();
    }
}
