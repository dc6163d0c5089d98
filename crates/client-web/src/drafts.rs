//! Drafts between a page and the client: what was typed, and what became of it.

use securemailbox_client::{
    attachments::{DraftFile, FileId, UploadName, Uploaded},
    failure::{Class, Failure},
    invitations::Invite,
    letters::{Draft, HandedIn, NotSent, ReadError},
    mailbox::Mailbox,
    world::World,
};
use securemailbox_protocol::{address::Address, ids::RecordId, phone::PhoneNumber};
use zeroize::Zeroizing;

use crate::{
    arguments::{Invited, NamedFile, Writing},
    mailbox::id,
    problems::{OrProblem, out_of_step, problem},
    views::{DraftNews, Problem},
};

/// What stands on the page, and the draft that it is.
pub(crate) async fn written(
    mailbox: &Mailbox,
    world: &impl World,
    args: Writing,
) -> Result<(Option<RecordId>, Draft), Problem> {
    let record = args.id.as_deref().map(id).transpose()?;
    let answers = match args.answers.as_deref() {
        None => None,
        Some(letter) => match mailbox.answers(world, record, id(letter)?).await {
            // Erased since: what was written is no answer any more, and still a letter.
            Err(ReadError::NotFound) => None,
            answers => Some(answers.or_problem()?),
        },
    };
    let Writing { to, cc, bcc, each, subject, text, level, invite, files, .. } = args;
    let (saved, invite) = (world.now(), invite.iter().filter_map(invited).collect());
    let files = files_of(mailbox, files)?;
    let rest = Default::default();
    Ok((record, Draft { to, cc, bcc, each, subject, text, answers, level, invite, files, saved, rest }))
}

/// The files that a page names, each with what opens it, if it is whole at the server.
pub(crate) fn files_of(mailbox: &Mailbox, named: Vec<NamedFile>) -> Result<Vec<DraftFile>, Problem> {
    let file = |NamedFile { id, name, media_type, size }: NamedFile| {
        let id: FileId = id.parse().map_err(|_| out_of_step())?;
        Ok(DraftFile { id, name, media_type, size, uploaded: mailbox.uploaded(id) })
    };
    let mut files: Vec<_> = named.into_iter().map(file).collect::<Result<_, _>>()?;
    DraftFile::spare_thumbnails(&mut files);
    Ok(files)
}

/// The page has shown both as they were understood; what is none of ours invites nobody.
fn invited(asked: &Invited) -> Option<Invite> {
    let Invited { address, phone, language, mailed, passphrase } = asked.clone();
    let (address, phone) = (Address::parse(&address).ok()?, PhoneNumber::parse(&phone).ok()?);
    Some(Invite { address, phone, language, mailed, passphrase })
}

/// Remembers what the files Worker says of a file.
pub(crate) fn take_uploaded(mailbox: &Mailbox, id: &str, row: &[u8]) {
    if let (Ok(id), Ok(uploaded)) = (id.parse(), serde_json::from_slice::<Uploaded>(row)) {
        mailbox.remember_file(id, uploaded);
    }
}

/// How far an upload was that this device began under this name.
pub(crate) async fn upload_state(mailbox: &Mailbox, world: &impl World, name: &str) -> Option<Zeroizing<Vec<u8>>> {
    let state = mailbox.kept_upload(world, &UploadName::of(name.as_bytes())).await?;
    serde_json::to_vec(&state).ok().map(Zeroizing::new)
}

/// Keeps how far it is; nothing: it is over.
pub(crate) async fn keep_upload(mailbox: &Mailbox, world: &impl World, name: &str, state: Option<&[u8]>) {
    let name = UploadName::of(name.as_bytes());
    // What can't be kept goes up from its beginning, once this page is gone.
    let _ = match state.and_then(|state| serde_json::from_slice(state).ok()) {
        Some(state) => mailbox.keep_upload(world, &name, &state).await,
        None => mailbox.forget_upload(world, &name).await,
    };
}

/// A draft that is kept has what opens its files: how they came up need not be known any more.
pub(crate) async fn forget_uploads(mailbox: &Mailbox, world: &impl World, files: &[DraftFile]) {
    for file in files.iter().filter(|file| file.uploaded.is_some()) {
        let name = UploadName::of(file.id.to_string().as_bytes());
        if mailbox.kept_upload(world, &name).await.is_some() {
            // It is only in nobody's way.
            let _ = mailbox.forget_upload(world, &name).await;
        }
    }
}

/// What the files Worker needs to get an attachment of a letter.
pub(crate) async fn file_row(
    mailbox: &Mailbox,
    world: &impl World,
    letter: &str,
    number: u32,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let attachments = mailbox.attachments(world, id(letter)?).await.or_problem()?;
    let attachment = usize::try_from(number).ok().and_then(|number| attachments.get(number)).ok_or_else(out_of_step)?;
    serde_json::to_vec(attachment).map(Zeroizing::new).map_err(|_| out_of_step())
}

/// What a page that has the draft open should know; none if nothing but its being handed in.
pub(crate) fn draft_news(handed_in: &HandedIn) -> Option<DraftNews> {
    let id = handed_in.record;
    match &handed_in.handed_in {
        Ok(saved) if saved.id == handed_in.record && saved.beside.is_none() => None,
        Ok(saved) => Some(DraftNews { id, now: saved.id, beside: saved.beside.is_some(), refused: None }),
        // It is handed in later, by itself.
        Err(error) if error.explain().class == Class::Unavailable => None,
        Err(error) => Some(DraftNews { now: id, id, beside: false, refused: Some(problem(error)) }),
    }
}

pub(crate) fn not_sent(error: &NotSent) -> Problem {
    Problem { address: error.about().map(Into::into), ..problem(error) }
}
