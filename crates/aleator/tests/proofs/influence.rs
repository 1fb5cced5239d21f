//! The analysis of influence against brute force: elements of a site are changed one by one, and what changes with them
//! is compared with what the analysis says.

use std::collections::HashMap;
use std::sync::Arc;

use aleator::analysis::{AxisMap, Influence};
use aleator::distributions::{Bernoulli, Distribution, Normal, OneHotCategorical};
use aleator::graph::Graph;
use aleator_engine::graph::{Expr, External, ExternalFn, FromEnd, Reduction, Shape, concat, substitute};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::common::*;

/// Proptest with the same cases every time.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// What may stand between a site and a cost.
#[derive(Clone, Copy, Debug)]
struct Step {
    operation: u8,
    choice: usize,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    vec((0..27u8, 0..1000usize).prop_map(|(operation, choice)| Step { operation, choice }), 1..7)
}

/// Numbers without coincidences.
fn numbers(n: usize, salt: usize) -> Vec<f64> {
    (0..n).map(|i| ((i + 7 * salt + 1) as f64 * 0.754_877_666).fract() + 0.4).collect()
}

fn constant<'g>(g: &'g Graph, shape: impl Into<Shape>, salt: usize) -> Expr<'g> {
    let shape = shape.into();
    let data = numbers(shape.numel(), salt);
    g.engine().tensor(shape, data)
}

/// Appends a step to an expression; `made` are the expressions so far. `None` where it does not fit.
/// A name that no site has.
fn fresh(g: &Graph, name: &str) -> String {
    format!("{name}{}", g.sites().len())
}

fn append<'g>(g: &'g Graph, made: &[Expr<'g>], step: Step, later_sites: bool) -> Option<Expr<'g>> {
    let e = *made.last()?;
    let Step { operation, choice } = step;
    let (shape, rank) = (e.shape(), e.rank());
    let axis = if rank == 0 { 0 } else { choice % rank };
    Some(match operation {
        0 if rank > 0 => e.sum_axes(FromEnd(axis)),
        1 if rank > 1 => {
            let mut order: Vec<usize> = (0..rank).collect();
            order.rotate_left(1 + choice % (rank - 1));
            if choice % 2 == 0 {
                order.swap(0, rank - 1);
            }
            e.permute(&order)
        }
        2 => {
            let n = shape.numel();
            let divisors: Vec<usize> = (1..=n).filter(|d| n.is_multiple_of(*d)).collect();
            let d = divisors[choice % divisors.len()];
            match choice % 3 {
                0 => e.reshape([d, n / d]),
                1 => e.reshape([n]),
                _ => e.reshape([n / d, 1, d]),
            }
        }
        3 if rank > 0 => {
            let n = shape.from_end(axis);
            let start = choice % n;
            e.slice(FromEnd(axis), start, 1 + choice % (n - start))
        }
        4 if rank > 0 => concat(&[e, e.sin()], FromEnd(axis))?,
        5 if rank > 0 => concat(&[constant(g, shape, choice), e], FromEnd(axis))?,
        6 if rank > 0 => e.cumsum(),
        7 if rank > 0 => e.softmax(),
        8 if rank > 0 => e.matmul(constant(g, [shape.from_end(0), 1 + choice % 3], choice)),
        9 if rank > 1 => constant(g, [1 + choice % 3, shape.from_end(1)], choice).matmul(e),
        10 if rank > 1 => e.matmul(e.transpose()),
        11 => e.tanh() + constant(g, shape, choice),
        12 | 13 => {
            let other = made[choice % made.len()];
            shape.broadcast(&other.shape())?;
            e * other
        }
        14 if rank < 4 => {
            let place = choice % (rank + 1);
            let wide = e.unsqueeze(FromEnd(place));
            let mut ones = vec![1; rank + 1];
            ones[rank - place] = 2;
            wide * constant(g, ones, choice)
        }
        15 if rank > 0 => e.argmax() * 0.5,
        16 if rank > 0 => e.reduce(Reduction::Max, FromEnd(axis)),
        17 if rank > 0 => e.reduce(Reduction::Prod, FromEnd(axis)),
        18 => e.greater(0.9).select(e, 0.3),
        19 if rank > 0 => {
            let reverse = |x: &[&[f64]], y: &mut [f64]| {
                y.iter_mut().zip(x[0].iter().rev()).for_each(|(y, x)| *y = *x);
                Ok(())
            };
            let shape = shape.trailing(1);
            g.engine().external(External::new("reverse", shape, vec![1], Arc::new(reverse)), &[e])
        }
        24 if rank > 0 => {
            // One element of an axis, by a mask.
            let n = shape.from_end(axis);
            let mut ones = vec![1; rank];
            ones[rank - 1 - axis] = n;
            let mask = (0..n).map(|i| f64::from(u8::from(i != choice % n))).map(|m| 1.0 - m).collect();
            (e * g.engine().tensor(ones, mask)).sum_axes(FromEnd(axis))
        }
        25 => {
            let chosen: Vec<f64> =
                (0..shape.numel()).map(|i| f64::from(u8::from(i % 3 != choice % 3))).collect();
            g.engine().tensor(shape, chosen).select(e, 0.4)
        }
        26 if rank > 0 => {
            let n = shape.from_end(0);
            let sparse = (0..3 * n).map(|i| if (i + choice) % 4 < 2 { 0.0 } else { 0.7 }).collect();
            e.matmul(g.engine().tensor([n, 3], sparse))
        }
        20 if later_sites => g.sample(&fresh(g, "n"), Normal::new(e, 1.0)),
        21 if later_sites && rank > 0 => g.sample(&fresh(g, "o"), OneHotCategorical::from_logits(e)),
        22 if later_sites && shape.numel() <= 12 => {
            g.sample(&fresh(g, "c"), Bernoulli::from_logits(e).copies(2))
        }
        23 if later_sites => {
            let other = made[choice % made.len()];
            shape.broadcast(&other.shape())?;
            g.sample(&fresh(g, "m"), Normal::new(other, e.square() + 1.0))
        }
        _ => return None,
    })
}

/// A stand-in for a later site that depends on each of its parameters as its distribution does: on those of the same
/// element of the batch, and on whole events.
fn stand_in<'g>(g: &'g Graph, distribution: &Distribution<'g>, shape: Shape) -> Expr<'g> {
    let value = match distribution.parameters() {
        [logits] if distribution.name() == "OneHotCategorical" => logits.softmax(),
        parameters => parameters.iter().fold(g.engine().scalar(0.0), |sum, &p| sum + p.sin() + p),
    };
    let leading = value.shape().leading(value.rank().saturating_sub(shape.rank()));
    let leading = if leading.rank() == 0 { Shape::from([1]) } else { leading };
    value.broadcast_to(leading.join(&shape))
}

/// For each draw of the first site: which elements of each expression change with it.
fn changes<'g>(g: &'g Graph, watched: &[Expr<'g>]) -> Vec<Vec<Vec<bool>>> {
    let sites = g.sites();
    let first = &sites[0];
    let (draws, event) = (first.batch.numel(), first.event.numel());
    let bases = 3;
    let mut data = Vec::new();
    for base in 0..bases {
        let at = numbers(draws * event, 11 * base);
        for changed in 0..=draws {
            let moved = |i: usize| if changed > 0 && i / event == changed - 1 { 1.37 } else { 0.0 };
            data.extend(at.iter().enumerate().map(|(i, x)| x + moved(i)));
        }
    }
    let settings = bases * (draws + 1);
    let value = g.engine().tensor(Shape::from([settings]).join(&first.batch).join(&first.event), data);
    let mut values = HashMap::from([(first.value, value)]);
    for site in &sites[1..] {
        let own = site.parameters.iter().map(|&p| g.expr(p)).collect();
        let here = site.parameters.iter().map(|&p| substitute(g.engine(), p, &mut values)).collect();
        let distribution = Distribution::new(site.family.clone(), own).with_parameters(here);
        let value = stand_in(g, &distribution, site.batch.join(&site.event));
        values.insert(site.value, value);
    }
    let outputs: Vec<Expr<'_>> = watched
        .iter()
        .map(|e| {
            substitute(g.engine(), e.id(), &mut values).broadcast_to(Shape::from([settings]).join(&e.shape()))
        })
        .collect();
    let results = evaluate(g, &outputs);
    (0..draws)
        .map(|draw| {
            let of = |(e, result): (&Expr<'_>, &Vec<f64>)| -> Vec<bool> {
                let n = e.shape().numel();
                let differs =
                    |a: f64, b: f64| (a - b).abs() > 1e-9 * a.abs().max(1.0) || a.is_nan() != b.is_nan();
                (0..n)
                    .map(|i| {
                        (0..bases).any(|base| {
                            let row = |setting: usize| result[(base * (draws + 1) + setting) * n + i];
                            differs(row(0), row(draw + 1))
                        })
                    })
                    .collect()
            };
            watched.iter().zip(&results).map(of).collect()
        })
        .collect()
}

/// The index of a flat element along an axis (from the end) of a shape.
fn index_along(shape: &Shape, flat: usize, axis: usize) -> usize {
    let behind: usize = shape.trailing(axis).iter().product();
    flat / behind % shape.from_end(axis)
}

fn influence(g: &Graph) -> Influence {
    let sites = g.sites();
    Influence::of(g, &sites[0])
}

fn first_site<'g>(g: &'g Graph, kind: usize) -> Expr<'g> {
    let tensor = |shape: &[usize]| g.param_tensor("phi", shape.to_vec(), vec![0.1]);
    match kind {
        0 => g.sample("z", Bernoulli::from_logits(tensor(&[2]))),
        1 => g.sample("z", Bernoulli::from_logits(tensor(&[2, 3]))),
        2 => g.sample("z", OneHotCategorical::from_logits(tensor(&[2, 3]))),
        3 => g.sample("z", Normal::new(tensor(&[3, 1]), 1.0)),
        4 => g.sample("z", OneHotCategorical::from_logits(tensor(&[3])).copies(2)),
        _ => g.sample("z", Normal::new(tensor(&[2, 2, 2]), 1.0)),
    }
}

#[test]
fn independence_is_never_claimed_where_there_is_dependence() {
    let mut claims = 0usize;
    let claimed = std::cell::RefCell::new(&mut claims);
    runner(1500)
        .run(&(0..6usize, steps()), |(kind, steps)| {
            let g = Graph::new();
            let mut made = vec![first_site(&g, kind)];
            for step in steps {
                if let Some(e) = append(&g, &made, step, true)
                    && e.shape().numel() <= 64
                    && e.rank() <= 4
                {
                    prop_assert!(!e.is_poison(), "{step:?}: {:?}", g.engine().error());
                    made.push(e);
                }
            }
            let influence = influence(&g);
            let first = &g.sites()[0];
            let changes = changes(&g, &made);
            for (draw, changed) in changes.iter().enumerate() {
                for (e, changed) in made.iter().zip(changed) {
                    let Some(map) = influence.map(e.id()) else {
                        prop_assert!(!changed.contains(&true), "{e:?} is reached");
                        continue;
                    };
                    for (axis, to) in map.iter().enumerate() {
                        let Some(to) = *to else { continue };
                        **claimed.borrow_mut() += 1;
                        let own = index_along(&first.batch, draw, axis);
                        for (flat, &changed) in changed.iter().enumerate() {
                            prop_assert!(
                                !changed || index_along(&e.shape(), flat, to) == own,
                                "element {flat} of {e:?} changes with draw {draw}, whose axis {axis} maps to {to}"
                            );
                        }
                    }
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(claims > 5_000, "the cases say too little: {claims} claims");
}

#[test]
fn independence_is_found_where_it_is_plain() {
    type Write = for<'g> fn(&'g Graph, Expr<'g>) -> Expr<'g>;
    // A site of shape [2, 3]; what its axes (the last one first) become.
    let cases: Vec<(&str, Write, AxisMap)> = vec![
        ("elementwise", |_, z| (z - 0.3).square().exp(), vec![Some(0), Some(1)]),
        ("transposed", |_, z| z.transpose() * 2.0, vec![Some(1), Some(0)]),
        ("summed over columns", |_, z| z.sum_axes(-1), vec![None, Some(0)]),
        ("summed over rows", |_, z| z.sum_axes(-2), vec![Some(0), None]),
        ("times a matrix", |g, z| z.matmul(constant(g, [3, 5], 0)), vec![None, Some(1)]),
        ("a matrix times", |g, z| constant(g, [4, 2], 0).matmul(z), vec![Some(0), None]),
        ("a matrix times its transpose", |_, z| z.matmul(z.transpose()), vec![None, None]),
        ("reshaped with ones", |_, z| z.reshape([2, 1, 3, 1]), vec![Some(1), Some(3)]),
        ("flattened", |_, z| z.reshape([6]), vec![None, None]),
        ("flattened and back", |_, z| z.exp().reshape([6]).sin().reshape([2, 3]), vec![None, None]),
        ("behind a new axis", |g, z| z.unsqueeze(-2) * constant(g, [2, 4, 3], 0), vec![Some(0), Some(2)]),
        ("a slice of columns", |_, z| z.slice(-1, 1, 2), vec![None, Some(1)]),
        ("rows beside others", |g, z| concat(&[z, constant(g, [2, 3], 0)], -1).unwrap(), vec![None, Some(1)]),
        ("running sums", |_, z| z.cumsum(), vec![None, Some(1)]),
        ("softmax", |_, z| z.softmax(), vec![None, Some(1)]),
        ("log_softmax", |_, z| z.log_softmax(), vec![None, Some(1)]),
        ("logsumexp of rows", |_, z| z.logsumexp(-1), vec![None, Some(0)]),
        ("logsumexp of columns", |_, z| z.logsumexp(-2), vec![Some(0), None]),
        ("one-hot vectors", |_, z| z.one_hot(4), vec![Some(1), Some(2)]),
        (
            "one matrix for all rows",
            |g, z| z.unsqueeze(-2).matmul(constant(g, [3, 4], 0)),
            vec![None, Some(2)],
        ),
        (
            "one matrix for several batches",
            |g, z| z.unsqueeze(-1).unsqueeze(-1).matmul(constant(g, [1, 4], 0)),
            vec![Some(2), Some(3)],
        ),
        ("largest of a row", |_, z| z.argmax(), vec![None, Some(0)]),
        ("with itself transposed", |_, z| z.unsqueeze(-1) * z.unsqueeze(-2), vec![None, Some(2)]),
        ("a later site", |g, z| g.sample("n", Normal::new(z, 1.0)).square(), vec![Some(0), Some(1)]),
        (
            "a later vector-valued site",
            |g, z| g.sample("o", OneHotCategorical::from_logits(z)) * 2.0,
            vec![None, Some(1)],
        ),
        (
            "copies of a later site",
            |g, z| g.sample("c", Bernoulli::from_logits(z).copies(5)),
            vec![Some(0), Some(1)],
        ),
        ("a black box of everything", |g, z| g.external("box", [3], &[z], |_, _| {}), vec![None, None]),
        (
            "a black box for each row",
            |g, z| {
                let function: Arc<ExternalFn> = Arc::new(|_: &[&[f64]], _: &mut [f64]| Ok(()));
                g.engine().external(External::new("box", [4], vec![1], function), &[z])
            },
            vec![None, Some(1)],
        ),
        (
            "a black box that is called for all rows",
            |g, z| {
                let function: Arc<ExternalFn> = Arc::new(|_: &[&[f64]], _: &mut [f64]| Ok(()));
                let all = z.shape().to_vec();
                let of_all = External::new("box", [all[0], 4], vec![all.len()], function);
                g.engine().external(External { rows: vec![true], ..of_all }, &[z])
            },
            vec![None, Some(1)],
        ),
    ];
    for (name, write, expected) in cases {
        let g = Graph::new();
        let z = first_site(&g, 1);
        let e = write(&g, z);
        assert!(g.engine().error().is_none(), "{name}");
        assert_eq!(influence(&g).map(e.id()), Some(&expected), "{name}");
    }
}

#[test]
fn rows_and_copies_stay_apart_behind_a_product_of_several_axes() {
    let g = Graph::new();
    // Copies, rows, latents; three categories each.
    let logits = g.param_tensor("phi", [4, 2, 3], vec![0.1]);
    let z = g.sample("z", OneHotCategorical::from_logits(logits).copies(5));
    let y = z.reshape_last(2, [6]).matmul(constant(&g, [6, 7], 0));
    assert_eq!(y.shape().to_vec(), [5, 4, 7]);
    assert_eq!(influence(&g).map(y.id()), Some(&vec![None, Some(1), Some(2)]));
    // All of a row of two axes, one behind the other.
    let h = g.sample("h", Normal::new(g.param_tensor("mu", [5, 4, 2, 3], vec![0.1]), 1.0));
    let y = h.reshape_last(2, [6]).matmul(constant(&g, [6, 7], 0));
    let of_second = Influence::of(&g, &g.sites()[1]);
    assert_eq!(of_second.map(y.id()), Some(&vec![None, None, Some(1), Some(2)]));
}

#[test]
fn an_objective_is_taken_apart_only_where_it_is_linear() {
    // The same objective written in different ways has the same variance.
    let writings: Vec<fn(&Graph, Expr<'_>)> = vec![
        |g, b| g.cost("f", (b - 0.3).square()),
        |g, b| g.cost("f", (b - 0.3).square().sum()),
        |g, b| g.cost("f", (b - 0.3).square().reshape([4]).sum()),
        |g, b| g.cost("f", -(-(b - 0.3).square().transpose()).sum_axes(-2)),
        |g, b| g.cost("f", (4.0 * (b - 0.3).square()).mean()),
        |g, b| {
            let f = (b - 0.3).square();
            g.cost("f", 0.5 * f);
            g.cost("again", f.sum() / 2.0);
        },
    ];
    let results: Vec<Exactly> = writings
        .iter()
        .map(|write| {
            let g = Graph::new();
            let phi = g.param_tensor("phi", [2, 2], vec![0.2, -0.7, 1.1, 0.4]);
            write(&g, g.sample("b", Bernoulli::from_logits(phi)));
            exactly(&g, &[score()], 1)
        })
        .collect();
    for result in &results[1..] {
        close("mean", &result.mean, &results[0].mean, 1e-13);
        close("variance", &result.variance, &results[0].variance, 1e-13);
    }
}

#[test]
fn any_cost_of_any_site_is_estimated_without_bias() {
    // Random costs, through everything that the analysis follows: exact means against brute force.
    let plans: Vec<(Shared, Shared, usize)> = vec![
        (score(), score(), 1),
        (enumeration(), enumeration(), 1),
        (enumeration(), score(), 1),
        (score(), enumeration(), 1),
        (loo(), loo(), 2),
    ];
    runner(250)
        .run(&(0..2usize, steps(), steps(), any::<bool>()), |(kind, first, second, two)| {
            let g = Graph::new();
            let z = match kind {
                0 => g.sample("z", Bernoulli::from_logits(g.param_tensor("phi", [2], vec![0.3, -0.8]))),
                _ => {
                    let phi = g.param_tensor("phi", [1, 2], vec![0.3, -0.8]);
                    g.sample("z", Bernoulli::from_logits(phi))
                }
            };
            let grow = |from: Expr<'_>, steps: &[Step]| {
                let mut made = vec![g.expr(from.id())];
                for &step in steps {
                    if let Some(e) = append(&g, &made, step, false)
                        && e.shape().numel() <= 16
                        && e.rank() <= 4
                    {
                        made.push(e);
                    }
                }
                *made.last().unwrap()
            };
            let cost = grow(z, &first);
            g.cost("first", cost.tanh());
            if two {
                // At most two draws, so that their thresholds stay few.
                let n = cost.shape().numel();
                let logits = if n <= 2 { cost } else { cost.reshape([n]).slice(-1, 0, 2) };
                let w = g.sample("w", Bernoulli::from_logits(logits.tanh() * g.param("v", 0.9)));
                g.cost("second", grow(w, &second).sin());
                g.cost("both", w.sum() * z.sum());
            }
            let mut brute = Brute::new(&g);
            let (objective, gradient) = brute.answer();
            for (a, b, samples) in &plans {
                if two && *samples > 1 && first.len() > 2 {
                    continue;
                }
                let plan: Vec<Shared> = [a.clone(), b.clone()][..g.sites().len()].to_vec();
                let got = exactly(&g, &plan, *samples);
                close(&format!("objective, {plan:?}"), &[got.objective], &[objective], 1e-10);
                close(&format!("gradient, {plan:?}"), &got.mean, &gradient, 1e-10);
            }
            Ok(())
        })
        .unwrap();
}
