//! The errors of the operating system in our words. Other ones keep the system's text.

use std::io::{self, ErrorKind};

use super::message::{Message, ToValue, Value, msg};

impl ToValue for io::Error {
    fn to_value(&self) -> Value {
        Value::Message(system_problem(self))
    }
}

/// Describes an error of the system, after "failed to read clientes.csv: ".
pub(crate) fn system_problem(error: &io::Error) -> Message {
    // An error of a library has a text of its own.
    if let Some(own) = error.get_ref() {
        let message = own.downcast_ref::<Message>().cloned();
        return message.unwrap_or_else(|| Message::verbatim(error.to_string()));
    }
    match error.kind() {
        ErrorKind::NotFound => msg!("it does not exist"),
        ErrorKind::PermissionDenied => msg!("permission denied"),
        ErrorKind::AlreadyExists => msg!("it exists already"),
        ErrorKind::IsADirectory => msg!("it is a directory"),
        ErrorKind::NotADirectory => msg!("a part of its path is not a directory"),
        ErrorKind::StorageFull => msg!("the disk is full"),
        ErrorKind::QuotaExceeded => msg!("the disk quota is used up"),
        ErrorKind::FileTooLarge => msg!("the file is too large"),
        ErrorKind::ReadOnlyFilesystem => msg!("the file system is read-only"),
        ErrorKind::ConnectionRefused => msg!("the connection was refused"),
        ErrorKind::ConnectionReset => msg!("the connection was reset"),
        ErrorKind::ConnectionAborted => msg!("the connection was aborted"),
        ErrorKind::BrokenPipe => msg!("the other side closed the connection"),
        ErrorKind::HostUnreachable => msg!("the host cannot be reached"),
        ErrorKind::NetworkUnreachable => msg!("the network cannot be reached"),
        ErrorKind::TimedOut => msg!("it took too long"),
        ErrorKind::AddrInUse => msg!("the address is in use"),
        ErrorKind::AddrNotAvailable => msg!("the address does not belong to this machine"),
        ErrorKind::UnexpectedEof => msg!("it ended too early"),
        ErrorKind::OutOfMemory => msg!("there is not enough memory"),
        _ => Message::verbatim(error.to_string()),
    }
}
