//! Writes the tables of `src/phone/` from libphonenumber's data: all valid numbers, as one graph of digits that needs
//! no parsing. The tables are committed. `PHONE_RULES=src/phone cargo test … phone_rules` writes them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use phonenumber::metadata::{DATABASE, Descriptor, Metadata};
use regex_automata::Anchored;
use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson;
use regex_automata::util::{start, syntax};

/// Calling codes that belong to no country.
const WITHOUT_COUNTRY: [u16; 9] = [800, 808, 870, 878, 881, 882, 883, 888, 979];

#[test]
fn phone_rules_are_current() {
    let mut codes: Vec<_> = DATABASE
        .iter()
        .map(Metadata::country_code)
        .chain(WITHOUT_COUNTRY)
        .collect();
    codes.sort_unstable();
    codes.dedup();
    let mut table = Table::default();
    table.node(Node::default());
    let mut lines =
        "# Region, calling code, usual lengths after it, an example after it, national prefix, replacement for the prefix \
         (libphonenumber).\n".to_owned();
    let mut index = 0;
    let mut roots = Vec::new();
    for code in codes {
        let regions = DATABASE
            .by_code(&code)
            .unwrap()
            .into_iter()
            .map(|metadata| {
                index += 1;
                writeln!(lines, "{}", line(metadata)).unwrap();
                Region::new(index, metadata)
            });
        let regions: Vec<_> = regions.collect();
        let begin = regions.iter().map(Region::begin).collect();
        roots.push((
            code.to_string(),
            table.explore(&mut HashMap::new(), &regions, begin),
        ));
    }
    table.join(&roots, "");
    let numbers: Vec<_> = table.nodes.iter().flat_map(Node::bytes).collect();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/phone");
    if let Some(directory) = std::env::var_os("PHONE_RULES") {
        fs::write(Path::new(&directory).join("numbers.bin"), &numbers).unwrap();
        fs::write(Path::new(&directory).join("regions.tsv"), &lines).unwrap();
    }
    assert!(
        numbers == fs::read(directory.join("numbers.bin")).unwrap(),
        "numbers.bin is not current: run tests/update"
    );
    assert_eq!(
        lines,
        fs::read_to_string(directory.join("regions.tsv")).unwrap(),
        "run tests/update"
    );
}

fn line(metadata: &Metadata) -> String {
    let kinds = metadata.descriptors();
    let usual: Vec<_> = [kinds.fixed_line(), kinds.mobile()]
        .into_iter()
        .flatten()
        .collect();
    let usual = if usual.is_empty() {
        types(metadata).collect()
    } else {
        usual
    };
    let mut lengths: Vec<_> = usual
        .into_iter()
        .flat_map(Descriptor::possible_length)
        .collect();
    lengths.sort_unstable();
    lengths.dedup();
    let lengths: Vec<_> = lengths.into_iter().map(ToString::to_string).collect();
    let prefix = match metadata.national_prefix_for_parsing() {
        Some(prefix) => prefix.as_str(),
        None => metadata.national_prefix().unwrap_or_default(),
    };
    let prefix: String = prefix.split_whitespace().collect();
    let rule = metadata
        .national_prefix_transform_rule()
        .unwrap_or_default();
    let mut usual = [kinds.mobile(), kinds.fixed_line()].into_iter().flatten();
    let example = usual.find_map(Descriptor::example).unwrap_or_default();
    format!(
        "{}\t{}\t{}\t{example}\t{prefix}\t{rule}",
        metadata.id(),
        metadata.country_code(),
        lengths.join(",")
    )
}

/// The pattern of a region's numbers.
fn types(metadata: &Metadata) -> impl Iterator<Item = &Descriptor> {
    let types = metadata.descriptors();
    [
        types.fixed_line(),
        types.mobile(),
        types.toll_free(),
        types.premium_rate(),
        types.shared_cost(),
        types.personal_number(),
        types.voip(),
        types.pager(),
        types.uan(),
        types.voicemail(),
    ]
    .into_iter()
    .flatten()
}

/// A regular expression as an automaton.
struct Pattern {
    automaton: DFA,
    cache: RefCell<Cache>,
}

/// The patterns of a region.
struct Region {
    index: u8,
    /// The beginning of this region's numbers, if it distinguishes the regions with the same calling code.
    leading: Option<Pattern>,
    general: Pattern,
    types: Pattern,
    /// Also matches landlines where both look alike, as in the USA. None if the region has no mobiles.
    mobile: Option<Pattern>,
}

/// The states of a region's patterns after some digits. None if no number continues like this.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Progress {
    /// The state, and whether the beginning has already matched.
    leading: Option<(LazyStateID, bool)>,
    whole: Option<(LazyStateID, LazyStateID)>,
    mobile: Option<LazyStateID>,
}

impl Pattern {
    fn new(source: &str) -> Self {
        let automaton = DFA::builder()
            .syntax(
                syntax::Config::new()
                    .unicode(false)
                    .utf8(false)
                    .ignore_whitespace(true),
            )
            .thompson(thompson::Config::new().utf8(false))
            // The cache must not be cleared, because that would rename the states.
            .configure(DFA::config().cache_capacity(1 << 24))
            .build(source)
            .unwrap();
        let cache = RefCell::new(automaton.create_cache());
        Self { automaton, cache }
    }

    fn begin(&self) -> LazyStateID {
        let anchored = start::Config::new().anchored(Anchored::Yes);
        self.automaton
            .start_state(&mut self.cache.borrow_mut(), &anchored)
            .unwrap()
    }

    fn next(&self, state: LazyStateID, digit: u8) -> LazyStateID {
        self.automaton
            .next_state(&mut self.cache.borrow_mut(), state, digit)
            .unwrap()
    }

    fn is_match(&self, state: LazyStateID) -> bool {
        let cache = &mut self.cache.borrow_mut();
        let is_match = self
            .automaton
            .next_eoi_state(cache, state)
            .unwrap()
            .is_match();
        assert_eq!(cache.clear_count(), 0);
        is_match
    }
}

impl Region {
    fn new(index: u8, metadata: &Metadata) -> Self {
        let whole = |source: &str| Pattern::new(&format!("^(?:{source})$"));
        let types: Vec<_> = types(metadata)
            .map(|kind| format!("(?:{})", kind.national_number().as_str()))
            .collect();
        Self {
            index,
            leading: metadata
                .leading_digits()
                .map(|leading| Pattern::new(&format!("^(?:{})", leading.as_str()))),
            general: whole(metadata.descriptors().general().national_number().as_str()),
            types: whole(&types.join("|")),
            mobile: metadata
                .descriptors()
                .mobile()
                .map(|mobile| whole(mobile.national_number().as_str())),
        }
    }

    fn begin(&self) -> Progress {
        Progress {
            leading: self
                .leading
                .as_ref()
                .map(|leading| (leading.begin(), false)),
            whole: Some((self.general.begin(), self.types.begin())),
            mobile: self.mobile.as_ref().map(Pattern::begin),
        }
    }

    fn next(&self, progress: &Progress, digit: u8) -> Progress {
        let leading = self.leading.as_ref().zip(progress.leading);
        let leading = leading.map(|(leading, (state, is_there))| {
            if is_there || leading.is_match(state) {
                (leading.begin(), true)
            } else {
                (leading.next(state, digit), false)
            }
        });
        let whole = progress.whole.map(|(general, types)| {
            (
                self.general.next(general, digit),
                self.types.next(types, digit),
            )
        });
        let mobile = self.mobile.as_ref().zip(progress.mobile);
        let mobile = mobile.map(|(mobile, state)| mobile.next(state, digit));
        Progress {
            leading,
            whole: whole.filter(|(general, types)| !general.is_dead() && !types.is_dead()),
            mobile: mobile.filter(|state| !state.is_dead()),
        }
    }

    fn is_valid(&self, progress: &Progress) -> bool {
        progress.whole.is_some_and(|(general, types)| {
            self.general.is_match(general) && self.types.is_match(types)
        })
    }

    /// Returns whether a valid number may be a mobile.
    fn is_mobile(&self, progress: &Progress) -> bool {
        let mobile = self.mobile.as_ref().zip(progress.mobile);
        mobile.is_some_and(|(mobile, state)| mobile.is_match(state))
    }

    /// Returns whether the number belongs to this region, even if it is invalid.
    fn is_chosen(&self, progress: &Progress) -> bool {
        match self.leading.as_ref().zip(progress.leading) {
            Some((leading, (state, is_there))) => is_there || leading.is_match(state),
            None => self.is_valid(progress),
        }
    }
}

/// A node of the graph. Each digit leads to another node, and node 0 is the dead end.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Node {
    next: [u16; 10],
    /// The region of a number that ends here; 0 for none.
    region: u8,
    is_mobile: bool,
}

impl Node {
    fn bytes(&self) -> impl Iterator<Item = u8> {
        self.next
            .into_iter()
            .flat_map(u16::to_le_bytes)
            .chain([self.region, self.is_mobile.into()])
    }
}

/// The graph; equal nodes are merged.
#[derive(Default)]
struct Table {
    nodes: Vec<Node>,
    known: HashMap<Node, u16>,
}

impl Table {
    fn node(&mut self, node: Node) -> u16 {
        let next = u16::try_from(self.nodes.len()).unwrap();
        *self.known.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            next
        })
    }

    /// The node of the numbers that continue from `at`.
    fn explore(
        &mut self,
        seen: &mut HashMap<Vec<Progress>, u16>,
        regions: &[Region],
        at: Vec<Progress>,
    ) -> u16 {
        if let Some(node) = seen.get(&at) {
            return *node;
        }
        let found = valid_in(regions, &at);
        let mut node = Node {
            region: found.map_or(0, |(region, _)| region.index),
            is_mobile: found.is_some_and(|(region, progress)| region.is_mobile(progress)),
            ..Node::default()
        };
        for (digit, next) in (b'0'..=b'9').zip(&mut node.next) {
            let further: Vec<_> = regions
                .iter()
                .zip(&at)
                .map(|(region, progress)| region.next(progress, digit))
                .collect();
            if further.iter().any(|progress| progress.whole.is_some()) {
                *next = self.explore(seen, regions, further);
            }
        }
        let made = self.node(node);
        seen.insert(at, made);
        made
    }

    /// The node from which the digits of calling codes lead to their `roots`.
    fn join(&mut self, roots: &[(String, u16)], begun: &str) -> u16 {
        if let Some((_, root)) = roots.iter().find(|(code, _)| code == begun) {
            return *root;
        }
        let mut node = Node::default();
        for (digit, next) in ('0'..='9').zip(&mut node.next) {
            let begun = format!("{begun}{digit}");
            if roots.iter().any(|(code, _)| code.starts_with(&begun)) {
                *next = self.join(roots, &begun);
            }
        }
        self.node(node)
    }
}

/// Returns the first region with a matching beginning. For a region without one, the whole number must match.
/// libphonenumber has the same rule.
fn valid_in<'a>(regions: &'a [Region], at: &'a [Progress]) -> Option<(&'a Region, &'a Progress)> {
    let mut regions = regions.iter().zip(at);
    let chosen = regions.find(|(region, progress)| region.is_chosen(progress));
    chosen.filter(|(region, progress)| region.is_valid(progress))
}
