//! How a lie is laid out: on which day, in which answers, and what must come of it.

use std::{fmt::Display, time::Duration};

use securemailbox_client::{
    failure::Failure,
    letters::{Damage, ReadError},
    transcript::Recorded,
};
use securemailbox_protocol::{
    octets::Octets,
    problems::{ProblemDetails, ProblemType},
};
use securemailbox_vault::letters::Refused;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    replay::OUT_OF_TURN,
    suite::{Case, Lie, Lived, question},
};

use super::{recording::is_it, stage::Stage};

/// A case that is being made. Until it says otherwise, what is shown stays what it was.
pub struct Plot<'a> {
    lived: &'a Lived,
    case: Case,
}

impl Stage {
    /// A lie on this day.
    ///
    /// # Panics
    /// When there is no such day.
    #[must_use]
    pub fn lie(&self, row: u8, day: &str, name: &str) -> Plot<'_> {
        let lived = self.days.get(day).unwrap_or_else(|| panic!("no day is called {day}"));
        let case = Case {
            row,
            name: name.to_owned(),
            day: day.to_owned(),
            lies: Vec::new(),
            now: None,
            shown: lived.shown.clone(),
            never_asked: Vec::new(),
            says_the_same: false,
        };
        Plot { lived, case }
    }
}

impl Plot<'_> {
    /// Every answer to this question (`GET /letters/…`, with any query if it has none) says something else: JSON.
    #[must_use]
    pub fn tells<T: DeserializeOwned + Serialize>(self, asked: &str, change: impl Fn(&mut T)) -> Self {
        let places = self.places(asked);
        self.tells_at(&places, change)
    }

    /// The last answer to this question says something else.
    #[must_use]
    pub fn tells_last<T: DeserializeOwned + Serialize>(self, asked: &str, change: impl Fn(&mut T)) -> Self {
        let last = self.places(asked).split_off(self.places(asked).len() - 1);
        self.tells_at(&last, change)
    }

    /// Every answer to this question says something else, from when `first` was asked for the last time.
    #[must_use]
    pub fn tells_since<T: DeserializeOwned + Serialize>(
        self,
        first: &str,
        asked: &str,
        change: impl Fn(&mut T),
    ) -> Self {
        let from = self.places(first).split_off(self.places(first).len() - 1)[0];
        let places: Vec<usize> = self.places(asked).into_iter().filter(|at| *at >= from).collect();
        self.tells_at(&places, change)
    }

    fn tells_at<T: DeserializeOwned + Serialize>(mut self, places: &[usize], change: impl Fn(&mut T)) -> Self {
        let before = self.case.lies.len();
        for at in places {
            let truth = &self.lived.day.transcript[*at];
            if let Some(told) = changed(truth, &change) {
                self.case.lies.push(Lie::Instead(*at, told));
            }
        }
        assert!(self.case.lies.len() > before, "{}: nothing changed", self.case.name);
        self
    }

    /// Changes an answer that is a lie already.
    #[must_use]
    pub fn tells_too<T: DeserializeOwned + Serialize>(mut self, asked: &str, change: impl Fn(&mut T)) -> Self {
        let places = self.places(asked);
        for lie in &mut self.case.lies {
            if let Lie::Instead(at, told) = lie
                && places.contains(at)
            {
                *told = changed(told, &change).unwrap_or_else(|| told.clone());
            }
        }
        self
    }

    /// Every answer to this question is these bytes, under the media type it had.
    #[must_use]
    pub fn serves(mut self, asked: &str, bytes: &[u8]) -> Self {
        for at in self.places(asked) {
            let told = Recorded { body: bytes.to_vec().into(), ..self.lived.day.transcript[at].clone() };
            self.case.lies.push(Lie::Instead(at, told));
        }
        self
    }

    /// The answers to this question are these, in their order, with these statuses.
    #[must_use]
    pub fn gives(mut self, asked: &str, answers: &[(u16, &[u8])]) -> Self {
        for (at, (status, bytes)) in self.places(asked).into_iter().zip(answers) {
            let truth = &self.lived.day.transcript[at];
            let told = Recorded { status: *status, body: bytes.to_vec().into(), ..truth.clone() };
            if told != *truth {
                self.case.lies.push(Lie::Instead(at, told));
            }
        }
        self
    }

    /// The first answers to this question, so many, are refusals.
    #[must_use]
    pub fn refuses(mut self, asked: &str, times: usize, problem: ProblemType) -> Self {
        for at in self.places(asked).into_iter().take(times) {
            let told = Recorded {
                status: problem.status(),
                content_type: "application/problem+json".into(),
                body: serde_json::to_vec(&ProblemDetails::new(problem)).expect("JSON").into(),
                ..self.lived.day.transcript[at].clone()
            };
            self.case.lies.push(Lie::Instead(at, told));
        }
        self
    }

    /// A question that only the lie leads to has an answer too: raw bytes.
    #[must_use]
    pub fn also_serves(self, asked: &str, bytes: &[u8]) -> Self {
        self.also(asked, (200, "application/octet-stream"), bytes.to_vec())
    }

    /// The same of a range.
    #[must_use]
    pub fn also_gives(self, asked: &str, bytes: &[u8]) -> Self {
        self.also(asked, (206, "application/octet-stream"), bytes.to_vec())
    }

    /// Gives such a question an answer in JSON.
    #[must_use]
    pub fn also_tells(self, asked: &str, said: &impl Serialize) -> Self {
        self.also(asked, (200, "application/json"), serde_json::to_vec(said).expect("JSON"))
    }

    fn also(mut self, asked: &str, (status, content_type): (u16, &str), body: Vec<u8>) -> Self {
        let (method, path) = asked.split_once(' ').expect("a method and a path");
        self.case.lies.push(Lie::Besides(Recorded {
            method: method.into(),
            path: format!("/api/v1{path}"),
            asked: Octets::default(),
            status,
            content_type: content_type.into(),
            body: body.into(),
        }));
        self
    }

    fn places(&self, asked: &str) -> Vec<usize> {
        let (method, path) = asked.split_once(' ').expect("a method and a path");
        let asked = format!("{method} /api/v1{path}");
        let transcript = self.lived.day.transcript.iter().enumerate();
        let places: Vec<usize> = transcript.filter(|(_, line)| is_it(line, &asked)).map(|(at, _)| at).collect();
        assert!(!places.is_empty(), "{}: nobody asked {asked} on this day", self.case.name);
        places
    }

    /// Lets the whole day happen so much later.
    #[must_use]
    pub fn later(mut self, by: Duration) -> Self {
        self.case.now = Some(self.lived.day.now.after(by));
        self
    }

    /// This act must show something else.
    #[must_use]
    pub fn shows(mut self, act: usize, shown: impl Into<String>) -> Self {
        self.case.shown[act] = shown.into();
        self
    }

    /// This act must fail, and what follows finds nothing to work on.
    #[must_use]
    pub fn stops(mut self, act: usize, shown: impl Into<String>) -> Self {
        self.case.shown[act] = shown.into();
        self.case.shown[act + 1..].fill(format!("failed: {OUT_OF_TURN}"));
        self
    }

    /// What this act shows so far.
    #[must_use]
    pub fn shown(&self, act: usize) -> &str {
        &self.case.shown[act]
    }

    /// The line of it that has this in it.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn line(&self, act: usize, subject: &str) -> &str {
        self.shown(act).lines().find(|line| line.contains(subject)).expect("such a line")
    }

    /// The line of a list that has this in it must be another one.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn lists(mut self, act: usize, subject: &str, line: impl Display) -> Self {
        let shown = &mut self.case.shown[act];
        assert!(shown.contains(subject), "{shown}");
        let line = line.to_string();
        let lines: Vec<&str> =
            shown.lines().map(|row| if row.contains(subject) { line.as_str() } else { row }).collect();
        *shown = lines.join("\n");
        self
    }

    /// The client must not come to ask this.
    #[must_use]
    pub fn never_asks(mut self, asked: &str) -> Self {
        for at in self.places(asked) {
            self.case.never_asked.push(question(&self.lived.day.transcript[at]));
        }
        self
    }

    /// Everything the client says must stay what it was.
    #[must_use]
    pub fn says_the_same(mut self) -> Case {
        self.case.says_the_same = true;
        self.case
    }

    /// Ends the making of the case.
    #[must_use]
    pub fn case(self) -> Case {
        self.case
    }
}

/// The answer as `change` would have it, if that is another one.
fn changed<T: DeserializeOwned + Serialize>(truth: &Recorded, change: &impl Fn(&mut T)) -> Option<Recorded> {
    let mut said: T = serde_json::from_slice(&truth.body.0).expect("an answer of this type");
    let before = serde_json::to_value(&said).expect("JSON");
    change(&mut said);
    let after = serde_json::to_value(&said).expect("JSON");
    let body = serde_json::to_vec(&said).expect("JSON").into();
    (before != after).then(|| Recorded { body, ..truth.clone() })
}

/// The line that an act shows when it failed.
#[must_use]
pub fn failed(failure: impl Failure) -> String {
    format!("failed: {}: {failure}", failure.explain().name)
}

/// What reading shows of a letter that is refused.
#[must_use]
pub fn unread(refused: impl Into<Damage>) -> String {
    failed(ReadError::Damaged(refused.into()))
}

/// What a list shows of a letter that is refused.
#[must_use]
pub fn unlisted(refused: impl Into<Damage>) -> String {
    let damage = refused.into();
    format!("{}: {damage}", damage.name())
}

/// The damage that both show of a letter that does not open.
#[must_use]
pub const fn damaged(refused: Refused) -> Damage {
    Damage::Letter(refused)
}
