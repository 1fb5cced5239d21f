//! Loops for the widest registers of the machine.

/// Runs `work`, compiled for the widest registers of this machine. `work` must be marked `#[inline(always)]` and should own the
/// values that its loop reads: the compiler reloads constants behind references after every write, which prevents vectorisation.
///
/// ```
/// use aleator_engine::exec::vectorized;
/// let (mut numbers, factor) = (vec![1.0_f32; 1000], 3.0);
/// let elements = &mut numbers[..];
/// vectorized(
///     #[inline(always)]
///     move || elements.iter_mut().for_each(|x| *x *= factor),
/// );
/// assert_eq!(numbers, [3.0; 1000]);
/// ```
///
/// `pulp::Arch::dispatch` takes closures too, but calls them by `FnOnce::call_once`, which the compiler does not always inline:
/// they then silently run at the baseline width.
#[inline(always)]
pub fn vectorized<R>(work: impl FnMut() -> R) -> R {
    pulp::Arch::new().dispatch(Vectorized(work))
}

struct Vectorized<F>(F);

impl<R, F: FnMut() -> R> pulp::WithSimd for Vectorized<F> {
    type Output = R;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, _: S) -> R {
        (self.0)()
    }
}
