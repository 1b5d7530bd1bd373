//! Identifiers and names of Chinese administration, as types that cannot be wrong.
//!
//! Text is parsed once, at the edge; what has been parsed carries its proof (check digit, real date, known code) and
//! is never checked again. Every type has `parse`, which says in a [`Violation`] what is wrong in Chinese and English
//! without repeating the value, and `as_str`, which gives back exactly what was parsed. Serde's `Deserialize` parses
//! too. Types that hold personal data have no `Display` and a `Debug` that masks, so that a log line cannot leak one.
//!
//! This crate knows no form, no case and no department, and does no input or output.

mod area_code;
mod area_history;
mod certificate_number;
mod check_character;
mod citizen_id;
mod credit_code;
mod e_licence_id;
mod ethnicity;
mod local_minute;
mod masked;
mod person_name;
mod phone;
mod relation;
mod sex;
pub mod synthetic;
mod violation;

pub use area_code::AreaCode;
pub use area_history::Area;
pub use certificate_number::CertificateNumber;
pub use citizen_id::CitizenId;
pub use credit_code::CreditCode;
pub use e_licence_id::ELicenceId;
pub use ethnicity::Ethnicity;
pub use local_minute::LocalMinute;
pub use person_name::{PersonName, normalise_for_comparison};
pub use phone::Phone;
pub use relation::Relation;
pub use sex::Sex;
pub use violation::Violation;
