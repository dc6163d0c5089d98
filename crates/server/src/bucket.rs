//! Pieces as objects of a bucket that speaks S3. It can't overwrite what it keeps: an erased piece is replaced, and deleted; and a
//! bucket that keeps versions would keep it all the same, so that none is used which does (PROTOCOL §8).

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use object_store::{
    ClientOptions, ObjectStore, ObjectStoreExt as _, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
};

use securemailbox_store::{
    StoreError,
    pieces::{Elsewhere, PieceName},
};

/// How long a connection may take.
const TO_CONNECT: Duration = Duration::from_secs(5);
/// How long a request may take: a piece of 8 MiB at 2 Mbit/s.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often a request is sent again that the store was too busy for; whoever waits is told to come again after that.
const RETRIES: usize = 2;
/// What takes the place of an erased piece, until it is deleted.
const NOISE: [u8; 64] = [0xA5; 64];

/// Why a bucket can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Its words are no names of a bucket or a service.
    #[error("the bucket of `blobs` can't be used as it is configured")]
    NotConfigured,
    /// There is no such bucket.
    #[error("there is no such bucket as `blobs` names")]
    NoBucket,
    /// The service refuses the key, or what is done with it.
    #[error("the service refuses: the key must be allowed to write, read, list and delete in the bucket of `blobs`")]
    Refused,
    /// The bucket keeps versions of what is deleted.
    #[error("the bucket of `blobs` keeps versions, so that nothing in it is ever erased: name one that never had them")]
    KeepsVersions,
    /// The service does not answer now, and may later.
    #[error("the service of the bucket in `blobs` does not answer")]
    Away,
}

impl Unfit {
    /// Whether only the operator can mend it.
    #[must_use]
    pub const fn is_for_the_operator(self) -> bool {
        match self {
            Self::NotConfigured | Self::NoBucket | Self::Refused | Self::KeepsVersions => true,
            Self::Away => false,
        }
    }
}

/// A bucket and who may use it.
#[derive(Clone, PartialEq, Eq)]
pub struct BucketAt {
    /// Its name.
    pub bucket: String,
    /// What the names of its objects begin with; nothing, if it holds nothing else.
    pub prefix: String,
    /// Where the service is, such as `https://s3.example.se`; without one, Amazon's.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// The name of the key.
    pub key_id: String,
    /// The key.
    pub secret: String,
}

// The key stays out of logs.
impl std::fmt::Debug for BucketAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BucketAt(…)")
    }
}

/// A bucket of pieces.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    prefix: Path,
}

impl Bucket {
    /// Asks nothing of the network.
    ///
    /// # Errors
    /// [`Unfit::NotConfigured`]
    pub fn new(at: BucketAt) -> Result<Self, Unfit> {
        let BucketAt { bucket, prefix, endpoint, region, key_id, secret } = at;
        let is_plain = endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
        let options = ClientOptions::new()
            .with_connect_timeout(TO_CONNECT)
            .with_timeout(PATIENCE)
            // Only where the configuration has allowed it: to this machine.
            .with_allow_http(is_plain);
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(region)
            .with_access_key_id(key_id)
            .with_secret_access_key(secret)
            .with_client_options(options)
            .with_retry(retry);
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.build().map_err(|_| Unfit::NotConfigured)?;
        Ok(Self { store: Arc::new(store), prefix: Path::from(prefix) })
    }

    fn path(&self, name: PieceName) -> Path {
        let text = name.text();
        let (first, rest) = text.split_at(2);
        self.prefix.clone().join(first).join(rest)
    }

    async fn write(&self, name: PieceName, bytes: Vec<u8>) -> Result<(), StoreError> {
        let put = self.store.put(&self.path(name), bytes.into()).await.map_err(|error| failed(&error))?;
        // Somebody may have turned versions on since the server began.
        if put.version.is_some() {
            tracing::error!("the bucket keeps versions, so nothing in it could be erased: it takes no more files");
            return Err(StoreError::FilesAway);
        }
        Ok(())
    }

    async fn part(&self, name: PieceName, start: u64, length: usize) -> Result<Vec<u8>, StoreError> {
        let range = start..start + length as u64;
        let bytes = self.store.get_range(&self.path(name), range).await.map_err(|error| failed(&error))?;
        if bytes.len() == length { Ok(bytes.into()) } else { Err(StoreError::Damaged("a piece of a blob")) }
    }

    async fn remove(&self, name: PieceName) -> Result<(), StoreError> {
        let path = self.path(name);
        self.store.put(&path, NOISE.to_vec().into()).await.map_err(|error| failed(&error))?;
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Tries out whether pieces can be kept here, and erased: by an object that is written, read and deleted.
    ///
    /// # Errors
    /// [`Unfit`]
    pub async fn try_out(&self, name: PieceName) -> Result<(), Unfit> {
        let path = self.path(name);
        let put = self.store.put(&path, NOISE.to_vec().into()).await.map_err(|error| unfit(&error))?;
        let read = self.store.get_range(&path, 0..8).await;
        self.store.delete(&path).await.map_err(|error| unfit(&error))?;
        if put.version.is_some() {
            return Err(Unfit::KeepsVersions);
        }
        match read {
            Ok(bytes) if bytes[..] == NOISE[..8] => Ok(()),
            Ok(_) => Err(Unfit::Refused),
            Err(error) => Err(unfit(&error)),
        }
    }

    async fn all(&self) -> Result<Vec<(PieceName, u64)>, StoreError> {
        let objects = self.store.list(Some(&self.prefix)).map_err(|error| failed(&error));
        let named = objects.try_filter_map(|object| async move {
            let text: Vec<_> = object.location.parts().map(|part| part.as_ref().to_owned()).collect();
            let name = text.iter().rev().take(2).rev().map(String::as_str).collect::<String>();
            Ok(PieceName::parse(&name).map(|name| (name, object.size)))
        });
        named.try_collect().await
    }
}

impl Elsewhere for Bucket {
    fn put(&self, name: PieceName, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.write(name, bytes).boxed()
    }

    fn read(&self, name: PieceName, start: u64, length: usize) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
        self.part(name, start, length).boxed()
    }

    fn erase(&self, name: PieceName) -> BoxFuture<'_, Result<(), StoreError>> {
        self.remove(name).boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<(PieceName, u64)>, StoreError>> {
        self.all().boxed()
    }
}

/// What the service says may quote the name of an object, so nothing of it is logged but its kind.
fn failed(error: &object_store::Error) -> StoreError {
    match error {
        object_store::Error::NotFound { .. } => StoreError::File(std::io::ErrorKind::NotFound),
        _ => StoreError::FilesAway,
    }
}

fn unfit(error: &object_store::Error) -> Unfit {
    match error {
        object_store::Error::NotFound { .. } => Unfit::NoBucket,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => Unfit::Refused,
        _ => Unfit::Away,
    }
}
