//! Stopping what takes long: a flag that computations of a thread look at.
//!
//! A program that has to stay responsive computes in a thread of its own, inside [`interruptible`], and sets the flag when the user
//! has had enough. Whatever computes there, an optimisation, a comparison, an exact answer, returns
//! [`Error::Interrupted`] before its next run.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

thread_local! {
    static FLAG: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Calls a function that returns [`Error::Interrupted`] soon after `stop` is true.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::AtomicBool;
///
/// use aleator::prelude::*;
///
/// let g = Graph::new();
/// g.cost("loss", g.param("x", 1.0).square());
/// let mut program = g.compile(&Options::new())?;
/// let stop = Arc::new(AtomicBool::new(true));
/// assert!(aleator::interruptible(stop, || program.run().is_err()));
/// assert!(program.run().is_ok());
/// # Ok::<(), aleator::Error>(())
/// ```
pub fn interruptible<R>(stop: Arc<AtomicBool>, compute: impl FnOnce() -> R) -> R {
    /// Puts the flag back that was there before, also where `compute` panics.
    struct Restore(Option<Arc<AtomicBool>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            FLAG.set(self.0.take());
        }
    }
    let _restore = Restore(FLAG.replace(Some(stop)));
    compute()
}

/// An error where the flag of this thread is set.
pub(crate) fn check() -> Result<()> {
    FLAG.with_borrow(|flag| match flag {
        Some(stop) if stop.load(Ordering::Relaxed) => Err(Error::Interrupted),
        _ => Ok(()),
    })
}
