//! A value together with its origin, for display.

use std::fmt;

/// The origin of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Flag(&'static str),
    Variable(&'static str),
    Profile(String),
    Sandbox,
    Default,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sourced<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

impl<T: fmt::Display> Sourced<T> {
    pub(crate) fn shown(&self) -> Sourced<String> {
        self.origin.of(self.value.to_string())
    }
}

impl Origin {
    pub(crate) fn of<T>(&self, value: T) -> Sourced<T> {
        Sourced { value, origin: self.clone() }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(name) | Self::Variable(name) => formatter.write_str(name),
            Self::Profile(name) => write!(formatter, "profile {name}"),
            Self::Sandbox => formatter.write_str("sandbox"),
            Self::Default => formatter.write_str("default"),
        }
    }
}
