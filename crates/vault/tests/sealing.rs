//! Stories of sealed bytes: who can open them, and who cannot.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use vault::{CaseKey, ChannelKey, Error, MasterKey, SealingKey, Suite};

const SUITES: [Suite; 2] = [Suite::Sm4Gcm, Suite::Aes256Gcm];

/// A length of header, nonce and tag that every sealed message has on top of its clear text.
const OVERHEAD: usize = 1 + 12 + 16;

fn is_damaged<T>(opened: Result<T, Error>) -> bool {
    matches!(opened, Err(Error::Damaged))
}

#[test]
fn whoever_has_the_key_reads_what_was_sealed() {
    // Otherwise a case would be lost although nobody destroyed its key.
    for suite in SUITES {
        let key = CaseKey::generate().for_endpoint(suite, "anhui.police");
        for plain in [&b""[..], b"x", &[7; 16], &[9; 5000]] {
            let sealed = key.seal(b"saga 1, step 2", plain);
            assert_eq!(sealed.len(), plain.len() + OVERHEAD);
            assert_eq!(key.open(b"saga 1, step 2", &sealed).unwrap(), plain);
        }
    }
}

#[test]
fn nobody_else_reads_what_was_sealed() {
    // Otherwise a department could read what was meant for another, or a reply could be passed off as another step's.
    for suite in SUITES {
        let case = CaseKey::generate();
        let key = case.for_endpoint(suite, "anhui.police");
        let sealed = key.seal(b"saga 1", b"secret");

        assert!(is_damaged(key.open(b"saga 2", &sealed)));
        assert!(is_damaged(case.for_endpoint(suite, "anhui.tax").open(b"saga 1", &sealed)));
        assert!(is_damaged(case.for_storage(suite).open(b"saga 1", &sealed)));
        assert!(is_damaged(case.for_endpoint(suite, "").open(b"saga 1", &sealed)));
        assert!(is_damaged(CaseKey::generate().for_endpoint(suite, "anhui.police").open(b"saga 1", &sealed)));
    }
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    // Otherwise a changed payload would be taken for what the department said.
    for suite in SUITES {
        let key = CaseKey::generate().for_storage(suite);
        let sealed = key.seal(b"a", b"secret text");
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"a", &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(is_damaged(key.open(b"a", &sealed[..length])), "cut to {length}");
        }
    }
}

#[test]
fn both_suites_are_read_side_by_side() {
    // Otherwise changing the configured cipher would make every older case unreadable.
    let case = CaseKey::generate();
    let (sm4, aes) = (case.for_storage(Suite::Sm4Gcm), case.for_storage(Suite::Aes256Gcm));
    assert_eq!(aes.open(b"a", &sm4.seal(b"a", b"old")).unwrap(), b"old");
    assert_eq!(sm4.open(b"a", &aes.seal(b"a", b"new")).unwrap(), b"new");
    assert_ne!(sm4.seal(b"a", b"x")[0], aes.seal(b"a", b"x")[0]);

    let mut unknown = sm4.seal(b"a", b"x");
    unknown[0] = 9;
    assert!(matches!(sm4.open(b"a", &unknown), Err(Error::UnknownSuite(_))));
}

#[test]
fn the_same_text_is_never_sealed_alike() {
    // Otherwise a reader of a topic would see which families sent the same thing.
    let key = CaseKey::generate().for_storage(Suite::Sm4Gcm);
    let mut nonces: Vec<_> = (0..1000).map(|_| key.seal(b"a", b"same")[1..13].to_vec()).collect();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 1000);
}

#[test]
fn a_suite_is_named_in_configuration_as_it_is_shown() {
    // Otherwise an operator could not set what the program reports.
    for suite in SUITES {
        assert_eq!(suite.to_string().parse::<Suite>().unwrap(), suite);
    }
    assert_eq!("sm4".parse::<Suite>().unwrap(), Suite::default());
    assert!(matches!("SM4".parse::<Suite>(), Err(Error::UnknownSuite(_))));
}

#[test]
fn a_case_key_survives_wrapping_and_only_its_master_unwraps_it() {
    // Otherwise a stolen database would be readable, or our own unreadable.
    let master = MasterKey::generate();
    for suite in SUITES {
        let case = CaseKey::generate();
        let sealed = case.for_storage(suite).seal(b"a", b"secret");
        let wrapped = master.wrap(suite, &case);

        assert_eq!(master.unwrap(&wrapped).unwrap().for_storage(suite).open(b"a", &sealed).unwrap(), b"secret");
        assert!(is_damaged(MasterKey::generate().unwrap(&wrapped)));
        assert!(master.unwrap(&wrapped[1..]).is_err());
        assert!(is_damaged(master.unwrap(&[])));
        // A probe is not a wrapped key, though the same master sealed it.
        assert!(is_damaged(master.unwrap(&master.probe(suite))));
    }
}

#[test]
fn a_database_of_another_key_is_recognised_by_its_probe() {
    // Otherwise the service would start on a database that it cannot read, and fail family by family.
    let master = MasterKey::from_bytes([7; 32]);
    for suite in SUITES {
        let probe = master.probe(suite);
        assert!(MasterKey::from_bytes([7; 32]).check_probe(&probe).is_ok());
        assert!(matches!(MasterKey::from_bytes([8; 32]).check_probe(&probe), Err(Error::WrongKey)));
        assert!(matches!(master.check_probe(&probe[..20]), Err(Error::WrongKey)));
        assert!(matches!(master.check_probe(&[]), Err(Error::WrongKey)));
    }
}

#[test]
fn a_case_key_for_an_endpoint_travels_under_that_channel_only() {
    // Otherwise one department's adapter could open another's messages.
    let (police, tax) = (ChannelKey::generate("anhui.police"), ChannelKey::generate("anhui.tax"));
    for suite in SUITES {
        let key = CaseKey::generate().for_endpoint(suite, "anhui.police");
        let wrapped = police.wrap(&key);
        let travelled = police.unwrap(&wrapped).unwrap();

        assert_eq!(travelled.suite(), suite);
        assert_eq!(travelled.open(b"a", &key.seal(b"a", b"act")).unwrap(), b"act");
        assert_eq!(key.open(b"b", &travelled.seal(b"b", b"done")).unwrap(), b"done");
        assert!(is_damaged(tax.unwrap(&wrapped)));
        // What the channel sealed as a payload is not taken for a key.
        assert!(is_damaged(police.unwrap(&police.seal(&[], &wrapped))));
    }
    let notice = police.seal(b"notice", b"registered elsewhere");
    assert_eq!(police.open(b"notice", &notice).unwrap(), b"registered elsewhere");
    assert!(is_damaged(tax.open(b"notice", &notice)));
}

#[test]
fn a_blind_index_finds_equals_and_tells_nothing_else() {
    // Otherwise a child's second application would not be noticed, or an ID number could be read off the database.
    let index = MasterKey::from_bytes([7; 32]).blind_index();
    let of = index.of("id-number", "340104202601010015");
    assert_eq!(of, MasterKey::from_bytes([7; 32]).blind_index().of("id-number", "340104202601010015"));
    assert_ne!(of, index.of("id-number", "340104202601010023"));
    assert_ne!(of, index.of("certificate", "340104202601010015"));
    assert_ne!(of, MasterKey::from_bytes([8; 32]).blind_index().of("id-number", "340104202601010015"));
    // A kind and a value cannot run together into another kind and value.
    assert_ne!(index.of("ab", "c"), index.of("a", "bc"));
}

#[test]
fn no_secret_is_shown_where_programs_print() {
    // Otherwise one careless log line would open every case.
    let bytes = *b"0123456789abcdefghijklmnopqrstuv";
    let master = MasterKey::from_bytes(bytes);
    let channel = ChannelKey::generate("anhui.police");
    let case = CaseKey::generate();
    assert_eq!(format!("{master:?}"), "MasterKey(***)");
    assert_eq!(format!("{case:?}"), "CaseKey(***)");
    assert_eq!(format!("{:?}", case.for_storage(Suite::Sm4Gcm)), "SealingKey(sm4, ***)");
    assert_eq!(format!("{:?}", master.blind_index()), "BlindIndex(***)");
    assert_eq!(format!("{channel:?}"), format!("ChannelKey({}, anhui.police, ***)", channel.id()));
}

#[test]
fn what_was_sealed_before_opens_today() {
    // Otherwise an upgrade that changed a derivation or the form of sealed bytes would lose every stored case.
    let master = MasterKey::from_bytes(std::array::from_fn(|index| index as u8));
    for (suite, wrapped, sealed) in SAVED {
        let case = master.unwrap(&decoded(wrapped)).unwrap();
        assert_eq!(case.for_endpoint(suite, "anhui.police").open(b"a", &decoded(sealed)).unwrap(), b"secret");
    }
    let index = master.blind_index().of("id-number", "340104202601010015");
    assert_eq!(encoded(&index), SAVED_INDEX);
}

proptest! {
    #[test]
    fn any_bytes_survive_sealing(plain: Vec<u8>, associated: Vec<u8>, aes: bool) {
        // Otherwise some unlucky form would be lost.
        let key: SealingKey = CaseKey::generate().for_storage(SUITES[usize::from(aes)]);
        prop_assert_eq!(key.open(&associated, &key.seal(&associated, &plain)).unwrap(), plain);
    }

    #[test]
    fn no_bytes_whatever_break_the_openers(bytes: Vec<u8>) {
        // Otherwise one malformed message on a topic would take an adapter down.
        let master = MasterKey::from_bytes([7; 32]);
        let channel = ChannelKey::generate("anhui.police");
        prop_assert!(master.unwrap(&bytes).is_err());
        prop_assert!(master.check_probe(&bytes).is_err());
        prop_assert!(channel.unwrap(&bytes).is_err());
        prop_assert!(channel.open(b"", &bytes).is_err());
    }
}

fn encoded(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

fn decoded(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

const SAVED: [(Suite, &str, &str); 2] = [
    (
        Suite::Sm4Gcm,
        "01e7fe45454eede3f766eda6777a608046485987263cd9fa8438a17bc27a4cf0be4a96ab596b8dbcacf1c1ed6a811bff2a72da9a3dd22284b1c5d28407",
        "017042b3fcc3d25d35bab2157ff3c7e9399f50e16aa273dec7b591e51865112ef70562",
    ),
    (
        Suite::Aes256Gcm,
        "0247746f4ff097d8a5da8bd2c1fb9bf9dbfbc9ac77765be119ecffc9742a3de04cdc9d39617d489c85013a2c2e16e72517a605065fd78c83682d8b6ed2",
        "02a8476d07ec559d326728ae1fbe446c9e0b3671ed98b9733848e318bc486ad7264dae",
    ),
];
const SAVED_INDEX: &str = "66441d408f56e9e8c67c9897c7db8bf55e90bc1c352ed2ace7c3edabbae16ea3";
