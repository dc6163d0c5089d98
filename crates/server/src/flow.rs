//! Bodies on their way in and out. One that is sent must get on, and an answer goes out in pieces, so that it is seen whether
//! somebody fetches it.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::patience::{Patience, UnderWay};

/// The fewest bytes a second that a body may come at, once the patience for its beginning is over. A modem is faster.
const BYTES_A_SECOND: u64 = 1024;
/// The most that is handed to the transport at once: a frame of HTTP/2.
const PIECE: usize = 16 * 1024;

/// The body was sent more slowly than anybody's line is.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the body came too slowly")]
pub struct TooSlow;

/// A request's body, which gets on or is over.
pub struct Arriving {
    body: Incoming,
    patience: Patience,
    received: u64,
    /// Runs from when the body is first asked for, since a request may have waited for its turn before.
    clock: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Arriving {
    /// Nothing of it was read.
    #[must_use]
    pub fn new(body: Incoming, patience: Patience) -> Self {
        Self { body, patience, received: 0, clock: None }
    }

    /// Until when the next part must be there: not later than a stall, and not later than at the lowest rate.
    fn until(&self, begun: Instant) -> Instant {
        let at_the_lowest_rate = Duration::from_millis(self.received.saturating_mul(1000) / BYTES_A_SECOND);
        (begun + self.patience.head + at_the_lowest_rate).min(Instant::now() + self.patience.stall)
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if this.clock.is_none() {
            let now = Instant::now();
            this.clock = Some((now, Box::pin(sleep_until(this.until(now)))));
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) {
            this.received += frame.as_ref().map_or(0, |frame| length(frame.as_ref().ok()));
            let begun = this.clock.as_ref().map(|(begun, _)| this.until(*begun));
            if let (Some(until), Some((_, clock))) = (begun, &mut this.clock) {
                clock.as_mut().reset(until);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        match &mut this.clock {
            Some((_, clock)) => {
                ready!(clock.as_mut().poll(context));
                Poll::Ready(Some(Err(TooSlow.into())))
            }
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn length(frame: Option<&Frame<Bytes>>) -> u64 {
    frame.and_then(Frame::data_ref).map_or(0, |data| data.len() as u64)
}

/// An answer's body, in pieces. Its connection is told when a piece is handed over, and when the next is asked for.
pub struct Leaving {
    body: Body,
    rest: Bytes,
    under_way: UnderWay,
}

impl Leaving {
    /// Nobody has asked for any of it yet.
    #[must_use]
    pub fn new(body: Body, under_way: UnderWay) -> Self {
        under_way.handed();
        Self { body, rest: Bytes::new(), under_way }
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Pending => {
                    self.under_way.asked();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Poll::Ready(end) => return Poll::Ready(end),
            }
        }
        self.under_way.handed();
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (rest, body) = (self.rest.len() as u64, self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(body.lower().saturating_add(rest));
        if let Some(upper) = body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
