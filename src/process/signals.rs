//! The signals that end programs, as a stream. Each is caught from the call on; until then it does what it always does.

use futures_util::FutureExt;
#[cfg(unix)]
use tokio::signal::unix;
#[cfg(windows)]
use tokio::signal::windows;

use super::error::SystemError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Hangup,
    Interrupt,
    Quit,
    Terminate,
}

impl Signal {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Quit => 3,
            Self::Terminate => 15,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hangup => "SIGHUP",
            Self::Interrupt => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Terminate => "SIGTERM",
        }
    }
}

/// The name of any signal that ends programs.
pub(crate) fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// The signals that were caught, each as often as it comes.
#[derive(Debug, Default)]
pub(crate) struct Signals {
    #[cfg(unix)]
    caught: Vec<(Signal, unix::Signal)>,
    #[cfg(windows)]
    caught: Option<windows::CtrlC>,
}

impl Signals {
    /// Those that end a send: Ctrl-C and SIGTERM.
    pub(crate) fn that_end() -> Result<Self, SystemError> {
        let mut signals = Self::default();
        signals.catch(Signal::Interrupt)?;
        signals.catch(Signal::Terminate)?;
        Ok(signals)
    }

    /// Catches `signal` too; needs a runtime. Windows has only Ctrl-C.
    #[cfg(unix)]
    pub(crate) fn catch(&mut self, signal: Signal) -> Result<(), SystemError> {
        let kind = unix::SignalKind::from_raw(i32::from(signal.number()));
        let caught = unix::signal(kind).map_err(|cause| SystemError { action: "listen for signals", cause })?;
        self.caught.push((signal, caught));
        Ok(())
    }

    #[cfg(windows)]
    pub(crate) fn catch(&mut self, signal: Signal) -> Result<(), SystemError> {
        if signal == Signal::Interrupt {
            let caught = windows::ctrl_c().map_err(|cause| SystemError { action: "listen for signals", cause })?;
            self.caught = Some(caught);
        }
        Ok(())
    }

    /// One that has come already.
    pub(crate) fn came(&mut self) -> Option<Signal> {
        self.next().now_or_never()
    }

    /// The next one that comes; never, where none is caught.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            let mut ready = |caught: &mut (Signal, unix::Signal)| caught.1.poll_recv(context).is_ready();
            match self.caught.iter_mut().find_map(|caught| Some(caught.0).filter(|_| ready(caught))) {
                Some(signal) => std::task::Poll::Ready(signal),
                None => std::task::Poll::Pending,
            }
        })
        .await
    }

    #[cfg(windows)]
    pub(crate) async fn next(&mut self) -> Signal {
        match &mut self.caught {
            Some(caught) => {
                caught.recv().await;
                Signal::Interrupt
            }
            None => std::future::pending().await,
        }
    }
}
