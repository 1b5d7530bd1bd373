//! What differs within one text: the part in the middle that was changed, with a little of what surrounds it.

use crate::advice::Words;

/// Characters shown on either side of a change.
const AROUND: usize = 8;

/// From which words to which, the common beginning and end left out.
pub(super) fn changed(old: &str, new: &str) -> Words {
    let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let shorter = old.len().min(new.len());
    let head = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let tail =
        old.iter().rev().zip(new.iter().rev()).take(shorter - head).take_while(|(one, other)| one == other).count();
    let cut = |text: &[char]| {
        let (from, to) = (head.saturating_sub(AROUND), (text.len() - tail + AROUND).min(text.len()));
        let before = if from > 0 { "…" } else { "" };
        let after = if to < text.len() { "…" } else { "" };
        format!("“{before}{}{after}”", text[from..to].iter().collect::<String>())
    };
    let (old, new) = (cut(&old), cut(&new));
    Words::new(format!("{old} 改为 {new}"), format!("{old} becomes {new}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An official would otherwise have to compare two texts of seventy characters by eye, and would miss the one.
    #[test]
    fn only_what_changed_is_shown_with_a_little_around_it() {
        let old = "您为新生儿办理的参保登记已成功,请于出生九十日内缴纳保费,逾期自缴费次日起享受待遇。";
        let new = old.replace("九十", "六十");
        assert_eq!(
            changed(old, &new).zh,
            "“…已成功,请于出生九十日内缴纳保费,…” 改为 “…已成功,请于出生六十日内缴纳保费,…”"
        );
    }

    /// A text of which one is the beginning of the other would otherwise be cut at the wrong place, or panic.
    #[test]
    fn a_text_that_grew_or_shrank_is_told_too() {
        assert_eq!(changed("aa", "aaa").zh, "“aa” 改为 “aaa”");
        assert_eq!(changed("", "乙").zh, "“” 改为 “乙”");
        assert_eq!(changed("甲", "").zh, "“甲” 改为 “”");
    }
}
