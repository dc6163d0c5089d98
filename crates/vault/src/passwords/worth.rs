//! What a text costs whoever guesses it by words, years and rows of keys: the cheapest way to say it.

/// What an unexpected character costs.
pub(super) const LETTER: usize = 3;
/// What a word of the list costs.
const WORD: usize = 6;
/// What a digit or a sign costs beside a word: those are tried by the thousand, and first at its ends.
const MARK: usize = 1;
/// A text of so many characters that stood before costs nothing.
const AGAIN: usize = 4;

/// What is tried first, in small letters without accents: what the published lists of leaked passwords have most of, and
/// what people in Sweden and in English make theirs of (names, months, teams, places, animals, food). Sorted.
const KNOWN: &str = include_str!("known_words.txt");

/// The words of the list.
pub(super) fn known_words() -> Vec<&'static str> {
    KNOWN.split_ascii_whitespace().collect()
}

/// What a text costs at least, read from either end. Of `own` words each is free, of `known` ones each costs [`WORD`].
pub(super) fn worth(text: &[char], own: &[&str], known: &[&str]) -> usize {
    let backwards = zeroize::Zeroizing::new(text.iter().rev().copied().collect::<Vec<_>>());
    one_way(text, own, known).min(one_way(&backwards, own, known))
}

fn one_way(text: &[char], own: &[&str], known: &[&str]) -> usize {
    let words: Vec<Vec<(usize, usize)>> = (0..text.len()).map(|at| words_at(&text[at..], own, known)).collect();
    // Held against the list, digits and signs are what is put around its words; a text of letters, digits and signs without a
    // word in it was made by chance, or nearly so.
    let by_chance = words.iter().all(Vec::is_empty) && text.iter().any(|c| !is_mark(*c));
    let mark = if by_chance || known.is_empty() { LETTER } else { MARK };
    // What is before each place costs at least.
    let mut cheapest = vec![usize::MAX; text.len() + 1];
    cheapest[0] = 0;
    for (at, words) in words.iter().enumerate() {
        let so_far = cheapest[at];
        let mut reach = |length: usize, costs: usize| {
            let there = &mut cheapest[at + length];
            *there = (*there).min(so_far + costs);
        };
        let costs = if goes_on(text, at) {
            0
        } else if is_mark(text[at]) {
            mark
        } else {
            LETTER
        };
        reach(1, costs);
        for (length, costs) in words {
            reach(*length, *costs);
        }
        for length in AGAIN..=repeated(text, at) {
            reach(length, 0);
        }
    }
    cheapest[text.len()]
}

/// The words that a text begins with: how long each is, and what it costs.
fn words_at(text: &[char], own: &[&str], known: &[&str]) -> Vec<(usize, usize)> {
    let priced = own.iter().map(|word| (word, 0)).chain(known.iter().map(|word| (word, WORD)));
    priced.filter_map(|(word, costs)| Some((begins_with(text, word)?, costs))).collect()
}

/// How many characters of a text are this word, in which digits and signs may stand for letters.
fn begins_with(text: &[char], word: &str) -> Option<usize> {
    let mut typed = text.iter();
    word.chars().all(|letter| typed.next().is_some_and(|c| stands_for(*c, letter))).then(|| text.len() - typed.len())
}

const fn stands_for(typed: char, letter: char) -> bool {
    typed == letter
        || matches!(
            (typed, letter),
            ('0', 'o')
                | ('1' | '!', 'i')
                | ('1' | '|', 'l')
                | ('3', 'e')
                | ('4' | '@', 'a')
                | ('5' | '$', 's')
                | ('7', 't')
        )
}

/// A digit, a space, or a sign that keyboards have.
const fn is_mark(c: char) -> bool {
    c.is_ascii() && !c.is_ascii_alphabetic()
}

/// Whether a character repeats the one before it, or goes on in a row that the two before it began. Two letters that are
/// neighbours stand in every other word.
fn goes_on(text: &[char], at: usize) -> bool {
    match text[..=at] {
        [.., before, c] if before == c => true,
        [.., first, second, third] => are_neighbours(first, second) && are_neighbours(second, third),
        _ => false,
    }
}

/// How many characters from here on stood before, in one piece.
fn repeated(text: &[char], at: usize) -> usize {
    let (before, here) = text.split_at(at);
    let alike = |from: usize| before[from..].iter().zip(here).take_while(|(one, other)| one == other).count();
    (0..at).map(alike).max().unwrap_or(0)
}

/// Whether one character is the other, or follows it in the alphabet, in the digits or on a keyboard.
pub(super) fn are_neighbours(one: char, other: char) -> bool {
    let beside = |row: &str| {
        let mut pairs = row.chars().zip(row.chars().skip(1));
        pairs.any(|pair| pair == (one, other) || pair == (other, one))
    };
    let is_next = one.is_alphanumeric() && other.is_alphanumeric() && u32::from(one).abs_diff(u32::from(other)) == 1;
    one == other || is_next || KEY_ROWS.iter().any(|row| beside(row))
}

/// Rows of Swedish, English, German and French keyboards, and the columns that hands run along.
const KEY_ROWS: [&str; 11] = [
    "1234567890",
    "qwertyuiopå",
    "asdfghjklöä",
    "zxcvbnm,.-",
    "qwertzuiopü",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "!\"#¤%&/()=",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(text: &str, own: &[&str]) -> usize {
        worth(&text.chars().collect::<Vec<_>>(), own, &known_words())
    }

    #[test]
    fn the_list_is_sorted_and_written_as_it_is_compared() {
        let words = known_words();
        assert!(words.windows(2).all(|pair| pair[0] < pair[1]), "sorted, and each once");
        for word in words {
            let plain = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            assert!(plain && word.len() >= 3, "{word}");
        }
    }

    #[test]
    fn a_word_costs_the_same_with_signs_for_letters_and_from_behind() {
        for text in ["password", "p@55w0rd", "drowssap", "pa$$word"] {
            assert_eq!(costs(text, &[]), WORD, "{text}");
        }
        assert_eq!(costs("p@55w0rd2026", &[]), WORD + 4 * MARK);
        assert_eq!(costs("password12345", &[]), WORD + 2 * MARK, "a row that has begun goes on by itself");
    }

    #[test]
    fn the_cheapest_of_several_readings_counts() {
        // The 5 could begin `sal`, and leave six letters that are no word.
        assert_eq!(costs("5alexander", &["sal"]), WORD + MARK);
        assert_eq!(costs("sommarlov", &[]), WORD, "not the summer and three letters");
    }

    #[test]
    fn what_stood_before_costs_nothing_and_what_is_ones_own_neither() {
        assert_eq!(costs("blåvaxblåvax", &[]), costs("blåvax", &[]));
        assert_eq!(costs("astrom", &["astrom"]), 0);
    }

    #[test]
    fn signs_cost_as_much_as_letters_where_nothing_is_a_word() {
        assert_eq!(costs("k7f!x9", &[]), 6 * LETTER);
        assert_eq!(costs("839201746512", &[]), 12 * MARK, "digits alone are a number that is somebody's");
    }
}
