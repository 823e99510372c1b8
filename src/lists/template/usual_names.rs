//! The names that most lists have.

use super::near_column::content_words;
use crate::base::suggest::plain;

/// The names that most lists have. A single message has no columns, but these names between marks
/// are probably columns of a list.
pub(super) const USUAL_NAMES: [&str; 44] = [
    "nombre",
    "nombres",
    "nombre_completo",
    "nombre_aquí",
    "nombre_y_apellido",
    "nombres_y_apellidos",
    "correo_electronico",
    "primer_nombre",
    "apellido",
    "apellidos",
    "cliente",
    "usuario",
    "nome",
    "name",
    "first_name",
    "last_name",
    "full_name",
    "fname",
    "lname",
    "customer",
    "user",
    "telefono",
    "celular",
    "phone",
    "correo",
    "email",
    "empresa",
    "company",
    "ciudad",
    "city",
    "direccion",
    "fecha",
    "date",
    "hora",
    "monto",
    "saldo",
    "amount",
    "deuda",
    "factura",
    "pedido",
    "codigo",
    "placa",
    "cedula",
    "producto",
];

/// The words of columns with the names of people: `Nombre completo`, `first_name`, `Apellidos del cliente`.
const NAME_WORDS: [&str; 36] = [
    "nombre",
    "nombres",
    "apellido",
    "apellidos",
    "apodo",
    "primer",
    "primero",
    "segundo",
    "completo",
    "y",
    "cliente",
    "usuario",
    "titular",
    "contacto",
    "paciente",
    "alumno",
    "estudiante",
    "representante",
    "socio",
    "beneficiario",
    "destinatario",
    "nome",
    "sobrenome",
    "name",
    "first",
    "last",
    "full",
    "middle",
    "and",
    "nickname",
    "surname",
    "fname",
    "lname",
    "customer",
    "user",
    "contact",
];

/// Returns whether a column called `name` has the names of people. `Nombre del producto` does not.
pub(super) fn is_name_column(name: &str) -> bool {
    let words = content_words(name);
    let is_name_word = |word: &String| NAME_WORDS.contains(&word.as_str());
    !words.is_empty() && words.iter().all(is_name_word)
}

/// Returns whether most lists have a column called `name`.
pub(crate) fn is_usual_name(name: &str) -> bool {
    USUAL_NAMES.iter().any(|usual| plain(usual) == plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_with_names_of_people_are_recognized() {
        for name in [
            "nombre",
            "Nombre completo",
            "NOMBRES Y APELLIDOS",
            "Nombre del cliente",
            "first_name",
            "lastName",
            "Paciente",
            "Segundo apellido",
        ] {
            assert!(is_name_column(name), "{name}");
        }
        for name in [
            "producto",
            "Nombre del producto",
            "direccion",
            "barrio",
            "user_id",
            "",
            "1",
        ] {
            assert!(!is_name_column(name), "{name}");
        }
    }
}
