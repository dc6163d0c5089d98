//! Numbers that rise: changes and erasures of an account, versions of a record (PROTOCOL §9a).

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! rising_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "number"))]
        pub struct $name(u64);

        impl $name {
            /// Before the first.
            pub const ZERO: Self = Self(0);

            /// From the database or the wire.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// For the database or the wire.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one after this.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

rising_number!(
    /// Rises by one with each write to an entry or record of an account.
    ChangeNumber
);
rising_number!(
    /// Rises by one with each erasure of letters, or of drafts, in an account, so that other devices compare ids without
    /// tombstones.
    EraseNumber
);
rising_number!(
    /// Rises with every write of a record; a client refuses one lower than it has seen.
    Version
);
