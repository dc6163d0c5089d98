//! Sealing the account secret for its slots: what the password opens, and what the recovery sheet does (PROTOCOL §2).

use securemailbox_protocol::{
    ids::{AccountId, SlotId},
    octets::Octets,
    slots::{NewPasswordSlot, NewRecoverySlot},
};
use securemailbox_vault::{
    passwords::Registered,
    recovery::RecoveryCode,
    secrets::AccountSecret,
    slots::{self, SlotPlace},
};

use crate::world::World;

pub(crate) fn password_slot(
    world: &impl World,
    account: AccountId,
    secret: &AccountSecret,
    registered: Registered,
) -> NewPasswordSlot {
    let id = SlotId::new(world.now(), &mut world.rng());
    let sealed = slots::seal(&SlotPlace { account, slot: id }, &registered.slot_key, secret, &mut world.rng());
    NewPasswordSlot { id, sealed: sealed.into(), opaque_record: registered.record.into() }
}

pub(crate) fn recovery_slot(
    world: &impl World,
    account: AccountId,
    secret: &AccountSecret,
    code: &RecoveryCode,
) -> NewRecoverySlot {
    let id = SlotId::new(world.now(), &mut world.rng());
    let sealed = slots::seal(&SlotPlace { account, slot: id }, &code.slot_key(), secret, &mut world.rng());
    NewRecoverySlot { id, sealed: sealed.into(), proof: Octets(code.proof().to_vec()) }
}
