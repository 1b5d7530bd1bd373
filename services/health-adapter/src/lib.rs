//! health-adapter.
