//! Random bits: Philox4x32-10 (`salmon2011parallel`), and uniform numbers as a pure function of their position.
//!
//! ```text
//! one round:   (c₀, c₁, c₂, c₃) ← (high(M₁ c₂) ⊕ c₁ ⊕ k₀,  low(M₁ c₂),  high(M₀ c₀) ⊕ c₃ ⊕ k₁,  low(M₀ c₀)),
//!              (k₀, k₁) ← (k₀ + W₀, k₁ + W₁)
//! ```
//!
//! Element e of stream s at step t reads word e mod 4 of the block whose key is the seed and whose counter is
//!
//! | word | bits 0 to 15                        | bits 16 to 31         |
//! |------|-------------------------------------|-----------------------|
//! | 0    | block = ⌊e/4⌋, bits 0 to 15         | block, bits 16 to 31  |
//! | 1    | block, bits 32 to 47                | step, bits 32 to 47   |
//! | 2    | step, bits 0 to 15                  | step, bits 16 to 31   |
//! | 3    | stream, bits 0 to 15                | stream, bits 16 to 30, and in bit 31 the half |
//!
//! so that no two positions share a word. Half 0 holds the leading bits of every number and is all that an `f32` uses;
//! half 1 holds the bits that an `f64` has in addition.

use super::math::Real;

pub(crate) const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
pub(crate) const KEY_INCREMENTS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// The number of blocks that are computed together.
const LANES: usize = 16;
/// The number of elements that are computed together.
const BATCH: usize = 4 * LANES;

/// Streams are numbered below this.
pub const STREAMS: u32 = 1 << 31;
/// Steps are numbered below this.
pub const STEPS: u64 = 1 << 48;
/// Elements of a stream at one step are numbered below this.
pub const ELEMENTS: u64 = 1 << 50;

/// The random numbers that a run uses. Every noise tensor is a part of an infinite one along its first axis: its rows starting at
/// `first_row`. A run of n rows uses the same numbers as n runs of one row each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoiseAt {
    /// The key.
    pub seed: u64,
    /// Below [`STEPS`].
    pub step: u64,
    /// The number of preceding rows. The number of elements up to the end of a run is below [`ELEMENTS`].
    pub first_row: u64,
}

/// One block of the generator: four random words.
#[inline(always)]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let words = counter.map(u64::from);
    // Written out, so that a loop over blocks has no loop inside and is vectorised.
    let words = round(words, round_key(key, 0));
    let words = round(words, round_key(key, 1));
    let words = round(words, round_key(key, 2));
    let words = round(words, round_key(key, 3));
    let words = round(words, round_key(key, 4));
    let words = round(words, round_key(key, 5));
    let words = round(words, round_key(key, 6));
    let words = round(words, round_key(key, 7));
    let words = round(words, round_key(key, 8));
    let words = round(words, round_key(key, 9));
    words.map(|word| word as u32)
}

#[inline(always)]
fn round_key([k0, k1]: [u32; 2], round: u32) -> [u64; 2] {
    [
        u64::from(k0.wrapping_add(KEY_INCREMENTS[0].wrapping_mul(round))),
        u64::from(k1.wrapping_add(KEY_INCREMENTS[1].wrapping_mul(round))),
    ]
}

/// One round on words in the lower halves of 64-bit lanes, where vector units multiply them. The upper halves have no meaning.
#[inline(always)]
fn round([c0, c1, c2, c3]: [u64; 4], [k0, k1]: [u64; 2]) -> [u64; 4] {
    let product0 = MULTIPLIERS[0] * (c0 & 0xFFFF_FFFF);
    let product1 = MULTIPLIERS[1] * (c2 & 0xFFFF_FFFF);
    [(product1 >> 32) ^ c1 ^ k0, product1, (product0 >> 32) ^ c3 ^ k1, product0]
}

/// Fills `out` with uniform numbers of the open interval (0, 1).
///
/// `out[i]` is a function of `seed`, `stream`, `step` and `first_element + i` alone, however a range is cut into calls. An `f64`
/// refines the `f32` at the same position: the `f32` is the midpoint of the interval of length 2⁻²³ that contains the `f64`.
/// Smallest and largest are 2⁻²⁴ and 1 - 2⁻²⁴ (`f32`), 2⁻⁵³ and 1 - 2⁻⁵³ (`f64`).
///
/// `stream`, `step` and the last element are below [`STREAMS`], [`STEPS`] and [`ELEMENTS`].
#[inline(always)]
pub fn fill_uniform<T: Real>(out: &mut [T], seed: u64, stream: u32, step: u64, first_element: u64) {
    debug_assert!(stream < STREAMS && step < STEPS);
    debug_assert!(first_element < ELEMENTS && out.len() as u64 <= ELEMENTS - first_element);
    let position = Position { seed, stream, step };
    let (mut block, skipped) = (first_element / 4, (first_element % 4) as usize);

    let (head, rest) = out.split_at_mut(if skipped == 0 { 0 } else { (4 - skipped).min(out.len()) });
    if !head.is_empty() {
        let values: [T; 4] = position.block(block);
        head.copy_from_slice(&values[skipped..skipped + head.len()]);
        block += 1;
    }
    let mut batches = rest.chunks_exact_mut(BATCH);
    for batch in &mut batches {
        batch.copy_from_slice(&position.batch(block));
        block += LANES as u64;
    }
    let tail = batches.into_remainder();
    if tail.len() > 8 {
        tail.copy_from_slice(&position.batch(block)[..tail.len()]);
    } else {
        for four in tail.chunks_mut(4) {
            four.copy_from_slice(&position.block(block)[..four.len()]);
            block += 1;
        }
    }
}

/// The two words that each uniform number would be made of, from `first_element` on; `high` and `low` have one length.
pub(crate) fn fill_words(
    high: &mut [u32],
    low: &mut [u32],
    seed: u64,
    stream: u32,
    step: u64,
    first_element: u64,
) {
    let position = Position { seed, stream, step };
    let mut blocks = None;
    for (i, (high, low)) in high.iter_mut().zip(low).enumerate() {
        let element = first_element + i as u64;
        let (block, place) = (element / 4, (element % 4) as usize);
        let [highs, lows] = match blocks {
            Some((number, words)) if number == block => words,
            _ => [0, 1].map(|half| philox4x32_10(position.counter(block, half), position.key())),
        };
        blocks = Some((block, [highs, lows]));
        (*high, *low) = (highs[place], lows[place]);
    }
}

/// Everything on which a number depends, except the element.
struct Position {
    seed: u64,
    stream: u32,
    step: u64,
}

impl Position {
    #[inline(always)]
    fn key(&self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }

    /// The counter of a block in half 0 or 1.
    #[inline(always)]
    fn counter(&self, block: u64, half: u32) -> [u32; 4] {
        let high = (block >> 32) as u32 | ((self.step >> 32) as u32) << 16;
        [block as u32, high, self.step as u32, self.stream | half << 31]
    }

    /// Four elements.
    #[inline(always)]
    fn block<T: Real>(&self, block: u64) -> [T; 4] {
        let high = philox4x32_10(self.counter(block, 0), self.key());
        let low = if T::USES_LOW_WORD { philox4x32_10(self.counter(block, 1), self.key()) } else { [0; 4] };
        std::array::from_fn(|i| T::unit_interval(high[i], low[i]))
    }

    /// The elements of the blocks from `first_block`.
    #[inline(always)]
    fn batch<T: Real>(&self, first_block: u64) -> [T; BATCH] {
        // Word by word first: both loops then have a form that is vectorised.
        let [mut first, mut second, mut third, mut fourth] = [[T::default(); LANES]; 4];
        for i in 0..LANES {
            [first[i], second[i], third[i], fourth[i]] = self.block(first_block + i as u64);
        }
        let mut elements = [T::default(); BATCH];
        for (i, four) in elements.chunks_exact_mut(4).enumerate() {
            four.copy_from_slice(&[first[i], second[i], third[i], fourth[i]]);
        }
        elements
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::exec::math::Format;

    /// The known answers that the authors publish with Random123.
    #[test]
    fn known_answers() {
        let (zeros, ones) = ([0; 4], [u32::MAX; 4]);
        let pi = [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344];
        for (counter, key, answer) in [
            (zeros, [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
            (ones, [u32::MAX; 2], [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]),
            (pi, [0xA409_3822, 0x299F_31D0], [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]),
        ] {
            assert_eq!(philox4x32_10(counter, key), answer);
        }
    }

    /// The definition, one element at a time.
    fn uniform<T: Real>(seed: u64, stream: u32, step: u64, element: u64) -> T {
        let block = element / 4;
        let high_halves = (block >> 32) as u32 | (((step >> 32) as u32) << 16);
        let word = |half: u32| {
            let counter = [block as u32, high_halves, step as u32, stream | (half << 31)];
            philox4x32_10(counter, [seed as u32, (seed >> 32) as u32])[(element % 4) as usize]
        };
        T::unit_interval(word(0), word(1))
    }

    fn check_cuts<T: Real>(seed: u64, stream: u32, step: u64, first: u64, cuts: &[usize]) {
        let length = cuts.iter().sum();
        let expected: Vec<T> = (0..length as u64).map(|i| uniform(seed, stream, step, first + i)).collect();
        let mut whole = vec![T::default(); length];
        fill_uniform(&mut whole, seed, stream, step, first);
        assert!(whole == expected);
        let mut parts = vec![T::default(); length];
        let mut done = 0;
        for &cut in cuts {
            fill_uniform(&mut parts[done..done + cut], seed, stream, step, first + done as u64);
            done += cut;
        }
        assert!(parts == expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn elements_do_not_depend_on_the_calls(
            seed: u64,
            stream in 0..STREAMS,
            step in 0..STEPS,
            first in prop_oneof![0..1000u64, (1u64 << 34) - 100..1u64 << 34, 0..ELEMENTS - 2000],
            cuts in prop::collection::vec(prop_oneof![0..10usize, 0..300usize], 1..6),
        ) {
            check_cuts::<f32>(seed, stream, step, first, &cuts);
            check_cuts::<f64>(seed, stream, step, first, &cuts);
        }
    }

    #[test]
    fn the_last_element_of_the_last_step_is_reachable() {
        check_cuts::<f64>(u64::MAX, STREAMS - 1, STEPS - 1, ELEMENTS - 200, &[100, 100]);
    }

    /// Neighbouring streams, steps and seeds have no element in common (a chance of 10⁻⁹ at most in 53 bits).
    #[test]
    fn streams_and_steps_do_not_overlap() {
        let mut all = Vec::new();
        for seed in [0, 1, 1 << 32] {
            for stream in [0, 1, STREAMS - 1] {
                for step in [0, 1, 1 << 16, 1 << 32] {
                    let mut out = [0.0f64; 64];
                    fill_uniform(&mut out, seed, stream, step, 0);
                    all.extend(out.map(f64::to_bits));
                }
            }
        }
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn double_precision_refines_single() {
        let (mut single, mut double) = ([0.0f32; 1001], [0.0f64; 1001]);
        fill_uniform(&mut single, 7, 8, 9, 10);
        fill_uniform(&mut double, 7, 8, 9, 10);
        let cells = f64::from(1 << 23);
        for (s, d) in single.into_iter().zip(double) {
            assert_eq!(f64::from(s), ((d * cells).floor() + 0.5) / cells);
        }
    }

    #[test]
    fn the_interval_is_open() {
        assert_eq!(f32::unit_interval(0, 0), 2f32.powi(-24));
        assert_eq!(f32::unit_interval(u32::MAX, u32::MAX), 1.0 - 2f32.powi(-24));
        assert_eq!(f64::unit_interval(0, 0), 2f64.powi(-53));
        assert_eq!(f64::unit_interval(u32::MAX, u32::MAX), 1.0 - 2f64.powi(-53));
    }

    /// χ² of equal cells, of the leading bits of single elements, of pairs of neighbours, and of the trailing bits. For each, a
    /// correct generator fails with probability 10⁻⁶: the bound is the normal approximation's 1 - 10⁻⁶ quantile, 4.75.
    #[test]
    fn numbers_are_uniform() {
        const CELLS: usize = 4096;
        let mut out = vec![0.0f64; 1 << 20];
        fill_uniform(&mut out, 20_240_607, 5, 3, 0);
        let check = |name: &str, cells: Vec<usize>| {
            let expected = cells.len() as f64 / CELLS as f64;
            let mut counts = vec![0.0; CELLS];
            cells.into_iter().for_each(|cell| counts[cell] += 1.0);
            let chi_square: f64 =
                counts.iter().map(|count: &f64| (count - expected).powi(2) / expected).sum();
            let freedom = (CELLS - 1) as f64;
            // Wilson and Hilferty: the cube root of χ² / freedom is nearly normal.
            let variance = 2.0 / (9.0 * freedom);
            let z = ((chi_square / freedom).cbrt() - (1.0 - variance)) / variance.sqrt();
            assert!(z < 4.75, "{name}: χ² = {chi_square}, z = {z}");
        };
        check("leading bits", out.iter().map(|u| (u * 4096.0) as usize).collect());
        check(
            "pairs",
            out.chunks_exact(2).map(|w| (w[0] * 64.0) as usize * 64 + (w[1] * 64.0) as usize).collect(),
        );
        let trailing = |u: &f64| ((u * 2f64.powi(52)) as u64 % 4096) as usize;
        check("trailing bits", out.iter().map(trailing).collect());
    }

    /// The same bits in the widest registers of this machine.
    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        struct Fill<'a, T>(&'a mut [T]);
        impl<T: Real> pulp::WithSimd for Fill<'_, T> {
            type Output = ();
            #[inline(always)]
            fn with_simd<S: pulp::Simd>(self, _: S) {
                fill_uniform(self.0, 1, 2, 3, 5);
            }
        }
        let (mut vector, mut plain) = ([0.0f64; 501], [0.0f64; 501]);
        pulp::Arch::new().dispatch(Fill(&mut vector));
        fill_uniform(&mut plain, 1, 2, 3, 5);
        assert_eq!(vector, plain);
        let (mut vector, mut plain) = ([0.0f32; 501], [0.0f32; 501]);
        pulp::Arch::new().dispatch(Fill(&mut vector));
        fill_uniform(&mut plain, 1, 2, 3, 5);
        assert_eq!(vector, plain);
    }
}
