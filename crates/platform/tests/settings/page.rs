//! The settings page and the declarations that it is made from.

use std::fs;
use std::path::Path;

use provost_platform::setting::settings_page;

use crate::site::Site;

#[test]
fn the_committed_page_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/settings.md");
    let committed = fs::read_to_string(path).expect("docs/settings.md is there");
    assert!(
        committed == settings_page(),
        "docs/settings.md is stale; run `cargo run --package provost-platform --example \
         settings_page > docs/settings.md`"
    );
}

#[test]
fn every_setting_says_its_legal_values_its_default_and_why() {
    let report = Site::new().load();
    assert!(report.effective.len() > 30);
    for line in &report.effective {
        assert!(!line.default.is_empty(), "{}", line.name);
        assert!(!line.legal.is_empty(), "{}", line.name);
        assert!(line.why.ends_with('.'), "{}", line.name);
        assert!(!line.why.contains('|') && !line.legal.contains('|'), "{}", line.name);
    }
}

/// A default that is out of its own range could not be written into the file. What has no default
/// is left out, and with it what belongs to it.
#[test]
fn every_default_of_ours_may_be_written_into_the_file() {
    let report = Site::new().load();
    for line in report.effective.iter().filter(|line| line.default != "none") {
        let Some((block, name)) = line.name.rsplit_once('.') else { panic!("{}", line.name) };
        let is_json = line.default.starts_with('[') || line.default.parse::<f64>().is_ok();
        let value = match is_json {
            true => line.default.clone(),
            false => serde_json::Value::from(&*line.default).to_string(),
        };
        let mut text = format!("{{\"{name}\": {value}}}");
        for block in block.rsplit('.') {
            text = format!("{{\"{block}\": {text}}}");
        }
        let again = Site::platform(&text).load();
        assert!(again.errors.is_empty(), "{again}");
        let same = again.effective.iter().find(|other| other.name == line.name);
        assert_eq!(same.and_then(|same| same.value.clone()), line.value);
    }
}
