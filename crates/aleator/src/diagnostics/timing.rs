//! Times of estimates, measured in turns.
//!
//! A processor changes its speed while a comparison runs, and other processes come and go. Contestants that are timed one after
//! another therefore see different machines. Here, each contestant has one turn per round, and the rounds follow one another:
//!
//! ```text
//! a b c   b c a   c a b   ...
//! ```
//!
//! The time of a contestant is the median over its turns. Its spread is the standard deviation of one turn, estimated from the
//! median absolute deviation (1.4826 MAD, which is consistent for normal deviations); neither depends on a few disturbed turns.

use std::time::{Duration, Instant};

use crate::error::Result;

/// The time of one estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// The median over the rounds, in seconds.
    pub seconds: f64,
    /// The robust standard deviation of one turn, in seconds; `None` for a single turn.
    pub spread: Option<f64>,
}

/// A computation that can be repeated.
pub(super) trait Contestant {
    /// Performs some estimates, at least one, and returns their number. Only this is timed.
    ///
    /// # Errors
    /// Returns an error if an estimate cannot be computed, or if the computation was interrupted.
    fn run(&mut self) -> Result<usize>;

    /// Brings what `run` needs into memory, before the clock starts.
    ///
    /// # Errors
    /// As [`Contestant::run`].
    fn wake(&mut self) -> Result<()> {
        Ok(())
    }

    /// Releases memory that would be too much to hold for all contestants together.
    fn rest(&mut self) {}
}

/// The number of rounds.
const ROUNDS: usize = 15;
/// The number of rounds that long computations have in any case.
const LEAST_ROUNDS: usize = 3;
/// A turn repeats the computation for at least this long.
const TURN: Duration = Duration::from_millis(2);

/// Times contestants in turns, after a first turn of each that does not count. Rounds end early if they take longer than `limit`.
///
/// `progress` is called with the number of finished rounds and the number of all rounds.
///
/// # Errors
/// As [`Contestant::run`].
pub(super) fn time_in_turns(
    contestants: &mut [&mut dyn Contestant],
    limit: Duration,
    progress: &dyn Fn(usize, usize),
) -> Result<Vec<Timing>> {
    let start = Instant::now();
    let mut turns = vec![Vec::with_capacity(ROUNDS); contestants.len()];
    for round in 0..=ROUNDS {
        if round > LEAST_ROUNDS && start.elapsed() > limit {
            break;
        }
        for place in 0..contestants.len() {
            let place = (place + round) % contestants.len();
            let contestant = &mut contestants[place];
            contestant.wake()?;
            let seconds = turn(&mut **contestant);
            contestant.rest();
            let seconds = seconds?;
            // The first round warms up.
            if round > 0 {
                turns[place].push(seconds);
            }
        }
        progress(round, ROUNDS);
    }
    Ok(turns.into_iter().map(timing).collect())
}

/// The seconds of one estimate in a turn.
fn turn(contestant: &mut dyn Contestant) -> Result<f64> {
    let began = Instant::now();
    let mut estimates = 0;
    loop {
        estimates += contestant.run()?;
        let elapsed = began.elapsed();
        if elapsed >= TURN {
            return Ok(elapsed.as_secs_f64() / estimates.max(1) as f64);
        }
    }
}

/// The median of the turns, and the spread of one.
fn timing(turns: Vec<f64>) -> Timing {
    let seconds = median(turns.clone());
    let spread = || 1.4826 * median(turns.iter().map(|t| (t - seconds).abs()).collect());
    Timing { seconds, spread: (turns.len() > 1).then(spread) }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let (n, half) = (numbers.len(), numbers.len() / 2);
    match n {
        0 => f64::NAN,
        _ if n % 2 == 1 => numbers[half],
        _ => f64::midpoint(numbers[half - 1], numbers[half]),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::error::Error;

    struct Noted<'a> {
        name: char,
        log: &'a RefCell<String>,
        fails: bool,
    }

    impl Contestant for Noted<'_> {
        fn run(&mut self) -> Result<usize> {
            if self.fails {
                return Err(Error::Interrupted);
            }
            std::thread::sleep(TURN);
            self.log.borrow_mut().push(self.name);
            Ok(10)
        }

        fn wake(&mut self) -> Result<()> {
            self.log.borrow_mut().push('(');
            Ok(())
        }

        fn rest(&mut self) {
            self.log.borrow_mut().push(')');
        }
    }

    #[test]
    fn each_has_one_turn_in_each_round() {
        let log = RefCell::new(String::new());
        let mut all = ['a', 'b', 'c'].map(|name| Noted { name, log: &log, fails: false });
        let mut all: Vec<&mut dyn Contestant> = all.iter_mut().map(|c| c as &mut dyn Contestant).collect();
        let rounds = RefCell::new(0);
        let timings = time_in_turns(&mut all, Duration::ZERO, &|_, _| *rounds.borrow_mut() += 1).unwrap();
        // One round that does not count, and those that take place in any case.
        assert_eq!(rounds.take(), 1 + LEAST_ROUNDS);
        assert_eq!(log.take(), "(a)(b)(c)(b)(c)(a)(c)(a)(b)(a)(b)(c)");
        assert!(timings.iter().all(|t| t.seconds >= 2e-4 && t.spread.is_some_and(|s| s >= 0.0)));
    }

    #[test]
    fn a_failure_ends_the_rounds() {
        let log = RefCell::new(String::new());
        let mut all = ['a', 'b'].map(|name| Noted { name, log: &log, fails: name == 'b' });
        let mut all: Vec<&mut dyn Contestant> = all.iter_mut().map(|c| c as &mut dyn Contestant).collect();
        let error = time_in_turns(&mut all, Duration::MAX, &|_, _| {}).unwrap_err();
        assert!(matches!(error, Error::Interrupted));
        // It does not keep its memory either.
        assert_eq!(log.take(), "(a)()");
    }

    #[test]
    fn disturbed_turns_do_not_count() {
        let of = |turns: &[f64]| timing(turns.to_vec());
        let calm = of(&[1.0, 1.01, 0.99, 1.0, 1.02]);
        let disturbed = of(&[1.0, 1.01, 0.99, 1.0, 50.0]);
        assert_eq!(calm.seconds, disturbed.seconds);
        assert!((calm.spread.unwrap() - 0.014_826).abs() < 1e-12 && disturbed.spread == calm.spread);
        assert_eq!(of(&[3.0]), Timing { seconds: 3.0, spread: None });
        assert_eq!(of(&[3.0, 5.0]).seconds, 4.0);
        assert!(of(&[]).seconds.is_nan());
    }
}
