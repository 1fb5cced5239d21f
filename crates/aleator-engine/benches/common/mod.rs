//! What the benchmarks share: a compiled expression of inputs that are filled with numbers.

use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::Program;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::{Expr, Graph};
use divan::Bencher;

/// Times a program of some expressions of inputs of these shapes, on the calling thread alone. The inputs hold numbers
/// between ½ and 2.
pub fn bench<T: Real>(
    bencher: Bencher<'_, '_>,
    shapes: &[&[usize]],
    write: impl for<'g> Fn(&'g Graph, &[Expr<'g>]) -> Vec<Expr<'g>>,
) {
    let graph = Graph::new();
    let inputs: Vec<Expr<'_>> =
        shapes.iter().enumerate().map(|(i, shape)| graph.input(&format!("x{i}"), *shape)).collect();
    let outputs: Vec<_> = write(&graph, &inputs).into_iter().map(Expr::id).collect();
    let options = CompileOptions { threads: 1, ..CompileOptions::default() };
    let mut program = Program::<T>::compile(&graph, &outputs, &options).expect("the graph is right");
    for (slot, shape) in shapes.iter().enumerate() {
        let at = |i: usize| T::from_f64(0.5 + 1.5 * (i as f64 * 0.618_033_988_749_895).fract());
        let values: Vec<T> = (0..shape.iter().product()).map(at).collect();
        program.set_input(slot, &values).expect("the size is right");
    }
    let mut step = 0;
    bencher.bench_local(|| {
        step += 1;
        program.run(0, step);
    });
}
