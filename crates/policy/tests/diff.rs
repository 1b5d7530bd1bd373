//! Two versions of a pack told apart, in words and case by case.

use std::{fs, path::PathBuf};

use policy::{Pack, Packs, diff};

#[path = "shared/packs.rs"]
mod packs;

use packs::changed;

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn minimal(changes: &[(&str, &str, &str)], more: &str) -> Pack {
    let mut files: Vec<(&str, String)> = ["pack.toml", "saga.toml", "messages.toml", "law.toml"]
        .into_iter()
        .map(|file| (file, fs::read_to_string(folder("tests/packs/test-minimal").join(file)).expect("a fixture")))
        .collect();
    for (file, old, new) in changes {
        let (_, text) = files.iter_mut().find(|(name, _)| name == file).expect("a file of the pack");
        assert!(text.contains(old), "{file} has no {old}");
        *text = text.replacen(old, new, 1);
    }
    files[1].1.push_str(more);
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    Pack::parse(&files).unwrap_or_else(|problems| panic!("{problems}"))
}

fn is_golden(name: &str, told: &str) {
    let golden = folder("tests/golden").join(name);
    if std::env::var_os("YIJIAN_BLESS").is_some() {
        fs::write(&golden, format!("{}\n", told.trim_end())).expect("written");
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert_eq!(told.trim_end(), expected.trim_end(), "YIJIAN_BLESS=1 writes it anew");
}

/// An official would otherwise put a version in force without knowing all that it changes.
#[test]
fn everything_that_differs_is_told_in_words_chinese_first() {
    let value =
        |key: &str, value: &str, source: &str| format!("{key} = {{ value = \"{value}\", source = \"{source}\" }}\n");
    let law = |days: &str, source: &str, more: &str| {
        format!("[benefit]\n{}{}{more}", value("on_time", days, source), value("late_after", "3 months", "第三条"))
    };
    let old_law = law("90 days", "第二条", &value("gap_rule", "manual", "unspecified: 未写明"));
    let new_law = law(
        "60 days",
        "第二条修订",
        "on_time_effect = [{ value = \"birth\", source = \"第四条\", until = \"2027-01-01\" }, { value = \"next-month\", source = \"第四条\", from = \"2027-01-01\" }]\n",
    );
    let with_law = |law: &str, changes: &[(&str, &str, &str)], more: &str| {
        let first = "# 法律规定的值。Values that the law sets: days, amounts, ways of deciding.";
        let mut all = vec![("law.toml", first, law)];
        all.extend_from_slice(changes);
        minimal(&all, more)
    };
    let old = with_law(&old_law, &[], "");
    let new = with_law(
        &new_law,
        &[
            ("pack.toml", "version       = \"1\"", "version       = \"2\""),
            ("pack.toml", "areas = [\"99\"]", "areas = [\"99\", \"98\"]"),
            (
                "saga.toml",
                "send       = [\"shop\"]",
                "send       = [\"shop\", \"owner?\"]\nlimit = { value = \"20 working days\", source = \"第一条\" }",
            ),
        ],
        "\n[[step]]\nname = \"plate\"\ntitle = \"招牌\"\nperformer = \"market-supervision\"\ncommand = \"HangPlate\"\nafter = [\"licence\"]\nkind = \"forward\"\nsource = \"第五条\"\n",
    );
    let told: Vec<String> = diff(&old, &new).iter().map(ToString::to_string).collect();
    is_golden("diff.txt", &told.join("\n"));
    assert_eq!(diff(&new, &new), [], "a pack does not differ from itself");
}

/// A family would otherwise be written to with a text that nobody saw change.
#[test]
fn a_reason_that_was_reworded_is_shown_where_it_changed() {
    let new = changed("anhui-2024", &[("pack.toml", "申请人须为婴儿母亲。", "申请人须为婴儿的母亲。")]);
    let told = diff(Packs::shipped().get("anhui-2024").expect("shipped"), &new);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].about.zh, "不予办理的原因 PRE-108");
    assert!(told[0].what.zh.contains("为婴儿的母亲"), "{}", told[0].what.zh);
}

/// A new step in the middle would otherwise make every later step look changed.
#[test]
fn a_step_that_only_moved_in_the_list_is_the_same() {
    let step = |name: &str| {
        format!(
            "\n[[step]]\nname = \"{name}\"\ntitle = \"{name}\"\nperformer = \"market-supervision\"\ncommand = \"Do\"\nafter = [\"licence\"]\nkind = \"forward\"\nsource = \"条\"\n"
        )
    };
    let after =
        |name: &str, before: &str| step(name).replace("after = [\"licence\"]", &format!("after = [\"{before}\"]"));
    let old = minimal(&[], &(step("one") + &after("two", "one")));
    let new = minimal(&[], &(step("zero") + &after("two", "one") + &step("one")));
    let told: Vec<String> = diff(&old, &new).iter().map(|change| change.about.en.clone()).collect();
    assert_eq!(told, ["step zero"]);
}
