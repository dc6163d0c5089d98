//! A server that lies (ATTACKS). Each case is a day that a real client lived at a real server, with an answer changed;
//! the unchanged day passes. The same list runs as WebAssembly: one test writes it for `e2e/wasm/hostile.cjs`.

use std::{fs, path::Path, sync::LazyLock};

use securemailbox_e2e::hostile::{
    days::{
        ANSWERS_BY_A_LINK, CHECKS_NUMBER, ERASES, LISTS_MALLORYS, READS_BY_A_LINK, SAVES, SAVES_MALLORYS,
        SHOWS_A_PASSKEY, SIGNS_IN, WRITES_ANYWAY, WRITES_TO_A_GUEST,
    },
    rows,
    stage::{FILE, Stage},
};

/// Played once, for all tests.
static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(Stage::play(folder.path()))
});

fn holds(row: u8) {
    let suite = rows::row(&STAGE, row);
    assert!(!suite.cases.is_empty());
    let faults: Vec<_> = suite.run().into_iter().filter(|verdict| !verdict.faults.is_empty()).collect();
    let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), suite.cases.len(), told.join("\n"));
}

#[test]
fn row_01_a_list_shows_the_signers_address_and_a_name_only_as_a_claim() {
    let [_, shown, again] = &STAGE.days[LISTS_MALLORYS].shown[..] else { panic!("opened, and listed twice") };
    assert!(shown.contains("mallory.g@example.se (new, calls itself Anna Lindqvist): Från Mallory"), "{shown}");
    assert_eq!(shown, again, "a key is not known by having been listed");
    holds(1);
}

#[test]
fn row_02_an_envelope_that_a_reader_rewrote_is_damaged() {
    holds(2);
}

#[test]
fn row_03_a_content_is_no_envelope_and_an_envelope_no_content() {
    holds(3);
}

#[test]
fn row_04_a_letter_moved_into_another_entry_or_thread_is_damaged() {
    holds(4);
}

#[test]
fn row_05_another_certificate_for_ones_own_address_warns_and_changes_nothing_that_is_sent() {
    let shown = &STAGE.days[SIGNS_IN].shown[1];
    assert!(!shown.contains("own-certificate-differs"), "{shown}");
    holds(5);
}

#[test]
fn row_06_contacts_settings_or_a_keyring_that_the_server_made_or_changed_do_not_open() {
    holds(6);
}

#[test]
fn row_07_an_older_record_and_an_older_certificate_are_refused() {
    holds(7);
}

#[test]
fn row_08_a_letter_delivered_again_is_shown_once_and_one_delivered_late_is_marked() {
    holds(8);
}

#[test]
fn row_09_annas_letter_posted_under_another_name_is_damaged() {
    holds(9);
}

#[test]
fn row_10_an_encrypted_part_inside_a_letter_is_told_of_and_never_opened() {
    holds(10);
}

#[test]
fn row_11_a_forged_receipt_is_not_taken_for_read() {
    holds(11);
}

#[test]
fn row_12_what_is_not_the_file_that_was_sent_is_refused_by_name_and_never_called_saved() {
    assert_eq!(STAGE.days[SAVES].shown[2], format!("saved Provsvar.pdf: {FILE} bytes"));
    holds(12);
}

#[test]
fn row_13_a_letter_that_names_a_blob_of_somebody_else_opens_nothing_of_it() {
    assert_eq!(STAGE.days[SAVES_MALLORYS].shown[2], format!("saved Faktura.pdf: {FILE} bytes"));
    holds(13);
}

#[test]
fn row_14_another_key_stops_the_sending_and_hides_the_letter_until_it_is_accepted() {
    holds(14);
}

#[test]
fn row_15_no_account_where_there_was_a_key_is_a_changed_key() {
    holds(15);
}

#[test]
fn row_16_different_keys_for_different_readers_are_told() {
    holds(16);
}

#[test]
fn row_17_a_certificate_that_is_not_in_order_is_refused_by_name() {
    holds(17);
}

#[test]
fn row_18_nothing_that_is_weaker_than_the_protocol_is_taken() {
    holds(18);
}

#[test]
fn row_19_slots_and_records_do_not_open_in_another_place() {
    holds(19);
}

#[test]
fn row_20_no_key_is_used_before_the_server_is_authenticated() {
    holds(20);
}

#[test]
fn row_25_a_renewal_is_whole_or_is_told_of() {
    holds(25);
}

#[test]
fn row_26_a_number_that_is_not_theirs_stops_the_sending_and_one_that_is_makes_no_key_more_than_new() {
    let [_, checked, anyway, sent] = &STAGE.days[WRITES_ANYWAY].shown[..] else { panic!("four acts") };
    assert_eq!((checked.as_str(), anyway.as_str()), ("no match (new)", "new"));
    assert!(sent.contains("(new)"), "{sent}");
    let [_, checked, sent] = &STAGE.days[CHECKS_NUMBER].shown[..] else { panic!("three acts") };
    assert_eq!(checked, "match (new)");
    assert!(sent.contains("(new)"), "{sent}");
    holds(26);
}

#[test]
fn row_29_no_other_key_takes_the_place_of_a_guests_by_what_an_operator_can_sign() {
    let [_, sent] = &STAGE.days[WRITES_TO_A_GUEST].shown[..] else { panic!("two acts") };
    assert!(sent.contains("eva.s@example.se"), "{sent}");
    holds(29);
}

#[test]
fn row_30_a_guest_writes_with_whoever_wrote_and_believes_no_other_key_of_that_address() {
    let [from, _, listed, _] = &STAGE.days[READS_BY_A_LINK].shown[..] else { panic!("four acts") };
    assert_eq!(from, "anna.l@example.se");
    assert!(listed.contains("anna.l@example.se (known"), "{listed}");
    let [_, _, sent] = &STAGE.days[ANSWERS_BY_A_LINK].shown[..] else { panic!("three acts") };
    assert_eq!(sent, "anna.l@example.se (known)");
    holds(30);
}

#[test]
fn row_75_a_letter_tells_what_its_sender_asked_for_whatever_the_server_asks() {
    holds(75);
}

#[test]
fn row_35_another_device_learns_of_an_erasure_without_tombstones() {
    let (before, after) = (&STAGE.days[SIGNS_IN].shown[2], &STAGE.days[ERASES].shown[1]);
    assert!(before.contains("En annan sak") && !after.contains("En annan sak"), "{before}\n\n{after}");
    holds(35);
}

#[test]
fn row_61_no_slot_but_the_passkeys_own_opens() {
    let shown = &STAGE.days[SHOWS_A_PASSKEY].shown;
    assert!(shown[2].contains("Återbesök på torsdag"), "{shown:?}");
    holds(61);
}

/// In `tmp/hostile.json` of the target folder, where `cargo xtask test hostile` takes it from.
#[test]
fn the_list_is_written_for_webassembly() {
    let suite = rows::all(&STAGE);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile.json");
    fs::write(&path, serde_json::to_vec(&suite).unwrap()).unwrap();
    let written: securemailbox_e2e::suite::Suite = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(written.cases.len(), suite.cases.len());
}
