//! A mailbox's own uploads and downloads.

use securemailbox_protocol::{endpoints, ids::LetterId, limits, problems::ProblemType};
use securemailbox_vault::{
    attachments::{Attachment, FileHash, HEAD, Layout, Part},
    export,
    letters::Letter,
};
use sha2::{Digest as _, Sha256};

use crate::{
    api::Api,
    device::{DeviceFailed, Expected, RowId, Table},
    failure::CallError,
    letters::{Draft, ReadError},
    mailbox::Mailbox,
    rows,
    world::World,
};

use super::{
    Download, DownloadError, FileId, Progress, Sealer, Sink, Source, Upload, UploadError, UploadState, Uploaded, wire,
};

impl Mailbox {
    /// Sends a file, or what is left of it.
    ///
    /// # Errors
    /// [`UploadError`]; after one of the network it goes on where it was.
    pub async fn upload(
        &self,
        world: &impl World,
        upload: &mut Upload,
        from: (&impl Source, &impl Sealer),
        told: &impl Fn(Progress),
        keep: &impl AsyncFn(UploadState),
    ) -> Result<(FileHash, Vec<Part>), UploadError> {
        upload.run(world, &self.session.api(world), from, told, keep).await
    }

    /// How far an upload was that this device began under this name.
    pub async fn kept_upload(&self, world: &impl World, name: &UploadName) -> Option<UploadState> {
        self.rows(world).get::<UploadState>(Table::Upload, name.0).await.ok()?.value
    }

    /// The upload of a file that was begun on this device under this name, if the file is still the same.
    ///
    /// # Errors
    /// [`UploadError`]: the server could not be asked where it stands.
    pub async fn upload_from_before(
        &self,
        world: &impl World,
        name: &UploadName,
        source: &impl Source,
    ) -> Result<Option<Upload>, UploadError> {
        let Some(state) = self.kept_upload(world, name).await else { return Ok(None) };
        match Upload::resume(state, &self.session.api(world), source).await {
            Ok(upload) => Ok(Some(upload)),
            Err(UploadError::Changed(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps how far an upload is, sealed, on this device.
    ///
    /// # Errors
    /// [`DeviceFailed`]: it can't go on after this program has ended; nothing else is lost.
    pub async fn keep_upload(
        &self,
        world: &impl World,
        name: &UploadName,
        state: &UploadState,
    ) -> Result<(), DeviceFailed> {
        let rows = self.rows(world);
        let write = rows.put(Table::Upload, name.0, Expected::Anything, state, &mut world.rng());
        rows.write(vec![write]).await.map(drop)
    }

    /// Forgets it: the file is up, or was given up.
    ///
    /// # Errors
    /// [`DeviceFailed`]
    pub async fn forget_upload(&self, world: &impl World, name: &UploadName) -> Result<(), DeviceFailed> {
        self.rows(world).write(vec![rows::erase(Table::Upload, name.0, Expected::Anything)]).await.map(drop)
    }

    /// The token of this session, for a program beside this one that sends its files; none where a cookie is.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.session.token()
    }

    /// The attachments of a letter.
    ///
    /// # Errors
    /// [`ReadError`]
    pub async fn attachments(&self, world: &impl World, letter: LetterId) -> Result<Vec<Attachment>, ReadError> {
        Ok(self.peek(world, letter).await?.attachments().to_vec())
    }

    /// Remembers what opens a file, so that a draft can name it by its id.
    pub fn remember_file(&self, id: FileId, uploaded: Uploaded) {
        self.files.borrow_mut().insert(id, uploaded);
    }

    /// The same of a letter's attachments, for who passes them on; their ids, in order.
    pub fn remember_files(&self, letter: &Letter) -> Vec<FileId> {
        let of = |(number, attachment): (usize, &Attachment)| {
            let id = FileId::of_letter(letter.id(), number);
            self.remember_file(id, Uploaded::of(attachment));
            id
        };
        letter.attachments().iter().enumerate().map(of).collect()
    }

    /// What opens a file, if it is whole at the server and was met here.
    #[must_use]
    pub fn uploaded(&self, id: FileId) -> Option<Uploaded> {
        self.files.borrow().get(&id).cloned()
    }

    /// Forgets those of a draft that are not at the server any more.
    pub(crate) fn forget_files(&self, draft: &Draft) {
        let gone = draft.files.iter().filter(|file| file.uploaded.is_none());
        gone.for_each(|file| drop(self.files.borrow_mut().remove(&file.id)));
    }

    pub(crate) fn remember_draft(&self, draft: &Draft) {
        for file in &draft.files {
            if let Some(uploaded) = &file.uploaded {
                self.remember_file(file.id, uploaded.clone());
            }
        }
    }

    /// Gets an attachment, or what is left of it.
    ///
    /// # Errors
    /// [`DownloadError`]; after one of the network it goes on where it was.
    pub async fn download(
        &self,
        world: &impl World,
        download: &mut Download,
        to: (&impl Sink, &impl Sealer),
        told: &impl Fn(Progress),
    ) -> Result<(), DownloadError> {
        download.run(&self.session.api(world), to, told).await
    }

    /// Gets a part as it lies at the server, behind what makes it an OpenPGP message for this mailbox's owner: for programs
    /// that are not this one. It is opened there, and not checked here.
    ///
    /// # Errors
    /// [`DownloadError`]
    pub async fn download_sealed(
        &self,
        world: &impl World,
        (part, layout): (&Part, &Layout),
        sink: &impl Sink,
    ) -> Result<(), DownloadError> {
        let keyring = self.keyring();
        let before = export::before_blob(&part.key, keyring.present().certificate(), &mut world.rng());
        sink.write(before.into()).await?;
        let (api, mut at) = (self.session.api(world), 0);
        while at < layout.blob() {
            let end = layout.blob().min(at + limits::PIECE as u64);
            sink.write(wire::read(&api, part.blob, at..end).await?.into()).await?;
            at = end;
        }
        Ok(())
    }

    /// Says to the sender of a letter that all of its attachments lie on this device.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn say_saved(&self, world: &impl World, letter: LetterId) -> Result<(), CallError> {
        self.session.api(world).tell(endpoints::SAY_SAVED.of(letter), &()).await
    }

    /// The draft without the files that the server does not have any more: an upload that nothing referred to goes after a day.
    pub(crate) async fn without_missing_files(&self, world: &impl World, mut draft: Draft) -> Result<Draft, CallError> {
        let api = self.session.api(world);
        for file in &mut draft.files {
            let parts = file.attachment().map(|attachment| attachment.parts).unwrap_or_default();
            if is_missing(&api, &parts).await? {
                file.uploaded = None;
            }
        }
        Ok(draft)
    }
}

async fn is_missing<T: crate::transport::Transport>(api: &Api<'_, T>, parts: &[Part]) -> Result<bool, CallError> {
    for part in parts {
        match wire::read(api, part.blob, 0..HEAD).await {
            Ok(_) => {}
            Err(error) if error.problem() == Some(ProblemType::NotFound) => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// Names the upload of a file on this device, so that it can go on after the program has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UploadName(RowId);

impl UploadName {
    /// Of whatever tells one file from another: a path, an id.
    #[must_use]
    pub fn of(what: &[u8]) -> Self {
        Self(Sha256::digest(what).first_chunk().copied().unwrap_or_default())
    }
}
