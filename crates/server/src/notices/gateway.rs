//! SMS, by any gateway that takes an HTTP request.

use std::time::Duration;

use reqwest::{Response, StatusCode, header};
use securemailbox_protocol::{phone::PhoneNumber, time::Timestamp};

use super::{
    configured::{SenderError, is_this_machine},
    failures::{Cause, NotSent},
};
use crate::config::Sms;

/// The longest pause that a gateway is believed. A code is over before that.
const LONGEST_WISH: Duration = Duration::from_secs(60 * 60);

/// A gateway, and the request that it takes.
pub(super) struct Gateway {
    client: reqwest::Client,
    url: String,
    template: Template,
    authorization: Option<String>,
    body: String,
}

/// How number and text are written into the body.
#[derive(Clone, Copy)]
enum Template {
    Json,
    Form,
}

impl Gateway {
    pub(super) fn configured(configuration: &Sms) -> Result<Self, SenderError> {
        let Sms::Http { url, content_type, authorization, body } = configuration;
        let is_url = reqwest::Url::parse(url).is_ok_and(|url| url.has_host());
        if !is_url || !url.starts_with("https://") && !is_this_machine(url, "http://") {
            return Err(SenderError::SmsUrl);
        }
        let template = match content_type.as_str() {
            "application/json" => Template::Json,
            "application/x-www-form-urlencoded" => Template::Form,
            _ => return Err(SenderError::SmsTemplate),
        };
        if !body.contains("{to}") || !body.contains("{text}") {
            return Err(SenderError::SmsTemplate);
        }
        let example = template.fill(body, "+46701740612", "123456");
        if matches!(template, Template::Json) && serde_json::from_str::<serde_json::Value>(&example).is_err() {
            return Err(SenderError::SmsJson);
        }
        if authorization.as_ref().is_some_and(|value| header::HeaderValue::from_str(value).is_err()) {
            return Err(SenderError::SmsAuthorization);
        }
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Ok(Self {
            client: client.build().map_err(SenderError::Gateway)?,
            url: url.clone(),
            template,
            authorization: authorization.clone(),
            body: body.clone(),
        })
    }

    /// Sends one SMS. Waits as long as the gateway lets it: the caller has the deadline.
    pub(super) async fn send(&self, to: &PhoneNumber, text: &str, now: Timestamp) -> Result<(), NotSent> {
        let body = self.template.fill(&self.body, to.as_str(), text);
        let mut request = self.client.post(&self.url).header("content-type", self.template.media_type()).body(body);
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let response = request.send().await.map_err(|error| NotSent::because(unreached(&error)))?;
        match cause(response.status()) {
            None => Ok(()),
            Some(cause) => Err(NotSent {
                cause,
                reply: Some(response.status().as_u16()),
                not_before: wished_pause(&response, now),
            }),
        }
    }
}

/// Why there was no answer. The error itself names the URL, which may hold a key.
fn unreached(error: &reqwest::Error) -> Cause {
    if super::failures::is_tls(error) { Cause::Tls } else { Cause::Unreached }
}

/// What a status says of a message, by its class (RFC 9110 §15); nothing if it was taken.
fn cause(status: StatusCode) -> Option<Cause> {
    match status.as_u16() {
        200..=299 => None,
        401 | 403 | 407 => Some(Cause::NoAccess),
        402 => Some(Cause::NoCredit),
        429 => Some(Cause::TooMany),
        408 | 425 | 500..=599 => Some(Cause::NotNow),
        // A redirection is followed nowhere, so that no code goes to a place that nobody configured.
        _ => Some(Cause::MessageRefused),
    }
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
fn wished_pause(response: &Response, now: Timestamp) -> Option<Duration> {
    let wish = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match wish.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            // The date of an e-mail is read by the same rules.
            let date = <lettre::message::header::Date as lettre::message::header::Header>::parse(wish).ok()?;
            let since_1970 = std::time::SystemTime::from(date).duration_since(std::time::UNIX_EPOCH).ok()?;
            since_1970.saturating_sub(Duration::from_millis(now.unix_millis()))
        }
    };
    Some(pause.min(LONGEST_WISH))
}

impl Template {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form => "application/x-www-form-urlencoded",
        }
    }

    /// One pass over the template, so that a `{to}` in the text stays text.
    fn fill(self, template: &str, to: &str, text: &str) -> String {
        let mut filled = String::with_capacity(template.len() + text.len());
        let mut rest = template;
        while let Some(at) = rest.find('{') {
            filled.push_str(&rest[..at]);
            rest = &rest[at..];
            let (value, length) = if rest.starts_with("{to}") {
                (to, 4)
            } else if rest.starts_with("{text}") {
                (text, 6)
            } else {
                filled.push('{');
                rest = &rest[1..];
                continue;
            };
            filled.push_str(&self.escape(value));
            rest = &rest[length..];
        }
        filled + rest
    }

    fn escape(self, value: &str) -> String {
        match self {
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Form => value
                .bytes()
                .map(|byte| match byte {
                    b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => char::from(byte).to_string(),
                    b' ' => "+".to_owned(),
                    other => format!("%{other:02X}"),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_that_could_not_work_is_refused_by_key() {
        let configured = |url: &str, body: &str, authorization: &str| {
            let (url, body, authorization) = (url.to_owned(), body.to_owned(), Some(authorization.to_owned()));
            let content_type = "application/json".to_owned();
            Gateway::configured(&Sms::Http { url, content_type, authorization, body })
                .map(|_| ())
                .map_err(|e| e.to_string())
        };
        let (url, body) = ("https://sms.example.se/send", r#"{"to": "{to}", "text": "{text}"}"#);
        configured(url, body, "Bearer x").unwrap();
        for (url, body, authorization, named) in [
            ("https://", body, "", "`sms.url`"),
            ("http://sms.example.se", body, "", "`sms.url`"),
            (url, r#"{"to": {to}, "text": "{text}"}"#, "", "`sms.body`"),
            (url, r#"{"to": "{to}", "text": "{text}""#, "", "`sms.body`"),
            (url, body, "Bearer\nx", "`sms.authorization`"),
        ] {
            assert!(configured(url, body, authorization).unwrap_err().contains(named), "{named}");
        }
    }

    #[test]
    fn a_text_cannot_break_out_of_the_template() {
        let json = Template::Json.fill(r#"{"to":"{to}","text":"{text}","o":{}}"#, "+46701740612", "a\"b {to}\n");
        assert_eq!(json, r#"{"to":"+46701740612","text":"a\"b {to}\n","o":{}}"#);
        let form = Template::Form.fill("to={to}&text={text}", "+46701740612", "kod & å");
        assert_eq!(form, "to=%2B46701740612&text=kod+%26+%C3%A5");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        use super::super::failures::Verdict;
        for status in 200..600 {
            let again = match cause(StatusCode::from_u16(status).unwrap()) {
                None => continue,
                Some(cause) => cause.verdict() == Verdict::Again,
            };
            assert_eq!(again, matches!(status, 408 | 425 | 429 | 500..), "{status}");
        }
    }

    #[test]
    fn a_wish_to_wait_is_seconds_or_a_date_and_no_longer_than_an_hour() {
        let now = Timestamp::from_unix_millis(784_111_777_000);
        for (wish, pause) in [
            ("120", Some(120)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("99999999", Some(3600)),
            ("soon", None),
            ("-1", None),
        ] {
            let answer = axum::http::Response::builder().status(429).header("retry-after", wish).body("").unwrap();
            assert_eq!(wished_pause(&answer.into(), now), pause.map(Duration::from_secs), "{wish}");
        }
    }
}
