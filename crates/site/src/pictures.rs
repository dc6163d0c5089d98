//! Pictures of the guides, and the guides on paper, as the browser tests took and printed them.

use securemailbox_protocol::accounts::Language;

use crate::language::code;

/// Name and bytes of every picture, by `build.rs`.
pub(crate) const PICTURES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/pictures.rs"));

/// Name and bytes of every guide that was printed, by `build.rs`.
pub(crate) const BROCHURES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/brochures.rs"));

/// The folder of their addresses.
pub(crate) const PRINTED: &str = "/site/brochures/";

/// Where a guide lies as a PDF.
pub(crate) fn brochure(guide: &str, language: Language) -> Option<String> {
    let file = format!("{guide}-{}.pdf", code(language));
    BROCHURES.iter().any(|(name, _)| *name == file).then(|| format!("{PRINTED}{file}"))
}

/// The folder of the addresses of pictures.
pub(crate) const FOLDER: &str = "/site/pictures/";

/// Where a picture lies, and how large it is, in pixels.
pub(crate) struct Picture {
    pub(crate) address: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Picture {
    /// The one of that name for readers of a language.
    pub(crate) fn named(name: &str, language: Language) -> Option<Self> {
        let file = format!("{name}-{}.png", code(language));
        let (_, bytes) = PICTURES.iter().find(|(name, _)| *name == file)?;
        let (width, height) = size(bytes)?;
        Some(Self { address: format!("{FOLDER}{file}"), width, height })
    }
}

/// Width and height in the header of a PNG (ISO/IEC 15948, 11.2.2).
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let at = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
    Some((at(16)?, at(20)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_is_there_in_both_languages_and_says_its_size() {
        for (name, bytes) in PICTURES {
            assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"), "{name}");
            assert!(bytes.len() < 150_000, "{name} has {} bytes", bytes.len());
            let of = name.strip_suffix("-sv.png").or_else(|| name.strip_suffix("-en.png")).expect("a language");
            for language in crate::language::BOTH {
                let picture = Picture::named(of, language).unwrap_or_else(|| panic!("{of} in {language:?}"));
                assert!((200..=1600).contains(&picture.width) && (40..=2000).contains(&picture.height), "{name}");
            }
        }
    }
}
