//! Search in the pages: by words, in what they say. Small enough that every request looks through all of it.

use crate::markdown::{Document, Section};

/// How much of what somebody types is looked at, in characters, and in words.
const LONGEST: usize = 100;
const WORDS: usize = 8;
/// How many places are shown at most.
const SHOWN: usize = 20;
/// How much of a place is shown around the first word, in characters.
const AROUND: usize = 140;

/// A place in a page, by its address and what stands there.
pub(crate) struct Place {
    address: String,
    page: String,
    title: String,
    text: String,
    /// Title and text in small letters, of which words are looked for.
    folded: [String; 2],
}

/// A place that was found, as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    pub(crate) address: &'a str,
    pub(crate) page: &'a str,
    pub(crate) title: &'a str,
    pub(crate) around: String,
}

impl Place {
    /// Every place of a page: its lead, its sections, and what stands below headings within them.
    pub(crate) fn all_of(address: &str, document: &Document) -> Vec<Self> {
        let page = document.title_text.clone();
        let place = |address: String, title: &str, text: &str| Self {
            address,
            page: page.clone(),
            title: title.to_owned(),
            text: text.to_owned(),
            folded: [title.to_lowercase(), text.to_lowercase()],
        };
        let mut all = vec![place(address.to_owned(), &page, &document.lead_text)];
        let mut of = |section: &Section| {
            let fragment = if section.id.is_empty() { String::new() } else { format!("#{}", section.id) };
            all.push(place(format!("{address}{fragment}"), &section.title_text, &section.text));
        };
        for section in &document.sections {
            of(section);
            section.parts.iter().for_each(&mut of);
        }
        all
    }
}

/// What somebody looks for: as much of it as is looked at.
pub(crate) fn asked(query: &str) -> String {
    query.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().trim().to_owned()
}

/// Places that have every word of `asked`; if there is none, those that have the most of them. Those with more of them in their title
/// come first.
pub(crate) fn find<'a>(places: &'a [Place], asked: &str) -> Vec<Found<'a>> {
    let asked = asked.to_lowercase();
    let words: Vec<&str> =
        asked.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 1).take(WORDS).collect();
    let in_either =
        |place: &Place| words.iter().filter(|word| place.folded.iter().any(|text| text.contains(**word))).count();
    let in_title = |place: &Place| words.iter().filter(|word| place.folded[0].contains(**word)).count();
    let mut found: Vec<(usize, usize, &Place)> = places
        .iter()
        .map(|place| (in_either(place), in_title(place), place))
        .filter(|(words, ..)| *words > 0)
        .collect();
    let most = found.iter().map(|(words, ..)| *words).max().unwrap_or(0);
    found.retain(|(words, ..)| *words == most);
    found.sort_by_key(|(_, in_title, _)| std::cmp::Reverse(*in_title));
    let found = found.into_iter().take(SHOWN);
    let shown = |place: &'a Place| Found {
        address: &place.address,
        page: &place.page,
        title: &place.title,
        around: around(place, &words),
    };
    found.map(|(.., place)| shown(place)).collect()
}

/// Some of the text, from a little before the first of the words.
fn around(place: &Place, words: &[&str]) -> String {
    let first = words.iter().filter_map(|word| place.folded[1].find(word)).min().unwrap_or(0);
    // Small letters may have another length than the text itself has, so this is about where the word stands.
    let before = place.folded[1].get(..first).map_or(0, |before| before.chars().count()).saturating_sub(AROUND / 3);
    let some: String = place.text.chars().skip(before).take(AROUND).collect();
    let some = if before > 0 { some.split_once(' ').map_or(some.as_str(), |(_, rest)| rest) } else { some.as_str() };
    // Neither the first word nor the last one is cut in two.
    let more = place.text.chars().count() > before + AROUND;
    let some = if more { some.rsplit_once(' ').map_or(some, |(whole, _)| whole) } else { some };
    format!("{}{}{}", if before > 0 { "… " } else { "" }, some.trim_end(), if more { " …" } else { "" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::markdown::Around;

    fn places() -> Vec<Place> {
        let text = "# Frågor\n\nLead om nycklar.\n\n## Radera {#erase}\n\nTöm papperskorgen. Då förstörs din NYCKEL till brevet, och så databasens logg.\n\n\
                    ### Är det borta? {#gone}\n\nJa.\n\n## Koder {#codes}\n\nEn kod kommer med SMS.";
        let nothing = Around { link: &|link| link.to_owned(), picture: &|_| None };
        Place::all_of("/faq", &Document::read(text, &nothing))
    }

    #[test]
    fn places_with_the_most_of_the_words_are_found_and_titles_come_first() {
        let places = places();
        let addresses = |asked| find(&places, asked).iter().map(|found| found.address).collect::<Vec<_>>();
        assert_eq!(addresses("nyckel"), ["/faq#erase"]);
        assert_eq!(addresses("KOD"), ["/faq#codes"]);
        assert_eq!(addresses("nyckel logg"), ["/faq#erase"]);
        assert_eq!(addresses("borta"), ["/faq#gone"]);
        assert_eq!(addresses("nyckel sms xyzzy"), ["/faq#erase", "/faq#codes"], "as many of them as there are");
        assert!(addresses("xyzzy").is_empty() && addresses("").is_empty() && addresses("a ? !").is_empty());
        assert_eq!(
            find(&places, "radera")[0].around,
            "Töm papperskorgen. Då förstörs din NYCKEL till brevet, och så databasens logg."
        );
    }

    proptest! {
        #[test]
        fn whatever_is_typed_finds_something_or_nothing(query in ".{0,200}") {
            let asked = asked(&query);
            prop_assert!(asked.chars().count() <= LONGEST);
            prop_assert!(find(&places(), &asked).len() <= SHOWN);
        }

        #[test]
        fn some_of_a_text_is_shown_whatever_letters_it_has(text in "[a-zåäöİẞıſ ]{0,300}", word in "[aiſß]{2}") {
            let place = Place {
                address: "/x".into(), page: "P".into(), title: "T".into(), text: text.clone(),
                folded: ["t".into(), text.to_lowercase()],
            };
            prop_assert!(around(&place, &[&word]).chars().count() <= AROUND + 4);
        }
    }
}
