//! A letter by a public page (PROTOCOL §5), from the page to the link that its writer keeps; and the page of one's own.

use securemailbox_client::{
    accounts::AddressToProve,
    public_pages::{LetterToPage, PageShown, Written, look_at},
    settings::Name,
    world::World,
};
use securemailbox_protocol::{
    accounts::Language,
    address::Address,
    factors::Code,
    ids::RegistrationId,
    limits,
    public_pages::{self, NotAPageName, PageName, PageTitle},
};
use serde::Deserialize;
#[cfg(test)]
use ts_rs::TS;

use crate::{
    problems::{OrProblem, out_of_step, refused},
    sign_in::parse_address,
    views::{KeptLink, OwnPage, PageProblem, Problem, PublicPage},
};

/// A page by which anybody writes to a member, by its name.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NamedPage {
    /// As it stood in the page's address.
    pub name: String,
}

/// An e-mail address to be told at when an answer waits.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct WritersAddress {
    /// As typed.
    pub address: String,
    /// The language of the e-mails.
    pub language: Language,
}

/// A letter by a page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct LetterByPage {
    /// Who writes, as they say.
    pub name: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The e-mail address that is told of an answer, as typed; none tells nobody. `out-of-step` where it was not proved.
    pub email: Option<String>,
    /// The language of what the server writes to them.
    pub language: Language,
}

/// One's own page.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct NewOwnPage {
    /// As typed; none closes it.
    pub page: Option<TypedPage>,
}

/// Name and title of a page.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(TS))]
pub struct TypedPage {
    /// What stands in its address, as typed.
    pub name: String,
    /// What strangers see above it, as typed.
    pub title: String,
}

/// A page that somebody writes by.
pub(crate) struct WritingByPage {
    page: PageShown,
    proving: Option<AddressToProve>,
    proved: Option<(RegistrationId, Address)>,
    /// What was sealed, and of what: after a lost answer the same letter goes out once more.
    sealed: Option<(LetterByPage, LetterToPage)>,
}

impl WritingByPage {
    /// Looked at once more, since its key is another one by now, what was proved counts on.
    pub(crate) async fn begin(
        world: &impl World,
        typed: &str,
        before: Option<Self>,
    ) -> Result<(Self, PublicPage), Problem> {
        let page = look_at(world, &name(typed)?).await.or_problem()?;
        let organisation = page.organisation.clone();
        let view = PublicPage { title: page.title.as_str().into(), address: page.address().clone(), organisation };
        let proved = before.and_then(|before| before.proved);
        Ok((Self { page, proving: None, proved, sealed: None }, view))
    }

    pub(crate) async fn prove(&mut self, world: &impl World, args: &WritersAddress) -> Result<(), Problem> {
        let address = parse_address(&args.address)?;
        (self.proved, self.sealed) = (None, None);
        self.proving = Some(self.page.prove(world, &address, args.language).await.or_problem()?);
        Ok(())
    }

    pub(crate) async fn send_code(&self, world: &impl World) -> Result<(), Problem> {
        self.proving.as_ref().ok_or_else(out_of_step)?.asked().send(world).await.or_problem()
    }

    pub(crate) async fn enter_code(&mut self, world: &impl World, typed: &str) -> Result<(), Problem> {
        let code = Code::parse(typed).map_err(|_| refused(PageProblem::NotACode))?;
        let proving = self.proving.as_ref().ok_or_else(out_of_step)?;
        proving.enter(world, &code).await.or_problem()?;
        self.proved = Some((proving.registrant().id, proving.registrant().address.clone()));
        Ok(())
    }

    pub(crate) async fn write(&mut self, world: &impl World, args: LetterByPage) -> Result<KeptLink, Problem> {
        let mut letter = match self.sealed.take() {
            Some((before, letter)) if before == args => letter,
            Some(_) | None => self.seal(world, &args)?,
        };
        let posted = letter.post(world).await.or_problem();
        let secret = letter.link();
        self.sealed = Some((args, letter));
        posted?;
        Ok(KeptLink { secret, expires: world.now().after(limits::INVITATION_LIFE) })
    }

    fn proof_of(&self, typed: &str) -> Result<RegistrationId, Problem> {
        let address = parse_address(typed)?;
        let proved = self.proved.as_ref().filter(|(_, proved)| *proved == address);
        proved.map(|(id, _)| *id).ok_or_else(out_of_step)
    }

    fn seal(&self, world: &impl World, args: &LetterByPage) -> Result<LetterToPage, Problem> {
        let LetterByPage { name, subject, text, email, language } = args.clone();
        let proved = email.map(|email| self.proof_of(&email)).transpose()?;
        let name = Name::parse(&name).map_err(|_| refused(PageProblem::NotAName))?;
        self.page.seal(world, &Written { name, subject, text, language, proved }).or_problem()
    }
}

fn name(typed: &str) -> Result<PageName, Problem> {
    PageName::parse(typed).map_err(|error| match error {
        NotAPageName::Form => refused(PageProblem::NotAPageName),
        NotAPageName::Reserved => refused(PageProblem::NotAPageNameForYou),
    })
}

/// A page as typed.
pub(crate) fn typed(typed: TypedPage) -> Result<public_pages::PublicPage, Problem> {
    let title = PageTitle::parse(&typed.title).map_err(|_| refused(PageProblem::NotAPageTitle))?;
    Ok(public_pages::PublicPage { name: name(&typed.name)?, title })
}

/// One's own page, as it is shown.
pub(crate) fn own(page: Option<public_pages::PublicPage>) -> OwnPage {
    let (name, title) = page.map(|page| (page.name.as_str().into(), page.title.as_str().into())).unzip();
    OwnPage { name, title }
}
