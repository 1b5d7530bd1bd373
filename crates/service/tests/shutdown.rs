//! Real signals to a real process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use service::shutdown::Shutdown;

/// Set in the process that is sent signals: this test, started a second time.
const CHILD: &str = "YIJIAN_TEST_SHUTDOWN_CHILD";

/// If this fails, stopping the service loses the batch in hand, or a service that hangs cannot be stopped by hand.
#[test]
fn the_first_signal_drains_and_the_second_exits_at_once() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let mut child = Command::new(std::env::current_exe().expect("this test's program"))
        .args(["--exact", "the_first_signal_drains_and_the_second_exits_at_once", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines().map(|line| line.expect("a line"));
    let signal = |name: &str, id: u32| {
        assert!(Command::new("kill").args([name, &id.to_string()]).status().expect("kill").success());
    };
    assert!(lines.any(|line| line.contains("child is ready")));
    signal("-TERM", child.id());
    assert!(lines.any(|line| line.contains("child drains")), "the first signal does not end the process");
    signal("-INT", child.id());
    assert_eq!(child.wait().expect("ended").code(), Some(130));
}

#[tokio::main(flavor = "current_thread")]
async fn child() {
    let shutdown = Shutdown::on_signals().expect("signals");
    println!("\nchild is ready");
    shutdown.wait().await;
    println!("\nchild drains");
    std::future::pending::<()>().await;
}
