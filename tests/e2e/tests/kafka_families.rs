//! Families that differ in one thing only, on a real Kafka: the law, the messages and the procedures that follow a case
//! through a cluster instead of memory.
//!
//! Runs where `YIJIAN_KAFKA` names the bootstrap servers of a cluster, and says that it was skipped where it does not.
//! After `kafka.rs`, as cargo orders them: that one wants a cluster that carried nothing of ours before.

use std::path::Path;

use harness::differing::families_end_as_the_law_says;

/// If this fails, what the law says of a family is right in one process and wrong, late or lost through a cluster.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn families_that_differ_in_one_thing_only_end_as_the_law_says_on_a_real_cluster() -> anyhow::Result<()> {
    let Ok(bootstrap) = std::env::var("YIJIAN_KAFKA") else {
        println!("skipped: YIJIAN_KAFKA is not set");
        return Ok(());
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = env!("CARGO_BIN_EXE_yijian-under-e2e");
    families_end_as_the_law_says(program, &root, &["--bus", "kafka", "--bootstrap", &bootstrap]).await
}
