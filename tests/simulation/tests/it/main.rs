//! The worlds, the stories that broke earlier versions of the protocol, and the mutations that must be noticed.

mod mutations;
mod stories;
mod worlds;
