//! What whoever writes and whoever reads by a link agreed on, in speech (PROTOCOL §5): four words, which no server is told and
//! which a mailed link opens nothing without.

use std::{collections::BTreeSet, fmt};

use icu_normalizer::ComposingNormalizerBorrowed;
use rand::{CryptoRng, RngCore, seq::SliceRandom};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{accounts::Language, opaque::KeyStretching};

/// How many words one has at least.
pub const WORDS: usize = 4;
/// Shorter ones don't count: `a b c d` is no passphrase.
const SHORTEST: usize = 3;
/// The longest, in bytes: it stands in a contact's record.
pub const LONGEST: usize = 128;

/// 1,296 words each, which is four throws of a die and 10.3 bits: short ones that a person of any age knows when they hear them. None
/// comes of another by one letter more, less, changed or moved, so that a slip of the finger is no other passphrase.
const SWEDISH: &str = include_str!("passphrases/sv_words.txt");
const ENGLISH: &str = include_str!("passphrases/en_words.txt");

/// A passphrase in NFC and small letters, with a space between words and nothing else. The spaces are for whoever says it: whoever
/// hears "snowball" may write "snow ball", so its letters and digits alone are stretched.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Passphrase(String);

/// What was typed will not do to be agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAPassphrase {
    /// Fewer words than any has.
    #[error("a passphrase has at least {WORDS} different words, each of {SHORTEST} letters or more")]
    TooFewWords,
    /// Longer than anybody says on the phone.
    #[error("a passphrase has at most {LONGEST} bytes")]
    TooLong,
}

impl Passphrase {
    /// Four words by chance: 41 bits, each guess of which costs an Argon2id of 64 MiB.
    pub fn generate(language: Language, rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let words = words(language);
        let chosen: Vec<&str> = words.choose_multiple(rng, WORDS).copied().collect();
        Self(chosen.join(" "))
    }

    /// Takes what two have agreed on, from the one who writes. Whether it was chosen by chance nobody can tell.
    ///
    /// # Errors
    /// [`NotAPassphrase`]
    pub fn agree(typed: &str) -> Result<Self, NotAPassphrase> {
        let agreed = Self::heard(typed);
        let words: BTreeSet<&str> = agreed.0.split(' ').filter(|word| word.chars().count() >= SHORTEST).collect();
        if words.len() < WORDS {
            return Err(NotAPassphrase::TooFewWords);
        }
        if agreed.0.len() > LONGEST { Err(NotAPassphrase::TooLong) } else { Ok(agreed) }
    }

    /// Takes what somebody types who heard it: large or small letters, with any signs or spaces between the words, or within them.
    /// Whatever it is, it opens or it doesn't.
    #[must_use]
    pub fn heard(typed: &str) -> Self {
        let composed = Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(typed).into_owned());
        let small = Zeroizing::new(composed.to_lowercase());
        let words: Vec<&str> = small.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        Self(words.join(" "))
    }

    /// The words, for whoever says them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Argon2id of its letters and digits.
    pub(crate) fn stretched(&self, salt: &[u8], stretching: &KeyStretching) -> Zeroizing<[u8; 32]> {
        let letters = Zeroizing::new(self.0.replace(' ', ""));
        let mut output = Zeroizing::new([0; 32]);
        #[expect(
            clippy::expect_used,
            reason = "Argon2 refuses outputs under 4 bytes, salts under 8 and inputs over 4 GiB (RFC 9106 §3.1)"
        )]
        stretching.stretch(letters.as_bytes(), salt, output.as_mut_slice()).expect("a short text");
        output
    }
}

// It opens letters.
impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passphrase").finish_non_exhaustive()
    }
}

impl TryFrom<String> for Passphrase {
    type Error = NotAPassphrase;

    fn try_from(typed: String) -> Result<Self, NotAPassphrase> {
        Self::agree(&Zeroizing::new(typed))
    }
}

impl From<Passphrase> for String {
    fn from(passphrase: Passphrase) -> Self {
        passphrase.0.clone()
    }
}

fn words(language: Language) -> Vec<&'static str> {
    let list = match language {
        Language::Sv => SWEDISH,
        Language::En => ENGLISH,
    };
    list.split_ascii_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::rng;

    const LANGUAGES: [Language; 2] = [Language::Sv, Language::En];

    fn heard(typed: &str) -> String {
        Passphrase::heard(typed).as_str().to_owned()
    }

    fn stretched(typed: &str) -> [u8; 32] {
        *Passphrase::heard(typed).stretched(&[7; 32], &KeyStretching::cheap_for_tests())
    }

    /// What one slip makes of a word: without a letter, with another one in its place (`?`), with two that changed places.
    fn slips(word: &str) -> HashSet<String> {
        let letters: Vec<char> = word.chars().collect();
        let with = |from: usize, to: usize, there: &[char]| [&letters[..from], there, &letters[to..]].concat();
        let one = (0..letters.len()).flat_map(|at| [with(at, at + 1, &[]), with(at, at + 1, &['?'])]);
        let two = (1..letters.len()).map(|at| with(at - 1, at + 1, &[letters[at], letters[at - 1]]));
        one.chain(two).map(String::from_iter).filter(|slip| slip != word).collect()
    }

    #[test]
    fn the_lists_have_four_dice_of_words_that_no_slip_makes_another_of() {
        for language in LANGUAGES {
            let words = words(language);
            let all: HashSet<&str> = words.iter().copied().collect();
            assert_eq!((words.len(), all.len()), (6_usize.pow(4), 6_usize.pow(4)), "{language:?}");
            let mut slipped: HashSet<String> = HashSet::new();
            for word in &words {
                assert!((3..=9).contains(&word.chars().count()), "{word}");
                assert!(word.chars().all(|c| c.is_ascii_lowercase() || "åäö".contains(c)), "{word}");
                for slip in slips(word) {
                    assert!(!all.contains(slip.as_str()), "{word}: {slip}");
                    assert!(!slip.contains('?') || slipped.insert(slip), "another one is {word} but for a letter");
                }
            }
        }
    }

    #[test]
    fn what_a_person_types_who_heard_it_opens_the_same() {
        for typed in [
            "snowball lykta tolvan segel",
            "Snowball Lykta Tolvan Segel.",
            "  snow ball,lykta - tolvan\u{a0}segel\r\n",
            "SNOW-BALL\tLYKTA/TOLVAN; „SEGEL“",
            "snowballlyktatolvansegel",
        ] {
            assert_eq!(stretched(typed), stretched("snowball lykta tolvan segel"), "{typed}");
        }
        assert_eq!(heard("a\u{30a}ska ho\u{308}na äpple öring"), "åska höna äpple öring");
        assert_ne!(stretched("lykta snowball tolvan segel"), stretched("snowball lykta tolvan segel"));
    }

    #[test]
    fn what_has_too_few_words_or_too_many_is_not_agreed_on() {
        for typed in ["", "granit lykta tolvan", "a b c d", "granit granit granit lykta", "granitlyktatolvansegel"] {
            assert_eq!(Passphrase::agree(typed).err(), Some(NotAPassphrase::TooFewWords), "{typed}");
        }
        let long = "granit lykta tolvan segel ".repeat(10);
        assert_eq!(Passphrase::agree(&long).err(), Some(NotAPassphrase::TooLong));
    }

    #[test]
    fn nothing_of_it_is_printed() {
        assert_eq!(format!("{:?}", Passphrase::generate(Language::Sv, &mut rng(1))), "Passphrase { .. }");
    }

    proptest! {
        #[test]
        fn each_that_is_made_is_read_back_from_what_is_kept(seed in any::<u64>(), swedish in any::<bool>()) {
            let language = if swedish { Language::Sv } else { Language::En };
            let made = Passphrase::generate(language, &mut rng(seed));
            prop_assert_eq!(made.as_str().split(' ').count(), WORDS);
            prop_assert_eq!(Passphrase::agree(made.as_str()), Ok(made.clone()));
            let kept = serde_json::to_string(&made).unwrap();
            prop_assert_eq!(serde_json::from_str::<Passphrase>(&kept).unwrap(), made);
        }

        #[test]
        fn what_was_heard_once_is_heard_the_same_again(typed in any::<String>()) {
            let once = heard(&typed);
            prop_assert_eq!(heard(&once), once.clone());
            prop_assert_eq!(stretched(&typed), stretched(&once));
        }
    }
}
