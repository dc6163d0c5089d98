//! The Workers' entries as JavaScript calls them, and the outside world as JavaScript gives it.

use js_sys::{Array, Promise, Uint8Array};
use rand::rngs::OsRng;
use securemailbox_client::{
    device::{Device, DeviceFailed, Expected, Memory, RowId, Table, Write, Written},
    transport::{Request, Response, Transport, Unreachable},
    world::World,
};
use securemailbox_protocol::{coding::hex, ids::AccountId, sessions::SessionDelivery, time::Timestamp};
use wasm_bindgen::prelude::{JsCast, JsValue, wasm_bindgen};
use wasm_bindgen_futures::JsFuture;
use zeroize::Zeroizing;

use crate::{
    calls::{GuestCalls, Lane, MailboxCalls, SignInCalls, lane},
    guest::Guest,
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

    /// Told after each answer whether it was the server's.
    #[wasm_bindgen(method)]
    fn reached(this: &Outside, online: bool);

    /// Resolves to a `Uint8Array` or to `undefined`.
    #[wasm_bindgen(method)]
    fn session(this: &Outside) -> Promise;

    #[wasm_bindgen(method, js_name = keepSession)]
    fn keep_session(this: &Outside, bytes: Uint8Array) -> Promise;

    #[wasm_bindgen(method, js_name = forgetSession)]
    fn forget_session(this: &Outside) -> Promise;

    /// Resolves to ids and rows in turn.
    #[wasm_bindgen(method)]
    fn scan(this: &Outside, account: &str, table: &str) -> Promise;

    /// Resolves to a row or `undefined` for each id.
    #[wasm_bindgen(method)]
    fn get(this: &Outside, account: &str, table: &str, ids: Vec<String>) -> Promise;

    /// Each write is table, id, what is expected, and the row or `undefined`. Resolves to whether it was written.
    #[wasm_bindgen(method)]
    fn write(this: &Outside, account: &str, writes: Array) -> Promise;

    #[wasm_bindgen(method, js_name = eraseRows)]
    fn erase_rows(this: &Outside) -> Promise;

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
    fn upload_offset(this: &Answer) -> Option<f64>;

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
        let response = Response {
            status: answer.status(),
            content_type: answer.content_type(),
            retry_after: answer.retry_after(),
            upload_offset: answer.upload_offset().map(|offset| offset as u64),
            body: answer.body().to_vec(),
        };
        // A proxy that refuses only the size of this lets other things pass.
        self.reached(response.is_ours() || response.status == 413);
        Ok(response)
    }
}

/// An account's or a row's name in IndexedDB.
fn name(id: &[u8; 16]) -> String {
    hex::encode(id)
}

fn row_id(name: &JsValue) -> Option<RowId> {
    hex::decode(&name.as_string()?).ok()?.try_into().ok()
}

fn bytes(row: JsValue) -> Option<Vec<u8>> {
    row.dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec())
}

/// As TypeScript reads it: anything, nothing, or the first bytes of a row.
fn expectation(expected: Expected) -> JsValue {
    match expected {
        Expected::Anything => JsValue::UNDEFINED,
        Expected::Nothing => JsValue::NULL,
        Expected::Row(tag) => Uint8Array::from(tag.0.as_slice()).into(),
    }
}

async fn settled(promise: Promise) -> Result<JsValue, DeviceFailed> {
    JsFuture::from(promise).await.map_err(|_| DeviceFailed)
}

impl Device for Outside {
    async fn session(&self) -> Result<Option<Vec<u8>>, DeviceFailed> {
        settled(Self::session(self)).await.map(bytes)
    }

    async fn keep_session(&self, bytes: &[u8]) -> Result<(), DeviceFailed> {
        settled(Self::keep_session(self, Uint8Array::from(bytes))).await.map(drop)
    }

    async fn forget_session(&self) -> Result<(), DeviceFailed> {
        settled(Self::forget_session(self)).await.map(drop)
    }

    async fn scan(&self, account: AccountId, table: Table) -> Result<Vec<(RowId, Vec<u8>)>, DeviceFailed> {
        let found = settled(Self::scan(self, &name(account.as_bytes()), table.as_str())).await?;
        let found = Array::from(&found).to_vec();
        let rows = found.chunks_exact(2).map(|row| Some((row_id(&row[0])?, bytes(row[1].clone())?)));
        rows.collect::<Option<_>>().ok_or(DeviceFailed)
    }

    async fn get(&self, account: AccountId, table: Table, ids: &[RowId]) -> Result<Vec<Option<Vec<u8>>>, DeviceFailed> {
        let names = ids.iter().map(name).collect();
        let found = settled(Self::get(self, &name(account.as_bytes()), table.as_str(), names)).await?;
        let rows: Vec<_> = Array::from(&found).iter().map(bytes).collect();
        if rows.len() == ids.len() { Ok(rows) } else { Err(DeviceFailed) }
    }

    async fn write(&self, account: AccountId, writes: Vec<Write>) -> Result<Written, DeviceFailed> {
        let all = Array::new();
        for Write { table, id, expected, bytes } in writes {
            let row = bytes.map_or(JsValue::UNDEFINED, |bytes| Uint8Array::from(bytes.as_slice()).into());
            all.push(&Array::of4(&table.as_str().into(), &name(&id).into(), &expectation(expected), &row));
        }
        let written = settled(Self::write(self, &name(account.as_bytes()), all)).await?;
        Ok(if written.is_truthy() { Written::Whole } else { Written::Stale })
    }

    async fn erase_rows(&self) -> Result<(), DeviceFailed> {
        settled(Self::erase_rows(self)).await.map(drop)
    }
}

/// The world of a Worker. One type for all of them, so that the module has everything once.
pub(crate) struct Page {
    outside: Outside,
    /// In the place of the browser's store, for a guest: nothing of theirs lies there, and no cookie takes the place of
    /// somebody's session.
    memory: Option<Memory>,
}

impl Page {
    pub(crate) const fn of(outside: Outside) -> Self {
        Self { outside, memory: None }
    }
}

impl Device for Page {
    async fn session(&self) -> Result<Option<Vec<u8>>, DeviceFailed> {
        match &self.memory {
            Some(memory) => memory.session().await,
            None => Device::session(&self.outside).await,
        }
    }

    async fn keep_session(&self, bytes: &[u8]) -> Result<(), DeviceFailed> {
        match &self.memory {
            Some(memory) => memory.keep_session(bytes).await,
            None => Device::keep_session(&self.outside, bytes).await,
        }
    }

    async fn forget_session(&self) -> Result<(), DeviceFailed> {
        match &self.memory {
            Some(memory) => memory.forget_session().await,
            None => Device::forget_session(&self.outside).await,
        }
    }

    async fn scan(&self, account: AccountId, table: Table) -> Result<Vec<(RowId, Vec<u8>)>, DeviceFailed> {
        match &self.memory {
            Some(memory) => memory.scan(account, table).await,
            None => Device::scan(&self.outside, account, table).await,
        }
    }

    async fn get(&self, account: AccountId, table: Table, ids: &[RowId]) -> Result<Vec<Option<Vec<u8>>>, DeviceFailed> {
        match &self.memory {
            Some(memory) => memory.get(account, table, ids).await,
            None => Device::get(&self.outside, account, table, ids).await,
        }
    }

    async fn write(&self, account: AccountId, writes: Vec<Write>) -> Result<Written, DeviceFailed> {
        match &self.memory {
            Some(memory) => memory.write(account, writes).await,
            None => Device::write(&self.outside, account, writes).await,
        }
    }

    async fn erase_rows(&self) -> Result<(), DeviceFailed> {
        match &self.memory {
            Some(memory) => memory.erase_rows().await,
            None => Device::erase_rows(&self.outside).await,
        }
    }
}

impl World for Page {
    type Transport = Outside;
    type Device = Self;
    type Rng = OsRng;

    fn transport(&self) -> &Outside {
        &self.outside
    }

    fn device(&self) -> &Self {
        self
    }

    fn now(&self) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a clock after 1970")]
        let millis = self.outside.now() as u64;
        Timestamp::from_unix_millis(millis)
    }

    fn rng(&self) -> OsRng {
        OsRng
    }

    fn delivery(&self) -> SessionDelivery {
        if self.memory.is_some() { SessionDelivery::Bearer } else { SessionDelivery::Cookie }
    }
}

/// The guest Worker's entry. One call at a time.
#[wasm_bindgen]
pub struct GuestWorker(Guest<Page>);

#[wasm_bindgen]
impl GuestWorker {
    /// No link shown.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(outside: Outside) -> Self {
        Self(Guest::new(Page { outside, memory: Some(Memory::default()) }))
    }

    /// Answers a call of `GuestCalls`; rejects with a `Problem`, both as JSON.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn answer(&mut self, call: String, args: String) -> Result<String, JsValue> {
        self.0.answer(&call, &Zeroizing::new(args)).await.map_err(|problem| rejection(&problem))
    }

    /// A passkey's output, for the next call.
    #[wasm_bindgen(js_name = handOutput)]
    pub fn hand_output(&self, output: Vec<u8>) {
        self.0.hand_output(&Zeroizing::new(output));
    }

    /// What there is to hand to the mailbox Worker, once.
    #[wasm_bindgen(js_name = takeOpening)]
    pub fn take_opening(&mut self) -> Option<Uint8Array> {
        handed(self.0.take_opening())
    }

    /// Takes what the files Worker says of a file that is whole at the server.
    #[wasm_bindgen(js_name = takeUploaded)]
    pub fn take_uploaded(&self, id: &str, row: Vec<u8>) {
        self.0.take_uploaded(id, &Zeroizing::new(row));
    }

    /// What the files Worker needs to get an attachment of a letter.
    ///
    /// # Errors
    /// A `Problem`.
    #[wasm_bindgen(js_name = fileRow)]
    pub async fn file_row(&self, letter: String, number: u32) -> Result<Uint8Array, JsValue> {
        let row = self.0.file_row(&letter, number).await.map_err(|problem| rejection(&problem))?;
        Ok(Uint8Array::from(row.as_slice()))
    }

    /// What the files Worker signs its requests with, since no cookie does.
    #[must_use]
    pub fn bearer(&self) -> Option<String> {
        self.0.bearer()
    }

    /// What there is to leave to the mailbox Worker, once.
    #[wasm_bindgen(js_name = takeLeft)]
    pub fn take_left(&mut self) -> Option<Uint8Array> {
        handed(self.0.take_left())
    }
}

fn handed(opening: Option<Zeroizing<Vec<u8>>>) -> Option<Uint8Array> {
    opening.map(|opening| Uint8Array::from(opening.as_slice()))
}

/// The sign-in Worker's entry. One call at a time.
#[wasm_bindgen]
pub struct SignInWorker(SignIn<Page>);

#[wasm_bindgen]
impl SignInWorker {
    /// Nothing begun.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(outside: Outside) -> Self {
        Self(SignIn::new(Page::of(outside)))
    }

    /// Answers a call of `SignInCalls`; rejects with a `Problem`, both as JSON.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn answer(&mut self, call: String, args: String) -> Result<String, JsValue> {
        self.0.answer(&call, &Zeroizing::new(args)).await.map_err(|problem| rejection(&problem))
    }

    /// A passkey's output, for the next call.
    #[wasm_bindgen(js_name = handOutput)]
    pub fn hand_output(&self, output: Vec<u8>) {
        self.0.hand_output(&Zeroizing::new(output));
    }

    /// What there is to hand to the mailbox Worker, once.
    #[wasm_bindgen(js_name = takeOpening)]
    pub fn take_opening(&mut self) -> Option<Uint8Array> {
        handed(self.0.take_opening())
    }
}

/// The mailbox Worker's entry. Calls wait beside each other, in the lanes that [`MailboxWorker::lane`] says.
#[wasm_bindgen]
pub struct MailboxWorker(Desk<Page>);

#[wasm_bindgen]
impl MailboxWorker {
    /// Nothing open.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(outside: Outside) -> Self {
        Self(Desk::new(Page::of(outside)))
    }

    /// How a call of `MailboxCalls` runs beside others: `at-once`, `device` or `server`.
    #[must_use]
    pub fn lane(call: &str) -> String {
        match lane(call) {
            Lane::AtOnce => "at-once",
            Lane::Device => "device",
            Lane::Server => "server",
        }
        .into()
    }

    /// Answers a call of `MailboxCalls`; rejects with a `Problem`, both as JSON.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn answer(&self, call: String, args: String) -> Result<String, JsValue> {
        self.0.answer(&call, &args).await.map_err(|problem| rejection(&problem))
    }

    /// A passkey's output, for the next call.
    #[wasm_bindgen(js_name = handOutput)]
    pub fn hand_output(&self, output: Vec<u8>) {
        self.0.hand_output(&Zeroizing::new(output));
    }

    /// Takes what the files Worker says of a file that is whole at the server.
    #[wasm_bindgen(js_name = takeUploaded)]
    pub fn take_uploaded(&self, id: &str, row: Vec<u8>) {
        self.0.take_uploaded(id, &Zeroizing::new(row));
    }

    /// How far an upload was that this browser began under this name.
    #[wasm_bindgen(js_name = uploadState)]
    pub async fn upload_state(&self, name: String) -> Option<Uint8Array> {
        self.0.upload_state(&name).await.map(|state| Uint8Array::from(state.as_slice()))
    }

    /// Keeps how far it is; nothing: it is over.
    #[wasm_bindgen(js_name = keepUpload)]
    pub async fn keep_upload(&self, name: String, state: Option<Vec<u8>>) {
        let state = state.map(Zeroizing::new);
        self.0.keep_upload(&name, state.as_ref().map(|state| state.as_slice())).await;
    }

    /// What the files Worker needs to get an attachment of a letter.
    ///
    /// # Errors
    /// A `Problem`.
    #[wasm_bindgen(js_name = fileRow)]
    pub async fn file_row(&self, letter: String, number: u32) -> Result<Uint8Array, JsValue> {
        let row = self.0.file_row(&letter, number).await.map_err(|problem| rejection(&problem))?;
        Ok(Uint8Array::from(row.as_slice()))
    }

    /// Takes what the guest Worker left here.
    ///
    /// # Errors
    /// A `Problem`.
    #[wasm_bindgen(js_name = takeLeft)]
    pub fn take_left(&self, left: Vec<u8>) -> Result<(), JsValue> {
        self.0.take_left(&Zeroizing::new(left)).map_err(|problem| rejection(&problem))
    }

    /// Opens what the sign-in Worker handed over; resolves to a `Me` as JSON.
    ///
    /// # Errors
    /// A `Problem`.
    pub async fn begin(&self, opening: Vec<u8>) -> Result<String, JsValue> {
        let me = self.0.begin(&Zeroizing::new(opening)).await.map_err(|problem| rejection(&problem))?;
        serde_json::to_string(&me).map_err(|_| JsValue::UNDEFINED)
    }
}

pub(crate) fn rejection(problem: &Problem) -> JsValue {
    serde_json::to_string(problem).map_or(JsValue::UNDEFINED, |json| JsValue::from_str(&json))
}
