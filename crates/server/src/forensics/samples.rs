//! Samples: a few bytes of something sealed, by which it is found again wherever it lies. They are kept as lines of text, so that
//! another program can look for them too.

use std::{
    io::{self, BufRead, Write},
    ops::Range,
};

use securemailbox_protocol::ids::LetterId;
use serde::Serialize;

/// How long a sample is. No two pieces of what is sealed share so many bytes.
pub const LENGTH: usize = 32;
/// What is shorter than this has no sample: others might have the same bytes.
const SHORTEST: usize = 16;
/// The first line of a file of samples. Another form of it would have another number.
const HEADER: &str = "securemailbox samples 1";
const EXPLAINED: &str = "\
# Parts of sealed letters, to look for once they are erased: the number of a letter, what it is of, and the bytes in groups of
# eight hexadecimal digits, so that a search for them does not find this file. Remove it when the search is done.";

/// What a sample is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The letter's id.
    Id,
    /// What lists show of it.
    Envelope,
    /// The whole.
    Content,
    /// A wrapped key, of one reader.
    Key,
    /// A piece of a file.
    File,
}

impl Of {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Id, Self::Envelope, Self::Content, Self::Key, Self::File];

    const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Envelope => "envelope",
            Self::Content => "content",
            Self::Key => "key",
            Self::File => "file",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.name() == name)
    }
}

/// Some bytes of a letter.
#[derive(Clone, PartialEq, Eq)]
pub struct Sample {
    /// Which of the letters, counted from 0.
    pub letter: usize,
    /// What of it.
    pub of: Of,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Samples of some letters.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Samples {
    /// The letters.
    pub letters: Vec<LetterId>,
    /// The samples of all of them.
    pub all: Vec<Sample>,
}

/// Why a text is no file of samples.
#[derive(Debug, thiserror::Error)]
pub enum NotSamples {
    /// It begins with something else.
    #[error("it does not begin with `{HEADER}`")]
    Header,
    /// A line is none of ours.
    #[error("line {0} is none of a file of samples")]
    Line(usize),
    /// It can't be read.
    #[error("{0}")]
    Unreadable(#[from] io::Error),
}

/// Where the samples of something so long lie: the same each time, so that what is still kept is known by them, and not at its
/// beginning, which many share.
pub fn places(length: usize) -> impl Iterator<Item = Range<usize>> {
    let (starts, long) = match length {
        ..SHORTEST => (Vec::new(), 0),
        SHORTEST..LENGTH => (vec![0], length),
        // Four of them would overlap.
        _ if length < 4 * LENGTH => (vec![(length - LENGTH) / 2], LENGTH),
        _ => ((1..4).map(|quarter| length / 4 * quarter).collect(), LENGTH),
    };
    starts.into_iter().map(move |start| start..start + long)
}

impl Samples {
    /// Begins another letter.
    pub fn begin(&mut self, letter: LetterId) {
        self.letters.push(letter);
        self.add(Of::Id, letter.as_bytes().to_vec());
    }

    /// Takes samples of something of the letter that was begun last.
    pub fn take(&mut self, of: Of, bytes: &[u8]) {
        for place in places(bytes.len()) {
            self.add(of, bytes.get(place).unwrap_or_default().to_vec());
        }
    }

    /// Adds a sample of the letter that was begun last.
    pub fn add(&mut self, of: Of, bytes: Vec<u8>) {
        if let Some(letter) = self.letters.len().checked_sub(1) {
            self.all.push(Sample { letter, of, bytes });
        }
    }

    /// Writes them as text.
    ///
    /// # Errors
    /// Of the file.
    pub fn write(&self, mut to: impl Write) -> io::Result<()> {
        writeln!(to, "{HEADER}\n{EXPLAINED}")?;
        for Sample { letter, of, bytes } in &self.all {
            let groups: Vec<String> = bytes.chunks(4).map(base16ct::lower::encode_string).collect();
            writeln!(to, "{}\t{}\t{}", letter + 1, of.name(), groups.join(" "))?;
        }
        to.flush()
    }

    /// Reads what [`Samples::write`] wrote.
    ///
    /// # Errors
    /// [`NotSamples`]
    pub fn read(from: impl BufRead) -> Result<Self, NotSamples> {
        let mut lines = from.lines();
        if lines.next().transpose()?.as_deref() != Some(HEADER) {
            return Err(NotSamples::Header);
        }
        let mut samples = Self::default();
        for (line, number) in lines.zip(2..) {
            let line = line?;
            if !line.starts_with('#') {
                samples.read_line(&line).ok_or(NotSamples::Line(number))?;
            }
        }
        Ok(samples)
    }

    /// Letters come one after the other, each with its id first.
    fn read_line(&mut self, line: &str) -> Option<()> {
        let [letter, of, digits] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let (letter, of): (usize, _) = (letter.parse().ok()?, Of::parse(of)?);
        let bytes = base16ct::lower::decode_vec(digits.replace(' ', "")).ok()?;
        if of == Of::Id {
            self.begin(LetterId::from_bytes(bytes.try_into().ok()?));
        } else if (SHORTEST..=LENGTH).contains(&bytes.len()) {
            self.add(of, bytes);
        } else {
            return None;
        }
        (letter == self.letters.len()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Samples {
        let mut samples = Samples::default();
        for letter in 1..4 {
            samples.begin(LetterId::from_bytes([letter; 16]));
            samples.take(Of::Content, &(0..200).collect::<Vec<u8>>());
            samples.take(Of::Key, &[letter; 20]);
        }
        samples
    }

    fn read(text: &str) -> Result<Samples, NotSamples> {
        Samples::read(text.as_bytes())
    }

    #[test]
    fn samples_lie_apart_inside_of_what_they_are_of() {
        for length in 0..1000 {
            let mut end = 0;
            for place in places(length) {
                assert!(place.start >= end && place.end <= length && place.len() >= SHORTEST, "{length}: {place:?}");
                end = place.end;
            }
            assert_eq!(end > 0, length >= SHORTEST, "{length}");
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let samples = some();
        assert_eq!(samples.all.len(), 3 * (1 + 3 + 1));
        let mut text = Vec::new();
        samples.write(&mut text).unwrap();
        assert!(Samples::read(text.as_slice()).unwrap() == samples);
    }

    #[test]
    fn another_file_is_named_with_the_line_that_is_wrong() {
        assert!(matches!(read(""), Err(NotSamples::Header)));
        assert!(matches!(read("securemailbox samples 2\n"), Err(NotSamples::Header)));
        for wrong in [
            "",
            "1\tid",
            "2\tid\t00000000 00000000 00000000 00000000",
            "1\tid\t00000000",
            "1\tcontent\t00000000 00000000 00000000 00000000",
            "1\tnothing\t00000000 00000000 00000000 00000000",
        ] {
            let text = format!("{HEADER}\n# said\n{wrong}\n");
            assert!(matches!(read(&text), Err(NotSamples::Line(3))), "{wrong}");
        }
        let short = format!("{HEADER}\n1\tid\t00000000 00000000 00000000 00000000\n1\tkey\t00000000\n");
        assert!(matches!(read(&short), Err(NotSamples::Line(3))));
    }
}
