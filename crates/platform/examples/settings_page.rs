//! Prints the settings page of the documentation.

#[expect(clippy::print_stdout, reason = "printing is all it does")]
fn main() {
    print!("{}", provost_platform::setting::settings_page());
}
