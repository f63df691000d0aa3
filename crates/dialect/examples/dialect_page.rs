//! Prints the list of rules as it stands in `docs/dialect.md`, below its mark.
#![allow(clippy::print_stdout, reason = "the page is its output")]

fn main() {
    print!("{}", provost_dialect::page());
}
