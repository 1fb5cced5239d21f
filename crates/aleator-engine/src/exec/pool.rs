//! A pool of threads that share the tasks of a job, with as little delay as possible.
//!
//! A kernel may take microseconds, which is less than the time to wake a thread. Therefore, the caller works as well, helpers
//! wait actively for the next job for a while before they sleep, and all threads take tasks from one counter. While one caller
//! uses the helpers, any other caller works alone, as does a task that has tasks itself: nothing ever waits for a pool.
//!
//! Results do not depend on which thread computes a task.

// A job borrows from its caller, and helpers that outlive the borrow run it: a lifetime that the compiler cannot follow.
#![allow(unsafe_code)]

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The time for which a helper waits actively before it sleeps.
const PATIENCE: Duration = Duration::from_micros(100);
/// The number of checks for a job between two readings of the clock.
const LOOKS: usize = 32;

/// Whether helpers may join the job.
const OPEN: u64 = 1 << 31;
/// The unit of the number of a job in [`Shared::gate`].
const NUMBER: u64 = 1 << 32;

/// A caller and its helpers.
pub struct Pool {
    shared: Arc<Shared>,
    busy: AtomicBool,
    helpers: Vec<JoinHandle<()>>,
}

/// The state that the caller and the helpers share.
struct Shared {
    /// The number of the job from bit 32, [`OPEN`] in bit 31, and the number of working helpers in the lower bits.
    gate: Line<AtomicU64>,
    /// The next task.
    next: Line<AtomicUsize>,
    job: UnsafeCell<Option<Job>>,
    sleeping: AtomicUsize,
    sleep: Mutex<()>,
    wake: Condvar,
    stop: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// On a cache line of its own.
#[repr(align(128))]
struct Line<T>(T);

/// The work of a job: a function of the numbers of worker and task.
type Work<'a> = dyn Fn(usize, usize) + Sync + 'a;

#[derive(Clone, Copy)]
struct Job {
    work: *const Work<'static>,
    tasks: usize,
}

// SAFETY: `job` is written by the one caller that holds `busy`, while the gate is closed and no helper is at work; helpers
// read it only between entering and leaving. The pointer in it leads to a `Sync` function that outlives the job.
unsafe impl Sync for Shared {}
// SAFETY: as above.
unsafe impl Send for Shared {}

/// The pool of the process, with one thread per hardware thread, unless [`set_threads`] was called before.
pub fn process() -> &'static Pool {
    PROCESS.get_or_init(|| Pool::new(std::thread::available_parallelism().map_or(1, |n| n.get())))
}

static PROCESS: OnceLock<Pool> = OnceLock::new();

/// Sets the number of threads of the process's pool, including the caller. It has no effect if the pool is already in use.
/// Returns whether it had an effect.
pub fn set_threads(threads: usize) -> bool {
    let mut fresh = false;
    PROCESS.get_or_init(|| {
        fresh = true;
        Pool::new(threads)
    });
    fresh
}

/// Makes the process's pool compute in the calling thread alone. A forked process has a copy of the pool without its threads:
/// call this in the child before anything is computed there.
pub fn forget_helpers() {
    if let Some(pool) = PROCESS.get() {
        pool.busy.store(true, SeqCst);
    }
}

impl Pool {
    /// Creates a pool with this number of threads, including the caller. There are fewer if the system cannot create them, and
    /// only the caller on targets without threads such as WebAssembly.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            gate: Line(AtomicU64::new(0)),
            next: Line(AtomicUsize::new(0)),
            job: UnsafeCell::new(None),
            sleeping: AtomicUsize::new(0),
            sleep: Mutex::new(()),
            wake: Condvar::new(),
            stop: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let helper = |number: usize| {
            let shared = shared.clone();
            let builder = std::thread::Builder::new().name(format!("aleator-{number}"));
            builder.spawn(move || shared.help(number)).ok()
        };
        let helpers = (1..threads).map_while(helper).collect();
        Pool { shared, busy: AtomicBool::new(false), helpers }
    }

    /// The number of threads, including the caller.
    pub fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Calls `work(worker, task)` once for each of the tasks 0, 1, ..., with workers numbered below [`Pool::threads`]. Concurrent
    /// calls of a job have different workers.
    ///
    /// # Panics
    /// Panics if a task panics. Other tasks may then be skipped.
    pub fn for_each(&self, tasks: usize, work: impl Fn(usize, usize) + Sync) {
        if tasks <= 1 || self.helpers.is_empty() || self.busy.swap(true, Acquire) {
            (0..tasks).for_each(|task| work(0, task));
            return;
        }
        let shared = &*self.shared;
        let work: &Work<'_> = &work;
        // SAFETY: `close` waits for all helpers before `work` goes out of scope, even if a task panics; only the lifetime
        // changes.
        let work = unsafe { std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work) };
        let job = Job { work, tasks };
        // SAFETY: this caller holds `busy`, the gate is closed, and the last job's caller waited for its helpers.
        unsafe { *shared.job.get() = Some(job) };
        shared.next.0.store(0, Relaxed);
        let number = shared.gate.0.load(Relaxed).wrapping_add(NUMBER);
        shared.gate.0.store(number | OPEN, SeqCst);
        let own = catch_unwind(AssertUnwindSafe(|| {
            shared.rouse(tasks - 1);
            // SAFETY: `work` is alive.
            unsafe { shared.take_tasks(job, 0) };
        }));
        shared.close();
        // Before the next job, which has its own.
        let of_helper = lock(&shared.panic).take();
        self.busy.store(false, Release);
        if let Some(panic) = own.err().or(of_helper) {
            resume_unwind(panic);
        }
    }

    /// Calls `work` once for each item, with its index.
    ///
    /// # Panics
    /// Panics if a call panics.
    pub fn for_each_mut<I: Send>(&self, items: &mut [I], work: impl Fn(usize, &mut I) + Sync) {
        let first = Pointer(items.as_mut_ptr());
        self.for_each(items.len(), |_, i| {
            // SAFETY: `i` is a place of `items`, and no other call has it.
            work(i, unsafe { first.place(i) });
        });
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, SeqCst);
        drop(lock(&self.shared.sleep));
        self.shared.wake.notify_all();
        for helper in self.helpers.drain(..) {
            let _ = helper.join();
        }
    }
}

impl Shared {
    /// Computes tasks until none is left.
    ///
    /// # Safety
    /// The function of the job must be alive.
    unsafe fn take_tasks(&self, job: Job, worker: usize) {
        // SAFETY: the caller's promise.
        let work = unsafe { &*job.work };
        loop {
            let task = self.next.0.fetch_add(1, Relaxed);
            if task >= job.tasks {
                return;
            }
            work(worker, task);
        }
    }

    /// The loop of a helper.
    fn help(&self, worker: usize) {
        let mut last = 0;
        while let Some(number) = self.enter(last) {
            last = number;
            // SAFETY: between entering and leaving nobody writes the job, and its function is alive.
            let outcome = catch_unwind(AssertUnwindSafe(|| unsafe {
                if let Some(job) = *self.job.get() {
                    self.take_tasks(job, worker);
                }
            }));
            if let Err(panic) = outcome {
                *lock(&self.panic) = Some(panic);
            }
            self.gate.0.fetch_sub(1, Release);
        }
    }

    /// Closes the job. Afterwards, no helper can join, and all helpers have finished.
    fn close(&self) {
        let gate = &self.gate.0;
        gate.fetch_and(!OPEN, AcqRel);
        let mut looks = 0_usize;
        while helpers_at(gate.load(Acquire)) > 0 {
            looks += 1;
            // A helper that the system has put aside needs a processor more than this thread does.
            if looks < 1000 { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }

    /// Waits for a job other than the `last` and joins it; `None` if the pool ends.
    fn enter(&self, last: u64) -> Option<u64> {
        let mut since = None;
        loop {
            for _ in 0..LOOKS {
                let gate = self.gate.0.load(Acquire);
                if is_new(gate, last) {
                    if self.gate.0.compare_exchange(gate, gate + 1, AcqRel, Relaxed).is_ok() {
                        return Some(gate / NUMBER);
                    }
                } else if self.stop.load(Relaxed) {
                    return None;
                }
                std::hint::spin_loop();
            }
            if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                self.sleep(last);
                since = None;
            }
        }
    }

    /// Sleeps, unless there is a job.
    fn sleep(&self, last: u64) {
        let guard = lock(&self.sleep);
        // The caller opens the gate, then reads `sleeping`; here it is the other way round, so one of the two sees the
        // other.
        self.sleeping.fetch_add(1, SeqCst);
        let gate = self.gate.0.load(SeqCst);
        if !(is_new(gate, last) || self.stop.load(SeqCst)) {
            drop(self.wake.wait(guard).unwrap_or_else(PoisonError::into_inner));
        }
        self.sleeping.fetch_sub(1, SeqCst);
    }

    /// Wakes up to this many helpers.
    fn rouse(&self, wanted: usize) {
        let sleeping = self.sleeping.load(SeqCst);
        if sleeping > 0 {
            drop(lock(&self.sleep));
            (0..sleeping.min(wanted)).for_each(|_| self.wake.notify_one());
        }
    }
}

/// Whether there is a job to join other than the `last`.
fn is_new(gate: u64, last: u64) -> bool {
    gate & OPEN != 0 && gate / NUMBER != last
}

/// The number of helpers at work.
fn helpers_at(gate: u64) -> u64 {
    gate & (OPEN - 1)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Pointer<I>(*mut I);

// SAFETY: it is only an address; whoever uses it sees to it that no two threads have one item.
unsafe impl<I: Send> Sync for Pointer<I> {}

impl<I> Pointer<I> {
    /// # Safety
    /// The item must exist, and no other thread may access it.
    #[expect(clippy::mut_from_ref, reason = "the caller's promise")]
    unsafe fn place(&self, i: usize) -> &mut I {
        // SAFETY: the caller's promise.
        unsafe { &mut *self.0.add(i) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_done_once() {
        for threads in 1..=4 {
            let pool = Pool::new(threads);
            for tasks in (0..40).chain([1000]) {
                let mut done = vec![0; tasks];
                pool.for_each_mut(&mut done, |i, n| *n += i + 1);
                assert!(done.iter().enumerate().all(|(i, &n)| n == i + 1));
            }
        }
    }

    #[test]
    fn sleeping_helpers_wake() {
        let pool = Pool::new(3);
        for _ in 0..5 {
            std::thread::sleep(4 * PATIENCE);
            let (met, workers) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
            // Each task waits for the others, so three threads have to come.
            pool.for_each(3, |worker, _| {
                lock(&workers).push(worker);
                met.fetch_add(1, SeqCst);
                while met.load(SeqCst) < 3 {
                    std::thread::yield_now();
                }
            });
            let mut workers = workers.into_inner().unwrap();
            workers.sort_unstable();
            assert_eq!(workers, [0, 1, 2]);
        }
    }

    #[test]
    fn tasks_may_have_tasks_and_callers_may_compete() {
        let pool = Pool::new(3);
        let count = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        pool.for_each(4, |_, _| {
                            pool.for_each(5, |_, _| {
                                count.fetch_add(1, Relaxed);
                            });
                        });
                    }
                });
            }
        });
        assert_eq!(count.into_inner(), 3 * 50 * 4 * 5);
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        for bad in 0..20 {
            let run = || pool.for_each(20, |_, task| assert_ne!(task, bad, "the bad one"));
            assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
            let count = AtomicUsize::new(0);
            pool.for_each(20, |_, _| {
                count.fetch_add(1, Relaxed);
            });
            assert_eq!(count.into_inner(), 20);
        }
    }

    #[test]
    fn panics_of_several_tasks_end_with_their_job() {
        let pool = Pool::new(2);
        for _ in 0..20 {
            // Both threads panic: each waits for the other to have a task.
            let met = AtomicUsize::new(0);
            let run = || {
                pool.for_each(2, |_, _| {
                    met.fetch_add(1, SeqCst);
                    while met.load(SeqCst) < 2 {
                        std::thread::yield_now();
                    }
                    panic!("the bad one");
                });
            };
            assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
            pool.for_each(2, |_, _| ());
        }
    }
}
