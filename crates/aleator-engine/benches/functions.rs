//! Elementary functions on 16384 numbers.

mod common;

use std::fmt;

use aleator_engine::exec::math::Real;
use aleator_engine::graph::Expr;
use divan::Bencher;
use divan::counter::ItemsCount;

const SIZE: usize = 1 << 14;

fn main() {
    divan::main();
}

/// A function with its name.
#[derive(Clone, Copy)]
struct Function(&'static str, for<'g> fn(Expr<'g>) -> Expr<'g>);

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

const FUNCTIONS: [Function; 6] = [
    Function("exp", |x| x.exp()),
    Function("log", |x| x.log()),
    Function("tanh", |x| x.tanh()),
    Function("sigmoid", |x| x.sigmoid()),
    Function("softplus", |x| x.softplus()),
    Function("erf", |x| x.erf()),
];

#[divan::bench(types = [f32, f64], args = FUNCTIONS)]
fn evaluate<T: Real>(bencher: Bencher<'_, '_>, Function(_, f): Function) {
    let bencher = bencher.counter(ItemsCount::new(SIZE));
    common::bench::<T>(bencher, &[&[SIZE]], |_, x| vec![f(x[0])]);
}
