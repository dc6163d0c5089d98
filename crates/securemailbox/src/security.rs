//! `sessions`, `end-session`, `new-sheet`, `events`: who may open this mailbox, and what was done about that.

use securemailbox_client::{
    failure::{Explained, Failure},
    mailbox::Mailbox,
    world::World,
};
use securemailbox_protocol::{ids::SessionId, problems::ProblemType, security::SecurityEventKind};
use serde_json::json;

use crate::{
    accounts::{choose, code_question, with_code},
    desk::Desk,
    outcome::{Answer, Stop},
};

/// Which session.
#[derive(Debug, clap::Args)]
pub(crate) struct EndSessionArgs {
    /// Its id, as `sessions` shows it.
    id: SessionId,
}

/// Lists where this mailbox is signed in.
pub(crate) async fn sessions(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let sessions = mailbox.sessions(world).await?.sessions;
        let line = |session: &securemailbox_protocol::sessions::SessionRow| {
            let here = if session.current { "  this one" } else { "" };
            format!("{}  used {}{here}\n", session.id, session.used)
        };
        let text = sessions.iter().map(line).collect();
        Ok(Answer::new(json!({ "sessions": sessions }), text))
    })
    .await
}

/// Ends another session. Question, where the last code is too old: a code.
pub(crate) async fn end_session(desk: &Desk, arguments: EndSessionArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        confirmed(world, mailbox, async || mailbox.end_session(world, arguments.id).await).await?;
        Ok(Answer::new(json!({ "ended": arguments.id }), "Ended. Its device opens nothing any more.\n".into()))
    })
    .await
}

/// Makes a new recovery sheet in the place of the old one. Question, where the last code is too old: a code.
pub(crate) async fn new_sheet(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let sheet = mailbox.new_sheet(world);
        let code = sheet.code().to_string();
        let replaced = confirmed(world, mailbox, async || mailbox.replace_sheet(world, &sheet).await).await;
        // If the answer was lost, the new sheet may count already, and this is the only time that it can be told.
        replaced.map_err(|stop| stop.with("recovery_code", code.clone()))?;
        let text = format!(
            "Your new recovery code, shown this once:\n\n    {}\n\nWrite it on paper. The old one opens nothing any more.\n",
            desk.style.strong(&code)
        );
        Ok(Answer::new(json!({ "recovery_code": code }), text))
    })
    .await
}

/// Lists what was done about who may open this mailbox, by the server's word.
pub(crate) async fn events(desk: &Desk) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let events = mailbox.security_events(world).await?.events;
        let line = |event: &securemailbox_protocol::security::SecurityEvent| {
            let here = if event.current { " (this session)" } else { "" };
            format!("{}  {}{here}\n", event.at, done(event.kind))
        };
        let text = events.iter().map(line).collect();
        Ok(Answer::new(json!({ "events": events }), text))
    })
    .await
}

const fn done(kind: SecurityEventKind) -> &'static str {
    match kind {
        SecurityEventKind::SignedIn => "new sign-in",
        SecurityEventKind::SheetReplaced => "the recovery sheet was replaced",
        SecurityEventKind::KeyringReplaced => "the keyring was overwritten",
        SecurityEventKind::PasswordReplaced => "password and recovery sheet were replaced",
        SecurityEventKind::SessionEnded => "a session was ended",
        SecurityEventKind::UnlockFailed => "a wrong password at a locked session",
    }
}

/// Does it. Where that is refused for want of a fresh proof, asks for a code and does it once more, and no oftener: a server
/// that asks again and again must not send anybody SMS without end.
async fn confirmed<T, E: Failure>(
    world: &impl World,
    mailbox: &Mailbox,
    act: impl AsyncFn() -> Result<T, E>,
) -> Result<T, Stop> {
    match act().await {
        Err(refusal) => {
            let Explained { name, offers, .. } = refusal.explain();
            if name != ProblemType::ProofRequired.into() {
                return Err(refusal.into());
            }
            let to_enter = choose(world, &mailbox.confirm(world, offers).await?).await?;
            with_code(&code_question(to_enter.offer()), async |code| to_enter.enter(world, &code).await).await?;
            act().await.map_err(Stop::from)
        }
        Ok(done) => Ok(done),
    }
}
