//! Learning rate schedules.
//!
//! ```text
//! t < W      α(t) = α (t + 1) / W                              t: steps taken, W: steps of linear warm-up
//! t ≥ W      α(t) = α s(t − W),   T: steps to take after warm-up
//! s(t) = 1                                                     constant
//!        max(0, 1 − t/T)                                       linear
//!        ½ (1 + cos(π min(1, t/T)))                            cosine
//!        factor^⌊t / every⌋                                    step
//! ```
//!
//! The rate increases to α during warm-up and then decays.
//!
//! Reference: `loshchilov2017sgdr` (cosine).

use std::f64::consts::PI;

/// The shape of the decay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Decay {
    /// No decay.
    #[default]
    Constant,
    /// Linear decay to 0.
    Linear,
    /// Cosine decay to 0.
    Cosine,
    /// The rate is multiplied by `factor` after every `every` steps.
    Step {
        /// The number of steps, at least 1.
        every: u64,
        /// The factor.
        factor: f64,
    },
}

/// A learning rate as a function of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// α
    pub rate: f64,
    /// The number of steps of linear warm-up; 0 for none.
    pub warm_up: u64,
    /// The decay after warm-up.
    pub decay: Decay,
}

impl Schedule {
    /// A constant rate.
    pub fn constant(rate: f64) -> Self {
        Schedule { rate, warm_up: 0, decay: Decay::Constant }
    }

    /// The rate of a step, counted from 0, of a run with the given number of steps.
    pub fn at(&self, step: u64, steps: u64) -> f64 {
        let Some(step) = step.checked_sub(self.warm_up) else {
            return self.rate * (step + 1) as f64 / self.warm_up as f64;
        };
        let done = (step as f64 / steps.saturating_sub(self.warm_up).max(1) as f64).min(1.0);
        let decay = match self.decay {
            Decay::Constant => 1.0,
            Decay::Linear => 1.0 - done,
            Decay::Cosine => 0.5 * (1.0 + (PI * done).cos()),
            Decay::Step { every, factor } => factor.powf((step / every.max(1)) as f64),
        };
        self.rate * decay
    }

    /// Whether the rate depends on the total number of steps.
    pub fn depends_on_the_end(&self) -> bool {
        matches!(self.decay, Decay::Linear | Decay::Cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let with = |warm_up, decay| Schedule { rate: 2.0, warm_up, decay };
        assert_eq!(Schedule::constant(2.0).at(7, 10), 2.0);
        assert_eq!([0, 1, 3, 9].map(|t| with(4, Decay::Constant).at(t, 10)), [0.5, 1.0, 2.0, 2.0]);
        assert_eq!([0, 5, 10].map(|t| with(0, Decay::Linear).at(t, 10)), [2.0, 1.0, 0.0]);
        // Up to α at the end of warm-up, and from there down to 0 at the end.
        let both = with(4, Decay::Linear);
        assert_eq!([0, 3, 4, 7, 10].map(|t| both.at(t, 10)), [0.5, 2.0, 2.0, 1.0, 0.0]);
        assert_eq!(
            [3, 4, 6, 7].map(|t| with(4, Decay::Step { every: 3, factor: 0.5 }).at(t, 10)),
            [2.0, 2.0, 2.0, 1.0]
        );
        let cosine = [0, 5, 10].map(|t| with(0, Decay::Cosine).at(t, 10));
        assert!((cosine[0] - 2.0).abs() + (cosine[1] - 1.0).abs() + cosine[2].abs() < 1e-15);
        let step = with(0, Decay::Step { every: 3, factor: 0.5 });
        assert_eq!([0, 2, 3, 8, 9].map(|t| step.at(t, 10)), [2.0, 2.0, 1.0, 0.5, 0.25]);
        assert_eq!(with(0, Decay::Step { every: 0, factor: 0.5 }).at(1, 0), 1.0);
    }
}
