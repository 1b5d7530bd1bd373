//! Each rule of sagas as a story. The numbers are those of `protocol.md`, the tables that of `ARCHITECTURE.md`.

mod before_the_pivot;
mod clocks;
mod definitions_refused;
mod ends;
mod law;
mod legal_time;
mod messages;
mod notices;
mod operators;
mod people;
mod pivot;
mod procedures;
mod replies;
mod twins;
mod way_back;
