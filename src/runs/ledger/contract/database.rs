//! A ledger in a database of a PostgreSQL server that all tests share.

use std::sync::{Arc, OnceLock};

use super::TestedLedger;
use super::needs::can_test;
use super::postgres::{Cluster, EMPTY_LEDGER, SENDER, programs};
use crate::runs::ledger::{DatabaseAddress, Ledger, LedgerLocation, TurnPatience, set_up};

pub(super) fn cluster() -> Option<&'static Cluster> {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    let start = || {
        let cluster = Cluster::empty("", &[], &[]);
        assert!(
            set_up(address(&cluster.url("postgres", EMPTY_LEDGER)))
                .unwrap()
                .is_some()
        );
        cluster.let_send();
        cluster
    };
    can_test("a PostgreSQL server", || programs().is_some()).then(|| SHARED.get_or_init(start))
}

fn address(url: &str) -> DatabaseAddress {
    let password = Arc::new(|| Ok(None));
    DatabaseAddress {
        config: url.parse().unwrap(),
        is_encrypted: false,
        roots: None,
        password,
        shown: url.to_owned(),
    }
}

pub(super) fn ledger(cluster: &'static Cluster) -> TestedLedger {
    let database = cluster.database();
    let place = LedgerLocation::Database(Box::new(address(&cluster.url(SENDER, &database))));
    let ledger = Ledger::open(place, TurnPatience::quiet()).unwrap();
    let end_leases = Box::new(move || {
        cluster.sql(&database, "UPDATE jelouctl.worker SET seen_at = 0");
    });
    TestedLedger {
        ledger,
        end_leases,
        home: None,
    }
}
