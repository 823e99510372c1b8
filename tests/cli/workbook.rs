//! Workbooks, written here one part at a time: files as spreadsheets write them, and as none would.

use std::fmt::Write as _;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A zip archive of these files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A sheet of [`Workbook`].
#[derive(Clone, Copy)]
pub(crate) struct TestSheet<'a> {
    pub(crate) name: &'a str,
    pub(crate) is_hidden: bool,
    /// The XML of its rows.
    pub(crate) rows: &'a str,
}

/// A visible sheet.
pub(crate) fn sheet<'a>(name: &'a str, rows: &'a str) -> TestSheet<'a> {
    TestSheet {
        name,
        is_hidden: false,
        rows,
    }
}

/// The styles of cells by number: 1 a date, 2 a date with a time, 3 a duration, 4 a date in words, 5 two decimals, 6
/// ten digits, 7 a percentage, 8 crossed out. 9 is not crossed out, although its font has the attribute.
const STYLES: &str = r#"<?xml version="1.0"?><styleSheet xmlns="m">
<numFmts count="2"><numFmt numFmtId="164" formatCode="[$-C0A]dd/mm/yyyy;@"/><numFmt numFmtId="165" formatCode="0000000000"/></numFmts>
<fonts><font/><font><b/><strike/></font><font><strike val="0"/></font></fonts>
<cellStyleXfs count="1"><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="46"/><xf numFmtId="164"/>
<xf numFmtId="2"/><xf numFmtId="165"/><xf numFmtId="9"/>
<xf numFmtId="0" fontId="1"/><xf numFmtId="0" fontId="2"/></cellXfs><dxfs><dxf><font><strike/></font></dxf></dxfs></styleSheet>"#;

/// An Excel workbook; `shared` are the texts that cells refer to by number, as XML.
pub(crate) fn xlsx(sheets: &[TestSheet<'_>], shared: &str) -> Vec<u8> {
    let parts = xlsx_parts(sheets, shared);
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_bytes()))
        .collect();
    zip(&parts)
}

/// The same, saved with the sheet at this position in front.
pub(crate) fn xlsx_in_front(sheets: &[TestSheet<'_>], front: usize) -> Vec<u8> {
    let views =
        format!("<workbookPr/><bookViews><workbookView activeTab=\"{front}\"/></bookViews>");
    let parts = xlsx_parts(sheets, "");
    let parts: Vec<_> = parts
        .into_iter()
        .map(|(name, content)| (name, content.replace("<workbookPr/>", &views)))
        .collect();
    let parts: Vec<_> = parts
        .iter()
        .map(|(name, content)| (name.as_str(), content.as_bytes()))
        .collect();
    zip(&parts)
}

pub(crate) fn xlsx_parts(sheets: &[TestSheet<'_>], shared: &str) -> Vec<(String, String)> {
    let (mut list, mut relations, mut parts) = (String::new(), String::new(), Vec::new());
    for (number, sheet) in sheets.iter().enumerate() {
        let state = if sheet.is_hidden {
            " state=\"hidden\""
        } else {
            ""
        };
        let name = sheet.name;
        write!(
            list,
            "<sheet name=\"{name}\" sheetId=\"{number}\"{state} r:id=\"s{number}\"/>"
        )
        .unwrap();
        write!(
            relations,
            "<Relationship Id=\"s{number}\" Type=\"http://x/relationships/worksheet\" Target=\"worksheets/{number}.xml\"/>"
        )
        .unwrap();
        let rows = sheet.rows;
        parts.push((
            format!("xl/worksheets/{number}.xml"),
            format!("<worksheet><cols><col min=\"1\"/></cols><sheetData>{rows}</sheetData><mergeCells/></worksheet>"),
        ));
    }
    relations += "<Relationship Id=\"t\" Type=\"http://x/relationships/sharedStrings\" Target=\"/xl/sharedStrings.xml\"/>";
    relations +=
        "<Relationship Id=\"y\" Type=\"http://x/relationships/styles\" Target=\"./styles.xml\"/>";
    let mut add = |name: &str, content: String| parts.push((name.to_owned(), content));
    add("[Content_Types].xml", "<Types/>".to_owned());
    add(
        "_rels/.rels",
        "<Relationships><Relationship Id=\"1\" Type=\"http://x/relationships/officeDocument\" Target=\"xl/workbook.xml\"/>\
         </Relationships>"
            .to_owned(),
    );
    add(
        "xl/workbook.xml",
        format!("<workbook><workbookPr/><sheets>{list}</sheets></workbook>"),
    );
    add(
        "xl/_rels/workbook.xml.rels",
        format!("<Relationships>{relations}</Relationships>"),
    );
    add("xl/styles.xml", STYLES.to_owned());
    add("xl/sharedStrings.xml", format!("<sst>{shared}</sst>"));
    parts
}

const ODS_STYLES: &str = r#"<office:document-styles><office:styles>
<style:style style:name="Codigo" style:family="table-cell" style:data-style-name="N10"/>
<style:style style:name="Tachado" style:family="table-cell"><style:text-properties style:text-line-through-style="solid"/>
</style:style><style:style style:name="P1" style:family="paragraph"/>
</office:styles></office:document-styles>"#;

/// An OpenDocument spreadsheet.
pub(crate) fn ods(sheets: &[TestSheet<'_>]) -> Vec<u8> {
    ods_in_front(sheets, None)
}

/// The same, saved with this sheet in front.
pub(crate) fn ods_in_front(sheets: &[TestSheet<'_>], front: Option<&str>) -> Vec<u8> {
    let table = |sheet: &TestSheet<'_>| {
        let style = if sheet.is_hidden { "unseen" } else { "seen" };
        let (name, rows) = (sheet.name, sheet.rows);
        format!(
            "<table:table table:name=\"{name}\" table:style-name=\"{style}\">{rows}</table:table>"
        )
    };
    let tables = each(sheets, table);
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content><office:automatic-styles>\
         <style:style style:name=\"ce1\" style:family=\"table-cell\" style:parent-style-name=\"Codigo\"/>\
         <style:style style:name=\"ce2\" style:family=\"table-cell\" style:parent-style-name=\"Tachado\"/>\
         <style:style style:name=\"ce3\" style:family=\"table-cell\" style:parent-style-name=\"Tachado\">\
         <style:text-properties style:text-line-through-style=\"none\"/></style:style>\
         <style:style style:name=\"seen\"><style:table-properties table:display=\"true\"/></style:style>\
         <style:style style:name=\"unseen\"><style:table-properties table:display=\"false\"/></style:style>\
         </office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>\
         </office:document-content>"
    );
    let settings = front.map(|front| {
        format!(
            "<office:document-settings><config:config-item config:name=\"ActiveTable\">{front}</config:config-item>\
             </office:document-settings>"
        )
    });
    let mut parts: Vec<(&str, &[u8])> = vec![
        (
            "mimetype",
            b"application/vnd.oasis.opendocument.spreadsheet",
        ),
        ("content.xml", content.as_bytes()),
        ("styles.xml", ODS_STYLES.as_bytes()),
        (
            "META-INF/manifest.xml",
            b"<manifest:manifest><manifest:file-entry/></manifest:manifest>",
        ),
    ];
    parts.extend(settings.as_ref().map(|it| ("settings.xml", it.as_bytes())));
    zip(&parts)
}

/// Rows of texts for a sheet of Excel, each text in its cell.
pub(crate) fn xlsx_rows<S: AsRef<str>>(rows: &[impl AsRef<[S]>]) -> String {
    let cell = |text: &S| {
        format!(
            "<c t=\"inlineStr\"><is><t>{}</t></is></c>",
            escaped(text.as_ref())
        )
    };
    each(rows, |row| {
        format!("<row>{}</row>", each(row.as_ref(), cell))
    })
}

/// The same for an OpenDocument one.
pub(crate) fn ods_rows<S: AsRef<str>>(rows: &[impl AsRef<[S]>]) -> String {
    let cell = |text: &S| {
        let paragraphs = escaped(text.as_ref()).replace('\n', "</text:p><text:p>");
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{paragraphs}</text:p></table:table-cell>"
        )
    };
    each(rows, |row| {
        format!(
            "<table:table-row>{}</table:table-row>",
            each(row.as_ref(), cell)
        )
    })
}

fn each<T>(items: &[T], written: impl Fn(&T) -> String) -> String {
    items.iter().map(written).collect::<Vec<_>>().concat()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('\r', "&#13;")
}
