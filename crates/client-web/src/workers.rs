//! The Workers' entries as JavaScript calls them, and the outside world as JavaScript gives it.

use js_sys::{Promise, Uint8Array};
use rand::rngs::OsRng;
use securemailbox_client::{
    transport::{Request, Response, Transport, Unreachable},
    world::{Device, DeviceFailed, Item, World},
};
use securemailbox_protocol::{sessions::SessionDelivery, time::Timestamp};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use crate::{
    calls::{MailboxCalls, SignInCalls},
    mailbox::Desk,
    sign_in::SignIn,
    views::Problem,
};

#[wasm_bindgen]
extern "C" {
    /// What a Worker gives the client: `fetch`, a store, a clock. `web/src/worker/outside.ts` makes it.
    pub type Outside;

    /// Resolves to an [`Answer`]; rejects if none came.
    #[wasm_bindgen(method)]
    fn call(this: &Outside, method: &str, path: &str, headers: Vec<String>, body: Uint8Array, limit: u32) -> Promise;

    /// Resolves to a `Uint8Array` or to `undefined`.
    #[wasm_bindgen(method)]
    fn load(this: &Outside, item: &str) -> Promise;

    #[wasm_bindgen(method)]
    fn save(this: &Outside, item: &str, bytes: Uint8Array) -> Promise;

    #[wasm_bindgen(method)]
    fn erase(this: &Outside, item: &str) -> Promise;

    /// Milliseconds since 1970.
    #[wasm_bindgen(method)]
    fn now(this: &Outside) -> f64;

    /// What the server answered.
    type Answer;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Answer) -> u16;

    #[wasm_bindgen(method, getter)]
    fn content_type(this: &Answer) -> String;

    #[wasm_bindgen(method, getter)]
    fn retry_after(this: &Answer) -> Option<u32>;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Answer) -> Uint8Array;
}

impl Transport for Outside {
    async fn call(&self, request: Request) -> Result<Response, Unreachable> {
        let headers = request.headers.into_iter().flat_map(|(name, value)| [name.into(), value]).collect();
        let body = Uint8Array::from(request.body.as_slice());
        let limit = u32::try_from(request.limit).unwrap_or(u32::MAX);
        let answer = Self::call(self, request.method.as_str(), &request.path, headers, body, limit);
        let answer: Answer = JsFuture::from(answer).await.map_err(|_| Unreachable)?.unchecked_into();
        Ok(Response {
            status: answer.status(),
            content_type: answer.content_type(),
            retry_after: answer.retry_after(),
            body: answer.body().to_vec(),
        })
    }
}

impl Device for Outside {
    async fn load(&self, item: Item) -> Result<Option<Vec<u8>>, DeviceFailed> {
        let kept = JsFuture::from(Self::load(self, item.as_str())).await.map_err(|_| DeviceFailed)?;
        Ok(kept.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec()))
    }

    async fn save(&self, item: Item, bytes: &[u8]) -> Result<(), DeviceFailed> {
        let saved = Self::save(self, item.as_str(), Uint8Array::from(bytes));
        JsFuture::from(saved).await.map(drop).map_err(|_| DeviceFailed)
    }

    async fn erase(&self, item: Item) -> Result<(), DeviceFailed> {
        JsFuture::from(Self::erase(self, item.as_str())).await.map(drop).map_err(|_| DeviceFailed)
    }
}

impl World for Outside {
    type Transport = Self;
    type Device = Self;
    type Rng = OsRng;

    fn transport(&self) -> &Self {
        self
    }

    fn device(&self) -> &Self {
        self
    }

    fn now(&self) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a clock after 1970")]
        let millis = Self::now(self) as u64;
        Timestamp::from_unix_millis(millis)
    }

    fn rng(&self) -> OsRng {
        OsRng
    }

    fn delivery(&self) -> SessionDelivery {
        SessionDelivery::Cookie
    }
}

/// The sign-in Worker's entry. One call at a time.
#[wasm_bindgen]
pub struct SignInWorker(SignIn<Outside>);

#[wasm_bindgen]
impl SignInWorker {
    /// Nothing begun.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(outside: Outside) -> Self {
        Self(SignIn::new(outside))
    }

    /// Answers a call of `SignInCalls`; rejects with a `Problem`, both as JSON.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn answer(&mut self, call: String, args: String) -> Result<String, JsValue> {
        self.0.answer(&call, &Zeroizing::new(args)).await.map_err(|problem| rejection(&problem))
    }

    /// What there is to hand to the mailbox Worker, once.
    #[wasm_bindgen(js_name = takeOpening)]
    pub fn take_opening(&mut self) -> Option<Uint8Array> {
        self.0.take_opening().map(|opening| Uint8Array::from(opening.as_slice()))
    }
}

/// The mailbox Worker's entry. One call at a time.
#[wasm_bindgen]
pub struct MailboxWorker(Desk<Outside>);

#[wasm_bindgen]
impl MailboxWorker {
    /// Nothing open.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(outside: Outside) -> Self {
        Self(Desk::new(outside))
    }

    /// Answers a call of `MailboxCalls`; rejects with a `Problem`, both as JSON.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn answer(&mut self, call: String, args: String) -> Result<String, JsValue> {
        self.0.answer(&call, &args).await.map_err(|problem| rejection(&problem))
    }

    /// Opens what the sign-in Worker handed over; resolves to a `Me` as JSON.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn begin(&mut self, opening: Vec<u8>) -> Result<String, JsValue> {
        let me = self.0.begin(&Zeroizing::new(opening)).await.map_err(|problem| rejection(&problem))?;
        serde_json::to_string(&me).map_err(|_| JsValue::UNDEFINED)
    }
}

fn rejection(problem: &Problem) -> JsValue {
    serde_json::to_string(problem).map_or(JsValue::UNDEFINED, |json| JsValue::from_str(&json))
}
