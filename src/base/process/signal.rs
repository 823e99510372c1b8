//! The signals that end programs, with their numbers and names.

use std::borrow::Cow;

/// The two signals with different numbers on different systems.
const USER_1: u8 = if cfg!(target_os = "linux") { 10 } else { 30 };
const USER_2: u8 = if cfg!(target_os = "linux") { 12 } else { 31 };

/// A signal; the value is its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Signal {
    Hangup = 1,
    Interrupt = 2,
    Quit = 3,
    User1 = USER_1,
    User2 = USER_2,
    Alarm = 14,
    Terminate = 15,
}

impl Signal {
    /// All signals: each ends a send. While a command runs for the user, they go to the command instead of us.
    pub(super) const ALL: [Self; 7] = [
        Self::Hangup,
        Self::Interrupt,
        Self::Quit,
        Self::User1,
        Self::User2,
        Self::Alarm,
        Self::Terminate,
    ];

    #[cfg(unix)]
    pub(super) fn from_number(number: i32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|signal| i32::from(signal.number()) == number)
    }

    pub(crate) fn number(self) -> u8 {
        self as u8
    }

    pub(crate) fn name(self) -> Cow<'static, str> {
        signal_name(self.number().into())
    }
}

/// Returns the name of any signal that ends programs.
pub(crate) fn signal_name(number: i32) -> Cow<'static, str> {
    let name = match u8::try_from(number).unwrap_or_default() {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        USER_1 => "SIGUSR1",
        11 => "SIGSEGV",
        USER_2 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        _ => return format!("signal {number}").into(),
    };
    name.into()
}
