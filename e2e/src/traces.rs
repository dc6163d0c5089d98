//! Eyes for what is left on a disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use memchr::memmem::Finder;

/// Every way a text or a few bytes may lie in a file: raw, UTF-16, hexadecimal, and base64 at each of its three offsets.
#[must_use]
pub fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![bytes.to_vec(), HEXLOWER.encode(bytes).into_bytes(), HEXUPPER.encode(bytes).into_bytes()];
    if let Ok(text) = std::str::from_utf8(bytes) {
        forms.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        forms.push(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    for offset in 0..3 {
        let padded = [&[0; 2][..offset], bytes].concat();
        for encoded in [BASE64.encode(&padded), BASE64URL_NOPAD.encode(&padded)] {
            // The characters that neighbours share are cut off.
            let whole = &encoded.trim_end_matches('=').as_bytes()[if offset == 0 { 0 } else { 4 }..];
            forms.push(whole[..whole.len().saturating_sub(1)].to_vec());
        }
    }
    forms.retain(|form| form.len() >= 6);
    forms.sort();
    forms.dedup();
    forms
}

/// Which files below `folder` hold one of `needles`, in any form.
#[must_use]
pub fn find(folder: &Path, needles: &[(&str, Vec<u8>)]) -> Vec<String> {
    let files = files(folder);
    let mut found = Vec::new();
    for (name, needle) in needles {
        for form in forms(needle) {
            let finder = Finder::new(&form);
            for (path, bytes) in &files {
                if finder.find(bytes).is_some() {
                    found.push(format!("{name} in {}", path.file_name().unwrap_or_default().display()));
                }
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable")) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            files.push((path, bytes));
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_in_every_coding() {
        let secret = "Provsvaren är bra";
        let surrounded = format!("xy{secret}z");
        for coded in [
            surrounded.clone().into_bytes(),
            surrounded.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            BASE64.encode(surrounded.as_bytes()).into_bytes(),
            BASE64URL_NOPAD.encode(format!("1{surrounded}").as_bytes()).into_bytes(),
            BASE64.encode(format!("12{surrounded}").as_bytes()).into_bytes(),
            HEXUPPER.encode(surrounded.as_bytes()).into_bytes(),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("f"), coded).unwrap();
            assert_eq!(find(folder.path(), &[("it", secret.as_bytes().to_vec())]), ["it in f"]);
        }
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f"), vec![7; 10_000]).unwrap();
        assert!(find(folder.path(), &[("it", b"Provsvaren".to_vec())]).is_empty());
    }
}
