#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| securemailbox_protocol::fuzzing::blobs(bytes));
