//! Conditions in a message: which are sent, and which are refused as ambiguous.

use crate::harness::Home;

#[test]
fn unsupported_syntax_is_reported_once() {
    let home = Home::new();
    home.write("list.csv", "to,x\n593987654321,50\n593987654322,60\n");
    let send = |text: &str| home.dry_run_list(&["list.csv", "text", text]);
    send("{{ x * 100 }}").fails(
        2,
        &[
            "error: text: `x` is not a number\n",
            "hint: write `x | number`",
        ],
    );
    send("{% if x > 100 %}a{% endif %}").fails(
        2,
        &[
            "line 2: text: compares the text `50` with 100\n    hint: write `| number` after the text\n",
            "line 3: text: compares the text `60` with 100\n",
            "no row can be sent",
        ],
    );
    send("{% if x == 'no' %}a{% elif x < '5' %}b{% endif %}").fails(
        2,
        &[
            "line 2: text: `50` and `5` would be compared letter by letter",
            "no row can be sent",
        ],
    );
}

#[test]
fn country_decides_the_decimal_separator() {
    let home = Home::new();
    home.write("list.csv", "to,x\n593987654321,1.200\n");
    let text = "{{ x | number }}";
    let send = |country: &str| home.dry_run_list(&["list.csv", "--country", country, "text", text]);
    let shown = send("EC").success();
    assert_eq!(shown.json()["body"]["text"], "1200");
    send("MX").fails(2, &["line 2: x: number: `1.200` is ambiguous"]);
    home.write("list.csv", "to,x\n593987654321,1.20\n");
    let shown = send("MX").success();
    assert_eq!(shown.json()["body"]["text"], "1.2");
}

#[test]
fn cells_that_contradict_decimal_separator_are_refused() {
    let home = Home::new();
    let amounts =
        "to,x,y\n593987654321,\"1,234\",5\n593987654322,\"1,234.50\",5\n593987654323,950.00,5\n";
    home.write("list.csv", amounts);
    let send = |flags: &[&str], text: &str| {
        home.dry_run_list(&[&["list.csv"], flags, &["text", text]].concat())
    };
    let read = "{{ to }} {{ x | number }}";
    send(&["--country", "EC"], read).fails(2, &["line 2: x: number: `1,234` is ambiguous"]);
    let unclear = "line 2: x: money: `1,234` is ambiguous: its separator may be for decimals or for thousands";
    send(&["--country", "EC"], "{{ x | money('$') }}")
        .fails(2, &[unclear, "number(\",\") or number(\".\")"]);
    let said = send(&["--country", "EC"], "{{ x | number('.') | money('$') }}").success();
    for amount in ["$1.234,00", "$1.234,50", "$950,00"] {
        assert!(said.stdout.contains(amount), "{said:?}");
    }
    home.write(
        "whole.csv",
        "to,x\n593987654321,1.500\n593987654322,950.00\n",
    );
    home.dry_run_list(&["whole.csv", "--country", "EC", "text", read])
        .fails(
            2,
            &[
                "text: the decimal separator of x is unclear: in its country, `1.500` in line 2 is read as 1500, but \
                 `950.00` in line 3 has a decimal point",
                "write `x | number(\".\")`",
            ],
        );
    // The country fits, the column is not read as a number, or the other rows are not part of the run.
    send(&["--country", "US"], "{{ x | money('$') }}").success();
    send(&["--country", "EC"], "{{ x }} {{ y | money('$') }}").success();
    // A cell with two readings is an error of its row only.
    home.write(
        "invalid.csv",
        "to,x\n593987654321,\"$1,500\"\n593987654322,$950.00\n",
    );
    let skipping = ["invalid.csv", "--country", "EC", "--skip-invalid"];
    let said = home
        .dry_run_list(&[&skipping[..], &["text", "{{ x | number(0) }}"]].concat())
        .success()
        .stderr_has(&["line 2 is skipped: x: number: `$1,500` is ambiguous"]);
    assert_eq!(said.json()["body"]["text"], "950");
    let fixed = "{{ x | number(',') }}";
    send(&["--country", "EC", "--limit", "1"], fixed).success();
    home.write(
        "repeated.csv",
        "to,x\n593987654321,1.500\n593987654321,1.500\n593987654322,1.600\n593987654323,950.00\n",
    );
    let limited = ["repeated.csv", "--country", "EC", "--skip-invalid"];
    home.dry_run_list(&[&limited[..], &["--limit", "2", "text", read]].concat())
        .success()
        .stderr_has(&["--limit is reached in line 4"]);
    home.dry_run_list(&[&limited[..], &["--limit", "3", "text", read]].concat())
        .fails(2, &["`950.00` in line 5 has a decimal point"]);
    let compared = "{{ to }}{% if x | number > 100 %}!{% endif %}";
    send(&["--country", "EC", "--limit", "1"], compared)
        .fails(2, &["line 2: x: number: `1,234` is ambiguous"]);
    // The rows are of different countries.
    home.write(
        "list.csv",
        amounts
            .replace("to,x,y", "to,x,pais")
            .replace("\"1,234\",5", "\"1,23\",EC")
            .replace(",5", ",US"),
    );
    send(&[], read).success();
    home.write(
        "list.csv",
        "to,x\n593987654321,\"1,500\"\n593987654322,\"950,00\"\n",
    );
    send(&["--country", "MX"], read).fails(
        2,
        &[
            "`950,00` in line 3 has a decimal comma",
            "`x | number(\",\")`",
        ],
    );
}

#[test]
fn percentages_that_may_lack_their_sign_are_refused() {
    let home = Home::new();
    let send = |flags: &[&str], rows: [&str; 2], text: &str| {
        let [one, other] = rows;
        let list = format!("to,x,tipo\n593987654321,{one}\n593987654322,{other}\n");
        home.write("list.csv", list);
        let skipping = ["list.csv", "--country", "EC", "--skip-invalid"];
        home.dry_run_list(&[&skipping, flags, &["text", text]].concat())
    };
    let text = "{{ to }} {{ x | percent }}";
    let unclear = "percent: `0.5` in line 2 may mean 0.5%, because `5` in line 3 is more than 1";
    let hint = "`(… | number / 100) | percent` if 0.5 means 0.5%";
    send(&[], ["0.5,", "5,"], text).fails(2, &[unclear, hint]);
    send(&[], ["12,", "1,"], text).fails(2, &["`1` in line 3 may mean 1%, because `12` in line 2"]);
    for (flags, rows, text, expected) in [
        // The way of the hint, and of a column in which 1 is 100%.
        (
            &[][..],
            ["0.5,", "5,"],
            "{{ (x | number / 100) | percent }}",
            ["0,5%", "5%"],
        ),
        (
            &[],
            ["0.5,", "1.5,"],
            "{{ x | number | percent }}",
            ["50%", "150%"],
        ),
        (
            &[],
            ["0.5,", "5,"],
            "{{ (x ~ '%') | percent }}",
            ["0,5%", "5%"],
        ),
        (&[], ["0.5,", "5%,"], text, ["321 50%", "322 5%"]),
        (&[], ["0,", "12%,"], text, ["321 0%", "322 12%"]),
        // The other cell is not read as a percentage, or its row is not part of the run.
        (
            &[],
            ["0.5,pct", "500,monto"],
            "{% if tipo == 'pct' %}{{ x | percent }}{% else %}{{ x | money('$') }}{% endif %}",
            ["50%", "$500,00"],
        ),
        (&["--limit", "1"], ["0.5,", "5,"], text, ["321 50%", ""]),
        // A total without a recipient, and an amount.
        (&[], ["0.5,", "0.25,\n,5,"], text, ["321 50%", "322 25%"]),
        (&[], ["0.5,", "$ 5,"], text, ["321 50%", ""]),
    ] {
        let said = send(flags, rows, text).success();
        for part in expected {
            assert!(said.stdout.contains(part), "{rows:?} {text}: {said:?}");
        }
    }
}

#[test]
fn dates_in_both_orders_are_refused() {
    let home = Home::new();
    let list = |cells: [&str; 2]| {
        let [one, other] = cells;
        format!("to,x\n593987654321,{one}\n593987654322,{other}\n")
    };
    let send = |flags: &[&str]| {
        let text = "{{ to }} {{ x | date('%-d de %B') }}";
        home.dry_run_list(&[&["list.csv", "--skip-invalid"], flags, &["text", text]].concat())
    };
    home.write("list.csv", list(["12/05/2026", "12/25/2026"]));
    let unclear = "text: the order of day and month in x is unclear: in its country, `12/05/2026` in line 2 has the day \
                   first, but `12/25/2026` in line 3 has the month first";
    send(&["--country", "EC"]).fails(
        2,
        &[
            unclear,
            "write each date of the column as year-month-day: 2026-11-28",
        ],
    );
    // The page and the file of --rejects are written.
    let text = "{{ x | date('%-d de %B') }}";
    let files = [
        "--preview",
        "all",
        "--file",
        "p.html",
        "--rejects",
        "rejects.csv",
    ];
    let flags = ["list.csv", "--country", "EC"];
    home.dry_run_list(&[&flags[..], &files, &["text", text]].concat())
        .fails(2, &[unclear]);
    assert!(home.read("p.html").contains("has the month first"));
    assert!(home.read("rejects.csv").starts_with("to,x,"));
    // The country fits, or the other row is not part of the run.
    send(&["--country", "US"]).success();
    send(&["--country", "EC", "--limit", "1"]).success();
    for cells in [
        ["25/12/2026", "12/25/2026"],
        ["12/05/2026", "25/12/2026"],
        ["12/05/2026", "mañana 12/25/2026"],
        ["05/05/2026", "12/25/2026"],
    ] {
        home.write("list.csv", list(cells));
        send(&["--country", "EC"]).success();
    }
}

#[test]
fn text_that_differs_only_in_case_warns() {
    let home = Home::new();
    home.write("list.csv", "to,plan\n593987654321,ORO\n593987654322,oro\n");
    let ended = home
        .dry_run_list(&[
            "list.csv",
            "text",
            "{{ to }}{% if plan == 'oro' %}!{% endif %}",
        ])
        .success();
    assert!(
        ended
            .stderr
            .contains("line 2: plan: `ORO` is not exactly `oro`, as in the message"),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains("warning: line 3"), "{ended:?}");
    ended.stderr_has(&["`plan | lower` ignores case"]);
    home.dry_run_list(&[
        "list.csv",
        "text",
        "--strict",
        "{{ to }}{% if plan == 'oro' %}!{% endif %}",
    ])
    .fails(
        2,
        &[
            "line 2: plan: `ORO` is not exactly `oro`",
            "1 row cannot be sent",
        ],
    );
    let accents = "to,plan\n593987654321,Básico\n593987654322,Ba\u{301}sico\n593987654323,BASICO\n";
    home.write("list.csv", accents);
    let text = "{{ to }}{% if plan == 'Básico' %}!{% endif %}";
    let ended = home.dry_run_list(&["list.csv", "text", text]).success();
    let ended = ended.stderr_has(&[
        "line 4: plan: `BASICO` is not exactly `Básico`",
        "`plan in [\"Básico\", \"BASICO\"]` takes both",
    ]);
    assert_eq!(ended.stdout.matches("!\"").count(), 2, "{ended:?}");
    assert!(!ended.stderr.contains("line 3:"), "{ended:?}");
    home.write("list.csv", "to,plan\n593987654321,  \n");
    home.dry_run_list(&[
        "list.csv",
        "text",
        "{{ to }}{% if plan != '' %}!{% endif %}",
    ])
    .success()
    .stderr_has(&[
        "line 2: plan: `  ` is not exactly ``",
        "`plan | trim` ignores spaces around it",
    ]);
}

#[test]
fn json_field_is_read_like_a_cell() {
    let home = Home::new();
    let text = "{% if x | number > 100 %}a{% endif %}{% if vip | yes %}b{% endif %}.";
    for (x, vip) in [("150", "false"), ("\"150\"", "\"no\"")] {
        home.write(
            "list.ndjson",
            format!("{{\"to\":\"593987654321\",\"x\":{x},\"vip\":{vip}}}\n"),
        );
        let ended = home.dry_run_list(&["list.ndjson", "text", text]).success();
        assert_eq!(ended.json()["body"]["text"], "a.");
    }
}

#[test]
fn nested_json_values_are_compared_by_type() {
    let home = Home::new();
    let list = |saldo: &str, vip: &str, monto: &str| {
        home.write(
            "list.ndjson",
            format!(
                "{{\"to\":\"593987654321\",\"c\":{{\"saldo\":{saldo},\"vip\":{vip}}},\"cuotas\":[{{\"m\":{monto},\"ok\":{vip}}}]}}\n"
            ),
        );
    };
    let send = |text: &str| home.dry_run_list(&["list.ndjson", "text", text]);
    let of_a_list = "{% if cuotas[0].m | number > 1 and cuotas[0].m | number * 2 > 8 %}{{ cuotas[0].m }}{% endif %}.";
    let asked = "{% if not cuotas[0].ok | yes %}a{% endif %}{% if c.vip | yes %}b{% endif %}.";
    list("150", "true", "5");
    let sends = |text: &str, expected: &str| {
        assert_eq!(
            send(text).success().json()["body"]["text"],
            expected,
            "{text}"
        );
    };
    sends("{% if c.saldo | number > 100 %}a{% endif %}.", "a.");
    sends(of_a_list, "5.");
    sends(asked, "b.");
    list("\"50\"", "\"no\"", "\"5\"");
    send("{% if c.saldo > 100 %}a{% endif %}.").fails(
        2,
        &["line 1: text: compares the text `50` with 100\n    hint: write `| number`"],
    );
    sends(of_a_list, "5.");
    sends(asked, "a.");
    send("{% if c.vip %}b{% endif %}.").fails(
        2,
        &["`c.vip` is not a yes-or-no value", "write `c.vip | yes`"],
    );
    send("{% if c.saldo in [50] %}a{% endif %}.").fails(
        2,
        &["line 1: text: compares the text `50` with 50\n    hint: write `| number`"],
    );
    list("null", "null", "null");
    send("{% if c.saldo | number < 100 %}a{% endif %}.")
        .fails(2, &["an empty cell counts as less than anything"]);
    sends("{% if c.saldo != '' %}a{% endif %}.", ".");
}

#[test]
fn column_named_by_an_expression_is_used() {
    let home = Home::new();
    home.write("list.csv", "to,n,cuota 1,cuota 2\n593987654321,2,50,#N/A\n");
    let text = "{{ row['cuota ' ~ n] }}";
    home.dry_run_list(&["list.csv", "text", text]).fails(
        2,
        &["cuota 2: `#N/A` is a spreadsheet error and would be sent"],
    );
}

#[test]
fn faulty_cell_in_unused_column_is_ignored() {
    let home = Home::new();
    home.write("list.csv", "to,nombre,deuda\n593987654321,Ana,#N/A\n");
    home.dry_run_list(&["list.csv", "text", "{{ nombre }}"])
        .success();
    home.dry_run_list(&["list.csv", "text", "{{ deuda }}"])
        .fails(2, &["deuda: `#N/A` is a spreadsheet error"]);
}

#[test]
fn condition_exempts_only_its_own_value() {
    let home = Home::new();
    home.write(
        "list.csv",
        "to,ciudad\n593987654321,#N/A\n593987654322,Quito\n593987654323,N/A\n",
    );
    let send = |text: &str| home.dry_run_list(&["list.csv", "text", text]);
    let refused = "ciudad: `#N/A` is a spreadsheet error and would be sent";
    send("{% if ciudad == 'Quito' %}Norte{% endif %} {{ ciudad }}")
        .fails(2, &["line 2: ", refused]);
    send("{% if ciudad != 'N/A' %}{{ ciudad }}{% endif %}.").fails(2, &[refused]);
    send("{% if ciudad != '#N/A' %}{{ ciudad }}{% endif %}.").success();
    send("{{ ciudad | replace('#N/A', 'Loja') }}.").success();
    send("{{ ciudad if ciudad not in ['#N/A', 'N/A'] else 'x' }}")
        .success()
        .stderr_lacks(&["`N/A`", "`#N/A`"]);
}
