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

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_INCREMENTS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const ROUNDS: u32 = 10;

/// Blocks computed together.
const LANES: usize = 8;
/// Elements computed together.
const BATCH: usize = 4 * LANES;

/// Streams are numbered below this.
pub const STREAMS: u32 = 1 << 31;
/// Steps are numbered below this.
pub const STEPS: u64 = 1 << 48;
/// Elements of a stream at one step are numbered below this.
pub const ELEMENTS: u64 = 1 << 50;

/// One block of the generator: four random words.
#[inline(always)]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    rounds(counter.map(|word| [u64::from(word)]), key).map(|[word]| word as u32)
}

/// Several blocks under one key. Words occupy the lower halves of 64-bit lanes, where vector units multiply them; what
/// the upper halves of the result hold is of no meaning.
#[inline(always)]
fn rounds<const N: usize>([mut c0, mut c1, mut c2, mut c3]: [[u64; N]; 4], [mut k0, mut k1]: [u32; 2]) -> [[u64; N]; 4] {
    for _ in 0..ROUNDS {
        for i in 0..N {
            let product0 = u64::from(MULTIPLIERS[0]) * (c0[i] & 0xFFFF_FFFF);
            let product1 = u64::from(MULTIPLIERS[1]) * (c2[i] & 0xFFFF_FFFF);
            c0[i] = (product1 >> 32) ^ c1[i] ^ u64::from(k0);
            c1[i] = product1;
            c2[i] = (product0 >> 32) ^ c3[i] ^ u64::from(k1);
            c3[i] = product0;
        }
        k0 = k0.wrapping_add(KEY_INCREMENTS[0]);
        k1 = k1.wrapping_add(KEY_INCREMENTS[1]);
    }
    [c0, c1, c2, c3]
}

/// Fills `out` with uniform numbers of the open interval (0, 1).
///
/// `out[i]` is a function of `seed`, `stream`, `step` and `first_element + i` alone, however a range is cut into calls.
/// An `f64` refines the `f32` at the same position: that is the midpoint of the interval of length 2⁻²³ in which this
/// lies. Smallest and largest are 2⁻²⁴ and 1 - 2⁻²⁴ (`f32`), 2⁻⁵³ and 1 - 2⁻⁵³ (`f64`).
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

/// Everything that numbers depend on but the element.
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
        let high = self.batch_words(first_block, 0);
        let low = if T::USES_LOW_WORD { self.batch_words(first_block, 1) } else { [[0; LANES]; 4] };
        let mut elements = [T::default(); BATCH];
        for i in 0..LANES {
            for word in 0..4 {
                elements[4 * i + word] = T::unit_interval(high[word][i] as u32, low[word][i] as u32);
            }
        }
        elements
    }

    /// The words of the blocks from `first_block`, word by word.
    #[inline(always)]
    fn batch_words(&self, first_block: u64, half: u32) -> [[u64; LANES]; 4] {
        let mut counters = [[0; LANES]; 4];
        for i in 0..LANES {
            let counter = self.counter(first_block + i as u64, half);
            for word in 0..4 {
                counters[word][i] = u64::from(counter[word]);
            }
        }
        rounds(counters, self.key())
    }
}
