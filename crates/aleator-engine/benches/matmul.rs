//! Matrix products of the models' shapes: a layer, and the two products of its derivative, which read one operand
//! transposed.

mod common;

use std::fmt;

use aleator_engine::exec::math::Real;
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

/// `rows` inputs of a layer from `from` to `to` units.
#[derive(Clone, Copy)]
struct Layer {
    rows: usize,
    from: usize,
    to: usize,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} × {} × {}", self.rows, self.from, self.to)
    }
}

impl Layer {
    fn multiplications(self) -> ItemsCount {
        ItemsCount::new(self.rows * self.from * self.to)
    }
}

const LAYERS: [Layer; 3] = [
    Layer { rows: 100, from: 784, to: 200 },
    Layer { rows: 100, from: 200, to: 200 },
    Layer { rows: 100, from: 200, to: 784 },
];

/// y = x W
#[divan::bench(types = [f32, f64], args = LAYERS)]
fn forward<T: Real>(bencher: Bencher<'_, '_>, layer: Layer) {
    let Layer { rows, from, to } = layer;
    let bencher = bencher.counter(layer.multiplications());
    common::bench::<T>(bencher, &[&[rows, from], &[from, to]], |_, x| vec![x[0].matmul(x[1])]);
}

/// ∂/∂W = xᵀ ∂/∂y
#[divan::bench(types = [f32, f64], args = LAYERS)]
fn by_weights<T: Real>(bencher: Bencher<'_, '_>, layer: Layer) {
    let Layer { rows, from, to } = layer;
    let bencher = bencher.counter(layer.multiplications());
    common::bench::<T>(bencher, &[&[rows, from], &[rows, to]], |_, x| vec![x[0].transpose().matmul(x[1])]);
}

/// ∂/∂x = ∂/∂y Wᵀ
#[divan::bench(types = [f32, f64], args = LAYERS)]
fn by_inputs<T: Real>(bencher: Bencher<'_, '_>, layer: Layer) {
    let Layer { rows, from, to } = layer;
    let bencher = bencher.counter(layer.multiplications());
    common::bench::<T>(bencher, &[&[rows, to], &[from, to]], |_, x| vec![x[0].matmul(x[1].transpose())]);
}
