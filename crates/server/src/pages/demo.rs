//! The demo: who lives in it, and everything it would have sent. Loopback only, since it shows every code.

use std::{fmt::Write, sync::Arc};

use axum::{Json, Router, extract::State, response::Response, routing::get};
use serde::Serialize;

use super::html::{self, Escaped};
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
        .route("/demo/outbox", get(outbox))
        .with_state(demo)
}

async fn accounts(State(demo): State<Demo>) -> Json<Vec<DemoAccount>> {
    Json(demo.accounts.to_vec())
}

async fn outbox_json(State(demo): State<Demo>) -> Json<Vec<DemoMessage>> {
    Json(demo.outbox.messages())
}

async fn outbox(State(demo): State<Demo>) -> Response {
    let mut main = String::from(
        "<p>Det här skulle ha skickats, nyast först. Sidan finns bara i provdrift. <span lang=\"en\">This would have been sent, \
         newest first.</span></p>\n",
    );
    for message in demo.outbox.messages().iter().rev() {
        let subject = message.subject.as_deref().unwrap_or(if message.channel == "sms" { "SMS" } else { "" });
        let _ = writeln!(
            main,
            "<article><h2>{}</h2><p>{} <time>{}</time></p><pre>{}</pre></article>",
            Escaped(subject),
            Escaped(&message.to),
            message.at,
            Escaped(&message.text),
        );
    }
    html::page("sv", "Utkorgen", &main)
}
