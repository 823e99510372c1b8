//! The marks of templates.

use minijinja::syntax::SyntaxConfig;

/// Returns the marks of templates.
#[expect(clippy::expect_used, reason = "the marks are minijinja's own")]
pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder()
        .keep_trailing_newline(true)
        .build()
        .expect("the usual marks")
}
