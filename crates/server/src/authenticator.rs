//! Codes of authenticator apps, from the server's side: RFC 6238 with SHA-1, six digits and 30 seconds, which is what every app
//! does (PROTOCOL §7). The arithmetic is a library's; which step counts is decided by the store.

use securemailbox_protocol::{
    factors::{AuthenticatorSecret, Code},
    limits,
    time::Timestamp,
};
use securemailbox_store::proofs::Step;
use totp_rs::{Algorithm, TOTP};

const DIGITS: usize = 6;
/// One step beside the furthest that an app's clock is followed.
const REACH: Step = limits::DRIFT + 1;

/// The step of a time.
pub(crate) fn step(at: Timestamp) -> Step {
    let steps = at.unix_millis() / 1_000 / limits::AUTHENTICATOR_STEP.as_secs();
    Step::try_from(steps).unwrap_or(Step::MAX)
}

/// The steps around now of which a code is the app's. Each is computed, whichever it is.
pub(crate) fn matching(secret: &AuthenticatorSecret, code: &Code, now: Timestamp) -> Vec<Step> {
    let seconds = limits::AUTHENTICATOR_STEP.as_secs();
    let app = TOTP::new_unchecked(Algorithm::SHA1, DIGITS, 0, seconds, secret.as_bytes().to_vec());
    let now = step(now);
    let around = (now - REACH)..=(now + REACH);
    around.filter(|step| shows(&app, *step, seconds, code)).collect()
}

fn shows(app: &TOTP, step: Step, seconds: u64, code: &Code) -> bool {
    let Ok(step) = u64::try_from(step) else { return false };
    // A `Code` compares in constant time.
    Code::parse(&app.generate(step * seconds)).is_ok_and(|shown| shown == *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 Appendix B, SHA-1, of which the last six of eight digits are the code.
    #[test]
    fn the_codes_are_those_of_the_rfc() {
        let secret = AuthenticatorSecret::from_bytes(*b"12345678901234567890");
        for (seconds, eight_digits) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let at = Timestamp::from_unix_millis(seconds * 1_000);
            let code = Code::parse(&eight_digits[2..]).unwrap();
            assert!(matching(&secret, &code, at).contains(&step(at)), "{seconds}");
        }
    }

    #[test]
    fn a_code_of_ten_steps_away_is_found_and_one_of_twelve_is_not() {
        let secret = AuthenticatorSecret::from_bytes([7; 20]);
        let code =
            Code::parse(&TOTP::new_unchecked(Algorithm::SHA1, 6, 0, 30, vec![7; 20]).generate(3_000_000)).unwrap();
        let at = |step: u64| Timestamp::from_unix_millis(step * 30 * 1_000);
        for off in [0, 10, 11] {
            assert!(matching(&secret, &code, at(100_000 + off)).contains(&100_000), "{off}");
            assert!(matching(&secret, &code, at(100_000 - off)).contains(&100_000), "{off}");
        }
        assert!(!matching(&secret, &code, at(100_012)).contains(&100_000));
    }
}
