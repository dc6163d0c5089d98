//! Answers whose time would say who has a mailbox here (ATTACKS 27). They take the same steps for everybody, and yet a row that
//! is found takes some microseconds longer than one that is not; so they are given when a clock says so, and not when the work
//! is done.

use std::time::Duration;

/// Longer than the work takes where the machine is not overloaded, and too short for a person to notice.
const HELD: Duration = Duration::from_millis(25);

/// Does some work, and gives what came of it no sooner than after [`HELD`].
pub(crate) async fn evenly<T>(work: impl Future<Output = T>) -> T {
    until(tokio::time::sleep(HELD), work).await
}

async fn until<T>(held: impl Future<Output = ()>, work: impl Future<Output = T>) -> T {
    tokio::join!(held, work).1
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn what_is_done_at_once_waits_like_what_takes_its_time() {
        assert_eq!(until(ready(()), ready(7)).now_or_never(), Some(7));
        assert_eq!(until(pending(), ready(7)).now_or_never(), None, "done, and not given yet");
        assert_eq!(until(ready(()), pending::<u8>()).now_or_never(), None);
    }
}
