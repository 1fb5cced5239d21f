//! What takes long: another thread computes, and the calling one looks for signals and shows progress.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::errors::{bug, exception};

/// How often signals are looked for.
const PERIOD: Duration = Duration::from_millis(20);

/// Calls of this process that compute.
static COMPUTING: AtomicUsize = AtomicUsize::new(0);
/// The thread that ends the interpreter, when it is about to end.
static ENDING: OnceLock<ThreadId> = OnceLock::new();

/// How far a computation is.
#[derive(Default)]
pub struct Progress {
    done: AtomicUsize,
    label: Mutex<String>,
}

impl Progress {
    /// Sets what is being done, and how much of it is.
    pub fn set(&self, label: &str, done: usize) {
        self.done.store(done, Ordering::Relaxed);
        let mut held = self.label.lock().unwrap_or_else(PoisonError::into_inner);
        if *held != label {
            label.clone_into(&mut held);
        }
    }

    fn get(&self) -> (String, usize) {
        let label = self.label.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (label, self.done.load(Ordering::Relaxed))
    }
}

/// Counts a computation, as long as it lives.
struct Computing;

impl Computing {
    fn begin() -> Self {
        COMPUTING.fetch_add(1, Ordering::SeqCst);
        Computing
    }
}

impl Drop for Computing {
    fn drop(&mut self) {
        COMPUTING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Computes without the interpreter, in this thread.
pub fn released<R: Send>(py: Python<'_>, compute: impl FnOnce() -> R + Send) -> PyResult<R> {
    py.detach(|| {
        let computing = Computing::begin();
        if ENDING.get().is_some_and(|thread| *thread != std::thread::current().id()) {
            drop(computing);
            park();
        }
        let result = catch_unwind(AssertUnwindSafe(compute));
        drop(computing);
        result
    })
    .map_err(|panic| bug(py, &*panic))
}

/// A thread that came back to an interpreter that has ended would bring the process down, so it never comes back.
fn park() -> ! {
    loop {
        std::thread::park();
    }
}

/// Computes in a thread of its own. A signal whose handler raises, such as the one that raises `KeyboardInterrupt`, ends the call
/// at once; the computation is told to stop, and its result is dropped. `report` is called with the progress now and then.
pub fn interruptible<R: Send + 'static>(
    py: Python<'_>,
    report: Option<&Bound<'_, PyAny>>,
    compute: impl FnOnce(&Progress) -> R + Send + 'static,
) -> PyResult<R> {
    /// Tells the computation to stop when the caller leaves, for whatever reason.
    struct Stop(Arc<AtomicBool>);
    impl Drop for Stop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = Stop(Arc::default());
    let progress = Arc::new(Progress::default());
    let (sender, receiver) = channel();
    let (flag, shared) = (stop.0.clone(), progress.clone());
    let spawned = std::thread::Builder::new().name("aleator-call".into()).spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| aleator::interruptible(flag, || compute(&shared))));
        // Nobody waits any more after an interruption.
        let _ = sender.send(result);
    });
    if let Err(error) = spawned {
        return Err(exception(py, "AleatorError", format!("no thread can be started: {error}")));
    }
    let receiver = Mutex::new(receiver);
    loop {
        let received =
            released(py, || receiver.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(PERIOD))?;
        match received {
            Ok(result) => return result.map_err(|panic| bug(py, &*panic)),
            Err(RecvTimeoutError::Timeout) => {
                py.check_signals()?;
                if let Some(report) = report {
                    report.call1(progress.get())?;
                }
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(exception(py, "InternalError", "a computation ended without a result"));
            }
        }
    }
}

/// Called before the interpreter ends: waits a little for threads that compute, and lets no other begin.
#[pyfunction]
pub fn shut_down(py: Python<'_>) {
    py.detach(|| {
        ENDING.get_or_init(|| std::thread::current().id());
        let patience = Instant::now() + Duration::from_secs(2);
        while COMPUTING.load(Ordering::SeqCst) > 0 && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Called in the child after a fork: the threads of the pool are not there any more.
#[pyfunction]
pub fn forget_helpers() {
    aleator_engine::exec::pool::forget_helpers();
    COMPUTING.store(0, Ordering::SeqCst);
}
