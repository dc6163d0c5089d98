//! One suite of store tests, run by each backend.

mod people;
mod places;

mod attaching;
mod beside;
mod binning;
mod claiming;
mod counting;
mod crashes;
mod devices;
mod enrolling;
mod erasing;
mod forgetting;
mod full_disk;
mod holding;
mod inviting;
mod notifying;
mod passkeys;
mod pieces;
mod posting;
mod proving;
mod public_pages;
mod recording;
mod registering;
mod releasing;
mod removing;
mod renewing;
mod securing;
mod signing_in;
mod together;
mod verifying;
mod waiting;
mod withdrawing;

/// Makes a test on each backend of each `async fn name(store: Store)`.
macro_rules! on_both {
    ($($name:ident)+) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = crate::suite::places::sqlite();
                let store = place.open().await;
                super::$name(store.clone()).await;
                store.close().await;
            })+
        }

        mod on_postgresql {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let place = crate::suite::places::postgresql().await;
                let store = place.open().await;
                super::$name(store.clone()).await;
                store.close().await;
            })+
        }
    };
}
use on_both;
