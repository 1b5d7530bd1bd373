//! `docs/law/articles.md` names every rule and every document, so that whoever asks "by which article" finds the place.

use policy::{Packs, rules};

const ARTICLES: &str = include_str!("../../../docs/law/articles.md");

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

/// True where the page names it, alone or with an argument after a colon.
fn names(rule: &str) -> bool {
    ARTICLES.contains(&format!("`{rule}`")) || ARTICLES.contains(&format!("`{rule}:"))
}
