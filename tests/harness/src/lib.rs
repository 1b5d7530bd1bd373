//! What end-to-end tests share: the real processes, families who file, and judges who read every database afterwards.
//!
//! ```text
//!   process   starts, kills and stops the program; every start keeps its output in a file
//!   programs  where the programs of other packages are
//!   wait      until something is so, or a deadline has passed
//!   family    forms of people who do not exist
//!   parents   clients who file, answer and insist while the server is away
//!   differing families that differ in one thing only, played to their ends, with the texts that they must be sent
//!   evidence  what the orchestrator believes and what the departments' ledgers hold, read from their files
//!   compare   whether the two agree: each effect exactly once, or compensated exactly once, none lost
//!   search    whether words stand in any file, database or message, in any common writing
//! ```
//!
//! A package whose tests start the program declares it as a binary of its own (a few lines that call the `yijian`
//! library) and hands over the path that cargo gives its tests: so whatever is tested is always built from today's
//! sources, without a second cargo or a guess at the target folder.

pub mod compare;
pub mod differing;
pub mod evidence;
pub mod family;
pub mod parents;
pub mod process;
pub mod programs;
pub mod search;
pub mod wait;
