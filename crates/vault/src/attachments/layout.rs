//! Where what lies in a sealed part (PROTOCOL §3): arithmetic, and no secret.

use std::ops::Range;

use securemailbox_protocol::limits;

use crate::{letters::padme, packets};

/// The text of one chunk, in bytes (RFC 9580 §5.13.2, chunk size octet 12).
pub const CHUNK: u64 = 1 << (super::chunks::CHUNK_OCTET + 6);
/// An AES-GCM tag, in bytes.
pub const TAG: u64 = 16;
/// What stands before the first chunk, in bytes: the packet's header, its version, cipher, mode and chunk size, the salt.
pub const HEAD: u64 = 6 + 4 + 32;
/// What stands before the file's bytes in the text: header and fields of a literal packet (RFC 9580 §5.9).
pub(super) const LITERAL: u64 = 6 + 6;
/// The header of a Padding packet with a length of five octets (RFC 9580 §5.14).
const PADDING: u64 = packets::HEADER as u64;

/// How long each part of a file is, in bytes of the file: all but the last hold [`limits::PART`], and there is always one.
pub fn parts_of(size: u64) -> impl Iterator<Item = u64> {
    let whole = size / limits::PART;
    let rest = size % limits::PART;
    let last = (rest > 0 || size == 0).then_some(rest);
    std::iter::repeat_n(limits::PART, usize::try_from(whole).unwrap_or(usize::MAX)).chain(last)
}

/// What is where in one part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    data: u64,
    text: u64,
    padded: bool,
}

/// One chunk of a part: so much text, and where it stands sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Its number, from 0.
    pub number: u64,
    /// Where its text begins and ends in the text of the part.
    pub text: Range<u64>,
    /// Which bytes of the part of the file are in it; empty for one of padding alone.
    pub data: Range<u64>,
    /// Where it stands in the blob, with its tag.
    pub sealed: Range<u64>,
}

impl Layout {
    /// Of a part that holds so many bytes of a file, at most [`limits::PART`]. The last one is padded.
    #[must_use]
    pub fn of(data: u64, is_last: bool) -> Option<Self> {
        if data > limits::PART {
            return None;
        }
        let text = if is_last { padme(LITERAL + data + PADDING) } else { LITERAL + data };
        Some(Self { data, text, padded: is_last })
    }

    /// How many bytes of the file it holds.
    #[must_use]
    pub const fn data(&self) -> u64 {
        self.data
    }

    /// How much text is encrypted: the file's bytes and the packets around them.
    #[must_use]
    pub const fn text(&self) -> u64 {
        self.text
    }

    /// How many chunks there are.
    #[must_use]
    pub const fn chunks(&self) -> u64 {
        self.text.div_ceil(CHUNK)
    }

    /// How long the blob is, in bytes: with its header and every tag.
    #[must_use]
    pub const fn blob(&self) -> u64 {
        HEAD + self.text + (self.chunks() + 1) * TAG
    }

    /// A chunk, if there is one of that number.
    #[must_use]
    pub fn chunk(&self, number: u64) -> Option<Chunk> {
        if number >= self.chunks() {
            return None;
        }
        let text = number * CHUNK..self.text.min((number + 1) * CHUNK);
        let of_the_file = |at: u64| at.saturating_sub(LITERAL).min(self.data);
        let begins = HEAD + number * (CHUNK + TAG);
        let sealed = begins..begins + (text.end - text.start) + TAG;
        Some(Chunk { number, data: of_the_file(text.start)..of_the_file(text.end), sealed, text })
    }

    /// The chunk in which a byte of the blob stands; the number of chunks, if it is one of the last tag, and the first one for
    /// what stands before it.
    #[must_use]
    pub const fn chunk_at(&self, byte: u64) -> u64 {
        byte.saturating_sub(HEAD) / (CHUNK + TAG)
    }

    /// The chunk that begins at this byte of the blob, and the byte; the number of chunks at the end of the blob. None where no
    /// chunk begins.
    #[must_use]
    pub fn boundary(&self, byte: u64) -> Option<(u64, u64)> {
        match byte {
            0 => Some((0, 0)),
            end if end == self.blob() => Some((self.chunks(), end)),
            _ => self
                .chunk(self.chunk_at(byte))
                .filter(|chunk| chunk.sealed.start == byte)
                .map(|chunk| (chunk.number, byte)),
        }
    }

    /// The text of a chunk, with the file's bytes in it: what is around them is added.
    pub(super) fn write_text(&self, chunk: &Chunk, data: &[u8], text: &mut Vec<u8>) {
        debug_assert_eq!(data.len() as u64, chunk.data.end - chunk.data.start, "the bytes of this chunk");
        let begins = text.len();
        let head = self.literal();
        text.extend_from_slice(within(&head, 0, &chunk.text));
        text.extend_from_slice(data);
        let padding = self.padding();
        text.extend_from_slice(within(&padding, LITERAL + self.data, &chunk.text));
        // Zeros, since a resumed upload has to send the same bytes.
        text.resize(begins + usize::try_from(chunk.text.end - chunk.text.start).unwrap_or(0), 0);
    }

    /// Which bytes of the text of a chunk are the file's, if what is around them is what [`Layout::write_text`] writes.
    pub(super) fn read_text(&self, chunk: &Chunk, text: &[u8]) -> Option<Range<usize>> {
        // Padding is zeros, so that nothing else tells a chunk with less or more of it.
        if text.len() as u64 != chunk.text.end - chunk.text.start {
            return None;
        }
        let (head, padding) = (self.literal(), self.padding());
        let head = within(&head, 0, &chunk.text);
        let (data, rest) =
            text.strip_prefix(head)?.split_at_checked(usize::try_from(chunk.data.end - chunk.data.start).ok()?)?;
        let rest = rest.strip_prefix(within(&padding, LITERAL + self.data, &chunk.text))?;
        rest.iter().all(|byte| *byte == 0).then_some(head.len()..head.len() + data.len())
    }

    /// Binary, without a name, without a date.
    fn literal(&self) -> [u8; LITERAL as usize] {
        let mut head = [0xCB, 0xFF, 0, 0, 0, 0, b'b', 0, 0, 0, 0, 0];
        head[2..6].copy_from_slice(&length(LITERAL - PADDING + self.data));
        head
    }

    fn padding(&self) -> Vec<u8> {
        if !self.padded {
            return Vec::new();
        }
        let [a, b, c, d] = length(self.text - LITERAL - self.data - PADDING);
        vec![0xD5, 0xFF, a, b, c, d]
    }

    /// The length of the encrypted packet's body, as its header says it.
    pub(super) fn body(&self) -> [u8; 4] {
        length(self.blob() - packets::HEADER as u64)
    }
}

/// A length of four octets (RFC 9580 §4.2.1): a part is far below 4 GiB.
fn length(length: u64) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

/// What of `bytes`, which begin at `at`, lies in a range.
fn within<'a>(bytes: &'a [u8], at: u64, range: &Range<u64>) -> &'a [u8] {
    let inside = |end: u64| usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(bytes.len());
    &bytes[inside(range.start)..inside(range.end)]
}
