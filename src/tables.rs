//! Tables that are files of the project: a row a line below the header, its cells separated by tabs.

/// The rows of `table`, each with `N` cells.
pub(crate) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().skip(1).filter_map(|line| line.split('\t').collect::<Vec<_>>().try_into().ok())
}
