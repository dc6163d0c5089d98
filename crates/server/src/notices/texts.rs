//! What the server writes to people: codes and neutral notices, in their language. No subject, text or name of a letter.

use securemailbox_protocol::{
    accounts::Language,
    factors::Code,
    invitations,
    organisations::Organisation,
    security::SecurityEventKind,
    time::Timestamp,
    waits::{self, Wait, WaitKind},
};
use serde::{Deserialize, Serialize};

use crate::config::Operator;

/// The page on which a person says that it was somebody else.
const NOT_ME: &str = "/settings/not-me";
/// The page that says how to tell a notice of ours from an imitation.
const REAL: &str = "/real";
/// The page for who has no way in any more.
const LOST: &str = "/lost";

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
    /// The code that proves an address whose mailbox is to be removed.
    RemovalCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// Somebody, perhaps its owner, wanted the mailbox of an address removed that has none.
    NotHere,
    /// The mailbox was removed: an e-mail.
    Removed,
    /// The same as an SMS.
    BriefRemoved,
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
    /// A letter waits for somebody who has no mailbox. Neither sender nor subject is named; an organisation is, where its domain is
    /// verified and the operator lets it be.
    LetterByLink {
        /// What stands behind the `#` of the link; none if it was sent before.
        link: Option<String>,
        /// For whom its sender writes.
        organisation: Option<Organisation>,
    },
    /// An answer waits for somebody who wrote by a public page and kept the link. Neither sender nor subject is named.
    AnswerWaits,
    /// The code that proves the address of somebody who writes by a public page.
    PageCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// The time of a letter by a link ran out, and nobody had read it. Its sender is told; nothing of it is named.
    ExpiredUnread,
    /// The code by which somebody reads who has no mailbox.
    LetterCode {
        /// The six digits that the message says.
        code: Code,
    },
    /// Something was done about who may open the mailbox: an e-mail.
    SecurityEvent {
        /// What was done.
        event: SecurityEventKind,
        /// When.
        at: Timestamp,
    },
    /// The same as an SMS.
    BriefSecurityEvent {
        /// What was done.
        event: SecurityEventKind,
        /// When.
        at: Timestamp,
    },
    /// Something will be done to the account, and can be stopped until then: an e-mail.
    Wait {
        /// What, and when.
        wait: Wait,
        /// What the link says by which it is stopped.
        stop: String,
    },
    /// The same as an SMS.
    BriefWait {
        /// What, and when.
        wait: Wait,
        /// What the link says by which it is stopped.
        stop: String,
    },
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
            | Self::RemovalCode { code }
            | Self::PhoneCode { code }
            | Self::SignInCode { code }
            | Self::RecoveryCode { code }
            | Self::LetterCode { code }
            | Self::PageCode { code }
            | Self::ProofCode { code } => Some(code),
            Self::AlreadyHere
            | Self::NotHere
            | Self::Removed
            | Self::BriefRemoved
            | Self::NewLetter
            | Self::LetterByLink { .. }
            | Self::AnswerWaits
            | Self::ExpiredUnread
            | Self::SecurityEvent { .. }
            | Self::BriefSecurityEvent { .. }
            | Self::Wait { .. }
            | Self::BriefWait { .. } => None,
        }
    }

    /// Whether somebody waits for it now, and it is of no use later.
    #[must_use]
    pub const fn is_for_now(&self) -> bool {
        match self {
            Self::AddressCode { .. }
            | Self::RemovalCode { .. }
            | Self::AlreadyHere
            | Self::NotHere
            | Self::PhoneCode { .. }
            | Self::SignInCode { .. }
            | Self::RecoveryCode { .. }
            | Self::LetterCode { .. }
            | Self::PageCode { .. }
            | Self::ProofCode { .. } => true,
            Self::NewLetter
            | Self::LetterByLink { .. }
            | Self::AnswerWaits
            | Self::ExpiredUnread
            | Self::Removed
            | Self::BriefRemoved
            | Self::SecurityEvent { .. }
            | Self::BriefSecurityEvent { .. }
            | Self::Wait { .. }
            | Self::BriefWait { .. } => false,
        }
    }

    /// In words. `url` is where the mailbox is, and `operator` who keeps it: the name is what people know, and an e-mail
    /// says where to ask.
    #[must_use]
    pub fn words(&self, language: Language, url: &str, operator: &Operator) -> Words {
        let service = match operator.name.as_str() {
            "" => "SecureMailbox".to_owned(),
            name => format!("SecureMailbox ({name})"),
        };
        let mut words = match language {
            Language::Sv => self.swedish(url, &service),
            Language::En => self.english(url, &service),
        };
        // An SMS has no subject, and no room.
        if !words.subject.is_empty() {
            words.text.push_str(&signature(language, operator));
        } else if let Some(code) = self.code() {
            words.text.push_str(&for_this_page(url, code));
        }
        words
    }

    fn swedish(&self, url: &str, service: &str) -> Words {
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
            Self::RemovalCode { .. } => Words {
                subject: "Din kod för att radera brevlådan",
                text: format!(
                    "Din kod är {code}\n\nSkriv den på sidan där du vill radera din brevlåda och börja om. Den gäller i tio \
                     minuter. Breven i den gamla brevlådan går inte att få tillbaka.\n\
                     Har du inte bett om den? Ge den inte till någon, och gör inget mer.\n\n{url}\n"
                ),
            },
            Self::NotHere => Words {
                subject: "Du har ingen brevlåda här",
                text: format!(
                    "Någon, kanske du, ville radera en brevlåda med den här adressen. Det finns ingen. Du kan skaffa en på \
                     {url}\nVar det inte du? Då behöver du inte göra något.\n"
                ),
            },
            Self::Removed => Words {
                subject: "Din brevlåda är raderad",
                text: format!(
                    "Brevlådan och alla brev i den är raderade. Adressen är ledig: du kan skaffa en ny brevlåda på {url}\n"
                ),
            },
            Self::BriefRemoved => {
                Words { subject: "", text: format!("{service}: Din brevlåda och alla brev i den är raderade.") }
            }
            Self::PhoneCode { .. } => {
                Words { subject: "", text: format!("Din kod till {service}: {code}. Ge den inte till någon.") }
            }
            Self::SignInCode { .. } => Words {
                subject: "",
                text: format!("Din kod för att logga in i {service}: {code}. Ge den inte till någon."),
            },
            Self::RecoveryCode { .. } => Words {
                subject: "",
                text: format!("Din kod för att välja nytt lösenord i {service}: {code}. Ge den inte till någon."),
            },
            Self::ProofCode { .. } => Words {
                subject: "",
                text: format!("Din kod för att bekräfta att det är du i {service}: {code}. Ge den inte till någon."),
            },
            Self::NewLetter => Words {
                subject: "Du har fått ett brev",
                text: format!("Ett förseglat brev väntar i din brevlåda.\nLogga in och läs det på {url}\n"),
            },
            Self::ExpiredUnread => Words {
                subject: "Något du skickade raderades oläst",
                text: format!(
                    "Ett samtal som du började med en länk är raderat, för tiden gick ut. Minst ett av dina brev hann inte\n\
                     läsas. Logga in så ser du vilket, under Skickat: {url}\n"
                ),
            },
            Self::AnswerWaits => Words {
                subject: "Ett svar väntar på dig",
                text: "Ett svar på ett brev som du har skrivit väntar. Öppna länken som du sparade när du skrev: bara den öppnar \
                       svaret, och vi har den inte.\n"
                    .into(),
            },
            Self::PageCode { .. } => Words {
                subject: "Din kod till SecureMailbox",
                text: format!(
                    "Din kod är {code}\n\nSkriv den på sidan där du skriver ditt brev. Den gäller i tio minuter.\n\
                     Har du inte bett om den? Då behöver du inte göra något.\n\n{url}\n"
                ),
            },
            Self::LetterByLink { link, organisation } => {
                swedish_letter_by_link(url, link.as_deref(), organisation.as_ref())
            }
            Self::LetterCode { .. } => Words {
                subject: "",
                text: format!("Din kod för att läsa brevet hos {service}: {code}. Ge den inte till någon."),
            },
            Self::SecurityEvent { event, at } => Words {
                subject: "Något har ändrats i din brevlåda",
                text: format!(
                    "{} ({}).\n\nVar det du? Då behöver du inte göra något.\n{}",
                    swedish(*event),
                    minute(*at),
                    swedish_help(*event, url)
                ),
            },
            Self::BriefSecurityEvent { event, at } => Words {
                subject: "",
                text: format!(
                    "{service}: {} ({}). Var det inte du? {}.",
                    swedish(*event),
                    minute(*at),
                    swedish_cue(*event)
                ),
            },
            Self::Wait { wait, stop } => swedish_wait(wait, &stop_link(url, stop)),
            Self::BriefWait { wait, stop } => {
                let (what, due) = match wait.kind {
                    WaitKind::Recovery => ("Någon öppnar din brevlåda med papper", minute(wait.due)),
                    WaitKind::Removal => ("Din brevlåda raderas", minute(wait.due)),
                };
                let text = format!("{service}: {what} {due}. Inte du? Stoppa: {}", stop_link(url, stop));
                Words { subject: "", text }
            }
        }
    }

    fn english(&self, url: &str, service: &str) -> Words {
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
            Self::RemovalCode { .. } => Words {
                subject: "Your code to erase the mailbox",
                text: format!(
                    "Your code is {code}\n\nType it on the page where you want to erase your mailbox and begin anew. It is good \
                     for ten minutes. The letters in the old mailbox can't be brought back.\n\
                     Did you not ask for it? Give it to nobody, and do nothing more.\n\n{url}\n"
                ),
            },
            Self::NotHere => Words {
                subject: "You have no mailbox here",
                text: format!(
                    "Someone, perhaps you, wanted to erase a mailbox with this address. There is none. You can get one at \
                     {url}\nWas it not you? Then you need not do anything.\n"
                ),
            },
            Self::Removed => Words {
                subject: "Your mailbox is erased",
                text: format!(
                    "The mailbox and all letters in it are erased. The address is free: you can get a new mailbox at {url}\n"
                ),
            },
            Self::BriefRemoved => {
                Words { subject: "", text: format!("{service}: Your mailbox and all letters in it are erased.") }
            }
            Self::PhoneCode { .. } => {
                Words { subject: "", text: format!("Your code for {service}: {code}. Give it to nobody.") }
            }
            Self::SignInCode { .. } => {
                Words { subject: "", text: format!("Your code to sign in to {service}: {code}. Give it to nobody.") }
            }
            Self::RecoveryCode { .. } => Words {
                subject: "",
                text: format!("Your code to choose a new password in {service}: {code}. Give it to nobody."),
            },
            Self::ProofCode { .. } => Words {
                subject: "",
                text: format!("Your code to confirm that it is you in {service}: {code}. Give it to nobody."),
            },
            Self::NewLetter => Words {
                subject: "You have a letter",
                text: format!("A sealed letter waits in your mailbox.\nSign in and read it at {url}\n"),
            },
            Self::ExpiredUnread => Words {
                subject: "Something that you sent was erased unread",
                text: format!(
                    "A conversation that you began with a link is erased, since its time ran out. At least one of your\n\
                     letters had not been read. Sign in to see which one, under Sent: {url}\n"
                ),
            },
            Self::AnswerWaits => Words {
                subject: "An answer waits for you",
                text: "An answer waits to a letter that you wrote. Open the link that you kept when you wrote: only that opens the \
                       answer, and we do not have it.\n"
                    .into(),
            },
            Self::PageCode { .. } => Words {
                subject: "Your code for SecureMailbox",
                text: format!(
                    "Your code is {code}\n\nType it on the page where you write your letter. It is good for ten minutes.\n\
                     Did you not ask for it? Then you need not do anything.\n\n{url}\n"
                ),
            },
            Self::LetterByLink { link, organisation } => {
                english_letter_by_link(url, link.as_deref(), organisation.as_ref())
            }
            Self::LetterCode { .. } => Words {
                subject: "",
                text: format!("Your code to read the letter at {service}: {code}. Give it to nobody."),
            },
            Self::SecurityEvent { event, at } => Words {
                subject: "Something was changed in your mailbox",
                text: format!(
                    "{} ({}).\n\nWas it you? Then you need not do anything.\n{}",
                    english(*event),
                    minute(*at),
                    english_help(*event, url)
                ),
            },
            Self::BriefSecurityEvent { event, at } => Words {
                subject: "",
                text: format!(
                    "{service}: {} ({}). Was it not you? {}.",
                    english(*event),
                    minute(*at),
                    english_cue(*event)
                ),
            },
            Self::Wait { wait, stop } => english_wait(wait, &stop_link(url, stop)),
            Self::BriefWait { wait, stop } => {
                let (what, due) = match wait.kind {
                    WaitKind::Recovery => ("Paper opens your mailbox on", minute(wait.due)),
                    WaitKind::Removal => ("Your mailbox is erased on", minute(wait.due)),
                };
                let text = format!("{service}: {what} {due}. Not you? Stop it: {}", stop_link(url, stop));
                Words { subject: "", text }
            }
        }
    }
}

/// To somebody who has no mailbox. The link stands alone on its line, so that no mail program takes a full stop into it.
///
/// Nothing here says that its sender is verified: whoever imitates the e-mail would say it too. That is for the page.
fn swedish_letter_by_link(url: &str, link: Option<&str>, organisation: Option<&Organisation>) -> Words {
    let (who, with, real) = match organisation {
        Some(Organisation { name, domain }) => (
            format!("{name} ({domain}) har skrivit ett förseglat brev till dig. Öppna länken."),
            format!(" med {name} ({domain})"),
            format!(
                "\nÄr det här på riktigt? Ett namn i ett mejl kan vem som helst skriva. Så tar du reda på det:\n{url}{REAL}\n"
            ),
        ),
        None => (
            "Någon har skrivit ett förseglat brev till dig. Öppna länken, så ser du vem.".to_owned(),
            String::new(),
            String::new(),
        ),
    };
    let text = match link {
        Some(link) => format!(
            "{who} Innan du läser skickar vi en kod till din mobil. Du behöver inget konto och installerar ingenting.\n\n{}\n\n\
             Ge inte länken till någon annan.\n{real}",
            open_link(url, link)
        ),
        None => format!(
            "Det har kommit ett brev till i samtalet{with}. Öppna samma länk som förut, i mejlet om det första brevet.\n{real}"
        ),
    };
    Words { subject: "Du har fått ett förseglat brev", text }
}

fn english_letter_by_link(url: &str, link: Option<&str>, organisation: Option<&Organisation>) -> Words {
    let (who, with, real) = match organisation {
        Some(Organisation { name, domain }) => (
            format!("{name} ({domain}) has written a sealed letter to you. Open the link."),
            format!(" with {name} ({domain})"),
            format!("\nIs this for real? Anybody can write a name in an e-mail. How to find out:\n{url}{REAL}\n"),
        ),
        None => (
            "Someone has written a sealed letter to you. Open the link to see who.".to_owned(),
            String::new(),
            String::new(),
        ),
    };
    let text = match link {
        Some(link) => format!(
            "{who} Before you read, we send a code to your mobile phone. You need no account and install nothing.\n\n{}\n\n\
             Give the link to nobody else.\n{real}",
            open_link(url, link)
        ),
        None => format!(
            "Another letter has come in the conversation{with}. Open the same link as before, in the e-mail about the first \
             one.\n{real}"
        ),
    };
    Words { subject: "You have a sealed letter", text }
}

/// The secret stands in the fragment, which no server, proxy or log is sent.
fn open_link(url: &str, secret: &str) -> String {
    format!("{url}{}#{secret}", invitations::PAGE)
}

/// What waits, and how it is stopped.
fn swedish_wait(wait: &Wait, link: &str) -> Words {
    let (begun, due) = (minute(wait.begun), minute(wait.due));
    match wait.kind {
        WaitKind::Recovery => Words {
            subject: "Någon vill öppna din brevlåda med papper",
            text: format!(
                "Återställningsbladet och en engångskod användes {begun}. Båda är papper, och papper kan vara stulna. \
                 Därför väntar vi till {due} innan någon kommer in.\n\n\
                 Var det inte du? Stoppa det på {link}\n\
                 Du kan också stoppa det där du är inloggad. Då gäller bladet och engångskoderna inte längre.\n\n\
                 Var det du? Då behöver du inte göra något nu. Skriv återställningskoden och en engångskod igen när tiden har gått.\n"
            ),
        },
        WaitKind::Removal => Words {
            subject: "Din brevlåda raderas om sju dagar",
            text: format!(
                "Någon som läser din e-post, eller som är inloggad i din brevlåda, bad {begun} att den raderas. \
                 Det sker {due}, med alla brev i den. De går inte att få tillbaka.\n\n\
                 Var det inte du, eller har du ångrat dig? Stoppa det på {link}\n\
                 Du kan också stoppa det där du är inloggad.\n"
            ),
        },
    }
}

fn english_wait(wait: &Wait, link: &str) -> Words {
    let (begun, due) = (minute(wait.begun), minute(wait.due));
    match wait.kind {
        WaitKind::Recovery => Words {
            subject: "Someone wants to open your mailbox with paper",
            text: format!(
                "The recovery sheet and a one-time code were used on {begun}. Both are paper, and paper may be stolen. \
                 So we wait until {due} before anybody gets in.\n\n\
                 Was it not you? Stop it at {link}\n\
                 You can also stop it wherever you are signed in. Sheet and one-time codes then open nothing any more.\n\n\
                 Was it you? Then you need not do anything now. Type the recovery code and a one-time code again when the time has come.\n"
            ),
        },
        WaitKind::Removal => Words {
            subject: "Your mailbox is erased in seven days",
            text: format!(
                "Someone who reads your e-mail, or who is signed in to your mailbox, asked on {begun} for it to be erased. \
                 That happens on {due}, with all letters in it. They can't be brought back.\n\n\
                 Was it not you, or have you changed your mind? Stop it at {link}\n\
                 You can also stop it wherever you are signed in.\n"
            ),
        },
    }
}

/// The token stands in the fragment, which no server, proxy or log is sent.
fn stop_link(url: &str, token: &str) -> String {
    format!("{url}{}#{token}", waits::PAGE)
}

/// What was done, short enough for an SMS.
const fn swedish(event: SecurityEventKind) -> &'static str {
    match event {
        SecurityEventKind::SignedIn => "Någon loggade in i din brevlåda",
        SecurityEventKind::NewDevice => "En ny enhet loggade in i din brevlåda",
        SecurityEventKind::SheetReplaced => "Ditt återställningsblad byttes",
        SecurityEventKind::KeyringReplaced => "Din nyckelring skrevs över",
        SecurityEventKind::PasswordReplaced => "Lösenord och återställningsblad byttes",
        SecurityEventKind::PasswordChanged => "Ditt lösenord byttes",
        SecurityEventKind::KeysRenewed => "Låsen till din brevlåda byttes",
        SecurityEventKind::PasswordRemoved => "Ditt lösenord togs bort",
        SecurityEventKind::SessionEnded => "En enhet loggades ut",
        SecurityEventKind::OtherSessionsEnded => "Alla andra enheter loggades ut",
        SecurityEventKind::UnlockFailed => "Fel lösenord vid upplåsning",
        SecurityEventKind::CodesRefused => "Rätt lösenord men fel kod, fem gånger. Ingen kom in",
        SecurityEventKind::PasskeyAdded => "En lösennyckel lades till",
        SecurityEventKind::PasskeyRemoved => "En lösennyckel togs bort",
        SecurityEventKind::AuthenticatorAdded => "En autentiseringsapp lades till",
        SecurityEventKind::AuthenticatorRemoved => "Din autentiseringsapp togs bort",
        SecurityEventKind::PhoneReplaced => "Ditt mobilnummer byttes",
        SecurityEventKind::ReservePhoneAdded => "En reservtelefon lades till",
        SecurityEventKind::ReservePhoneRemoved => "Din reservtelefon togs bort",
        SecurityEventKind::OneTimeCodesMade => "Nya engångskoder gjordes",
        SecurityEventKind::OneTimeCodesRemoved => "Dina engångskoder togs bort",
        SecurityEventKind::OneTimeCodeUsed => "En engångskod användes",
        SecurityEventKind::RecoveryBegun => "Någon vill öppna din brevlåda med papper",
        SecurityEventKind::RecoveryStopped => "Att öppna med papper stoppades. Gör ett nytt blad och nya koder",
        SecurityEventKind::RemovalBegun => "Någon vill radera din brevlåda",
        SecurityEventKind::RemovalStopped => "Att radera brevlådan stoppades",
    }
}

const fn english(event: SecurityEventKind) -> &'static str {
    match event {
        SecurityEventKind::SignedIn => "Somebody signed in to your mailbox",
        SecurityEventKind::NewDevice => "A new device signed in to your mailbox",
        SecurityEventKind::SheetReplaced => "Your recovery sheet was replaced",
        SecurityEventKind::KeyringReplaced => "Your keyring was overwritten",
        SecurityEventKind::PasswordReplaced => "Password and recovery sheet were replaced",
        SecurityEventKind::PasswordChanged => "Your password was changed",
        SecurityEventKind::KeysRenewed => "The locks of your mailbox were changed",
        SecurityEventKind::PasswordRemoved => "Your password was removed",
        SecurityEventKind::SessionEnded => "A device was signed out",
        SecurityEventKind::OtherSessionsEnded => "All other devices were signed out",
        SecurityEventKind::UnlockFailed => "A wrong password at a locked mailbox",
        SecurityEventKind::CodesRefused => "The right password and five wrong codes. Nobody got in",
        SecurityEventKind::PasskeyAdded => "A passkey was added",
        SecurityEventKind::PasskeyRemoved => "A passkey was removed",
        SecurityEventKind::AuthenticatorAdded => "An authenticator app was added",
        SecurityEventKind::AuthenticatorRemoved => "Your authenticator app was removed",
        SecurityEventKind::PhoneReplaced => "Your mobile number was replaced",
        SecurityEventKind::ReservePhoneAdded => "A reserve phone was added",
        SecurityEventKind::ReservePhoneRemoved => "Your reserve phone was removed",
        SecurityEventKind::OneTimeCodesMade => "New one-time codes were made",
        SecurityEventKind::OneTimeCodesRemoved => "Your one-time codes were removed",
        SecurityEventKind::OneTimeCodeUsed => "A one-time code was used",
        SecurityEventKind::RecoveryBegun => "Someone wants to open your mailbox with paper",
        SecurityEventKind::RecoveryStopped => "Opening it with paper was stopped. Make a new sheet and new codes",
        SecurityEventKind::RemovalBegun => "Someone wants to erase your mailbox",
        SecurityEventKind::RemovalStopped => "Erasing the mailbox was stopped",
    }
}

/// The last line of an SMS, by which a browser offers the code to that page and to no other (origin-bound one-time codes, as
/// WebOTP reads them).
fn for_this_page(url: &str, code: &Code) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or_default();
    format!("\n\n@{host} #{}", code.digits())
}

/// How its owner gets in, where it was somebody else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum WayIn {
    /// As ever.
    SignIn,
    /// The password is another; the sheet opens.
    Sheet,
    /// Password and sheet are others'.
    Neither,
}

const fn way_in_after(event: SecurityEventKind) -> WayIn {
    match event {
        SecurityEventKind::PasswordChanged | SecurityEventKind::PasswordRemoved => WayIn::Sheet,
        SecurityEventKind::PasswordReplaced | SecurityEventKind::KeysRenewed => WayIn::Neither,
        SecurityEventKind::SignedIn
        | SecurityEventKind::NewDevice
        | SecurityEventKind::SheetReplaced
        | SecurityEventKind::KeyringReplaced
        | SecurityEventKind::SessionEnded
        | SecurityEventKind::OtherSessionsEnded
        | SecurityEventKind::UnlockFailed
        | SecurityEventKind::CodesRefused
        | SecurityEventKind::AuthenticatorAdded
        | SecurityEventKind::AuthenticatorRemoved
        | SecurityEventKind::PhoneReplaced
        | SecurityEventKind::ReservePhoneAdded
        | SecurityEventKind::ReservePhoneRemoved
        | SecurityEventKind::OneTimeCodesMade
        | SecurityEventKind::OneTimeCodesRemoved
        | SecurityEventKind::OneTimeCodeUsed
        | SecurityEventKind::PasskeyAdded
        | SecurityEventKind::PasskeyRemoved
        | SecurityEventKind::RecoveryBegun
        | SecurityEventKind::RecoveryStopped
        | SecurityEventKind::RemovalBegun
        | SecurityEventKind::RemovalStopped => WayIn::SignIn,
    }
}

/// What to do where it was somebody else.
fn swedish_help(event: SecurityEventKind, url: &str) -> String {
    match way_in_after(event) {
        WayIn::SignIn => format!(
            "Var det inte du? Gå till {url}{NOT_ME}\n\
             Logga in och logga ut alla andra enheter. Sidan säger vad du gör sedan.\n"
        ),
        WayIn::Sheet => format!(
            "Var det inte du? Ta fram återställningsbladet och mobilen, och gå till {url}\n\
             Välj Har du glömt lösenordet? Då får du ett nytt lösenord och ett nytt blad, och alla andra enheter loggas ut.\n"
        ),
        WayIn::Neither => format!(
            "Var det inte du? Då öppnar varken ditt lösenord eller ditt återställningsblad brevlådan längre. Säg genast \
             till den som driver tjänsten. Vad du kan göra själv står på {url}{LOST}\n"
        ),
    }
}

fn english_help(event: SecurityEventKind, url: &str) -> String {
    match way_in_after(event) {
        WayIn::SignIn => format!(
            "Was it not you? Go to {url}{NOT_ME}\n\
             Sign in, and sign out all other devices. The page says what to do next.\n"
        ),
        WayIn::Sheet => format!(
            "Was it not you? Have the recovery sheet and your phone at hand, and go to {url}\n\
             Choose Have you forgotten your password? You then get a new password and a new sheet, and all other devices are \
             signed out.\n"
        ),
        WayIn::Neither => format!(
            "Was it not you? Then neither your password nor your recovery sheet opens the mailbox any more. Tell whoever runs \
             the service at once. What you can do yourself is said at {url}{LOST}\n"
        ),
    }
}

/// The same in an SMS.
const fn swedish_cue(event: SecurityEventKind) -> &'static str {
    match way_in_after(event) {
        WayIn::SignIn => "Logga in",
        WayIn::Sheet => "Använd återställningsbladet",
        WayIn::Neither => "Säg till den som driver tjänsten",
    }
}

const fn english_cue(event: SecurityEventKind) -> &'static str {
    match way_in_after(event) {
        WayIn::SignIn => "Sign in",
        WayIn::Sheet => "Use the recovery sheet",
        WayIn::Neither => "Tell whoever runs the service",
    }
}

/// To the minute. In UTC, and said so: the server does not know where a person is.
fn minute(at: Timestamp) -> String {
    let at = at.to_date_time();
    let (year, month, day, hour, minute) = (at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute());
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// Who wrote, and where to ask: the From takes no answers.
fn signature(language: Language, operator: &Operator) -> String {
    let Operator { name, contact, .. } = operator;
    match (language, name.as_str(), contact.as_str()) {
        (_, "", "") => String::new(),
        (Language::Sv, name, "") => format!("\nSkickat automatiskt av {name}. Det går inte att svara.\n"),
        (Language::Sv, "", contact) => format!("\nSkickat automatiskt. Det går inte att svara; fråga på {contact}.\n"),
        (Language::Sv, name, contact) => {
            format!("\nSkickat automatiskt av {name}. Det går inte att svara; fråga på {contact}.\n")
        }
        (Language::En, name, "") => format!("\nSent automatically by {name}. Answers are not read.\n"),
        (Language::En, "", contact) => format!("\nSent automatically. Answers are not read; ask at {contact}.\n"),
        (Language::En, name, contact) => {
            format!("\nSent automatically by {name}. Answers are not read; ask at {contact}.\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::{address::Domain, organisations::OrganisationName};

    use super::*;

    fn texts() -> Vec<Text> {
        let code = || Code::parse("204816").unwrap();
        let at = Timestamp::from_unix_millis(1_764_000_000_000);
        let events = SecurityEventKind::ALL.into_iter();
        let events =
            events.flat_map(|event| [Text::SecurityEvent { event, at }, Text::BriefSecurityEvent { event, at }]);
        let others = [
            Text::AddressCode { code: code() },
            Text::AlreadyHere,
            Text::RemovalCode { code: code() },
            Text::NotHere,
            Text::Removed,
            Text::BriefRemoved,
            Text::PhoneCode { code: code() },
            Text::SignInCode { code: code() },
            Text::RecoveryCode { code: code() },
            Text::ProofCode { code: code() },
            Text::NewLetter,
            Text::ExpiredUnread,
            Text::AnswerWaits,
            Text::PageCode { code: code() },
        ];
        let waits = WaitKind::ALL.map(|kind| Wait { kind, begun: at, due: at.after(kind.lasts()) });
        let waits = waits.into_iter().flat_map(|wait| {
            let stop = || "A".repeat(22);
            [Text::Wait { wait, stop: stop() }, Text::BriefWait { wait, stop: stop() }]
        });
        others.into_iter().chain(events).chain(waits).collect()
    }

    #[test]
    fn what_was_done_is_said_with_its_time_and_no_link_but_the_mailbox() {
        let url = "https://mail.example.se";
        let at = Timestamp::from_unix_millis(1_764_000_000_000);
        for (language, event) in
            [Language::Sv, Language::En].into_iter().flat_map(|l| SecurityEventKind::ALL.map(|e| (l, e)))
        {
            let mail = Text::SecurityEvent { event, at }.words(language, url, &Operator::default()).text;
            assert!(mail.contains("2025-11-24 16:00 UTC"), "{mail}");
            assert_eq!(mail.split("://").count(), 2, "one link: {mail}");
            let page = match way_in_after(event) {
                WayIn::SignIn => NOT_ME,
                WayIn::Sheet => "",
                WayIn::Neither => LOST,
            };
            assert!(mail.contains(&format!("{url}{page}\n")), "{mail}");
            let sms = Text::BriefSecurityEvent { event, at }.words(language, url, &Operator::default()).text;
            assert!(sms.contains("2025-11-24 16:00 UTC") && !sms.contains("://"), "{sms}");
        }
    }

    #[test]
    fn what_waits_is_said_with_its_time_and_the_link_that_stops_it() {
        let url = "https://mail.example.se";
        let begun = Timestamp::from_unix_millis(1_764_000_000_000);
        for (language, kind) in [Language::Sv, Language::En].into_iter().flat_map(|l| WaitKind::ALL.map(|k| (l, k))) {
            let wait = Wait { kind, begun, due: begun.after(kind.lasts()) };
            let stop = || "Zm9vYmFyZm9vYmFyZm9vYg".to_owned();
            let texts = [Text::Wait { wait, stop: stop() }, Text::BriefWait { wait, stop: stop() }];
            for text in texts.map(|text| text.words(language, url, &Operator::default()).text) {
                assert!(text.contains(&minute(wait.due)), "{text}");
                assert!(text.contains(&format!("{url}/stop#{}", stop())), "{text}");
                assert_eq!(text.split("://").count(), 2, "one link: {text}");
            }
        }
    }

    #[test]
    fn an_sms_with_a_code_says_last_whose_page_may_have_it() {
        let code = || Code::parse("204816").unwrap();
        let texts =
            [Text::PhoneCode { code: code() }, Text::SignInCode { code: code() }, Text::ProofCode { code: code() }];
        for (language, text) in
            [Language::Sv, Language::En].into_iter().flat_map(|l| texts.iter().map(move |text| (l, text)))
        {
            let sms = text.words(language, "https://mail.example.se:8443/x", &Operator::default()).text;
            assert!(sms.ends_with("\n\n@mail.example.se #204816"), "{sms}");
            assert_eq!(Code::parse(&sms), Ok(code()), "the whole message can be pasted");
        }
    }

    #[test]
    fn a_notice_says_nothing_of_the_letter() {
        for language in [Language::Sv, Language::En] {
            let words = Text::NewLetter.words(language, "https://mail.example.se", &Operator::default());
            assert!(words.text.contains("https://mail.example.se"));
            assert!(Text::NewLetter.code().is_none());
        }
    }

    #[test]
    fn an_organisation_is_named_with_the_page_that_says_how_to_tell_and_never_called_verified() {
        let url = "https://mail.example.se";
        let organisation = Organisation {
            name: OrganisationName::parse("Ljunggårdens vårdcentral <b>").unwrap(),
            domain: Domain::parse("vård.example.se").unwrap(),
        };
        for (language, link) in
            [Language::Sv, Language::En].into_iter().flat_map(|l| [Some("A".repeat(48)), None].map(|link| (l, link)))
        {
            let named = Text::LetterByLink { link: link.clone(), organisation: Some(organisation.clone()) };
            let named = named.words(language, url, &Operator::default());
            assert!(named.text.contains("Ljunggårdens vårdcentral <b> (vård.example.se)"), "{}", named.text);
            assert!(named.text.lines().any(|line| line == "https://mail.example.se/real"), "{}", named.text);
            let claim = ["bevisad", "verified"].into_iter().find(|claim| named.text.to_lowercase().contains(claim));
            assert_eq!(claim, None, "an imitation would say so too");
            let nobodys = Text::LetterByLink { link, organisation: None }.words(language, url, &Operator::default());
            assert!(!nobodys.text.contains("/real") && nobodys.subject == named.subject, "{}", nobodys.text);
        }
    }

    #[test]
    fn every_notice_says_who_writes_and_every_e_mail_where_to_ask() {
        let operator =
            Operator { name: "Example Clinic".into(), contact: "ask@example.se".into(), country: String::new() };
        for (language, text) in
            [Language::Sv, Language::En].into_iter().flat_map(|l| texts().into_iter().map(move |text| (l, text)))
        {
            let words = text.words(language, "https://mail.example.se", &operator);
            assert!(words.text.contains("Example Clinic"), "{}", words.text);
            assert_eq!(words.text.contains("ask@example.se"), !words.subject.is_empty(), "{}", words.text);
            // As long as one SMS of letters that are in its alphabet (3GPP TS 23.038).
            assert!(!words.subject.is_empty() || words.text.chars().count() <= 160, "{}", words.text);
        }
    }

    #[test]
    fn without_an_operator_nothing_is_signed() {
        for text in texts() {
            assert!(!text.words(Language::Sv, "", &Operator::default()).text.contains("automatiskt"));
        }
    }
}
