//! The bot's templates, read from the API: all pages as one listing.

use std::time::Duration;

use serde_json::Value;

use super::connection::Connection;
use super::flight::Flight;
use crate::api::{
    Body, ListingCoverage, LookUpError, Outcome, Pager, Request, TEMPLATES_LIMIT, TemplateFilter, counted,
};

/// More pages than any bot has: a server may return new ones forever.
const MAX_PAGES: u32 = 100;

/// Reads every page.
///
/// # Errors
/// If a page cannot be read.
pub(crate) async fn read_templates(
    connection: &mut Connection,
    filter: &TemplateFilter,
    retry_for: Duration,
) -> Result<Listing, LookUpError> {
    let mut listing = Listing::new(filter.clone());
    while listing.end.is_none() {
        listing.read_page(connection, retry_for).await?;
    }
    Ok(listing)
}

/// The pages read so far, as one.
#[derive(Debug)]
pub(crate) struct Listing {
    filter: TemplateFilter,
    pager: Pager,
    /// The first page; its results are replaced by those of all pages.
    first: Value,
    found: Vec<Value>,
    /// How it ended, once no page follows.
    pub(crate) end: Option<ListingCoverage>,
}

impl Listing {
    pub(crate) fn new(filter: TemplateFilter) -> Self {
        let pager = Pager::new(MAX_PAGES, TEMPLATES_LIMIT);
        Self { filter, pager, first: Value::Null, found: Vec::new(), end: None }
    }

    /// Reads the next page.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) async fn read_page(
        &mut self,
        connection: &mut Connection,
        retry_for: Duration,
    ) -> Result<(), LookUpError> {
        let page = self.pager.next_page();
        let request = Request::templates(connection.base.url(), &connection.bot, &self.filter, page);
        let delivery = connection.deliver(&request, retry_for, &Flight::default()).await;
        let body = delivery.answer.as_ref().map(|answer| &answer.body);
        match (&delivery.outcome, body.and_then(|body| body.json.as_ref()), body.and_then(Body::results)) {
            (Outcome::Sent { .. }, Some(page), Some(results)) => self.add_page(page, results),
            _ => return Err(LookUpError::failed(delivery)),
        }
        Ok(())
    }

    /// Adds the next page, whose templates are `results`.
    pub(super) fn add_page(&mut self, page: &Value, results: &[Value]) {
        if self.pager.next_page() == 1 {
            self.first.clone_from(page);
        }
        for template in results {
            if self.pager.entry(template) {
                self.found.push(template.clone());
            }
        }
        // Where only some were asked for, the total may be that of all.
        let [pages, total] = counted(page);
        self.end = self.pager.end_page([pages, total.filter(|_| self.filter == TemplateFilter::default())]);
    }

    /// Whether it certainly has every template: the API counts them, and gave as many.
    pub(super) fn is_certainly_whole(&self) -> bool {
        counted(&self.first) != [None; 2] && self.end == Some(ListingCoverage::Whole)
    }

    pub(super) fn has_samples_only(&self) -> bool {
        self.first.get("samples_only") == Some(&Value::Bool(true))
    }

    /// The templates of all pages.
    pub(crate) fn templates(&self) -> &[Value] {
        &self.found
    }

    /// In the API's own shape: the first page, with the `results` of all.
    pub(crate) fn into_value(mut self) -> Value {
        if let Value::Object(fields) = &mut self.first {
            fields.shift_remove("data");
            fields.insert("results".to_owned(), Value::Array(self.found));
        }
        self.first
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// How it ends after pages with these templates and counts.
    fn end(pages: &[(&[&str], Value)]) -> Option<ListingCoverage> {
        let mut listing = Listing::new(TemplateFilter::default());
        for (names, pagination) in pages {
            assert_eq!(listing.end, None, "{pages:?}");
            let results: Vec<_> = names.iter().map(|name| json!(name)).collect();
            listing.add_page(&json!({ "pagination": pagination }), &results);
        }
        listing.end
    }

    #[test]
    fn a_listing_ends_where_the_api_says_so_and_knows_whether_that_is_all() {
        let pages = |count: u64| json!({ "totalPages": count });
        let both = |pages: u64, total: u64| json!({ "totalPages": pages, "total": total });
        for (read, expected) in [
            (&[(&["a"][..], pages(2))][..], None),
            (&[(&["a"], pages(2)), (&["b"], pages(2))], Some(ListingCoverage::Whole)),
            (&[(&["a"], json!({ "totalPages": "1" }))], Some(ListingCoverage::Whole)),
            (&[(&["a"], json!({ "totalPages": "two" }))], None),
            (&[(&["a"], json!({ "total": 1 }))], None),
            (&[(&["a"], json!({ "total": 1 })), (&["a"], json!({}))], Some(ListingCoverage::Whole)),
            (&[(&["a"], json!({})), (&[], json!({}))], Some(ListingCoverage::Whole)),
            (&[(&[], pages(0))], Some(ListingCoverage::Whole)),
            (&[(&[], pages(1))], Some(ListingCoverage::Whole)),
            (&[(&[], pages(2))], Some(ListingCoverage::Missing)),
            (&[(&["a"], both(1, 1))], Some(ListingCoverage::Whole)),
            (&[(&["a"], both(1, 2))], None),
            (&[(&["a"], both(1, 2)), (&["b"], json!({}))], Some(ListingCoverage::Whole)),
            (&[(&["a"], json!({ "totalPages": 1, "total": "2" })), (&[], json!({}))], Some(ListingCoverage::Missing)),
            // The server repeats its page, or announces less than before.
            (&[(&["a"], pages(2)), (&["a"], pages(2))], Some(ListingCoverage::Missing)),
            (&[(&["a"], pages(3)), (&["b"], pages(1))], None),
            (&[(&["a"], pages(3)), (&[], pages(0))], Some(ListingCoverage::Missing)),
        ] {
            assert_eq!(end(read), expected, "{read:?}");
        }
    }
}
