//! Families that differ in one thing only end as the law says, with the texts that it says.

use harness::differing::families_end_as_the_law_says;

use crate::{PROGRAM, root};

/// If this fails, a family is paid, covered or told what the law says of another: one born a minute later, one that
/// paid a month later, one whose hospital's agreement was suspended, one of another province.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn families_that_differ_in_one_thing_only_end_as_the_law_says() -> anyhow::Result<()> {
    families_end_as_the_law_says(PROGRAM, &root(), &[]).await
}
