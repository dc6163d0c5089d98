//! `sessions`, `new-sheet`, `change-password`, `events`, `stop`, `remove-mailbox`: who may open this mailbox, and what was done
//! about that.

use securemailbox_client::{
    devices::DeviceName,
    failure::{Explained, Failure},
    letters::DamageName,
    mailbox::Mailbox,
    passwords::{self, Changed},
    world::World,
};
use securemailbox_protocol::{
    ids::SessionId,
    problems::ProblemType,
    security::{SecurityEvent, SecurityEventKind},
    sessions::SessionRow,
    waits::{Wait, WaitKind},
};
use securemailbox_vault::passwords::{Password, judge};
use serde_json::json;

use crate::{
    accounts::{choose, prove, weak},
    desk::Desk,
    outcome::{Answer, Stop},
    questions::{self, PasswordArgs},
    show::plain,
    words::Sentence,
};

/// What is to end, if anything is.
#[derive(Debug, clap::Args)]
pub(crate) struct SessionsArgs {
    /// End this one, by its id in the list: its device opens nothing any more.
    #[arg(long, value_name = "ID", conflicts_with = "end_others")]
    end: Option<SessionId>,
    /// End all but this one.
    #[arg(long)]
    end_others: bool,
}

/// Lists where this mailbox is signed in, or ends a session, or all others. Question, where the last code is too old: a code.
pub(crate) async fn sessions(desk: &Desk, arguments: SessionsArgs) -> Result<Answer, Stop> {
    match arguments {
        SessionsArgs { end: Some(id), .. } => end(desk, id).await,
        SessionsArgs { end_others: true, .. } => end_others(desk).await,
        SessionsArgs { end: None, end_others: false } => list(desk).await,
    }
}

async fn list(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let sessions = mailbox.sessions(world).await?.sessions;
        let names = mailbox.device_names(world).await.unwrap_or_default();
        let cells = |session: &SessionRow| {
            let device = names.of(session.id);
            let device = device.map(|DeviceName { program, system }| {
                Sentence::DeviceOn { program: &plain(program), system: &plain(system) }.said(desk.style.names())
            });
            let here = here(desk, session.current);
            vec![session.id.to_string(), desk.style.time(session.used), device.unwrap_or_default(), here]
        };
        let head = [Sentence::Id, Sentence::Used, Sentence::Device, Sentence::State];
        let text = desk.style.rows(&head, sessions.iter().map(cells).collect());
        let rows = sessions.iter().map(|session| {
            let mut row = json!(session);
            row["device"] = json!(names.of(session.id));
            row
        });
        Ok(Answer::new(json!({ "sessions": rows.collect::<Vec<_>>() }), text))
    })
    .await
}

async fn end(desk: &Desk, id: SessionId) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        confirmed(desk, world, mailbox, async || mailbox.end_session(world, id).await).await?;
        Ok(Answer::new(json!({ "ended": id }), desk.line(Sentence::Ended)))
    })
    .await
}

async fn end_others(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        confirmed(desk, world, mailbox, async || mailbox.end_other_sessions(world).await).await?;
        Ok(Answer::new(json!({ "ended": "others" }), desk.line(Sentence::OthersEnded)))
    })
    .await
}

/// Makes a new recovery sheet in the place of the old one. Question, where the last code is too old: a code.
pub(crate) async fn new_sheet(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let sheet = mailbox.new_sheet(world);
        let code = sheet.code().to_string();
        let replaced = confirmed(desk, world, mailbox, async || mailbox.replace_sheet(world, &sheet).await).await;
        // If the answer was lost, the new sheet may count already, and this is the only time that it can be told.
        replaced.map_err(|stop| stop.with("recovery_code", code.clone()))?;
        let text = desk.line(Sentence::NewRecoveryCode { code: &desk.style.strong(&code) });
        Ok(Answer::new(json!({ "recovery_code": code }), text))
    })
    .await
}

/// Chooses another password. Questions: the password, and where the last code is too old, a code.
pub(crate) async fn change_password(desk: &Desk, arguments: PasswordArgs) -> Result<Answer, Stop> {
    let given = arguments.given()?;
    desk.at_mailbox(async |world, mailbox| {
        let name = mailbox.name();
        let password = match given {
            Some(password) => password,
            None => questions::ask_new_secret(Sentence::ChooseNewPassword, desk.language).await?,
        };
        judge(&Password::new(&password), mailbox.address(), &name).map_err(weak)?;
        let change = async || passwords::change_password(world, &name, &password).await;
        let changed = confirmed(desk, world, mailbox, change).await;
        // An answer that was lost leaves two passwords of which one is right.
        let changed = changed
            .map_err(|stop| if stop.is_unavailable() { stop.and(Sentence::PasswordMayBeChanged) } else { stop })?;
        let mut text = desk.line(Sentence::PasswordChanged);
        if changed == Changed::ByTheServersWord {
            text += &desk.line(Sentence::PasswordNotTried);
        }
        text += &desk.line(Sentence::PasswordIsNoRenewal);
        Ok(Answer::new(json!({ "changed": true, "proved": changed == Changed::Proved }), text))
    })
    .await
}

/// Lists what was done about who may open this mailbox, by the server's word.
pub(crate) async fn events(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let events = mailbox.security_events(world).await?.events;
        let cells = |event: &SecurityEvent| {
            vec![desk.style.time(event.at), done(event.kind).said(desk.style.names()), here(desk, event.current)]
        };
        let head = [Sentence::Date, Sentence::What, Sentence::State];
        let text = desk.style.rows(&head, events.iter().map(cells).collect());
        Ok(Answer::new(json!({ "events": events }), text))
    })
    .await
}

/// Stops whatever waits to be done to this mailbox. Asks for no code: whoever is signed in can say no.
pub(crate) async fn stop(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let waits = mailbox.waits();
        let mut text = String::new();
        for Wait { kind, .. } in &waits {
            mailbox.stop_wait(world, *kind).await?;
            text += &desk.line(match kind {
                WaitKind::Recovery => Sentence::RecoveryStopped,
                WaitKind::Removal => Sentence::RemovalStopped,
            });
        }
        if waits.is_empty() {
            text = desk.line(Sentence::NothingWaits);
        }
        let stopped: Vec<WaitKind> = waits.iter().map(|wait| wait.kind).collect();
        Ok(Answer::new(json!({ "stopped": stopped }), text))
    })
    .await
}

/// Asks that this mailbox be removed, which waits for seven days. Question, where the last code is too old: a code.
pub(crate) async fn remove_mailbox(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let wait = confirmed(desk, world, mailbox, async || mailbox.remove_account(world).await).await?;
        let due = desk.style.time(wait.due);
        Ok(Answer::new(json!({ "waits": wait }), desk.line(Sentence::RemovalWaits { due: &due })))
    })
    .await
}

/// A mark at what belongs to this session.
fn here(desk: &Desk, current: bool) -> String {
    if current { Sentence::ThisSession.said(desk.style.names()) } else { String::new() }
}

const fn done(kind: SecurityEventKind) -> Sentence<'static> {
    match kind {
        SecurityEventKind::SignedIn => Sentence::SignedInEvent,
        SecurityEventKind::NewDevice => Sentence::NewDeviceEvent,
        SecurityEventKind::SheetReplaced => Sentence::SheetReplacedEvent,
        SecurityEventKind::KeyringReplaced => Sentence::KeyringReplacedEvent,
        SecurityEventKind::PasswordReplaced => Sentence::PasswordReplacedEvent,
        SecurityEventKind::PasswordChanged => Sentence::PasswordChangedEvent,
        SecurityEventKind::KeysRenewed => Sentence::KeysRenewedEvent,
        SecurityEventKind::PasswordRemoved => Sentence::PasswordRemovedEvent,
        SecurityEventKind::SessionEnded => Sentence::SessionEndedEvent,
        SecurityEventKind::OtherSessionsEnded => Sentence::OtherSessionsEndedEvent,
        SecurityEventKind::UnlockFailed => Sentence::UnlockFailedEvent,
        SecurityEventKind::CodesRefused => Sentence::CodesRefusedEvent,
        SecurityEventKind::PasskeyAdded => Sentence::PasskeyAddedEvent,
        SecurityEventKind::PasskeyRemoved => Sentence::PasskeyRemovedEvent,
        SecurityEventKind::AuthenticatorAdded => Sentence::AuthenticatorAddedEvent,
        SecurityEventKind::AuthenticatorRemoved => Sentence::AuthenticatorRemovedEvent,
        SecurityEventKind::PhoneReplaced => Sentence::PhoneReplacedEvent,
        SecurityEventKind::ReservePhoneAdded => Sentence::ReservePhoneAddedEvent,
        SecurityEventKind::ReservePhoneRemoved => Sentence::ReservePhoneRemovedEvent,
        SecurityEventKind::OneTimeCodesMade => Sentence::OneTimeCodesMadeEvent,
        SecurityEventKind::OneTimeCodesRemoved => Sentence::OneTimeCodesRemovedEvent,
        SecurityEventKind::OneTimeCodeUsed => Sentence::OneTimeCodeUsedEvent,
        SecurityEventKind::RecoveryBegun => Sentence::RecoveryBegunEvent,
        SecurityEventKind::RecoveryStopped => Sentence::RecoveryStoppedEvent,
        SecurityEventKind::RemovalBegun => Sentence::RemovalBegunEvent,
        SecurityEventKind::RemovalStopped => Sentence::RemovalStoppedEvent,
    }
}

/// Does it. Where that is refused for want of a fresh proof, asks for a code and does it once more, and no oftener: a server
/// that asks again and again must not send anybody SMS without end.
pub(crate) async fn confirmed<T, E: Failure>(
    desk: &Desk,
    world: &impl World,
    mailbox: &Mailbox,
    act: impl AsyncFn() -> Result<T, E>,
) -> Result<T, Stop> {
    match act().await {
        Err(refusal) if proved_afresh(desk, world, mailbox, &refusal).await? => act().await.map_err(Stop::from),
        done => done.map_err(Stop::from),
    }
}

/// Asks for the proof that a refusal wants: for an act, or for a letter whose sender asks for a level (PROTOCOL §6). False
/// where it is refused for anything else.
pub(crate) async fn proved_afresh(
    desk: &Desk,
    world: &impl World,
    mailbox: &Mailbox,
    refusal: &impl Failure,
) -> Result<bool, Stop> {
    let Explained { name, offers, .. } = refusal.explain();
    let is_level = name == ProblemType::LevelRequired.into() || name == DamageName::LevelRequired.into();
    if !is_level && name != ProblemType::ProofRequired.into() {
        return Ok(false);
    }
    if is_level && offers.is_empty() {
        return Err(Stop::of_failure(refusal, None, Some(Sentence::NoFactorForLevel)));
    }
    let to_enter = choose(desk, world, &mailbox.confirm(world, offers).await?).await?;
    prove(desk, to_enter.offer(), async |proof| to_enter.enter(world, &proof).await).await?;
    Ok(true)
}
