//! What the server writes to people by e-mail and SMS, as far as others may ask (PROTOCOL §5).

use serde::{Deserialize, Serialize};

use crate::address::Address;

/// `GET /notices/sender`: whom our e-mails come from, so that a page can say which ones are real. Anybody may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NoticeSender {
    /// The From of every e-mail. Absent where none is sent: in a demo.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub address: Option<Address>,
}
