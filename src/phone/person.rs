//! One person under several numbers: countries that changed how mobile numbers are written know both forms.

use std::borrow::Cow;

/// What tells whether two recipients are one person: Mexico's 521 is 52, Argentina's 549 is 54, and Brazil's mobile numbers
/// are the same with and without their ninth digit. Anything else is its own key.
pub(crate) fn person_key(recipient: &str) -> Cow<'_, str> {
    if !recipient.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(recipient);
    }
    let without = |head: &str, more: &str, digits: usize| {
        let rest = recipient.strip_prefix(head)?.strip_prefix(more)?;
        (rest.len() == digits).then(|| Cow::Owned(format!("{head}{rest}")))
    };
    let brazilian = || {
        let (area, rest) = recipient.strip_prefix("55")?.split_at_checked(2)?;
        let rest = rest.strip_prefix('9').filter(|rest| rest.len() == 8)?;
        Some(Cow::Owned(format!("55{area}{rest}")))
    };
    without("52", "1", 10).or_else(|| without("54", "9", 10)).or_else(brazilian).unwrap_or(Cow::Borrowed(recipient))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_mobile_number_are_one_person() {
        for (one, other) in [
            ("5215512345678", "525512345678"),
            ("5491123456789", "541123456789"),
            ("5511987654321", "551187654321"),
            ("593987654321", "593987654321"),
            ("U521", "U521"),
        ] {
            assert_eq!(person_key(one), person_key(other), "{one}");
        }
        assert_ne!(person_key("5215512345678"), person_key("5215512345679"));
        // A landline of Brazil is no mobile number without its 9.
        assert_eq!(person_key("551132345678"), "551132345678");
    }
}
