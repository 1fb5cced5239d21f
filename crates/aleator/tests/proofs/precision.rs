//! exploration
use std::collections::BTreeMap;

use aleator::estimators::{Bias, all};
use aleator::{Options, Program};
use aleator_engine::compile::CompileOptions;
use aleator_engine::exec::math::Real;

use crate::common::problems::{Problem, bounds, continuous, discrete, drawn, jumps, larger};
use crate::common::*;

fn all_plans(kind: &str, graph: &aleator::graph::Graph) -> Vec<(Vec<&'static str>, Vec<Shared>)> {
    let mut out = Vec::new();
    if kind != "drawn" {
        for plan in plans(graph, &rows_for(kind), &[0, 7]) {
            out.push((plan.iter().map(|r| r.text).collect(), estimators(&plan)));
        }
    } else {
        for row in unbiased() {
            if is_accepted(graph, &[row.estimator.clone()]) {
                out.push((vec![row.text], vec![row.estimator.clone()]));
            }
        }
    }
    for e in all().iter().filter(|e| e.properties.bias != Bias::Unbiased) {
        let est = named(e.properties.name);
        let plan = vec![est; graph.sites().len()];
        if kind != "jumps" && is_accepted(graph, &plan) {
            out.push((vec![e.properties.name], plan));
        }
    }
    out
}

fn values<T: Real>(p: &mut Program<T>, step: u64, n: usize) -> Vec<Vec<f64>> {
    let sizes: Vec<usize> = p.params().map(|(_, s)| s.numel()).collect();
    let e = p.run_step(step).unwrap();
    let mut out = vec![e.objectives().iter().map(|x| x.to_f64()).collect::<Vec<f64>>()];
    for (place, size) in sizes.iter().enumerate() {
        let g = e.gradient_at(place);
        for c in 0..*size {
            out.push((0..n).map(|r| g[r * size + c].to_f64()).collect());
        }
    }
    out
}

fn explore(kind: &str, problems: &[Problem]) {
    let n = 256;
    let mut table: BTreeMap<&'static str, (f64, f64, f64, String)> = BTreeMap::new();
    for (name, graph) in problems {
        for (texts, plan) in all_plans(kind, graph) {
            let o = Options::new().replicates(n).seed(2024);
            let mut d = Program::<f64>::compile(graph, &plan, &o).unwrap();
            let mut s = Program::<f32>::compile(graph, &plan, &o).unwrap();
            for step in 0..3 {
                d.run_step(step).unwrap();
            }
            s.adopt_own_params(&d).unwrap();
            let (dv, sv) = (values(&mut d, 3, n), values(&mut s, 3, n));
            let all_max = dv[1..].iter().flatten().fold(0.0f64, |a, b| a.max(b.abs()));
            for (c, (dv, sv)) in dv.iter().zip(&sv).enumerate() {
                let max = dv.iter().fold(0.0f64, |a, b| a.max(b.abs()));
                let rms = (dv.iter().map(|x| x * x).sum::<f64>() / n as f64).sqrt();
                let mut err: Vec<f64> = dv.iter().zip(sv).map(|(a, b)| (a - b).abs() * 2f64.powi(24)).collect();
                err.sort_by(f64::total_cmp);
                let (med, worst) = (err[n / 2], err[n - 1]);
                println!("DATA|{kind}|{name}|{c}|{}|{rms:.3e}|{max:.3e}|{all_max:.3e}|{med:.3e}|{worst:.3e}", texts.join(" & "));
                for t in &texts {
                    let e = table.entry(t).or_insert((0.0, 0.0, 0.0, String::new()));
                    e.0 = e.0.max(med / rms);
                    if worst / rms > e.1 {
                        e.1 = worst / rms;
                        e.3 = format!("{name} [{c}] {}", texts.join(" & "));
                    }
                    e.2 = e.2.max(worst / all_max);
                }
            }
        }
    }
    for (t, (a, b, c, w)) in table {
        println!("{kind:10} {t:60} {a:10.2} {b:10.1} {c:10.1}  {w}");
    }
}

#[test]
fn explore_discrete() { explore("discrete", &discrete()); }
#[test]
fn explore_bounds() { explore("bounds", &bounds()); }
#[test]
fn explore_larger() { explore("larger", &larger()); }
#[test]
fn explore_continuous() { explore("continuous", &continuous()); }
#[test]
fn explore_jumps() { explore("jumps", &jumps()); }
#[test]
fn explore_drawn() { explore("drawn", &drawn()); }

fn bits<T: Real>(problems: &[Problem], kind: &str) {
    let start = std::time::Instant::now();
    let (mut count, mut runs) = (0, 0.0);
    for (name, graph) in problems {
        for (texts, plan) in all_plans(kind, graph) {
            let of = |threads: usize, n: usize| {
                let o = Options::new().replicates(n).seed(5).compile_options(CompileOptions { threads, ..Default::default() });
                Program::<T>::compile(graph, &plan, &o).unwrap()
            };
            let probe: u64 = of(1, 2).parts().iter().map(|p| p.operations).sum();
            let n = (1_000_000 / probe).clamp(2048, 32768) as usize;
            let mut want = Vec::new();
            for threads in [1, 0, 2, 3] {
                let mut p = of(threads, n);
                let t = std::time::Instant::now();
                let mut got = Vec::new();
                for step in 0..2 {
                    got.extend(values(&mut p, step, n).concat().iter().map(|x| x.to_bits()));
                    got.extend(p.own_params().flat_map(|(_, _, v)| v.iter().map(|x| x.to_bits())));
                }
                runs += t.elapsed().as_secs_f64();
                if threads == 1 { want = got } else { assert!(want == got, "{name} {texts:?} {threads}") }
            }
            count += 1;
        }
    }
    println!("{kind}: {count} plans, {} s, runs {runs} s", start.elapsed().as_secs_f64());
}
#[test]
fn bits_discrete() { bits::<f32>(&discrete(), "discrete"); }
#[test]
fn bits_others() { bits::<f32>(&bounds(), "bounds"); bits::<f32>(&larger(), "larger"); bits::<f32>(&continuous(), "continuous"); bits::<f32>(&jumps(), "jumps"); bits::<f32>(&drawn(), "drawn"); }
