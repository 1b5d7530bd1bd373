//! What a user of the whole program sees, from outside: see `tests/`.
