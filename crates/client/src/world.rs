//! Everything the client has of the outside: a server, a device to keep things on, a clock, randomness.

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{opaque::KeyStretching, sessions::SessionDelivery, time::Timestamp};

use crate::transport::Transport;

/// What a driver gives the client. The client itself has no network, files, clock or randomness, so a test can replay
/// a day in a millisecond and a page can run the same rules as a terminal.
pub trait World {
    /// Reaches the server.
    type Transport: Transport;
    /// Keeps what must outlive a run.
    type Device: Device;
    /// Makes keys.
    type Rng: RngCore + CryptoRng;

    /// The way to the server.
    fn transport(&self) -> &Self::Transport;

    /// Where things are kept.
    fn device(&self) -> &Self::Device;

    /// The time, by this device's clock.
    fn now(&self) -> Timestamp;

    /// The source of keys: a handle, such as `OsRng`; two handles never give the same bytes.
    fn rng(&self) -> Self::Rng;

    /// How a session's token comes: in a browser as a cookie that no script can read.
    fn delivery(&self) -> SessionDelivery {
        SessionDelivery::Bearer
    }

    /// How a password is stretched. Only a test has a reason to answer otherwise.
    #[doc(hidden)]
    fn key_stretching(&self) -> KeyStretching {
        KeyStretching::default()
    }
}

/// What a device keeps between two runs: a profile folder at a terminal, IndexedDB in a page.
#[expect(
    async_fn_in_trait,
    reason = "a page has one thread: the futures need not be Send, and the callers are generic"
)]
pub trait Device {
    /// What was saved last under this name.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be read.
    async fn load(&self, item: Item) -> Result<Option<Vec<u8>>, DeviceFailed>;

    /// Replaces an item as a whole; after a crash there is the old one or the new one. Durable when it returns.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be written.
    async fn save(&self, item: Item, bytes: &[u8]) -> Result<(), DeviceFailed>;

    /// Erases an item, if there is one.
    ///
    /// # Errors
    /// [`DeviceFailed`]: the device could not be written.
    async fn erase(&self, item: Item) -> Result<(), DeviceFailed>;
}

/// What is kept on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// Who is signed in, with token and device secret. Opens nothing without the server's share.
    Session,
    /// What was seen: sealed under the account secret.
    Index,
    /// Letters the server has not acknowledged yet: sealed under the account secret.
    Unsent,
}

impl Item {
    /// Every item, in the order in which a sign-out erases them: what opens the others goes first.
    pub const ALL: [Self; 3] = [Self::Session, Self::Unsent, Self::Index];

    /// The name of the file or row.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Index => "index",
            Self::Unsent => "unsent",
        }
    }
}

/// The device could not be read or written. The driver has said why, to whoever can mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this device's own store could not be read or written")]
pub struct DeviceFailed;
