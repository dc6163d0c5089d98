//! The demo: who lives in it, and everything it would have sent. Loopback only, since it shows every code.

use std::sync::Arc;

use axum::{Json, Router, extract::State, routing::get};
use serde::Serialize;

use crate::{
    mailroom::Mailroom,
    notices::{DemoMessage, DemoOutbox},
};

/// A person of the demo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DemoAccount {
    /// The name on letters.
    pub name: String,
    /// The address.
    pub address: String,
    /// The phone, E.164.
    pub phone: String,
    /// The password, which is in the source for everyone to read.
    pub password: String,
}

/// What the demo shows.
#[derive(Clone)]
pub struct Demo {
    /// What would have been sent.
    pub outbox: DemoOutbox,
    /// Who lives here.
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
