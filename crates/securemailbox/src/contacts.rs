//! `contacts`: whom this mailbox knows, and how; and whether a number that its owner knows is theirs (PROTOCOL §6).

use clap::Subcommand;
use securemailbox_client::{comparing::DecisionError, contacts::Contact};
use securemailbox_protocol::{address::Address, phone::PhoneNumber};
use serde_json::json;

use crate::{
    desk::Desk,
    outcome::{Answer, Stop},
    show::plain,
    words::{Sentence, standing_word},
};

/// What is done with them; nothing: they are listed.
#[derive(Debug, clap::Args)]
pub(crate) struct ContactsArgs {
    #[command(subcommand)]
    act: Option<ContactsAct>,
}

#[derive(Debug, Subcommand)]
enum ContactsAct {
    /// Ask the server whether a mobile number that you know is somebody's; where it is not, nothing goes out to them.
    CheckNumber(NumberArgs),
    /// Write to somebody although the number was not theirs, by the server's word.
    WriteAnyway(ContactArgs),
}

#[derive(Debug, clap::Args)]
struct NumberArgs {
    /// Their address.
    #[arg(value_parser = Address::parse)]
    address: Address,
    /// The mobile number, with its country code if it is not Swedish.
    #[arg(value_name = "NUMBER", value_parser = PhoneNumber::parse_at_home)]
    phone: PhoneNumber,
}

#[derive(Debug, clap::Args)]
struct ContactArgs {
    /// Their address.
    #[arg(value_parser = Address::parse)]
    address: Address,
}

/// Lists everybody whose key was met, or does something about one of them.
pub(crate) async fn contacts(desk: &Desk, arguments: ContactsArgs) -> Result<Answer, Stop> {
    match arguments.act {
        None => list(desk).await,
        Some(ContactsAct::CheckNumber(arguments)) => check_number(desk, arguments).await,
        Some(ContactsAct::WriteAnyway(ContactArgs { address })) => write_anyway(desk, &address).await,
    }
}

async fn list(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |_, mailbox| {
        let contacts = mailbox.contacts();
        let names = mailbox.names(&contacts);
        let (mut document, mut rows) = (Vec::new(), Vec::new());
        for (address, contact) in contacts.iter() {
            let (name, key) = (names.shown(address, None).name, contacts.standing_of(address));
            let shown = plain(name.as_deref().unwrap_or_default());
            let number = number_word(desk, contact);
            rows.push(vec![shown, address.to_string(), standing_word(key, desk.style.names()), number]);
            let check = contact.number_check().map(|check| json!({ "phone": check.phone, "matches": check.matches }));
            document.push(json!({ "address": address, "name": name, "key_state": key.as_str(), "number": check }));
        }
        let text = if rows.is_empty() && desk.style.is_table() {
            desk.line(Sentence::NoContacts)
        } else {
            desk.style.rows(&[Sentence::Name, Sentence::AddressHead, Sentence::Key, Sentence::NumberHead], rows)
        };
        Ok(Answer::new(document.into(), text))
    })
    .await
}

/// What the server said of a number, if it was asked about one.
fn number_word(desk: &Desk, contact: &Contact) -> String {
    let word = match contact.number_check() {
        Some(check) if check.matches => Sentence::NumberIsTheirs,
        Some(_) => Sentence::NumberIsNotTheirs,
        None => return String::new(),
    };
    word.said(desk.style.names())
}

async fn check_number(desk: &Desk, NumberArgs { address, phone }: NumberArgs) -> Result<Answer, Stop> {
    let about = |error: DecisionError| Stop::of_failure(&error, Some(&address), None);
    desk.at_mailbox(async |world, mailbox| {
        let matches = mailbox.check_number(world, &address, phone.clone()).await.map_err(about)?;
        let (who, number) = (&address, phone.as_str());
        let said = if matches { Sentence::Matches { who, number } } else { Sentence::NoMatch { who, number } };
        Ok(Answer::new(json!({ "address": address, "phone": phone, "matches": matches }), desk.line(said)))
    })
    .await
}

async fn write_anyway(desk: &Desk, address: &Address) -> Result<Answer, Stop> {
    let about = |error: DecisionError| Stop::of_failure(&error, Some(address), None);
    desk.at_mailbox(async |world, mailbox| {
        mailbox.write_anyway(world, address).await.map_err(about)?;
        let key = mailbox.contacts().standing_of(address);
        let text = desk.line(Sentence::NumberPassedOver { who: address, key });
        Ok(Answer::new(json!({ "address": address, "key_state": key.as_str() }), text))
    })
    .await
}
