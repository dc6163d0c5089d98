//! The link to a letter for somebody without a mailbox (PROTOCOL §5): 32 random bytes and four of their SHA-256 as check, as 48
//! characters of base64url, which stand in the fragment of an address and are sent to no server.

use rand::{CryptoRng, RngCore};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use securemailbox_protocol::{
    coding::base64url,
    invitations::{LINK, TOKEN},
    opaque::KeyStretching,
};

use crate::{
    passphrases::Passphrase,
    secrets::{self, ServerShare, SlotKey},
};

const SECRET: usize = 32;
const CHECK: usize = 4;

/// The secret of a link. Whoever has it, and proves the phone, reads.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LinkSecret([u8; SECRET]);

/// What was opened or pasted is no whole link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotALink {
    /// A part is missing, or something is appended.
    #[error("the link is cut: what follows # has {LINK} characters, and this has {found}")]
    Length {
        /// How many there are behind the last `#`.
        found: usize,
    },
    /// The last characters do not fit the others, or some are none of a link.
    #[error("the link does not check: something in it is another character")]
    Check,
}

impl LinkSecret {
    /// A new one of 32 random bytes.
    pub fn generate(rng: &mut (impl RngCore + CryptoRng)) -> Self {
        let mut secret = [0; SECRET];
        rng.fill_bytes(&mut secret);
        Self(secret)
    }

    /// Takes a whole link, or what stands behind its `#`, as mail programs hand it over: with spaces and line breaks in it, in
    /// angle brackets, with a full stop after it.
    ///
    /// # Errors
    /// [`NotALink`] tells a link that was cut from one that is over, which only the server knows.
    pub fn parse(typed: &str) -> Result<Self, NotALink> {
        let behind = typed.rsplit('#').next().unwrap_or(typed);
        let is_of_a_link = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let text = Zeroizing::new(behind.chars().filter(is_of_a_link).collect::<String>());
        if text.len() != LINK {
            return Err(NotALink::Length { found: text.len() });
        }
        let bytes = Zeroizing::new(base64url::decode(&text).map_err(|_| NotALink::Check)?);
        let (secret, check) = bytes.split_first_chunk().ok_or(NotALink::Check)?;
        let secret = Self(*secret);
        if *check == secret.check() { Ok(secret) } else { Err(NotALink::Check) }
    }

    /// What stands behind the `#`.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; SECRET + CHECK]);
        bytes[..SECRET].copy_from_slice(&self.0);
        bytes[SECRET..].copy_from_slice(&self.check());
        Zeroizing::new(base64url::encode(bytes.as_slice()))
    }

    /// The key of the `link` slot, from the link and the server's share, where nothing was agreed on.
    #[must_use]
    pub fn slot_key(&self, share: &ServerShare) -> SlotKey {
        SlotKey::of_link(&self.0, share, None)
    }

    /// The key of the `link` slot where a passphrase was agreed on. Stretches it, which takes a third of a second: whoever has link
    /// and share, as an operator who kept a mailed link, pays that for each guess.
    #[must_use]
    pub fn slot_key_with(&self, share: &ServerShare, passphrase: &Passphrase, stretching: &KeyStretching) -> SlotKey {
        let both = Zeroizing::new([self.0, *share.as_bytes()].concat());
        let salt = Zeroizing::new(secrets::expand(&both, b"securemailbox/1 passphrase salt"));
        SlotKey::of_link(&self.0, share, Some(&passphrase.stretched(salt.as_slice(), stretching)))
    }

    /// What the server is shown before it says or sends anything. Tells nothing of the slot's key.
    #[must_use]
    pub fn token(&self) -> Zeroizing<[u8; TOKEN]> {
        Zeroizing::new(secrets::expand(&self.0, b"securemailbox/1 link token"))
    }

    fn check(&self) -> [u8; CHECK] {
        let hash = Sha256::digest(self.0);
        [hash[0], hash[1], hash[2], hash[3]]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn secret(seed: u64) -> LinkSecret {
        LinkSecret::generate(&mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn a_link_is_taken_as_programs_hand_it_over() {
        let text = secret(1).to_text();
        let (start, end) = text.split_at(20);
        for typed in [
            text.to_string(),
            format!("https://mail.example.se/l#{}", *text),
            format!("<https://mail.example.se/l#{start}\r\n  {end}>"),
            format!("https://mail.example.se/l#{}. ", *text),
        ] {
            assert!(LinkSecret::parse(&typed).is_ok_and(|read| read.0 == secret(1).0), "{typed}");
        }
    }

    #[test]
    fn a_cut_link_is_told_from_one_that_was_changed() {
        let text = secret(2).to_text();
        let found = |typed: &str| LinkSecret::parse(typed).err();
        assert_eq!(found(&text[..47]), Some(NotALink::Length { found: 47 }));
        assert_eq!(found(""), Some(NotALink::Length { found: 0 }));
        assert_eq!(found("https://mail.example.se/l"), Some(NotALink::Length { found: 19 }));
        let other = if text.starts_with('A') { "B" } else { "A" };
        assert_eq!(found(&format!("{other}{}", &text[1..])), Some(NotALink::Check));
    }

    #[test]
    fn what_the_server_is_shown_is_not_what_opens() {
        let (link, share) = (secret(3), ServerShare::from_bytes(&[4; 32]).unwrap());
        assert_ne!(link.token().as_slice(), link.slot_key(&share).as_bytes());
        let another = ServerShare::from_bytes(&[5; 32]).unwrap();
        assert_ne!(link.slot_key(&share).as_bytes(), link.slot_key(&another).as_bytes());
    }

    #[test]
    fn what_was_agreed_on_opens_with_link_and_share_together() {
        let (link, share) = (secret(3), ServerShare::from_bytes(&[4; 32]).unwrap());
        let agreed = Passphrase::heard;
        let key = |link: &LinkSecret, share: &ServerShare, typed: &str| {
            *link.slot_key_with(share, &agreed(typed), &KeyStretching::cheap_for_tests()).as_bytes()
        };
        let right = key(&link, &share, "granit lykta tolvan segel");
        assert_eq!(right, key(&link, &share, "Granit, lykta, tolvan, segel"));
        assert_ne!(right, *link.slot_key(&share).as_bytes());
        assert_ne!(right, key(&link, &share, "granit lykta segel tolvan"));
        assert_ne!(right, key(&secret(4), &share, "granit lykta tolvan segel"));
        assert_ne!(right, key(&link, &ServerShare::from_bytes(&[5; 32]).unwrap(), "granit lykta tolvan segel"));
        let full = link.slot_key_with(&share, &agreed("granit lykta tolvan segel"), &KeyStretching::default());
        assert_ne!(right, *full.as_bytes(), "at its price");
    }

    #[test]
    fn a_link_shows_the_token_that_the_page_derives_too() {
        let link = LinkSecret::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9jDc0p").unwrap();
        let token = base64url::encode(link.token().as_slice());
        assert_eq!(token, "hYNR38nqv_e2Cpes5W4irBTWqxzezSMtmmi6G6LqR-o", "HKDF of bytes 0 to 31");
    }

    proptest! {
        #[test]
        fn every_link_survives_its_text_and_no_character_can_be_another(
            seed in any::<u64>(), at in 0..LINK, other in "[A-Za-z0-9_-]",
        ) {
            let text = secret(seed).to_text().to_string();
            prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')));
            prop_assert!(LinkSecret::parse(&text).is_ok_and(|read| read.0 == secret(seed).0));
            let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
            prop_assert_eq!(LinkSecret::parse(&changed).is_ok(), changed == text);
        }

        #[test]
        fn nothing_that_is_pasted_breaks_it(typed in any::<String>()) {
            drop(LinkSecret::parse(&typed));
        }
    }
}
