//! civil-affairs-adapter.
