//! Looks for many samples at once in anything that can be read, in one pass and in memory that does not grow with it.

use std::io::{self, Read};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use serde::Serialize;

use super::samples::LENGTH;

/// How much is read at once.
const STRIDE: usize = 1 << 20;
/// The longest form of a sample: two hexadecimal digits for each byte.
const LONGEST: usize = 2 * LENGTH;
/// A form is looked for by its first bytes.
const HEAD: usize = 8;
/// How many bits the sieve has for each needle, so that it lets one other byte in sixteen pass at most.
const SIEVE: usize = 16;

/// How bytes may lie somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// As they are.
    Raw,
    /// In hexadecimal digits, as PostgreSQL writes them into its log.
    Hex,
    /// In base64, as they travel.
    Base64,
    /// As an id is written, such as in the log of a proxy.
    Uuid,
}

/// Every way in which some bytes may lie in a file; base64 at each of its three offsets.
fn forms(bytes: &[u8]) -> Vec<(Form, Vec<u8>)> {
    let mut forms = vec![(Form::Raw, bytes.to_vec())];
    for hex in [HEXLOWER, HEXUPPER] {
        forms.push((Form::Hex, hex.encode(bytes).into_bytes()));
    }
    if let Ok(id) = <[u8; 16]>::try_from(bytes) {
        let digits = HEXLOWER.encode(&id);
        let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|group| digits.get(group).unwrap_or_default());
        forms.push((Form::Uuid, groups.join("-").into_bytes()));
    }
    for offset in 0..3 {
        let padded = [&[0; 2][..offset], bytes].concat();
        for encoded in [BASE64.encode(&padded), BASE64URL_NOPAD.encode(&padded)] {
            // The characters that neighbours share are left out.
            let begins = if offset == 0 { 0 } else { 4 };
            let whole = encoded.trim_end_matches('=').as_bytes();
            let own = whole.get(begins..whole.len().saturating_sub(1)).unwrap_or_default();
            forms.push((Form::Base64, own.to_vec()));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// One form of one sample, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Needle {
    head: u64,
    sample: u32,
    /// Which of its forms.
    form: u8,
}

/// What is looked for.
pub struct Search<'a> {
    samples: Vec<&'a [u8]>,
    /// In the order of their heads.
    needles: Vec<Needle>,
    sieve: Sieve,
}

/// A place where a sample lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// Which sample, counted from 0.
    pub sample: usize,
    /// How it is written there.
    pub form: Form,
    /// At which byte.
    pub at: u64,
}

impl<'a> Search<'a> {
    /// For these samples, each of 16 bytes at least.
    pub fn new(samples: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let samples: Vec<&[u8]> = samples.into_iter().collect();
        let mut needles = Vec::new();
        for (bytes, sample) in samples.iter().zip(0..) {
            for ((_, bytes), form) in forms(bytes).iter().zip(0..) {
                if let Some(head) = bytes.first_chunk::<HEAD>() {
                    needles.push(Needle { head: u64::from_be_bytes(*head), sample, form });
                }
            }
        }
        needles.sort_unstable();
        let sieve = Sieve::of(&needles);
        Self { samples, needles, sieve }
    }

    /// Tells of every sample in `source`: how many bytes it has.
    ///
    /// # Errors
    /// Of reading.
    pub fn look_through(&self, source: impl Read, tell: impl FnMut(Hit)) -> io::Result<u64> {
        self.by_windows(source, STRIDE, tell)
    }

    /// By windows, each of which begins so many bytes after the one before.
    fn by_windows(&self, mut source: impl Read, stride: usize, mut tell: impl FnMut(Hit)) -> io::Result<u64> {
        let mut window = vec![0; stride + LONGEST];
        let (mut begins, mut filled) = (0_u64, 0);
        loop {
            filled += fill(&mut source, window.get_mut(filled..).unwrap_or_default())?;
            let ended = filled < window.len();
            // What begins later may go on behind the window: it is seen in the next one.
            let until = if ended { filled } else { stride };
            self.look_at(window.get(..filled).unwrap_or_default(), until, |hit| {
                tell(Hit { at: begins + hit.at, ..hit });
            });
            if ended {
                return Ok(begins + filled as u64);
            }
            window.copy_within(until.., 0);
            begins += until as u64;
            filled -= until;
        }
    }

    /// Tells of what begins before `until`.
    fn look_at(&self, window: &[u8], until: usize, mut tell: impl FnMut(Hit)) {
        let mut head = 0_u64;
        for (last, byte) in window.iter().enumerate() {
            head = head << 8 | u64::from(*byte);
            if !self.sieve.lets_pass(head) {
                continue;
            }
            let Some(at) = (last + 1).checked_sub(HEAD).filter(|at| *at < until) else { continue };
            let from = self.needles.partition_point(|needle| needle.head < head);
            let alike = self.needles.iter().skip(from).take_while(|needle| needle.head == head);
            for needle in alike {
                let sample = needle.sample as usize;
                let forms = self.samples.get(sample).map(|bytes| forms(bytes)).unwrap_or_default();
                let Some((form, bytes)) = forms.get(usize::from(needle.form)) else { continue };
                if window.get(at..).is_some_and(|rest| rest.starts_with(bytes)) {
                    tell(Hit { sample, form: *form, at: at as u64 });
                }
            }
        }
    }
}

/// Knows of most heads that they are none of a needle.
struct Sieve {
    /// A bit for each place that a head may have: a power of two.
    bits: Vec<u64>,
    /// How far a hash is shifted to be a place.
    shift: u32,
}

impl Sieve {
    fn of(needles: &[Needle]) -> Self {
        let places = (needles.len() * SIEVE).next_power_of_two().max(64);
        let mut sieve = Self { bits: vec![0; places / 64], shift: 64 - places.trailing_zeros() };
        for needle in needles {
            let (word, bit) = sieve.place(needle.head);
            if let Some(word) = sieve.bits.get_mut(word) {
                *word |= bit;
            }
        }
        sieve
    }

    fn lets_pass(&self, head: u64) -> bool {
        let (word, bit) = self.place(head);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    /// The word and the bit in it that a head has.
    fn place(&self, head: u64) -> (usize, u64) {
        // Multiplied by a large odd number, since the first bytes of base64 and hexadecimal digits are alike (Knuth, TAOCP 6.4).
        let place = head.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift;
        (usize::try_from(place >> 6).unwrap_or_default(), 1 << (place & 63))
    }
}

/// Fills `window` as far as there is something: how far.
fn fill(source: &mut impl Read, window: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = window.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngCore as _, SeedableRng as _};
    use rand_chacha::ChaCha20Rng;

    use super::*;

    fn noise(seed: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        ChaCha20Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
        bytes
    }

    /// Small windows, so that there are many borders.
    const SMALL: usize = 200;

    fn hits(samples: &[Vec<u8>], source: &[u8]) -> Vec<(usize, Form, u64)> {
        let search = Search::new(samples.iter().map(Vec::as_slice));
        let mut hits = Vec::new();
        let tell = |hit: Hit| hits.push((hit.sample, hit.form, hit.at));
        let length = search.by_windows(source, SMALL, tell).unwrap();
        assert_eq!(length, source.len() as u64);
        hits
    }

    #[test]
    fn a_sample_is_found_once_wherever_it_lies() {
        let sample = noise(1, LENGTH);
        for at in 0..=3 * SMALL {
            let mut source = vec![0; 3 * SMALL + LENGTH];
            source[at..at + LENGTH].copy_from_slice(&sample);
            assert_eq!(hits(std::slice::from_ref(&sample), &source), [(0, Form::Raw, at as u64)]);
        }
    }

    #[test]
    fn a_sample_across_the_border_of_a_stride_is_found_at_its_place() {
        let (sample, at) = (noise(1, LENGTH), STRIDE - 5);
        let mut source = vec![0; STRIDE + 100];
        source[at..at + LENGTH].copy_from_slice(&sample);
        let mut found = Vec::new();
        Search::new([sample.as_slice()]).look_through(source.as_slice(), |hit| found.push(hit)).unwrap();
        assert_eq!(found, [Hit { sample: 0, form: Form::Raw, at: at as u64 }]);
    }

    #[test]
    fn a_sample_is_found_however_it_is_written() {
        let samples = [noise(2, LENGTH), noise(3, 16), noise(4, LENGTH)];
        let surrounded = |number: usize, before: &str| [before.as_bytes(), &samples[number], b"..."].concat();
        let uuid = HEXLOWER.encode(&samples[1]);
        let uuid = [&uuid[..8], &uuid[8..12], &uuid[12..16], &uuid[16..20], &uuid[20..]].join("-");
        let written = [
            (surrounded(0, ""), 0, Form::Raw),
            (HEXLOWER.encode(&surrounded(2, ".")).into_bytes(), 2, Form::Hex),
            (HEXUPPER.encode(&surrounded(1, ".")).into_bytes(), 1, Form::Hex),
            (format!("GET /api/v1/letters/{uuid}/content").into_bytes(), 1, Form::Uuid),
            (BASE64.encode(&surrounded(0, "")).into_bytes(), 0, Form::Base64),
            (BASE64.encode(&surrounded(1, ".")).into_bytes(), 1, Form::Base64),
            (BASE64URL_NOPAD.encode(&surrounded(2, "..")).into_bytes(), 2, Form::Base64),
        ];
        for (bytes, sample, form) in written {
            let found = hits(&samples, &bytes);
            assert!(matches!(found[..], [(s, f, _)] if s == sample && f == form), "{sample} {form:?}: {found:?}");
        }
    }

    #[test]
    fn a_sample_that_two_letters_share_is_found_for_both() {
        let samples = [noise(5, LENGTH), noise(5, LENGTH)];
        let found = hits(&samples, &noise(5, LENGTH));
        assert_eq!(found, [(0, Form::Raw, 0), (1, Form::Raw, 0)]);
    }

    #[test]
    fn where_nothing_lies_nothing_is_found() {
        let samples: Vec<_> = (10..500).map(|seed| noise(seed, LENGTH)).collect();
        assert_eq!(hits(&samples, &noise(9, 100_000)), []);
        assert_eq!(hits(&samples, &[]), []);
        // Cut off before its end.
        assert_eq!(hits(&samples, &samples[0][..LENGTH - 1]), []);
    }

    proptest! {
        #[test]
        fn all_that_lie_there_are_found_and_no_others(
            there in prop::collection::btree_map(0_u64..40, 0_usize..3, 0..12),
            gap in 0_usize..200,
        ) {
            let samples: Vec<_> = (0..40).map(|seed| noise(100 + seed, LENGTH)).collect();
            let mut source = noise(99, SMALL - 30);
            for (seed, times) in &there {
                for _ in 0..*times {
                    source.extend(noise(100 + seed, LENGTH));
                    source.extend(vec![7; gap]);
                }
            }
            let mut found = vec![0; 40];
            for (sample, _, _) in hits(&samples, &source) {
                found[sample] += 1;
            }
            for seed in 0..40 {
                prop_assert_eq!(found[usize::try_from(seed).unwrap()], there.get(&seed).copied().unwrap_or(0));
            }
        }
    }
}
