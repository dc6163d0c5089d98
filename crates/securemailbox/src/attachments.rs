//! `--attach`, `save`: files beside a letter, read and written where they lie.

use std::{
    cell::Cell,
    fs::{self, File, OpenOptions},
    io::{self, IsTerminal as _},
    ops::Range,
    os::unix::fs::{FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rand::rngs::OsRng;
use securemailbox_client::{
    attachments::{
        Download, DraftFile, FileId, Opened, Progress, Risk, Sealed, Sealer, Sink, SinkFailed, Source, SourceChanged,
        ToOpen, ToSeal, Upload, UploadName, safe_name, several_names, shown_name,
    },
    failure::{Class, Explained, Failure},
    letters::Form,
    mailbox::Mailbox,
};
use securemailbox_protocol::{ids::LetterId, limits};
use securemailbox_vault::attachments::{Attachment, ChunkKey, PartRefused};
use serde_json::{Value, json};
use sha2::Digest as _;
use zeroize::Zeroizing;

use crate::{
    desk::Desk,
    files,
    outcome::{Answer, Stop},
    profile::Profile,
    security::confirmed,
    show::{plain, size},
    terminal::Terminal,
    words::Sentence,
};

/// How long a server that does not answer is asked again, after each byte that went through.
const PATIENCE: Duration = Duration::from_secs(120);
/// How soon it is asked again, at first and at last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));

/// Files to send along.
#[derive(Debug, clap::Args)]
pub(crate) struct AttachArgs {
    /// A file to attach; may be given several times. What is interrupted goes on when the same command is given again.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    attach: Vec<PathBuf>,
}

/// Attachments to save.
#[derive(Debug, clap::Args)]
pub(crate) struct SaveArgs {
    /// The letter's id, from `list`.
    id: LetterId,
    /// Which of its attachments, counted from 1 as `read` shows them; all of them if this is not said.
    number: Option<usize>,
    /// The folder to save them in, made if it is not there; - is standard output, for one of them.
    #[arg(long, default_value = ".", value_name = "DIR")]
    out: PathBuf,
}

/// A file that is read where it lies.
struct OnDisk {
    file: Arc<File>,
    size: u64,
    /// When it was written last, in nanoseconds.
    written: i128,
}

impl OnDisk {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let known = file.metadata()?;
        if !known.is_file() {
            return Err(io::Error::other("not a file"));
        }
        let (size, written) = (known.len(), written(&known));
        Ok(Self { file: Arc::new(file), size, written })
    }
}

fn written(known: &fs::Metadata) -> i128 {
    i128::from(known.mtime()) * 1_000_000_000 + i128::from(known.mtime_nsec())
}

impl Source for OnDisk {
    fn size(&self) -> u64 {
        self.size
    }

    async fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, SourceChanged> {
        let (file, size, before) = (Arc::clone(&self.file), self.size, self.written);
        let reading = move || {
            let length = usize::try_from(range.end - range.start).map_err(|_| SourceChanged)?;
            let mut bytes = Zeroizing::new(vec![0; length]);
            file.read_exact_at(&mut bytes, range.start).map_err(|_| SourceChanged)?;
            let known = file.metadata().map_err(|_| SourceChanged)?;
            if known.len() == size && written(&known) == before { Ok(bytes) } else { Err(SourceChanged) }
        };
        tokio::task::spawn_blocking(reading).await.map_err(|_| SourceChanged)?
    }
}

/// Encrypts beside the thread that talks to the server.
struct Threads;

impl Sealer for Threads {
    async fn seal(&self, work: ToSeal) -> Sealed {
        #[expect(clippy::expect_used, reason = "sealing does not panic, and nobody ends the task")]
        tokio::task::spawn_blocking(move || seal(work)).await.expect("a task that ends")
    }

    async fn open(&self, work: ToOpen) -> Result<Opened, PartRefused> {
        #[expect(clippy::expect_used, reason = "opening does not panic, and nobody ends the task")]
        tokio::task::spawn_blocking(move || open(work)).await.expect("a task that ends")
    }
}

/// By the AES-GCM that TLS has already, which is several times as fast as the vault's own.
fn aes(key: &ChunkKey) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.key()).ok().map(LessSafeKey::new)
}

fn seal(work: ToSeal) -> Sealed {
    let Some(aes) = aes(work.cipher.chunk_key()) else { return work.here() };
    let mut bytes = Vec::with_capacity(work.data.len() + 64 * 1024);
    let mut sealed = true;
    for (number, data) in work.each() {
        let at = bytes.len();
        work.cipher.write_text(number, data, &mut bytes);
        let nonce = Nonce::assume_unique_for_key(work.cipher.chunk_key().nonce(number));
        match aes.seal_in_place_separate_tag(nonce, Aad::from(ChunkKey::covered()), &mut bytes[at..]) {
            Ok(tag) => bytes.extend_from_slice(tag.as_ref()),
            Err(_) => sealed = false,
        }
    }
    if !sealed {
        return work.here();
    }
    let mut hash = work.hash;
    hash.update(&*work.data);
    Sealed { bytes, hash }
}

fn open(work: ToOpen) -> Result<Opened, PartRefused> {
    let Some(aes) = aes(work.cipher.chunk_key()) else { return work.here() };
    let cipher = Arc::clone(&work.cipher);
    work.by(|number, sealed| {
        let nonce = Nonce::assume_unique_for_key(cipher.chunk_key().nonce(number));
        let text = aes.open_in_place(nonce, Aad::from(ChunkKey::covered()), sealed).map_err(|_| PartRefused::Chunk)?;
        cipher.read_text(number, text)
    })
}

/// A file that grows until it is whole, beside the thread that talks to the server.
struct Growing(Arc<Mutex<dyn io::Write + Send>>);

impl Growing {
    fn new(file: impl io::Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(file)))
    }

    async fn beside(&self, act: impl FnOnce(&mut dyn io::Write) -> io::Result<()> + Send + 'static) -> io::Result<()> {
        let file = Arc::clone(&self.0);
        let acting = move || act(&mut *file.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(acting).await?
    }
}

impl Sink for Growing {
    async fn write(&self, bytes: Zeroizing<Vec<u8>>) -> Result<(), SinkFailed> {
        self.beside(move |file| file.write_all(&bytes)).await.map_err(|_| SinkFailed)
    }
}

/// Shows how far one file is, where somebody looks.
struct Bar<'a> {
    desk: &'a Desk,
    bar: ProgressBar,
}

impl<'a> Bar<'a> {
    fn of(desk: &'a Desk, name: &str, size: u64) -> Self {
        desk.shown_otherwise(true);
        let is_seen = desk.shows_progress() && io::stderr().is_terminal();
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{msg} {wide_bar} {binary_bytes} / {binary_total_bytes} ({eta})");
        let bar = ProgressBar::with_draw_target(Some(size), target).with_message(plain(&shown_name(name)));
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Self { desk, bar }
    }

    fn told(&self, Progress { done, .. }: Progress) {
        self.bar.set_position(done);
    }
}

impl Drop for Bar<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.desk.shown_otherwise(false);
    }
}

/// Goes on until it is done or can't be: a network that is away for a while stops nothing.
async fn patiently<T, E: Failure>(progress: &Cell<u64>, mut work: impl AsyncFnMut() -> Result<T, E>) -> Result<T, E> {
    let (mut waited, mut pause, mut seen) = (Duration::ZERO, PAUSES.0, progress.get());
    loop {
        let error = match work().await {
            Err(error) => error,
            done => return done,
        };
        if progress.get() != seen {
            (waited, pause, seen) = (Duration::ZERO, PAUSES.0, progress.get());
        }
        let Explained { class, retry_after, .. } = error.explain();
        if waited > PATIENCE || (class != Class::Unavailable && retry_after.is_none()) {
            return Err(error);
        }
        let this = retry_after.map_or(pause, |seconds| Duration::from_secs(seconds.into()).min(PATIENCE));
        tokio::time::sleep(this).await;
        waited += this;
        pause = (pause * 2).min(PAUSES.1);
    }
}

impl AttachArgs {
    pub(crate) const fn is_empty(&self) -> bool {
        self.attach.is_empty()
    }

    /// Sends the files, and says what the letter will say of them.
    pub(crate) async fn upload(
        self,
        desk: &Desk,
        world: &Terminal<Profile>,
        mailbox: &Mailbox,
    ) -> Result<Vec<DraftFile>, Stop> {
        let files = self.attach.iter().map(|path| opened(path)).collect::<Result<Vec<_>, Stop>>()?;
        if files.len() > limits::ATTACHMENTS {
            return Err(Stop::usage(Sentence::TooManyFiles));
        }
        let largest = mailbox.account(world).await?.largest_file;
        if let Some((name, _)) = files.iter().find(|(_, file)| file.size > largest) {
            let name = plain(&shown_name(name));
            return Err(Stop::usage(Sentence::FileTooLarge { name: &name, limit: &size(largest, desk.language) }));
        }
        let mut uploaded = Vec::new();
        for (path, (name, file)) in self.attach.iter().zip(&files) {
            uploaded.push(upload(desk, (world, mailbox), path, name, file).await?);
        }
        Ok(uploaded)
    }
}

fn opened(path: &Path) -> Result<(String, OnDisk), Stop> {
    let refused = |error: io::Error| Stop::usage(Sentence::CantRead { file: path, error: &error.to_string() });
    let file = OnDisk::open(path).map_err(refused)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    Ok((if name.is_empty() { safe_name("") } else { name }, file))
}

async fn upload(
    desk: &Desk,
    (world, mailbox): (&Terminal<Profile>, &Mailbox),
    path: &Path,
    name: &str,
    file: &OnDisk,
) -> Result<DraftFile, Stop> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let here = UploadName::of(format!("{}\n{}\n{}", place.display(), file.size, file.written).as_bytes());
    let (bar, progress) = (Bar::of(desk, name, file.size), Cell::new(0));
    let told = |now: Progress| {
        progress.set(now.done);
        bar.told(now);
    };
    let before = patiently(&progress, async || mailbox.upload_from_before(world, &here, file).await).await?;
    let mut upload = before.unwrap_or_else(|| Upload::new(file.size));
    let keep = async |state| {
        // Without it the file goes up from its beginning the next time.
        let _ = mailbox.keep_upload(world, &here, &state).await;
    };
    let sent = patiently(&progress, async || mailbox.upload(world, &mut upload, (file, &Threads), &told, &keep).await);
    let sent = sent.await.map_err(|error| Stop::of_failure(&error, None, None).with("file", name))?;
    // The letter names it from here on; if it is not sent, the same file goes up anew.
    let _ = mailbox.forget_upload(world, &here).await;
    let media_type = mime_guess::from_path(path).first_or_octet_stream().to_string();
    let attachment = Upload::attachment(name.to_owned(), media_type, file.size, sent);
    Ok(DraftFile::of(FileId::new(&mut OsRng), attachment))
}

/// Saves attachments of a letter. Question, where its sender asks for a level that was not proved lately: a code.
pub(crate) async fn save(desk: &Desk, SaveArgs { id, number, out }: SaveArgs) -> Result<Answer, Stop> {
    desk.at_mailbox(async |world, mailbox| {
        let all = confirmed(desk, world, mailbox, async || mailbox.attachments(world, id).await).await?;
        let names = several_names(all.iter().map(|attachment| &*attachment.name));
        let chosen: Vec<usize> = match number {
            None => (0..all.len()).collect(),
            Some(number) if (1..=all.len()).contains(&number) => vec![number - 1],
            Some(number) => return Err(Stop::usage(Sentence::NoSuchFile { number, of: all.len() })),
        };
        if chosen.is_empty() {
            return Err(Stop::not_found(Sentence::NoFiles));
        }
        if out == Path::new("-") {
            let [only] = chosen[..] else { return Err(Stop::usage(Sentence::OneToStandardOutput)) };
            let sink = Growing::new(io::stdout());
            get(desk, (world, mailbox), &all[only], &sink).await?;
            sink.beside(|file| file.flush()).await.map_err(|error| cant_write(&out, &error))?;
            // The bytes are the answer.
            return Ok(Answer::new(Value::Null, String::new()));
        }
        files::make_folder(&out).map_err(|error| cant_write(&out, &error))?;
        let (mut saved, mut text) = (Vec::new(), String::new());
        for at in &chosen {
            let (attachment, name) = (&all[*at], &names[*at]);
            let path = save_one(desk, (world, mailbox), attachment, &out, name).await?;
            text += &desk.line(Sentence::FileSaved { file: &path, size: &size(attachment.size, desk.language) });
            if Risk::of(&attachment.name) == Some(Risk::Program) {
                desk.note(Sentence::FileIsAProgram);
            }
            saved.push(json!({ "number": at + 1, "name": attachment.name, "path": path, "size": attachment.size }));
        }
        if chosen.len() == all.len() {
            // The sender may learn it another time.
            let _ = mailbox.say_saved(world, id).await;
        }
        Ok(Answer::new(json!({ "saved": saved }), text))
    })
    .await
}

/// Saves one under its name, or another where that is taken: nothing is written over, and nothing stays that is not whole.
async fn save_one(
    desk: &Desk,
    at: (&Terminal<Profile>, &Mailbox),
    attachment: &Attachment,
    folder: &Path,
    name: &str,
) -> Result<PathBuf, Stop> {
    let part = folder.join(format!(".{}.part", FileId::new(&mut OsRng)));
    let done = async {
        let wanted = |error: io::Error| cant_write(folder, &error);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part).map_err(wanted)?;
        let sink = Growing::new(file.try_clone().map_err(wanted)?);
        get(desk, at, attachment, &sink).await?;
        file.sync_all().map_err(wanted)?;
        files::take_free_name(&part, folder, name).map_err(wanted)
    };
    let saved = done.await;
    if saved.is_err() {
        let _ = fs::remove_file(&part);
    }
    saved
}

async fn get(
    desk: &Desk,
    (world, mailbox): (&Terminal<Profile>, &Mailbox),
    attachment: &Attachment,
    sink: &Growing,
) -> Result<(), Stop> {
    let (bar, progress) = (Bar::of(desk, &attachment.name, attachment.size), Cell::new(0));
    let told = |now: Progress| {
        progress.set(now.done);
        bar.told(now);
    };
    let mut download = Download::new(attachment.clone());
    let got = patiently(&progress, async || mailbox.download(world, &mut download, (sink, &Threads), &told).await);
    got.await.map_err(|error| Stop::of_failure(&error, None, None).with("file", attachment.name.clone()))
}

/// Writes the attachments of a letter to a folder of their own: as they are, or each part as a message for the exported key.
pub(crate) async fn export(
    desk: &Desk,
    (world, mailbox): (&Terminal<Profile>, &Mailbox),
    letter: LetterId,
    folder: &Path,
    form: Form,
) -> Result<usize, Stop> {
    let all = confirmed(desk, world, mailbox, async || mailbox.attachments(world, letter).await).await?;
    if all.is_empty() {
        return Ok(0);
    }
    let folder = folder.join(letter.to_string());
    files::make_folder(&folder).map_err(|error| cant_write(&folder, &error))?;
    let names = several_names(all.iter().map(|attachment| &*attachment.name));
    for (attachment, name) in all.iter().zip(names) {
        match form {
            Form::Plain => drop(save_one(desk, (world, mailbox), attachment, &folder, &name).await?),
            Form::Encrypted => {
                for (number, (part, layout)) in attachment.layouts().enumerate() {
                    let of = if attachment.parts.len() > 1 { format!(".{}", number + 1) } else { String::new() };
                    let path = folder.join(format!("{name}{of}.pgp"));
                    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
                    let sink = Growing::new(file.map_err(|error| cant_write(&path, &error))?);
                    let got = mailbox.download_sealed(world, (part, &layout), &sink).await;
                    got.map_err(|error| Stop::of_failure(&error, None, None).with("file", name.clone()))?;
                }
            }
        }
    }
    Ok(all.len())
}

fn cant_write(file: &Path, error: &io::Error) -> Stop {
    Stop::unavailable(Sentence::CantWrite { file, error: &error.to_string() })
}

/// For programs.
pub(crate) fn in_json(attachments: &[Attachment]) -> Value {
    attachments
        .iter()
        .enumerate()
        .map(|(at, Attachment { name, media_type, size, .. })| {
            json!({ "number": at + 1, "name": name, "type": media_type, "size": size })
        })
        .collect()
}

/// In lines, each with the number by which it is saved.
pub(crate) fn in_lines(attachments: &[Attachment], desk: &Desk) -> String {
    let line = |(at, attachment): (usize, &Attachment)| {
        let name = plain(&shown_name(&attachment.name));
        let (number, size) = (at + 1, size(attachment.size, desk.language));
        desk.style.field(Sentence::AttachmentField, &desk.say(Sentence::FileLine { number, name: &name, size: &size }))
    };
    attachments.iter().enumerate().map(line).collect()
}

#[cfg(test)]
mod tests {
    use securemailbox_vault::attachments::{CHUNK, Layout, PartCipher, PartKey};
    use sha2::Sha256;

    use super::*;

    #[test]
    fn what_tls_encrypts_is_what_the_vault_encrypts() {
        let length = 2 * CHUNK + 5;
        let layout = Layout::of(length, true).unwrap();
        let cipher = Arc::new(PartCipher::new(layout, &PartKey::from_bytes([3; 32]), &[4; 32]));
        let data: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        let work = || ToSeal {
            cipher: Arc::clone(&cipher),
            chunks: 0..layout.chunks(),
            data: Zeroizing::new(data.clone()),
            hash: Sha256::new(),
        };
        let (ours, theirs) = (seal(work()), work().here());
        assert!(ours.bytes == theirs.bytes && ours.hash.finalize() == theirs.hash.finalize());
        let sealed = |bytes: Vec<u8>| ToOpen {
            cipher: Arc::clone(&cipher),
            chunks: 0..layout.chunks(),
            bytes,
            hash: Sha256::new(),
        };
        assert!(*open(sealed(theirs.bytes.clone())).unwrap().data == data);
        let mut altered = theirs.bytes;
        altered[CHUNK as usize + 100] ^= 1;
        assert_eq!(open(sealed(altered)).err(), Some(PartRefused::Chunk));
    }
}
