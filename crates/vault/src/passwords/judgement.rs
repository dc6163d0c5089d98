//! Whether a password is worth sealing a mailbox with (PROTOCOL §2). Checked in the client, since nobody else can.
//!
//! Not a dictionary of everything ever leaked, which would outweigh the rest of the WebAssembly: what is tried first,
//! and what a person makes when told that twelve characters are needed.

use icu_normalizer::DecomposingNormalizerBorrowed;
use securemailbox_protocol::{address::Address, limits};
use zeroize::Zeroizing;

use super::Password;

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
    /// Little more than words that are tried first.
    #[error("the password is made of words that are tried first")]
    Known,
}

/// Characters that do not follow from those before them: the fewest that a password needs. Chosen so that a word and a
/// year do not pass and two chosen words do.
const SURPRISES: usize = 7;

/// Says whether a password will do for this address and name; the name is empty where nobody knows it yet.
///
/// # Errors
/// [`WeakPassword`] says why not.
pub fn judge(password: &Password, address: &Address, name: &str) -> Result<(), WeakPassword> {
    let password = password.as_str();
    if password.chars().count() < limits::PASSWORD_CHARACTERS {
        return Err(WeakPassword::TooShort);
    }
    let password = Zeroizing::new(password.to_lowercase());
    if surprises(&password) < SURPRISES {
        return Err(WeakPassword::Pattern);
    }
    let bare = Zeroizing::new(without_marks(&password));
    let name = without_marks(&name.to_lowercase());
    let in_one = name.split_whitespace().collect::<String>();
    let names = || name.split(|c: char| !c.is_alphanumeric()).chain([in_one.as_str()]);
    if surprises(&without(&bare, names())) < SURPRISES {
        return Err(WeakPassword::OwnName);
    }
    let address = without_marks(address.as_str());
    let personal = address.split(|c: char| !c.is_alphanumeric()).chain(SERVICE).chain(names());
    if surprises(&without(&bare, personal)) < SURPRISES {
        return Err(WeakPassword::Personal);
    }
    if surprises(&without(&password, TRIED_FIRST)) < SURPRISES {
        return Err(WeakPassword::Known);
    }
    Ok(())
}

/// As somebody types it who has no such key: `åström` is `astrom`.
fn without_marks(text: &str) -> String {
    let parted = Zeroizing::new(DecomposingNormalizerBorrowed::new_nfd().normalize(text).into_owned());
    parted.chars().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).collect()
}

/// Takes words out. A word of one or two letters stands in too many others.
fn without<'a>(password: &str, words: impl IntoIterator<Item = &'a str>) -> Zeroizing<String> {
    let mut rest = Zeroizing::new(password.to_owned());
    for word in words.into_iter().filter(|word| word.chars().count() >= 3) {
        *rest = rest.replace(word, "");
    }
    rest
}

/// How many characters do not follow from those before them: not the same, not the next of the alphabet or of a row of
/// keys, not the same as one period earlier.
fn surprises(text: &str) -> usize {
    let characters: Vec<char> = text.chars().collect();
    let period = (1..=characters.len() / 2)
        .find(|period| characters.iter().zip(&characters[*period..]).all(|(before, after)| before == after))
        .unwrap_or(characters.len());
    let follows = |pair: &[char]| match *pair {
        [before, after] => before == after || are_neighbours(before, after),
        _ => false,
    };
    let first = usize::from(!characters.is_empty());
    first + characters[..period].windows(2).filter(|pair| !follows(pair)).count()
}

fn are_neighbours(one: char, other: char) -> bool {
    let beside = |row: &str| {
        let row: Vec<char> = row.chars().collect();
        row.windows(2).any(|pair| pair == [one, other] || pair == [other, one])
    };
    (one.is_alphanumeric() && other.is_alphanumeric() && u32::from(one).abs_diff(u32::from(other)) == 1)
        || KEY_ROWS.iter().any(|row| beside(row))
}

/// Rows of the Swedish and the English keyboard, and the columns that hands run along.
const KEY_ROWS: [&str; 6] =
    ["1234567890", "qwertyuiopå", "asdfghjklöä", "zxcvbnm,.-", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "!\"#¤%&/()="];

const SERVICE: [&str; 3] = ["securemailbox", "secure", "mailbox"];

/// Longer words first, so that a part of one does not hide the rest.
const TRIED_FIRST: [&str; 56] = [
    "correcthorsebatterystaple",
    "administrator",
    "1q2w3e4r5t6y",
    "välkommen",
    "valkommen",
    "fotboll",
    "password",
    "passw0rd",
    "p@ssw0rd",
    "p@ssword",
    "iloveyou",
    "lösenord",
    "losenord",
    "sunshine",
    "princess",
    "football",
    "baseball",
    "trustno1",
    "superman",
    "starwars",
    "whatever",
    "changeme",
    "computer",
    "internet",
    "michelle",
    "jennifer",
    "november",
    "december",
    "september",
    "october",
    "welcome",
    "letmein",
    "charlie",
    "freedom",
    "abc123",
    "qwerty",
    "dragon",
    "monkey",
    "master",
    "shadow",
    "sommar",
    "vinter",
    "summer",
    "winter",
    "hemlig",
    "secret",
    "hejsan",
    "killer",
    "batman",
    "august",
    "spring",
    "autumn",
    "admin",
    "login",
    "höst",
    "vår",
];

#[cfg(test)]
mod tests {
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
        ] {
            assert_eq!(judged(password), Err(WeakPassword::Known), "{password}");
        }
    }

    #[test]
    fn the_address_and_the_service_are_refused() {
        for password in ["Anna.Astrom2026", "annakliniken1", "securemailbox", "SecureMailbox1!"] {
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
        for password in
            ["k7Fq!x9Lm2pZ", "grön hatt cyklar", "snöskoterkaffe", "blå vas under trappan", "tåg-ost-moln-7"]
        {
            assert_eq!(judged(password), Ok(()), "{password}");
        }
    }
}
