//! Derivatives of functions that are called; [`External`] says how they are made of pull-backs.

use crate::graph::{Expr, External, Shape};

/// The arguments of a call, with as many leading axes each.
fn aligned<'g>(f: &External, x: &[Expr<'g>]) -> Vec<Expr<'g>> {
    let lead = |(x, own): (&Expr<'g>, &usize)| x.rank() - own;
    let most = x.iter().zip(&f.input_ranks).map(lead).max().unwrap_or(0);
    x.iter().zip(&f.input_ranks).map(|(x, own)| x.with_rank(own + most)).collect()
}

fn shapes(x: &[Expr<'_>]) -> Vec<Shape> {
    x.iter().map(|x| x.shape()).collect()
}

pub fn pull_back<'g>(
    f: &External,
    x: &[Expr<'g>],
    cotangent: Expr<'g>,
    wanted: &[bool],
) -> Vec<Option<Expr<'g>>> {
    let mut arguments = aligned(f, x);
    let shapes = shapes(&arguments);
    arguments.push(cotangent);
    let by = |i: usize| cotangent.graph().external(f.pull_back(i, &shapes), &arguments).sum_to(&x[i].shape());
    (0..x.len()).map(|i| wanted[i].then(|| by(i))).collect()
}

/// Σ (∂f/∂xᵢ) ẋᵢ. The pull-back f̄ᵢ is linear in its cotangent, by which it is differentiated: any cotangent serves.
pub fn push_forward<'g>(
    f: &External,
    x: &[Expr<'g>],
    y: Expr<'g>,
    tangents: &[Option<Expr<'g>>],
) -> Option<Expr<'g>> {
    let graph = y.graph();
    let mut arguments = aligned(f, x);
    let shapes_of_x = shapes(&arguments);
    arguments.push(graph.full(y.shape(), 0.0));
    let shapes = shapes(&arguments);
    let along = |i: usize, tangent: Expr<'g>| {
        let twice = f.pull_back(i, &shapes_of_x).pull_back(x.len(), &shapes);
        let tangent = tangent.broadcast_to(shapes[i].clone());
        graph.external(twice, &[&arguments[..], &[tangent]].concat())
    };
    (0..x.len()).filter_map(|i| Some(along(i, tangents[i]?))).reduce(|a, b| a + b)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::*;
    use crate::autodiff::{jvp, vjp};
    use crate::compile::CompileOptions;
    use crate::exec::Program;
    use crate::graph::{Derivative, ExternalFn, Graph, NodeId, substitute};

    const ROWS: usize = 2;
    const COLUMNS: usize = 3;

    /// tanh(A z) with its pull-backs, as a function that is called.
    fn layer() -> External {
        let forward: Arc<ExternalFn> = Arc::new(|x, y| {
            for (y, row) in y.iter_mut().zip(x[0].chunks(COLUMNS)) {
                *y = row.iter().zip(x[1]).map(|(a, z)| a * z).sum::<f64>().tanh();
            }
            Ok(())
        });
        let apply = forward.clone();
        // c (1 - y^2)
        let inner = move |x: &[&[f64]]| {
            let mut y = vec![0.0; ROWS];
            apply(&x[..2], &mut y)?;
            Ok::<_, String>(y.iter().zip(x[2]).map(|(y, c)| c * (1.0 - y * y)).collect::<Vec<f64>>())
        };
        let inner_again = inner.clone();
        let by_matrix: Arc<ExternalFn> = Arc::new(move |x, out| {
            for (out, c) in out.chunks_mut(COLUMNS).zip(inner(x)?) {
                out.iter_mut().zip(x[1]).for_each(|(out, z)| *out = c * z);
            }
            Ok(())
        });
        let by_vector: Arc<ExternalFn> = Arc::new(move |x, out| {
            out.fill(0.0);
            for (row, c) in x[0].chunks(COLUMNS).zip(inner_again(x)?) {
                out.iter_mut().zip(row).for_each(|(out, a)| *out += a * c);
            }
            Ok(())
        });
        let pull_backs = Some(Arc::from([by_matrix, by_vector]));
        External {
            derivative: Some(Derivative { may_jump: false, pull_backs }),
            ..External::new("layer", [ROWS], vec![2, 1], forward)
        }
    }

    fn values(graph: &Graph, of: &[Expr<'_>]) -> Vec<Vec<f64>> {
        assert!(graph.error().is_none(), "{:?}", graph.error());
        let ids: Vec<NodeId> = of.iter().map(|e| e.id()).collect();
        let mut program = Program::<f64>::compile(graph, &ids, &CompileOptions::default()).unwrap();
        program.run(0, 0);
        assert!(program.failure().is_none(), "{:?}", program.failure());
        (0..of.len()).map(|i| program.output(i).to_vec()).collect()
    }

    fn close(called: &[f64], written: &[f64]) {
        assert_eq!(called.len(), written.len());
        for (a, b) in called.iter().zip(written) {
            assert!((a - b).abs() <= 1e-14 * (1.0 + b.abs()), "{called:?} {written:?}");
        }
    }

    /// The function and both derivatives are those of the same formula in the graph, whichever leading axes the arguments have.
    #[test]
    fn derivatives_are_those_of_the_formula() {
        let leads: [(&[usize], &[usize]); 8] = [
            (&[], &[]),
            (&[], &[4]),
            (&[5], &[]),
            (&[4], &[4]),
            (&[5, 1], &[4]),
            (&[4], &[5, 4]),
            (&[5, 1], &[5, 4]),
            (&[1, 4], &[5, 1]),
        ];
        for (of_matrix, of_vector) in leads {
            let graph = Graph::new();
            let filled = |lead: &[usize], own: &[usize], scale: f64| {
                let shape = Shape::from(lead).join(own);
                let numbers = (0..shape.numel()).map(|i| (scale * (i as f64 + 1.0)).sin()).collect();
                graph.tensor(shape, numbers)
            };
            let (a, z) = (filled(of_matrix, &[ROWS, COLUMNS], 0.7), filled(of_vector, &[COLUMNS], 1.3));
            let called = graph.external(layer(), &[a, z]);
            let written = a.matmul(z.unsqueeze(-1)).squeeze(-1).tanh();
            let c = filled(&called.shape(), &[], 0.4);
            let (da, dz) = (filled(of_matrix, &[ROWS, COLUMNS], 2.9), filled(of_vector, &[COLUMNS], 0.2));
            let all = |y: Expr<'_>| {
                let mut all = vec![y];
                all.extend(vjp(&[(y, c)], &[a, z]));
                all.extend(jvp(&[y], &[(a, da), (z, dz)]));
                values(&graph, &all)
            };
            for (called, written) in all(called).iter().zip(all(written)) {
                close(called, &written);
            }
        }
    }

    /// A derivative that was taken before an argument gets a leading axis is evaluated for each index of that axis.
    #[test]
    fn leading_axes_that_come_later_are_not_summed() {
        let graph = Graph::new();
        let a = graph.tensor([ROWS, COLUMNS], (0..6).map(f64::from).map(f64::cos).collect());
        let z = graph.input("z", [COLUMNS]);
        let y = graph.external(layer(), &[a, z]);
        let by_a = vjp(&[(y, graph.full([ROWS], 1.0))], &[a])[0];
        let stacked = graph.tensor([2, COLUMNS], vec![0.1, 0.5, -0.3, 1.0, 0.2, -0.7]);
        let later = substitute(&graph, by_a.id(), &mut HashMap::from([(z.id(), stacked)]));
        assert_eq!(later.shape().to_vec(), [2, ROWS, COLUMNS]);
        let one = |row: usize| {
            let z = stacked.slice(0, row, 1).squeeze(0);
            let y = graph.external(layer(), &[a, z]);
            vjp(&[(y, graph.full([ROWS], 1.0))], &[a])[0]
        };
        let all = values(&graph, &[later, one(0), one(1)]);
        close(&all[0], &[&all[1][..], &all[2][..]].concat());
    }

    #[test]
    fn a_derivative_that_is_not_given_is_an_error() {
        let graph = Graph::new();
        let (a, z) = (graph.full([ROWS, COLUMNS], 0.5), graph.input("z", [COLUMNS]));
        let y = graph.external(layer(), &[a, z]).sum();
        let first = vjp(&[(y, graph.scalar(1.0))], &[z])[0];
        let second = vjp(&[(first.sum(), graph.scalar(1.0))], &[z])[0];
        let compiled = Program::<f64>::compile(&graph, &[second.id()], &CompileOptions::default());
        let message = compiled.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("layer′′"), "{message}");
    }
}
