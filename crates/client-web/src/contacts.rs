//! What a page asks about other people: who they are, how their keys stand, and what its owner says of them.

use securemailbox_client::{
    contacts::{ContactError, Contacts, Description, Note},
    settings::Name,
    world::World,
};
use securemailbox_protocol::address::Address;

use crate::{
    arguments::{Described, TypedAddress, TypedNumber},
    mailbox::Desk,
    problems::{OrProblem, refused},
    shown::{self, People},
    sign_in::{parse_address, parse_phone},
    views::{CheckedNumber, Comparison, Contact, Correspondent, Done, PageProblem, Problem},
};

impl<W: World> Desk<W> {
    /// Everybody in the contacts.
    pub(crate) fn everybody(&self) -> Result<Vec<Correspondent>, Problem> {
        let (mailbox, _) = self.open()?;
        let contacts = mailbox.contacts();
        let people = People::of(&mailbox, &contacts);
        Ok(people.contacts.iter().map(|(address, _)| people.contact(address)).collect())
    }

    pub(crate) fn one_contact(&self, typed: &TypedAddress) -> Result<Contact, Problem> {
        let (mailbox, _) = self.open()?;
        let address = parse_address(&typed.address)?;
        let contacts: &Contacts = &mailbox.contacts();
        let contact = contacts.get(&address).ok_or(ContactError::Unknown).or_problem_of(address.as_str())?;
        let Description { name, phone, note } = contact.words.description();
        Ok(Contact {
            who: People::of(&mailbox, contacts).contact(&address),
            called: name.map(|name| name.as_str().into()),
            claims: contact.name.as_ref().map(|name| name.as_str().into()),
            phone,
            note: note.map(|note| note.as_str().into()),
            number: contact
                .number_check()
                .map(|check| CheckedNumber { phone: check.phone.clone(), matches: check.matches }),
        })
    }

    pub(crate) async fn add(&self, args: Described) -> Result<Contact, Problem> {
        let (mailbox, world) = self.open()?;
        let (address, description) = described(&args)?;
        mailbox.add_contact(world, &address, description).await.or_problem_of(address.as_str())?;
        self.one_contact(&TypedAddress { address: args.address })
    }

    pub(crate) async fn describe(&self, args: Described) -> Result<Contact, Problem> {
        let (mailbox, world) = self.open()?;
        let (address, description) = described(&args)?;
        mailbox.describe_contact(world, &address, description).await.or_problem_of(address.as_str())?;
        self.one_contact(&TypedAddress { address: args.address })
    }

    pub(crate) async fn forget(&self, args: TypedAddress) -> Result<Done, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        mailbox.forget_contact(world, &address).await.or_problem_of(address.as_str())?;
        Ok(Done {})
    }

    pub(crate) async fn looked_up(&self, args: TypedAddress) -> Result<Correspondent, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        let looked_up = mailbox.may_write_to(world, &address).await;
        mailbox.write_pins_down(world).await.or_problem()?;
        let standing = looked_up.or_problem_of(address.as_str())?;
        let contacts = mailbox.contacts();
        Ok(People::of(&mailbox, &contacts).somebody(&address, None, standing))
    }

    pub(crate) async fn check(&self, args: TypedNumber) -> Result<CheckedNumber, Problem> {
        let (mailbox, world) = self.open()?;
        let (address, phone) = (parse_address(&args.address)?, parse_phone(&args.phone)?);
        let checked = mailbox.check_number(world, &address, phone.clone()).await;
        Ok(CheckedNumber { phone, matches: checked.or_problem_of(address.as_str())? })
    }

    pub(crate) async fn pass_over_number(&self, args: TypedAddress) -> Result<Correspondent, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        mailbox.write_anyway(world, &address).await.or_problem_of(address.as_str())?;
        let contacts = mailbox.contacts();
        Ok(People::of(&mailbox, &contacts).contact(&address))
    }

    pub(crate) async fn decide(&self, args: TypedAddress, decision: Decision) -> Result<Comparison, Problem> {
        let (mailbox, world) = self.open()?;
        let address = parse_address(&args.address)?;
        let comparison = match decision {
            Decision::Show => mailbox.compare(world, &address).await,
            Decision::Match => mailbox.digits_match(world, &address).await,
            Decision::Differ => mailbox.digits_differ(world, &address).await,
            Decision::Accept => mailbox.accept(world, &address).await,
        };
        let comparison = comparison.or_problem_of(address.as_str())?;
        Ok(shown::comparison(&mailbox, &address, &comparison))
    }
}

/// What a person decides about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Nothing yet: the digits are shown.
    Show,
    /// They match.
    Match,
    /// They do not.
    Differ,
    /// The changed key is taken.
    Accept,
}

/// What was typed into the fields of a contact; an empty one says nothing.
fn described(typed: &Described) -> Result<(Address, Description), Problem> {
    let address = parse_address(&typed.address)?;
    let filled = |field: &str| (!field.trim().is_empty()).then(|| field.to_owned());
    let description = Description {
        name: filled(&typed.name)
            .map(|name| Name::parse(&name).map_err(|_| refused(PageProblem::NotAName)))
            .transpose()?,
        phone: filled(&typed.phone).map(|phone| parse_phone(&phone)).transpose()?,
        note: filled(&typed.note)
            .map(|note| Note::parse(&note).map_err(|_| refused(PageProblem::NotANote)))
            .transpose()?,
    };
    Ok((address, description))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_field_of_a_contact_says_nothing_and_a_filled_one_is_parsed() {
        let typed = |name: &str, phone: &str, note: &str| Described {
            address: " Gun@Demo.Example ".into(),
            name: name.into(),
            phone: phone.into(),
            note: note.into(),
        };
        let (address, description) = described(&typed(" ", "", "\n")).unwrap();
        assert_eq!((address.as_str(), description), ("gun@demo.example", Description::default()));
        let (_, description) = described(&typed("Gun", "070-174 06 12", "Syster")).unwrap();
        assert_eq!(description.phone.unwrap().as_str(), "+46701740612");
        let refused = |typed| described(&typed).unwrap_err().name;
        assert_eq!(refused(typed("Gun\u{202e}", "", "")), PageProblem::NotAName.into());
        assert_eq!(refused(typed("", "070", "")), PageProblem::NotAPhoneNumber.into());
        assert_eq!(refused(typed("", "", &"a".repeat(501))), PageProblem::NotANote.into());
    }
}
