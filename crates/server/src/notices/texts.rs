//! What the server writes to people: codes and neutral notices, in their language. No subject, text or name of a letter.

use securemailbox_protocol::{accounts::Language, factors::Code};
use serde::{Deserialize, Serialize};

/// What a notice says, before it is put into words of a language.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Text {
    /// The code that proves an address.
    AddressCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// Somebody, perhaps its owner, tried to register an address that has a mailbox.
    AlreadyHere,
    /// The code that proves a phone.
    PhoneCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// The code that proves a person who signs in.
    SignInCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// The code of a forgotten password.
    RecoveryCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// The code of somebody who is signed in and proves it afresh.
    ProofCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// A letter waits in the mailbox. Neither sender nor subject is named.
    NewLetter,
}

/// A notice in the words of one language.
pub struct Words {
    /// The subject of an e-mail; an SMS has none.
    pub subject: &'static str,
    /// The text, whole, with its code or link.
    pub text: String,
}

impl Text {
    /// The code in it, which the demo's outbox shows.
    #[must_use]
    pub const fn code(&self) -> Option<&Code> {
        match self {
            Self::AddressCode { code }
            | Self::PhoneCode { code }
            | Self::SignInCode { code }
            | Self::RecoveryCode { code }
            | Self::ProofCode { code } => Some(code),
            Self::AlreadyHere | Self::NewLetter => None,
        }
    }

    /// In words. `url` is where the mailbox is.
    #[must_use]
    pub fn words(&self, language: Language, url: &str) -> Words {
        match language {
            Language::Sv => self.swedish(url),
            Language::En => self.english(url),
        }
    }

    fn swedish(&self, url: &str) -> Words {
        let code = self.code().map_or("", Code::digits);
        match self {
            Self::AddressCode { .. } => Words {
                subject: "Din kod till SecureMailbox",
                text: format!(
                    "Din kod är {code}\n\nSkriv den på sidan där du skaffar din brevlåda. Den gäller i tio minuter.\n\
                     Har du inte bett om den? Då behöver du inte göra något.\n\n{url}\n"
                ),
            },
            Self::AlreadyHere => Words {
                subject: "Du har redan en brevlåda här",
                text: format!(
                    "Någon, kanske du, ville skaffa en brevlåda med den här adressen. Du har redan en.\n\
                     Logga in på {url}\nVar det inte du? Då behöver du inte göra något.\n"
                ),
            },
            Self::PhoneCode { .. } => {
                Words { subject: "", text: format!("Din kod till SecureMailbox: {code}. Ge den inte till någon.") }
            }
            Self::SignInCode { .. } => Words {
                subject: "",
                text: format!("Din kod för att logga in i SecureMailbox: {code}. Ge den inte till någon."),
            },
            Self::RecoveryCode { .. } => Words {
                subject: "",
                text: format!("Din kod för att välja nytt lösenord i SecureMailbox: {code}. Ge den inte till någon."),
            },
            Self::ProofCode { .. } => Words {
                subject: "",
                text: format!(
                    "Din kod för att bekräfta att det är du i SecureMailbox: {code}. Ge den inte till någon."
                ),
            },
            Self::NewLetter => Words {
                subject: "Du har fått ett brev",
                text: format!("Ett förseglat brev väntar i din brevlåda.\nLogga in och läs det på {url}\n"),
            },
        }
    }

    fn english(&self, url: &str) -> Words {
        let code = self.code().map_or("", Code::digits);
        match self {
            Self::AddressCode { .. } => Words {
                subject: "Your code for SecureMailbox",
                text: format!(
                    "Your code is {code}\n\nType it on the page where you are getting your mailbox. It is good for ten minutes.\n\
                     Did you not ask for it? Then you need not do anything.\n\n{url}\n"
                ),
            },
            Self::AlreadyHere => Words {
                subject: "You already have a mailbox here",
                text: format!(
                    "Someone, perhaps you, wanted a mailbox with this address. You already have one.\n\
                     Sign in at {url}\nWas it not you? Then you need not do anything.\n"
                ),
            },
            Self::PhoneCode { .. } => {
                Words { subject: "", text: format!("Your code for SecureMailbox: {code}. Give it to nobody.") }
            }
            Self::SignInCode { .. } => Words {
                subject: "",
                text: format!("Your code to sign in to SecureMailbox: {code}. Give it to nobody."),
            },
            Self::RecoveryCode { .. } => Words {
                subject: "",
                text: format!("Your code to choose a new password in SecureMailbox: {code}. Give it to nobody."),
            },
            Self::ProofCode { .. } => Words {
                subject: "",
                text: format!("Your code to confirm that it is you in SecureMailbox: {code}. Give it to nobody."),
            },
            Self::NewLetter => Words {
                subject: "You have a letter",
                text: format!("A sealed letter waits in your mailbox.\nSign in and read it at {url}\n"),
            },
        }
    }
}
