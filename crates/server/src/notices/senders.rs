//! Where notices go: a mail server, an SMS gateway, or the demo's outbox, behind one interface.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
};
use securemailbox_protocol::{address::Address, phone::PhoneNumber, time::Timestamp};
use serde::Serialize;

use crate::{
    config::{Configuration, Sms},
    notices::Recipient,
};

/// How long a mail server or gateway may take for one message.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most messages that the demo's outbox remembers.
const DEMO_OUTBOX: usize = 1000;

/// A notice in words, on its way.
pub struct Outgoing {
    /// The address or the number that the notice goes to.
    pub to: Recipient,
    /// The subject of an e-mail; empty for an SMS.
    pub subject: String,
    /// The text as it goes out, whole.
    pub text: String,
    /// The code in it, for the demo.
    pub code: Option<String>,
}

/// It was not taken; it will be tried again. Says nothing of whom it was for.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    /// The mail server was not reached, or did not take it.
    #[error("the mail server did not take a notice")]
    Mail(#[source] lettre::transport::smtp::Error),
    /// The gateway was not reached.
    #[error("the SMS gateway was not reached")]
    GatewayUnreached(#[source] reqwest::Error),
    /// The gateway answered with another status than 2xx.
    #[error("the SMS gateway answered {0}")]
    GatewayRefused(u16),
    /// The address can't be written in a header.
    #[error("a notice could not be written")]
    Unwritable,
}

/// The configuration of a sender can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The mail URL is not one, or would carry codes in clear beyond this machine.
    #[error(
        "`mail.url` can't be used: expected smtps://user:password@host:465 (TLS) or smtp://user:password@host:587 (STARTTLS); \
         plain SMTP only to this machine, as smtp://localhost:25"
    )]
    MailUrl,
    /// The From is not an address.
    #[error("`mail.from` is not an address: expected something like SecureMailbox <noreply@example.se>")]
    MailFrom,
    /// The HTTP client can't be made.
    #[error("the SMS gateway's client could not be made")]
    Gateway(#[source] reqwest::Error),
    /// The gateway's URL would carry codes in clear.
    #[error("`sms.url` must begin with https://, or http:// to this machine")]
    SmsUrl,
    /// The template is of an unknown kind.
    #[error(
        "`sms.content_type` must be application/json or application/x-www-form-urlencoded, and `sms.body` hold {{to}} and {{text}}"
    )]
    SmsTemplate,
}

/// The two ways that a notice can leave by, mail and SMS.
pub struct Senders {
    mail: MailSender,
    sms: SmsSender,
}

enum MailSender {
    Smtp(Box<Smtp>),
    Demo(DemoOutbox),
}

struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

enum SmsSender {
    Http { client: reqwest::Client, url: String, content_type: Template, authorization: Option<String>, body: String },
    Demo(DemoOutbox),
}

#[derive(Clone, Copy)]
enum Template {
    Json,
    Form,
}

impl Senders {
    /// As configured. [`Configuration::check`] has seen that both are.
    ///
    /// # Errors
    /// See [`SenderError`].
    pub fn configured(configuration: &Configuration) -> Result<Self, SenderError> {
        Self::demo_unless_configured(configuration, &DemoOutbox::default())
    }

    /// As configured; what is not goes into the demo's outbox.
    ///
    /// # Errors
    /// See [`SenderError`].
    pub fn demo_unless_configured(configuration: &Configuration, outbox: &DemoOutbox) -> Result<Self, SenderError> {
        let mail = match &configuration.mail {
            Some(mail) => {
                let from = mail.from.parse().map_err(|_| SenderError::MailFrom)?;
                MailSender::Smtp(Box::new(Smtp { transport: smtp(&mail.url)?, from }))
            }
            None => MailSender::Demo(outbox.clone()),
        };
        let sms = match &configuration.sms {
            Some(Sms::Http { url, content_type, authorization, body }) => {
                SmsSender::http(url, content_type, authorization.as_deref(), body)?
            }
            None => SmsSender::Demo(outbox.clone()),
        };
        Ok(Self { mail, sms })
    }

    /// Sends one notice; returning without error means that the other side has taken it.
    ///
    /// # Errors
    /// [`NotSent`]: try again later.
    pub async fn send(&self, outgoing: &Outgoing, now: Timestamp) -> Result<(), NotSent> {
        match &outgoing.to {
            Recipient::Email(address) => self.mail.send(address, outgoing, now).await,
            Recipient::Phone(phone) => self.sms.send(phone, outgoing, now).await,
        }
    }
}

impl MailSender {
    async fn send(&self, to: &Address, outgoing: &Outgoing, now: Timestamp) -> Result<(), NotSent> {
        match self {
            Self::Smtp(smtp) => {
                let message = Message::builder()
                    .from(smtp.from.clone())
                    .to(to.as_str().parse().map_err(|_| NotSent::Unwritable)?)
                    .date(std::time::UNIX_EPOCH + Duration::from_millis(now.unix_millis()))
                    .subject(&outgoing.subject)
                    .header(ContentType::TEXT_PLAIN)
                    .body(outgoing.text.clone())
                    .map_err(|_| NotSent::Unwritable)?;
                smtp.transport.send(message).await.map(|_| ()).map_err(NotSent::Mail)
            }
            Self::Demo(outbox) => {
                outbox.put(DemoMessage::new("email", to.as_str(), outgoing, now));
                Ok(())
            }
        }
    }
}

impl SmsSender {
    fn http(url: &str, content_type: &str, authorization: Option<&str>, body: &str) -> Result<Self, SenderError> {
        if !url.starts_with("https://") && !is_this_machine(url, "http://") {
            return Err(SenderError::SmsUrl);
        }
        let template = match content_type {
            "application/json" => Template::Json,
            "application/x-www-form-urlencoded" => Template::Form,
            _ => return Err(SenderError::SmsTemplate),
        };
        if !body.contains("{to}") || !body.contains("{text}") {
            return Err(SenderError::SmsTemplate);
        }
        let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        Ok(Self::Http {
            client: client.build().map_err(SenderError::Gateway)?,
            url: url.to_owned(),
            content_type: template,
            authorization: authorization.map(ToOwned::to_owned),
            body: body.to_owned(),
        })
    }

    async fn send(&self, to: &PhoneNumber, outgoing: &Outgoing, now: Timestamp) -> Result<(), NotSent> {
        match self {
            Self::Http { client, url, content_type, authorization, body } => {
                let body = content_type.fill(body, to.as_str(), &outgoing.text);
                let mut request = client.post(url).header("content-type", content_type.media_type()).body(body);
                if let Some(authorization) = authorization {
                    request = request.header("authorization", authorization);
                }
                // The error would name the URL, which may hold a key.
                let response = request.send().await.map_err(|error| NotSent::GatewayUnreached(error.without_url()))?;
                if response.status().is_success() {
                    Ok(())
                } else {
                    Err(NotSent::GatewayRefused(response.status().as_u16()))
                }
            }
            Self::Demo(outbox) => {
                outbox.put(DemoMessage::new("sms", to.as_str(), outgoing, now));
                Ok(())
            }
        }
    }
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

fn smtp(url: &str) -> Result<AsyncSmtpTransport<Tokio1Executor>, SenderError> {
    let builder = if url.starts_with("smtps://") || is_this_machine(url, "smtp://") {
        AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
    } else if url.starts_with("smtp://") && !url.contains('?') {
        // STARTTLS or nothing: a mail server that stops offering it must not get codes in clear.
        AsyncSmtpTransport::<Tokio1Executor>::from_url(&format!("{url}?tls=required"))
    } else {
        return Err(SenderError::MailUrl);
    };
    Ok(builder.map_err(|_| SenderError::MailUrl)?.timeout(Some(PATIENCE)).build())
}

/// Whether a URL's host is a loopback name.
fn is_this_machine(url: &str, scheme: &str) -> bool {
    let Some(rest) = url.strip_prefix(scheme) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = host.rsplit_once(':').filter(|_| !host.ends_with(']')).map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// The demo's outbox: everything that would have been sent. Memory only.
#[derive(Clone, Default)]
pub struct DemoOutbox(Arc<Mutex<VecDeque<DemoMessage>>>);

/// One message in the demo's outbox.
#[derive(Clone, Serialize)]
pub struct DemoMessage {
    /// The word `email` or `sms`.
    pub channel: &'static str,
    /// The address or the number that it would have gone to.
    pub to: String,
    /// The subject of an e-mail; an SMS has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The text as it would have gone out, whole.
    pub text: String,
    /// The code in the text, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The link in the text, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// When it would have gone out.
    pub at: Timestamp,
}

impl DemoMessage {
    fn new(channel: &'static str, to: &str, outgoing: &Outgoing, at: Timestamp) -> Self {
        let link = outgoing.text.split_whitespace().find(|word| word.starts_with("http")).map(ToOwned::to_owned);
        let subject = Some(outgoing.subject.clone()).filter(|subject| !subject.is_empty());
        Self { channel, to: to.to_owned(), subject, text: outgoing.text.clone(), code: outgoing.code.clone(), link, at }
    }
}

impl DemoOutbox {
    fn put(&self, message: DemoMessage) {
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() == DEMO_OUTBOX {
            messages.pop_front();
        }
        messages.push_back(message);
    }

    /// All messages, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<DemoMessage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_break_out_of_the_template() {
        let json = Template::Json.fill(r#"{"to":"{to}","text":"{text}","o":{}}"#, "+46701740612", "a\"b {to}\n");
        assert_eq!(json, r#"{"to":"+46701740612","text":"a\"b {to}\n","o":{}}"#);
        let form = Template::Form.fill("to={to}&text={text}", "+46701740612", "kod & å");
        assert_eq!(form, "to=%2B46701740612&text=kod+%26+%C3%A5");
    }

    #[test]
    fn codes_leave_this_machine_by_tls_only() {
        assert!(smtp("smtp://localhost:2525").is_ok());
        assert!(smtp("smtps://user:pass@mail.example.se:465").is_ok());
        assert!(smtp("smtp://user:pass@mail.example.se:587").is_ok());
        for url in ["smtp://mail.example.se?tls=opportunistic", "http://mail.example.se", ""] {
            assert!(matches!(smtp(url), Err(SenderError::MailUrl)), "{url}");
        }
        assert!(!is_this_machine("http://localhost.example.se/", "http://"));
        assert!(!is_this_machine("http://localhost@example.se/", "http://"));
        assert!(is_this_machine("http://[::1]:80/sms", "http://"));
    }
}
