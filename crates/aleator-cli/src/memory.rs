//! Memory that the machine does not give (`ulimit -v`, a container's limit) ends the program with its size and a remedy.
//!
//! Programs of the engine are measured against what is left before they are compiled; this is for all the rest, such as data
//! files and drawings. The standard library would abort instead, without a word of use.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write;
use std::process::exit;

/// The system's allocator, which answers or ends the program.
pub struct OrExplain;

// SAFETY: all four are the system's, whose promises hold for every answer that is not null; and null is never answered.
unsafe impl GlobalAlloc for OrExplain {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        or_explain(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        or_explain(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        or_explain(unsafe { System.realloc(pointer, layout, size) }, size)
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[inline]
fn or_explain(pointer: *mut u8, size: usize) -> *mut u8 {
    if pointer.is_null() {
        explain(size);
    }
    pointer
}

/// Allocates nothing.
#[cold]
fn explain(size: usize) -> ! {
    let mebibytes = size.div_ceil(1 << 20);
    let _ = writeln!(
        std::io::stderr(),
        "error: there is no memory for {mebibytes} MiB more; use smaller shapes, a smaller batch, fewer samples or replicates, or let \
         the process have more (`ulimit -v`, the limit of its container)"
    );
    exit(2)
}
