//! Every limit of the API's documents, tested at its edge and compared with the schemas. The table is copied from those
//! documents.

use serde_json::{Value, json};

use crate::harness::{CommandOutput, Home, fixture};

const W: &str = "WhatsApp";
const J: &str = "Jelou";
const N: &str = "Jelou's editor";

/// A length: the kind and its field, the maximum and its source, and the lower limit of another source.
type Length = (
    &'static str,
    &'static str,
    usize,
    &'static str,
    Option<(usize, &'static str)>,
);

/// In Unicode scalar values; each is at least 1 if present.
const TEXTS: [Length; 39] = [
    ("text", "/text", 4096, W, None),
    ("list", "/title", 60, J, None),
    ("list", "/text", 4096, W, Some((1024, N))),
    ("list", "/buttonText/text", 20, W, None),
    ("list", "/options/0/id", 200, W, None),
    ("list", "/options/0/title", 24, J, None),
    ("list", "/options/0/description", 72, J, None),
    ("quick-reply", "/title", 60, W, Some((20, J))),
    ("quick-reply", "/text", 1024, W, None),
    ("quick-reply", "/quick_replies/0/title", 20, J, None),
    ("image", "/text", 1024, W, None),
    ("video", "/text", 1024, W, None),
    ("file", "/text", 1024, W, None),
    ("location-request", "/text", 1024, W, None),
    ("contact-info-request", "/text", 1024, J, None),
    ("cta-url", "/title", 60, W, None),
    ("cta-url", "/text", 1024, W, None),
    ("cta-url", "/caption", 60, W, None),
    ("cta-url", "/parameters/url", 4096, N, None),
    ("cta-url", "/parameters/display_text", 20, W, Some((18, N))),
    ("call", "/header", 60, W, None),
    ("call", "/text", 1024, W, None),
    ("call", "/parameters/display_text", 20, W, None),
    ("flow", "/title", 60, W, None),
    ("flow", "/text", 1024, W, None),
    ("flow", "/caption", 60, W, None),
    ("flow", "/parameters/flow_cta", 20, W, None),
    ("flow-message", "/title", 60, W, None),
    ("flow-message", "/text", 1024, W, None),
    ("flow-message", "/caption", 60, W, None),
    ("flow-message", "/parameters/flow_cta", 20, W, None),
    ("carousel", "/text", 1024, W, None),
    ("carousel", "/parameters/cards/0/body/text", 160, W, None),
    (
        "carousel",
        "/parameters/cards/0/action/parameters/display_text",
        20,
        W,
        None,
    ),
    (
        "carousel",
        "/parameters/cards/1/action/buttons/0/quick_reply/title",
        20,
        W,
        None,
    ),
    // These fields only must not be empty.
    ("flow", "/parameters/flow_id", usize::MAX, "", None),
    ("location", "/name", usize::MAX, "", None),
    ("file", "/filename", usize::MAX, "", None),
    ("template", "/elementName", usize::MAX, "", None),
];

/// Numbers of items, at least 1.
const LISTS: [Length; 4] = [
    ("list", "/options", 10, J, None),
    ("quick-reply", "/quick_replies", 3, J, None),
    ("contacts", "/contacts", 257, W, None),
    ("carousel", "/parameters/cards", 10, J, None),
];

fn fixture_body(kind: &str) -> Value {
    let name = if kind == "flow-message" {
        "flow-message.en"
    } else {
        kind
    };
    fixture(&format!("bodies/{name}.json"))
}

/// Converts `/options/0/title` to `options[0].title`.
fn path(pointer: &str) -> String {
    let steps = pointer
        .split('/')
        .skip(1)
        .map(|step| match step.parse::<usize>() {
            Ok(index) => format!("[{index}]"),
            Err(_) => format!(".{step}"),
        });
    steps.collect::<String>().trim_start_matches('.').to_owned()
}

/// Makes a dry run of `body` as `kind`.
fn send(kind: &str, body: &Value, flags: &[&str]) -> CommandOutput {
    let home = Home::new();
    home.write("body.json", body.to_string());
    let run = home.run("send").args(&[
        kind,
        "--to",
        "593987654321",
        "--body",
        "body.json",
        "--dry-run",
    ]);
    run.args(flags).api("https://x.example").end()
}

#[test]
fn every_text_limit_is_exact() {
    for (kind, field, most, _, advised) in TEXTS {
        let path = path(field);
        let with = |length: usize, flags: &[&str]| {
            let mut body = fixture_body(kind);
            let text: String = "e\u{301}👍ñ".chars().cycle().take(length).collect();
            *body.pointer_mut(field).unwrap() = text.into();
            send(kind, &body, flags)
        };
        let refused = |ended: CommandOutput, problem: &str| {
            assert_eq!(ended.code, 2, "{kind} {field}: {}", ended.stderr);
            assert!(
                ended.stderr.contains(&format!("{path}: {problem}")),
                "{kind}: {}",
                ended.stderr
            );
        };
        refused(with(0, &[]), "is empty");
        assert_eq!(with(1, &[]).code, 0, "{kind} {field}");
        if most < usize::MAX {
            assert_eq!(with(most, &[]).code, 0, "{kind} {field}");
            refused(
                with(most + 1, &[]),
                &format!("has {} characters; at most {most} are allowed", most + 1),
            );
        }
        if let Some((least, source)) = advised {
            let warning = |count: usize| {
                format!("{path}: has {count} characters; {source} allows at most {least}")
            };
            let ended = with(least, &["--strict"]);
            assert_eq!(ended.code, 0, "{kind} {field}: {}", ended.stderr);
            let ended = with(least + 1, &[]);
            assert_eq!(ended.stderr, format!("warning: {}\n", warning(least + 1)));
            refused(
                with(most, &["--strict"]),
                warning(most).split_once(": ").unwrap().1,
            );
        }
    }
}

#[test]
fn every_list_limit_is_exact() {
    for (kind, field, most, ..) in LISTS {
        let with = |count: usize| {
            let mut body = fixture_body(kind);
            let mut item = body.pointer(&format!("{field}/0")).unwrap().clone();
            item.as_object_mut().unwrap().remove("card_index");
            let items = (0..count).map(|number| {
                let mut item = item.clone();
                if ["quick-reply", "list"].contains(&kind) {
                    item["title"] = json!(number.to_string());
                }
                if kind == "list" {
                    item["id"] = json!(number.to_string());
                }
                item
            });
            *body.pointer_mut(field).unwrap() = items.collect();
            send(kind, &body, &[])
        };
        let path = path(field);
        for (count, problem) in [
            (0, Some(format!("{path}: is empty"))),
            (1, None),
            (most, None),
            (
                most + 1,
                Some(format!(
                    "{path}: has {} items; at most {most} are allowed",
                    most + 1
                )),
            ),
        ] {
            let ended = with(count);
            assert_eq!(
                ended.code,
                if problem.is_some() { 2 } else { 0 },
                "{kind} {count}: {}",
                ended.stderr
            );
            assert!(
                ended.stderr.contains(&problem.unwrap_or_default()),
                "{kind} {count}: {}",
                ended.stderr
            );
        }
    }
}

#[test]
fn coordinate_limits_are_exact() {
    for (flag, most) in [("--lat", "90"), ("--long", "180")] {
        for sign in ["", "-"] {
            for (value, code) in [("", 0), (".0000000", 0), (".0000001", 2)] {
                let home = Home::new();
                let value = format!("{sign}{most}{value}");
                let words = [
                    "send",
                    "location",
                    "--to",
                    "593987654321",
                    "--dry-run",
                    flag,
                    &value,
                ];
                let other = if flag == "--lat" {
                    ["--long", "0"]
                } else {
                    ["--lat", "0"]
                };
                let ended = home
                    .run_args(&words)
                    .args(&other)
                    .api("https://x.example")
                    .end();
                assert_eq!(ended.code, code, "{flag} {value}: {}", ended.stderr);
                let field = format!("coordinates.{}", &flag[2..]);
                let problem = format!(
                    "{field}: is the number {value}; must be between -{most} and {most} (set it with {flag})"
                );
                assert_eq!(
                    ended.stderr.contains(&problem),
                    code == 2,
                    "{}",
                    ended.stderr
                );
            }
        }
    }
    for (value, written) in [
        ("-1e-5", "-0.00001"),
        ("-1e-05", "-0.00001"),
        ("0.0", "0.0"),
        ("12", "12"),
    ] {
        let words = [
            "send",
            "location",
            "--to",
            "593987654321",
            "--dry-run",
            "--lat",
            "0",
            "--long",
            value,
        ];
        let shown = Home::new()
            .run_args(&words)
            .api("https://x.example")
            .success()
            .stdout;
        assert!(shown.contains(&format!("\"long\":{written}}}")), "{shown}");
    }
}

/// Returns `(kind, path, least, most, advised)` of every limit in the schema at `schema`.
fn collect(root: &Value, schema: &Value, kind: &str, path: &str, found: &mut Vec<String>) {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        return collect(root, root.pointer(&target[1..]).unwrap(), kind, path, found);
    }
    for choice in schema
        .get("anyOf")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        collect(root, choice, kind, path, found);
    }
    let figure = |name: &str| schema.get(name).and_then(Value::as_u64);
    if let Some(most) = figure("maxLength").or(figure("maxItems"))
        && !path.ends_with("destinations")
    {
        assert_eq!(
            figure("minLength").or(figure("minItems")),
            Some(1),
            "{kind} {path}"
        );
        let source = schema["x-source"].as_str().unwrap();
        let advised = schema.pointer("/x-advised/maxLength");
        let advised = advised.map(|most| {
            format!(
                " {most} {}",
                schema["x-advised"]["source"].as_str().unwrap()
            )
        });
        found.push(format!(
            "{kind} {path} {most} {source}{}",
            advised.unwrap_or_default()
        ));
    }
    for (name, field) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        collect(root, field, kind, &format!("{path}/{name}"), found);
    }
    if let Some(items) = schema.get("items") {
        collect(root, items, kind, &format!("{path}/#"), found);
    }
}

#[test]
fn schemas_contain_exactly_these_limits() {
    let home = Home::new();
    home.run("schema --dir schemas").success();
    let mut found = Vec::new();
    for file in std::fs::read_dir(home.path().join("schemas")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let kind = name.strip_suffix(".json").unwrap();
        if !["message", "config"].contains(&kind) {
            let schema: Value =
                serde_json::from_str(&home.read(&format!("schemas/{name}"))).unwrap();
            collect(&schema, &schema, kind, "", &mut found);
        }
    }
    let documented = TEXTS
        .iter()
        .chain(&LISTS)
        .filter(|(_, _, most, ..)| *most < usize::MAX);
    let mut documented: Vec<_> = documented
        .map(|(kind, field, most, source, advised)| {
            let field = field.replace("/0", "/#").replace("/1", "/#");
            let advised = advised
                .map(|(most, source)| format!(" {most} {source}"))
                .unwrap_or_default();
            format!("{kind} {field} {most} {source}{advised}")
        })
        .collect();
    found.sort();
    documented.sort();
    assert_eq!(found, documented);
}

#[test]
fn unknown_field_warns_in_every_kind() {
    for (command, name) in crate::seeds::BODIES {
        let mut body = fixture(&format!("bodies/{name}"));
        body["brandNew"] = json!({"deep": [1, null, "x"]});
        let home = Home::new();
        home.write("body.json", body.to_string());
        let ended = home
            .run(command)
            .args(&["--body", "body.json", "--dry-run"])
            .api("https://x.example")
            .success();
        assert_eq!(ended.json()["body"]["brandNew"], body["brandNew"], "{name}");
        assert_eq!(
            ended.stderr, "warning: brandNew: unknown field, sent unchanged\n",
            "{name}"
        );
        home.run(command)
            .args(&["--body", "body.json", "--dry-run", "--strict"])
            .api("https://x.example")
            .fails(
                2,
                &[
                    "error: --strict refuses the message because it has warnings",
                    "  - brandNew: unknown field",
                    "hint: ",
                ],
            );
    }
}

#[test]
fn wrong_nesting_names_its_path() {
    for (kind, field, value, problem) in [
        (
            "list",
            "/options",
            json!({"title": "a"}),
            "is an object; a list is expected",
        ),
        (
            "list",
            "/options/1",
            json!("a"),
            "is the text \"a\"; an object is expected",
        ),
        (
            "list",
            "/buttonText",
            json!("a"),
            "is the text \"a\"; an object is expected",
        ),
        (
            "quick-reply",
            "/quick_replies/0",
            json!("Yes"),
            "is the text \"Yes\"; an object is expected",
        ),
        (
            "image",
            "/mediaUrl",
            json!({"url": "x"}),
            "is an object; a text is expected",
        ),
        (
            "location",
            "/coordinates",
            json!([1, 2]),
            "is a list; an object is expected",
        ),
        (
            "location",
            "/coordinates/lat",
            json!("1"),
            "is the text \"1\"; a number from -90 to 90 is expected",
        ),
        (
            "cta-url",
            "/parameters",
            json!("https://x"),
            "is the text \"https://x\"; an object is expected",
        ),
        (
            "carousel",
            "/parameters/cards/1/header/video",
            json!("x"),
            "is the text \"x\"; an object is expected",
        ),
        (
            "carousel",
            "/parameters/cards/0/header/type",
            json!("gif"),
            "is the text \"gif\"; it can be",
        ),
        (
            "template",
            "/parameters/1",
            json!(7),
            "is the number 7; a text is expected",
        ),
        (
            "template",
            "/type",
            json!("audio"),
            "is the text \"audio\"; it can be",
        ),
        (
            "template",
            "/destinations",
            json!(["1", "2"]),
            "the body has 2; a list with one recipient is expected",
        ),
        (
            "template",
            "/destinations",
            json!("593987654321"),
            "the body has \"593987654321\"; a list with one",
        ),
        (
            "template",
            "/destinations",
            json!([7]),
            "a recipient must be a text, found 7",
        ),
        (
            "template-by-id",
            "/parameters",
            json!(["a"]),
            "`a` is not NAME=VALUE",
        ),
    ] {
        let mut body = fixture_body(kind);
        *body.pointer_mut(field).unwrap() = value;
        let ended = send(kind.trim_end_matches("-by-id"), &body, &[]);
        assert_eq!(ended.code, 2, "{kind} {field}");
        ended.stderr_has(&[&format!("{}: {problem}", path(field))]);
    }
}
