#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| provost_testkit::fuzz::read("patch", bytes));
