//! The demo: who lives in it, and everything it would have sent. Loopback only, since it shows every code.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use serde::Serialize;

use crate::{
    mailroom::Mailroom,
    notices::{DemoMessage, DemoOutbox},
};

/// A person of the demo, as its sign-in page offers them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoAccount {
    /// The name that the person's letters carry.
    pub name: String,
    /// The address that the person signs in with.
    pub address: String,
    /// The phone that the person's codes go to, in E.164 form.
    pub phone: String,
    /// The password, which is in the source for everyone to read.
    pub password: String,
}

/// What the demo shows besides the product.
#[derive(Clone)]
pub struct Demo {
    /// The messages that a real server would have sent.
    pub outbox: DemoOutbox,
    /// The people that the demo was made with.
    pub accounts: Arc<[DemoAccount]>,
}

#[expect(clippy::disallowed_methods, reason = "the demo is no part of the API's document")]
pub(super) fn router(demo: Demo) -> Router<Mailroom> {
    Router::new()
        .route("/demo/accounts.json", get(accounts))
        .route("/demo/outbox.json", get(outbox_json))
        .with_state(demo)
}

async fn accounts(State(demo): State<Demo>) -> Json<Vec<DemoAccount>> {
    Json(demo.accounts.to_vec())
}

async fn outbox_json(State(demo): State<Demo>) -> Json<Vec<DemoMessage>> {
    Json(demo.outbox.messages())
}
