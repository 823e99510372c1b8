//! A mutation breaks a promise of the ledger, to show that the simulation detects it. It replaces the text of SQL
//! statements while they run, so a mutation needs no new build.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

#[derive(Debug)]
pub(super) struct Mutation {
    pub(super) name: &'static str,
    /// Seeds of this profile detect it. Empty for all profiles.
    pub(super) profile: &'static str,
    /// Part of a statement. Only statements after it in the same transaction are changed. Empty for all statements.
    pub(super) context: &'static str,
    /// Replacements in SQL statements: `a {b->c} d` replaces the text `a b d` by `a c d`.
    edits: [Option<&'static str>; 2],
    /// Whether a late exchange passes the number of the newest connection.
    pub(super) ignores_connection: bool,
    /// Whether a restored ledger has the identity of the first one.
    pub(super) ignores_identity: bool,
    pub(super) expected: Expected,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    /// The simulation detects it within this number of seeds of its profile.
    Within(u64),
    /// The simulation does not detect it. The text says why, and which test does.
    Never(&'static str),
}

impl Mutation {
    pub(super) const fn new(name: &'static str, edit: &'static str) -> Self {
        Self {
            name,
            profile: "",
            context: "",
            edits: [Some(edit), None],
            ignores_connection: false,
            ignores_identity: false,
            expected: Expected::Within(20),
        }
    }

    pub(super) const fn ignoring_connection(name: &'static str) -> Self {
        Self {
            edits: [None, None],
            ignores_connection: true,
            ..Self::new(name, "")
        }
    }

    pub(super) const fn ignoring_identity(name: &'static str) -> Self {
        Self {
            edits: [None, None],
            ignores_identity: true,
            ..Self::new(name, "")
        }
    }

    pub(super) const fn and(self, edit: &'static str) -> Self {
        let [first, _] = self.edits;
        Self {
            edits: [first, Some(edit)],
            ..self
        }
    }

    pub(super) const fn after(self, context: &'static str) -> Self {
        Self { context, ..self }
    }

    pub(super) const fn in_profile(self, profile: &'static str) -> Self {
        Self { profile, ..self }
    }

    pub(super) const fn within(self, seeds: u64) -> Self {
        Self {
            expected: Expected::Within(seeds),
            ..self
        }
    }

    pub(super) const fn undetected(self, reason: &'static str) -> Self {
        Self {
            expected: Expected::Never(reason),
            ..self
        }
    }

    fn edits(&self) -> impl Iterator<Item = &'static str> {
        self.edits.into_iter().flatten()
    }

    /// Returns an edit that this thread made in no statement, so the mutation changed nothing.
    pub(super) fn find_unused_edit(&self) -> Option<&'static str> {
        self.edits()
            .find(|edit| USED.with_borrow(|used| !used.contains(&(self.name, *edit))))
    }
}

thread_local! {
    /// The changed statements, by the name of the mutation and the address of the original.
    static CHANGED: RefCell<HashMap<(&'static str, usize), &'static str>> = RefCell::default();
    /// The names and edits of mutations that changed a statement.
    static USED: RefCell<HashSet<(&'static str, &'static str)>> = RefCell::default();
}

/// Returns the statement with the changes of a mutation.
pub(super) fn mutate_statement(mutation: &Mutation, sql: &'static str) -> &'static str {
    let key = (mutation.name, sql.as_ptr() as usize);
    if let Some(changed) = CHANGED.with_borrow(|all| all.get(&key).copied()) {
        return changed;
    }
    let mut text = sql.to_owned();
    for edit in mutation.edits() {
        let (find, replace) = parse(edit);
        if text.contains(&find) {
            text = text.replace(&find, &replace);
            USED.with_borrow_mut(|used| used.insert((mutation.name, edit)));
        }
    }
    let changed: &'static str = if text == sql { sql } else { text.leak() };
    CHANGED.with_borrow_mut(|all| all.insert(key, changed));
    changed
}

/// Returns the text that an edit finds, and the text that replaces it.
fn parse(edit: &str) -> (String, String) {
    let mut find = String::new();
    let mut replace = String::new();
    for (index, part) in edit.split(['{', '}']).enumerate() {
        let (old, new) = if index % 2 == 0 {
            (part, part)
        } else {
            part.split_once("->").expect("an edit has an arrow")
        };
        find.push_str(old);
        replace.push_str(new);
    }
    (find, replace)
}
