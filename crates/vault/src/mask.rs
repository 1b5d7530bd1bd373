//! Shows just enough of a personal value for a clerk to recognise it, and no more.
//!
//! For pages and messages to people who may see the case. Logs show not even this.

/// Stands for each hidden character.
const HIDDEN: char = '*';

/// A name with all but its first and last character hidden: `王小明` becomes `王*明`, `王明` becomes `王*`.
pub fn name(name: &str) -> String {
    match name.chars().count() {
        0 | 1 => hide(name, 0, 0),
        2 => hide(name, 1, 0),
        _ => hide(name, 1, 1),
    }
}

/// An ID number with its first four and last four characters shown: `3401**********0015`. The birth date stays hidden.
/// Of a shorter number (a passport, a certificate) at most a quarter is shown at either end.
pub fn id_number(number: &str) -> String {
    let shown = (number.chars().count() / 4).min(4);
    hide(number, shown, shown)
}

/// A mobile number with its middle hidden: `138****1234`. Of a shorter number only the last quarter is shown.
pub fn phone(phone: &str) -> String {
    match phone.chars().count() {
        11.. => hide(phone, 3, 4),
        shorter => hide(phone, 0, shorter / 4),
    }
}

fn hide(text: &str, shown_first: usize, shown_last: usize) -> String {
    let count = text.chars().count();
    let shown = |index| index < shown_first || index >= count - shown_last;
    text.chars().enumerate().map(|(index, char)| if shown(index) { char } else { HIDDEN }).collect()
}
