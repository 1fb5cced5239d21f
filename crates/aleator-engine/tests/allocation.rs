//! Running a program again allocates nothing.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::graph::{Graph, Law};
use common::numbers;

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn a_second_run_allocates_nothing() {
    let graph = Graph::new();
    let x = graph.input("x", [600, 700]);
    let y = (x + graph.uniform(0, [600, 700])).softmax();
    let z = y.transpose() * 2.0 + y.sum_axes(-2).unsqueeze(-1);
    let small = graph.input("s", [3, 3]);
    let draws = graph.draw(Law::Gamma, 1, [3000].into(), &[small.sum().abs() + 0.5, graph.scalar(2.0)]);
    let outputs = [draws.id(), y.argmax().id(), z.cumsum().sum_axes(-1).id(), small.matmul(small).sum().id()];
    let options = CompileOptions { threads: 2, ..CompileOptions::default() };
    let mut program = Program::<f32>::compile(&graph, &outputs, &options).unwrap();
    program.set_input(0, &numbers(600 * 700, 1)).unwrap();
    program.set_input(1, &numbers(9, 1)).unwrap();
    program.run(1, 0);
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    for step in 1..200 {
        program.run(1, step);
    }
    assert_eq!(ALLOCATIONS.load(Ordering::Relaxed), before);
}
