//! The public key of a credential: a `COSE_Key` (RFC 9052 §7), a map in CTAP2's canonical form of CBOR (RFC 8949), of the three
//! kinds that are asked for.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

/// Not a public key of a kind that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a public key of a kind that is taken")]
pub(super) struct NotAKey;

/// A public key, and with it the algorithm.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublicKey<'a> {
    /// ES256: ECDSA over P-256 with SHA-256.
    P256 { x: &'a [u8; 32], y: &'a [u8; 32] },
    /// EdDSA over Ed25519.
    Ed25519(&'a [u8; 32]),
    /// RS256: PKCS #1 v1.5 with SHA-256, of 2,048 bits or more.
    Rsa { modulus: &'a [u8], exponent: &'a [u8] },
}

// Labels and values of RFC 9053 §7 and RFC 8230 §4.
const KEY_TYPE: i64 = 1;
const ALGORITHM: i64 = 3;
const FIRST: i64 = -1;
const SECOND: i64 = -2;
const THIRD: i64 = -3;
const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;
const EDDSA: i64 = -8;
const ES256: i64 = -7;
const RS256: i64 = -257;
const CURVE_P256: i64 = 1;
const CURVE_ED25519: i64 = 6;

/// A modulus of 2,048 bits, in bytes.
const SHORTEST_MODULUS: usize = 256;

impl<'a> PublicKey<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, NotAKey> {
        let (members, rest) = map(bytes).ok_or(NotAKey)?;
        if !rest.is_empty() {
            return Err(NotAKey);
        }
        Self::of(&members).ok_or(NotAKey)
    }

    fn of(members: &[(i64, Item<'a>)]) -> Option<Self> {
        let member = |label| members.iter().find(|(of, _)| *of == label).map(|(_, item)| *item);
        let number = |label| member(label).and_then(Item::number);
        let octets = |label| member(label).and_then(Item::octets);
        match (number(KEY_TYPE)?, number(ALGORITHM)?) {
            (EC2, ES256) if number(FIRST)? == CURVE_P256 => {
                Some(Self::P256 { x: octets(SECOND)?.try_into().ok()?, y: octets(THIRD)?.try_into().ok()? })
            }
            (OKP, EDDSA) if number(FIRST)? == CURVE_ED25519 => Some(Self::Ed25519(octets(SECOND)?.try_into().ok()?)),
            (RSA, RS256) => {
                let (modulus, exponent) = (octets(FIRST)?, octets(SECOND)?);
                (modulus.len() >= SHORTEST_MODULUS).then_some(Self::Rsa { modulus, exponent })
            }
            _ => None,
        }
    }

    /// Whether `signature` is over `signed`, by this key.
    pub(super) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::P256 { x, y } => {
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(signed, signature).is_ok()
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(signed, signature).is_ok(),
            Self::Rsa { modulus, exponent } => {
                let key = RsaPublicKeyComponents { n: modulus, e: exponent };
                key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
        }
    }
}

/// How many bytes the map takes up that `bytes` begin with.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    map(bytes).map(|(_, rest)| bytes.len() - rest.len())
}

/// A value of such a map.
#[derive(Clone, Copy)]
enum Item<'a> {
    Number(i64),
    Octets(&'a [u8]),
}

impl<'a> Item<'a> {
    const fn number(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Octets(_) => None,
        }
    }

    const fn octets(self) -> Option<&'a [u8]> {
        match self {
            Self::Octets(octets) => Some(octets),
            Self::Number(_) => None,
        }
    }
}

/// The most members that a key of ours has.
const MEMBERS: u64 = 5;

/// The members of such a map, by their labels.
type Members<'a> = Vec<(i64, Item<'a>)>;

/// A map of numbers to numbers and byte strings, each label once; and what follows it.
fn map(bytes: &[u8]) -> Option<(Members<'_>, &[u8])> {
    let (MAP, count, mut rest) = head(bytes)? else { return None };
    if count > MEMBERS {
        return None;
    }
    let mut members = Members::new();
    for _ in 0..count {
        let (label, after) = item(rest)?;
        let (value, after) = item(after)?;
        let label = label.number()?;
        if members.iter().any(|(before, _)| *before == label) {
            return None;
        }
        members.push((label, value));
        rest = after;
    }
    Some((members, rest))
}

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const OCTETS: u8 = 2;
const MAP: u8 = 5;

fn item(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (kind, argument, rest) = head(bytes)?;
    let number = i64::try_from(argument).ok()?;
    match kind {
        UNSIGNED => Some((Item::Number(number), rest)),
        NEGATIVE => Some((Item::Number(-1 - number), rest)),
        OCTETS => {
            let (octets, rest) = rest.split_at_checked(usize::try_from(argument).ok()?)?;
            Some((Item::Octets(octets), rest))
        }
        _ => None,
    }
}

/// Major type and argument, which is written as briefly as it can be (RFC 8949 §4.2.1) and never needs more than two bytes.
fn head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    let kind = first >> 5;
    match first & 0b1_1111 {
        small @ 0..=23 => Some((kind, u64::from(small), rest)),
        24 => {
            let (&argument, rest) = rest.split_first()?;
            (argument > 23).then_some((kind, u64::from(argument), rest))
        }
        25 => {
            let (argument, rest) = rest.split_first_chunk::<2>()?;
            let argument = u16::from_be_bytes(*argument);
            (argument > u16::from(u8::MAX)).then_some((kind, u64::from(argument), rest))
        }
        _ => None,
    }
}
