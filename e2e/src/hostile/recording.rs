//! A day while it is recorded.

use securemailbox_client::transcript::{Recorded, Recorder};

use crate::{
    person::{Wire, now},
    replay::{Act, Contents, Day, Life, Person},
    suite::{Lived, question},
};

/// A person at a real server, written down act by act.
pub struct Recording {
    person: Person<Recorder<Wire>>,
    life: Life,
    lived: Lived,
}

impl Recording {
    /// In the morning. A seed must not come twice at one server: ids are made from it.
    #[must_use]
    pub fn begin(url: &str, seed: u64, device: Contents) -> Self {
        let now = now();
        let person = Person::new(Recorder::new(Wire::to(url)), now, seed, &device);
        let day = Day { now, seed, device, acts: Vec::new(), transcript: Vec::new() };
        Self { person, life: Life::default(), lived: Lived { day, shown: Vec::new() } }
    }

    /// Does something, and answers what it showed.
    ///
    /// # Panics
    /// When it failed: a day is recorded on which nothing goes wrong.
    pub async fn act(&mut self, act: Act) -> String {
        // On the heap: a day of many acts has the futures of all of them in one.
        let shown = Box::pin(self.life.act(&self.person, act.clone())).await;
        assert!(!shown.starts_with("failed"), "{shown}");
        self.lived.day.acts.push(act);
        self.lived.shown.push(shown.clone());
        shown
    }

    /// How far the person has come.
    #[must_use]
    pub const fn life(&self) -> &Life {
        &self.life
    }

    /// Whose day it is, for what is done besides the script.
    #[must_use]
    pub const fn person(&self) -> &Person<Recorder<Wire>> {
        &self.person
    }

    /// In the evening: the day, and what lies on the device now.
    #[must_use]
    pub fn end(mut self) -> (Lived, Contents) {
        self.lived.day.transcript = self.person.transport.take();
        (self.lived, self.person.device())
    }
}

/// Whether a line of a transcript is an answer to this question: with any query, unless the question names one.
pub(super) fn is_it(line: &Recorded, asked: &str) -> bool {
    let question = question(line);
    question == asked || question.split('?').next() == Some(asked)
}
