//! Browsers and programs that signed in before. Whoever guesses at somebody's password from elsewhere is soon told to wait, and
//! its owner must not be: a browser with this cookie, and a program with this header, is counted by itself. It opens nothing, and
//! tells nothing to whoever reads it.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};
use rand::RngCore;
use securemailbox_protocol::{coding::base64url, ids::AccountId, limits, sessions::KNOWN_DEVICE};
use securemailbox_store::{
    StoreError,
    devices::{Device, IsPutOut},
};

use crate::{mailroom::Mailroom, networks::Network, seal::ServerSeal};

const COOKIE: &str = "__Host-device";

/// A browser or program that signed in to one mailbox: 16 random bytes, which count for that mailbox only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KnownDevice(Device);

impl KnownDevice {
    /// The octets that it is counted by.
    #[must_use]
    pub const fn octets(&self) -> &Device {
        &self.0
    }

    /// By what it says from now on that it is known to this mailbox.
    #[must_use]
    pub fn mark(&self, seal: &ServerSeal, account: AccountId) -> String {
        base64url::encode(&[self.0, seal.device(account, &self.0)].concat())
    }

    /// The same, as a browser keeps it.
    #[must_use]
    pub fn cookie(&self, seal: &ServerSeal, account: AccountId) -> HeaderValue {
        cookie(&self.mark(seal, account), limits::KNOWN_DEVICE_LIFE.as_secs())
    }

    /// One of many.
    #[cfg(test)]
    pub(crate) const fn of_a_test(number: u8) -> Self {
        Self([number; 16])
    }
}

/// What a request says of its browser or program. Nothing in it is believed before it is held to a mailbox.
#[derive(Debug, Clone, Copy)]
pub struct PresentedDevice(Option<([u8; 16], [u8; 16])>);

impl PresentedDevice {
    /// The device, if it signed in to this mailbox before.
    #[must_use]
    fn known_to(self, seal: &ServerSeal, account: AccountId) -> Option<KnownDevice> {
        let (nonce, mac) = self.0?;
        seal.is_device(account, &nonce, &mac).then_some(KnownDevice(nonce))
    }

    /// The device at this mailbox. One that was known stays the same, so that signing in again gives no fresh tries.
    #[must_use]
    pub fn at(self, mailroom: &Mailroom, account: AccountId) -> KnownDevice {
        self.known_to(&mailroom.seal, account).unwrap_or_else(|| {
            let mut octets = [0; 16];
            mailroom.rng().fill_bytes(&mut octets);
            KnownDevice(octets)
        })
    }

    /// The device, if it signed in to this mailbox before, and was not put out by its owner since.
    ///
    /// # Errors
    /// The store failed.
    pub async fn known_still(self, mailroom: &Mailroom, account: AccountId) -> Result<Option<KnownDevice>, StoreError> {
        let Some(known) = self.known_to(&mailroom.seal, account) else { return Ok(None) };
        let is_put_out = mailroom.store.read(IsPutOut { account, device: known.0 }).await?;
        Ok((!is_put_out).then_some(known))
    }

    /// A browser that says this.
    #[cfg(test)]
    pub(crate) const fn of_a_test(nonce: [u8; 16], mac: [u8; 16]) -> Self {
        Self(Some((nonce, mac)))
    }

    /// A browser that says nothing.
    #[cfg(test)]
    pub(crate) const fn unknown() -> Self {
        Self(None)
    }

    fn read(headers: &HeaderMap) -> Option<([u8; 16], [u8; 16])> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
        let cookie = pairs.find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
        let value = cookie.or_else(|| headers.get(KNOWN_DEVICE)?.to_str().ok())?;
        let octets = base64url::decode(value).ok()?;
        let (nonce, mac) = octets.split_first_chunk()?;
        Some((*nonce, mac.try_into().ok()?))
    }
}

/// Makes a browser unknown again: whoever signs out leaves nothing there.
#[must_use]
pub fn forget_cookie() -> HeaderValue {
    cookie("", 0)
}

fn cookie(value: &str, max_age: u64) -> HeaderValue {
    let text = format!("{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={max_age}");
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl<S: Sync> FromRequestParts<S> for PresentedDevice {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(Self::read(&parts.headers)))
    }
}

/// Who asks, as far as it is known without a session.
#[derive(Debug, Clone, Copy)]
pub struct Caller {
    /// Where the request comes from.
    pub network: Network,
    /// What it says of its browser.
    pub device: PresentedDevice,
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let network = Network::from_request_parts(parts, state).await?;
        Ok(Self { network, device: PresentedDevice::from_request_parts(parts, state).await? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_known_to_its_own_mailbox_only() {
        let seal = ServerSeal::new(&[7; 32]);
        let (account, other) = (AccountId::from_bytes([1; 16]), AccountId::from_bytes([2; 16]));
        let known = PresentedDevice(Some(([3; 16], seal.device(account, &[3; 16]))));
        assert_eq!(known.known_to(&seal, account), Some(KnownDevice([3; 16])));
        assert_eq!(known.known_to(&seal, other), None);
        assert_eq!(known.known_to(&ServerSeal::new(&[8; 32]), account), None);
        assert_eq!(PresentedDevice(Some(([3; 16], [0; 16]))).known_to(&seal, account), None);
    }

    #[test]
    fn a_program_says_the_same_by_a_header() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([(header::HeaderName::from_static(KNOWN_DEVICE), HeaderValue::from_static(value))])
        };
        let mark = headers("AwMDAwMDAwMDAwMDAwMDAwQEBAQEBAQEBAQEBAQEBAQ");
        assert_eq!(PresentedDevice::read(&mark), Some(([3; 16], [4; 16])));
        assert_eq!(PresentedDevice::read(&headers("AwMD")), None);
    }

    #[test]
    fn what_is_no_such_cookie_is_nobodys() {
        let read = |text: &'static str| {
            PresentedDevice::read(&HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]))
        };
        assert_eq!(
            read("__Host-session=x; __Host-device=AwMDAwMDAwMDAwMDAwMDAwQEBAQEBAQEBAQEBAQEBAQ"),
            Some(([3; 16], [4; 16]))
        );
        for nothing in [
            "",
            "__Host-device=",
            "__Host-device=AwMD",
            "__Host-device=%",
            "device=AwMDAwMDAwMDAwMDAwMDAwQEBAQEBAQEBAQEBAQEBAQ",
        ] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
