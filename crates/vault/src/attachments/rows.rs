//! The rows of a manifest that name a letter's attachments (PROTOCOL §3).

use serde::{Deserialize, Serialize};

use securemailbox_protocol::{ids::BlobId, limits, octets::Octets};

use super::{Layout, PartKey, parts_of};

/// SHA-256 of a whole file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileHash(pub [u8; 32]);

impl Serialize for FileHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Octets(self.0.to_vec()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FileHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <[u8; 32]>::try_from(Octets::deserialize(deserializer)?.0);
        bytes.map(Self).map_err(|_| serde::de::Error::custom("a hash of 32 bytes"))
    }
}

/// A small picture of an attachment, made by its sender: JPEG (ITU-T T.81), at most [`limits::THUMBNAIL`] bytes and
/// [`limits::THUMBNAIL_SIDE`] pixels a side. Nothing says that the attachment shows the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail(Vec<u8>);

impl Thumbnail {
    /// These bytes, if they are a JPEG as far as its frame says how large it is, and no more than a row carries.
    #[must_use]
    pub fn new(jpeg: Vec<u8>) -> Option<Self> {
        let sides = 1..=limits::THUMBNAIL_SIDE;
        let (height, width) = sides_of(&jpeg)?;
        (jpeg.len() <= limits::THUMBNAIL && sides.contains(&height) && sides.contains(&width)).then_some(Self(jpeg))
    }

    /// The picture.
    #[must_use]
    pub fn jpeg(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Thumbnail {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Octets(self.0.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Thumbnail {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(Octets::deserialize(deserializer)?.0).ok_or_else(|| serde::de::Error::custom("a small JPEG"))
    }
}

/// Height and width of a JPEG, as its first frame header has them (ITU-T T.81, B.2.2): what comes before it is passed over,
/// segment by segment.
fn sides_of(jpeg: &[u8]) -> Option<(u16, u16)> {
    const START_OF_IMAGE: &[u8] = &[0xff, 0xd8];
    let number = |bytes: &[u8]| bytes.first_chunk().copied().map(u16::from_be_bytes);
    let mut rest = jpeg.strip_prefix(START_OF_IMAGE)?;
    loop {
        let [0xff, marker, segment @ ..] = rest else { return None };
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((number(segment.get(3..)?)?, number(segment.get(5..)?)?));
            }
            // A table, what an application adds, or a comment.
            0xc4 | 0xcc | 0xdb..=0xdd | 0xe0..=0xef | 0xfe => rest = segment.get(usize::from(number(segment)?)..)?,
            _ => return None,
        }
    }
}

/// An attachment, as its row in the manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What its sender calls it: one line, and no path. Whoever shows or saves it looks at what it says first.
    pub name: String,
    /// Its media type, by its sender's word.
    #[serde(rename = "type")]
    pub media_type: String,
    /// How long it is, in bytes.
    pub size: u64,
    /// SHA-256 of all of it.
    pub sha256: FileHash,
    /// Its parts, in order. [`parts_of`] says how long each is.
    pub parts: Vec<Part>,
    /// What it looks like, where it is a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail: Option<Thumbnail>,
}

/// One part of an attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Where it lies at the server.
    pub blob: BlobId,
    /// What opens it.
    pub key: PartKey,
    /// How many bytes of the file it holds.
    pub length: u64,
}

/// Why rows are no letter's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowRefused {
    /// More than [`limits::ATTACHMENTS`], or than [`limits::BLOBS`] in all.
    #[error("too many attachments")]
    TooMany,
    /// A name or a type is empty, too long, or not one line.
    #[error("an attachment's name or type is not one line of at most {} octets", limits::FILE_NAME)]
    NotOneLine,
    /// More than [`limits::THUMBNAILS`] have a small picture.
    #[error("too many attachments with a small picture")]
    Thumbnails,
    /// The parts do not make up the file, or one blob is named twice.
    #[error("an attachment's parts are not those of a file of its size")]
    Parts,
}

impl Attachment {
    /// The layout of each part, beside it.
    pub fn layouts(&self) -> impl Iterator<Item = (&Part, Layout)> {
        let last = self.parts.len().saturating_sub(1);
        self.parts.iter().enumerate().filter_map(move |(at, part)| Some((part, Layout::of(part.length, at == last)?)))
    }

    fn check(&self) -> Result<(), RowRefused> {
        let one_line =
            |text: &str| !text.is_empty() && text.len() <= limits::FILE_NAME && !text.chars().any(char::is_control);
        if !one_line(&self.name) || !one_line(&self.media_type) {
            return Err(RowRefused::NotOneLine);
        }
        // Compared before they are counted out: the size is a sender's word.
        let number = self.size.div_ceil(limits::PART).max(1);
        let are_its_parts =
            self.parts.len() as u64 == number && self.parts.iter().map(|part| part.length).eq(parts_of(self.size));
        if are_its_parts { Ok(()) } else { Err(RowRefused::Parts) }
    }
}

/// Holds the rows of one letter to what a letter may have.
pub(crate) fn check(attachments: &[Attachment]) -> Result<(), RowRefused> {
    let blobs: Vec<_> = blobs(attachments).collect();
    if attachments.len() > limits::ATTACHMENTS || blobs.len() > limits::BLOBS {
        return Err(RowRefused::TooMany);
    }
    if attachments.iter().filter(|attachment| attachment.thumbnail.is_some()).count() > limits::THUMBNAILS {
        return Err(RowRefused::Thumbnails);
    }
    attachments.iter().try_for_each(Attachment::check)?;
    let distinct: std::collections::BTreeSet<_> = blobs.iter().collect();
    if distinct.len() == blobs.len() { Ok(()) } else { Err(RowRefused::Parts) }
}

/// The blobs of some attachments, in order.
pub fn blobs(attachments: &[Attachment]) -> impl Iterator<Item = BlobId> {
    attachments.iter().flat_map(|attachment| &attachment.parts).map(|part| part.blob)
}
