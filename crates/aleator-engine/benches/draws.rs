//! Random bits, and 16384 draws of some distributions.

mod common;

use aleator_engine::exec::math::Real;
use aleator_engine::exec::philox::philox4x32_10;
use aleator_engine::graph::Law;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

const SIZE: usize = 1 << 14;

fn main() {
    divan::main();
}

/// Blocks of the generator, each of 16 bytes.
struct Blocks<'a>(&'a mut [[u32; 4]]);

impl pulp::WithSimd for Blocks<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for (i, block) in self.0.iter_mut().enumerate() {
            *block = philox4x32_10([i as u32, 0, 0, 0], [1, 2]);
        }
    }
}

#[divan::bench]
fn philox(bencher: Bencher<'_, '_>) {
    let arch = pulp::Arch::new();
    let mut blocks = vec![[0; 4]; SIZE / 4];
    bencher.counter(BytesCount::new(4 * SIZE)).bench_local(|| arch.dispatch(Blocks(black_box(&mut blocks))));
}

#[divan::bench(types = [f32, f64])]
fn uniform<T: Real>(bencher: Bencher<'_, '_>) {
    let bencher = bencher.counter(ItemsCount::new(SIZE));
    common::bench::<T>(bencher, &[], |graph, _| vec![graph.uniform(0, [SIZE])]);
}

#[divan::bench(types = [f32, f64])]
fn normal<T: Real>(bencher: Bencher<'_, '_>) {
    let bencher = bencher.counter(ItemsCount::new(SIZE));
    common::bench::<T>(bencher, &[], |graph, _| vec![graph.uniform(0, [SIZE]).normal_quantile()]);
}

#[divan::bench(types = [f32, f64])]
fn bernoulli<T: Real>(bencher: Bencher<'_, '_>) {
    let bencher = bencher.counter(ItemsCount::new(SIZE));
    common::bench::<T>(bencher, &[&[SIZE]], |graph, logits| {
        vec![graph.uniform(0, [SIZE]).greater((-logits[0]).sigmoid())]
    });
}

#[divan::bench(types = [f32, f64])]
fn gamma<T: Real>(bencher: Bencher<'_, '_>) {
    let bencher = bencher.counter(ItemsCount::new(SIZE));
    common::bench::<T>(bencher, &[&[SIZE], &[SIZE]], |graph, parameters| {
        vec![graph.draw(Law::Gamma, 0, [SIZE].into(), parameters)]
    });
}
