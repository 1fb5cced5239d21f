//! First and second derivatives of elementary functions at tiny, huge and boundary arguments, against references of 60
//! digits. Each derivative keeps its relative accuracy as far as numbers go: a tail that underflows too early, or
//! rounds to 0 because 1 − y does, is wrong in all of its digits.
//!
//! ```text
//! tanh′ = sech² x                 tanh″ = −2 tanh x sech² x          expm1′ = expm1″ = eˣ
//! σ′ = ¼ sech² ½x                 σ″ = −σ′ tanh ½x                   softplus′ = σ,  softplus″ = σ′
//! erf′ = 2/√π e^(−x²)             erf″ = −2x erf′                    log Γ′ = ψ,  log Γ″ = ψ′,  ψ″
//! logit′ = 1/(x (1−x))            logit″ = (2x−1)/(x (1−x))²         (x^2.5)′ = 2.5 x^1.5,  (x^2.5)″ = 3.75 x^0.5
//! norm′ = x/‖x‖, 0 at 0           norm″ u = (u − x ⟨x, u⟩/‖x‖²)/‖x‖
//! ```

use std::f64::consts::{E, FRAC_2_SQRT_PI};

use aleator_engine::Error;
use aleator_engine::autodiff::grad;
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::{Program, math::Real};
use aleator_engine::graph::{Expr, Graph};

/// A function's name, the function, and (x, f′(x), f″(x)).
type Known = (&'static str, for<'g> fn(Expr<'g>) -> Expr<'g>, &'static [(f64, f64, f64)]);

/// In double precision.
const IN_DOUBLE: &[Known] = &[
    (
        "tanh",
        |x| x.tanh(),
        &[
            (1e-300, 1.0, -2e-300),
            (1e-08, 0.9999999999999999, -1.9999999999999997e-08),
            (0.4999, 0.7865204163373606, -0.7268054406931191),
            (0.5, 0.7864477329659274, -0.7268619813835873),
            (1.0, 0.4199743416140261, -0.6397000084492245),
            (19.5, 4.6192896692063144e-17, -9.238579338412629e-17),
            (20.5, 6.251528757339955e-18, -1.250305751467991e-17),
            (-40.0, 7.219405551381661e-35, 1.4438811102763322e-34),
            (350.0, 3.943870617503908e-304, -7.887741235007817e-304),
            (-350.0, 3.943870617503908e-304, 7.887741235007817e-304),
        ],
    ),
    (
        "expm1",
        |x| x.expm1(),
        &[
            (-700.0, 9.85967654375977e-305, 9.85967654375977e-305),
            (-40.0, 4.248354255291589e-18, 4.248354255291589e-18),
            (-37.0, 8.533047625744066e-17, 8.533047625744066e-17),
            (-1e-08, 0.9999999900000001, 0.9999999900000001),
            (1e-300, 1.0, 1.0),
            (1.0, E, E),
            (700.0, 1.0142320547350045e+304, 1.0142320547350045e+304),
        ],
    ),
    (
        "sigmoid",
        |x| x.sigmoid(),
        &[
            (-700.0, 9.85967654375977e-305, 9.85967654375977e-305),
            (-40.0, 4.248354255291589e-18, 4.248354255291589e-18),
            (-1.0, 0.19661193324148185, 0.09085774767294841),
            (0.5, 0.2350037122015945, -0.05755679485232074),
            (40.0, 4.248354255291589e-18, -4.248354255291589e-18),
            (700.0, 9.85967654375977e-305, -9.85967654375977e-305),
        ],
    ),
    (
        "softplus",
        |x| x.softplus(),
        &[
            (-700.0, 9.85967654375977e-305, 9.85967654375977e-305),
            (-40.0, 4.248354255291589e-18, 4.248354255291589e-18),
            (-1.0, 0.2689414213699951, 0.19661193324148185),
            (0.5, 0.6224593312018546, 0.2350037122015945),
            (40.0, 1.0, 4.248354255291589e-18),
            (700.0, 1.0, 9.85967654375977e-305),
        ],
    ),
    (
        "exp",
        |x| x.exp(),
        &[
            (-740.0, 4.2e-322, 4.2e-322),
            (-700.0, 9.85967654375977e-305, 9.85967654375977e-305),
            (-1e-300, 1.0, 1.0),
            (1.0, E, E),
            (709.0, 8.218407461554972e+307, 8.218407461554972e+307),
        ],
    ),
    (
        "log",
        |x| x.log(),
        &[
            (1e-153, 1e+153, -9.999999999999999e+305),
            (1e-100, 1e+100, -1e+200),
            (1.0, 1.0, -1.0),
            (1e+150, 1e-150, -1e-300),
        ],
    ),
    (
        "log1p",
        |x| x.log1p(),
        &[
            (-0.9999999999999998, 4503599627370496.0, -2.028240960365167e+31),
            (-0.5, 2.0, -4.0),
            (1e-300, 1.0, -1.0),
            (1e-08, 0.9999999900000001, -0.9999999800000003),
            (1e+150, 1e-150, -1e-300),
        ],
    ),
    (
        "sqrt",
        |x| x.sqrt(),
        &[
            (1e-200, 5e+99, -2.5e+299),
            (1e-08, 5000.0, -250000000000.0),
            (1.0, 0.5, -0.25),
            (1e+200, 5e-101, -2.5e-301),
        ],
    ),
    (
        "erf",
        |x| x.erf(),
        &[
            (-26.0, 2.9470349932662697e-294, 1.53245819649846e-292),
            (-5.0, 1.5670866531017336e-11, 1.5670866531017336e-10),
            (1e-300, FRAC_2_SQRT_PI, -2.2567583341910252e-300),
            (0.5, 0.8787825789354448, -0.8787825789354448),
            (5.0, 1.5670866531017336e-11, -1.5670866531017336e-10),
            (26.0, 2.9470349932662697e-294, -1.53245819649846e-292),
        ],
    ),
    (
        "lgamma",
        |x| x.lgamma(),
        &[
            (1e-153, -1e+153, 9.999999999999999e+305),
            (1e-08, -100000000.57721564, 1.0000000000000002e+16),
            (0.5, -1.9635100260214235, 4.934802200544679),
            (3.0, 0.9227843350984671, 0.39493406684822646),
            (100000000.0, 18.420680738952367, 1.000000005e-08),
            (1e+150, 345.38776394910684, 1e-150),
        ],
    ),
    (
        "digamma",
        |x| x.digamma(),
        &[
            (1e-100, 1e+200, -1.9999999999999998e+300),
            (1e-08, 1.0000000000000002e+16, -2e+24),
            (0.5, 4.934802200544679, -16.82879664423432),
            (3.0, 0.39493406684822646, -0.15411380631918858),
            (100000000.0, 1.000000005e-08, -1.00000001e-16),
            (1e+150, 1e-150, -1e-300),
        ],
    ),
    (
        "logit",
        |x| x.logit(),
        &[
            (1e-150, 1e+150, -1e+300),
            (1e-08, 100000001.00000001, -9999999999999998.0),
            (0.25, 5.333333333333333, -14.222222222222221),
            (0.9999999990686774, 1073741825.0, 1.152921504606847e+18),
            (0.9999999999999999, 9007199254740994.0, 8.112963841460668e+31),
        ],
    ),
    (
        "x^2.5",
        |x| x.pow(2.5),
        &[
            (1e-120, 2.5e-180, 3.75e-60),
            (1e-08, 2.5000000000000003e-12, 0.000375),
            (1.0, 2.5, 3.75),
            (1e+100, 2.5e+150, 3.75e+50),
        ],
    ),
    (
        "tan",
        |x| x.tan(),
        &[
            (-1.5, 199.85004452649247, -5636.338808658074),
            (1e-300, 1.0, 2e-300),
            (1.0, 3.4255188208147596, 10.669858944975317),
        ],
    ),
    (
        "sin",
        |x| x.sin(),
        &[
            (1e-300, 1.0, -1e-300),
            (1.0, 0.5403023058681398, -0.8414709848078965),
            (100000.0, -0.9993608074382124, -0.03574879797201651),
        ],
    ),
    (
        "1/x",
        |x| 1.0 / x,
        &[(1e-100, -1e+200, 1.9999999999999998e+300), (1.0, -1.0, 2.0), (-1e+100, -1e-200, -2e-300)],
    ),
];

/// At single-precision numbers.
const IN_SINGLE: &[Known] = &[
    (
        "tanh",
        |x| x.tanh(),
        &[
            (8.673617379884035e-19, 1.0, -1.734723475976807e-18),
            (0.5, 0.7864477329659274, -0.7268619813835873),
            (8.5, 1.6559749504014006e-07, -3.3119496265774865e-07),
            (10.5, 3.033024166565145e-09, -6.066048323931054e-09),
            (-40.0, 7.219405551381661e-35, 1.4438811102763322e-34),
            (42.0, 1.3222802507042937e-36, -2.6445605014085875e-36),
        ],
    ),
    (
        "expm1",
        |x| x.expm1(),
        &[
            (-80.0, 1.8048513878454153e-35, 1.8048513878454153e-35),
            (-16.5, 6.82560337633487e-08, 6.82560337633487e-08),
            (-9.094947017729282e-13, 0.9999999999990905, 0.9999999999990905),
            (1.0, E, E),
            (80.0, 5.54062238439351e+34, 5.54062238439351e+34),
        ],
    ),
    (
        "sigmoid",
        |x| x.sigmoid(),
        &[
            (-80.0, 1.8048513878454153e-35, 1.8048513878454153e-35),
            (-17.5, 2.5109990296416514e-08, 2.5109989035393256e-08),
            (0.5, 0.2350037122015945, -0.05755679485232074),
            (40.0, 4.248354255291589e-18, -4.248354255291589e-18),
        ],
    ),
    (
        "softplus",
        |x| x.softplus(),
        &[
            (-80.0, 1.8048513878454153e-35, 1.8048513878454153e-35),
            (-17.5, 2.5109990926928157e-08, 2.5109990296416514e-08),
            (0.5, 0.6224593312018546, 0.2350037122015945),
            (40.0, 1.0, 4.248354255291589e-18),
        ],
    ),
    (
        "exp",
        |x| x.exp(),
        &[
            (-80.0, 1.8048513878454153e-35, 1.8048513878454153e-35),
            (1.0, E, E),
            (80.0, 5.54062238439351e+34, 5.54062238439351e+34),
        ],
    ),
    (
        "log1p",
        |x| x.log1p(),
        &[
            (-0.9999998807907104, 8388608.0, -70368744177664.0),
            (-0.5, 2.0, -4.0),
            (8.673617379884035e-19, 1.0, -1.0),
            (1.152921504606847e+18, 8.673617379884035e-19, -7.52316384526264e-37),
        ],
    ),
    (
        "erf",
        |x| x.erf(),
        &[
            (-9.0, 7.492073428245974e-36, 1.3485732170842753e-34),
            (0.5, 0.8787825789354448, -0.8787825789354448),
            (5.0, 1.5670866531017336e-11, -1.5670866531017336e-10),
        ],
    ),
    (
        "sqrt",
        |x| x.sqrt(),
        &[
            (9.094947017729282e-13, 524288.0, -2.8823037615171174e+17),
            (1.0, 0.5, -0.25),
            (1.152921504606847e+18, 4.656612873077393e-10, -2.0194839173657902e-28),
        ],
    ),
    (
        "lgamma",
        |x| x.lgamma(),
        &[
            (8.673617379884035e-19, -1.152921504606847e+18, 1.329227995784916e+36),
            (0.5, -1.9635100260214235, 4.934802200544679),
            (1.152921504606847e+18, 41.58883083359672, 8.673617379884035e-19),
        ],
    ),
    (
        "digamma",
        |x| x.digamma(),
        &[
            (9.094947017729282e-13, 1.2089258196146292e+24, -2.658455991569832e+36),
            (0.5, 4.934802200544679, -16.82879664423432),
            (1.152921504606847e+18, 8.673617379884035e-19, -7.52316384526264e-37),
        ],
    ),
    (
        "logit",
        |x| x.logit(),
        &[
            (8.673617379884035e-19, 1.152921504606847e+18, -1.329227995784916e+36),
            (0.25, 5.333333333333333, -14.222222222222221),
            (0.9999999403953552, 16777217.00000006, 281474976710655.0),
        ],
    ),
];

fn evaluate<T: Real>(outputs: &[Expr<'_>], inputs: &[&[f64]]) -> Vec<Vec<f64>> {
    let ids: Vec<_> = outputs.iter().map(|e| e.id()).collect();
    let options = CompileOptions { threads: 1, ..CompileOptions::default() };
    let mut program = Program::<T>::compile(outputs[0].graph(), &ids, &options).unwrap();
    for (slot, values) in inputs.iter().enumerate() {
        program.set_input(slot, &values.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>()).unwrap();
    }
    program.run(0, 0);
    (0..ids.len()).map(|i| program.output(i).iter().map(|x| x.to_f64()).collect()).collect()
}

fn assert_near(what: &str, got: f64, want: f64, tolerance: f64, least: f64) {
    assert!((got - want).abs() <= tolerance * want.abs() + least, "{what}: {got:e}, expected {want:e}");
}

/// `least`: some units of the smallest subnormal number.
fn hold<T: Real>(table: &[Known], tolerance: f64, least: f64) {
    for (name, f, known) in table {
        let graph = Graph::new();
        let x = graph.input("x", [known.len()]);
        let first = grad(f(x), &[x])[0];
        let second = grad(first, &[x])[0];
        let at: Vec<f64> = known.iter().map(|k| k.0).collect();
        let values = evaluate::<T>(&[first, second], &[&at]);
        for (i, &(x, first, second)) in known.iter().enumerate() {
            assert_near(&format!("{name}′({x:e})"), values[0][i], first, tolerance, least);
            assert_near(&format!("{name}″({x:e})"), values[1][i], second, tolerance, least);
        }
    }
}

#[test]
fn derivatives_keep_their_digits_in_double_precision() {
    hold::<f64>(IN_DOUBLE, 1e-12, 2e-323);
}

#[test]
fn derivatives_keep_their_digits_in_single_precision() {
    hold::<f32>(IN_SINGLE, 2e-5, 1e-44);
}

/// The norm of a vector, its gradient x/‖x‖, and its Hessian times the vector (1, 2).
fn norm_of<T: Real>(x: [f64; 2]) -> [Vec<f64>; 3] {
    let graph = Graph::new();
    let (w, u) = (graph.input("w", [2]), graph.tensor([2], vec![1.0, 2.0]));
    let y = w.norm(-1);
    let gradient = grad(y, &[w])[0];
    let hessian = grad((gradient * u).sum(), &[w])[0];
    evaluate::<T>(&[y, gradient, hessian], &[&x]).try_into().unwrap()
}

#[test]
fn norms_neither_overflow_nor_underflow() {
    let scales = [5e-324, 1e-310, 3e-308, 1e-200, 1e-13, 1.0, 1e11, 1e13, 1e200, 1e307];
    for scale in scales {
        let [y, gradient, hessian] = norm_of::<f64>([3.0 * scale, 4.0 * scale]);
        assert_near("norm", y[0], 5.0 * scale, 1e-13, 0.0);
        assert_near("∂₀", gradient[0], 0.6, 1e-13, 0.0);
        assert_near("∂₁", gradient[1], 0.8, 1e-13, 0.0);
        if (1e-306..1e300).contains(&scale) {
            assert_near("∂₀ along (1, 2)", hessian[0], -0.064 / scale, 1e-12, 0.0);
            assert_near("∂₁ along (1, 2)", hessian[1], 0.048 / scale, 1e-12, 0.0);
        }
    }
    for scale in [2f64.powi(-149), 2f64.powi(-140), 2f64.powi(-100), 1.0, 2f64.powi(60), 2f64.powi(124)] {
        let [y, gradient, _] = norm_of::<f32>([3.0 * scale, 4.0 * scale]);
        assert_near("norm", y[0], 5.0 * scale, 1e-6, 0.0);
        assert_near("∂₀", gradient[0], 0.6, 1e-6, 0.0);
        assert_near("∂₁", gradient[1], 0.8, 1e-6, 0.0);
    }
}

#[test]
fn the_norm_of_nothing_is_zero_with_a_subgradient() {
    for x in [[0.0, 0.0], [-0.0, 0.0]] {
        assert_eq!(norm_of::<f64>(x), [vec![0.0], vec![0.0; 2], vec![0.0; 2]]);
        assert_eq!(norm_of::<f32>(x), [vec![0.0], vec![0.0; 2], vec![0.0; 2]]);
    }
    assert_eq!(norm_of::<f64>([f64::INFINITY, 1.0])[0], [f64::INFINITY]);
    assert!(norm_of::<f64>([f64::NAN, 1.0])[0][0].is_nan());
}

/// p = e^(log p): 1/p overflows, p · 1/p must not, and neither must 0 · 1/p.
#[test]
fn the_logarithm_of_a_subnormal_number_has_a_derivative() {
    let at = [5e-324, 1e-310, 3e-308, 0.5];
    let graph = Graph::new();
    let x = graph.input("x", [4]);
    let outputs = [grad(x.log().exp(), &[x])[0], grad(x.log() * graph.tensor([4], vec![0.0; 4]), &[x])[0]];
    let values = evaluate::<f64>(&outputs, &[&at]);
    for (x, (p, nothing)) in at.iter().zip(values[0].iter().zip(&values[1])) {
        assert_near(&format!("at {x:e}"), *p, 1.0, 1e-12, 0.0);
        assert_eq!(*nothing, 0.0, "at {x:e}");
    }
}

#[test]
fn products_with_zeros_have_their_derivatives() {
    use aleator_engine::graph::Reduction;
    let graph = Graph::new();
    let x = graph.input("x", [4, 3]);
    let y = x.reduce(Reduction::Prod, -1);
    let first = grad(y, &[x])[0];
    let second = grad(first.slice(-1, 0, 1), &[x])[0];
    let rows = [2.0, 3.0, 5.0, 0.0, 3.0, 5.0, 0.0, 0.0, 5.0, 0.0, 0.0, 0.0];
    let values = evaluate::<f64>(&[y, first, second], &[&rows]);
    assert_eq!(values[0], [30.0, 0.0, 0.0, 0.0]);
    assert_eq!(values[1], [15.0, 10.0, 6.0, 15.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(values[2], [0.0, 5.0, 3.0, 0.0, 5.0, 3.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn an_interval_without_numbers_is_an_error_or_nan() {
    let graph = Graph::new();
    let x = graph.input("x", [2]);
    let asked = graph.clone();
    assert!(asked.expr(x.id()).clamp(asked.scalar(1.0), asked.scalar(0.0)).is_poison());
    let Some(Error::Argument { operation, problem }) = asked.error() else { panic!("no error") };
    assert_eq!(operation, "clamp");
    assert!(problem.contains("lower bound 1 exceeds the upper bound 0"), "{problem}");

    let (low, high) = (graph.input("low", [2]), graph.input("high", [2]));
    let clamped = x.clamp(low, high);
    let by = grad(clamped, &[x, low, high]);
    let values = evaluate::<f64>(&[clamped, by[0], by[1], by[2]], &[&[0.5, 9.0], &[1.0, 2.0], &[0.0, 3.0]]);
    assert!(values[0][0].is_nan());
    assert_eq!([values[0][1], values[1][1], values[2][1], values[3][1]], [3.0, 0.0, 0.0, 1.0]);
}
