//! `renew`: new locks for a mailbox that somebody else may have been in (PROTOCOL §10).

use securemailbox_client::{
    letters::Rewrapping, mailbox::Mailbox, renewals::Extent, session::SessionError, world::World,
};
use securemailbox_vault::passwords::{Password, judge};
use serde_json::json;

use crate::{
    accounts::weak,
    desk::Desk,
    outcome::{Answer, Stop},
    questions::{self, PasswordArgs},
    security::confirmed,
    words::Sentence,
};

/// How thoroughly.
#[derive(Debug, clap::Args)]
pub(crate) struct RenewArgs {
    /// Leave the letters that there are as they are: they open by the old key, too.
    #[arg(long)]
    quick: bool,
    /// Go on where new locks for the letters were broken off; nothing else is changed.
    #[arg(long, conflicts_with_all = ["quick", "password_file"])]
    finish: bool,
    #[command(flatten)]
    password: PasswordArgs,
}

/// Changes all locks. Questions: the password, and where the last code is too old, a code.
pub(crate) async fn renew(desk: &Desk, RenewArgs { quick, finish, password }: RenewArgs) -> Result<Answer, Stop> {
    if finish {
        return go_on(desk).await;
    }
    let given = password.given()?;
    let world = desk.signed_in()?.ok_or(SessionError::NotSignedIn)?;
    let reached = |stop: Stop| stop.because(world.http.trouble());
    let former = desk.patiently(Mailbox::open(&world)).await.map_err(Stop::from).map_err(reached)?;
    let password = match given {
        Some(password) => password,
        None => questions::ask_new_secret(Sentence::ChooseNewPassword, desk.language).await?,
    };
    judge(&Password::new(&password), former.address(), &former.name()).map_err(weak)?;
    let begin = async || desk.patiently(former.begin_renewal(&world, &password)).await;
    let begun = confirmed(desk, &world, &former, begin).await.map_err(reached)?;
    let code = begun.recovery_code().to_string();
    let extent = if quick { Extent::Quick } else { Extent::Thorough };
    // If the answer is lost, the new sheet may count already, and this is the only time that it can be told.
    let told = |stop: Stop| reached(stop).with("recovery_code", code.clone());
    let opening = desk.patiently(begun.renew(&world, &former, extent)).await.map_err(Stop::from).map_err(told)?;
    let (mailbox, warnings) = Mailbox::begin(&world, opening).await.map_err(Stop::from).map_err(told)?;
    desk.warn(&warnings);
    // At once: whoever ends it while letters are wrapped has the sheet, or owes it.
    desk.note(Sentence::NewRecoveryCode { code: &code });
    let mut text = desk.line(Sentence::LocksChanged);
    text += &desk.line(Sentence::NewRecoveryCode { code: &desk.style.strong(&code) });
    let letters = if quick { None } else { Some(rewrap(desk, &world, &mailbox).await) };
    let letters = match letters {
        Some(Ok(letters)) => {
            text += &desk.line(Sentence::LettersRelocked { letters });
            Some(letters)
        }
        Some(Err(stop)) => return Err(told(stop).and(Sentence::RelockLater)),
        None => None,
    };
    mailbox.first_sheet_kept(&world).await.map_err(Stop::from).map_err(told)?;
    mailbox.close(&world).await.map_err(Stop::from).map_err(told)?;
    Ok(Answer::new(json!({ "renewed": true, "letters": letters, "recovery_code": code }), text))
}

/// Goes on with a thorough renewal that was broken off.
async fn go_on(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        if !mailbox.is_rewrapping() {
            return Ok(Answer::new(json!({ "letters": null }), desk.line(Sentence::NothingToRelock)));
        }
        let letters = rewrap(desk, world, mailbox).await?;
        Ok(Answer::new(json!({ "letters": letters }), desk.line(Sentence::LettersRelocked { letters })))
    })
    .await
}

async fn rewrap(desk: &Desk, world: &impl World, mailbox: &Mailbox) -> Result<u64, Stop> {
    let mut so_far = Rewrapping::new();
    mailbox.sync(world).await?;
    loop {
        while !so_far.is_done() {
            desk.patiently(mailbox.rewrap_some(world, &mut so_far)).await?;
            desk.note(Sentence::RelockedSoFar { done: so_far.done() as u64, total: mailbox.letters().len() as u64 });
        }
        let give_up = async || mailbox.give_up_former_keys(world, &so_far).await;
        if confirmed(desk, world, mailbox, give_up).await? {
            return Ok(so_far.done() as u64);
        }
        so_far.look_again();
    }
}
