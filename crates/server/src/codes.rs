//! Six-digit codes: made here, kept as HMAC, typed by people.

use rand::{CryptoRng, Rng, RngCore};

use crate::problem::Problem;

/// A fresh code: six digits, each as likely as the other.
pub(crate) fn generate(rng: &mut (impl RngCore + CryptoRng)) -> String {
    format!("{:06}", rng.gen_range(0..1_000_000_u32))
}

/// What was typed, without spaces. A slip of the finger costs no try.
pub(crate) fn parse(typed: &str) -> Result<String, Problem> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(7).collect();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(digits)
    } else {
        Err(Problem::bad_request("a code is six digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_ignored_and_anything_else_is_no_code() {
        assert_eq!(parse(" 012 345 ").unwrap(), "012345");
        for typed in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(parse(typed).is_err(), "{typed}");
        }
    }
}
