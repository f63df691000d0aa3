//! Where the workspace is.

use std::path::PathBuf;

/// The folder of the workspace.
pub(crate) fn folder() -> PathBuf {
    let own = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().nth(2).expect("tools/xtask lies two levels down").to_path_buf()
}
