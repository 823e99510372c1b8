//! How many words each room of the program decides with: in constant lists, in patterns and in data files. A new word is a
//! decision that a review sees; a table that somebody else publishes does not count.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// The words of each room.
const LIMITS: [(&str, usize); 9] = [
    ("base", 187),
    ("cli", 283),
    ("commands", 78),
    ("jelou", 364),
    ("lists", 426),
    ("phone", 54),
    ("runs", 83),
    ("sandbox", 80),
    ("sender", 131),
];

/// Folders with tests.
const TESTS: [&str; 4] = ["contract", "simulation", "fuzzing", "tests"];

/// Files with texts that the program prints, or that the API documents.
const TEXTS: [&str; 4] = ["after_help.txt", "statuses.tsv", "codes.tsv", "es.tsv"];

#[test]
fn words_are_counted_by_room() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = BTreeMap::new();
    for (room, _) in LIMITS {
        let files = files_in(&source.join(room));
        let words: usize = files.iter().map(|file| words_in(file)).sum();
        rooms.insert(room, words);
    }
    assert_eq!(
        rooms,
        BTreeMap::from(LIMITS),
        "the words in tables, patterns and data files have changed: a new word is a decision for review. If it is \
         right, or if there are fewer, enter the count on the left in LIMITS of tests/cli/word_tables.rs"
    );
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if !path.is_dir() {
            files.push(path);
        } else if !TESTS.contains(&name) {
            files.extend(files_in(&path));
        }
    }
    files
}

fn words_in(file: &Path) -> usize {
    let name = file.file_name().unwrap().to_str().unwrap();
    let extension = file.extension().and_then(|extension| extension.to_str());
    let folder = file.parent().unwrap();
    let is_of_page = folder.ends_with("report_page") || folder.ends_with("sandbox/page");
    let is_text = TEXTS.contains(&name) || is_of_page;
    let has_tests = ["fixture.rs", "tests.rs"].contains(&name);
    let read = || fs::read_to_string(file).unwrap();
    match extension {
        Some("rs") if !has_tests => {
            let mut counter = WordCounter::default();
            counter.visit_file(&syn::parse_file(&read()).unwrap());
            counter.words
        }
        Some("tsv" | "txt") if !is_text => {
            let table = read();
            let is_published = table.starts_with('#');
            if is_published {
                0
            } else {
                table.lines().count()
            }
        }
        _ => 0,
    }
}

#[derive(Default)]
struct WordCounter {
    words: usize,
    /// Whether the current part is a list or a pattern.
    is_counting: bool,
}

impl WordCounter {
    fn count(&mut self, part: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.is_counting, true);
        part(self);
        self.is_counting = before;
    }

    /// Counts the pattern in the tokens of `matches!(value, pattern if condition)`.
    fn count_matches(&mut self, tokens: TokenStream) {
        let is_comma =
            |token: &TokenTree| matches!(token, TokenTree::Punct(sign) if sign.as_char() == ',');
        let is_if = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "if");
        let pattern = tokens.into_iter().skip_while(|token| !is_comma(token));
        for token in pattern.take_while(|token| !is_if(token)) {
            self.words += words_in_token(token);
        }
    }
}

fn words_in_token(token: TokenTree) -> usize {
    match token {
        TokenTree::Literal(literal) => usize::from(is_word(&syn::Lit::new(literal))),
        TokenTree::Group(group) => group.stream().into_iter().map(words_in_token).sum(),
        TokenTree::Ident(_) | TokenTree::Punct(_) => 0,
    }
}

fn is_word(literal: &syn::Lit) -> bool {
    use syn::Lit::{Byte, ByteStr, CStr, Char, Str};
    matches!(literal, Str(_) | ByteStr(_) | CStr(_) | Char(_) | Byte(_))
}

fn is_list(kind: &syn::Type) -> bool {
    match kind {
        syn::Type::Array(_) | syn::Type::Slice(_) => true,
        syn::Type::Reference(reference) => is_list(&reference.elem),
        _ => false,
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let list = attribute.meta.require_list();
        list.is_ok_and(|list| list.path.is_ident("cfg") && list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for WordCounter {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if is_list(&item.ty) {
            self.count(|counter| counter.visit_expr(&item.expr));
        }
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        if is_list(&item.ty) {
            self.count(|counter| counter.visit_expr(&item.expr));
        }
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        if is_list(&item.ty) {
            self.count(|counter| counter.visit_expr(&item.expr));
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        self.count(|counter| counter.visit_pat(&arm.pat));
        if let Some((_, condition)) = &arm.guard {
            self.visit_expr(condition);
        }
        self.visit_expr(&arm.body);
    }

    // A range, such as 'a'..='z', is a class of characters.
    fn visit_pat(&mut self, pattern: &'ast syn::Pat) {
        if !matches!(pattern, syn::Pat::Range(_)) {
            visit::visit_pat(self, pattern);
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        if called.path.is_ident("matches") {
            self.count_matches(called.tokens.clone());
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if call.method == "contains" && matches!(*call.receiver, syn::Expr::Array(_)) {
            self.count(|counter| counter.visit_expr(&call.receiver));
        } else {
            self.visit_expr(&call.receiver);
        }
        call.args
            .iter()
            .for_each(|argument| self.visit_expr(argument));
    }

    fn visit_lit(&mut self, literal: &'ast syn::Lit) {
        self.words += usize::from(self.is_counting && is_word(literal));
    }
}

#[test]
fn lists_and_patterns_are_counted() {
    let source = r#"
        const LIST: [&str; 2] = ["a", "b"];
        static PAIRS: &[(char, u8)] = &[('c', 1), ('d', 2)];
        const TEXT: &str = "text";
        fn choose(word: &str) -> bool {
            match word {
                "e" | "f" if word != "text" => true,
                "a"..="z" => println!("text"),
                other => ["g", "h"].contains(&other) || matches!(other, "i" | "j" if other != "text"),
            }
        }
        #[cfg(test)]
        mod tests {
            const LIST: [&str; 1] = ["k"];
        }
    "#;
    let mut counter = WordCounter::default();
    counter.visit_file(&syn::parse_file(source).unwrap());
    assert_eq!(counter.words, 10);
}
