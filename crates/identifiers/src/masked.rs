//! What a `Debug` shows of a personal value: its ends, when it is long enough for the middle to stay unknown.

/// `text` with all but its first and last characters replaced by `*`.
pub(crate) fn masked(text: &str, shown_first: usize, shown_last: usize) -> String {
    let count = text.chars().count();
    let shown = |index: usize| index < shown_first || index + shown_last >= count;
    text.chars().enumerate().map(|(index, char)| if shown(index) { char } else { '*' }).collect()
}
