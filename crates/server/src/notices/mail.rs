//! E-mail, by one mail server. The conversation is held here, step by step: which step a refusal follows says whether it is
//! about the message or about us.

use std::time::Duration;

use lettre::{
    Message,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use reqwest::Url;
use securemailbox_protocol::{address::Address, time::Timestamp};
use sha2::{Digest as _, Sha256};

use super::{
    Outgoing,
    configured::{SenderError, is_this_machine, named_host},
    failures::{Cause, NotSent, is_tls},
};
use crate::config;

/// How long a mail server may take to say goodbye. Nobody waits for it.
const FAREWELL: Duration = Duration::from_secs(5);

/// A mail server, and as whom we speak to it.
pub(super) struct MailServer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
    from: Mailbox,
}

/// How the connection is kept from being read.
enum Security {
    /// TLS from the start.
    Tls(TlsParameters),
    /// STARTTLS or nothing: a mail server that stops offering it must not get codes in clear.
    StartTls(TlsParameters),
    /// Nothing, to this machine only.
    None,
}

/// Up to where a conversation came.
#[derive(Clone, Copy)]
enum Step {
    /// Greeting, TLS, password, From: nothing of the message was said yet.
    Us,
    /// The address that it goes to.
    Recipient,
    /// The text.
    Text,
}

impl MailServer {
    pub(super) fn configured(mail: &config::Mail, public_host: Option<&str>) -> Result<Self, SenderError> {
        let url = Url::parse(&mail.url).map_err(|_| SenderError::MailUrl)?;
        let host = url.host_str().ok_or(SenderError::MailUrl)?.trim_matches(['[', ']']).to_owned();
        let parameters = || TlsParameters::new(host.clone()).map_err(|_| SenderError::MailUrl);
        let (security, port) = match (url.scheme(), url.query()) {
            ("smtps", None) => (Security::Tls(parameters()?), 465),
            ("smtp", None) if is_this_machine(&mail.url, "smtp://") => (Security::None, 25),
            ("smtp", None | Some("tls=required")) => (Security::StartTls(parameters()?), 587),
            _ => return Err(SenderError::MailUrl),
        };
        // A password that is not percent-encoded ends where its first / or # stands.
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(SenderError::MailUrl);
        }
        let credentials = match url.password() {
            Some(password) => {
                let [name, password] =
                    [url.username(), password].map(|part| percent_decoded(part).ok_or(SenderError::MailUrl));
                Some(Credentials::new(name?, password?))
            }
            None => None,
        };
        let from: Mailbox = mail.from.parse().map_err(|_| SenderError::MailFrom)?;
        let hello = match &mail.hello {
            Some(name) => {
                let read = named_host(&format!("https://{name}"));
                read.filter(|read| read.eq_ignore_ascii_case(name)).ok_or(SenderError::MailHello)?
            }
            None => public_host.unwrap_or_else(|| from.email.domain()).to_owned(),
        };
        Ok(Self { port: url.port().unwrap_or(port), host, security, credentials, hello: ClientId::Domain(hello), from })
    }

    /// The address in the From of every e-mail.
    pub(super) fn from(&self) -> &str {
        self.from.email.as_ref()
    }

    /// Sends one e-mail. Waits as long as the mail server lets it: the caller has the deadline. Returns as soon as the
    /// message is taken, so that a server that hangs later does not get it twice.
    pub(super) async fn send(&self, to: &Address, outgoing: &Outgoing, now: Timestamp) -> Result<(), NotSent> {
        let message = self.message(to, outgoing, now).ok_or(NotSent::because(Cause::Unwritable))?;
        let mut connection = self.connect().await?;
        let outcome = hand_over(&mut connection, &message).await;
        tokio::spawn(async move {
            // Whatever it says now, what counts was said before.
            let _ = tokio::time::timeout(FAREWELL, connection.quit()).await;
        });
        outcome
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, NotSent> {
        let us = |error: smtp::Error| failed(Step::Us, &error);
        let server = (self.host.as_str(), self.port);
        let tls = match &self.security {
            Security::Tls(parameters) => Some(parameters.clone()),
            Security::StartTls(_) | Security::None => None,
        };
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, None, &self.hello, tls, None).await.map_err(us)?;
        if let Security::StartTls(parameters) = &self.security {
            if !connection.can_starttls() {
                return Err(NotSent::because(Cause::NoStartTls));
            }
            connection.starttls(parameters.clone(), &self.hello).await.map_err(us)?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await.map_err(us)?;
        }
        Ok(connection)
    }

    fn message(&self, to: &Address, outgoing: &Outgoing, now: Timestamp) -> Option<Message> {
        // So that no out-of-office answer comes (RFC 3834 §5).
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        Message::builder()
            .from(self.from.clone())
            .to(to.as_str().parse().ok()?)
            .date(std::time::UNIX_EPOCH + Duration::from_millis(now.unix_millis()))
            .message_id(Some(self.message_id(outgoing)))
            .subject(&outgoing.subject)
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            .singlepart(SinglePart::plain(outgoing.text.clone()))
            .ok()
    }

    /// The same at each try, so that a mail server that took an earlier one may notice. Hashed, because the id of a notice is
    /// made of those of letter and reader, which are nobody else's business.
    fn message_id(&self, outgoing: &Outgoing) -> String {
        let hash = Sha256::new().chain_update(b"message-id").chain_update(outgoing.id.as_bytes()).finalize();
        format!("<{}@{}>", base16ct::lower::encode_string(&hash[..16]), self.from.email.domain())
    }
}

/// Hands a message over to a server that has greeted us.
async fn hand_over(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), NotSent> {
    let envelope = message.envelope();
    let mut addresses = envelope.from().into_iter().chain(envelope.to());
    let is_ascii = addresses.all(|address| AsRef::<str>::as_ref(address).is_ascii());
    let parameters = if is_ascii {
        vec![]
    } else if connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        // Such a server takes eight bits too (RFC 6531 §3.1), and the address stands in a header.
        vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]
    } else {
        return Err(NotSent::because(Cause::NoSmtpUtf8));
    };
    let say = |step| move |error: smtp::Error| failed(step, &error);
    connection.command(Mail::new(envelope.from().cloned(), parameters)).await.map_err(say(Step::Us))?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), vec![])).await.map_err(say(Step::Recipient))?;
    }
    connection.command(Data).await.map_err(say(Step::Text))?;
    connection.message(&message.formatted()).await.map_err(say(Step::Text))?;
    Ok(())
}

/// By reply code (RFC 5321 §4.2.1), and by the step that it answers.
fn failed(step: Step, error: &smtp::Error) -> NotSent {
    let reply = error.status().map(u16::from);
    let cause = match (reply, step) {
        (None, _) if is_tls(error) => Cause::Tls,
        (None, _) if error.is_response() => Cause::Garbled,
        // There is no way to say our password that both sides know.
        (None, _) if error.is_client() => Cause::WeAreRefused,
        (None, _) => Cause::Unreached,
        (Some(..500), _) => Cause::NotNow,
        (Some(_), Step::Us) => Cause::WeAreRefused,
        (Some(_), Step::Recipient) => Cause::RecipientRefused,
        (Some(_), Step::Text) => Cause::MessageRefused,
    };
    NotSent { cause, reply, not_before: None }
}

/// Name and password as they were before they were written into a URL (RFC 3986 §2.1).
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(url: &str) -> Result<MailServer, SenderError> {
        let mail = config::Mail { url: url.into(), from: "SecureMailbox <noreply@example.se>".into(), hello: None };
        MailServer::configured(&mail, Some("mail.example.se"))
    }

    #[test]
    fn codes_leave_this_machine_by_tls_only() {
        assert!(matches!(server("smtp://localhost:2525").unwrap().security, Security::None));
        assert!(matches!(server("smtps://user:pass@mail.example.se:465").unwrap().security, Security::Tls(_)));
        assert!(matches!(server("smtp://user:pass@mail.example.se:587").unwrap().security, Security::StartTls(_)));
        for url in
            ["smtp://mail.example.se?tls=opportunistic", "http://mail.example.se", "smtps://mail.example.se/name", ""]
        {
            assert!(matches!(server(url), Err(SenderError::MailUrl)), "{url}");
        }
    }

    #[test]
    fn the_mail_server_is_greeted_with_a_name_and_nothing_else() {
        let greeting = |hello: &str| {
            let (url, from) = ("smtps://mail.example.se".into(), "noreply@example.se".into());
            MailServer::configured(&config::Mail { url, from, hello: Some(hello.into()) }, None).map(|made| made.hello)
        };
        assert_eq!(greeting("relay.example.se").unwrap().to_string(), "relay.example.se");
        for none in ["", "192.0.2.1", "a b", "relay.example.se\r\nMAIL FROM:<a@b.se>", "relay.example.se/x", "relay:25"]
        {
            assert!(matches!(greeting(none), Err(SenderError::MailHello)), "{none:?}");
        }
    }

    #[test]
    fn a_password_with_signs_of_its_own_is_read_as_it_was() {
        assert_eq!(percent_decoded("a%40b%2F%C3%A5").as_deref(), Some("a@b/å"));
        for torn in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(percent_decoded(torn), None, "{torn}");
        }
    }

    #[test]
    fn an_e_mail_is_whole_mime_and_says_that_no_person_wrote_it() {
        let outgoing = Outgoing {
            id: securemailbox_store::notices::NoticeId::from_bytes([7; 16]),
            to: super::super::Recipient::Email("björn@example.se".parse().unwrap()),
            subject: "Du har fått ett brev".into(),
            text: "Logga in på sidan.\n".into(),
            code: None,
        };
        let sender = server("smtps://mail.example.se").unwrap();
        assert_eq!(sender.hello.to_string(), "mail.example.se");
        let to = "björn@example.se".parse().unwrap();
        let written = |now| sender.message(&to, &outgoing, Timestamp::from_unix_millis(now)).unwrap().formatted();
        let first = String::from_utf8(written(0)).unwrap();
        for header in [
            "MIME-Version: 1.0\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n",
        ] {
            assert_eq!(first.matches(header).count(), 1, "{header} in {first}");
        }
        let id =
            |message: &str| message.lines().find(|line| line.starts_with("Message-ID: <")).expect("an id").to_owned();
        assert!(id(&first).ends_with("@example.se>"), "{first}");
        assert_eq!(id(&first), id(&String::from_utf8(written(60_000)).unwrap()), "at each try");
    }
}
