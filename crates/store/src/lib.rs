//! The store's contract: values, plan, in-memory reference store, suite.
