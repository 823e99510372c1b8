//! How a cell fits the format of its country.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountryFit {
    /// It may have either format, so the country decides: `12/05/2026`, or `1.500`.
    ByCountry,
    /// It has the other format: `12/25/2026` in Ecuador, or `950.00`.
    Contrary,
}
