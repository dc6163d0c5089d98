//! What people are called, and when a name may stand without its address (PROTOCOL §3).

use std::collections::BTreeMap;

use securemailbox_protocol::address::Address;

use super::{Contact, Contacts};
use crate::settings::Name;

/// A name as a list may show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownName {
    /// The name; none for whom nobody named.
    pub name: Option<String>,
    /// Whether it may stand without the address: the contact has this very name, and nobody else has one like it.
    pub alone: bool,
}

/// What people are called. Names that look alike are one name: whoever shares it is shown with the address.
pub struct Names<'a> {
    contacts: &'a Contacts,
    taken: BTreeMap<String, usize>,
}

impl<'a> Names<'a> {
    pub(super) fn new(contacts: &'a Contacts, own: &Name) -> Self {
        let mut taken = BTreeMap::new();
        for name in contacts.iter().filter_map(|(_, contact)| contact.goes_by()).chain([own]) {
            *taken.entry(name.folded()).or_default() += 1;
        }
        Self { contacts, taken }
    }

    /// How somebody is named who claims this name, or none (PROTOCOL §3): as the owner calls them, whatever they claim.
    /// Else what is `claimed` and is not the contact's own name never stands alone, and what is no name is not shown.
    #[must_use]
    pub fn shown(&self, address: &Address, claimed: Option<&str>) -> ShownName {
        let contact = self.contacts.get(address);
        let own = contact.and_then(Contact::goes_by);
        let named_by_owner = contact.is_some_and(|contact| contact.words.called().is_some());
        let name = match claimed {
            Some(claimed) if !named_by_owner => Name::parse(claimed).ok(),
            Some(_) | None => own.cloned(),
        };
        let is_only_theirs = |name: &Name| self.taken.get(&name.folded()) == Some(&1);
        // Of whoever wrote by a public page nothing but their own word is known: what they call themselves says nothing alone.
        let is_claimed_only = address.is_of_writer() && !named_by_owner;
        let alone = name.as_ref() == own && own.is_some_and(is_only_theirs) && !is_claimed_only;
        ShownName { name: name.map(|name| name.as_str().into()), alone }
    }
}
