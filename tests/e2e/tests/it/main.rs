//! The program from outside: real processes, real gRPC, real files.

mod changing_law;
mod comparer;
mod differing;
mod examples;
mod lives;
mod other_packs;
mod refusals;
mod secrecy;

/// The program, as cargo has built it for these tests.
const PROGRAM: &str = env!("CARGO_BIN_EXE_yijian-under-e2e");

/// The root of the repository, where the examples are.
fn root() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
