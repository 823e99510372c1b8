//! Mistakes that a reader of workbooks can make without an error, so that a recipient gets the data
//! of another. calamine 0.38, a possible replacement for these files, fails each of these tests.

use std::io::{Seek, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{CellFault, MergedCellPolicy, SheetRow, Workbook};
use crate::base::input::UsageError;

/// A part that replaces one of the workbook.
type Part<'a> = (&'a str, &'a str);

const TEXTS: &str = "xl/sharedStrings.xml";

/// Returns the rows of an Excel workbook. `rows` are the rows of its sheet, and `parts` replace its
/// other parts.
fn rows(rows: &str, parts: &[Part<'_>]) -> Result<Vec<SheetRow>, UsageError> {
    let relation = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationship Id=\"{id}\" Type=\"http://x/relationships/{kind}\" Target=\"{target}\"/>"
        )
    };
    let relations = [
        relation("s", "worksheet", "s.xml"),
        relation("t", "sharedStrings", "sharedStrings.xml"),
    ]
    .concat();
    let all = [
        (
            "_rels/.rels",
            format!(
                "<Relationships>{}</Relationships>",
                relation("1", "officeDocument", "xl/workbook.xml")
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"S\" r:id=\"s\"/></sheets></workbook>".to_owned(),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!("<Relationships>{relations}</Relationships>"),
        ),
        (
            TEXTS,
            "<sst><si><t>Zero</t></si><si><t>One</t></si></sst>".to_owned(),
        ),
        (
            "xl/s.xml",
            format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    let mut archive = ZipWriter::new(tempfile::tempfile().unwrap());
    let is_given = |name: &str| parts.iter().any(|(given, _)| *given == name);
    let kept = all
        .iter()
        .filter(|(name, _)| !is_given(name))
        .map(|(name, text)| (*name, text.as_str()));
    for (name, text) in kept.chain(parts.iter().copied()) {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    let mut file = archive.finish().unwrap();
    file.rewind().unwrap();
    let mut stream = Workbook::open(file, "list")?.rows(0, MergedCellPolicy::Hidden)?;
    std::iter::from_fn(|| stream.next().transpose()).collect()
}

/// Returns the cells of the only row.
fn cells(row: &str, parts: &[Part<'_>]) -> Vec<String> {
    let rows = rows(&format!("<row>{row}</row>"), parts).unwrap();
    rows.into_iter().flat_map(|row| row.cells).collect()
}

#[test]
fn number_keeps_all_stored_digits() {
    for (cell, expected) in [
        // More digits than a floating point number keeps.
        ("<c><v>12345678901234567</v></c>", "12345678901234567"),
        ("<c><v>12345678901234567890</v></c>", "12345678901234567890"),
        // XML may split a text anywhere.
        ("<c><v>59398<!-- x -->7654321</v></c>", "593987654321"),
        ("<c><v>59398<![CDATA[7654321]]></v></c>", "593987654321"),
        (
            "<c t=\"str\"><v><![CDATA[593987654321]]></v></c>",
            "593987654321",
        ),
        (
            "<c><v>593987654321</v><extLst><ext/></extLst></c>",
            "593987654321",
        ),
    ] {
        assert_eq!(cells(cell, &[]), [expected], "{cell}");
    }
}

#[test]
fn format_of_cell_adds_country_code() {
    let relations = "<Relationships><Relationship Id=\"s\" Type=\"x/worksheet\" Target=\"s.xml\"/>\
                     <Relationship Id=\"f\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>";
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"&quot;+51 &quot;000000000\"/>\
                  <numFmt numFmtId=\"165\" formatCode=\"&quot;+51 &quot;@\"/></numFmts>\
                  <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/></cellXfs></styleSheet>";
    let parts = [
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/styles.xml", styles),
    ];
    let row = "<c s=\"1\"><v>987654321</v></c><c s=\"2\" t=\"str\"><v>987654322</v></c><c s=\"0\"><v>987654323</v></c>\
               <c s=\"1\" t=\"str\"><v>987654324</v></c><c s=\"1\"><v>-5</v></c>";
    assert_eq!(
        cells(row, &parts),
        [
            "+51 987654321",
            "+51 987654322",
            "987654323",
            "987654324",
            "-5"
        ]
    );
}

#[test]
fn text_index_must_exist() {
    assert_eq!(cells("<c t=\"s\"><v> 1 </v></c>", &[]), ["One"]);
    for index in ["x", "-1", "2", "1.0", "99999999999999999999999"] {
        let row = format!("<row><c t=\"s\"><v>{index}</v></c></row>");
        let problem = rows(&row, &[]).unwrap_err().to_string();
        assert!(
            problem.contains(&format!("there is no text {index}")),
            "{problem}"
        );
    }
    // The texts are counted, regardless of the number in the file.
    let many = "<sst uniqueCount=\"99999999999999999\"><si><t>Zero</t></si></sst>";
    assert_eq!(cells("<c t=\"s\"><v>0</v></c>", &[(TEXTS, many)]), ["Zero"]);
    // The workbook's relations contain the path of the texts. Other programs use another path than Excel.
    let relations = "<Relationships><Relationship Id=\"s\" Type=\"x/worksheet\" Target=\"s.xml\"/>\
                     <Relationship Id=\"t\" Type=\"x/sharedStrings\" Target=\"../texts.xml\"/></Relationships>";
    let elsewhere = [
        ("xl/_rels/workbook.xml.rels", relations),
        ("texts.xml", "<sst><si><t>There</t></si></sst>"),
        (TEXTS, "<sst/>"),
    ];
    assert_eq!(cells("<c t=\"s\"><v>0</v></c>", &elsewhere), ["There"]);
}

#[test]
fn invalid_cell_position_is_an_error() {
    for row in [
        "<row r=\"4294967298\"><c><v>593987654321</v></c></row>",
        "<row r=\"18446744073709551617\"><c><v>593987654321</v></c></row>",
        "<row><c r=\"FXSHRXX1\"><v>593987654321</v></c></row>",
        "<row><c r=\"ZZZZZZZZZZZZZZZZZZZZ1\"><v>593987654321</v></c></row>",
    ] {
        rows(row, &[]).unwrap_err();
    }
}

#[test]
fn cell_error_affects_only_its_cell() {
    let found = rows(
        "<row><c t=\"e\"><v>#SPILL!</v></c><c><v>7</v></c><c><f>A1</f></c></row>",
        &[],
    )
    .unwrap();
    assert_eq!(found[0].cells, ["#SPILL!", "7", ""]);
    let faults = [
        (0, CellFault::Error("#SPILL!".to_owned())),
        (2, CellFault::NotCalculated),
    ];
    assert_eq!(found[0].faults, faults);
}

#[test]
fn macro_sheet_does_not_hide_other_sheets() {
    let sheets = "<workbook><sheets><sheet name=\"Macro\" r:id=\"m\"/><sheet name=\"Nowhere\" r:id=\"n\"/>\
                  <sheet name=\"S\" r:id=\"s\"/></sheets></workbook>";
    let relations = "<Relationships><Relationship Id=\"m\" Type=\"x/xlMacrosheet\" Target=\"m.xml\"/>\
                     <Relationship Id=\"s\" Type=\"x/worksheet\" Target=\"s.xml\"/></Relationships>";
    let parts = [
        ("xl/workbook.xml", sheets),
        ("xl/_rels/workbook.xml.rels", relations),
    ];
    assert_eq!(cells("<c><v>7</v></c>", &parts), ["7"]);
}

#[test]
fn hidden_row_is_recognized_by_flag_or_height() {
    let found = rows(
        "<row hidden=\"1\"><c><v>1</v></c></row><row ht=\"0\"><c><v>2</v></c></row><row ht=\"15\"><c><v>3</v></c></row>",
        &[],
    );
    let hidden: Vec<_> = found.unwrap().iter().map(|row| row.is_hidden).collect();
    assert_eq!(hidden, [true, true, false]);
}
