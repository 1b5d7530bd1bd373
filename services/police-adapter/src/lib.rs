//! police-adapter.
