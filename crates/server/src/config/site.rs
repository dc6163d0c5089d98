//! The pages that anybody may read, of the operator's own words and the files that these name.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use securemailbox_protocol::time::Timestamp;
use securemailbox_site::{Facts, InBoth, Site, SiteError};

use super::{Configuration, ConfigurationError, RegistrationKind};

/// The largest of the operator's files, in bytes: a page is read on a phone.
const LARGEST: u64 = 256 * 1024;

impl Configuration {
    /// Makes every page. `fonts`: the addresses of the page's fonts, for text and for codes.
    ///
    /// # Errors
    /// [`ConfigurationError::Own`], [`ConfigurationError::OwnFile`], [`ConfigurationError::Pages`].
    pub fn pages(&self, origin: &str, fonts: Option<[String; 2]>, now: Timestamp) -> Result<Site, ConfigurationError> {
        let own = &self.site;
        let logo = match &own.logo {
            Some(file) => Some((ending(file)?, read(file)?)),
            None => None,
        };
        let facts = Facts {
            origin,
            name: &self.operator.name,
            contact: &self.operator.contact,
            country: &self.operator.country,
            anyone_may_register: self.registration == RegistrationKind::Open,
            own,
            terms: texts(own.terms.as_ref())?,
            incidents: texts(own.incidents.as_ref())?,
            logo: logo.as_ref().map(|(ending, bytes)| (*ending, bytes.as_slice())),
            fonts,
            today: now.to_date_time().date(),
        };
        Site::new(&facts).map_err(|error| match error {
            SiteError::Own(error) => ConfigurationError::Own(error),
            SiteError::Text(_) => ConfigurationError::Pages(error.to_string()),
        })
    }
}

fn read(file: &Path) -> Result<Vec<u8>, ConfigurationError> {
    let refused = |reason: String| ConfigurationError::OwnFile { file: file.to_owned(), reason };
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).map_err(|error| refused(error.to_string()))?;
    opened.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| refused(error.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        Err(refused(format!("it has more than {} KiB", LARGEST / 1024)))
    } else {
        Ok(bytes)
    }
}

fn texts(files: Option<&InBoth<PathBuf>>) -> Result<Option<InBoth<String>>, ConfigurationError> {
    let Some(InBoth { sv, en }) = files else { return Ok(None) };
    Ok(Some(InBoth { sv: text(sv)?, en: text(en)? }))
}

fn text(file: &Path) -> Result<String, ConfigurationError> {
    let bytes = read(file)?;
    let refused = |reason: &str| ConfigurationError::OwnFile { file: file.to_owned(), reason: reason.into() };
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8"))?;
    if text.trim().is_empty() { Err(refused("it is empty: write something, or leave it out")) } else { Ok(text) }
}

fn ending(file: &Path) -> Result<&'static str, ConfigurationError> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => Ok("svg"),
        Some("png") => Ok("png"),
        _ => Err(ConfigurationError::OwnFile { file: file.to_owned(), reason: "a logo ends in .svg or .png".into() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(own: securemailbox_site::Own) -> Result<Site, ConfigurationError> {
        let now = Timestamp::from_unix_millis(1_796_000_000_000);
        Configuration { site: own, ..Configuration::default() }.pages("https://brev.example.se", None, now)
    }

    #[test]
    fn files_of_the_operator_that_can_not_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let file = folder.path().join(name);
            fs::write(&file, bytes).unwrap();
            file
        };
        let terms = |file: PathBuf| securemailbox_site::Own {
            terms: Some(InBoth { sv: file.clone(), en: file }),
            ..Default::default()
        };
        let refused = |own| made(own).err().unwrap().to_string();
        assert!(refused(terms(folder.path().join("none.md"))).contains("none.md"));
        assert!(refused(terms(file("latin1.md", b"\xe5"))).contains("UTF-8"));
        assert!(refused(terms(file("long.md", &vec![b'a'; 300_000]))).contains("256 KiB"));
        let logo = securemailbox_site::Own { logo: Some(file("logo.gif", b"GIF")), ..Default::default() };
        assert!(refused(logo).contains(".svg or .png"));
        let site = made(terms(file("terms.md", "## Priser {#prices}\n\nIngenting.".as_bytes()))).unwrap();
        assert!(site.files().any(|(address, file)| {
            address == "/en/terms" && String::from_utf8_lossy(&file.bytes).contains("Ingenting.")
        }));
    }
}
