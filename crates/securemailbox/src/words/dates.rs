//! Times as a person reads them, at the place where they are: 24 nov 2026 10.42 in Swedish, 24 Nov 2026 10:42 in English, as the
//! page writes them (GUIDE, Words).

use jiff::{Zoned, tz::TimeZone};
use securemailbox_protocol::time::Timestamp;

use super::Language;

const MONTHS: [[(&str, &str); 2]; 12] = [
    [("jan", "januari"), ("Jan", "January")],
    [("feb", "februari"), ("Feb", "February")],
    [("mars", "mars"), ("Mar", "March")],
    [("apr", "april"), ("Apr", "April")],
    [("maj", "maj"), ("May", "May")],
    [("juni", "juni"), ("Jun", "June")],
    [("juli", "juli"), ("Jul", "July")],
    [("aug", "augusti"), ("Aug", "August")],
    [("sep", "september"), ("Sept", "September")],
    [("okt", "oktober"), ("Oct", "October")],
    [("nov", "november"), ("Nov", "November")],
    [("dec", "december"), ("Dec", "December")],
];

/// For a list.
pub(crate) fn date(time: Timestamp, language: Language) -> String {
    written(time, language, &TimeZone::system(), |(short, _)| short)
}

/// For a letter.
pub(crate) fn date_in_full(time: Timestamp, language: Language) -> String {
    written(time, language, &TimeZone::system(), |(_, long)| long)
}

fn written(
    time: Timestamp,
    language: Language,
    zone: &TimeZone,
    month: fn((&'static str, &'static str)) -> &'static str,
) -> String {
    let millis = i64::try_from(time.unix_millis()).unwrap_or(i64::MAX);
    let Ok(instant) = jiff::Timestamp::from_millisecond(millis) else { return time.to_string() };
    let local: Zoned = instant.to_zoned(zone.clone());
    let at = usize::try_from(local.month() - 1).unwrap_or_default();
    let [swedish, english] = MONTHS[at];
    let (month, colon) = match language {
        Language::Sv => (month(swedish), '.'),
        Language::En => (month(english), ':'),
    };
    format!("{} {month} {} {:02}{colon}{:02}", local.day(), local.year(), local.hour(), local.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_that_of_the_place_and_in_the_words_of_the_language() {
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        let written = |time: &str, language, month| written(time.parse().unwrap(), language, &zone, month);
        let (evening, autumn) = ("2026-11-24T23:42:07Z", "2026-09-05T07:02:00Z");
        assert_eq!(written(evening, Language::Sv, |(short, _)| short), "25 nov 2026 00.42");
        assert_eq!(written(evening, Language::En, |(short, _)| short), "25 Nov 2026 00:42");
        assert_eq!(written(autumn, Language::Sv, |(_, long)| long), "5 september 2026 08.02");
        assert_eq!(written(autumn, Language::En, |(short, _)| short), "5 Sept 2026 08:02");
    }
}
