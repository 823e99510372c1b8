//! The tables: all valid numbers, as a graph of digits, the properties of each region, and numbers that WhatsApp spells
//! differently from the rules.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::person::two_forms;

/// The nodes of the graph, made by `tests/cli/phone_rules.rs`. Each has ten successors, one for each digit, and the region of a
/// number that ends there. The first node is the dead end, the last is the start.
static NUMBERS: &[u8] = include_bytes!("numbers.bin");

/// One region per line.
static REGIONS: &str = include_str!("regions.tsv");

/// Ten nodes of two bytes, and the region.
const NODE: usize = 21;

/// A region with a numbering plan: a country, a part of one, or `001`, a service of the whole world.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// Two letters, as in ISO 3166.
    pub(super) code: &'static str,
    pub(super) calling_code: &'static str,
    /// How many digits follow the calling code in landlines and mobiles: `8,9`.
    pub(super) lengths: &'static str,
    /// The national prefix, a regular expression; empty if there is none.
    pub(super) prefix: &'static str,
    /// Its replacement; empty if there is none.
    pub(super) in_place: &'static str,
}

/// The region that `digits`, a calling code and what follows it, is a valid number of.
pub(super) fn region_of(digits: &str) -> Option<&'static Region> {
    regions().get(usize::from(walk(digits)).checked_sub(1)?)
}

/// Whether `digits`, a calling code and what follows it, is a valid number.
pub(super) fn is_valid(digits: &str) -> bool {
    walk(digits) != 0
}

/// The region of the number, counted from 1; 0 if `digits` are not a number.
fn walk(digits: &str) -> u8 {
    let (nodes, _) = NUMBERS.as_chunks::<NODE>();
    let Some(begin) = nodes.last() else { return 0 };
    let end = digits.bytes().try_fold(begin, |node, digit| {
        let at = usize::from(digit.wrapping_sub(b'0')) * 2;
        let next = u16::from_le_bytes([*node.get(at)?, *node.get(at + 1)?]);
        nodes.get(usize::from(next)).filter(|_| next != 0 && digit.is_ascii_digit())
    });
    end.map_or(0, |[.., region]| *region)
}

/// All regions; those with one calling code are adjacent, the main one first.
pub(super) fn regions() -> &'static [Region] {
    static READ: OnceLock<Vec<Region>> = OnceLock::new();
    READ.get_or_init(|| REGIONS.lines().filter(|line| !line.starts_with('#')).filter_map(Region::read).collect())
}

/// The regions whose calling code `digits` begin with.
pub(super) fn regions_of_code(digits: &str) -> impl Iterator<Item = &'static Region> {
    regions().iter().filter(move |region| digits.starts_with(region.calling_code))
}

impl Region {
    fn read(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let mut field = || fields.next();
        Some(Self { code: field()?, calling_code: field()?, lengths: field()?, prefix: field()?, in_place: field()? })
    }

    /// Whether it is a country or a part of one.
    pub(super) fn is_country(&self) -> bool {
        self.code != "001"
    }
}

/// Whether `digits` are a number by the rules, or another spelling of one.
pub(super) fn is_number(digits: &str) -> bool {
    is_valid(digits) || is_valid(&by_the_rules(digits))
}

/// The region of a number in any spelling.
pub(super) fn region_of_number(digits: &str) -> Option<&'static Region> {
    region_of(digits).or_else(|| region_of(&by_the_rules(digits)))
}

/// Mexico's 521 is 52, Argentina's 549 is 54, and a mobile of Brazil without its ninth digit has one.
fn by_the_rules(digits: &str) -> Cow<'_, str> {
    let form = two_forms(digits).map(|[short, long]| if digits.starts_with("55") { long } else { short });
    form.map_or(Cow::Borrowed(digits), Cow::Owned)
}
