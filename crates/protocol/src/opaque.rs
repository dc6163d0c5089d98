//! The OPAQUE suite (RFC 9807): ristretto255-SHA512, TripleDH, HKDF-SHA-512, Argon2id as the key-stretching function.
//! The account id is the credential identifier, [`crate::VERSION`] the context (PROTOCOL §2).

use argon2::{Algorithm, Argon2, Params};
use opaque_ke::{CipherSuite, Ristretto255, TripleDh, errors::InternalError, ksf::Ksf};

pub use opaque_ke;

/// The suite. Both ends name it; the wire never does.
pub struct Suite;

impl CipherSuite for Suite {
    type OprfCs = Ristretto255;
    type KeyExchange = TripleDh<Ristretto255, sha2::Sha512>;
    type Ksf = KeyStretching;
}

/// Argon2id as RFC 9106 §4's second recommended option: 64 MiB, 3 passes, 4 lanes. Runs in the client only.
///
/// Not `Argon2::default()`, which is 19 MiB and 2 passes; `vectors/opaque.json` holds this.
pub struct KeyStretching {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Default for KeyStretching {
    fn default() -> Self {
        Self { memory_kib: 65_536, passes: 3, lanes: 4 }
    }
}

impl KeyStretching {
    /// Fills the output. What whoever reads a letter has agreed on with its writer is stretched by this too (PROTOCOL §5).
    ///
    /// # Errors
    /// [`argon2::Error`]: an output of under 4 bytes, a salt of under 8, or an input of over 4 GiB.
    pub fn stretch(&self, input: &[u8], salt: &[u8], output: &mut [u8]) -> Result<(), argon2::Error> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, None)?;
        Argon2::new(Algorithm::Argon2id, argon2::Version::V0x13, params).hash_password_into(input, salt, output)
    }

    /// A key stretching that costs nothing, so that a thousand test sign-ins take seconds. Never in the product: a
    /// mailbox registered with it does not open with the real one.
    #[doc(hidden)]
    #[must_use]
    pub const fn cheap_for_tests() -> Self {
        Self { memory_kib: 8, passes: 1, lanes: 1 }
    }
}

impl Ksf for KeyStretching {
    fn hash<L: opaque_ke::generic_array::ArrayLength<u8>>(
        &self,
        input: opaque_ke::generic_array::GenericArray<u8, L>,
    ) -> Result<opaque_ke::generic_array::GenericArray<u8, L>, InternalError> {
        let mut output = opaque_ke::generic_array::GenericArray::default();
        // The input is an OPRF output, different for each account, so RFC 9807 §7 takes a salt of zeros.
        self.stretch(&input, &[0; argon2::RECOMMENDED_SALT_LEN], &mut output).map_err(|_| InternalError::KsfError)?;
        Ok(output)
    }
}
