//! Bytes as text: two codings, each with one spelling of a text, in constant time, since keys pass through them too.

/// Not a text of the coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the text of such bytes")]
pub struct NotOctets;

/// Base64url without padding (RFC 4648 §5).
pub mod base64url {
    use base64ct::{Base64UrlUnpadded, Encoding};

    use super::NotOctets;

    /// The text of these bytes.
    #[must_use]
    pub fn encode(bytes: &[u8]) -> String {
        Base64UrlUnpadded::encode_string(bytes)
    }

    /// The bytes of this text.
    ///
    /// # Errors
    /// [`NotOctets`]: another character, padding, or a last character with bits that mean nothing.
    pub fn decode(text: &str) -> Result<Vec<u8>, NotOctets> {
        Base64UrlUnpadded::decode_vec(text).map_err(|_| NotOctets)
    }
}

/// Hexadecimal in upper case (RFC 4648 §8), as OpenPGP writes fingerprints.
pub mod hex {
    use super::NotOctets;

    /// The text of these bytes.
    #[must_use]
    pub fn encode(bytes: &[u8]) -> String {
        base16ct::upper::encode_string(bytes)
    }

    /// The bytes of this text.
    ///
    /// # Errors
    /// [`NotOctets`]: another character, lower case, or half a byte.
    pub fn decode(text: &str) -> Result<Vec<u8>, NotOctets> {
        base16ct::upper::decode_vec(text).map_err(|_| NotOctets)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes: Vec<u8>) {
            prop_assert_eq!(base64url::decode(&base64url::encode(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(hex::decode(&hex::encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn a_text_that_is_taken_is_the_only_one(text in "[A-Za-z0-9_-]{0,12}") {
            if let Ok(bytes) = base64url::decode(&text) {
                prop_assert_eq!(base64url::encode(&bytes), text.clone());
            }
            if let Ok(bytes) = hex::decode(&text) {
                prop_assert_eq!(hex::encode(&bytes), text);
            }
        }
    }

    #[test]
    fn nothing_but_the_coding_is_taken() {
        for text in ["AA==", "A", "AB", "A A", "AA\n", "+A", "/A", "é"] {
            assert_eq!(base64url::decode(text), Err(NotOctets), "{text:?}");
        }
        for text in ["0", "0a", "0G", " 00", "00\n"] {
            assert_eq!(hex::decode(text), Err(NotOctets), "{text:?}");
        }
    }
}
