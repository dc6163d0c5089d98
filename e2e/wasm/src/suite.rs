//! A server that lies, as a list (ATTACKS): recorded days, and cases that change an answer of one. The same list is run
//! natively and as WebAssembly.

use std::{collections::BTreeMap, fmt};

use securemailbox_client::transcript::Recorded;
use securemailbox_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::replay::{Day, Evening, live};

/// Days that really were, and lies that could have been told on them.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Recorded days, by their names in the cases.
    pub days: BTreeMap<String, Lived>,
    /// The lies that are told, each of one day.
    pub cases: Vec<Case>,
}

/// A day as it was, and what it showed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lived {
    /// The day with its transcript.
    pub day: Day,
    /// What each act of the day showed.
    pub shown: Vec<String>,
}

/// One lie, and what must come of it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The number of the row in the threat model.
    pub row: u8,
    /// What the lie is, in words.
    pub name: String,
    /// The day on which it is told.
    pub day: String,
    /// The answers that are changed.
    pub lies: Vec<Lie>,
    /// The device's clock, if the lie takes its time.
    pub now: Option<Timestamp>,
    /// What each act must show under the lie.
    pub shown: Vec<String>,
    /// What the client must not ask for any more: method and path.
    pub never_asked: Vec<String>,
    /// Whether everything the client says must stay what it was, byte for byte.
    pub says_the_same: bool,
}

/// One answer on the wire, changed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lie {
    /// Instead of the answer recorded at this place.
    Instead(usize, Recorded),
    /// To a question that nobody asked on the day as it was, but that the lie leads to.
    Besides(Recorded),
}

/// What running a case, or an unchanged day, came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The row of ATTACKS; none for a day as it was.
    pub row: Option<u8>,
    /// The name of the lie, or of the day.
    pub name: String,
    /// Where the client did another thing than it must.
    pub faults: Vec<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(f, "row {row}: {}", self.name)?,
            None => write!(f, "the day \u{201c}{}\u{201d} as it was", self.name)?,
        }
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl Suite {
    /// Lives every day as it was, and then every case.
    #[must_use]
    pub fn run(&self) -> Vec<Verdict> {
        let days = self.days.iter().map(|(name, lived)| Verdict {
            row: None,
            name: name.clone(),
            faults: lived.faults_unchanged(),
        });
        let cases = self.cases.iter().map(|case| {
            let faults = match self.days.get(&case.day) {
                Some(lived) => case.faults(lived),
                None => vec!["there is no such day".into()],
            };
            Verdict { row: Some(case.row), name: case.name.clone(), faults }
        });
        days.chain(cases).collect()
    }
}

impl Lived {
    /// The unchanged transcript passes, or a case on it proves nothing.
    fn faults_unchanged(&self) -> Vec<String> {
        let evening = live(self.day.clone());
        let mut faults = faults_of_what_is_shown(&evening.shown, &self.shown);
        faults.extend(evening.strays.iter().map(|stray| format!("asked something new: {stray}")));
        faults.extend(evening.other_bodies.iter().map(|other| format!("said something new: {other}")));
        faults.extend(evening.unasked.iter().map(|left| format!("did not ask: {}", question(left))));
        faults
    }
}

impl Case {
    fn faults(&self, lived: &Lived) -> Vec<String> {
        let mut day = lived.day.clone();
        if self.lies.is_empty() {
            return vec!["nothing is changed".into()];
        }
        for lie in &self.lies {
            match lie {
                Lie::Instead(at, told) => match day.transcript.get_mut(*at) {
                    Some(truth) if truth == told => return vec!["the lie is the truth".into()],
                    Some(truth) => *truth = told.clone(),
                    None => return vec!["there is no such answer".into()],
                },
                Lie::Besides(told) => day.transcript.push(told.clone()),
            }
        }
        day.now = self.now.unwrap_or(day.now);
        self.faults_of(&live(day))
    }

    fn faults_of(&self, evening: &Evening) -> Vec<String> {
        let mut faults = faults_of_what_is_shown(&evening.shown, &self.shown);
        faults.extend(evening.strays.iter().map(|stray| format!("asked something new: {stray}")));
        for Lie::Instead(_, told) | Lie::Besides(told) in &self.lies {
            if evening.unasked.contains(told) {
                faults.push(format!("the lie was never heard: {}", question(told)));
            }
        }
        for never in &self.never_asked {
            if !evening.unasked.iter().any(|left| question(left) == *never) {
                faults.push(format!("asked what it must not: {never}"));
            }
        }
        if self.says_the_same {
            faults.extend(evening.other_bodies.iter().map(|other| format!("said something new: {other}")));
        }
        faults
    }
}

/// The question of a recorded call: method, path and query.
#[must_use]
pub fn question(recorded: &Recorded) -> String {
    format!("{} {}", recorded.method, recorded.path)
}

fn faults_of_what_is_shown(shown: &[String], expected: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for act in 0..shown.len().max(expected.len()) {
        let (shown, expected) = (shown.get(act), expected.get(act));
        if shown != expected {
            faults.push(format!("act {act} showed {shown:?}, not {expected:?}"));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use securemailbox_protocol::octets::Octets;

    use super::*;
    use crate::replay::{Act, OUT_OF_TURN};

    /// Somebody who opens a mailbox on a device that nobody is signed in on, and an answer that nobody asks for.
    fn lived() -> Lived {
        let unasked = Recorded {
            method: "GET".into(),
            path: "/api/v1/changes".into(),
            asked: Octets::default(),
            status: 200,
            content_type: "application/json".into(),
            body: b"{}".to_vec().into(),
        };
        let day = Day {
            now: Timestamp::from_unix_millis(0),
            seed: 1,
            device: BTreeMap::new(),
            acts: vec![Act::Open, Act::Sync],
            transcript: vec![unasked],
        };
        let nobody = "failed: not-signed-in: nobody is signed in on this device";
        Lived { day, shown: vec![nobody.into(), format!("failed: {OUT_OF_TURN}")] }
    }

    fn faults(change: impl FnOnce(&mut Case)) -> Vec<String> {
        let lived = lived();
        let mut case = Case {
            row: 1,
            name: "a lie".into(),
            day: "a day".into(),
            lies: Vec::new(),
            now: None,
            shown: lived.shown.clone(),
            never_asked: Vec::new(),
            says_the_same: true,
        };
        change(&mut case);
        let suite = Suite { days: [("a day".to_owned(), lived)].into(), cases: vec![case] };
        suite.run().remove(1).faults
    }

    #[test]
    fn a_day_that_leaves_an_answer_is_not_the_day_that_was() {
        assert_eq!(lived().faults_unchanged(), ["did not ask: GET /api/v1/changes"]);
        let mut lived = lived();
        lived.shown[0].clear();
        assert_eq!(lived.faults_unchanged().len(), 2, "and it showed something else");
    }

    #[test]
    fn a_case_that_changes_nothing_or_that_nobody_hears_proves_nothing() {
        assert_eq!(faults(|_| ()), ["nothing is changed"]);
        let truth = lived().day.transcript[0].clone();
        let told = Recorded { status: 500, ..truth.clone() };
        assert_eq!(faults(|case| case.lies = vec![Lie::Instead(0, truth)]), ["the lie is the truth"]);
        let unheard = ["the lie was never heard: GET /api/v1/changes"];
        assert_eq!(faults(|case| case.lies = vec![Lie::Instead(0, told.clone())]), unheard);
        assert_eq!(faults(|case| case.lies = vec![Lie::Besides(told.clone())]), unheard);
        assert_eq!(faults(|case| case.lies = vec![Lie::Instead(1, told)]), ["there is no such answer"]);
        assert_eq!(faults(|case| case.day.clear()), ["there is no such day"]);
    }

    #[test]
    fn a_case_that_shows_or_asks_what_it_must_not_is_at_fault() {
        let told = Recorded { status: 500, ..lived().day.transcript[0].clone() };
        let faults = faults(|case| {
            case.lies = vec![Lie::Instead(0, told)];
            case.shown.pop();
            case.never_asked.push("POST /api/v1/letters".into());
        });
        assert!(faults.iter().any(|fault| fault.starts_with("act 1 showed")), "{faults:?}");
        assert!(faults.contains(&"asked what it must not: POST /api/v1/letters".to_owned()), "{faults:?}");
    }
}
