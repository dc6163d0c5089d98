//! Types that a page reads as a word of JSON, for the test that writes its TypeScript.

use ts_rs::{Config, TS};

use crate::{
    address::{Address, Domain},
    ids::{AccountId, FactorId, LetterId, RecordId, RegistrationId, SessionId, ThreadId},
    octets::Octets,
    organisations::OrganisationName,
    phone::PhoneNumber,
};

macro_rules! words {
    ($($type:ty),+) => {
        $(impl TS for $type {
            type WithoutGenerics = Self;
            type OptionInnerType = Self;

            fn name(_: &Config) -> String {
                "string".into()
            }

            fn inline(config: &Config) -> String {
                Self::name(config)
            }
        })+
    };
}

words!(
    AccountId,
    Address,
    Domain,
    FactorId,
    LetterId,
    Octets,
    OrganisationName,
    PhoneNumber,
    RecordId,
    RegistrationId,
    SessionId,
    ThreadId
);
