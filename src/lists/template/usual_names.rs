//! The names that most lists have.

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

/// Returns whether most lists have a column called `name`.
pub(crate) fn is_usual_name(name: &str) -> bool {
    USUAL_NAMES.iter().any(|usual| plain(usual) == plain(name))
}
