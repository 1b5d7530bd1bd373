//! `docs/law/articles.md` names every rule, document and article, so that whoever asks "by which article" finds the
//! place.

use std::collections::BTreeSet;

use policy::{Packs, rules};

const ARTICLES: &str = include_str!("../../../docs/law/articles.md");
const BASE: &str = include_str!("../../../docs/law/base-procedure.md");

/// By what a document is known in a source, and its mark on the page.
const DOCUMENTS: &[(&str, &str)] = &[
    ("[000]", "[000]"),
    ("促进新生儿参加医保》", "[000]"),
    ("[001]", "[001]"),
    ("晋医保发〔2026〕4号", "[001]"),
    ("[002]", "[002]"),
    ("医疗机构医疗保障定点管理暂行办法》", "[002]"),
    ("[003]", "[003]"),
    ("[004]", "[004]"),
    ("篇10", "[004]"),
    ("女职工规定", "女职工规定"),
    ("女职工劳动保护特别规定》", "女职工规定"),
    ("社会保险法", "社会保险法"),
    ("户口登记条例", "户口登记条例"),
    ("个人信息保护法", "个人信息保护法"),
    ("民法典", "民法典"),
];

const NUMERALS: &str = "一二三四五六七八九十百零";

/// A decision would otherwise rest on an article that nobody can look up.
#[test]
fn every_rule_stands_beside_its_article() {
    let missing: Vec<&str> = rules::all().map(|rule| rule.name).filter(|name| !names(name)).collect();
    assert!(missing.is_empty(), "docs/law/articles.md does not name the rules {missing:?}");
}

/// An official would otherwise read a mark like 晋医保发〔2026〕4号 and not find which document it is.
#[test]
fn every_document_of_a_shipped_pack_is_listed() {
    for pack in Packs::shipped().iter() {
        for document in pack.documents.iter() {
            let title = document.split(['《', '》']).nth(1).unwrap_or(document);
            assert!(ARTICLES.contains(title), "docs/law/articles.md does not list {document} of {}", pack.name);
        }
    }
}

/// An official would otherwise read an article in a pack that its document does not have, or whose words stand nowhere.
#[test]
fn every_article_that_a_shipped_pack_cites_stands_in_the_pages() {
    let rows = |page: &'static str| page.lines().filter(|line| line.starts_with("| "));
    let mut listed: BTreeSet<String> = BTreeSet::new();
    for row in rows(ARTICLES) {
        listed.extend(articles(row.split('|').nth(1).unwrap_or_default(), ""));
    }
    for row in rows(BASE) {
        listed.extend(articles(row.trim_end_matches(" |").rsplit('|').next().unwrap_or_default(), "[004]"));
    }
    let mut missing = Vec::new();
    for pack in Packs::shipped().iter() {
        let own = match &*pack.name {
            "anhui-2024" => "[003]",
            "shanxi-2025" => "[000]",
            "shanxi-2026" => "[001]",
            other => panic!("which document does {other} rest on?"),
        };
        for (file, text) in pack.files.iter() {
            let sources = text.lines().filter_map(|line| line.split_once("source ")?.1.split('"').nth(1));
            for article in sources.flat_map(|source| articles(source, own)).filter(|article| !listed.contains(article))
            {
                missing.push(format!("{}/{file}: {article}", pack.name));
            }
        }
    }
    assert!(missing.is_empty(), "neither docs/law/articles.md nor base-procedure.md lists {missing:#?}");
}

/// One article would otherwise pass for another that is written almost alike.
#[test]
fn articles_are_read_as_packs_write_them() {
    for (source, own, expected) in [
        (
            "unspecified: 附3 备注“参保缴费”; 附件2 二.2 未写明时限",
            "[003]",
            &["[003] 附3 备注", "[003] 附件2 二.2"][..],
        ),
        ("三(三)1; 《社会保险法》第五十六条按上年度", "[003]", &["[003] 三(三)1", "社会保险法 第五十六条"]),
        ("晋医保发〔2026〕4号 二; 三(一): 零时以后", "[000]", &["[001] 三(一)"]),
        ("[004] 篇10 第九章第二条、第六条", "[003]", &["[004] 9章第二条", "[004] 9章第六条"]),
        (
            "13章第四条: 一般20个工作日; 第八、十条",
            "[004]",
            &["[004] 13章第八条", "[004] 13章第十条", "[004] 13章第四条"],
        ),
        ("三(二): 户籍", "[000]", &["[000] 三(二)"]),
    ] {
        let read: Vec<String> = articles(source, own).into_iter().collect();
        assert_eq!(read, expected, "{source}");
    }
}

/// The articles that a text cites, each after its document's mark: of laws `第七条`, of [004] with its chapter, of plans
/// `三(二)` or `附件2 二.5`. A document and a chapter once named hold until the next.
fn articles(text: &str, own: &'static str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut mark, mut chapter) = (own, String::new());
    for piece in text.split([';', ':']) {
        let named = DOCUMENTS.iter().filter_map(|(name, mark)| Some((piece.rfind(name)? + name.len(), *mark))).max();
        let mut place = piece.trim();
        if let Some((end, document)) = named {
            (mark, chapter) = (document, String::new());
            place = piece[end..].trim_start_matches('》').trim();
        }
        if place.starts_with('附') {
            let words: Vec<&str> = place.split([' ', '“']).take(2).filter(|word| !word.is_empty()).collect();
            found.insert(format!("{mark} {}", words.join(" ")));
        }
        let number = |letter: char| NUMERALS.contains(letter) || letter.is_ascii_digit() || "()".contains(letter);
        let section = place.split(|letter| !number(letter)).next().unwrap_or_default();
        if section.contains('(') {
            found.insert(format!("{mark} {section}"));
        }
        for (end, _) in place.match_indices('条') {
            let Some((before, numbers)) = place[..end].rsplit_once('第') else { continue };
            if numbers.is_empty() || !numbers.chars().all(|letter| letter == '、' || NUMERALS.contains(letter)) {
                continue;
            }
            if let Some((before, _)) = before.rsplit_once('章') {
                let start = before.trim_end_matches(number).len();
                chapter = format!("{}章", arabic(&before[start..]));
            }
            found.extend(numbers.split('、').map(|number| format!("{mark} {chapter}第{number}条")));
        }
    }
    found
}

/// 第九章 and 9章 are one chapter; there are fifteen.
fn arabic(number: &str) -> String {
    let of_words = |words: &str| match words.strip_prefix('十') {
        Some(rest) => 10 + digit(rest),
        None => digit(words),
    };
    number.parse().unwrap_or_else(|_| of_words(number)).to_string()
}

fn digit(word: &str) -> usize {
    NUMERALS.chars().take(9).position(|letter| word.starts_with(letter)).map_or(0, |index| index + 1)
}

/// True where the page names it, alone or with an argument after a colon.
fn names(rule: &str) -> bool {
    ARTICLES.contains(&format!("`{rule}`")) || ARTICLES.contains(&format!("`{rule}:"))
}
