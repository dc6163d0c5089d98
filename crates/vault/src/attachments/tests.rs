use pgp::{
    crypto::{
        aead::{AeadAlgorithm, ChunkSize},
        sym::SymmetricKeyAlgorithm,
    },
    packet::SymEncryptedProtectedData,
    ser::Serialize as _,
    types::Tag,
};
use proptest::prelude::*;
use securemailbox_protocol::{ids::BlobId, limits};

use super::*;
use crate::{fixtures::rng, packets};

const KEY: PartKey = PartKey::from_bytes([7; 32]);
const SALT: Salt = [9; 32];

fn bytes(length: u64) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 7 % 251).unwrap()).collect()
}

/// The whole blob, as a client makes it.
fn seal(data: &[u8], is_last: bool, salt: &Salt) -> Vec<u8> {
    let layout = Layout::of(data.len() as u64, is_last).unwrap();
    let cipher = PartCipher::new(layout, &KEY, salt);
    let mut blob = PartCipher::head(&layout, salt);
    for number in 0..layout.chunks() {
        let chunk = layout.chunk(number).unwrap();
        assert_eq!(blob.len() as u64, chunk.sealed.start);
        let range = usize::try_from(chunk.data.start).unwrap()..usize::try_from(chunk.data.end).unwrap();
        cipher.seal(number, &data[range], &mut blob);
        assert_eq!(blob.len() as u64, chunk.sealed.end);
    }
    blob.extend_from_slice(&cipher.last_tag());
    assert_eq!(blob.len() as u64, layout.blob());
    blob
}

/// What a reader makes of it.
fn open(blob: &[u8], length: u64, is_last: bool) -> Result<Vec<u8>, PartRefused> {
    let layout = Layout::of(length, is_last).unwrap();
    let salt = PartCipher::read_head(&layout, blob.get(..HEAD as usize).unwrap_or_default())?;
    let cipher = PartCipher::new(layout, &KEY, &salt);
    let mut data = Vec::new();
    let mut rest = blob[HEAD as usize..].to_vec();
    for number in 0..layout.chunks() {
        let chunk = layout.chunk(number).unwrap();
        let length = usize::try_from(chunk.sealed.end - chunk.sealed.start).unwrap().min(rest.len());
        let mut sealed: Vec<u8> = rest.drain(..length).collect();
        let file = cipher.open(number, &mut sealed)?;
        data.extend_from_slice(&sealed[file]);
    }
    cipher.check_last_tag(&rest)?;
    Ok(data)
}

/// The same, by `pgp`, which knows nothing of our framing.
fn sealed_by_pgp(data: &[u8], is_last: bool) -> Vec<u8> {
    let mut text = Vec::new();
    packets::write(Tag::LiteralData, &[&[b'b', 0, 0, 0, 0, 0], data].concat(), &mut text);
    if is_last {
        let padded = crate::letters::padme(text.len() as u64 + 6) - text.len() as u64 - 6;
        packets::write(Tag::Padding, &vec![0; usize::try_from(padded).unwrap()], &mut text);
    }
    let packet = SymEncryptedProtectedData::encrypt_seipdv2(
        rng(3),
        SymmetricKeyAlgorithm::AES256,
        AeadAlgorithm::Gcm,
        ChunkSize::C256KiB,
        KEY.as_bytes(),
        &text,
    )
    .unwrap();
    let mut out = Vec::new();
    packets::write(Tag::SymEncryptedProtectedData, &packet.to_bytes().unwrap(), &mut out);
    out
}

const LENGTHS: [u64; 9] = [0, 1, 5000, CHUNK - 13, CHUNK - 12, CHUNK - 11, CHUNK, 2 * CHUNK + 7, 3 * CHUNK - 12];

#[test]
fn a_part_is_byte_for_byte_what_another_implementation_seals() {
    for length in LENGTHS {
        for is_last in [true, false] {
            let theirs = sealed_by_pgp(&bytes(length), is_last);
            let salt: Salt = theirs[10..42].try_into().unwrap();
            assert_eq!(seal(&bytes(length), is_last, &salt), theirs, "{length} {is_last}");
            assert_eq!(open(&theirs, length, is_last), Ok(bytes(length)));
        }
    }
}

#[test]
fn what_is_cut_moved_lengthened_or_another_parts_is_refused_by_name() {
    let length = 3 * CHUNK;
    let blob = seal(&bytes(length), false, &SALT);
    let [second, third] = [1, 2].map(|number| Layout::of(length, false).unwrap().chunk(number).unwrap().sealed);
    let range = |range: &std::ops::Range<u64>| range.start as usize..range.end as usize;
    let mut moved = blob.clone();
    let (a, b) = (blob[range(&second)].to_vec(), blob[range(&third)].to_vec());
    moved[range(&second)].copy_from_slice(&b);
    moved[range(&third)].copy_from_slice(&a);
    assert_eq!(open(&moved, length, false), Err(PartRefused::Chunk));
    assert_eq!(open(&blob[..blob.len() - 16], length, false), Err(PartRefused::LastTag));
    assert_eq!(open(&blob[..blob.len() - 1], length, false), Err(PartRefused::LastTag));
    assert_eq!(open(&[&blob[..], &[0]].concat(), length, false), Err(PartRefused::LastTag));
    assert_eq!(open(&blob[..third.start as usize], length, false), Err(PartRefused::Chunk));
    assert_eq!(open(&blob, length - 1, false), Err(PartRefused::Head), "shorter than it was");
    assert_eq!(open(&blob, length, true), Err(PartRefused::Head), "not the last part");
    let mut other = blob.clone();
    other[3] ^= 1;
    assert_eq!(open(&other, length, false), Err(PartRefused::Head));
    let other = PartCipher::new(Layout::of(length, false).unwrap(), &PartKey::from_bytes([8; 32]), &SALT);
    assert_eq!(other.open(1, &mut a.clone()), Err(PartRefused::Chunk));
}

#[test]
fn what_is_authentic_and_no_file_is_refused() {
    let layout = Layout::of(10, true).unwrap();
    let cipher = PartCipher::new(layout, &KEY, &SALT);
    let mut text = Vec::new();
    cipher.write_text(0, &[1; 10], &mut text);
    assert_eq!(cipher.read_text(0, &text).map(|file| &text[file]), Ok(&[1; 10][..]));
    for at in (0..12).chain(22..text.len()) {
        let mut other = text.clone();
        other[at] ^= 1;
        assert_eq!(cipher.read_text(0, &other), Err(PartRefused::Text), "byte {at}");
    }
    assert_eq!(cipher.read_text(1, &text), Err(PartRefused::Text));
}

#[test]
fn the_largest_part_is_a_blob_that_the_server_takes() {
    for is_last in [true, false] {
        assert!(Layout::of(limits::PART, is_last).unwrap().blob() <= limits::BLOB);
    }
    assert_eq!(Layout::of(limits::PART + 1, true), None);
}

#[test]
fn a_file_is_cut_into_parts_and_there_is_always_one() {
    let parts = |size| parts_of(size).collect::<Vec<_>>();
    assert_eq!(parts(0), [0]);
    assert_eq!(parts(1), [1]);
    assert_eq!(parts(limits::PART), [limits::PART]);
    assert_eq!(parts(limits::PART + 1), [limits::PART, 1]);
    assert_eq!(parts(5 * limits::PART).len(), 5);
}

fn row(name: &str, size: u64, parts: &[(u8, u64)]) -> Attachment {
    let part = |(blob, length): &(u8, u64)| Part { blob: BlobId::from_bytes([*blob; 16]), key: KEY, length: *length };
    let (name, media_type) = (name.to_owned(), "application/pdf".to_owned());
    let parts = parts.iter().map(part).collect();
    Attachment { name, media_type, size, sha256: FileHash([1; 32]), parts, thumbnail: None }
}

#[test]
fn rows_that_are_no_letters_are_refused_by_name() {
    let good = row("Läkarintyg.pdf", 10, &[(1, 10)]);
    assert_eq!(check(std::slice::from_ref(&good)), Ok(()));
    assert_eq!(
        check(&[row("tom.txt", 0, &[(1, 0)]), row("stor", limits::PART + 1, &[(2, limits::PART), (3, 1)])]),
        Ok(())
    );
    for (bad, why) in [
        (row("", 10, &[(1, 10)]), RowRefused::NotOneLine),
        (row("a\nb", 10, &[(1, 10)]), RowRefused::NotOneLine),
        (row(&"a".repeat(limits::FILE_NAME + 1), 10, &[(1, 10)]), RowRefused::NotOneLine),
        (row("a", 10, &[]), RowRefused::Parts),
        (row("a", 10, &[(1, 9)]), RowRefused::Parts),
        (row("a", 10, &[(1, 5), (2, 5)]), RowRefused::Parts),
        (row("a", u64::MAX, &[(1, 5)]), RowRefused::Parts),
    ] {
        assert_eq!(check(&[bad]), Err(why));
    }
    assert_eq!(check(&[good.clone(), good.clone()]), Err(RowRefused::Parts), "one blob, twice");
    let many: Vec<_> = (0..=limits::ATTACHMENTS).map(|at| row("a", 1, &[(u8::try_from(at).unwrap(), 1)])).collect();
    assert_eq!(check(&many), Err(RowRefused::TooMany));
    assert_eq!(check(&many[1..]), Ok(()));
    let shown = |number: usize| {
        let thumbnail = Thumbnail::new(JPEG.to_vec());
        let with = |(at, row): (usize, &Attachment)| Attachment {
            thumbnail: thumbnail.clone().filter(|_| at < number),
            ..row.clone()
        };
        many[1..].iter().enumerate().map(with).collect::<Vec<_>>()
    };
    assert_eq!(check(&shown(limits::THUMBNAILS)), Ok(()));
    assert_eq!(check(&shown(limits::THUMBNAILS + 1)), Err(RowRefused::Thumbnails));
}

/// An application's segment, a frame of 100 lines of 200 pixels, and nothing of the picture.
const JPEG: &[u8] = &[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8, 0, 100, 0, 200, 1, 1, 0x11, 0];

#[test]
fn a_small_picture_is_small_and_a_picture() {
    let of_length = |length| Thumbnail::new([JPEG, &vec![0; length - JPEG.len()]].concat());
    assert!(of_length(limits::THUMBNAIL).is_some());
    assert!(of_length(limits::THUMBNAIL + 1).is_none());
    assert!(Thumbnail::new(b"<svg onload=alert(1)>".to_vec()).is_none());
    assert!(Thumbnail::new(Vec::new()).is_none());
    for (at, byte) in [(13, 2), (15, 2), (14, 0), (1, 0xd9), (9, 0xda), (5, 200)] {
        let mut other = JPEG.to_vec();
        other[at] = byte;
        assert!(Thumbnail::new(other).is_none(), "{at}: too high, too wide, without a line, or no JPEG");
    }
    assert!((0..JPEG.len() - 4).all(|end| Thumbnail::new(JPEG[..end].to_vec()).is_none()));
    let row = Attachment { thumbnail: Thumbnail::new(JPEG.to_vec()), ..row("a.jpg", 10, &[(1, 10)]) };
    let text = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<Attachment>(&text).unwrap(), row);
    assert!(serde_json::from_str::<Attachment>(&text.replace("_9j_", "PHN2")).is_err(), "{text}");
}

#[test]
fn a_row_travels_as_it_is_and_shows_no_key_in_a_log() {
    let row = row("Läkarintyg \u{202E}fdp.exe", 10, &[(1, 10)]);
    let text = serde_json::to_string(&row).unwrap();
    assert_eq!(serde_json::from_str::<Attachment>(&text).unwrap(), row);
    assert!(serde_json::from_str::<Attachment>(&text.replacen('{', "{\"more\":1,", 1)).is_err());
    assert!(!format!("{row:?}").contains("7, 7"), "a key is no matter for a log");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_sealed_opens(length in 0..(3 * CHUNK), is_last in any::<bool>(), salt in any::<Salt>()) {
        prop_assert_eq!(open(&seal(&bytes(length), is_last, &salt), length, is_last), Ok(bytes(length)));
    }

    #[test]
    fn any_flipped_bit_is_refused(length in 0..CHUNK + 100, is_last in any::<bool>(), at in any::<prop::sample::Index>()) {
        let mut blob = seal(&bytes(length), is_last, &SALT);
        let bit = at.index(blob.len() * 8);
        blob[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(open(&blob, length, is_last).is_err());
    }

    #[test]
    fn chunks_cover_a_part_without_a_gap(length in 0..=limits::PART, is_last in any::<bool>(), at in any::<prop::sample::Index>()) {
        let layout = Layout::of(length, is_last).unwrap();
        let number = at.index(usize::try_from(layout.chunks()).unwrap()) as u64;
        let chunk = layout.chunk(number).unwrap();
        prop_assert_eq!(layout.chunk_at(chunk.sealed.start), number);
        prop_assert_eq!(layout.chunk_at(chunk.sealed.end - 1), number);
        match layout.chunk(number + 1) {
            Some(next) => {
                prop_assert_eq!(next.sealed.start, chunk.sealed.end);
                prop_assert_eq!(next.data.start, chunk.data.end);
            }
            None => {
                prop_assert_eq!(chunk.sealed.end + TAG, layout.blob());
                prop_assert_eq!(chunk.data.end, length);
            }
        }
    }
}

/// Found by the fuzzer: all that follows the file is zeros, so that a text of another length looked like its own.
#[test]
fn a_chunk_with_less_or_more_padding_than_its_layout_has_is_not_the_file() {
    let layout = Layout::of(300, true).unwrap();
    let cipher = PartCipher::new(layout, &KEY, &SALT);
    let mut text = Vec::new();
    cipher.write_text(0, &bytes(300), &mut text);
    assert!(text.ends_with(&[0]), "it has padding");
    assert_eq!(cipher.read_text(0, &text).map(|file| &text[file]), Ok(&*bytes(300)));
    assert_eq!(cipher.read_text(0, &text[..text.len() - 1]), Err(PartRefused::Text));
    assert_eq!(cipher.read_text(0, &[&text[..], &[0]].concat()), Err(PartRefused::Text));
}
