//! sms-adapter.
