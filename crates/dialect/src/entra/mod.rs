//! Microsoft Entra ID: capitalized operations, paths as keys, string booleans, forms of `manager`.

mod name;
mod operation;
mod value;

pub use name::{DisplayNameForDisplay, ExtensionAttributeAtRoot};
pub use operation::{CapitalizedOp, PathAsKey};
pub use value::{BooleanString, EmptyReference, EmptyStringForNone, ValueForComplex, WrappedValue};
