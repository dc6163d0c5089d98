//! Where the files of letters are kept: in the data folder, or in a bucket that speaks S3.

use std::{path::PathBuf, sync::Arc};

use rand::rngs::StdRng;
use reqwest::Url;
use securemailbox_store::pieces::{PieceName, Pieces};
use serde::{Deserialize, Serialize};

use super::{Configuration, ConfigurationError, Secret, checks::is_this_machine};
use crate::bucket::{Bucket, BucketAt, Unfit};

/// Who may use the bucket that `blobs` names, and where its service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// The service, such as `https://s3.example.se`; without one, Amazon's.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Its region.
    #[serde(default = "region")]
    pub region: String,
    /// The name of the key.
    pub key_id: String,
    /// The key. Better in the environment, or in a file of its own.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// The file that holds the key and nothing else.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
}

fn region() -> String {
    "us-east-1".into()
}

/// Where the bytes of files are kept.
pub enum PlaceOfFiles {
    /// A folder, which is made when the first one comes.
    Folder(PathBuf),
    /// A bucket.
    Bucket(Bucket),
}

impl PlaceOfFiles {
    /// As the store takes it.
    #[must_use]
    pub fn pieces(&self) -> Pieces {
        match self {
            Self::Folder(folder) => Pieces::in_folder(folder.clone()),
            Self::Bucket(bucket) => Pieces::elsewhere(Arc::new(bucket.clone())),
        }
    }

    /// Tries out whether files can be kept there, and erased. A folder is tried by its first file.
    ///
    /// # Errors
    /// [`Unfit`]
    pub async fn try_out(&self, random: &mut StdRng) -> Result<(), Unfit> {
        match self {
            Self::Folder(_) => Ok(()),
            Self::Bucket(bucket) => bucket.try_out(PieceName::new(random)).await,
        }
    }
}

impl Configuration {
    /// Where the bytes of files are kept. Asks nothing of the network.
    ///
    /// # Errors
    /// [`ConfigurationError::Blobs`], [`ConfigurationError::File`].
    pub fn place_of_files(&self) -> Result<PlaceOfFiles, ConfigurationError> {
        let refused = |why| Err(ConfigurationError::Blobs(why));
        let (place, s3) = match (&self.blobs, &self.s3) {
            (None, None) => return Ok(PlaceOfFiles::Folder(self.data().join("blobs"))),
            (None, Some(_)) => return refused("`s3` is there, and `blobs` names no bucket"),
            (Some(_), None) => return refused("`s3.key_id` and the key are missing"),
            (Some(place), Some(s3)) => (place, s3),
        };
        let Some(place) = place.strip_prefix("s3://") else {
            return refused("it is s3://BUCKET or s3://BUCKET/PREFIX; without it, files lie in the data folder");
        };
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        if bucket.is_empty() || bucket.contains(['?', '#', '@', ':']) {
            return refused("it is s3://BUCKET or s3://BUCKET/PREFIX");
        }
        if let Some(endpoint) = &s3.endpoint {
            let Ok(url) = Url::parse(endpoint) else { return refused("`s3.endpoint` is no URL") };
            if !(url.scheme() == "https" || url.scheme() == "http" && is_this_machine(&url)) {
                return refused("`s3.endpoint` begins with https, except on this machine");
            }
        }
        let secret = match (&s3.secret, &s3.secret_file) {
            (Some(secret), None) => secret.expose().to_owned(),
            (None, Some(file)) => {
                let read = std::fs::read_to_string(file);
                read.map_err(|source| ConfigurationError::File { file: file.clone(), source })?.trim().to_owned()
            }
            (Some(_), Some(_)) => {
                return refused("`s3.secret` and `s3.secret_file` are both there: leave one of them out");
            }
            (None, None) => {
                return refused("the key is missing: set `s3.secret_file`, or SECUREMAILBOX_SERVER_S3__SECRET");
            }
        };
        let at = BucketAt {
            bucket: bucket.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            endpoint: s3.endpoint.clone(),
            region: s3.region.clone(),
            key_id: s3.key_id.clone(),
            secret,
        };
        Bucket::new(at)
            .map(PlaceOfFiles::Bucket)
            .or(Err(ConfigurationError::Blobs("bucket, region or key are none that the service knows")))
    }
}

#[cfg(test)]
mod tests {
    use figment::providers::Env;

    use super::*;
    use crate::config::Defaults;

    fn pieces(toml: &str) -> Result<(), String> {
        let environment = Env::prefixed("SECUREMAILBOX_NOBODYS_");
        let read = Configuration::from_text(toml, Defaults::Server, environment).map_err(|error| error.to_string())?;
        assert!(!format!("{read:?}").contains("hemligt"), "a key in a log");
        read.place_of_files().map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn files_lie_in_the_data_folder_or_in_a_bucket_by_tls() {
        const KEY: &str = "[s3]\nkey_id = 'k'\nsecret = 'hemligt'\n";
        assert_eq!(pieces(""), Ok(()));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "hemligt\n").unwrap();
        let by_file = format!("[s3]\nkey_id = 'k'\nsecret_file = '{}'\n", file.display());
        for fine in [
            format!("blobs = 's3://letters'\n{KEY}"),
            format!("blobs = 's3://letters/of/ours/'\n{KEY}endpoint = 'https://s3.example.se'\nregion = 'se'"),
            format!("blobs = 's3://letters'\n{KEY}endpoint = 'http://127.0.0.1:9000'"),
            format!("blobs = 's3://letters'\n{by_file}"),
        ] {
            assert_eq!(pieces(&fine), Ok(()), "{fine}");
        }
        for (refused, why) in [
            (KEY.to_owned(), "`blobs` names no bucket"),
            ("blobs = 's3://letters'".to_owned(), "`s3.key_id`"),
            (format!("blobs = '/srv/files'\n{KEY}"), "s3://BUCKET"),
            (format!("blobs = 's3:///letters'\n{KEY}"), "s3://BUCKET"),
            (format!("blobs = 's3://letters'\n{KEY}endpoint = 'http://s3.example.se'"), "begins with https"),
            ("blobs = 's3://letters'\n[s3]\nkey_id = 'k'".to_owned(), "the key is missing"),
            (format!("blobs = 's3://letters'\n{by_file}secret = 'hemligt'"), "leave one of them out"),
            ("blobs = 's3://letters'\n[s3]\nkey_id = 'k'\nsecret_file = '/no/such'".to_owned(), "/no/such"),
            (format!("blobs = 's3://letters'\n{KEY}bukcet = 'x'"), "bukcet"),
        ] {
            let said = pieces(&refused).unwrap_err();
            assert!(said.contains(why) && !said.contains("hemligt"), "{said}");
        }
    }
}
