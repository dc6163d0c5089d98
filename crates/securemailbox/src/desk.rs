//! Where a command works: the profile, the style of its answers, and the mailbox that is opened, used and closed.

use std::{
    cell::Cell,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    time::Duration,
};

use securemailbox_client::{
    directory::Warning,
    failure::{Failure, FailureName},
    mailbox::Mailbox,
    session::SessionError,
};
use securemailbox_protocol::waits::{Wait, WaitKind};
use serde_json::{Value, json};

use crate::{
    DeskArgs,
    http::{Http, ServerUrl},
    outcome::{Answer, Stop},
    profile::Profile,
    show::{Style, plain},
    terminal::Terminal,
    words::{Language, Sentence, cause},
};

/// How long a command may take before it says that it is at work.
const PATIENCE: Duration = Duration::from_secs(1);

/// A command's place of work.
pub(crate) struct Desk {
    folder: Option<PathBuf>,
    json: bool,
    pub(crate) language: Language,
    pub(crate) style: Style,
    shown_otherwise: Cell<bool>,
}

impl Desk {
    pub(crate) fn new(arguments: &DeskArgs, language: Language) -> Self {
        let DeskArgs { profile, json } = arguments;
        Self {
            folder: profile.clone(),
            json: *json,
            language,
            style: Style::of_stdout(language),
            shown_otherwise: Cell::new(false),
        }
    }

    /// A sentence in the person's language.
    pub(crate) fn say(&self, sentence: Sentence<'_>) -> String {
        sentence.said(self.language)
    }

    /// The same as a line of an answer.
    pub(crate) fn line(&self, sentence: Sentence<'_>) -> String {
        self.say(sentence) + "\n"
    }

    /// The world of somebody who comes in: a profile, bound to this server from now on.
    pub(crate) async fn entrance(&self, server: &ServerUrl) -> Result<Terminal<Profile>, Stop> {
        let profile = self.profile()?;
        let in_use = profile.has_session()?;
        if let Some(other) = profile.server()?.filter(|other| in_use && other != server) {
            return Err(Stop::usage(Sentence::ProfileElsewhere { server: &other }));
        }
        if profile.server()?.is_some_and(|other| other != *server) {
            // What another server knew it by is none of this one's business.
            profile.forget_server()?;
        }
        profile.keep_server(server)?;
        Ok(Terminal { http: Http::new(server.clone(), profile.known_device()?)?, device: profile })
    }

    /// The world of somebody who is signed in; none if nobody is.
    pub(crate) fn signed_in(&self) -> Result<Option<Terminal<Profile>>, Stop> {
        let profile = self.profile()?;
        match profile.server()? {
            Some(server) => Ok(Some(Terminal { http: Http::new(server, profile.known_device()?)?, device: profile })),
            None => Ok(None),
        }
    }

    /// Opens the mailbox, posts what still waits, does `work`, and writes down what was seen.
    pub(crate) async fn at_mailbox(
        &self,
        work: impl AsyncFnOnce(&Terminal<Profile>, &Mailbox) -> Result<Answer, Stop>,
    ) -> Result<Answer, Stop> {
        let world = self.signed_in()?.ok_or(SessionError::NotSignedIn)?;
        let done = self.patiently(async {
            let mailbox = Mailbox::open(&world).await?;
            mailbox.sync(&world).await?;
            for Wait { kind, due, .. } in mailbox.waits() {
                let due = self.style.time(due);
                self.note(match kind {
                    WaitKind::Recovery => Sentence::RecoveryWaits { due: &due },
                    WaitKind::Removal => Sentence::RemovalWaits { due: &due },
                });
            }
            for waiting in mailbox.send_waiting(&world).await? {
                self.note(Sentence::StillWaits { id: waiting.id, cause: &cause(&waiting.cause) });
            }
            let done = work(&world, &mailbox).await;
            // What was done is done: a contacts record that could not be written now waits on this device.
            if let Err(error) = mailbox.close(&world).await {
                self.note(Sentence::KeysWait { cause: &cause(&error) });
            }
            done
        });
        done.await.map_err(|stop: Stop| stop.because(world.http.trouble()))
    }

    /// Runs something, and says so when it takes more than a second.
    pub(crate) async fn patiently<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut waited = Duration::ZERO;
        loop {
            tokio::select! {
                done = &mut work => {
                    self.clear_progress(waited);
                    return done;
                }
                () = tokio::time::sleep(PATIENCE) => {
                    waited += PATIENCE;
                    self.show_progress(waited);
                }
            }
        }
    }

    /// A remark on standard error; not with `--json`, where only questions go there.
    pub(crate) fn note(&self, remark: Sentence<'_>) {
        if !self.json {
            // A remark that nobody reads changes nothing.
            let _ = writeln!(io::stderr(), "{}", plain(&self.say(remark)));
        }
    }

    /// Warnings in both forms: as remarks, and for the document.
    pub(crate) fn warn(&self, warnings: &[Warning]) -> Value {
        for warning in warnings {
            match warning {
                Warning::OwnCertificateDiffers => self.note(Sentence::OwnCertificateDiffers),
            }
        }
        json!(warnings)
    }

    fn profile(&self) -> Result<Profile, Stop> {
        // Only a courtesy; the wait is the same if nobody reads it.
        Profile::open(self.folder.as_deref(), || self.note(Sentence::ProfileBusy))
    }

    /// Whether progress is shown to somebody.
    pub(crate) const fn shows_progress(&self) -> bool {
        !self.json
    }

    /// While it is true, something else shows how far the work is.
    pub(crate) fn shown_otherwise(&self, otherwise: bool) {
        self.shown_otherwise.set(otherwise);
    }

    fn show_progress(&self, waited: Duration) {
        if self.json || self.shown_otherwise.get() {
            return;
        }
        let seconds = waited.as_secs();
        if io::stderr().is_terminal() {
            let _ = write!(io::stderr(), "\r{}", self.say(Sentence::WorkingFor { seconds }));
        } else if waited == PATIENCE {
            self.note(Sentence::Working);
        }
    }

    fn clear_progress(&self, waited: Duration) {
        if !self.json && waited > Duration::ZERO && io::stderr().is_terminal() {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

/// Whether what stopped was this.
pub(crate) fn is_called(failure: &impl Failure, name: impl Into<FailureName>) -> bool {
    failure.explain().name == name.into()
}
