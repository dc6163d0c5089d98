//! Opens a message that another program signed and encrypted, with an exported key; used by the interop tests.
//!
//! `open_foreign KEY.asc PASSPHRASE-FILE ADDRESS SENDER.asc SENDER-ADDRESS MESSAGE.pgp` prints what was signed.

use std::{
    error::Error,
    fs,
    io::{Read, Write},
    time::SystemTime,
};

use securemailbox_protocol::{address::Address, time::Timestamp};
use securemailbox_vault::{
    certificates::Certificate, identities::Identity, keyring::Keyring, letters::open_foreign, passwords::Password,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [key, passphrase, address, sender, sender_address, message] = &arguments[..] else {
        return Err("usage: open_foreign KEY PASSPHRASE-FILE ADDRESS SENDER SENDER-ADDRESS MESSAGE".into());
    };
    #[expect(clippy::disallowed_methods, reason = "a program of its own")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = Timestamp::from_unix_millis(u64::try_from(now.as_millis())?);

    let passphrase = Password::new(fs::read_to_string(passphrase)?.trim_end_matches(['\r', '\n']));
    let reader = Identity::import(&fs::read_to_string(key)?, &passphrase, &Address::parse(address)?, now)?;
    let sender = Certificate::parse(&dearmored(&fs::read(sender)?)?, &Address::parse(sender_address)?, now)?;
    let opened = open_foreign(&fs::read(message)?, &sender, &Keyring::new(reader), now)?;
    std::io::stdout().write_all(opened.document())?;
    Ok(())
}

fn dearmored(armored: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut bytes = Vec::new();
    pgp::armor::Dearmor::new(armored).read_to_end(&mut bytes)?;
    Ok(bytes)
}
