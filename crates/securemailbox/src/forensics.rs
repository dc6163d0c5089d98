//! `securemailbox forensic-scan`: whether an erased letter is gone, for an operator's own eyes.

use std::{
    fs::{File, OpenOptions},
    io::{BufReader, BufWriter},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use securemailbox_protocol::ids::LetterId;
use securemailbox_server::{
    config::{Configuration, ConfigurationError},
    forensics::{self, Counted, ForensicsError, LookedThrough, NotSamples, Samples, Scanned, Trace, Verdict},
};
use serde_json::json;

use crate::{
    outcome::{self, Answer, Stop},
    serve::ServeArgs,
    words::{Language, Sentence, Told, letters},
};

/// So many traces are printed one by one; a document has them all.
const SHOWN: usize = 20;

/// What `forensic-scan` is told on the command line.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("step").required(true))]
pub(crate) struct ForensicsArgs {
    /// Configuration file (TOML), as `serve` takes it.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder, as `serve` takes it.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// First: take samples of letters that are there, and write them to this new file.
    #[arg(long, value_name = "FILE", group = "step")]
    take: Option<PathBuf>,
    /// Of this letter only, by its id; may be repeated.
    #[arg(long, value_name = "ID", conflicts_with = "samples")]
    letter: Vec<LetterId>,
    /// Then: look for the samples in this file, wherever they may lie.
    #[arg(long = "for", value_name = "FILE", group = "step")]
    samples: Option<PathBuf>,
    /// Look through this too: the disk itself or a raw image of it, or another file or folder; may be repeated.
    #[arg(long, value_name = "PATH", conflicts_with = "take")]
    also: Vec<PathBuf>,
    /// Answer with one JSON document.
    #[arg(long)]
    json: bool,
}

/// Takes samples, or looks for them, and says what came of it.
pub(crate) async fn run(arguments: ForensicsArgs, language: Language) -> ExitCode {
    let ForensicsArgs { config, data, take, letter, samples, also, json } = arguments;
    let given = ServeArgs { config, data, listen: None, demo: false, without_letters: false }.configuration();
    let ended = match (given.map_err(stop), take, samples) {
        (Err(stop), ..) => Err(stop),
        (Ok(configuration), Some(file), _) => {
            take_samples(&configuration, &letter, &file, language).await.map(|answer| (answer, ExitCode::SUCCESS))
        }
        (Ok(configuration), None, Some(file)) => look(&configuration, &file, also, language).await,
        (Ok(_), None, None) => Err(Stop::usage(Sentence::TakeOrLook)),
    };
    match ended {
        Ok((answer, code)) => match outcome::end(Ok(answer), json, language) {
            ExitCode::SUCCESS => code,
            failed => failed,
        },
        Err(stop) => outcome::end(Err(stop), json, language),
    }
}

async fn take_samples(
    configuration: &Configuration,
    of: &[LetterId],
    file: &Path,
    language: Language,
) -> Result<Answer, Stop> {
    let cant_write = |error: std::io::Error| Stop::unavailable(Sentence::CantWrite { file, error: &error.to_string() });
    if file.exists() {
        return Err(Stop::usage(Sentence::SamplesAreThere { file }));
    }
    let samples = forensics::take(configuration, of).await.map_err(of_a_scan)?;
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(cant_write)?;
    samples.write(BufWriter::new(&written)).and_then(|()| written.sync_all()).map_err(cant_write)?;
    let count = samples.all.len();
    let said = Sentence::SamplesTaken { samples: number(count), letters: &letters(samples.letters.len()), file };
    let document = json!({ "letters": samples.letters.len(), "samples": count, "file": file });
    Ok(Answer::new(document, said.said(language) + "\n"))
}

async fn look(
    configuration: &Configuration,
    file: &Path,
    also: Vec<PathBuf>,
    language: Language,
) -> Result<(Answer, ExitCode), Stop> {
    let opened = File::open(file).map_err(|error| cant_read(file, &error.to_string()))?;
    let samples = Samples::read(BufReader::new(opened)).map_err(|why| match why {
        NotSamples::Unreadable(error) => cant_read(file, &error.to_string()),
        why @ (NotSamples::Header | NotSamples::Line(_)) => {
            Stop::usage(Sentence::NotSamples { file, why: &why.to_string() })
        }
    })?;
    // Before anything is read: what is erased meanwhile was kept when it was looked for.
    let are_kept = forensics::still_kept(configuration, &samples).await.map_err(of_a_scan)?;
    let places: Vec<PathBuf> = std::iter::once(configuration.data().to_path_buf()).chain(also).collect();
    let scanned = forensics::scan(&samples, &are_kept, &places).map_err(of_a_scan)?;
    let text = told(&scanned, language);
    let verdict = scanned.verdict();
    let document = serde_json::to_value(&scanned).map_err(|error| Stop::failed(&error))?;
    let code = match verdict {
        Verdict::Gone => 0,
        Verdict::Traces | Verdict::NotYet => 1,
        Verdict::Blind => 6,
    };
    Ok((Answer::new(document, text), ExitCode::from(code)))
}

/// What is told of a scan, the proof last.
fn told(scanned: &Scanned, language: Language) -> String {
    let Scanned { places, erased, partly, kept, traces, unseen } = scanned;
    let mut lines = Vec::new();
    for LookedThrough { place, files, bytes, kept, erased } in places {
        let (mebibytes, kept, erased) = (bytes.div_ceil(1 << 20), number(*kept), number(*erased));
        lines.push(Sentence::LookedThrough { place, files: *files, mebibytes, kept, erased }.said(language));
    }
    for Trace { letter, of, form: _, file, at } in traces.iter().take(SHOWN) {
        lines.push(Sentence::TraceFound { of: *of, letter: *letter, file, at: *at }.said(language));
    }
    if let Some(more) = traces.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(Sentence::MoreTraces { more: number(more) }.said(language));
    }
    let mut count = |Counted { letters: all, found }: &Counted, say: fn(&Told, u64) -> Sentence<'_>| {
        if *all > 0 {
            lines.push(say(&letters(*all), number(*found)).said(language));
        }
    };
    count(kept, |letters, found| Sentence::KeptLetters { letters, found });
    count(partly, |letters, found| Sentence::PartlyErased { letters, found });
    count(erased, |letters, found| Sentence::ErasedLettersSought { letters, found });
    lines.extend(unseen.iter().map(|of| Sentence::NothingSeenOf { of: *of }.said(language)));
    let proof = match scanned.verdict() {
        Verdict::Gone if kept.letters + partly.letters == 0 => Sentence::GoneUnproved,
        Verdict::Gone => Sentence::AllGone,
        Verdict::Traces => Sentence::TracesAreLeft,
        Verdict::Blind => Sentence::ProvesNothing,
        Verdict::NotYet => Sentence::NothingErasedYet,
    };
    lines.push(proof.said(language));
    lines.join("\n") + "\n"
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn cant_read(file: &Path, error: &str) -> Stop {
    Stop::unavailable(Sentence::CantRead { file, error })
}

fn stop(error: ConfigurationError) -> Stop {
    Stop::misconfigured(&error)
}

fn of_a_scan(error: ForensicsError) -> Stop {
    match error {
        ForensicsError::Configuration(error) => stop(error),
        ForensicsError::Open(error) if error.is_for_the_operator() => Stop::misconfigured(&error),
        ForensicsError::Open(error) => Stop::failed(&error),
        ForensicsError::Store(error) => Stop::failed(&error),
        ForensicsError::Empty(place) => Stop::not_found(Sentence::NoLettersThere { place: &place }),
        ForensicsError::NoSuchLetter(id) => Stop::not_found(Sentence::NoSuchLetterThere { id }),
        ForensicsError::Unreadable { path, source } => {
            Stop::unavailable(Sentence::CantLookThrough { file: &path, error: &source.to_string() })
        }
    }
}
