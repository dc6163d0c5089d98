//! Where notices go: a mail server, an SMS gateway, or the demo's outbox, behind one interface.

use securemailbox_protocol::{address::Address, time::Timestamp};

use super::{
    DemoMessage, DemoOutbox, Outgoing, Recipient, SenderError, configured::named_host, failures::NotSent,
    gateway::Gateway, mail::MailServer,
};
use crate::config::{Configuration, Operator};

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

    /// Whom e-mails come from; nobody in a demo, which sends none.
    #[must_use]
    pub fn mail_from(&self) -> Option<Address> {
        match &self.mail {
            Way::Real(server) => Address::parse(server.from()).ok(),
            Way::Demo(_) => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Mail;

    #[test]
    fn whom_e_mails_come_from_is_the_address_without_the_name() {
        let mail = Mail {
            url: "smtps://mail.example.se".into(),
            from: "Example Clinic <No-Reply@mail.example.se>".into(),
            hello: None,
        };
        let configuration = Configuration { mail: Some(mail), ..Configuration::default() };
        let from = Senders::configured(&configuration).unwrap().mail_from();
        assert_eq!(from, Some(Address::parse("no-reply@mail.example.se").unwrap()));
        assert_eq!(Senders::configured(&Configuration::default()).unwrap().mail_from(), None, "a demo sends none");
    }
}
