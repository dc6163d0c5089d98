#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| securemailbox_server::fuzzing::range(bytes));
