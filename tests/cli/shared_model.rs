//! The functions of the shared ledger against a small model of them: three workers that exchange, lose answers, come back,
//! and are taken for lost, in any order.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

use crate::postgres::Cluster;

const ROWS: i64 = 12;
const WORKERS: usize = 3;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    /// A worker says what became of so many of its rows, and wants so many. The answer may be lost.
    Exchange { worker: usize, says: Vec<u8>, wanted: i32, is_lost: bool },
    /// A worker comes back on a new connection.
    Rejoin { worker: usize },
    /// A call of an older connection arrives late.
    Stale { worker: usize },
    /// The leases of a worker run out, and whoever comes by notes it.
    Expire { worker: usize },
    /// A person says what unknown rows are.
    Resolve { to: &'static str },
}

fn step() -> impl Strategy<Value = Step> {
    let worker = 0..WORKERS;
    prop_oneof![
        6 => (worker.clone(), proptest::collection::vec(0_u8..4, 0..4), 0..5_i32, proptest::bool::weighted(0.2))
            .prop_map(|(worker, says, wanted, is_lost)| Step::Exchange { worker, says, wanted, is_lost }),
        2 => worker.clone().prop_map(|worker| Step::Rejoin { worker }),
        1 => worker.clone().prop_map(|worker| Step::Stale { worker }),
        1 => worker.prop_map(|worker| Step::Expire { worker }),
        1 => prop_oneof![Just("sent"), Just("failed"), Just("pending")].prop_map(|to| Step::Resolve { to }),
    ]
}

/// A row as the model has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ModelRow {
    state: &'static str,
    number: i32,
    /// The worker that has not said what became of it.
    owner: Option<usize>,
}

/// What a worker knows.
#[derive(Clone, Debug, Default)]
struct ModelWorker {
    id: i64,
    session: i32,
    /// It must come back before it says anything.
    is_cut: bool,
    /// Rows that it was given and has not spoken of, with their numbers.
    held: BTreeMap<i64, i32>,
    /// What it said in a call whose answer was lost, to be said again.
    unsaid: Vec<(i64, i32, &'static str)>,
}

struct Model<'a> {
    runtime: &'a Runtime,
    client: &'a Client,
    run: i64,
    rows: BTreeMap<i64, ModelRow>,
    workers: Vec<ModelWorker>,
    /// How often a byte of each row may have left.
    left: BTreeMap<i64, u32>,
}

/// What a worker may say of a row: of the last, that no byte has left.
const SAID: [&str; 4] = ["sent", "failed", "unknown", "pending"];

impl Model<'_> {
    fn ask(&self, query: &str, parameters: &[&(dyn tokio_postgres::types::ToSql + Sync)]) -> Vec<tokio_postgres::Row> {
        self.runtime.block_on(self.client.query(query, parameters)).unwrap()
    }

    fn exchange(
        &mut self,
        worker: usize,
        session: i32,
        said: &[(i64, i32, &'static str)],
        wanted: i32,
    ) -> (String, Vec<(i64, i32)>) {
        let rows: Vec<i64> = said.iter().map(|(n, ..)| *n).collect();
        let numbers: Vec<i32> = said.iter().map(|(_, number, _)| *number).collect();
        let states: Vec<&str> = said.iter().map(|(.., state)| *state).collect();
        let zeros = vec![0_i64; said.len()];
        let (statuses, texts) = (vec![None::<i32>; said.len()], vec![Some("x"); said.len()]);
        let query = "SELECT verdict, n, number FROM jelouctl.exchange($1, $2, $3, $4, $5, $6, $6, $7, $8, $8, $8, $8, 0, false, NULL, $9)";
        let id = self.workers[worker].id;
        let answer = self.ask(query, &[&id, &session, &rows, &numbers, &states, &zeros, &statuses, &texts, &wanted]);
        let given = answer.iter().filter_map(|row| Some((row.get::<_, Option<i64>>(1)?, row.get(2)))).collect();
        let verdict = answer.iter().find(|row| row.get::<_, Option<i64>>(1).is_none()).unwrap().get(0);
        (verdict, given)
    }

    fn rejoin(&self, worker: usize, session: i32, rows: &[i64], numbers: &[i32]) -> Option<bool> {
        let query = "SELECT jelouctl.rejoin($1, $2, $3, NULL, $4, $5)";
        self.ask(query, &[&self.run, &self.workers[worker].id, &session, &rows, &numbers])[0].get(0)
    }

    fn note(&mut self, worker: usize, said: &[(i64, i32, &'static str)]) {
        for (n, number, state) in said {
            let row = self.rows.get_mut(n).unwrap();
            if row.owner == Some(worker) && row.number == *number {
                (row.state, row.owner) = (state, None);
            }
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Exchange { worker, says, wanted, is_lost } => {
                if self.workers[*worker].is_cut {
                    return Ok(());
                }
                let held: Vec<(i64, i32)> =
                    self.workers[*worker].held.iter().map(|(n, number)| (*n, *number)).collect();
                let mut said = std::mem::take(&mut self.workers[*worker].unsaid);
                let is_said = |n: i64| said.iter().any(|(known, ..)| *known == n);
                let open: Vec<_> = held.into_iter().filter(|(n, _)| !is_said(*n)).collect();
                for ((n, number), says) in open.into_iter().zip(says) {
                    let state = SAID[usize::from(*says)];
                    // What a person has decided meanwhile, he decided at his own risk.
                    if state != "pending" && self.rows[&n].number == number {
                        *self.left.entry(n).or_default() += 1;
                    }
                    said.push((n, number, state));
                }
                let (verdict, given) = self.exchange(*worker, self.workers[*worker].session, &said, *wanted);
                prop_assert_ne!(&verdict, "stale");
                self.note(*worker, &said);
                for (n, number) in &given {
                    let row = self.rows.get_mut(n).unwrap();
                    prop_assert_eq!((row.state, row.number + 1), ("pending", *number), "row {} was given", n);
                    *row = ModelRow { state: "inflight", number: *number, owner: Some(*worker) };
                }
                let knows = &mut self.workers[*worker];
                if *is_lost {
                    (knows.is_cut, knows.unsaid) = (true, said);
                } else {
                    for (n, ..) in &said {
                        knows.held.remove(n);
                    }
                    knows.held.extend(given);
                }
            }
            Step::Rejoin { worker } => {
                let knows = self.workers[*worker].clone();
                let (rows, numbers): (Vec<i64>, Vec<i32>) = knows.held.iter().map(|(n, number)| (*n, *number)).unzip();
                let session = knows.session + 1;
                prop_assert_eq!(self.rejoin(*worker, session, &rows, &numbers), Some(true));
                for (n, row) in &mut self.rows {
                    if row.owner == Some(*worker) && knows.held.get(n) != Some(&row.number) {
                        (row.state, row.owner) = ("pending", None);
                    }
                }
                let knows = &mut self.workers[*worker];
                (knows.session, knows.is_cut) = (session, false);
            }
            Step::Stale { worker } => {
                let session = self.workers[*worker].session;
                let (verdict, given) = self.exchange(*worker, session - 1, &[], 5);
                prop_assert_eq!((verdict.as_str(), given.len()), ("stale", 0));
                // It was sent when the worker held nothing yet.
                prop_assert_eq!(self.rejoin(*worker, session, &[], &[]), Some(false));
            }
            Step::Expire { worker } => {
                let id = self.workers[*worker].id;
                self.ask("UPDATE jelouctl.row SET lease_until = clock_timestamp() - interval '1 s' WHERE run = $1 AND worker = $2 AND lease_until IS NOT NULL", &[&self.run, &id]);
                self.ask("UPDATE jelouctl.run SET swept_at = '-infinity' WHERE id = $1", &[&self.run]);
                let by = (worker + 1) % WORKERS;
                if self.workers[by].is_cut {
                    self.ask("UPDATE jelouctl.row SET lease_until = clock_timestamp() + interval '1 h' WHERE run = $1 AND worker = $2 AND lease_until IS NOT NULL", &[&self.run, &id]);
                } else {
                    self.exchange(by, self.workers[by].session, &[], 0);
                    for row in
                        self.rows.values_mut().filter(|row| row.owner == Some(*worker) && row.state == "inflight")
                    {
                        row.state = "unknown";
                    }
                }
            }
            Step::Resolve { to } => {
                self.ask("SELECT jelouctl.resolve_rows($1, 'unknown', $2, 'x', array_agg(n), array_agg(number)) FROM jelouctl.row WHERE run = $1", &[&self.run, to]);
                // Messages to the same person are 6 seconds apart, which nobody waits for here.
                self.ask("UPDATE jelouctl.row SET due_at = clock_timestamp() WHERE run = $1 AND state = 'pending' AND due_at > clock_timestamp()", &[&self.run]);
                for (n, row) in self.rows.iter_mut().filter(|(_, row)| row.state == "unknown") {
                    *row = ModelRow { state: to, number: row.number + 1, owner: None };
                    self.left.remove(n);
                }
            }
        }
        let known = self.ask(
            "SELECT n, state, number, lease_until IS NOT NULL FROM jelouctl.row WHERE run = $1 ORDER BY n",
            &[&self.run],
        );
        for row in known {
            let (n, state, number, is_owned): (i64, String, i32, bool) =
                (row.get(0), row.get(1), row.get(2), row.get(3));
            let model = &self.rows[&n];
            prop_assert_eq!(
                (model.state, model.number, model.owner.is_some()),
                (state.as_str(), number, is_owned),
                "row {}",
                n
            );
        }
        prop_assert!(self.left.values().all(|times| *times <= 1), "a row left twice: {:?}", self.left);
        Ok(())
    }
}

#[test]
fn whatever_three_workers_do_the_ledger_says_what_the_model_says() {
    let Some(cluster) = Cluster::shared() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = cluster.database();
    let client = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&cluster.url("postgres", &database), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    });
    let number = std::cell::Cell::new(0);
    let config = Config { cases: 64, failure_persistence: None, ..Config::default() };
    let steps = proptest::collection::vec(step(), 1..30);
    let ran = TestRunner::new(config).run(&steps, |steps| {
        number.set(number.get() + 1);
        let name = format!("r{}", number.get());
        let script = format!(
            "BEGIN; SELECT jelouctl.make_run('{name}', '{{}}', '7', 'http://x', false, 1000000000); \
             INSERT INTO jelouctl.row (run, n, state, number, due_at) SELECT (SELECT max(id) FROM jelouctl.run), n, 'pending', 0, '-infinity' FROM generate_series(1, {ROWS}) AS n; \
             INSERT INTO jelouctl.content (run, n, line, cells, recipient, path, body) SELECT (SELECT max(id) FROM jelouctl.run), n, n, '[]', 'x', '/x', '{{}}' FROM generate_series(1, {ROWS}) AS n; COMMIT"
        );
        runtime.block_on(client.batch_execute(&script)).unwrap();
        let run: i64 = runtime.block_on(client.query_one("SELECT max(id) FROM jelouctl.run", &[])).unwrap().get(0);
        let pending = ModelRow { state: "pending", number: 0, owner: None };
        let mut model = Model {
            runtime: &runtime,
            client: &client,
            run,
            rows: (1..=ROWS).map(|n| (n, pending.clone())).collect(),
            workers: Vec::new(),
            left: BTreeMap::new(),
        };
        for _ in 0..WORKERS {
            let joined = model.ask("SELECT worker, session FROM jelouctl.join_run($1, 'h', 1, 3600000)", &[&run]);
            let (id, session) = (joined[0].get(0), joined[0].get(1));
            model.workers.push(ModelWorker { id, session, ..ModelWorker::default() });
        }
        steps.iter().try_for_each(|step| model.step(step))
    });
    ran.unwrap();
}
