//! The story of the demo happens: each act by the person whose it is, when it is told to have been.

use std::time::Duration;

use securemailbox_client::{
    letters::{Addressed, Draft},
    world::World as _,
};
use securemailbox_protocol::{
    address::{Address, NotAnAddress},
    ids::LetterId,
    letters::Folder,
};

use super::{
    DemoClock, DemoError, Made, PEOPLE,
    story::{Act, BEGINNING, Letter, STORY, When, Who},
};
use crate::{outcome::Stop, terminal};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// Goes back to when everybody got a mailbox.
pub(super) fn begin(clock: &DemoClock) {
    be_at(clock, BEGINNING);
}

fn be_at(clock: &DemoClock, when: When) {
    clock.be_behind(when.ago(Duration::from_millis(terminal::now().unix_millis() % DAY)));
}

/// Has everything happen, and ends in the present.
pub(super) async fn tell(people: &[Made], clock: &DemoClock) -> Result<(), DemoError> {
    let mut letters = Vec::new();
    for (when, who, act) in STORY {
        be_at(clock, *when);
        // They are everybody, in their order.
        let Some(person) = people.get(*who as usize) else { continue };
        if let Some(letter) = person.does(*act, &letters).await? {
            letters.push(letter);
        }
    }
    clock.be_behind(Duration::ZERO);
    Ok(())
}

impl Made {
    /// The letter that was written, if that is what was done.
    async fn does(&self, act: Act, letters: &[LetterId]) -> Result<Option<LetterId>, DemoError> {
        let Self { world, mailbox } = self;
        mailbox.sync(world).await.map_err(Stop::from)?;
        match act {
            Act::Writes(letter) => {
                let written = self.addressed(letter, letters).await?;
                return Ok(Some(mailbox.send(world, &written).await.map_err(Stop::from)?.id));
            }
            Act::Begins(letter) => {
                let draft = Draft::of(self.addressed(letter, letters).await?, world.now());
                mailbox.save_draft(world, None, draft).await.map_err(Stop::from)?;
                mailbox.hand_in_drafts(world).await.map_err(Stop::from)?;
            }
            Act::Reads(number) => drop(mailbox.read(world, letters[number]).await.map_err(Stop::from)?),
            Act::Archives(number) => self.put(letters[number], Folder::Archive).await?,
            Act::Bins(number) => self.put(letters[number], Folder::Trash).await?,
            Act::Compares(who) => {
                let address = address_of(who)?;
                mailbox.compare(world, &address).await.map_err(Stop::from)?;
                mailbox.digits_match(world, &address).await.map_err(Stop::from)?;
            }
        }
        Ok(None)
    }

    async fn addressed(&self, letter: Letter, letters: &[LetterId]) -> Result<Addressed, DemoError> {
        let Letter { to, subject, text, answers } = letter;
        let answers = match answers {
            Some(number) => Some(self.mailbox.answers(&self.world, None, letters[number]).await.map_err(Stop::from)?),
            None => None,
        };
        let to = to.iter().map(|who| address_of(*who)).collect::<Result<_, _>>()?;
        Ok(Addressed { to, subject: subject.into(), text: text.into(), answers, ..Addressed::default() })
    }

    async fn put(&self, letter: LetterId, folder: Folder) -> Result<(), DemoError> {
        Ok(self.mailbox.move_letter(&self.world, letter, folder).await.map_err(Stop::from)?)
    }
}

fn address_of(who: Who) -> Result<Address, NotAnAddress> {
    Address::parse(PEOPLE[who as usize].address)
}
