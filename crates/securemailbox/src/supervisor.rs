//! What the service manager is told of the server (sd_notify(3)): systemd waits for the first word before it starts what
//! comes after.

use std::{io, os::unix::net::UnixDatagram, path::PathBuf};

/// The way to whoever started the server. Without one, nobody asks.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor(Option<PathBuf>);

/// How the server is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    /// It answers.
    Ready,
    /// It was told to stop, and finishes what is under way.
    Stopping,
}

impl Supervisor {
    /// The one that `NOTIFY_SOCKET` names.
    pub(crate) fn of_this_process() -> Self {
        Self(std::env::var_os("NOTIFY_SOCKET").map(PathBuf::from))
    }

    /// Says how the server is. One that can't be told ends the server after a while, so the log says why.
    pub(crate) fn tell(&self, state: State) {
        if let Err(error) = self.send(state) {
            tracing::warn!(error = error.to_string(), "the service manager could not be told how the server is");
        }
    }

    fn send(&self, state: State) -> io::Result<()> {
        let Some(socket) = &self.0 else { return Ok(()) };
        let word: &[u8] = match state {
            State::Ready => b"READY=1",
            State::Stopping => b"STOPPING=1",
        };
        UnixDatagram::unbound()?.send_to(word, socket).map(drop)
    }
}
