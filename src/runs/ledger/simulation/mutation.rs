//! A mutation breaks a promise of the ledger or of a run's engine, to show that the simulation detects it. It replaces the
//! text of SQL statements while they run, or changes decisions of the engine, so a mutation needs no new build.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::runs::sending::{Engine, EngineAction};

pub(super) struct Mutation {
    pub(super) name: &'static str,
    /// Seeds of this profile detect it. Empty for all profiles.
    pub(super) profile: &'static str,
    /// Part of a statement. Only statements after it in the same transaction are changed. Empty for all statements.
    pub(super) context: &'static str,
    edits: Vec<Edit>,
    /// Changes the engine before it carries out an action, or that action.
    pub(super) change_engine: EngineChange,
    /// Whether a late exchange passes the number of the newest connection.
    pub(super) ignores_connection: bool,
    /// Whether a restored ledger has the identity of the first one.
    pub(super) ignores_identity: bool,
    pub(super) expected: Expected,
}

type EngineChange = fn(&mut Engine, &mut EngineAction);

/// Changes one of the ledger's SQL texts: a statement, or a part of statements.
struct Edit {
    sql: &'static str,
    changed: String,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Expected {
    /// The simulation detects it within this number of seeds of its profile.
    Within(u64),
    /// The simulation does not detect it. The text says why, and which test does.
    Never(&'static str),
}

impl Mutation {
    fn named(name: &'static str) -> Self {
        Self {
            name,
            profile: "",
            context: "",
            edits: Vec::new(),
            change_engine: |_, _| {},
            ignores_connection: false,
            ignores_identity: false,
            expected: Expected::Within(20),
        }
    }

    /// Creates a mutation that changes `sql`: the edit `a {b->c} d` replaces the text `a b d` by `a c d`.
    pub(super) fn new(name: &'static str, sql: &'static str, edit: &str) -> Self {
        Self::named(name).and(sql, edit)
    }

    pub(super) fn ignoring_connection(name: &'static str) -> Self {
        Self {
            ignores_connection: true,
            ..Self::named(name)
        }
    }

    pub(super) fn ignoring_identity(name: &'static str) -> Self {
        Self {
            ignores_identity: true,
            ..Self::named(name)
        }
    }

    pub(super) fn of_engine(name: &'static str, change_engine: EngineChange) -> Self {
        Self {
            change_engine,
            ..Self::named(name)
        }
    }

    pub(super) fn and(mut self, sql: &'static str, edit: &str) -> Self {
        let (find, replace) = parse(edit);
        assert_eq!(sql.matches(&find).count(), 1, "`{find}` in `{sql}`");
        let changed = sql.replace(&find, &replace);
        self.edits.push(Edit { sql, changed });
        self
    }

    pub(super) fn after(self, context: &'static str) -> Self {
        Self { context, ..self }
    }

    pub(super) fn in_profile(self, profile: &'static str) -> Self {
        Self { profile, ..self }
    }

    pub(super) fn within(self, seeds: u64) -> Self {
        Self {
            expected: Expected::Within(seeds),
            ..self
        }
    }

    pub(super) fn undetected(self, reason: &'static str) -> Self {
        Self {
            expected: Expected::Never(reason),
            ..self
        }
    }

    /// Returns an SQL text that this thread ran in no statement, so its edit changed nothing.
    pub(super) fn find_unused_edit(&self) -> Option<&'static str> {
        let mut texts = self.edits.iter().map(|edit| edit.sql);
        texts.find(|sql| USED.with_borrow(|used| !used.contains(&(self.name, *sql))))
    }
}

thread_local! {
    /// The changed statements, by the name of the mutation and the address of the original.
    static CHANGED: RefCell<HashMap<(&'static str, usize), &'static str>> = RefCell::default();
    /// The names of mutations, with the SQL texts that they changed.
    static USED: RefCell<HashSet<(&'static str, &'static str)>> = RefCell::default();
}

/// Returns the statement with the changes of a mutation.
pub(super) fn mutate_statement(mutation: &Mutation, sql: &'static str) -> &'static str {
    let key = (mutation.name, sql.as_ptr() as usize);
    if let Some(changed) = CHANGED.with_borrow(|all| all.get(&key).copied()) {
        return changed;
    }
    let mut text = sql.to_owned();
    for Edit { sql, changed } in &mutation.edits {
        if text.contains(sql) {
            text = text.replace(sql, changed);
            USED.with_borrow_mut(|used| used.insert((mutation.name, sql)));
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
