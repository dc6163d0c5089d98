//! Why a notice was not taken, and what follows from it.

use std::{error::Error, fmt, time::Duration};

/// A notice was not taken. Holds nothing of whom it was for, so that it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSent {
    /// The class of the failure.
    pub cause: Cause,
    /// The code of the reply: SMTP's, or HTTP's.
    pub reply: Option<u16>,
    /// The pause that the other side asked for.
    pub not_before: Option<Duration>,
}

impl NotSent {
    /// Without a reply.
    pub(super) const fn because(cause: Cause) -> Self {
        Self { cause, reply: None, not_before: None }
    }
}

/// The classes of failures. A closed list: each is a label of the metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No connection, or it broke.
    Unreached,
    /// It was not over before its deadline.
    Unanswered,
    /// TLS failed: a certificate that nobody here trusts, or none.
    Tls,
    /// The mail server does not offer STARTTLS.
    NoStartTls,
    /// The mail server takes nothing from us: our greeting, name and password, or the From.
    WeAreRefused,
    /// The gateway does not know our account, or takes nothing from it.
    NoAccess,
    /// The gateway wants to be paid.
    NoCredit,
    /// The other side asks for another time: greylisting, an overload, a fault of its own.
    NotNow,
    /// The gateway was asked too often.
    TooMany,
    /// The address does not take mail.
    RecipientRefused,
    /// The message was refused.
    MessageRefused,
    /// The address is not ASCII, and the mail server can't do that (SMTPUTF8, RFC 6531).
    NoSmtpUtf8,
    /// The answer was none that its protocol knows.
    Garbled,
    /// The address can't be written in a header.
    Unwritable,
}

/// What becomes of a notice that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again while it is of use.
    Again,
    /// It is not tried again: the next try would be answered as this one.
    Over,
}

impl Cause {
    /// Every class.
    pub const ALL: [Self; 14] = [
        Self::Unreached,
        Self::Unanswered,
        Self::Tls,
        Self::NoStartTls,
        Self::WeAreRefused,
        Self::NoAccess,
        Self::NoCredit,
        Self::NotNow,
        Self::TooMany,
        Self::RecipientRefused,
        Self::MessageRefused,
        Self::NoSmtpUtf8,
        Self::Garbled,
        Self::Unwritable,
    ];

    /// As logs and metrics name it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unreached => "unreached",
            Self::Unanswered => "unanswered",
            Self::Tls => "tls",
            Self::NoStartTls => "no-starttls",
            Self::WeAreRefused => "we-are-refused",
            Self::NoAccess => "no-access",
            Self::NoCredit => "no-credit",
            Self::NotNow => "not-now",
            Self::TooMany => "too-many",
            Self::RecipientRefused => "recipient-refused",
            Self::MessageRefused => "message-refused",
            Self::NoSmtpUtf8 => "no-smtputf8",
            Self::Garbled => "garbled",
            Self::Unwritable => "unwritable",
        }
    }

    /// For the operator: what happened, and what to look at.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unreached => "it can't be reached: look at host and port, and at the firewall in between",
            Self::Unanswered => "it did not answer in time: look at host and port",
            Self::Tls => {
                "TLS failed: its certificate is not for this host, or of an authority that this machine does not trust"
            }
            Self::NoStartTls => "it does not offer STARTTLS: use smtps://, or a port where it does, such as 587",
            Self::WeAreRefused => "it takes nothing from us: look at user, password, `mail.hello` and `mail.from`",
            Self::NoAccess => "it does not know us: look at `sms.authorization`",
            Self::NoCredit => "it wants to be paid",
            Self::NotNow => "it asks for another time, as greylisting does: try again in some minutes",
            Self::TooMany => "it was asked too often: try again later",
            Self::RecipientRefused => "it takes nothing for this address",
            Self::MessageRefused => "it refuses the message: look at `sms.body` and `sms.content_type`, or `mail.from`",
            Self::NoSmtpUtf8 => "it can't write to an address that is not ASCII (SMTPUTF8)",
            Self::Garbled => "its answer is none of this protocol: look at the port",
            Self::Unwritable => "the address can't be written in a header",
        }
    }

    /// Whether it may pass. What a mail server has against us passes once the operator has mended it, and a notice of a
    /// letter can wait for that; a gateway is sent codes only, whose reader asks for another one sooner.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Self::Unreached
            | Self::Unanswered
            | Self::Tls
            | Self::NoStartTls
            | Self::WeAreRefused
            | Self::NotNow
            | Self::TooMany
            | Self::Garbled => Verdict::Again,
            Self::NoAccess
            | Self::NoCredit
            | Self::RecipientRefused
            | Self::MessageRefused
            | Self::NoSmtpUtf8
            | Self::Unwritable => Verdict::Over,
        }
    }

    /// Whether no notice gets through until the operator does something.
    #[must_use]
    pub const fn is_for_the_operator(self) -> bool {
        match self {
            Self::Tls | Self::NoStartTls | Self::WeAreRefused | Self::NoAccess | Self::NoCredit => true,
            Self::Unreached
            | Self::Unanswered
            | Self::NotNow
            | Self::TooMany
            | Self::RecipientRefused
            | Self::MessageRefused
            | Self::NoSmtpUtf8
            | Self::Garbled
            | Self::Unwritable => false,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Whether TLS is at the bottom of an error: both libraries wrap it as a failed connection.
pub(super) fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<rustls::Error>() {
            return true;
        }
        // What an `io::Error` wraps is not among its sources.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match wrapped {
            Some(wrapped) => Some(wrapped as _),
            None => error.source(),
        };
    }
    false
}
