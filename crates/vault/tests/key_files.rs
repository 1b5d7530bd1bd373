//! Stories of key files: made once, for one reader, never overwritten; and of masking for people.
#![allow(clippy::unwrap_used)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vault::{CaseKey, ChannelKeys, Error, MasterKey, Suite, mask};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn a_master_key_file_is_its_owners_alone_and_reads_back() {
    // Otherwise anybody on the machine could read every case, or the next start could read none.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    let made = MasterKey::load_or_create(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert!(MasterKey::load(&path).unwrap().check_probe(&made.probe(Suite::Sm4Gcm)).is_ok());
    assert!(MasterKey::load_or_create(&path).unwrap().check_probe(&made.probe(Suite::Sm4Gcm)).is_ok());
    // Nothing of the making is left behind.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_master_key_is_never_written_over() {
    // Otherwise a second start, or a slip of an operator, would make every stored case unreadable for ever.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("master.key");
    MasterKey::create(&path).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(MasterKey::create(&path), Err(Error::File { attempt: "create", .. })));
    assert_eq!(fs::read(&path).unwrap(), before);

    fs::write(&path, "garbage").unwrap();
    assert!(matches!(MasterKey::load_or_create(&path), Err(Error::FileMalformed { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"garbage");
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    // Otherwise a key that may have been copied would go on being trusted.
    let folder = tempfile::tempdir().unwrap();
    let (master, channels) = (folder.path().join("master.key"), folder.path().join("channels.toml"));
    MasterKey::create(&master).unwrap();
    ChannelKeys::generate(&["anhui.police"]).save(&channels).unwrap();
    for exposed in [0o640, 0o604, 0o620, 0o644, 0o660, 0o601] {
        fs::set_permissions(&master, Permissions::from_mode(exposed)).unwrap();
        fs::set_permissions(&channels, Permissions::from_mode(exposed)).unwrap();
        assert!(matches!(MasterKey::load(&master), Err(Error::FileExposed { mode, .. }) if mode == exposed));
        assert!(matches!(ChannelKeys::load(&channels), Err(Error::FileExposed { .. })));
    }
    fs::set_permissions(&master, Permissions::from_mode(0o400)).unwrap();
    assert!(MasterKey::load(&master).is_ok());
}

#[test]
fn a_key_file_that_is_missing_or_wrong_says_so_without_quoting_it() {
    // Otherwise an operator would be left guessing, or find half a key in the log.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    assert!(matches!(MasterKey::load(&path), Err(Error::File { attempt: "read", .. })));
    assert!(matches!(ChannelKeys::load(&path), Err(Error::File { attempt: "read", .. })));

    let secret = "00112233445566778899aabbccddeeff";
    for content in [secret.to_owned(), format!("{secret}{secret}00"), format!("[[key]]\nsecret = \"{secret}\" x")] {
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        for error in [MasterKey::load(&path).unwrap_err(), ChannelKeys::load(&path).unwrap_err()] {
            assert!(matches!(error, Error::FileMalformed { .. }));
            assert!(!format!("{error} {error:?}").contains("33445566"), "{error:?}");
        }
    }
}

#[test]
fn channel_keys_are_kept_and_new_endpoints_get_theirs() {
    // Otherwise commands in flight would be unreadable after a restart.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("channels.toml");
    let first = ChannelKeys::load_or_create(&path, &["anhui.police", "anhui.tax"]).unwrap();
    assert_eq!(mode(&path), 0o600);
    let second = ChannelKeys::load_or_create(&path, &["anhui.police", "shanxi.police"]).unwrap();

    let police = first.current_for("anhui.police").unwrap();
    assert_eq!(second.current_for("anhui.police").unwrap().id(), police.id());
    assert!(second.get(police.id()).is_some());
    assert!(second.current_for("anhui.tax").is_some());
    assert!(second.current_for("shanxi.police").is_some());
    assert!(first.current_for("shanxi.police").is_none());

    let key = CaseKey::generate().for_endpoint(Suite::Sm4Gcm, "anhui.police");
    let travelled = second.get(police.id()).unwrap().unwrap(&police.wrap(&key)).unwrap();
    assert_eq!(travelled.open(b"a", &key.seal(b"a", b"act")).unwrap(), b"act");
}

#[test]
fn after_a_rotation_old_messages_still_open_and_new_ones_use_the_new_key() {
    // Otherwise a rotation would cost the commands that were on their way.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("channels.toml");
    let mut keys = ChannelKeys::generate(&["anhui.police"]);
    let old = keys.current_for("anhui.police").unwrap().id().to_owned();
    let new = keys.rotate("anhui.police").id().to_owned();
    keys.save(&path).unwrap();
    keys.save(&path).unwrap();

    let read = ChannelKeys::load(&path).unwrap();
    assert_ne!(old, new);
    assert_eq!(read.current_for("anhui.police").unwrap().id(), new);
    assert!(read.get(&old).is_some() && read.get(&new).is_some());
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn an_adapter_gets_the_keys_of_its_own_endpoint_only() {
    // Otherwise one department's server, once broken into, would open the messages of all.
    let keys = ChannelKeys::generate(&["anhui.police", "anhui.tax"]);
    let police = keys.only("anhui.police");
    assert!(police.current_for("anhui.police").is_some());
    assert!(police.current_for("anhui.tax").is_none());
    assert!(police.get(keys.current_for("anhui.tax").unwrap().id()).is_none());
}

#[test]
fn a_key_file_whose_secret_was_changed_is_refused() {
    // Otherwise an adapter would drain its topic into dead letters under a wrong key.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("channels.toml");
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    ChannelKeys::generate(&["anhui.police"]).save(&one).unwrap();
    ChannelKeys::generate(&["anhui.police"]).save(&other).unwrap();
    let secret = |path: &Path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().find(|line| line.starts_with("secret")).unwrap().to_owned()
    };
    fs::rename(&one, &path).unwrap();
    let swapped = fs::read_to_string(&path).unwrap().replace(&secret(&path), &secret(&other));
    fs::write(&path, swapped).unwrap();
    assert!(matches!(ChannelKeys::load(&path), Err(Error::FileMalformed { .. })));
}

#[test]
fn a_clerk_recognises_a_person_without_reading_all() {
    // Otherwise every page would show what only a reasoned and recorded look may show.
    for (name, shown) in
        [("王小明", "王*明"), ("王明", "王*"), ("王", "*"), ("", ""), ("欧阳小明", "欧**明"), ("王𬭩", "王*")]
    {
        assert_eq!(mask::name(name), shown);
    }
    assert_eq!(mask::id_number("340104202601010015"), "3401**********0015");
    assert_eq!(mask::id_number("X320101001"), "X3******01");
    assert_eq!(mask::id_number("123"), "***");
    assert_eq!(mask::phone("13812341234"), "138****1234");
    assert_eq!(mask::phone("1234"), "***4");
}
