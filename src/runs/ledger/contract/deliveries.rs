//! A message is unlisted only if it was checked, and the cost counts sent and delivered messages.

use tempfile::TempDir;

use super::{FAST, HOUR, PEOPLE, TestedLedger, name, send_all};
use crate::jelou::api::{DeliveryFacts, DeliveryState};
use crate::runs::cost::{Category, Estimate, PriceList};
use crate::runs::ledger::db::values;
use crate::runs::ledger::error::LedgerError;
use crate::runs::ledger::fixture;
use crate::runs::ledger::model::RowState;
use crate::runs::ledger::rows::delivery::{DeliveryUpdate, DeliveryUpdates};
use crate::runs::ledger::types::RunSettings;

pub(super) fn message_is_unlisted_only_if_checked(tested: &TestedLedger) {
    let run = tested.begin(&PEOPLE[..3]);
    send_all(
        &tested.ledger,
        &run.name().to_string(),
        &[RowState::Sent; 3],
    );
    let asked_at = tested.ledger.now().unwrap();
    // The first message was sent too long before the check, and the third was still in flight.
    for (n, began, ended) in [
        (1_i64, -73 * HOUR, -500),
        (2, -1000, -500),
        (3, -1000, 1000),
    ] {
        let times = values![run.id, n, asked_at + began, asked_at + ended];
        let query = "UPDATE row SET began_at = ?3, ended_at = ?4, message_id = 'm' \
            WHERE run = ?1 AND n = ?2";
        tested
            .ledger
            .db()
            .change(|db| db.run(query, &times))
            .unwrap();
    }
    assert_eq!(
        (
            run.asked_at().unwrap(),
            run.deliveries(i64::MIN).unwrap().not_asked
        ),
        (None, 3)
    );
    run.save_deliveries(&DeliveryUpdates {
        asked: Some((asked_at, 2)),
        ..DeliveryUpdates::default()
    })
    .unwrap();
    let counts = run.deliveries(i64::MIN).unwrap();
    assert_eq!(
        (counts.asked_at, counts.not_listed, counts.not_asked),
        (Some(asked_at), 1, 2)
    );
    assert_eq!(run.deliveries(asked_at - 2000).unwrap().not_asked, 1);
}

pub(super) fn cost_counts_sent_and_delivered_messages(tested: &TestedLedger) {
    use RowState::{Failed, Sent as RowSent};
    let ledger = &tested.ledger;
    let mut draft = fixture::draft(&[
        "593990000001",
        "593990000002",
        "593990000003",
        "573001234567",
    ]);
    let mut details = RunSettings {
        rate: FAST,
        estimate: Some(estimate()),
        ..fixture::details()
    };
    let made = ledger.make(
        &name(),
        true,
        &mut draft,
        &mut details,
        &fixture::earlier(),
        |_, _, _| Ok::<_, LedgerError>(true),
    );
    let run = made.unwrap().unwrap();
    send_all(ledger, "r", &[RowSent, Failed, RowSent, RowSent]);
    let shown = |estimate: &Estimate| (estimate.messages(), estimate.format_total());
    let cost = run.spent().unwrap().unwrap();
    assert_eq!(shown(&cost.estimate), (4, "1.75 USD".to_owned()));
    assert_eq!(shown(&cost.sent), (3, "1.25 USD".to_owned()));
    assert!(cost.delivered.is_none(), "there was no delivery check");
    let read = DeliveryUpdate {
        index: 1,
        after: 0,
        steps: vec![DeliveryFacts::new(DeliveryState::Read)],
        message_id: None,
    };
    run.save_deliveries(&DeliveryUpdates {
        updates: vec![read],
        proven: Vec::new(),
        asked: Some((ledger.now().unwrap(), 2)),
    })
    .unwrap();
    let delivered = run.spent().unwrap().unwrap().delivered.unwrap();
    assert_eq!(shown(&delivered), (1, "0.50 USD".to_owned()));
}

/// Estimates the cost of three messages to Ecuador and one to Colombia.
fn estimate() -> Estimate {
    let home = TempDir::new().unwrap();
    let path = home.path().join("prices.csv");
    let prices = "country,category,price,currency\nEC,service,0.5,USD\n*,service,0.25,USD\n";
    std::fs::write(&path, prices).unwrap();
    let prices = PriceList::read(&path).unwrap();
    let mut estimate = Estimate::new(&prices);
    for country in ["EC", "EC", "EC", "CO"] {
        estimate.add(&prices, Some(country), Some(Category::Service));
    }
    estimate
}
