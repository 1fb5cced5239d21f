//! Draws by rejection. Each element of a tensor uses as many random numbers as it needs.
//!
//! ```text
//! element e of stream s at step t:  key = the two words that a uniform number would be made of at this position
//! its random numbers:               Philox4x32-10 with that key, counter 0, 1, 2, …
//! ```
//!
//! A draw is therefore a function of its position and its parameters, and elements along additional leading axes of the
//! parameters use the same random numbers. (Two of 10⁹ elements have the same key with a probability of 3%.)
//!
//! Everything is computed in double precision and rounded once. The samplers are implemented here because general libraries draw
//! a Gamma variate instead of its logarithm, which underflows for small α, have no von Mises distribution, and may change their
//! random numbers between versions. With the functions of [`math`](super::math), a draw has the same bits on every machine.
//! Rejection ends with NaN after 1000 attempts, which has a probability below 10⁻⁶⁰ for every distribution and all parameters.

mod binomial;
mod gamma;
mod kernel;
mod mass;
mod poisson;
mod von_mises;

pub(crate) use kernel::Draw;

use super::math::{Format, Real};
use super::philox::{fill_words, philox4x32_10};
use crate::graph::Law;

/// The largest number of proposals of one draw.
const ATTEMPTS: usize = 1000;

/// The random numbers of one element.
struct Sequence {
    key: [u32; 2],
    counter: u32,
    words: [u32; 4],
    half: bool,
}

impl Sequence {
    fn new(key: [u32; 2]) -> Self {
        Sequence { key, counter: 0, words: [0; 4], half: false }
    }

    /// The next number, uniform in the open interval (0, 1).
    fn uniform(&mut self) -> f64 {
        if self.half {
            self.half = false;
            return f64::unit_interval(self.words[2], self.words[3]);
        }
        self.words = philox4x32_10([self.counter, 0, 0, 0], self.key);
        self.counter += 1;
        self.half = true;
        f64::unit_interval(self.words[0], self.words[1])
    }

    /// The next number, of the standard normal distribution.
    fn normal(&mut self) -> f64 {
        Real::normal_quantile(self.uniform())
    }
}

/// A draw from the law with the given parameters, at a position of the noise.
pub fn draw<T: Real>(law: Law, parameters: &[T], seed: u64, stream: u32, step: u64, element: u64) -> T {
    let [mut high, mut low] = [[0]; 2];
    fill_words(&mut high, &mut low, seed, stream, step, element);
    by_key(law, |i| parameters[i].to_f64(), [high[0], low[0]])
}

fn by_key<T: Real>(law: Law, x: impl Fn(usize) -> f64, key: [u32; 2]) -> T {
    let mut random = Sequence::new(key);
    let random = &mut random;
    let z = match law {
        Law::Gamma => gamma::gamma(x(0), x(1), random),
        Law::LogGamma => gamma::log_gamma(x(0), random),
        Law::Beta => Real::sigmoid(gamma::logit_beta(x(0), x(1), random)),
        Law::LogitBeta => gamma::logit_beta(x(0), x(1), random),
        Law::Poisson => poisson::poisson(x(0), random),
        Law::Binomial => binomial::binomial(x(0), x(1), x(2), random),
        Law::VonMises => von_mises::von_mises(x(0), random),
    };
    let z = T::from_f64(z);
    match law {
        Law::Gamma => z.max(T::MIN_POSITIVE),
        Law::Beta => z.max(T::MIN_POSITIVE).min(T::LARGEST_BELOW_ONE),
        _ => z,
    }
}
