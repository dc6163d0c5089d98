//! `compare`, `accept`, `export-key`.

use std::path::PathBuf;

use securemailbox_client::{comparing::Comparison, contacts::Standing};
use securemailbox_protocol::address::Address;
use securemailbox_vault::passwords::Password;
use serde_json::json;

use crate::{
    desk::Desk,
    outcome::{Answer, Stop},
    questions,
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
    desk.at_mailbox(async |world, mailbox| {
        if matches {
            let comparison = mailbox.digits_match(world, &address).await?;
            return Ok(answer(&address, &comparison, &format!("The key of {address} is compared.\n")));
        }
        let comparison = mailbox.compare(world, &address).await?;
        let groups: Vec<String> = comparison.digits.to_string().split(' ').map(ToOwned::to_owned).collect();
        let lines: String = groups.chunks(4).map(|groups| format!("    {}\n", groups.join(" "))).collect();
        let text = format!(
            "Read these digits to each other over a channel you trust, such as a call to a number you already have:\n\n\
             {}\nThe key is now: {}. If all twelve groups are alike: compare {address} --matches\n",
            desk.style.strong(&lines),
            words(comparison.standing),
        );
        Ok(answer(&address, &comparison, &text))
    })
    .await
}

/// Accepts a changed key.
pub(crate) async fn accept(desk: &Desk, AcceptArgs { address }: AcceptArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let accepted = mailbox.accept(world, &address).await?;
        let text = format!(
            "The key of {address} is now: {}.\nFingerprint {}\n",
            words(accepted.standing),
            accepted.fingerprint
        );
        Ok(answer(&address, &accepted, &text))
    })
    .await
}

fn answer(address: &Address, comparison: &Comparison, text: &str) -> Answer {
    let document = json!({
        "address": address,
        "state": comparison.standing.as_str(),
        "digits": comparison.digits.to_string(),
        "fingerprint": comparison.fingerprint.to_string(),
    });
    Answer::new(document, text.into())
}

const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Own => "your own",
        Standing::Unmet => "none yet",
        Standing::New => "new, so far the server's word only",
        Standing::Known => "known, the one used before",
        Standing::Compared => "compared",
        Standing::Former => "a former one, given up for another; ask the sender if the letter is theirs",
        Standing::Changed => "changed; the server has another one than before, or none",
        Standing::Differs => "one whose digits you found to differ; nothing goes out to it",
    }
}

/// Writes the certificate or the private key, in ASCII armor.
pub(crate) async fn export_key(desk: &Desk, arguments: ExportKeyArgs) -> Result<Answer, Stop> {
    let passphrase = match (arguments.secret, &arguments.passphrase_file) {
        (false, _) => None,
        (true, Some(file)) => Some(questions::first_line(file)?),
        (true, None) => Some(questions::ask_new_secret("Choose a passphrase for the exported key:").await?),
    };
    if passphrase.as_ref().is_some_and(|passphrase| passphrase.is_empty()) {
        return Err(Stop::usage("An exported key needs a passphrase."));
    }
    desk.at_mailbox(async |world, mailbox| {
        use securemailbox_client::world::World;
        let identity = mailbox.keyring().present();
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
