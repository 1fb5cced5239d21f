//! The 1797 handwritten digits of scikit-learn, 8×8 pixels each, embedded in the library.
//!
//! Source and licence (BSD 3-Clause) are in `assets/digits.LICENSE.txt`. The set is small enough to train a two-layer model
//! within seconds, and realistic enough to distinguish good estimators from bad ones.

use std::io::Read;

use flate2::read::GzDecoder;

use super::image_set::{ImageSet, Split};

const COMPRESSED: &[u8] = include_bytes!("../../assets/digits.csv.gz");
const SIDE: usize = 8;
/// Each pixel is the number of inked dots in a 4×4 block.
const DARKEST: f32 = 16.0;

/// The number of training digits in [`digits_split`]. The other 297 are held out.
pub const DIGITS_TRAINING: usize = 1500;
/// The seed of the split. Changing it is a value-breaking change.
const SPLIT_SEED: u64 = 1797;

/// All 1797 digits in their original order, pixels scaled from 0..16 to 0..1.
pub fn digits() -> ImageSet {
    let mut text = String::new();
    // Our own bytes, read by the tests: a failure here would be a broken build.
    GzDecoder::new(COMPRESSED).read_to_string(&mut text).expect("the embedded digits decompress");
    let mut images = Vec::new();
    let mut labels = Vec::new();
    for line in text.lines() {
        let mut fields =
            line.split(',').map(|field| field.parse::<u8>().expect("the embedded digits are numbers"));
        images.extend(fields.by_ref().take(SIDE * SIDE).map(|level| f32::from(level) / DARKEST));
        labels.extend(fields);
    }
    ImageSet { images, count: labels.len(), labels, height: SIDE, width: SIDE }
}

/// The digits, split into [`DIGITS_TRAINING`] for training and 297 held out. The split is always the same.
///
/// The original order is by writer. Therefore, the images are shuffled (Fisher–Yates, with numbers from SplitMix64 at a fixed
/// seed), and the first 1500 are for training.
pub fn digits_split() -> Split {
    let all = digits();
    let order = shuffled(all.count, SPLIT_SEED);
    let (train, held_out) = order.split_at(DIGITS_TRAINING);
    Split { train: all.select(train), held_out: all.select(held_out) }
}

/// A permutation of 0, 1, .., count − 1 that depends only on the seed.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut state = seed;
    let mut order: Vec<usize> = (0..count).collect();
    for last in (1..count).rev() {
        // The high half of random · (last + 1): uniform over 0..=last but for a bias of 2⁻⁵³ or less.
        let other = (u128::from(split_mix(&mut state)) * (last as u128 + 1)) >> 64;
        order.swap(last, other as usize);
    }
    order
}

/// SplitMix64: `steele2014fast`.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_scikit_learn() {
        let set = digits();
        assert_eq!((set.count, set.height, set.width), (1797, 8, 8));
        assert_eq!(set.images.len(), 1797 * 64);
        // sklearn.datasets.load_digits(): images[0][0], target[:10], data.sum(), bincount(target)
        assert_eq!(
            set.image(0)[..8].iter().map(|p| p * 16.0).collect::<Vec<_>>(),
            [0., 0., 5., 13., 9., 1., 0., 0.]
        );
        assert_eq!(set.labels[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(set.images.iter().map(|p| (p * 16.0) as u64).sum::<u64>(), 561_718);
        let mut classes = [0; 10];
        set.labels.iter().for_each(|&label| classes[usize::from(label)] += 1);
        assert_eq!(classes, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert!(set.images.iter().all(|pixel| (0.0..=1.0).contains(pixel)));
    }

    #[test]
    fn the_split_is_fixed_and_loses_nothing() {
        let split = digits_split();
        assert_eq!((split.train.count, split.held_out.count), (1500, 297));
        assert_eq!(split, digits_split());
        let mut order = shuffled(1797, SPLIT_SEED);
        // Written down so that a change of the split cannot go unnoticed.
        assert_eq!(order[..5], [1618, 309, 131, 756, 1479]);
        order.sort_unstable();
        assert!(order.into_iter().eq(0..1797));
        // Every digit is held out about as often as it occurs.
        for digit in 0..10 {
            let held_out = split.held_out.labels.iter().filter(|&&label| label == digit).count();
            assert!((15..=45).contains(&held_out), "{digit}: {held_out}");
        }
    }

    #[test]
    fn split_mix_gives_its_published_numbers() {
        // The first outputs for seed 1234567, as in the reference implementation's test vector.
        let mut state = 1_234_567;
        assert_eq!(split_mix(&mut state), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut state), 3_203_168_211_198_807_973);
    }
}
