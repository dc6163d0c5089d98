//! The vectors of `vectors/*.json`, made by programs that share no code with this one (each file says which). The same
//! runner serves the native tests and the WebAssembly ones.

use opaque_ke::{generic_array::GenericArray, ksf::Ksf};
use serde::{Deserialize, Deserializer};

use securemailbox_protocol::{
    address::Address,
    coding::base64url,
    ids::{AccountId, Fingerprint, LetterId, RecordId, SlotId, ThreadId},
    numbers::Version,
    opaque::KeyStretching,
    records::RecordPurpose,
    slots::SlotKind,
    time::Timestamp,
};

use crate::{
    certificates::Certificate,
    comparing::Digits,
    identities::Identity,
    keyring::Keyring,
    letters::{self, Expected, padme},
    links::LinkSecret,
    passphrases::Passphrase,
    records::{self, RecordPlace},
    recovery::RecoveryCode,
    secrets::{AccountSecret, ServerShare, SlotKey},
    slots::{self, SlotPlace},
};

/// Every vector file, by name.
pub const FILES: [(&str, &str); 8] = [
    ("sealed", include_str!("../vectors/sealed.json")),
    ("slots", include_str!("../vectors/slots.json")),
    ("recovery", include_str!("../vectors/recovery.json")),
    ("comparing", include_str!("../vectors/comparing.json")),
    ("padme", include_str!("../vectors/padme.json")),
    ("opaque", include_str!("../vectors/opaque.json")),
    ("links", include_str!("../vectors/links.json")),
    ("letter", include_str!("../vectors/letter.json")),
];

/// A vector that this program does not agree with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// There is no such file, or it is not what it should be.
    #[error("not a vector file: {0}")]
    NotAFile(String),
    /// This one, counted from 0.
    #[error("vector {0} disagrees: {1}")]
    At(usize, &'static str),
}

/// Runs a vector file by name and returns how many vectors agreed.
///
/// # Errors
/// [`Disagreement`]: the first vector that does not agree.
pub fn run(name: &str, json: &str) -> Result<usize, Disagreement> {
    match name {
        "sealed" => each(json, sealed),
        "slots" => each(json, slot),
        "recovery" => each(json, recovery),
        "comparing" => each(json, comparing),
        "padme" => each(json, |row: Padding| holds(padme(row.length) == row.padded, "padded length")),
        "opaque" => each(json, stretching),
        "links" => each(json, link),
        "letter" => {
            let row = serde_json::from_str(json).map_err(|error| Disagreement::NotAFile(error.to_string()))?;
            letter(&row).map(|()| 1).map_err(|why| Disagreement::At(0, why))
        }
        other => Err(Disagreement::NotAFile(other.to_owned())),
    }
}

#[derive(Deserialize)]
struct File<T> {
    vectors: Vec<T>,
}

type Agreed = Result<(), &'static str>;

fn each<'a, T: Deserialize<'a>>(json: &'a str, agrees: impl Fn(T) -> Agreed) -> Result<usize, Disagreement> {
    let file: File<T> = serde_json::from_str(json).map_err(|error| Disagreement::NotAFile(error.to_string()))?;
    let count = file.vectors.len();
    for (at, row) in file.vectors.into_iter().enumerate() {
        agrees(row).map_err(|why| Disagreement::At(at, why))?;
    }
    Ok(count)
}

fn holds(claim: bool, why: &'static str) -> Agreed {
    if claim { Ok(()) } else { Err(why) }
}

/// `N` bytes that a vector file writes as hexadecimal digits.
struct Hex<const N: usize>([u8; N]);

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = long_hex(deserializer)?;
        bytes.try_into().map(Self).map_err(|_| serde::de::Error::custom("another number of bytes"))
    }
}

fn long_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    base16ct::lower::decode_vec(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

fn base64url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    base64url::decode(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

#[derive(Deserialize)]
struct Sealed {
    purpose: RecordPurpose,
    secret: Hex<32>,
    account: Hex<16>,
    record: Hex<16>,
    version: u64,
    #[serde(deserialize_with = "long_hex")]
    plain: Vec<u8>,
    #[serde(deserialize_with = "long_hex")]
    sealed: Vec<u8>,
}

fn sealed(row: Sealed) -> Agreed {
    let place = RecordPlace {
        account: AccountId::from_bytes(row.account.0),
        record: RecordId::from_bytes(row.record.0),
        purpose: row.purpose,
        version: Version::new(row.version),
    };
    let secret = AccountSecret::from_bytes(&row.secret.0).map_err(|_| "secret")?;
    let plain = records::open(&place, &secret, &row.sealed).map_err(|_| "does not open")?;
    holds(*plain == row.plain, "another text")
}

#[derive(Deserialize)]
struct Slot {
    kind: SlotKind,
    #[serde(deserialize_with = "long_hex")]
    source: Vec<u8>,
    account: Hex<16>,
    slot: Hex<16>,
    secret: Hex<32>,
    #[serde(deserialize_with = "long_hex")]
    sealed: Vec<u8>,
}

fn slot(row: Slot) -> Agreed {
    let place = SlotPlace { account: AccountId::from_bytes(row.account.0), slot: SlotId::from_bytes(row.slot.0) };
    let key = SlotKey::derive(row.kind, &row.source);
    let secret = slots::open(&place, &key, &row.sealed).map_err(|_| "does not open")?;
    holds(*secret.as_bytes() == row.secret.0, "another secret")
}

#[derive(Deserialize)]
struct Recovery {
    bits: Hex<16>,
    code: String,
    proof: Hex<32>,
}

fn recovery(row: Recovery) -> Agreed {
    let code = RecoveryCode::parse(&row.code).map_err(|_| "does not read")?;
    holds(code.as_bytes() == &row.bits.0, "other bits")?;
    holds(code.to_string() == row.code, "written otherwise")?;
    holds(*code.proof() == row.proof.0, "another proof")
}

#[derive(Deserialize)]
struct Comparing {
    one: Hex<32>,
    other: Hex<32>,
    digits: String,
}

fn comparing(row: Comparing) -> Agreed {
    let digits = Digits::of(&Fingerprint::from_bytes(row.one.0), &Fingerprint::from_bytes(row.other.0));
    holds(digits.to_string() == row.digits, "other digits")
}

#[derive(Deserialize)]
struct Padding {
    length: u64,
    padded: u64,
}

#[derive(Deserialize)]
struct Stretching {
    input: Hex<64>,
    output: Hex<64>,
}

fn stretching(row: Stretching) -> Agreed {
    let output = KeyStretching::default().hash(GenericArray::from(row.input.0)).map_err(|_| "does not stretch")?;
    holds(output.as_slice() == row.output.0, "another output")
}

#[derive(Deserialize)]
struct Link {
    text: String,
    share: Hex<32>,
    spoken: Option<String>,
    token: Hex<32>,
    key: Hex<32>,
}

fn link(row: Link) -> Agreed {
    let link = LinkSecret::parse(&row.text).map_err(|_| "does not read")?;
    let share = ServerShare::from_bytes(&row.share.0).map_err(|_| "share")?;
    holds(*link.to_text() == row.text, "written otherwise")?;
    holds(*link.token() == row.token.0, "another token")?;
    let key = match &row.spoken {
        Some(words) => link.slot_key_with(&share, &Passphrase::heard(words), &KeyStretching::default()),
        None => link.slot_key(&share),
    };
    holds(key.as_bytes() == &row.key.0, "another key")
}

#[derive(Deserialize)]
struct Letter {
    now: Timestamp,
    sender: Sender,
    reader: Reader,
    id: LetterId,
    thread: ThreadId,
    #[serde(deserialize_with = "base64url")]
    session_key: Vec<u8>,
    #[serde(deserialize_with = "base64url")]
    wrapped_key: Vec<u8>,
    #[serde(deserialize_with = "base64url")]
    envelope: Vec<u8>,
    #[serde(deserialize_with = "base64url")]
    content: Vec<u8>,
    name: String,
    subject: String,
    text: String,
    date: Timestamp,
}

#[derive(Deserialize)]
struct Sender {
    address: Address,
    #[serde(deserialize_with = "base64url")]
    certificate: Vec<u8>,
}

#[derive(Deserialize)]
struct Reader {
    address: Address,
    #[serde(deserialize_with = "base64url")]
    secret_key: Vec<u8>,
}

fn letter(row: &Letter) -> Agreed {
    let sender =
        Certificate::parse(&row.sender.certificate, &row.sender.address, row.now).map_err(|_| "the certificate")?;
    let reader =
        Identity::from_bytes(&row.reader.secret_key, &row.reader.address, row.now).map_err(|_| "the secret key")?;
    let reader = Keyring::new(reader);
    let key = letters::unwrap(&row.wrapped_key, &reader).map_err(|_| "the wrapped key")?;
    holds(key.as_bytes()[..] == row.session_key, "another session key")?;

    let expected = Expected { id: row.id, thread: row.thread, sender: &sender, reader: &reader, now: row.now };
    let envelope = letters::open_envelope(&row.envelope, &key).map_err(|_| "the envelope does not open")?;
    let envelope = envelope.verify(&expected).map_err(|_| "the envelope does not verify")?;
    holds(envelope.subject() == row.subject && envelope.date() == row.date, "another envelope")?;

    let letter = letters::open_content(&row.content, &key).map_err(|_| "the content does not open")?;
    let letter = letter.verify(&expected, &envelope).map_err(|_| "the content does not verify")?;
    holds(letter.from() == &row.sender.address && letter.claimed_name() == Some(&row.name), "another sender")?;
    holds(letter.to() == [row.reader.address.clone()], "another reader")?;
    holds(letter.subject() == row.subject && letter.date() == row.date, "another subject or date")?;
    holds(letter.text() == row.text, "another text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_agrees_with_every_vector() {
        for (name, json) in FILES {
            assert!(run(name, json).unwrap() > 0, "{name}");
        }
    }

    #[test]
    fn a_vector_that_disagrees_is_found() {
        for (name, json) in FILES {
            let number = json.replacen("\"length\": 17,", "\"length\": 19,", 1);
            let text = number.replacen("Hej", "Nej", 1).replacen("\"digits\": \"", "\"digits\": \"1", 1);
            let wrong = ["plain\": \"", "secret\": \"", "proof\": \"", "output\": \"", "key\": \""].iter().fold(
                text,
                |text, key| {
                    let Some(at) = text.find(key).map(|at| at + key.len()) else { return text };
                    let digit = if &text[at..=at] == "0" { "1" } else { "0" };
                    format!("{}{digit}{}", &text[..at], &text[at + 1..])
                },
            );
            assert!(matches!(run(name, &wrong), Err(Disagreement::At(..))), "{name}");
        }
    }
}
