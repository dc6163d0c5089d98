//! Whether a password is worth sealing a mailbox with (PROTOCOL §2). Checked in the client, since nobody else can.
//!
//! Not a dictionary of everything ever leaked, which would outweigh the rest of the WebAssembly: what is tried first,
//! and what a person makes of it when told that twelve characters are needed.

use icu_normalizer::DecomposingNormalizerBorrowed;
use securemailbox_protocol::{address::Address, limits};
use zeroize::Zeroizing;

use super::{
    Password,
    worth::{self, LETTER, are_neighbours, worth},
};

/// Why a password will not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Under [`limits::PASSWORD_CHARACTERS`].
    #[error("a password has at least 12 characters")]
    TooShort,
    /// A repeat, a sequence or a row of keys.
    #[error("a repeat, a sequence or a row of keys is guessed at once")]
    Pattern,
    /// Little more than the person's own name.
    #[error("the password is made of your name")]
    OwnName,
    /// Little more than the address or the name of this service.
    #[error("the password is made of your address or of the name of this service")]
    Personal,
    /// Little more than words, years and numbers that are tried first.
    #[error("the password is made of words or numbers that are tried first")]
    Known,
}

/// Characters that do not follow from those before them: the fewest that a password needs. Chosen so that three words of the
/// list do not pass, with a year or without, and four do.
const SURPRISES: usize = 7;
/// A longer password is judged by its beginning: the work must not grow with what is pasted.
const JUDGED: usize = 128;
/// Of one or two letters a word stands in too many others.
const SHORTEST: usize = 3;

const SERVICE: [&str; 3] = ["securemailbox", "secure", "mailbox"];

/// Says whether a password will do for this address and name; the name is empty where nobody knows it yet.
///
/// # Errors
/// [`WeakPassword`] says why not.
pub fn judge(password: &Password, address: &Address, name: &str) -> Result<(), WeakPassword> {
    let password = password.as_str();
    if password.chars().count() < limits::PASSWORD_CHARACTERS {
        return Err(WeakPassword::TooShort);
    }
    let small = small_letters(password);
    if surprises(&beginning(&small)) < SURPRISES {
        return Err(WeakPassword::Pattern);
    }
    let bare = beginning(&without_marks(&small));
    let name = without_marks(&small_letters(name));
    let address = without_marks(&small_letters(address.as_str()));
    let in_one = name.split_whitespace().collect::<String>();
    let mut own: Vec<&str> = words_of(&name).chain([in_one.as_str()]).filter(|word| is_long_enough(word)).collect();
    let is_weak = |own: &[&str], known: &[&str]| worth(&bare, own, known) < SURPRISES * LETTER;
    if is_weak(&own, &[]) {
        return Err(WeakPassword::OwnName);
    }
    own.extend(words_of(&address).chain(SERVICE).filter(|word| is_long_enough(word)));
    if is_weak(&own, &[]) {
        return Err(WeakPassword::Personal);
    }
    if is_weak(&own, &worth::known_words()) {
        return Err(WeakPassword::Known);
    }
    Ok(())
}

fn beginning(text: &str) -> Zeroizing<Vec<char>> {
    Zeroizing::new(text.chars().take(JUDGED).collect())
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric())
}

fn is_long_enough(word: &str) -> bool {
    word.chars().count() >= SHORTEST
}

/// Without case, and as a narrow keyboard writes it: U+FF01 to U+FF5E are the printable characters of ASCII once more.
fn small_letters(text: &str) -> Zeroizing<String> {
    const WIDE: u32 = '\u{ff01}' as u32 - '!' as u32;
    let narrow = |c| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - WIDE).unwrap_or(c),
        c => c,
    };
    text.chars().map(narrow).flat_map(char::to_lowercase).collect::<String>().into()
}

/// As somebody types it who has no such key: `åström` is `astrom`.
fn without_marks(text: &str) -> Zeroizing<String> {
    let parted = Zeroizing::new(DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned());
    parted.chars().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).collect::<String>().into()
}

/// How many characters do not follow from those before them: not the same, not the next of the alphabet or of a row of
/// keys, not the same as one period earlier.
fn surprises(characters: &[char]) -> usize {
    let period = (1..=characters.len() / 2)
        .find(|period| characters.iter().zip(&characters[*period..]).all(|(before, after)| before == after))
        .unwrap_or(characters.len());
    let follows = |pair: &[char]| match *pair {
        [before, after] => are_neighbours(before, after),
        _ => false,
    };
    let first = usize::from(!characters.is_empty());
    first + characters[..period].windows(2).filter(|pair| !follows(pair)).count()
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    use super::*;

    fn judged(password: &str) -> Result<(), WeakPassword> {
        judge(&Password::new(password), &Address::parse("anna.astrom@kliniken.se").unwrap(), "Ingrid Bo-Åström")
    }

    #[test]
    fn eleven_characters_are_too_few_however_they_are_counted() {
        assert_eq!(judged("k7Fq!x9Lm2p"), Err(WeakPassword::TooShort));
        assert_eq!(judged("åäöåäöéüñçß"), Err(WeakPassword::TooShort), "characters, not bytes");
    }

    #[test]
    fn repeats_sequences_and_rows_of_keys_are_refused() {
        for password in [
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "123456789012",
            "abcdefghijkl",
            "qwertyuiopåå",
            "asdfghjklöä1",
            "zxcvbnm,.-12",
            "987654321098",
            "hejhejhejhej",
            "1qaz2wsx3edc",
            "hej123456789",
            "qwertzuiopü1",
            "azertyuiop12",
            "öäölkjhgfdsa",
            "passwordpassword",
        ] {
            assert_eq!(judged(password), Err(WeakPassword::Pattern), "{password}");
        }
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        for password in [
            "Password2026!",
            "Lösenord2026",
            "Sommar2026!!",
            "correcthorsebatterystaple",
            "Welcome12345",
            "letmein letmein1",
            "sommar2024sommar",
            "P@$$w0rd!2#4%",
            "!!2026drowssaP",
            "hammarby1897aik",
            "monkey dragon master",
            "Kalle älskar Anna 4",
            "jultomten-2025",
            "19810315-1234",
            "0701740612 99",
            "fotboll1 fotboll2 fotboll3",
            "SecureSommar26!",
            "ingridsommar2026",
            "kl1n1k3n 839201746",
        ] {
            assert_eq!(judged(password), Err(WeakPassword::Known), "{password}");
        }
    }

    #[test]
    fn the_address_and_the_service_are_refused() {
        for password in ["Anna.Astrom2026", "annakliniken1", "securemailbox", "SecureMailbox1!", "kl1n1k3n 1948"] {
            assert_eq!(judged(password), Err(WeakPassword::Personal), "{password}");
        }
    }

    #[test]
    fn ones_own_name_is_refused_however_it_is_spelt() {
        for password in
            ["ingrid åström", "Ingrid Astrom", "IngridÅström1", "ingrid.a\u{30a}stro\u{308}m", "Ingrid Ingrid 1948"]
        {
            assert_eq!(judged(password), Err(WeakPassword::OwnName), "{password}");
        }
        assert_eq!(judged("ingrid kliniken"), Err(WeakPassword::Personal), "name and address together are no more");
        let short = |password| judge(&Password::new(password), &Address::parse("b@c.se").unwrap(), "Bo Ek");
        assert_eq!(short("boek boek 2026"), Err(WeakPassword::OwnName));
        assert_eq!(short("bokek tomtebloss"), Ok(()), "two letters stand in too many other words");
    }

    #[test]
    fn a_password_that_someone_thought_about_is_taken() {
        for password in [
            "k7Fq!x9Lm2pZ",
            "8#2!9$4%7&1q",
            "grön hatt cyklar",
            "snöskoterkaffe",
            "blå vas under trappan",
            "tåg-ost-moln-7",
            "sommar hund kaffe skog",
        ] {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_password_is_judged_alike_however_its_characters_are_written() {
        let wide = |c| match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
            c => c,
        };
        for password in ["Lösenord2026", "ingrid åström", "snöskoterkaffe", "annakliniken1", "qwertyuiopåå"] {
            let parted = DecomposingNormalizerBorrowed::new_nfd().normalize(password).into_owned();
            for written in [parted, password.chars().map(wide).collect(), password.to_uppercase()] {
                assert_eq!(judged(&written), judged(password), "{written}");
            }
        }
    }

    /// Words as they come by chance; some of them stand in the list of what is tried first.
    const WORDS: [&str; 48] = [
        "gräns",
        "kaffe",
        "lampa",
        "snöre",
        "tratt",
        "fönster",
        "molnig",
        "skruv",
        "päron",
        "vagn",
        "tråd",
        "häst",
        "brygga",
        "ljus",
        "korg",
        "sådd",
        "fyrtorn",
        "mössa",
        "sirap",
        "klocka",
        "bälte",
        "orgel",
        "stege",
        "plommon",
        "disk",
        "rönn",
        "veke",
        "gnista",
        "tunna",
        "pensel",
        "ylle",
        "humla",
        "grind",
        "sked",
        "fjäril",
        "åska",
        "däck",
        "bokmärke",
        "kavel",
        "tomte",
        "ramp",
        "glöd",
        "myrten",
        "svamp",
        "puls",
        "trana",
        "krydda",
        "sommar",
    ];

    proptest! {
        #[test]
        fn nothing_that_is_typed_is_too_much(password in any::<String>(), name in any::<String>()) {
            let address = Address::parse("anna@demo.example").unwrap();
            let judged = judge(&Password::new(&password), &address, &name);
            let typed = Password::new(&password);
            let is_short = typed.as_str().chars().count() < limits::PASSWORD_CHARACTERS;
            prop_assert_eq!(judged == Err(WeakPassword::TooShort), is_short, "length decides that, and nothing else");
        }

        #[test]
        fn four_words_by_chance_are_taken(
            four in prop::sample::subsequence(WORDS.to_vec(), 4).prop_shuffle(),
            between in prop::sample::select(vec![" ", "-", ".", " och "]),
        ) {
            let password = four.join(between);
            prop_assert_eq!(judged(&password), Ok(()), "{}", password);
        }

        #[test]
        fn no_listed_word_is_saved_by_digits(at in any::<Index>(), digits in "[0-9]{12}", before in 0..4_usize) {
            let words = worth::known_words();
            let word = *at.get(&words);
            let (head, tail) = digits.split_at(before);
            let fill = limits::PASSWORD_CHARACTERS.saturating_sub(word.len() + before).min(tail.len());
            let password = format!("{head}{word}{}", &tail[..fill]);
            prop_assert!(judged(&password).is_err(), "{}", password);
        }

    }
}
