#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jelouctl::fuzzing::look_up(bytes));
