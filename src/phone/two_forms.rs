//! The two forms that mobiles of some countries have.

/// Returns the short and the long form of a number that has both. The long form has a 1 after
/// Mexico's 52, or a 9 after Argentina's 54. A mobile of Brazil has a ninth digit after 55 and its
/// area.
pub(crate) fn two_forms(digits: &str) -> Option<[String; 2]> {
    let (at, mark) = match digits.get(..2)? {
        "52" => (2, '1'),
        "54" => (2, '9'),
        "55" => (4, '9'),
        _ => return None,
    };
    let mut short = digits.to_owned();
    if digits.len() == 13 && digits.get(at..)?.starts_with(mark) {
        short.remove(at);
    }
    let is_mobile = at == 2 || short.get(at..)?.starts_with(['6', '7', '8', '9']);
    let mut long = short.clone();
    (short.len() == 12 && is_mobile).then(|| {
        long.insert(at, mark);
        [short, long]
    })
}
