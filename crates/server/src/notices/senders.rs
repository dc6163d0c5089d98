//! Where notices go: a mail server, an SMS gateway, or the demo's outbox, behind one interface.

use securemailbox_protocol::time::Timestamp;
use securemailbox_store::notices::NoticeId;

use super::{DemoMessage, DemoOutbox, Recipient, failures::NotSent, gateway::Gateway, mail::MailServer};
use crate::config::{Configuration, Operator};

/// A notice in words, on its way.
pub struct Outgoing {
    /// Its id in the outbox.
    pub id: NoticeId,
    /// The address or the number that the notice goes to.
    pub to: Recipient,
    /// The subject of an e-mail; empty for an SMS.
    pub subject: String,
    /// The text as it goes out, whole.
    pub text: String,
    /// The code in it, for the demo.
    pub code: Option<String>,
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
    /// The name to greet with is none.
    #[error("`mail.hello` is not a host's name: expected something like mail.example.se")]
    MailHello,
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

/// The two ways that a notice can leave by, mail and SMS, and in whose name.
pub struct Senders {
    mail: Way<MailServer>,
    sms: Way<Gateway>,
    operator: Operator,
}

/// A real way out, or the demo's.
enum Way<T> {
    Real(T),
    Demo(DemoOutbox),
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
        let demo = || outbox.clone();
        let host = configuration.public_url.as_deref().and_then(named_host);
        let mail = match &configuration.mail {
            Some(mail) => Way::Real(MailServer::configured(mail, host.as_deref())?),
            None => Way::Demo(demo()),
        };
        let sms = match &configuration.sms {
            Some(sms) => Way::Real(Gateway::configured(sms)?),
            None => Way::Demo(demo()),
        };
        Ok(Self { mail, sms, operator: configuration.operator.clone() })
    }

    /// Who runs the service, for those who want to ask.
    #[must_use]
    pub const fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Sends one notice; returning without error means that the other side has taken it. Has no deadline of its own.
    ///
    /// # Errors
    /// [`NotSent`] says whether to try again.
    pub async fn send(&self, outgoing: &Outgoing, now: Timestamp) -> Result<(), NotSent> {
        match (&outgoing.to, &self.mail, &self.sms) {
            (Recipient::Email(address), Way::Real(server), _) => server.send(address, outgoing, now).await,
            (Recipient::Phone(phone), _, Way::Real(gateway)) => gateway.send(phone, &outgoing.text, now).await,
            (Recipient::Email(address), Way::Demo(outbox), _) => {
                outbox.put(DemoMessage::new("email", address.as_str(), outgoing, now));
                Ok(())
            }
            (Recipient::Phone(phone), _, Way::Demo(outbox)) => {
                outbox.put(DemoMessage::new("sms", phone.as_str(), outgoing, now));
                Ok(())
            }
        }
    }
}

/// The host of a URL in ASCII, if it is a name and no address.
pub(super) fn named_host(url: &str) -> Option<String> {
    reqwest::Url::parse(url).ok()?.domain().map(ToOwned::to_owned)
}

/// Whether a URL's host is a loopback name.
pub(super) fn is_this_machine(url: &str, scheme: &str) -> bool {
    let Some(rest) = url.strip_prefix(scheme) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = host.rsplit_once(':').filter(|_| !host.ends_with(']')).map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_this_machine() {
        assert!(!is_this_machine("http://localhost.example.se/", "http://"));
        assert!(!is_this_machine("http://localhost@example.se/", "http://"));
        assert!(is_this_machine("http://[::1]:80/sms", "http://"));
    }

    #[test]
    fn a_greeting_says_a_name_and_no_number() {
        assert_eq!(named_host("https://Mail.example.se:8443").as_deref(), Some("mail.example.se"));
        assert_eq!(named_host("https://brevlåda.example.se").as_deref(), Some("xn--brevlda-ixa.example.se"));
        for number in ["https://192.0.2.1", "https://[2001:db8::1]:443"] {
            assert_eq!(named_host(number), None, "{number}");
        }
    }
}
