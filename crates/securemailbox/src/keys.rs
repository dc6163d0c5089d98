//! `compare`, `accept`, `export-key`.

use std::path::PathBuf;

use securemailbox_client::{
    comparing::{Comparison, DecisionError},
    contacts::Standing,
};
use securemailbox_protocol::address::Address;
use securemailbox_vault::passwords::Password;
use serde_json::json;

use crate::{
    accounts::fingerprint,
    desk::Desk,
    outcome::{Answer, Stop},
    questions,
    words::Sentence,
};

/// Whose key to compare.
#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// Their address.
    #[arg(value_parser = Address::parse)]
    address: Address,
    /// Say that the digits this device showed are alike on both sides.
    #[arg(long)]
    matches: bool,
}

/// Whose changed key to accept.
#[derive(Debug, clap::Args)]
pub(crate) struct AcceptArgs {
    /// Their address.
    #[arg(value_parser = Address::parse)]
    address: Address,
}

/// What to export.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportKeyArgs {
    /// The private key, locked by a passphrase, instead of the certificate.
    #[arg(long)]
    secret: bool,
    /// File whose first line is the passphrase; else it is asked for.
    #[arg(long, value_name = "FILE", requires = "secret")]
    passphrase_file: Option<PathBuf>,
}

/// Shows the digits, or takes the word that they are alike.
pub(crate) async fn compare(desk: &Desk, CompareArgs { address, matches }: CompareArgs) -> Result<Answer, Stop> {
    let about = |error: DecisionError| Stop::of_failure(&error, Some(&address), None);
    desk.at_mailbox(async |world, mailbox| {
        if matches {
            let comparison = mailbox.digits_match(world, &address).await.map_err(about)?;
            return Ok(answer(&address, &comparison, desk.line(Sentence::NowCompared { who: &address })));
        }
        let comparison = mailbox.compare(world, &address).await.map_err(about)?;
        let groups: Vec<String> = comparison.digits.to_string().split(' ').map(ToOwned::to_owned).collect();
        let lines: String = groups.chunks(4).map(|groups| format!("    {}\n", groups.join(" "))).collect();
        let text = [
            desk.line(Sentence::ReadDigits),
            desk.style.strong(&lines),
            desk.line(Sentence::IfAlike { who: &address, key: &desk.say(words(comparison.standing)) }),
        ];
        let text = text.join("\n");
        Ok(answer(&address, &comparison, text))
    })
    .await
}

/// Accepts a changed key.
pub(crate) async fn accept(desk: &Desk, AcceptArgs { address }: AcceptArgs) -> Result<Answer, Stop> {
    let about = |error: DecisionError| Stop::of_failure(&error, Some(&address), None);
    desk.at_mailbox(async |world, mailbox| {
        let accepted = mailbox.accept(world, &address).await.map_err(about)?;
        let key = desk.say(words(accepted.standing));
        let text = desk.line(Sentence::KeyIsNow { who: &address, key: &key });
        let text = text + &fingerprint(desk, accepted.fingerprint);
        Ok(answer(&address, &accepted, text))
    })
    .await
}

fn answer(address: &Address, comparison: &Comparison, text: String) -> Answer {
    let document = json!({
        "address": address,
        "state": comparison.standing.as_str(),
        "digits": comparison.digits.to_string(),
        "fingerprint": comparison.fingerprint.to_string(),
    });
    Answer::new(document, text)
}

const fn words(standing: Standing) -> Sentence<'static> {
    match standing {
        Standing::Own => Sentence::KeyOwn,
        Standing::Unmet => Sentence::KeyUnmet,
        Standing::New => Sentence::KeyNew,
        Standing::Known => Sentence::KeyKnown,
        Standing::Compared => Sentence::KeyCompared,
        Standing::Former => Sentence::KeyFormer,
        Standing::Changed => Sentence::KeyChanged,
        Standing::Differs => Sentence::KeyDiffers,
    }
}

/// Writes the certificate or the private key, in ASCII armor.
pub(crate) async fn export_key(desk: &Desk, arguments: ExportKeyArgs) -> Result<Answer, Stop> {
    let passphrase = match (arguments.secret, &arguments.passphrase_file) {
        (false, _) => None,
        (true, Some(file)) => Some(questions::first_line(file)?),
        (true, None) => Some(questions::ask_new_secret(Sentence::ChoosePassphrase, desk.language).await?),
    };
    if passphrase.as_ref().is_some_and(|passphrase| passphrase.is_empty()) {
        return Err(Stop::usage(Sentence::NeedsPassphrase));
    }
    desk.at_mailbox(async |world, mailbox| {
        use securemailbox_client::world::World;
        let keyring = mailbox.keyring();
        let identity = keyring.present();
        match &passphrase {
            Some(passphrase) => {
                let key = identity.export(&Password::new(passphrase), &mut world.rng());
                Ok(Answer::new(json!({ "secret_key": &*key }), key.to_string()))
            }
            None => {
                let certificate = identity.certificate().to_armor();
                Ok(Answer::new(json!({ "certificate": certificate }), certificate))
            }
        }
    })
    .await
}
