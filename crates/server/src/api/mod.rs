//! The API, `/api/v1` (PROTOCOL §9): one file an operation's noun. `routes!` registers a route and its description
//! together, so that the OpenAPI document can't miss one; a test holds both to the list that the client asks by.

mod account;
pub(crate) mod blobs;
mod changes;
mod claims;
mod directory;
mod events;
mod factors;
pub(crate) mod invitations;
pub(crate) mod letters;
mod notices;
mod passkeys;
mod proofs;
mod public_pages;
pub(crate) mod records;
mod recoveries;
mod registrations;
mod removals;
mod renewals;
mod security;
mod sessions;
mod sign_ins;
mod slots;
mod trash;
pub(crate) mod waits;

use axum::{
    Json, Router,
    extract::{FromRequestParts, Path, rejection::PathRejection},
    http::request::Parts,
};
use securemailbox_protocol::{endpoints::ROOT, problems::ProblemType};
use serde::de::DeserializeOwned;
use utoipa::{
    OpenApi,
    openapi::{InfoBuilder, OpenApi as Document},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{mailroom::Mailroom, problem::Problem};

#[derive(OpenApi)]
#[openapi(components(schemas(securemailbox_protocol::problems::ProblemDetails)))]
struct Described;

/// The API's routes and its document.
pub(crate) fn router() -> (Router<Mailroom>, Document) {
    let api = OpenApiRouter::new()
        .routes(routes!(registrations::begin))
        .routes(routes!(registrations::phone))
        .routes(routes!(registrations::phone_by_guest))
        .routes(routes!(proofs::of_registration))
        .routes(routes!(proofs::enter_of_registration))
        .routes(routes!(registrations::password))
        .routes(routes!(registrations::begin_passkey))
        .routes(routes!(registrations::passkey_made))
        .routes(routes!(registrations::complete))
        .routes(routes!(claims::claim))
        .routes(routes!(sign_ins::begin))
        .routes(routes!(sign_ins::finish))
        .routes(routes!(proofs::of_sign_in))
        .routes(routes!(proofs::enter_of_sign_in))
        .routes(routes!(invitations::begin))
        .routes(routes!(invitations::report_wrong_number))
        .routes(routes!(proofs::enter_link))
        .routes(routes!(invitations::list))
        .routes(routes!(invitations::decline))
        .routes(routes!(invitations::update))
        .routes(routes!(invitations::remind))
        .routes(routes!(invitations::allow_tries))
        .routes(routes!(invitations::withdraw))
        .routes(routes!(passkeys::begin_sign_in))
        .routes(routes!(passkeys::enter))
        .routes(routes!(recoveries::begin))
        .routes(routes!(proofs::of_recovery))
        .routes(routes!(proofs::enter_of_recovery))
        .routes(routes!(recoveries::password))
        .routes(routes!(recoveries::complete))
        .routes(routes!(removals::begin))
        .routes(routes!(removals::complete))
        .routes(routes!(removals::of_own))
        .routes(routes!(waits::find))
        .routes(routes!(waits::stop_by_link))
        .routes(routes!(waits::stop))
        .routes(routes!(account::read, account::update))
        .routes(routes!(security::list))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(sessions::unlock))
        .routes(routes!(proofs::offers_to_session, proofs::of_session))
        .routes(routes!(proofs::enter_of_session))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::end_others))
        .routes(routes!(factors::list))
        .routes(routes!(factors::remove))
        .routes(routes!(factors::begin_authenticator))
        .routes(routes!(factors::name_phone))
        .routes(routes!(factors::make_one_time_codes))
        .routes(routes!(factors::choose_new))
        .routes(routes!(factors::confirm_new))
        .routes(routes!(slots::put_device, slots::read_device, slots::drop_device))
        .routes(routes!(slots::put_recovery))
        .routes(routes!(slots::begin_password))
        .routes(routes!(slots::put_password, slots::remove_password))
        .routes(routes!(passkeys::list, passkeys::begin))
        .routes(routes!(passkeys::made))
        .routes(routes!(passkeys::used))
        .routes(routes!(records::read, records::write, records::erase))
        .routes(routes!(renewals::stage))
        .routes(routes!(renewals::renew))
        .routes(routes!(renewals::rewrap))
        .routes(routes!(notices::sender))
        .routes(routes!(public_pages::own, public_pages::open, public_pages::close))
        .routes(routes!(public_pages::show))
        .routes(routes!(public_pages::prove))
        .routes(routes!(public_pages::write))
        .routes(routes!(directory::look_up))
        .routes(routes!(directory::check_number))
        .routes(routes!(directory::certificate))
        .routes(routes!(letters::post::post, letters::list::list))
        .routes(routes!(letters::read::read, letters::update::update))
        .routes(routes!(letters::withdraw::withdraw))
        .routes(routes!(letters::hold::release))
        .routes(routes!(letters::hold::take_back))
        .routes(routes!(letters::read::content))
        .routes(routes!(letters::receipts::put))
        .routes(routes!(letters::receipts::deliveries))
        .routes(routes!(letters::receipts::saved))
        .routes(routes!(trash::empty))
        .merge(blobs::router())
        .routes(routes!(changes::changes))
        .routes(routes!(changes::letter_ids))
        .routes(routes!(changes::draft_ids))
        .routes(routes!(events::events));
    let info = InfoBuilder::new()
        .title("SecureMailbox")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Protocol securemailbox/1. Everything that is a letter is ciphertext here; docs/protocol.md says how it is made."))
        .build();
    let described = OpenApiRouter::with_openapi(Described::openapi()).nest(ROOT, api);
    let (router, mut document) = described.split_for_parts();
    document.info = info;
    let served = document.clone();
    #[expect(clippy::disallowed_methods, reason = "the document does not describe itself")]
    let router = router.route(
        &format!("{ROOT}/openapi.json"),
        axum::routing::get(move || {
            let served = served.clone();
            async move { Json(served) }
        }),
    );
    (router, document)
}

/// The id in a path. One that is malformed is a bad request, not a missing thing.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        path.map(|Path(id)| Self(id)).map_err(|_| Problem::bad_request("the id in the path is not one"))
    }
}

/// The query of a list. Unknown members are refused by the types.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|query| Self(query.0))
            .map_err(|_| Problem::bad_request("the query has a member that is missing, unknown or of the wrong form"))
    }
}

/// Refuses bytes over a limit of the protocol, by the member's name.
fn within(name: &str, bytes: &[u8], limit: usize) -> Result<(), Problem> {
    if bytes.len() <= limit {
        Ok(())
    } else {
        Err(Problem::new(ProblemType::TooLarge).detail(format!("`{name}` is too large")).with("limit", limit as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use securemailbox_protocol::endpoints;

    use super::*;

    /// `routes!` makes a route of what it describes, so what holds for the document holds for the router.
    #[test]
    fn what_is_routed_and_described_is_what_the_client_may_ask() {
        let document = serde_json::to_value(router().1).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let described: BTreeSet<_> = paths
            .iter()
            .flat_map(|(path, operations)| {
                let methods = operations.as_object().unwrap().keys();
                methods.map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        let listed: BTreeSet<_> =
            endpoints::ALL.iter().map(|(method, path)| format!("{} {ROOT}{path}", method.as_str())).collect();
        assert_eq!(described, listed);
    }
}
