//! social-security-adapter.
