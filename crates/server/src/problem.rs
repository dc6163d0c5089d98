//! The one place where an error becomes HTTP (RFC 9457).

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use securemailbox_protocol::problems::{ProblemDetails, ProblemType};
use securemailbox_store::StoreError;
use serde_json::Value;

use crate::request_id::RequestId;

/// An answer that says what went wrong and, by its type, what to do.
#[derive(Debug)]
pub struct Problem {
    kind: ProblemType,
    details: Box<ProblemDetails>,
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem with the status and title of its type, and no detail.
    #[must_use]
    pub fn new(kind: ProblemType) -> Self {
        Self { kind, details: Box::new(ProblemDetails::new(kind)), retry_after: None }
    }

    /// The request could not be read; `detail` says where. It must hold nothing from the request but names.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemType::BadRequest).detail(detail)
    }

    /// Our own fault. Logged here, once; answered without detail.
    #[must_use]
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = error.to_string(), cause = error.source().map(ToString::to_string), "a request failed");
        Self::new(ProblemType::Internal)
    }

    /// Says what is particular to this case.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.detail = Some(detail.into());
        self
    }

    /// Adds a member that this type defines, such as `offers`.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.details.members.insert(member.into(), value.into());
        self
    }

    /// The type.
    pub(crate) const fn kind(&self) -> ProblemType {
        self.kind
    }

    /// A member of the type, where there is one.
    #[cfg(test)]
    pub(crate) fn member(&self, member: &str) -> &Value {
        self.details.members.get(member).unwrap_or(&Value::Null)
    }

    /// The same under a type that says more.
    #[must_use]
    pub fn called(self, kind: ProblemType) -> Self {
        Self { retry_after: self.retry_after, ..Self::new(kind) }
    }

    /// When to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }
}

impl From<ProblemType> for Problem {
    fn from(kind: ProblemType) -> Self {
        Self::new(kind)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Busy => Self::new(ProblemType::Busy).retry_after(2),
            // Said in the log once, when it began; whoever waits may try again.
            StoreError::Full => Self::new(ProblemType::StorageFull).retry_after(60),
            // Said in the log once, when it began.
            StoreError::Unreachable => {
                Self::new(ProblemType::Busy).detail("the database can't be reached").retry_after(10)
            }
            StoreError::FilesAway => {
                Self::new(ProblemType::Busy).detail("where files are kept can't be reached").retry_after(10)
            }
            StoreError::Panicked | StoreError::Damaged(_) | StoreError::Database(_) | StoreError::File(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<crate::seal::Unsealed> for Problem {
    fn from(error: crate::seal::Unsealed) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        if let Some(id) = RequestId::current() {
            self = self.with("request", id.to_string());
        }
        let status = StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&*self.details)).into_response();
        // For whoever counts answers.
        response.extensions_mut().insert(self.kind);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}
