//! insurance-adapter.
