//! A fused program of elementwise operations: the log-density of coins and its derivative, which sum to a number each row.

mod common;

use aleator_engine::autodiff::grad;
use aleator_engine::exec::math::Real;
use aleator_engine::graph::Expr;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// log p(b) by the logits l of each row's 64 coins.
fn log_density<'g>(b: Expr<'g>, l: Expr<'g>) -> Expr<'g> {
    (b * l - l.softplus()).sum_axes(-1)
}

#[divan::bench(types = [f32, f64], args = [1, 256, 4096])]
fn value<T: Real>(bencher: Bencher<'_, '_>, rows: usize) {
    let shape = [rows, 64];
    let bencher = bencher.counter(ItemsCount::new(rows * 64));
    common::bench::<T>(bencher, &[&shape, &shape], |_, x| vec![log_density(x[0], x[1])]);
}

#[divan::bench(types = [f32, f64], args = [1, 256, 4096])]
fn value_and_derivative<T: Real>(bencher: Bencher<'_, '_>, rows: usize) {
    let shape = [rows, 64];
    let bencher = bencher.counter(ItemsCount::new(rows * 64));
    common::bench::<T>(bencher, &[&shape, &shape], |_, x| {
        let value = log_density(x[0], x[1]);
        vec![value, grad(value.square().sum(), &[x[1]])[0]]
    });
}
