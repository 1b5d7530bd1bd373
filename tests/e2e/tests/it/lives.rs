//! How the program lives: restarts in the middle, refuses what would harm, and stops cleanly.

use std::process::Output;

use harness::{compare::compare, evidence::Evidence, family, parents::Parents, process::Launch};
use proto::v1::{self, CaseState};

use crate::PROGRAM;

/// If this fails, a family's application is gone, or begins anew, when the machine is serviced or its power fails; and
/// who asks again under the same key after a crash gets a second case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_application_goes_on_where_it_was_after_a_stop_and_after_a_kill() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::serve(PROGRAM, folder.path(), &[]);
    let mut request = family::anhui(7);
    family::form_mut(&mut request).children[0].items.clear();
    let form = family::form(&request).clone();
    let father = v1::Actor {
        role: "father".to_owned(),
        id_number: form.father.map(|father| father.id_number).unwrap_or_default(),
    };

    let running = launch.start().await?;
    let launch = launch.on_the_ports_of(&running);
    let parents = Parents::new(running.client()?);
    let filed = parents.file(&request).await?;
    let case = &filed.case_ids[0];
    parents.agree(case, "father-authorisation", father).await?;
    parents.task(case, "signature").await?;
    assert!(running.stop().await?.success(), "a clean shutdown");

    let running = launch.start().await?;
    let again = parents.file(&request).await?;
    assert!(again.repeated_request && again.case_ids == filed.case_ids, "the same key finds the same case");
    parents.agree(case, "signature", family::applicant(&request)).await?;
    running.kill().await?;

    let running = launch.start().await?;
    parents.agree(case, "register-signature", family::applicant(&request)).await?;
    assert_eq!(parents.end_of(case).await?.state(), CaseState::Completed);
    assert!(running.stop().await?.success(), "a clean shutdown");
    let report = compare(&Evidence::of(&folder.path().join("data")).await?);
    report.all_well()?;
    assert_eq!((report.cases, report.undone), (1, 0));
    Ok(())
}

/// If this fails, two processes write to one database and both believe that it is theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_same_data_folder_refuses_and_says_why() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let launch = Launch::serve(PROGRAM, folder.path(), &[]);
    let running = launch.start().await?;
    refused(&launch.run().await?, "YJ-0101");
    let parents = Parents::new(running.client()?);
    parents.file(&family::shanxi(1, 1)).await?;
    assert!(running.stop().await?.success(), "the first one is not disturbed");
    Ok(())
}

/// If this fails, a key that was lost or mixed up is noticed when the first family's data cannot be opened, and new
/// data has been sealed under another key by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_with_another_key_is_refused() -> anyhow::Result<()> {
    let (folder, another) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let key = |folder: &tempfile::TempDir| folder.path().join("data/keys/master.key");
    for seed in 1..=2 {
        let folder = if seed == 1 { &folder } else { &another };
        let running = Launch::serve(PROGRAM, folder.path(), &[]).start().await?;
        Parents::new(running.client()?).file(&family::shanxi(seed, 1)).await?;
        assert!(running.stop().await?.success());
    }
    let launch = Launch::serve(PROGRAM, folder.path(), &[]);
    let own = std::fs::read(key(&folder))?;
    std::fs::copy(key(&another), key(&folder))?;
    refused(&launch.run().await?, "YJ-0105");
    std::fs::remove_file(key(&folder))?;
    refused(&launch.run().await?, "YJ-0107");
    assert!(!key(&folder).exists(), "no new key is made beside data that it does not open");
    let channels = key(&folder).with_file_name("channels.toml");
    let lost = std::fs::read(&channels)?;
    std::fs::remove_file(&channels)?;
    std::fs::copy(key(&another), key(&folder))?;
    std::fs::write(key(&folder), &own)?;
    refused(&launch.run().await?, "YJ-0107");
    assert!(!channels.exists(), "nor new channel keys beside inboxes that they do not open");
    std::fs::copy(key(&folder), &channels)?;
    std::fs::write(&channels, lost)?;
    // Copied first: a key file that others may read is refused.
    std::fs::copy(key(&another), key(&folder))?;
    std::fs::write(key(&folder), own)?;
    let running = launch.start().await?;
    assert!(running.stop().await?.success(), "with its own key it starts");
    Ok(())
}

/// If this fails, the program, whose operators do not sign in yet, is open to a whole network, or a port that is taken
/// is noticed after the work has begun.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_cannot_be_used_is_refused_before_anything_starts() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let arguments = |grpc: &str| {
        let data = folder.path().join("other").display().to_string();
        let pages = "127.0.0.1:0";
        Launch::new(PROGRAM, "serve", folder.path(), &["serve", "--data", &data, "--grpc", grpc, "--pages", pages])
    };
    refused(&arguments("0.0.0.0:0").run().await?, "YJ-0102");
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    refused(&arguments(&taken.local_addr()?.to_string()).run().await?, "YJ-0106");
    assert!(!folder.path().join("other").exists(), "nothing was made");
    Ok(())
}

fn refused(output: &Output, code: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(code), "{code} in: {said}");
}
