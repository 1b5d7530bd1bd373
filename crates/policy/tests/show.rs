//! What an official reads of a pack, and what the checker says beyond reading it.

use std::{fs, path::PathBuf, sync::Arc};

use jiff::civil::date;
use policy::{Calendar, Pack, Packs, check, law, show};

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Any change in how a pack is shown would otherwise go unseen until an official stumbles over it.
#[test]
fn the_smallest_pack_is_one_page() {
    let pack = Pack::load(&folder("tests/packs/test-minimal")).unwrap_or_else(|problems| panic!("{problems}"));
    let page = show::page(&pack);
    let golden = folder("tests/golden/show.md");
    if std::env::var_os("YIJIAN_BLESS").is_some() {
        fs::write(&golden, &page).expect("written");
    }
    assert_eq!(page, fs::read_to_string(&golden).unwrap_or_default(), "YIJIAN_BLESS=1 writes it anew");
}

/// A step, a value or a message of the law would otherwise be missing from the page that an official signs.
#[test]
fn a_page_holds_every_step_value_message_and_reason_with_its_source() {
    for pack in Packs::shipped().iter() {
        let page = show::page(pack);
        let holds = |text: &str, of: &str| assert!(page.contains(text), "{}: no {text} of {of}", pack.name);
        for step in &pack.definition.steps {
            holds(&step.title, &step.name);
        }
        for (key, provisions) in pack.law.iter() {
            let term = law::term(key).expect("a known term");
            for provision in provisions {
                holds(term.zh, key);
                holds(&format!("| {}:{} |", provision.file, provision.line), key);
            }
        }
        for procedure in &pack.law.procedures {
            holds(&procedure.zh, &procedure.business);
        }
        for plan in &pack.law.plans {
            holds(&format!("{}({}) | {}", plan.zh, plan.area, plan.children), &plan.area);
        }
        for (code, reason) in &pack.reasons {
            holds(&reason.text.zh, code);
        }
        for id in pack.messages.keys() {
            holds(&format!("| {id} |"), id);
        }
        let raw: Vec<&str> = page.lines().filter(|line| line.contains("unspecified")).collect();
        assert_eq!(raw, [""; 0], "{}: what a source leaves open is said in Chinese", pack.name);
        assert!(page.contains(law::UNSPECIFIED_ZH), "{}: some limits are open", pack.name);
    }
}

/// Families would otherwise be promised a day that nobody can compute.
#[test]
fn a_limit_in_working_days_that_reaches_into_an_unknown_year_is_told_with_its_line() {
    let read = |file: &str| fs::read_to_string(folder("tests/packs/test-minimal").join(file)).expect("a fixture");
    let law = "\n[benefit]\non_time = { value = \"20 working days\", source = \"条\" }\n";
    let pack = Pack::parse(&[
        ("pack.toml", &read("pack.toml")),
        ("saga.toml", &read("saga.toml")),
        ("messages.toml", &read("messages.toml")),
        ("law.toml", law),
    ])
    .unwrap_or_else(|problems| panic!("{problems}"));
    let calendar = Calendar::shipped();
    assert_eq!(check::beyond_the_calendar(&pack, &calendar, date(2026, 11, 2)), []);
    let found = check::beyond_the_calendar(&pack, &calendar, date(2026, 12, 21));
    assert_eq!(found.len(), 1);
    assert_eq!((&*found[0].file, found[0].line), ("law.toml", 3));
    assert!(found[0].what.contains("2027") && found[0].cure.contains("2027.toml"), "{}", found[0]);
}

/// Nobody would otherwise miss next year's holidays before the first deadline that needs them.
#[test]
fn from_november_on_a_missing_next_year_is_warned_of() {
    let calendar = Calendar::shipped();
    assert_eq!(check::calendar_warning(&calendar, date(2026, 10, 31)), None);
    let warning = check::calendar_warning(&calendar, date(2026, 11, 1)).expect("2027 is not there");
    assert!(warning.zh.contains("2027") && warning.en.contains("2027"));
}

/// A pack's author would otherwise have to know whether to name the pack's folder or the one that holds it.
#[test]
fn a_folder_is_one_pack_or_holds_packs_and_an_empty_one_is_told() {
    let names = |path: &str| -> Vec<Arc<str>> {
        let (packs, _) = check::packs(&folder(path), None).unwrap_or_else(|problems| panic!("{problems}"));
        packs.iter().map(|pack| pack.name.clone()).collect()
    };
    assert_eq!(names("tests/packs/test-minimal"), ["test-minimal".into()]);
    assert!(names("../../deploy/policies").contains(&"anhui-2024".into()));
    let problems = check::packs(&folder("tests/golden"), None).expect_err("no pack there");
    assert!(problems.to_string().contains("政策包的文件夹"));
}

/// A pack would otherwise be checked by other years than those that the service counts by.
#[test]
fn packs_are_checked_by_the_calendar_beside_them_unless_another_is_given() {
    let packs = tempfile::tempdir().expect("a folder");
    let pack = packs.path().join("test-minimal");
    fs::create_dir(&pack).expect("a folder");
    for file in policy::pack::FILES {
        fs::copy(folder("tests/packs/test-minimal").join(file), pack.join(file)).expect("copied");
    }
    let years = |folder: &std::path::Path, given: Option<Calendar>| -> Vec<i16> {
        let (_, calendar) = check::packs(folder, given).unwrap_or_else(|problems| panic!("{problems}"));
        calendar.years().map(|(year, _)| year).collect()
    };
    assert_eq!(years(packs.path(), None), [2025, 2026], "without any, the years built in");
    fs::create_dir(packs.path().join("calendar")).expect("a folder");
    let year = packs.path().join("calendar/2027.toml");
    fs::write(&year, "year = 2027\nnotice = \"通知\"\noff = [\"01-01\"]\nwork = []\n").expect("written");
    assert_eq!(years(packs.path(), None), [2027]);
    assert_eq!(years(&pack, None), [2027], "a pack alone lies beside the same years");
    assert_eq!(years(packs.path(), Some(Calendar::shipped())), [2025, 2026], "what is given wins");
    fs::write(&year, "year = 2027\n").expect("written");
    for folder in [packs.path(), &pack] {
        let problems = check::packs(folder, None).expect_err("a year without its notice").to_string();
        assert!(problems.contains("calendar/2027.toml:"), "{problems}");
    }
    assert_eq!(years(&pack, Some(Calendar::shipped())), [2025, 2026]);
}

/// What every province takes from the base would otherwise be read nowhere but in its file.
#[test]
fn the_base_is_a_page_of_values_with_their_sources() {
    let law = policy::pack::base_law(policy::pack::SHIPPED_BASE).unwrap_or_else(|problems| panic!("{problems}"));
    let page = show::base_page("base", &law);
    for (key, provisions) in law.iter() {
        assert!(provisions.iter().all(|value| page.contains(&format!("| {} |", value.place()))), "{key}: {page}");
    }
    assert!(law.procedures.iter().all(|procedure| page.contains(&*procedure.zh)), "{page}");
    assert!(policy::pack::base_law("[refund]\nnothing = 1\n").is_err());
}
