//! Signals that ask a run to end: Ctrl-C, SIGTERM of schedulers and containers, SIGHUP of a terminal that closes.
//!
//! The first one lets the run finish its step and save; the second one ends it at once. Each says so when it comes, since a step or
//! a look at held-out data may take long. The exit status is 128 plus the signal's number, as shells have it.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// Ctrl-C.
const INTERRUPT: u8 = 2;

/// Whether a signal has come, and which.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

impl Stop {
    /// Listens from now on.
    pub fn listen() -> Self {
        let stop = Stop::default();
        listen(stop.clone());
        stop
    }

    /// Whether the run is to end.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// The exit status of a run that was ended by a signal.
    pub fn status(&self) -> u8 {
        128 + self.0.load(Ordering::Relaxed)
    }

    fn came(&self, signal: u8) {
        let again = self.0.swap(signal, Ordering::Relaxed) != 0;
        let (from, how) = match signal {
            INTERRUPT => (String::new(), "Ctrl-C again"),
            _ => (format!("signal {signal}: "), "a second signal"),
        };
        if again {
            say(&format!("{from}ended at once, unsaved"));
            std::process::exit(self.status().into());
        }
        say(&format!(
            "{from}stopping after this step, or this look at held-out data; {how} ends at once, unsaved"
        ));
    }
}

/// Tells standard error, on a line of its own beside a progress bar. Nobody may be listening there after a SIGHUP.
fn say(text: &str) {
    let mut err = std::io::stderr().lock();
    let start = if err.is_terminal() { "\r\x1b[K" } else { "" };
    let _ = writeln!(err, "{start}{text}");
}

#[cfg(unix)]
fn listen(stop: Stop) {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    // Whoever started the run with `nohup` wants it to outlive the terminal.
    let signals =
        [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|&signal| signal != SIGHUP || !is_ignored(signal));
    // Fails only where the system has no room for a thread or a pipe: the run then ends by a signal as any program does.
    let Ok(mut signals) = signal_hook::iterator::Signals::new(signals) else { return };
    let name = std::thread::Builder::new().name("signals".into());
    let _ = name.spawn(move || signals.forever().for_each(|signal| stop.came(signal as u8)));
}

/// Whether the process that started this one asked for the signal to be ignored.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    // SAFETY: zeros are a value of this structure of numbers, sets of bits and an optional address.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: without a new action, the call only writes the present one to the place that it is given.
    let asked = unsafe { libc::sigaction(signal, std::ptr::null(), &mut action) };
    asked == 0 && action.sa_sigaction == libc::SIG_IGN
}

#[cfg(not(unix))]
fn listen(stop: Stop) {
    // Fails only if there is a handler already, and there is none.
    let _ = ctrlc::set_handler(move || stop.came(INTERRUPT));
}
