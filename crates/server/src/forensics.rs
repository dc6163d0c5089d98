//! Whether an erased letter is gone (PROTOCOL §8), for an operator's own eyes: samples of what is sealed are taken while it is there,
//! and looked for, after it was erased, in every byte of the data folder, of a raw image of its disk, of whatever else there is
//! (docs/decisions/0037-samples-taken-before.md). Beside a server that runs or stands still, whose store only is read.

use std::{
    collections::{BTreeSet, HashMap},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use securemailbox_protocol::ids::LetterId;
use securemailbox_store::{
    Beside, OpenError, StoreError,
    pieces::{PieceName, Pieces},
    sealed::{LettersAfter, PiecesAfter, Sealed, SealedOf},
};
use serde::Serialize;

use crate::{
    config::{Configuration, ConfigurationError},
    start::location,
};

mod samples;
mod search;

pub use samples::{NotSamples, Of, Sample, Samples};
pub use search::Form;

use samples::places;
use search::Search;

/// Why nothing came of a scan.
#[derive(Debug, thiserror::Error)]
pub enum ForensicsError {
    /// Where files are kept is not configured as it should be.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The database can't be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No server has written to this database.
    #[error("the database {0} holds no letters yet")]
    Empty(String),
    /// The store has no such letter.
    #[error("the store has no such letter")]
    NoSuchLetter(LetterId),
    /// Something that is to be looked through can't be read.
    #[error("{} can't be read: {source}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

/// A store that is read from beside, and its files.
struct Kept {
    store: Beside,
    pieces: Pieces,
}

impl Kept {
    /// Nothing where there is no database yet.
    async fn at(configuration: &Configuration) -> Result<Option<Self>, ForensicsError> {
        let pieces = configuration.place_of_files()?.pieces();
        Ok(Beside::at(location(configuration)).await?.map(|store| Self { store, pieces }))
    }

    /// Every letter.
    async fn letters(&self) -> Result<Vec<LetterId>, StoreError> {
        let mut letters = Vec::new();
        loop {
            let more = self.store.read(LettersAfter(letters.last().copied())).await?;
            if more.is_empty() {
                return Ok(letters);
            }
            letters.extend(more);
        }
    }

    /// Samples of a piece of a file; none if it was erased meanwhile.
    async fn samples_of(&self, (name, length): (PieceName, u64)) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut samples = Vec::new();
        for place in places(usize::try_from(length).unwrap_or(usize::MAX)) {
            match self.pieces.read(name, place.start as u64, place.len()).await {
                Ok(bytes) => samples.push(bytes),
                Err(StoreError::File(io::ErrorKind::NotFound)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(samples)
    }
}

/// Takes samples of these letters, or of all that there are if none is named.
///
/// # Errors
/// [`ForensicsError`]
pub async fn take(configuration: &Configuration, letters: &[LetterId]) -> Result<Samples, ForensicsError> {
    let empty = || ForensicsError::Empty(location(configuration).place());
    let kept = Kept::at(configuration).await?.ok_or_else(empty)?;
    let all = if letters.is_empty() { kept.letters().await? } else { letters.to_vec() };
    let mut samples = Samples::default();
    for letter in all {
        match kept.store.read(SealedOf(letter)).await? {
            Some(sealed) => {
                samples.begin(letter);
                samples.take_sealed(&sealed);
                for piece in sealed.pieces {
                    for bytes in kept.samples_of(piece).await? {
                        samples.add(Of::File, bytes);
                    }
                }
            }
            // Of all letters, one may be erased meanwhile.
            None if letters.is_empty() => {}
            None => return Err(ForensicsError::NoSuchLetter(letter)),
        }
    }
    Ok(samples)
}

impl Samples {
    fn take_sealed(&mut self, Sealed { envelope, content, keys, .. }: &Sealed) {
        self.take(Of::Envelope, envelope);
        self.take(Of::Content, content);
        for key in keys {
            self.take(Of::Key, key);
        }
    }
}

/// Which of these samples are of something that the store still has, in their order: the rest was erased.
///
/// # Errors
/// [`ForensicsError`]
pub async fn still_kept(configuration: &Configuration, samples: &Samples) -> Result<Vec<bool>, ForensicsError> {
    let mut are_kept = vec![false; samples.all.len()];
    let Some(kept) = Kept::at(configuration).await? else { return Ok(are_kept) };
    // Two letters may have the same file.
    let mut known: HashMap<&[u8], Vec<usize>> = HashMap::new();
    for (number, sample) in samples.all.iter().enumerate() {
        known.entry(&sample.bytes).or_default().push(number);
    }
    let mut see = |bytes: &[u8]| {
        for number in known.get(bytes).into_iter().flatten() {
            if let Some(is_kept) = are_kept.get_mut(*number) {
                *is_kept = true;
            }
        }
    };
    for letter in kept.letters().await? {
        let Some(sealed) = kept.store.read(SealedOf(letter)).await? else { continue };
        let mut now = Samples::default();
        now.begin(letter);
        now.take_sealed(&sealed);
        now.all.iter().for_each(|sample| see(&sample.bytes));
    }
    let mut last = None;
    loop {
        let pieces = kept.store.read(PiecesAfter(last)).await?;
        let Some((name, _)) = pieces.last() else { return Ok(are_kept) };
        last = Some(*name);
        for piece in pieces {
            kept.samples_of(piece).await?.iter().for_each(|bytes| see(bytes));
        }
    }
}

/// What was seen of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// What was looked through.
    pub places: Vec<LookedThrough>,
    /// Letters of which the store has nothing any more.
    pub erased: Counted,
    /// Letters of which something was erased, such as the key of one reader, and something is kept.
    pub partly: Counted,
    /// Letters that the store has as they were.
    pub kept: Counted,
    /// What was erased and lies somewhere all the same.
    pub traces: Vec<Trace>,
    /// What is kept, and of which nothing was found anywhere: it lies elsewhere.
    pub unseen: BTreeSet<Of>,
}

/// A folder, a file, an image of a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LookedThrough {
    /// Its path.
    pub place: PathBuf,
    /// How many files it was.
    pub files: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// Of how many kept letters something was found there.
    pub kept: usize,
    /// Of how many erased letters, or of what was erased of others.
    pub erased: usize,
}

/// Letters, and of how many of them something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counted {
    /// How many there are.
    pub letters: usize,
    /// Of how many something was found: of those that are kept what is kept, of others what was erased.
    pub found: usize,
}

impl Counted {
    fn add(&mut self, is_found: bool) {
        self.letters += 1;
        self.found += usize::from(is_found);
    }
}

/// Something of an erased letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The letter.
    pub letter: LetterId,
    /// What of it.
    pub of: Of,
    /// How it is written there.
    pub form: Form,
    /// In which file.
    pub file: PathBuf,
    /// At which byte of it.
    pub at: u64,
}

/// How a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Something was erased, nothing of it was found, and all that is kept was.
    Gone,
    /// Something of what was erased was found.
    Traces,
    /// Something that is kept was not found: that nothing else was proves nothing.
    Blind,
    /// Nothing was erased since the samples were taken.
    NotYet,
}

impl Scanned {
    /// What it proves.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        if !self.traces.is_empty() {
            Verdict::Traces
        } else if self.kept.found < self.kept.letters || !self.unseen.is_empty() {
            Verdict::Blind
        } else if self.erased.letters + self.partly.letters == 0 {
            Verdict::NotYet
        } else {
            Verdict::Gone
        }
    }
}

/// Looks for samples in these places, each a folder with all in it or a file. `are_kept` says which of the samples the store has, as
/// [`still_kept`] does.
///
/// # Errors
/// [`ForensicsError::Unreadable`]. A file that goes away meanwhile is none.
pub fn scan(samples: &Samples, are_kept: &[bool], places: &[PathBuf]) -> Result<Scanned, ForensicsError> {
    let search = Search::new(samples.all.iter().map(|sample| sample.bytes.as_slice()));
    let is_kept = |number: usize| are_kept.get(number).copied().unwrap_or_default();
    let mut looked_through = Vec::new();
    let mut traces = Vec::new();
    let mut seen = vec![false; samples.all.len()];
    for place in places {
        let (mut kept, mut erased) = (BTreeSet::new(), BTreeSet::new());
        let (mut files, mut bytes) = (0, 0);
        for file in files_at(place)? {
            // Once in each file is enough.
            let mut seen_here = BTreeSet::new();
            let looked = File::open(&file).and_then(|open| {
                search.look_through(open, |hit| {
                    let Some(Sample { letter, of, .. }) = samples.all.get(hit.sample) else { return };
                    if let Some(seen) = seen.get_mut(hit.sample) {
                        *seen = true;
                    }
                    if is_kept(hit.sample) {
                        kept.insert(*letter);
                    } else if seen_here.insert((hit.sample, hit.form)) {
                        erased.insert(*letter);
                        let letter = samples.letters.get(*letter).copied();
                        let trace = |letter| Trace { letter, of: *of, form: hit.form, file: file.clone(), at: hit.at };
                        traces.extend(letter.map(trace));
                    }
                })
            });
            match looked {
                Ok(length) => {
                    files += 1;
                    bytes += length;
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(ForensicsError::Unreadable { path: file, source }),
            }
        }
        let (kept, erased) = (kept.len(), erased.len());
        looked_through.push(LookedThrough { place: place.clone(), files, bytes, kept, erased });
    }
    let (mut kept, mut partly, mut erased) = <(Counted, Counted, Counted)>::default();
    let numbered: Vec<_> = samples.all.iter().zip(0..).collect();
    for of_letter in numbered.chunk_by(|(one, _), (next, _)| one.letter == next.letter) {
        let found = |which: bool| {
            of_letter.iter().any(|(_, number)| is_kept(*number) == which && seen.get(*number) == Some(&true))
        };
        match of_letter.iter().filter(|(_, number)| is_kept(*number)).count() {
            0 => erased.add(found(false)),
            all if all == of_letter.len() => kept.add(found(true)),
            _ => partly.add(found(false)),
        }
    }
    let kinds = |seen_only: bool| -> BTreeSet<Of> {
        let kept = numbered.iter().filter(|(_, number)| is_kept(*number));
        kept.filter(|(_, number)| !seen_only || seen.get(*number) == Some(&true)).map(|(sample, _)| sample.of).collect()
    };
    let unseen = kinds(false).difference(&kinds(true)).copied().collect();
    Ok(Scanned { places: looked_through, erased, partly, kept, traces, unseen })
}

/// The files in a folder and below it, or the file itself. What else lies in a folder, such as a link or a socket, has no bytes of its own.
fn files_at(place: &Path) -> Result<Vec<PathBuf>, ForensicsError> {
    let unreadable = |path: &Path, source| ForensicsError::Unreadable { path: path.to_path_buf(), source };
    if !fs::metadata(place).map_err(|source| unreadable(place, source))?.is_dir() {
        return Ok(vec![place.to_path_buf()]);
    }
    let (mut files, mut folders) = (Vec::new(), vec![place.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && folder != place => continue,
            entries => entries.map_err(|source| unreadable(&folder, source))?,
        };
        for entry in entries {
            let entry = entry.map_err(|source| unreadable(&folder, source))?;
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(unreadable(&entry.path(), source)),
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three letters with an envelope each: of the first nothing is kept, of the second its id, of the third everything.
    fn three() -> (Samples, Vec<bool>) {
        let mut samples = Samples::default();
        for letter in 1..4_u8 {
            samples.begin(LetterId::from_bytes([letter; 16]));
            samples.take(Of::Envelope, &(letter..letter + 40).map(|byte| byte * 3).collect::<Vec<_>>());
        }
        (samples, vec![false, false, true, false, true, true])
    }

    fn bytes_of(samples: &Samples, numbers: &[usize]) -> Vec<u8> {
        numbers.iter().flat_map(|number| [samples.all[*number].bytes.as_slice(), b"..."].concat()).collect()
    }

    #[test]
    fn what_was_erased_is_told_with_file_and_place_and_what_is_kept_is_counted() {
        let (samples, kept) = three();
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("blobs/ab");
        fs::create_dir_all(&below).unwrap();
        let scanned = || scan(&samples, &kept, &[folder.path().to_path_buf()]).unwrap();
        fs::write(folder.path().join("database"), bytes_of(&samples, &[2, 4, 5])).unwrap();
        let clean = scanned();
        assert_eq!(clean.verdict(), Verdict::Gone);
        assert_eq!((clean.kept, clean.partly.letters, clean.erased.letters), (Counted { letters: 1, found: 1 }, 1, 1));

        fs::write(below.join("file"), bytes_of(&samples, &[3, 1])).unwrap();
        let dirty = scanned();
        assert_eq!(dirty.verdict(), Verdict::Traces);
        let told: Vec<_> = dirty.traces.iter().map(|trace| (trace.letter, trace.of, trace.at)).collect();
        assert_eq!(told, [(samples.letters[1], Of::Envelope, 0), (samples.letters[0], Of::Envelope, 35)]);
        assert!(dirty.traces.iter().all(|trace| trace.file == below.join("file") && trace.form == Form::Raw));
        let place = &dirty.places[0];
        assert_eq!((place.files, place.kept, place.erased), (2, 2, 2));
    }

    #[test]
    fn a_search_that_does_not_see_what_is_kept_proves_nothing() {
        let (samples, kept) = three();
        let folder = tempfile::tempdir().unwrap();
        let scanned = || scan(&samples, &kept, &[folder.path().to_path_buf()]).unwrap();
        assert_eq!(scanned().verdict(), Verdict::Blind);
        // Ids alone are not what lies elsewhere.
        fs::write(folder.path().join("ids"), bytes_of(&samples, &[2, 4])).unwrap();
        assert_eq!((scanned().verdict(), scanned().unseen), (Verdict::Blind, BTreeSet::from([Of::Envelope])));
        let all_kept = scan(&samples, &[true; 6], &[folder.path().to_path_buf()]).unwrap();
        assert_eq!(all_kept.verdict(), Verdict::Blind);
        fs::write(folder.path().join("all"), bytes_of(&samples, &[0, 1, 2, 3, 4, 5])).unwrap();
        let all_kept = scan(&samples, &[true; 6], &[folder.path().to_path_buf()]).unwrap();
        assert_eq!(all_kept.verdict(), Verdict::NotYet);
    }

    #[test]
    fn a_place_that_is_not_there_is_named() {
        let (samples, kept) = three();
        let error = scan(&samples, &kept, &[PathBuf::from("/nowhere")]).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere can't be read"), "{error}");
    }

    #[test]
    fn the_file_of_samples_is_no_trace_of_what_they_are_of() {
        let (samples, _) = three();
        let folder = tempfile::tempdir().unwrap();
        samples.write(File::create(folder.path().join("samples")).unwrap()).unwrap();
        let scanned = scan(&samples, &[false; 6], &[folder.path().to_path_buf()]).unwrap();
        assert_eq!(scanned.traces, []);
    }
}
