//! Everything the client has of the outside: a server, a device to keep things on, a clock, randomness.

use rand::{CryptoRng, RngCore};
use securemailbox_protocol::{opaque::KeyStretching, sessions::SessionDelivery, time::Timestamp};

use crate::{device::Device, devices::DeviceName, transport::Transport};

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

    /// What this device is called, for its owner alone (PROTOCOL §2). A page names it with the [`crate::opening::Opening`], since
    /// it knows nothing else of its browser in the Worker that opens.
    fn device_name(&self) -> Option<DeviceName> {
        None
    }

    /// How a password is stretched. Only a test has a reason to answer otherwise.
    #[doc(hidden)]
    fn key_stretching(&self) -> KeyStretching {
        KeyStretching::default()
    }
}
