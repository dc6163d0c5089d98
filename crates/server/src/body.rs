//! Bodies: limited before they are read, parsed once into types. Everything here comes from a stranger.

use std::{error::Error, time::Duration};

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, Limited};
use securemailbox_protocol::{limits, problems::ProblemType};
use serde::{Serialize, de::DeserializeOwned};

use crate::{budgets::Tab, flow::TooSlow, problem::Problem};

/// How long a body may take to arrive. A phone on a poor line sends 64 KiB in far less.
const PATIENCE: Duration = Duration::from_secs(30);

/// A JSON body of at most `LIMIT` bytes, or a JSON answer.
pub struct Json<T, const LIMIT: usize = { limits::JSON_BODY }>(pub T);

impl<S: Sync, T: DeserializeOwned, const LIMIT: usize> FromRequest<S> for Json<T, LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        expect_type(request.headers(), "application/json")?;
        let bytes = read(request, LIMIT, PATIENCE).await?;
        parse(&bytes).map(Self)
    }
}

impl<T: Serialize, const LIMIT: usize> IntoResponse for Json<T, LIMIT> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Raw bytes of at most `LIMIT`.
pub struct Raw<const LIMIT: usize>(pub Vec<u8>);

impl<S: Sync, const LIMIT: usize> FromRequest<S> for Raw<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        expect_type(request.headers(), "application/octet-stream")?;
        read(request, LIMIT, PATIENCE).await.map(Self)
    }
}

/// Parses JSON that was read already. The message names places, never what stood there.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Syntax | serde_json::error::Category::Eof => "not JSON",
            serde_json::error::Category::Data => "a member is missing, unknown or of the wrong form",
            serde_json::error::Category::Io => "unreadable",
        };
        Problem::bad_request(format!("{what}, at line {} column {}", error.line(), error.column()))
    })
}

/// Reads a whole body, and not one byte more than `limit`.
pub(crate) async fn read(request: Request, limit: usize, patience: Duration) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(ProblemType::TooLarge).with("limit", limit as u64);
    if announces_more_than(limit, request.headers()) {
        return Err(too_large());
    }
    let tab = request.extensions().get::<Tab>().cloned();
    let mut body = Limited::new(request.into_body(), limit);
    let whole = async {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if error.is::<http_body_util::LengthLimitError>() {
                    too_large()
                } else if is_too_slow(&*error) {
                    ProblemType::RequestTimeout.into()
                } else {
                    Problem::bad_request("the body ended too early")
                }
            })?;
            let Ok(data) = frame.into_data() else { continue };
            if let Some(tab) = &tab {
                tab.arrived(data.len()).await?;
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    };
    tokio::time::timeout(patience, whole).await.map_err(|_| ProblemType::RequestTimeout)?
}

/// Whether a body was given up because nothing of it came.
pub(crate) fn is_too_slow(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<TooSlow>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether `Content-Length` says already that a body is too large, so that none of it is read.
pub(crate) fn announces_more_than(limit: usize, headers: &HeaderMap) -> bool {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    announced.is_some_and(|length| length > limit as u64)
}

pub(crate) fn expect_type(headers: &HeaderMap, expected: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(expected) {
        Ok(())
    } else {
        Err(Problem::new(ProblemType::UnsupportedMediaType).detail(format!("expected {expected}")))
    }
}
