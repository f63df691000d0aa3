//! SCIM operations over a store, a file each.
