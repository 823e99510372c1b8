//! Templates over a row.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::jelou::message::MessageKind;
use crate::lists::list_file::Row;
use crate::lists::template::{
    BodyTemplate, MarkedName, faults_of_row_text, faults_of_single_text, language,
};

/// The content of a cell.
const CELL: &str = "{{ nombre }}{% if nombre | yes %}x{% endif %}{# #}";

/// Fills any text promptly, unless it is an invalid template. The content of a cell is never evaluated.
pub fn template(bytes: &[u8]) {
    let Ok(source) = std::str::from_utf8(bytes) else {
        return;
    };
    let language = language();
    let columns = ["nombre", "saldo"];
    let _ = MarkedName::find(source, None, &columns);
    faults_of_single_text("text", source);
    faults_of_row_text("text", source);
    let kind = MessageKind::from_name("text").unwrap();
    let row = json!({ "nombre": CELL, "saldo": 12.5, "lista": [1, "dos", null], "celular": "593987654321" });
    let Value::Object(row) = row else { return };
    let row = Row::Fields(Arc::new(row));
    let body = json!({ "text": source, "pair": [format!("{source}|{{{{ nombre }}}}")] });
    let Ok(compiled) = BodyTemplate::compile(&language, kind.schema(), &body) else {
        return;
    };
    for text in compiled.texts() {
        let _ = MarkedName::find(text.source, text.uses(), &columns);
    }
    let Ok(filled) = compiled.fill(&row, None) else {
        return;
    };
    // A cell is inserted unchanged, unless the source says otherwise.
    if !source.contains('{') {
        assert_eq!(filled.value["pair"][0], format!("{source}|{CELL}"));
    }
}
