//! `factors`, `one-time-codes`: by what the owner of this mailbox is proved (PROTOCOL §7).

use clap::Subcommand;
use securemailbox_protocol::{
    factors::{Factor, FactorKind, PhoneRole},
    ids::FactorId,
    limits,
    phone::PhoneNumber,
};
use serde_json::json;

use crate::{
    accounts::{prove, six_digits, with_code},
    desk::Desk,
    outcome::{Answer, Stop},
    questions,
    security::confirmed,
    show::plain,
    words::Sentence,
};

/// What is done with them; nothing: they are listed.
#[derive(Debug, clap::Args)]
pub(crate) struct FactorsArgs {
    #[command(subcommand)]
    act: Option<FactorsAct>,
}

#[derive(Debug, Subcommand)]
enum FactorsAct {
    /// Add an authenticator app, in the place of the one before.
    AddAuthenticator,
    /// Add a reserve phone, for when yours is lost.
    AddReservePhone(PhoneArgs),
    /// Replace your mobile number.
    ReplacePhone(PhoneArgs),
    /// Remove one.
    Remove(RemoveArgs),
}

#[derive(Debug, clap::Args)]
struct PhoneArgs {
    /// The mobile number, with its country code if it is not Swedish.
    #[arg(value_name = "NUMBER", value_parser = PhoneNumber::parse_at_home)]
    phone: PhoneNumber,
}

#[derive(Debug, clap::Args)]
struct RemoveArgs {
    /// Its id, as `factors` shows it.
    id: FactorId,
}

/// Lists, adds or removes factors. Questions: a code, where the last one is too old; the code of what is added.
pub(crate) async fn factors(desk: &Desk, arguments: FactorsArgs) -> Result<Answer, Stop> {
    match arguments.act {
        None => list(desk).await,
        Some(FactorsAct::AddAuthenticator) => add_authenticator(desk).await,
        Some(FactorsAct::AddReservePhone(PhoneArgs { phone })) => add_phone(desk, phone, PhoneRole::Reserve).await,
        Some(FactorsAct::ReplacePhone(PhoneArgs { phone })) => add_phone(desk, phone, PhoneRole::Own).await,
        Some(FactorsAct::Remove(RemoveArgs { id })) => remove(desk, id).await,
    }
}

async fn list(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let factors = mailbox.factors(world).await?;
        let cells = |factor: &Factor| {
            let used = factor.used.map(|used| desk.style.time(used)).unwrap_or_default();
            vec![factor.id.to_string(), called(desk, factor), desk.style.time(factor.added), used]
        };
        let head = [Sentence::Id, Sentence::What, Sentence::Added, Sentence::Used];
        let text = desk.style.rows(&head, factors.iter().map(cells).collect());
        Ok(Answer::new(json!({ "factors": factors }), text))
    })
    .await
}

async fn add_authenticator(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let begun = confirmed(desk, world, mailbox, async || mailbox.begin_authenticator(world).await).await?;
        let secret = begun.typed();
        questions::say(&desk.say(Sentence::NewAuthenticator { secret: &secret, uri: begun.uri() }))?;
        let question = desk.say(Sentence::AskAuthenticatorCode);
        let counts =
            with_code(desk, &question, six_digits, async |code| begun.confirm(world, mailbox, &code).await).await?;
        let seconds = i64::from(counts.drift) * i64::try_from(limits::AUTHENTICATOR_STEP.as_secs()).unwrap_or(0);
        let mut text = desk.line(Sentence::AuthenticatorCounts);
        if seconds != 0 {
            text += &desk.line(Sentence::AppClock { seconds });
        }
        Ok(Answer::new(json!({ "added": FactorKind::Authenticator, "clock": seconds }), text))
    })
    .await
}

async fn add_phone(desk: &Desk, phone: PhoneNumber, role: PhoneRole) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let name = async || mailbox.name_new_phone(world, phone.clone(), role).await;
        let to_enter = confirmed(desk, world, mailbox, name).await?;
        to_enter.asked().send(world).await?;
        prove(desk, to_enter.offer(), async |proof| to_enter.enter(world, &proof).await).await?;
        Ok(Answer::new(json!({ "added": role.kind() }), desk.line(Sentence::PhoneCounts)))
    })
    .await
}

async fn remove(desk: &Desk, id: FactorId) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        confirmed(desk, world, mailbox, async || mailbox.remove_factor(world, id).await).await?;
        Ok(Answer::new(json!({ "removed": id }), desk.line(Sentence::FactorRemoved)))
    })
    .await
}

/// Makes ten one-time codes, and shows them this once. Question, where the last code is too old: a code.
pub(crate) async fn one_time_codes(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let sheet = confirmed(desk, world, mailbox, async || mailbox.make_one_time_codes(world).await).await?;
        let mut text = desk.line(Sentence::OneTimeCodes { made: &desk.style.time(sheet.made) });
        for code in &sheet.codes {
            text += &format!("  {code}\n");
        }
        Ok(Answer::new(json!(sheet), text))
    })
    .await
}

/// What its owner knows a factor by.
fn called(desk: &Desk, factor: &Factor) -> String {
    let hint = plain(&factor.hint);
    let sentence = match factor.kind {
        FactorKind::Address => Sentence::FactorEmail,
        FactorKind::Phone => Sentence::FactorPhone { hint: &hint },
        FactorKind::ReservePhone => Sentence::FactorReserve { hint: &hint },
        FactorKind::OneTimeCodes => Sentence::FactorOneTimeCodes { left: factor.left.unwrap_or_default().into() },
        FactorKind::Authenticator => Sentence::FactorAuthenticator,
        FactorKind::Passkey => Sentence::FactorPasskey,
    };
    sentence.said(desk.style.names())
}
