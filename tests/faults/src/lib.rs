//! What happens to families when processes die in the middle of their applications: see `tests/`.
