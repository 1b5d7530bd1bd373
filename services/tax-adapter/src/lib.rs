//! tax-adapter.
