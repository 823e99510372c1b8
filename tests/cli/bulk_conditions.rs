//! Whether a condition of a message means what it says: what is sent, and what is refused. Files alone: a list
//! is read before any ledger is asked.

use crate::harness::Home;

/// What comes of a template over one cell of the column `x`, and one of `y`.
enum Comes {
    /// The texts of the message.
    Of(&'static str),
    /// Refused, with this in the error.
    No(&'static str),
}
use Comes::{No, Of};

const CONDITIONS: [(&str, &str, Comes); 100] = [
    // A text is not a number.
    (
        "{% if x > 100 %}a{% endif %}.",
        "50",
        No("`x > 100` uses x as a number, but its cells are text; write `x | number > 100`"),
    ),
    ("{% if x >= 100.5 %}a{% endif %}.", "50", No("write `x | number >= 100.5`")),
    ("{% if 100 < x %}a{% endif %}.", "50", No("write `100 < x | number`")),
    ("{% if row['x'] > 100 %}a{% endif %}.", "50", No("write `row['x'] | number > 100`")),
    ("{% if x == 100 %}a{% endif %}.", "100", No("write `x | number == 100`")),
    ("{% if x in [1, 2] %}a{% endif %}.", "1", No("write `x | number in [1, 2]`")),
    ("{% if x > '100' %}a{% endif %}.", "50", No("write `x | number > 100`")),
    ("{% set s = x %}{{ s }}", "50", No("`{% set %}`: a text gives no names; write `x` where the name stands")),
    ("{{ x * 2 }}", "50", No("write `x | number * 2`")),
    ("{{ x + 10 }}", "50", No("write `x | number + 10`")),
    ("{{ 'a' if x > 5 else 'b' }}", "50", No("write `x | number > 5`")),
    ("{{ x | float }}", "1.200", No("write `x | number`")),
    ("{{ x | int + 1 }}", "50", No("`x | int`: write `x | number`")),
    ("{{ (x or 0) + 10 }}", "50", No("only numbers can be computed with")),
    ("{{ x | number ~ 5 }}", "", No("cannot be part of a text")),
    ("{{ x | number * 1.12 ~ 5 }}", "900", Of("10085")),
    ("{% if x is gt(5) %}a{% endif %}.", "50", No("there are no tests with `is`; write a comparison")),
    ("{% if x | number > 100 %}a{% endif %}.", "50", Of(".")),
    ("{% if x | number > 100 %}a{% endif %}.", "1.200,50", Of("a.")),
    ("{% if x | number > 100 %}a{% endif %}.", "1,200.50", Of("a.")),
    ("{% if x | number > 100 %}a{% endif %}.", "$ 50", Of(".")),
    (
        "{% if x | number > 100 %}a{% endif %}.",
        "1.200",
        No("say which sign its decimals have, number(',') or number('.')"),
    ),
    ("{% if x | number(',') > 100 %}a{% endif %}.", "1.200", Of("a.")),
    ("{% if x | number('.') > 100 %}a{% endif %}.", "1.200", Of(".")),
    ("{% if x | number(';') > 100 %}a{% endif %}.", "1", No("`;` is not a sign of decimals")),
    ("{% if x | number > 100 %}a{% endif %}.", "", Of(".")),
    (
        "{% if x | number < 100 %}a{% endif %}.",
        "",
        No("an empty cell counts as less than any number; write `saldo != '' and saldo | number < 100`"),
    ),
    ("{% if x != '' and x | number < 100 %}a{% endif %}.", "", Of(".")),
    ("{% if x != '' and x | number < 100 %}a{% endif %}.", "0", Of("a.")),
    ("{% if x | number and x | number > 0 %}a{% endif %}.", "0", Of(".")),
    ("{% if x | length < 3 %}a{% endif %}.", "", Of("a.")),
    (
        "{% if x > n %}a{% endif %}.",
        "9",
        No("`10` and `9` would be compared letter by letter; write `| number` behind both"),
    ),
    ("{% if x > y %}a{% endif %}.", "z", Of("a.")),
    ("{% if x | number > 100 %}a{% endif %}.", "cien", No("`cien` is not a number")),
    ("{{ x | number * 2 }}", "50", Of("100")),
    ("{{ x | number }}", "1.200,50", Of("1200.5")),
    // Neither is it yes or no.
    (
        "{% if x %}a{% endif %}.",
        "FALSE",
        No("`x` is not yes or no; write `x | yes`, or `x != ''` if it must not be empty"),
    ),
    ("{% if x and x != '0' %}a{% endif %}.", "50", No("write `x | yes`")),
    ("{% if x != '0' and y | yes or row['x'] %}a{% endif %}.", "0", No("write `row['x'] | yes`")),
    ("{% if x != '' and x != '0' %}a{% endif %}.", "50", Of("a.")),
    ("{% if x not in ['0', 'no'] %}a{% endif %}.", "no", Of(".")),
    ("{% if x | number %}a{% endif %}.", "0", Of(".")),
    ("{% if x | number %}a{% endif %}.", "150,20", Of("a.")),
    (
        "a {{ x | number }}",
        " ",
        No("the number of an empty cell, cannot be part of a text; write `| default('…')` behind it"),
    ),
    ("{{ x | number | default('0') }}", " ", Of("0")),
    ("{% if not x %}a{% endif %}.", "N", No("write `x | yes`")),
    ("{{ 'a' if x else 'b' }}", "falso", No("write `x | yes`")),
    ("{% if x == true %}a{% endif %}.", "false", No("write `x | yes`")),
    ("{% if x | yes %}a{% endif %}.", "FALSE", Of(".")),
    ("{% if x | yes %}a{% endif %}.", "Sí", Of("a.")),
    ("{% if x | yes %}a{% endif %}.", "x", Of("a.")),
    ("{% if x | yes %}a{% endif %}.", "", Of(".")),
    ("{% if x | yes %}a{% endif %}.", "quizás", No("`quizás` is neither yes nor no")),
    // However it is written.
    ("{% if (x or 0) > 100 %}a{% endif %}.", "50", No("compares the text `50` with the number 100; write `| number`")),
    ("{% if (x or 0) > 100 %}a{% endif %}.", "", Of(".")),
    ("{% if (x if x != '' else 0) > 100 %}a{% endif %}.", "50", No("compares the text `50` with the number 100")),
    ("{% if x | split | first > 100 %}a{% endif %}.", "50 USD", No("write `x | split | first | number > 100`")),
    ("{% if row[y] > 100 %}a{% endif %}.", "50", No("compares the text `y`")),
    ("{% if 1 < row[y] < 100 %}a{% endif %}.", "50", No("compares the text `y`")),
    ("{% if (x or 0) == 50 %}a{% endif %}.", "50", No("compares the text `50` with the number 50")),
    ("{% if (x or 0) in [50] %}a{% endif %}.", "50", No("compares the text `50` with the number 50")),
    ("{{ [x] | select('gt', 100) | list | length }}", "50", No("filter select is unknown")),
    (
        "{{ (x or 0) * 2 }}",
        "50",
        No("`50` is a text, and only numbers can be computed with; write `| number` behind it"),
    ),
    // What a filter takes in its brackets is known before any row.
    (
        "{{ x | date('%d de %B', lang='es') }}",
        "2026-11-28",
        No("text: `x | date('%d de %B', lang='es')`: `date` takes no `lang`; write `x | date('28 de noviembre')`"),
    ),
    (
        "{{ n }} {{ x | round('a') }}",
        "50",
        No("text: `x | round('a')`: `round` takes a number in its brackets, not a text"),
    ),
    ("{{ x | replace(1) }}", "50", No("`replace` needs 2 in its brackets; write `x | replace('-', ' ')`")),
    ("{{ x | upper(1) }}", "50", No("`x | upper(1)`: `upper` takes nothing in its brackets; write `x | upper`")),
    ("{{ x | money }}", "50", No("`money` needs 1 in its brackets; write `x | money('$')`")),
    ("{{ x | round }}", "50", No("`x | round` uses x as a number, but its cells are text; write `x | number | round`")),
    ("{% if x | abs > 1 %}a{% endif %}.", "50", No("write `x | number | abs`")),
    ("{{ x | number | default(0) }}", "", Of("0")),
    ("{{ x | number | round }}", "", No("write `| default('…')` behind a value that may be missing")),
    ("{{ x | number / 2 }}", "", No("only numbers can be computed with; write `| number | default(0)`")),
    ("{{ x | split | sum }}", "1 2", No("`sum` takes a list, not a list of words")),
    ("{{ x | split | map('number') | sum }}", "1 2", No("filter map is unknown")),
    ("{% for a in x %}{{ a }}{% endfor %}.", "1", No("there are no loops; write `{{ x | join(', ') }}` for a list")),
    ("{{ x | first }}", "", No("as the first of an empty cell or list is")),
    ("a{{ x | first | default('-') }}", "", Of("a-")),
    // Dates are compared as texts.
    (
        "{% if x < '01/12/2026' %}a{% endif %}.",
        "28/11/2026",
        No("write `| date('%Y-%m-%d')` behind a date of the list"),
    ),
    ("{% if x < '2026-12-01' %}a{% endif %}.", "28/11/2026", No("would be compared letter by letter")),
    ("{% if x < '2026-12-01' %}a{% endif %}.", "", No("an empty cell counts as less than any date")),
    ("{% if x | date('%Y-%m-%d') < '2026-12-01' %}a{% endif %}.", "28/11/2026", Of("a.")),
    ("{% if x < '2026-11-28' %}a{% endif %}.", "2026-9-30", No("would be compared letter by letter")),
    ("{% if x < '2026-11-28 12:00' %}a{% endif %}.", "2026-11-28T10:00:00Z", No("would be compared letter by letter")),
    ("{% if x < '10:00' %}a{% endif %}.", "9:30", No("write the hour with two digits")),
    ("{% if '2026-01-01' < x < '2026-12-31' %}a{% endif %}.", "", Of(".")),
    ("{% if x < '2026-12-31' < '2027-01-01' %}a{% endif %}.", "", No("an empty cell counts as less than any date")),
    // A cell is never none, and yes and no are words.
    ("{% if x == none %}a{% endif %}.", "", No("write `saldo == ''`")),
    ("{% if x is none %}a{% endif %}.", "0", No("write `x != ''` where it is filled, `x == ''` where it is empty")),
    ("{% if x is true %}a{% endif %}.", "sí", No("write `x | yes` or `not x | yes`")),
    // Numbers go out as a person writes them.
    ("{{ x | number * 1.12 }} USD", "900", Of("1008 USD")),
    ("{{ x | number * 1.12 ~ ' USD' }}", "900", Of("1008 USD")),
    ("{{ x | number ~ ' USD' }}", "", No("cannot be part of a text")),
    ("{{ '=' * (x | length) }}", "abc", No("uses a text as a number")),
    // What compares texts is left as it is.
    ("{% if x == '100' %}a{% endif %}.", "100", Of("a.")),
    ("{% if x in ['oro', 'plata'] %}a{% endif %}.", "oro", Of("a.")),
    ("{% if x < '2026-11-30' %}a{% endif %}.", "2026-11-29", Of("a.")),
    ("{{ x + ' ' + y }}", "Ana", Of("Ana y")),
    ("{{ x[:3] }}", "Cuenca", No("there are no slices; write `x | first` or `x | split | first`")),
    ("{{ z | first }}", "Cuenca", No("there is no column `z`")),
];

#[test]
fn a_condition_means_what_it_says_or_is_refused() {
    let home = Home::new();
    for (template, cell, comes) in CONDITIONS {
        home.write("list.csv", format!("to,x,y,n\n593987654321,\"{cell}\",y,10\n"));
        let ended = home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.csv", "text", template]);
        match comes {
            Of(text) => {
                let request: serde_json::Value = serde_json::from_str(&ended.success().stdout).unwrap();
                assert_eq!(request["body"]["text"], text, "{template} of `{cell}`");
            }
            No(part) => {
                let ended = ended.fails(2, &[]);
                assert!(ended.stderr.contains(part), "{template} of `{cell}`: {ended:?}");
            }
        }
    }
}

#[test]
fn the_country_says_which_sign_decimals_have() {
    let home = Home::new();
    home.write("list.csv", "to,x\n593987654321,1.200\n");
    let text = "{{ x | number }}";
    for (country, expected) in [("EC", "1200"), ("MX", "1.2")] {
        let line = ["--sandbox", "--dry-run", "bulk", "send", "list.csv", "--country", country, "text", text];
        let request: serde_json::Value = serde_json::from_str(&home.run_args(&line).success().stdout).unwrap();
        assert_eq!(request["body"]["text"], expected, "{country}");
    }
}

#[test]
fn a_column_whose_cells_contradict_the_decimal_sign_of_the_country_is_an_error() {
    let home = Home::new();
    let amounts = "to,x,y\n593987654321,\"1,234\",5\n593987654322,\"1,234.50\",5\n593987654323,950.00,5\n";
    home.write("list.csv", amounts);
    let send = |flags: &[&str], text: &str| {
        let line = [&["--sandbox", "--dry-run", "bulk", "send", "list.csv"], flags, &["text", text]].concat();
        home.run_args(&line)
    };
    send(&["--country", "EC"], "{{ x | money('$') }}").fails(
        2,
        &[
            "text: the decimals of x are not clear: `1,234` in line 2 is read as in its country, with a decimal comma, but \
             `1,234.50` in line 3 has a decimal point",
            "such as `x | number('.') | money('$')`",
        ],
    );
    let said = send(&["--country", "EC"], "{{ x | number('.') | money('$') }}").success();
    for amount in ["$1.234,00", "$1.234,50", "$950,00"] {
        assert!(said.stdout.contains(amount), "{said:?}");
    }
    // The country agrees; the column is not used as a number; the other cells are not part of the run.
    send(&["--country", "US"], "{{ x | money('$') }}").success();
    send(&["--country", "EC"], "{{ x }} {{ y | money('$') }}").success();
    send(&["--country", "EC", "--limit", "1"], "{{ x | money('$') }}").success();
    // The rows are of different countries.
    home.write(
        "list.csv",
        amounts.replace("to,x,y", "to,x,pais").replace("\"1,234\",5", "\"1,234\",EC").replace(",5", ",US"),
    );
    send(&[], "{{ x | money('$') }}").success();
    home.write(
        "list.csv",
        amounts.replace("\"1,234\"", "1.234").replace("1,234.50", "1.234,50").replace("950.00", "1"),
    );
    send(&["--country", "MX"], "{{ to }} {{ x | number }}").fails(2, &["has a decimal comma", "`x | number(',')`"]);
}

#[test]
fn a_text_that_differs_by_case_alone_is_a_warning() {
    let home = Home::new();
    home.write("list.csv", "to,plan\n593987654321,ORO\n593987654322,oro\n");
    let line =
        ["--sandbox", "--dry-run", "bulk", "send", "list.csv", "text", "{{ to }}{% if plan == 'oro' %}!{% endif %}"];
    let ended = home.run_args(&line).success();
    assert!(ended.stderr.contains("line 2: plan: `ORO` is not `oro`, as the message has it"), "{ended:?}");
    assert!(!ended.stderr.contains("line 3"), "{ended:?}");
}

#[test]
fn a_cell_with_the_apostrophe_of_a_report_is_a_warning() {
    let home = Home::new();
    home.write("list.csv", "to,x,y\n593987654321,'-3,'-3\n593987654322,'Tis,\n");
    let ended = home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.csv", "text", "{{ x }}"]).success();
    assert_eq!(ended.stderr.matches("with the apostrophe that a report writes").count(), 1, "{ended:?}");
    assert!(ended.stderr.contains("line 2: x: `'-3` goes out"), "{ended:?}");
}

#[test]
fn a_field_of_json_is_read_as_a_cell_is() {
    let home = Home::new();
    let text = "{% if x | number > 100 %}a{% endif %}{% if vip | yes %}b{% endif %}.";
    for (x, vip) in [("150", "false"), ("\"150\"", "\"no\"")] {
        home.write("list.ndjson", format!("{{\"to\":\"593987654321\",\"x\":{x},\"vip\":{vip}}}\n"));
        let ended = home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.ndjson", "text", text]).success();
        let request: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(request["body"]["text"], "a.");
    }
}

#[test]
fn values_inside_fields_of_json_are_compared_as_what_they_are() {
    let home = Home::new();
    let list = |saldo: &str, vip: &str, monto: &str| {
        home.write(
            "list.ndjson",
            format!(
                "{{\"to\":\"593987654321\",\"c\":{{\"saldo\":{saldo},\"vip\":{vip}}},\"cuotas\":[{{\"m\":{monto},\"ok\":{vip}}}]}}\n"
            ),
        );
    };
    let send = |text: &str| home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.ndjson", "text", text]);
    let of_a_list = "{% if 1 < cuotas[0].m < 10 and cuotas[0].m * 2 > 8 %}{{ cuotas[0].m }}{% endif %}.";
    let asked = "{% if not cuotas[0].ok | yes %}a{% endif %}{% if c.vip | yes %}b{% endif %}.";
    list("150", "true", "5");
    let sends = |text: &str, expected: &str| {
        let request: serde_json::Value = serde_json::from_str(&send(text).success().stdout).unwrap();
        assert_eq!(request["body"]["text"], expected, "{text}");
    };
    sends("{% if c.saldo > 100 %}a{% endif %}.", "a.");
    sends(of_a_list, "5.");
    sends(asked, "b.");
    list("\"50\"", "\"no\"", "\"5\"");
    send("{% if c.saldo > 100 %}a{% endif %}.").fails(2, &["line 1: text: compares the text `50` with the number 100"]);
    send(of_a_list).fails(2, &["compares the text `5` with the number 1; write `| number` behind the text"]);
    sends(asked, "a.");
    send("{% if c.vip %}b{% endif %}.").fails(2, &["`c.vip` is not yes or no; write `c.vip | yes`"]);
    list("null", "null", "null");
    send("{% if c.saldo < 100 %}a{% endif %}.").fails(2, &["an empty cell counts as less than any number"]);
}

#[test]
fn a_column_that_is_named_by_an_expression_is_used() {
    let home = Home::new();
    home.write("list.csv", "to,n,cuota 1,cuota 2\n593987654321,2,50,#N/A\n");
    let text = "{{ row['cuota ' ~ n] }}";
    home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.csv", "text", text])
        .fails(2, &["cuota 2: `#N/A` is an error of the spreadsheet, and would be sent"]);
}

#[test]
fn a_faulty_cell_under_a_column_that_is_not_used_hurts_nobody() {
    let home = Home::new();
    home.write("list.csv", "to,nombre,deuda\n593987654321,Ana,#N/A\n");
    home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.csv", "text", "{{ nombre }}"]).success();
    home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.csv", "text", "{{ deuda }}"])
        .fails(2, &["deuda: `#N/A` is an error of the spreadsheet"]);
}

#[test]
fn a_condition_exempts_only_the_word_that_it_asks_for() {
    let home = Home::new();
    home.write("list.csv", "to,ciudad\n593987654321,#N/A\n593987654322,Quito\n593987654323,N/A\n");
    let send = |text: &str| home.run_args(&["--sandbox", "--dry-run", "bulk", "send", "list.csv", "text", text]);
    let refused = "ciudad: `#N/A` is an error of the spreadsheet, and would be sent";
    send("{% if ciudad == 'Quito' %}Norte{% endif %} {{ ciudad }}").fails(2, &["line 2: ", refused]);
    send("{% if ciudad != 'N/A' %}{{ ciudad }}{% endif %}.").fails(2, &[refused]);
    let ended = send("{% if ciudad != '#N/A' %}{{ ciudad }}{% endif %}.").success();
    assert!(ended.stderr.contains("N/A") && ended.stderr.contains("line 4"), "{ended:?}");
    let ended = send("{{ ciudad if ciudad not in ['#N/A', 'N/A'] else 'x' }}").success();
    assert!(!ended.stderr.contains("N/A"), "{ended:?}");
}
