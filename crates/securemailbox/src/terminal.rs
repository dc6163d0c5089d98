//! The outside, as the client sees it from a terminal: this clock, this machine's randomness, HTTP, a device.

use std::time::{SystemTime, UNIX_EPOCH};

use rand::rngs::OsRng;
use securemailbox_client::{device::Device, devices::DeviceName, world::World};
use securemailbox_protocol::time::Timestamp;

use crate::http::Http;

/// The world of a client that runs in a terminal: one server and one device.
pub(crate) struct Terminal<D> {
    pub(crate) http: Http,
    pub(crate) device: D,
}

impl<D: Device> World for Terminal<D> {
    type Transport = Http;
    type Device = D;
    type Rng = OsRng;

    fn transport(&self) -> &Http {
        &self.http
    }

    fn device(&self) -> &D {
        &self.device
    }

    fn now(&self) -> Timestamp {
        now()
    }

    fn rng(&self) -> OsRng {
        OsRng
    }

    fn device_name(&self) -> Option<DeviceName> {
        let system = match std::env::consts::OS {
            "linux" => "Linux",
            "macos" => "Mac",
            "windows" => "Windows",
            other => other,
        };
        DeviceName::new("Terminal", system)
    }
}

/// The system's clock, for the server as for a mailbox.
#[expect(clippy::disallowed_methods, reason = "the binary is where the clock is read")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
