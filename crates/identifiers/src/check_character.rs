//! The check characters of the standards: GB 11643 (ISO 7064 MOD 11-2), GB 32100, and ISO 7064 MOD 37,36.
//!
//! Each function takes the characters before the check character, already known to be of the right alphabet.

/// The alphabet of GB 32100-2015: digits and capitals without I, O, S, V, Z, which are misread.
pub(crate) const CREDIT_CODE_ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The alphabet of ISO 7064 MOD 37,36.
const ALPHANUMERIC: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// GB 11643: ISO 7064 MOD 11-2 over 17 digits.
pub(crate) fn mod_11_2(digits: &[u8; 17]) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: &[u8; 11] = b"10X98765432";

    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    char::from(CHECK[(sum % 11) as usize])
}

/// GB 32100-2015: weights are the powers of 3 modulo 31. `None` if a character is not of its alphabet.
pub(crate) fn credit_code(characters: &[u8]) -> Option<char> {
    let mut sum = 0;
    let mut weight = 1;
    for character in characters {
        sum += CREDIT_CODE_ALPHABET.iter().position(|known| known == character)? * weight;
        weight = weight * 3 % 31;
    }
    Some(char::from(CREDIT_CODE_ALPHABET[(31 - sum % 31) % 31]))
}

/// ISO 7064 MOD 37,36. `None` if a character is not a digit or a capital letter.
pub(crate) fn mod_37_36(characters: impl Iterator<Item = u8>) -> Option<char> {
    let mut product = 36;
    for character in characters {
        let value = ALPHANUMERIC.iter().position(|known| *known == character)?;
        let sum = (product + value) % 36;
        product = if sum == 0 { 36 } else { sum } * 2 % 37;
    }
    Some(char::from(ALPHANUMERIC[(37 - product) % 36]))
}
