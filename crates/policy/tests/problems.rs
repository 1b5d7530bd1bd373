//! What a pack's author is told: everything that is wrong, at once, each with its file and line.

use std::{fs, path::PathBuf};

use policy::{Pack, Packs, Problems};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn fixture(file: &str) -> String {
    fs::read_to_string(folder("packs/test-minimal").join(file)).expect("a fixture")
}

/// The problems of the smallest pack with other steps, each without its cure.
fn steps(saga: &str) -> Vec<String> {
    of(&fixture("pack.toml"), saga, &fixture("messages.toml"))
}

fn of(pack: &str, saga: &str, messages: &str) -> Vec<String> {
    match Pack::parse(&[("pack.toml", pack), ("saga.toml", saga), ("messages.toml", messages)]) {
        Ok(_) => Vec::new(),
        Err(Problems(found)) => {
            found.iter().map(|problem| format!("{}:{}: {}", problem.file, problem.line, problem.what)).collect()
        }
    }
}

/// The step `name`, an act of the fixture's department, with more lines.
fn step(name: &str, more: &str) -> String {
    format!(
        "[[step]]\nname = \"{name}\"\ntitle = \"步\"\nperformer = \"market-supervision\"\ncommand = \"Do\"\nsource = \"条\"\n{more}\n"
    )
}

/// True where one problem stands at this place and says this.
fn told(found: &[String], place: &str, words: &str) -> bool {
    found.iter().any(|problem| problem.starts_with(&format!("{place}: ")) && problem.contains(words))
}

/// Another one thing could otherwise not be described at all: the machine would be for births only.
#[test]
fn a_pack_may_name_departments_and_facts_of_its_own() {
    let pack = Pack::load(&folder("packs/test-minimal")).unwrap_or_else(|problems| panic!("{problems}"));
    let step = &pack.definition.steps[0];
    assert_eq!(step.department().map(|name| &**name), Some("market-supervision"));
    let retry = step.retry;
    assert_eq!((retry.attempts_max, retry.first_ms, retry.longest_ms, retry.inquiry_ms), (3, 250, 1_000, 28_800_000));
}

/// An author would otherwise mend one mistake, start again, and be told the next.
#[test]
fn everything_wrong_is_told_at_once_with_file_line_and_cure() {
    let told = Pack::load(&folder("packs/test-broken")).expect_err("broken on purpose").to_string();
    let golden = folder("golden/test-broken.txt");
    if std::env::var_os("YIJIAN_BLESS").is_some() {
        fs::write(&golden, format!("{told}\n")).expect("written");
    }
    assert_eq!(
        told.trim_end(),
        fs::read_to_string(&golden).expect("golden").trim_end(),
        "YIJIAN_BLESS=1 writes it anew"
    );
}

/// A misspelt key would otherwise be a rule that silently does not hold.
#[test]
fn an_unknown_key_is_a_problem() {
    let found = steps(&step("a", "kind = \"pivot\"\nexpire = { after = \"1 day\" }"));
    assert_eq!(found, ["saga.toml:8: 不认识的键 unknown key `expire`"]);
}

/// A text where a list belongs would otherwise be read as no list.
#[test]
fn a_value_of_the_wrong_type_is_a_problem() {
    let found = steps(&step("a", "kind = \"pivot\"\nsend = \"shop\"\nmandatory = \"yes\""));
    assert!(told(&found, "saga.toml:8", "`send`") && told(&found, "saga.toml:9", "`mandatory`"), "{found:#?}");
}

/// A file cut in half would otherwise hide what else is wrong.
#[test]
fn what_is_no_toml_does_not_hide_the_rest() {
    let found = steps(&format!("{}item =\n[[step]]\nperformer = \"nobody\"\n", step("a", "kind = \"pivot\"")));
    assert!(told(&found, "saga.toml:8", "not TOML"), "{found:#?}");
    assert!(told(&found, "saga.toml:10", "nobody"), "{found:#?}");
}

/// A step would otherwise wait for one that will never be.
#[test]
fn an_unknown_step_department_rule_or_item_is_a_problem_and_a_message_is_no_steps_affair() {
    let more = "kind = \"pivot\"\nafter = [\"b\"]\nonce_settled = [\"c\"]\nitem = \"d\"\nselection = { rule = \"e\" }\n\
                messages = { succeeded = \"N13\" }\nstart_when = [{ offline = \"f\" }]";
    let found = steps(&step("a", more).replace("\"market-supervision\"", "\"g\""));
    for (place, words) in [
        ("saga.toml:8", "step `b`"),
        ("saga.toml:9", "step `c`"),
        ("saga.toml:10", "item `d`"),
        ("saga.toml:11", "rule `e`"),
        ("saga.toml:12", "key `messages`"),
        ("saga.toml:13", "step `f`"),
        ("saga.toml:4", "department `g`"),
    ] {
        assert!(told(&found, place, &format!("unknown {words}")), "{place} {words}: {found:#?}");
    }
    assert_eq!(found.len(), 7, "{found:#?}");
}

/// A case would otherwise never begin, and nobody would know why.
#[test]
fn a_cycle_and_what_waits_for_it_are_problems() {
    let saga = [
        step("a", "kind = \"pivot\""),
        step("b", "after = [\"c\"]"),
        step("c", "after = [\"b\"]"),
        step("d", "after = [\"c\"]"),
    ]
    .concat();
    let found = steps(&saga);
    assert!(told(&found, "saga.toml:8", "cycle") && told(&found, "saga.toml:15", "cycle"), "{found:#?}");
    assert!(told(&found, "saga.toml:22", "can never start"), "{found:#?}");
    assert_eq!(found.len(), 3, "{found:#?}");
}

/// A step that is promised but can never begin would otherwise be found by a family that waits for it.
#[test]
fn a_step_that_can_never_start_is_a_problem() {
    let contradicting = [
        step("a", "kind = \"pivot\""),
        step(
            "b",
            "after = [\"a\"]\nstart_when = [{ offline = \"a\" }, { late = \"a\", by = \"1 day\" }]\nkind = \"forward\"",
        ),
    ];
    let found = steps(&contradicting.concat());
    assert!(told(&found, "saga.toml:8", "can never start") && found.len() == 1, "{found:#?}");
    let one_way_left = contradicting[1].replace("late = \"a\", by = \"1 day\"", "succeeded = \"a\"");
    assert_eq!(steps(&[contradicting[0].clone(), one_way_left].concat()), [""; 0]);
}

/// A case would otherwise have no point from which a right is safe, or two that contradict each other.
#[test]
fn a_saga_has_exactly_one_pivot() {
    assert_eq!(steps(&step("a", "")), ["saga.toml:1: 没有枢轴 no step is the pivot"]);
    let two = steps(&[step("a", "kind = \"pivot\""), step("b", "kind = \"pivot\"")].concat());
    assert_eq!(two, ["saga.toml:8: 枢轴有2个 2 steps are pivots"]);
}

/// An act would otherwise be thought to be undone, and stand for ever.
#[test]
fn a_compensation_names_its_causes() {
    let found = steps(&step("a", "kind = \"pivot\"\ncompensate = { command = \"Undo\", on = [] }"));
    assert!(told(&found, "saga.toml:1", "compensation without a cause") && found.len() == 1, "{found:#?}");
    let found = steps(&step("a", "kind = \"pivot\"\ncompensate = { command = \"Undo\", on = [\"regretted\"] }"));
    assert!(told(&found, "saga.toml:8", "`regretted`"), "{found:#?}");
}

/// A premium that nobody pays would otherwise keep a case open for ever.
#[test]
fn what_waits_for_a_notice_has_an_expiry() {
    let premium = "kind = \"forward\"\nafter = [\"a\"]\nnotices = [\"PremiumPaid\"]";
    let found = steps(&[step("a", "kind = \"pivot\""), step("premium", premium)].concat());
    assert!(told(&found, "saga.toml:8", "may never come") && found.len() == 1, "{found:#?}");
    let expiring = format!("{premium}\nexpires = {{ after = \"90 days\", then = \"offline\", source = \"条\" }}");
    assert_eq!(steps(&[step("a", "kind = \"pivot\""), step("premium", &expiring)].concat()), [""; 0]);
}

/// A refused family would otherwise read a bare code.
#[test]
fn a_rule_that_may_say_no_needs_its_reasons_in_words() {
    let law = "[[step]]\nname = \"b\"\ntitle = \"步\"\nperformer = \"law\"\nrule = \"pack\"\nsource = \"条\"\n";
    let found = steps(&[step("a", "kind = \"pivot\"").as_str(), law].concat());
    assert!(told(&found, "pack.toml:1", "`PACK-001`") && told(&found, "pack.toml:1", "`PACK-002`"), "{found:#?}");
}

/// A command would otherwise wait for ever for a fact that no one gives.
#[test]
fn a_path_that_leads_nowhere_is_a_problem() {
    let birth = fixture("pack.toml").replace("\"general\"", "\"birth\"");
    let first = step("a", "kind = \"pivot\"\nsend = [\"child.name\", \"wether.cold\"]\ngives = [\"number\"]");
    let second = step(
        "b",
        "kind = \"forward\"\nscope = \"family\"\nsend = [\"a.number\", \"a.nubmer?\", \"child.name\"]\nafter = [\"a\"]",
    );
    let found = of(&birth, &[first, second].concat(), "");
    assert!(told(&found, "saga.toml:8", "`wether.cold`"), "{found:#?}");
    assert!(told(&found, "saga.toml:18", "`nubmer`") && told(&found, "saga.toml:18", "no single child"), "{found:#?}");
    assert_eq!(found.len(), 3, "{found:#?}");
}

/// The problems of the smallest pack with these values of the law, each with its cure.
fn of_law(law: &str) -> Vec<String> {
    let (pack, saga) = (fixture("pack.toml"), fixture("saga.toml"));
    let read = Pack::parse(&[("pack.toml", &pack), ("saga.toml", &saga), ("messages.toml", ""), ("law.toml", law)]);
    read.err().map_or_else(Vec::new, |Problems(found)| found.iter().map(ToString::to_string).collect())
}

/// Families born in the spring would otherwise have no premium at all, and no official would know.
#[test]
fn a_value_of_the_law_has_no_days_between_its_dates_on_which_there_is_none() {
    let values = |until: &str, from: &str| {
        format!(
            "[premium]\npersonal_standard = [\n  {{ value = \"400.00\", source = \"条\", until = {until} }},\n  \
             {{ value = \"420.00\", source = \"条\", from = {from} }},\n]\n"
        )
    };
    let found = of_law(&values("\"2026-01-01\"", "\"2026-06-01\""));
    assert!(told(&found, "law.toml:4", "from 2026-01-01 until 2026-06-01") && found.len() == 1, "{found:#?}");
    assert_eq!(of_law(&values("\"2026-06-01\"", "\"2026-06-01\"")), [""; 0]);
    let unquoted = of_law(&values("2026-06-01", "\"2026-06-01\""));
    assert!(told(&unquoted, "law.toml:3", "`until = \"2026-01-01\"`"), "the cure is quoted: {unquoted:#?}");
    assert!(told(&of_law(&values("\"2026-6-1\"", "\"2026-06-01\"")), "law.toml:3", "= \"2026-01-01\"`"));
}

/// An allowance would otherwise be divided by nothing, no message ever be sent, or a subsidy be of nothing.
#[test]
fn what_must_be_more_than_nothing_is_not_nothing() {
    for (section, value) in [
        ("maternity", "wage_divisor = { value = 0"),
        ("message", "daily_cap = { value = 0"),
        ("premium", "personal_standard = { value = \"0.00\""),
    ] {
        let found = of_law(&format!("[{section}]\n{value}, source = \"条\" }}\n"));
        assert!(told(&found, "law.toml:2", "cannot be nothing") && found.len() == 1, "{found:#?}");
    }
    assert_eq!(of_law("[maternity]\nprovince_days = { value = 0, source = \"条\" }\n"), [""; 0]);
}

/// A father would otherwise be reminded of what he can no longer do.
#[test]
fn a_reminder_comes_before_the_task_is_over() {
    let task = |remind: &str| {
        let more = format!(
            "kind = \"forward\"\nafter = [\"a\"]\nexpires = {{ after = \"7 days\", then = \"expire\", source = \"条\" }}\nremind = [{remind}]"
        );
        let task = "performer = \"father\"\ntask = \"sign\"\nmethods = [\"counter\"]";
        let acts = "performer = \"market-supervision\"\ncommand = \"Do\"";
        steps(&[step("a", "kind = \"pivot\""), step("b", &more).replace(acts, task)].concat())
    };
    let found = task("\"1 day\", \"7 days\"");
    assert!(told(&found, "saga.toml:18", "does not come before `expires`") && found.len() == 1, "{found:#?}");
    assert_eq!(task("\"1 day\", \"6 days\""), [""; 0]);
}

/// No family could ever be served: the certificate would wait for a name that no form holds.
#[test]
fn a_field_that_the_form_does_not_have_is_a_problem_and_the_nearest_are_named() {
    let birth = fixture("pack.toml").replace("\"general\"", "\"birth\"");
    let sent = "send = [\"child.nme\", \"child.registration.follw?\", \"child.insurance\", \"mother.bank_account?\"]";
    let saga = step("a", &format!("kind = \"pivot\"\n{sent}"));
    let Err(Problems(found)) =
        Pack::parse(&[("pack.toml", &birth), ("saga.toml", &saga), ("messages.toml", ""), ("law.toml", "")])
    else {
        panic!("a pack that can serve nobody passed");
    };
    let named: Vec<(usize, &str, bool)> =
        found.iter().map(|problem| (problem.line, &*problem.what, problem.cure.contains("child.name"))).collect();
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(named[0].0 == 8 && named[0].1.contains("`child.nme`") && named[0].2, "{found:#?}");
    assert!(found[1].cure.contains("child.registration.follow"), "{found:#?}");
}

/// The first step would otherwise wait for a number that only a later one gives, and every case with it.
#[test]
fn what_only_a_later_step_gives_cannot_be_sent_unless_it_may_be_absent() {
    let registration = step("registration", "after = [\"a\"]\nkind = \"forward\"\ngives = [\"id_number\"]");
    let first = |sent: &str| step("a", &format!("kind = \"pivot\"\nsend = [\"{sent}\"]"));
    let found = steps(&[first("registration.id_number"), registration.clone()].concat());
    assert!(told(&found, "saga.toml:8", "`registration` is not before `a`") && found.len() == 1, "{found:#?}");
    assert_eq!(steps(&[first("registration.id_number?"), registration.clone()].concat()), [""; 0]);
    let after = step("b", "after = [\"registration\"]\nkind = \"forward\"\nsend = [\"registration.id_number\"]");
    assert_eq!(steps(&[step("a", "kind = \"pivot\""), registration, after].concat()), [""; 0]);
}

/// A folder without one of the files would otherwise be a pack without messages.
#[test]
fn a_missing_file_or_folder_is_a_problem() {
    let Problems(found) = Pack::load(&folder("packs")).expect_err("no pack");
    let files: Vec<&str> = found.iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(files, ["pack.toml", "saga.toml", "messages.toml", "law.toml"]);
    assert!(Packs::load_folder(&folder("nowhere")).is_err());
}

/// Of a folder with one good and one broken pack the broken one would otherwise be left out in silence.
#[test]
fn a_folder_of_packs_is_taken_whole_or_not_at_all() {
    let Problems(found) = Packs::load_folder(&folder("packs")).expect_err("one is broken");
    assert!(found.iter().all(|problem| problem.file.starts_with("test-broken/")), "{found:#?}");
}

/// A pack would otherwise be served whose limits no official could ever name the last day of.
#[test]
fn a_pack_whose_limits_cannot_be_counted_from_its_first_day_is_not_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let pack = folder.path().join("test-minimal");
    std::fs::create_dir(&pack).expect("a folder");
    let write = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(self::folder("packs/test-minimal").join(file)).expect("a fixture");
        std::fs::write(pack.join(file), text.replace(from, to)).expect("written");
    };
    for file in ["law.toml", "messages.toml"] {
        write(file, "", "");
    }
    write("saga.toml", "source     = \"第一条\"", "limit = \"20 working days\"\nsource     = \"第一条\"");
    let served_from = |day: &str| {
        let selector = format!("areas = [\"99\"]\nborn_from = \"{day}T00:00\"");
        write("pack.toml", "areas = [\"99\"]", &selector);
        Packs::load_folder(folder.path())
    };
    assert!(served_from("2026-06-01").is_ok(), "its limits are counted for as long as the calendar is known");
    let Problems(found) = served_from("2027-01-01").expect_err("no day of 2027 is known");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((&*found[0].file, found[0].line), ("test-minimal/saga.toml", 1));
    assert!(found[0].what.contains("2027") && found[0].cure.contains("2027.toml"), "{}", found[0]);
}

/// A saga larger than the core takes would otherwise be found when the first family applies.
#[test]
fn a_saga_too_large_is_a_problem() {
    let many: String = (0..300).map(|at| step(&format!("s{at}"), "")).collect();
    let found = steps(&many);
    assert!(told(&found, "saga.toml:1", "1 to 64 steps") && found.len() == 1, "{found:#?}");
}
