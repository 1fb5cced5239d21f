//! Whether both sides of a step meet.
//!
//! ```text
//! f = f₊ where d > 0,  f₋ where d < 0,  f₀ where d = 0:      f₊ = f₀ = f₋ on d = 0   ⇒   f is continuous
//! where(z > q, z − q, 0):   d = z − q,   f₊ − f₋ = d
//! relu(z) / z:              d = z,       f₊ = 1,  f₋ = 0: a jump
//! ```
//!
//! The formulas f₊, f₋ and f₀ are polynomials over atoms. They meet if d divides their differences, or if they are equal after d
//! = 0 is solved for an atom and the solution is substituted. If this cannot be shown, the step is assumed to be a jump. f₀ is
//! included unless d = 0 has probability 0. If this does not decide the question, max(p, 0) and other comparisons in the formulas
//! are resolved as well, for every combination of their signs.
//!
//! The analysis proceeds from the step downstream as long as the sides do not meet. It follows elementwise operations only,
//! because an equation between elements implies nothing about their sum. A value that ends in a stopped gradient has no
//! derivative that could be incomplete. A step that reaches the parameter of a distribution, or a cost, is a jump.
//!
//! The formulas of a special function on the parts of its domain are not equal as polynomials. Its result says that it is continuous in
//! its arguments (`Expr::is_continuous_in`): it meets where none of them jumps and no pole within it is reached.

use std::collections::{BTreeSet, HashMap};
use std::f64::consts::FRAC_PI_2;
use std::rc::Rc;

use aleator_engine::graph::{Binary, Node, NodeId, Op, Shape, Unary};

use super::discontinuity::DiscontinuityKind;
use super::polynomial::{Atom, Atoms, Kind, Known, Polynomial};
use super::selected::{at_argmax, norm_of, squared};
use super::steps::{Step, Steps, Where};
use super::way::{Stops, is_a_maximum};
use crate::distributions::Support;

/// The largest number of formulas that are computed for one graph.
const MOST_WORK: usize = 20_000;
/// The largest number of nodes through which a step is followed.
const LONGEST_WALK: usize = 400;
/// The largest depth to which a formula is expanded. Deeper nodes are atoms.
const DEEPEST: usize = 60;
/// The largest number of signs that are resolved in all combinations.
const MOST_SIGNS: usize = 4;
/// Larger exponents remain a power.
const HIGHEST_POWER: f64 = 8.0;

/// An assumption on the sign of a polynomial.
#[derive(Clone, Debug)]
struct Sign {
    of: Polynomial,
    sign: i8,
    /// Whether it also decides comparisons: the polynomial is 0 with probability 0, or the case that it is 0 is examined
    /// separately.
    strict: bool,
}

/// What is subtracted from a node.
#[derive(Clone, Copy)]
enum Subtrahend {
    /// 0
    Zero,
    /// Another node.
    Node(NodeId),
    /// The numbers 0, 1, … below this one.
    Places(usize),
}

/// Formulas under assumptions.
#[derive(Clone, Debug, Default)]
struct View {
    /// The first assumption is that of the boundary, unless nothing is assumed about a boundary.
    signs: Vec<Sign>,
    /// d = 0, solved for an atom.
    solved: Option<(Atom, Polynomial)>,
    /// The same without the solution, which determines the signs.
    unsolved: Option<Box<View>>,
    formulas: HashMap<NodeId, Option<Polynomial>>,
    /// The polynomials whose sign was needed and unknown, and whether a comparison needed it.
    open: Vec<(Polynomial, bool)>,
}

impl View {
    fn under(signs: Vec<Sign>) -> Self {
        View { signs, ..View::default() }
    }

    fn solved(&self, atom: Atom, value: &Polynomial) -> Self {
        View {
            solved: Some((atom, value.clone())),
            unsolved: Some(Box::new(View::under(self.signs.clone()))),
            ..View::under(self.signs.clone())
        }
    }
}

/// The views of one boundary under some additional assumptions.
struct Sides {
    boundary: Polynomial,
    /// Both sides, and the boundary itself if it must be included.
    plain: Vec<View>,
    /// The same for each solution.
    solved: Vec<Vec<View>>,
}

/// Proves that steps join.
pub(crate) struct Continuity<'s, 'g> {
    steps: &'s Steps<'g>,
    stops: Stops,
    atoms: Atoms,
    raw: View,
    work: usize,
    depth: usize,
    /// The boundaries of all steps, once they have been requested.
    places: Option<Vec<(NodeId, Polynomial)>>,
    /// The norms, by their arguments and axes, once they have been requested.
    norms: Option<HashMap<(NodeId, Vec<usize>), NodeId>>,
    /// Logarithms of a boundary, which are infinite there. A product with the boundary is 0 there nevertheless.
    infinite: BTreeSet<Atom>,
    /// For each node, the sites on whose values it depends, once they have been requested.
    sites: Option<Vec<Rc<BTreeSet<usize>>>>,
    /// The results, by boundary.
    known: Vec<(Polynomial, bool)>,
}

impl<'s, 'g> Continuity<'s, 'g> {
    /// Creates the analysis of a graph.
    pub fn of(steps: &'s Steps<'g>, stops: Stops) -> Self {
        Continuity {
            steps,
            stops,
            atoms: Atoms::default(),
            raw: View::default(),
            work: 0,
            depth: 0,
            places: None,
            norms: None,
            infinite: BTreeSet::new(),
            sites: None,
            known: Vec::new(),
        }
    }

    /// The steps of the graph.
    pub fn steps(&self) -> &'s Steps<'g> {
        self.steps
    }

    /// Whether no value that has a derivative jumps at a step.
    pub fn joins(&mut self, at: NodeId, step: &Step) -> bool {
        if self.work > MOST_WORK {
            return false;
        }
        let Some(boundary) = self.boundary(step.place) else { return self.ends_stopped(at) };
        if boundary.is_zero() {
            return false;
        }
        if boundary.as_constant().is_some() {
            return true;
        }
        let found = self.known.iter().find(|(d, _)| d.multiple_of(&boundary).is_some());
        if let Some((_, joins)) = found {
            return *joins;
        }
        let mut members = self.members(&boundary);
        members.insert(at);
        let joins = self.walk(&members, Some(&boundary));
        self.known.push((boundary, joins));
        joins
    }

    /// Whether a value jumps at a step from one finite number to another, as relu(q)/q does and 1/q does not.
    pub fn jumps_finitely(&mut self, at: NodeId, step: &Step) -> bool {
        let Some(boundary) = self.boundary(step.place).filter(|d| d.as_constant().is_none()) else {
            return false;
        };
        let mut sides = self.sides(boundary, &[]);
        // It must not be represented by itself.
        let mut jumps = vec![false; self.steps.nodes.len()];
        jumps[at.index()] = true;
        let mut side = |i: usize| self.formula(&mut sides.plain[i], at, &jumps);
        let (Some(above), Some(below)) = (side(0), side(1)) else { return false };
        above
            .plus(-1.0, &below)
            .is_some_and(|d| !d.is_zero() && d.divided_by(&sides.boundary, &self.atoms).is_none())
    }

    /// Whether the location of a step is reached with probability 0 and is unrelated to its sides: `z == 0.3`.
    pub fn never_happens(&mut self, step: &Step) -> bool {
        self.boundary(step.place).is_some_and(|d| d.has_no_mass_at_zero(&self.atoms))
    }

    /// The polynomial that is 0 at the step.
    fn boundary(&mut self, place: Where) -> Option<Polynomial> {
        let mut raw = std::mem::take(&mut self.raw);
        let d = match place {
            Where::Equal(a, b) => self.difference(&mut raw, a, Subtrahend::Node(b), &[]),
            Where::Zero(a) => self.difference(&mut raw, a, Subtrahend::Zero, &[]),
            Where::Place(a, n) => self.difference(&mut raw, a, Subtrahend::Places(n), &[]),
            Where::NegativeOne(a) => self
                .difference(&mut raw, a, Subtrahend::Zero, &[])
                .and_then(|p| p.plus(1.0, &Polynomial::constant(1.0))),
            Where::Unknown => None,
        };
        self.raw = raw;
        d
    }

    /// All steps at a boundary.
    fn members(&mut self, boundary: &Polynomial) -> BTreeSet<NodeId> {
        if self.places.is_none() {
            let needed = (0..self.steps.nodes.len()).filter(|&i| self.steps.needed[i]);
            let ids: Vec<NodeId> = needed.map(|i| self.steps.id(i)).collect();
            let place = |id: NodeId| Some((id, self.boundary(self.steps.at(id)?.place)?));
            self.places = Some(ids.into_iter().filter_map(place).collect());
        }
        let at = |d: &Polynomial| d.multiple_of(boundary).is_some();
        self.places.iter().flatten().filter(|(_, d)| at(d)).map(|(id, _)| *id).collect()
    }

    /// Whether a step at an unknown location reaches nothing that has a derivative.
    fn ends_stopped(&mut self, at: NodeId) -> bool {
        self.walk(&BTreeSet::from([at]), None)
    }

    fn walk(&mut self, members: &BTreeSet<NodeId>, boundary: Option<&Polynomial>) -> bool {
        let Some(first) = members.first() else { return false };
        let mut jumps = vec![false; self.steps.nodes.len()];
        // The nodes that jump because of a pole on the way.
        let mut infinite = vec![false; self.steps.nodes.len()];
        let mut sides = boundary.map(|d| self.sides(d.clone(), &[]));
        let mut walked = 0;
        for index in first.index()..self.steps.nodes.len() {
            let node = &self.steps.nodes[index];
            let id = self.steps.id(index);
            let reached = members.contains(&id) || node.inputs.iter().any(|i| jumps[i.index()]);
            let stopped = self.is_stopped(node);
            if !self.steps.needed[index] || !reached || stopped {
                continue;
            }
            walked += 1;
            if matches!(node.op, Op::Hole(_)) || walked > LONGEST_WALK {
                return false;
            }
            // Until the opposite is shown, it must not be represented by itself.
            jumps[index] = true;
            let pole = node.inputs.iter().any(|i| infinite[i.index()])
                || members.contains(&id) && self.is_a_pole(id);
            let meets = match &mut sides {
                _ if self.steps.is_fixed(id) => true,
                _ if !pole && self.arguments(id).is_some_and(|of| of.iter().all(|a| !jumps[a.index()])) => {
                    true
                }
                _ if at_argmax(self.steps.graph, id).is_some_and(|of| !jumps[of.index()]) => true,
                Some(sides) if self.is_by_elements(id) => self.meets(sides, id, &jumps),
                _ => false,
            };
            if !meets && self.steps.costs.contains(&id) {
                return false;
            }
            jumps[index] = !meets;
            infinite[index] = !meets && pole;
        }
        true
    }

    /// The arguments of the special function of which a node is the value.
    fn arguments(&self, id: NodeId) -> Option<Vec<NodeId>> {
        self.steps.graph.engine().continuous_in(id)
    }

    fn is_a_pole(&self, id: NodeId) -> bool {
        self.steps.at(id).is_some_and(|step| step.kind == DiscontinuityKind::Pole)
    }

    /// Whether a node blocks the values that lead to it.
    fn is_stopped(&self, node: &Node) -> bool {
        node.op == Op::StopGradient
            && (self.stops == Stops::End || is_a_maximum(self.steps.graph, node.inputs[0]))
    }

    /// The views of a boundary, with the additional assumptions `signs`.
    fn sides(&mut self, boundary: Polynomial, signs: &[Sign]) -> Sides {
        let massless = boundary.has_no_mass_at_zero(&self.atoms);
        let of = |sign| Sign { of: boundary.clone(), sign, strict: true };
        let values: &[i8] = if massless { &[1, -1] } else { &[1, -1, 0] };
        let plain: Vec<View> = values
            .iter()
            .map(|&sign| View::under(std::iter::once(of(sign)).chain(signs.iter().cloned()).collect()))
            .collect();
        let solutions: Vec<(Atom, Polynomial)> = boundary
            .atoms()
            .into_iter()
            .filter_map(|atom| Some((atom, boundary.solved_for(atom, &self.atoms)?)))
            .collect();
        let solved =
            solutions.iter().map(|(a, value)| plain.iter().map(|v| v.solved(*a, value)).collect()).collect();
        Sides { boundary, plain, solved }
    }

    /// Whether a node has the same value at the boundary from all sides.
    fn meets(&mut self, sides: &mut Sides, id: NodeId, jumps: &[bool]) -> bool {
        if self.agree(sides, id, jumps) {
            return true;
        }
        let mut open: Vec<(Polynomial, bool)> = Vec::new();
        for (p, compared) in sides.plain.iter().flat_map(|view| &view.open) {
            let boundary = p.multiple_of(&sides.boundary).is_some();
            let massless = p.has_no_mass_at_zero(&self.atoms);
            let known = open.iter().any(|(q, _)| p.multiple_of(q).is_some());
            if !boundary && !known && (massless || !compared) {
                open.push((p.clone(), massless));
            }
        }
        if open.is_empty() || open.len() > MOST_SIGNS {
            return false;
        }
        (0..1usize << open.len()).all(|bits| {
            let sign = |i: usize| if bits >> i & 1 == 1 { 1 } else { -1 };
            let signs: Vec<Sign> = open
                .iter()
                .enumerate()
                .map(|(i, (p, massless))| Sign { of: p.clone(), sign: sign(i), strict: *massless })
                .collect();
            self.are_impossible(&sides.boundary, &signs)
                || self.under_signs(&sides.boundary, &signs).is_some_and(|boundary| {
                    // A number that is not 0: the boundary does not intersect this part.
                    boundary.as_constant().is_some_and(|c| c != 0.0)
                        || !boundary.is_zero() && self.lies_across(&boundary, &open) && {
                            let mut sides = self.sides(boundary, &signs);
                            self.agree(&mut sides, id, jumps)
                        }
                })
        })
    }

    /// Whether a sign differs from the assumed one on the whole boundary, at the initial parameters: for example that of z + q,
    /// if z = q is above 0.
    fn are_impossible(&self, boundary: &Polynomial, signs: &[Sign]) -> bool {
        let solutions: Vec<(Atom, Polynomial)> = boundary
            .atoms()
            .into_iter()
            .filter_map(|atom| Some((atom, boundary.solved_for(atom, &self.atoms)?)))
            .collect();
        let ranges = self.steps.ranges_at_draws();
        signs.iter().any(|assumed| {
            let there =
                solutions.iter().filter_map(|(atom, value)| assumed.of.with(*atom, value, &self.atoms));
            let known = there.filter_map(|p| p.range(&self.atoms, &|id| ranges.get(id)).sign());
            known.into_iter().any(|sign| sign != assumed.sign)
        })
    }

    /// Whether the polynomials are 0 only in a negligible part of the boundary, d = 0. On the boundary d² = 0, the polynomial d
    /// is 0 everywhere: its two signs are the two sides, and one sign implies nothing about the other. This can be shown if d = 0
    /// can be solved for a number that is not a function of others, and if the polynomials do not vanish when the solution is
    /// substituted.
    fn lies_across(&self, boundary: &Polynomial, open: &[(Polynomial, bool)]) -> bool {
        let solutions: Vec<(Atom, Polynomial)> = boundary
            .atoms()
            .into_iter()
            .filter(|&atom| self.atoms.known(atom).within.len() <= 1)
            .filter_map(|atom| Some((atom, boundary.solved_for(atom, &self.atoms)?)))
            .collect();
        open.iter().all(|(p, _)| {
            solutions
                .iter()
                .any(|(atom, value)| p.with(*atom, value, &self.atoms).is_some_and(|rest| !rest.is_zero()))
        })
    }

    /// A polynomial in which max(p, 0) is resolved by the assumed signs.
    fn under_signs(&mut self, p: &Polynomial, signs: &[Sign]) -> Option<Polynomial> {
        let relu = Op::Binary(Binary::Max);
        p.atoms().into_iter().try_fold(p.clone(), |p, atom| {
            let Some(argument) = self.atoms.argument_of(&relu, atom) else { return Some(p) };
            match resolve(signs, &argument, false) {
                Some(1) => p.with(atom, &argument, &self.atoms),
                Some(_) => p.with(atom, &Polynomial::default(), &self.atoms),
                None => Some(p),
            }
        })
    }

    fn agree(&mut self, sides: &mut Sides, id: NodeId, jumps: &[bool]) -> bool {
        let plain: Option<Vec<Polynomial>> =
            sides.plain.iter_mut().map(|view| self.formula(view, id, jumps)).collect();
        if let Some([first, others @ ..]) = plain.as_deref()
            && others.iter().all(|other| {
                first
                    .plus(-1.0, other)
                    .is_some_and(|d| d.is_zero() || d.divided_by(&sides.boundary, &self.atoms).is_some())
            })
        {
            return true;
        }
        sides.solved.iter_mut().any(|views| {
            let values: Option<Vec<Polynomial>> =
                views.iter_mut().map(|view| self.formula(view, id, jumps)).collect();
            matches!(values.as_deref(), Some([first, others @ ..])
                if others.iter().all(|other| first.plus(-1.0, other).is_some_and(|d| d.is_zero())))
        })
    }

    /// Whether an element of the node is computed from the elements of its inputs at the same position, counted from the last
    /// axis.
    fn is_by_elements(&self, id: NodeId) -> bool {
        let node = &self.steps.nodes[id.index()];
        match &node.op {
            Op::Reshape { .. } => {
                let from = &self.steps.nodes[node.inputs[0].index()].shape;
                without_ones(from) == without_ones(&node.shape)
            }
            Op::Broadcast { .. } => true,
            // One number has one position.
            Op::OneHot(_) => without_ones(&self.steps.nodes[node.inputs[0].index()].shape).is_empty(),
            op => op.is_elementwise(),
        }
    }

    /// The formula of a node in a view; `None` if no formula is known that holds at the boundary.
    fn formula(&mut self, view: &mut View, id: NodeId, jumps: &[bool]) -> Option<Polynomial> {
        if let Some(known) = view.formulas.get(&id) {
            return known.clone();
        }
        self.work += 1;
        let jumping = jumps.get(id.index()).copied().unwrap_or(false);
        let formula = if self.work > MOST_WORK {
            None
        } else if !jumping && self.arguments(id).is_some() {
            // Formulas on different parts of a domain are not equal, although the value is the same.
            self.leaf(view, id)
        } else if let Some((norm, power)) = self.norm(id).filter(|_| !jumping) {
            self.leaf(view, norm).and_then(|p| p.power(power, &self.atoms))
        } else if self.depth < DEEPEST && self.is_by_elements(id) {
            self.depth += 1;
            let formula = self.operation(view, id, jumps);
            self.depth -= 1;
            // A node that does not jump may be represented by itself.
            formula
                .filter(|p| !self.hides_infinity(p))
                .or_else(|| if jumping { None } else { self.leaf(view, id) })
        } else if jumping {
            None
        } else {
            self.leaf(view, id)
        };
        view.formulas.insert(id, formula.clone());
        formula
    }

    /// A norm as a power of a norm: 1 for itself, and 2 for the sum of the squares of the same numbers.
    fn norm(&mut self, id: NodeId) -> Option<(NodeId, u32)> {
        let steps = self.steps;
        let norms = self.norms.get_or_insert_with(|| {
            let all = (0..steps.nodes.len()).filter(|&i| steps.needed[i]).map(|i| steps.id(i));
            all.filter_map(|id| Some((norm_of(steps.graph, id)?, id))).collect()
        });
        if norms.is_empty() {
            return None;
        }
        if let Some(argument) = squared(steps.graph, &steps.nodes[id.index()]) {
            return norms.get(&argument).map(|norm| (*norm, 2));
        }
        norm_of(steps.graph, id).map(|_| (id, 1))
    }

    /// Whether a number that is infinite at the boundary is an argument of an atom.
    fn hides_infinity(&self, p: &Polynomial) -> bool {
        let within = |atom: Atom| {
            self.atoms.known(atom).within.iter().any(|a| *a != atom && self.infinite.contains(a))
        };
        !self.infinite.is_empty() && p.atoms().into_iter().any(within)
    }

    /// A node as an atom.
    fn leaf(&mut self, view: &View, id: NodeId) -> Option<Polynomial> {
        let steps = self.steps;
        let node = &steps.nodes[id.index()];
        let kind = match &node.op {
            Op::Scalar(bits) => {
                let value = f64::from_bits(*bits);
                return value.is_finite().then(|| Polynomial::constant(value));
            }
            // A value that is ∞ next to the boundary is not 0 there.
            _ if steps.holds_infinity(id) => return None,
            Op::Tensor(data) => {
                Kind::Numbers(without_ones(&node.shape), data.0.iter().map(|x| x.to_bits()).collect())
            }
            _ => Kind::Node(id),
        };
        let sites = self.sites.get_or_insert_with(|| sites_within(steps));
        let atom = self.atoms.intern(kind, || Known {
            within: BTreeSet::new(),
            sites: BTreeSet::clone(&sites[id.index()]),
            continuous: is_part_of_a_draw(steps, id),
            truth: steps.truth[id.index()],
        });
        Some(in_view(view, atom))
    }

    /// An operation on polynomials as an atom.
    fn apply(&mut self, view: &View, op: Op, arguments: &[&Polynomial]) -> Polynomial {
        let p = self.atoms.apply(op, arguments);
        p.as_atom().map_or(p, |atom| in_view(view, atom))
    }

    /// a − b
    fn difference(
        &mut self,
        view: &mut View,
        a: NodeId,
        b: Subtrahend,
        jumps: &[bool],
    ) -> Option<Polynomial> {
        let a = self.formula(view, a, jumps)?;
        match b {
            Subtrahend::Zero => Some(a),
            Subtrahend::Node(b) => a.plus(-1.0, &self.formula(view, b, jumps)?),
            Subtrahend::Places(n) => {
                let (within, sites) = (BTreeSet::new(), BTreeSet::new());
                let known = || Known { within, sites, continuous: false, truth: false };
                a.plus(-1.0, &Polynomial::atom(self.atoms.intern(Kind::Places(n), known)))
            }
        }
    }

    /// The sign of a − b, if it is assumed or if the value is a number.
    fn sign(
        &mut self,
        view: &mut View,
        a: NodeId,
        b: Subtrahend,
        jumps: &[bool],
        compared: bool,
    ) -> Option<i8> {
        if let Some(mut unsolved) = view.unsolved.take() {
            let sign = self.sign(&mut unsolved, a, b, jumps, compared);
            view.unsolved = Some(unsolved);
            return sign.or_else(|| {
                let c = self.difference(view, a, b, jumps)?.as_constant()?;
                // A value that is 0 only at the boundary has a sign next to it.
                (c != 0.0).then_some(if c > 0.0 { 1 } else { -1 })
            });
        }
        let p = self.difference(view, a, b, jumps)?;
        if let Some(c) = p.as_constant() {
            return Some(if c == 0.0 {
                0
            } else if c > 0.0 {
                1
            } else {
                -1
            });
        }
        let sign = resolve(&view.signs, &p, compared);
        if sign.is_none() {
            view.open.push((p, compared));
        }
        sign
    }

    /// The formula of an elementwise operation.
    fn operation(&mut self, view: &mut View, id: NodeId, jumps: &[bool]) -> Option<Polynomial> {
        let steps = self.steps;
        let node = &steps.nodes[id.index()];
        let inputs = &node.inputs;
        let truth = |yes: bool| Some(Polynomial::constant(if yes { 1.0 } else { 0.0 }));
        match &node.op {
            Op::Reshape { .. } | Op::Broadcast { .. } => self.formula(view, inputs[0], jumps),
            Op::StopGradient
                if self.is_stopped(node) && jumps.get(inputs[0].index()).copied().unwrap_or(false) =>
            {
                self.leaf(view, id)
            }
            Op::StopGradient => self.formula(view, inputs[0], jumps),
            Op::Unary(Unary::Neg) => self.formula(view, inputs[0], jumps)?.scale(-1.0),
            Op::Unary(Unary::Abs) => {
                let p = self.formula(view, inputs[0], jumps)?;
                match self.sign(view, inputs[0], Subtrahend::Zero, jumps, false) {
                    Some(sign) => p.scale(f64::from(if sign == 0 { 1 } else { sign })),
                    None => self.relu(view, &p)?.scale(2.0)?.plus(-1.0, &p),
                }
            }
            Op::Unary(Unary::Sign) => {
                let sign = self.sign(view, inputs[0], Subtrahend::Zero, jumps, true)?;
                Some(Polynomial::constant(f64::from(sign)))
            }
            Op::Unary(op) => {
                let p = self.formula(view, inputs[0], jumps)?;
                self.function(view, *op, &p)
            }
            Op::Binary(op @ (Binary::Add | Binary::Sub)) => {
                let (a, b) = self.both(view, inputs, jumps)?;
                a.plus(if *op == Binary::Add { 1.0 } else { -1.0 }, &b)
            }
            Op::Binary(Binary::Mul) => {
                let (a, b) = self.both(view, inputs, jumps)?;
                a.times(&b, &self.atoms)
            }
            Op::Binary(Binary::Div) => self.quotient(view, id, jumps),
            Op::Binary(Binary::Pow) => {
                let (a, b) = self.both(view, inputs, jumps)?;
                match (a.as_constant(), b.as_constant()) {
                    (_, Some(k)) if k.fract() == 0.0 && (0.0..=HIGHEST_POWER).contains(&k) => {
                        a.power(k as u32, &self.atoms)
                    }
                    (Some(x), Some(k)) => number(Binary::Pow.at(x, k)),
                    // 0 to a positive power is 0; for any other power the result is unknown.
                    _ if self.vanishes(view, &a) => {
                        (a.is_zero() && steps.ranges().is_positive(inputs[1])).then(Polynomial::default)
                    }
                    _ => Some(self.apply(view, node.op.clone(), &[&a, &b])),
                }
            }
            Op::Binary(op @ (Binary::Max | Binary::Min)) => {
                let (a, b) = self.both(view, inputs, jumps)?;
                let (a, b) = if *op == Binary::Max { (a, b) } else { (b, a) };
                if inputs.iter().all(|i| steps.truth[i.index()]) {
                    // max = a + b − a b and min = a b of truth values.
                    let product = a.times(&b, &self.atoms)?;
                    return if *op == Binary::Max {
                        a.plus(1.0, &b)?.plus(-1.0, &product)
                    } else {
                        Some(product)
                    };
                }
                // max(a, b) = b + relu(a − b) and min(b, a) = b − relu(b − a), exchanged above: a − relu(a − b).
                match self.sign(view, inputs[0], Subtrahend::Node(inputs[1]), jumps, false) {
                    Some(sign) => Some(if sign >= 0 { a } else { b }),
                    None => {
                        let first = if *op == Binary::Max { a.plus(-1.0, &b)? } else { b.plus(-1.0, &a)? };
                        let relu = self.relu(view, &first)?;
                        b.plus(if *op == Binary::Max { 1.0 } else { -1.0 }, &relu)
                    }
                }
            }
            Op::Binary(Binary::Atan2) => {
                let (a, b) = self.both(view, inputs, jumps)?;
                Some(self.apply(view, node.op.clone(), &[&a, &b]))
            }
            Op::Binary(Binary::Eq) if steps.is_never_true(id) => truth(false),
            Op::Binary(op) => {
                if let Some(p) = self.of_truth(view, *op, inputs, jumps) {
                    return Some(p);
                }
                match self.sign(view, inputs[0], Subtrahend::Node(inputs[1]), jumps, true) {
                    Some(sign) => match op {
                        Binary::Lt => truth(sign < 0),
                        Binary::Le => truth(sign <= 0),
                        Binary::Eq => truth(sign == 0),
                        _ => truth(sign != 0),
                    },
                    None => None,
                }
            }
            Op::OneHot(n) => {
                let sign = self.sign(view, inputs[0], Subtrahend::Places(*n), jumps, true)?;
                truth(sign == 0)
            }
            Op::Select => {
                let condition = if steps.truth[inputs[0].index()] {
                    self.formula(view, inputs[0], jumps)?
                } else {
                    match self.sign(view, inputs[0], Subtrahend::Zero, jumps, true) {
                        Some(sign) => Polynomial::constant(if sign == 0 { 0.0 } else { 1.0 }),
                        None => return None,
                    }
                };
                match condition.as_constant() {
                    Some(0.0) => self.formula(view, inputs[2], jumps),
                    Some(_) => self.formula(view, inputs[1], jumps),
                    None => {
                        let yes = self.formula(view, inputs[1], jumps)?;
                        let no = self.formula(view, inputs[2], jumps)?;
                        no.plus(1.0, &condition.times(&yes.plus(-1.0, &no)?, &self.atoms)?)
                    }
                }
            }
            _ => None,
        }
    }

    fn both(
        &mut self,
        view: &mut View,
        inputs: &[NodeId],
        jumps: &[bool],
    ) -> Option<(Polynomial, Polynomial)> {
        Some((self.formula(view, inputs[0], jumps)?, self.formula(view, inputs[1], jumps)?))
    }

    /// For a truth value t, t == 1 and t != 0 are t itself, and t == 0 and t != 1 are 1 − t.
    fn of_truth(
        &mut self,
        view: &mut View,
        op: Binary,
        inputs: &[NodeId],
        jumps: &[bool],
    ) -> Option<Polynomial> {
        let constant = |i: usize| self.steps.graph.engine().scalar_value(inputs[i]);
        let (value, number) = match (constant(0), constant(1)) {
            (None, Some(c)) => (inputs[0], c),
            (Some(c), None) => (inputs[1], c),
            _ => return None,
        };
        if !self.steps.truth[value.index()] {
            return None;
        }
        let same = match (op, number) {
            (Binary::Eq, 1.0) | (Binary::Ne, 0.0) => true,
            (Binary::Eq, 0.0) | (Binary::Ne, 1.0) => false,
            _ => return None,
        };
        let t = self.formula(view, value, jumps)?;
        if same { Some(t) } else { Polynomial::constant(1.0).plus(-1.0, &t) }
    }

    /// max(p, 0), with one atom for p and all its multiples: relu(−p) = relu(p) − p.
    fn relu(&mut self, view: &View, p: &Polynomial) -> Option<Polynomial> {
        if let Some(c) = p.as_constant() {
            return Some(Polynomial::constant(c.max(0.0)));
        }
        let k = p.leading_coefficient()?;
        let monic = p.scale(1.0 / k)?;
        let relu = self.apply(view, Op::Binary(Binary::Max), &[&monic]).scale(k.abs())?;
        if k > 0.0 { Some(relu) } else { relu.plus(1.0, p) }
    }

    /// Whether a polynomial is 0 at the boundary of a view.
    fn vanishes(&self, view: &View, p: &Polynomial) -> bool {
        p.is_zero()
            || view.signs.first().is_some_and(|boundary| p.divided_by(&boundary.of, &self.atoms).is_some())
    }

    /// Whether a polynomial is a multiple of that of the boundary, and positive on this side of it.
    fn is_positive_side(&self, view: &View, p: &Polynomial) -> bool {
        let Some(boundary) = view.signs.first().filter(|_| view.solved.is_none()) else { return false };
        p.multiple_of(&boundary.of).is_some_and(|k| k * f64::from(boundary.sign) > 0.0)
    }

    /// f(p), where exp and log cancel each other. Next to a boundary at which p is a number c,
    ///
    /// ```text
    /// f(p) = f(c) + (p − c) g(p),   g(p) = (f(p) − f(c)) / (p − c), which is as smooth as f
    /// ```
    fn function(&mut self, view: &View, op: Unary, p: &Polynomial) -> Option<Polynomial> {
        let inverse = |other: Unary| self.atoms.argument_of(&Op::Unary(other), p.as_atom()?);
        let undone = match op {
            Unary::Exp => inverse(Unary::Log),
            Unary::Log => inverse(Unary::Exp),
            _ => None,
        };
        if undone.is_some() {
            return undone;
        }
        match (op, p.as_constant()) {
            (_, Some(c)) => number(op.at(c)),
            (Unary::Expm1, _) => self.function(view, Unary::Exp, p)?.plus(-1.0, &Polynomial::constant(1.0)),
            (Unary::Log1p, _) => {
                let more = p.plus(1.0, &Polynomial::constant(1.0))?;
                self.function(view, Unary::Log, &more)
            }
            // d^k (log d)^m → 0 at d = 0 for k ≥ 1, and its derivative is integrable.
            (Unary::Log, None) if self.is_positive_side(view, p) => {
                let log = self.atoms.apply(Op::Unary(op), &[p]);
                self.infinite.extend(log.as_atom());
                Some(log)
            }
            // No other atom is infinite at the boundary.
            (Unary::Log, None) if self.vanishes(view, p) => None,
            _ => {
                let f = self.apply(view, Op::Unary(op), &[p]);
                let Some(boundary) = view.signs.first().filter(|_| view.solved.is_none()) else {
                    return Some(f);
                };
                let c = p.constant_term();
                let Some(rest) = p.plus(-1.0, &Polynomial::constant(c)) else { return Some(f) };
                if !is_smooth_at(op, c) || rest.divided_by(&boundary.of, &self.atoms).is_none() {
                    return Some(f);
                }
                let slope = self.apply(view, Op::Binary(Binary::Div), &[&f, p]);
                number(op.at(c))?.plus(1.0, &rest.times(&slope, &self.atoms)?)
            }
        }
    }

    /// n / d. If d is 0 at the boundary, d must divide n.
    fn quotient(&mut self, view: &mut View, id: NodeId, jumps: &[bool]) -> Option<Polynomial> {
        if let Some(mut unsolved) = view.unsolved.take() {
            let quotient = self.formula(&mut unsolved, id, jumps);
            let vanishes = self.formula(view, self.steps.nodes[id.index()].inputs[1], jumps);
            view.unsolved = Some(unsolved);
            if vanishes?.is_zero() {
                let (atom, value) = view.solved.clone()?;
                return quotient?.with(atom, &value, &self.atoms);
            }
        }
        let (n, d) = self.both(view, &self.steps.nodes[id.index()].inputs.clone(), jumps)?;
        if let Some(c) = d.as_constant() {
            return if c == 0.0 { None } else { n.scale(1.0 / c) };
        }
        let exact = n.divided_by(&d, &self.atoms);
        if exact.is_some() || view.signs.first().is_some_and(|boundary| d.multiple_of(&boundary.of).is_some())
        {
            return exact;
        }
        if let Some(inverse) = d.reciprocal_of_term(&self.atoms) {
            return n.times(&inverse, &self.atoms);
        }
        let k = d.leading_coefficient()?;
        let inverse = self.apply(view, Op::Binary(Binary::Div), &[&d.scale(1.0 / k)?]);
        n.times(&inverse, &self.atoms)?.scale(1.0 / k)
    }
}

/// A number as a polynomial, if it is finite.
fn number(value: f64) -> Option<Polynomial> {
    value.is_finite().then(|| Polynomial::constant(value))
}

/// Whether a function has all derivatives at a number.
fn is_smooth_at(op: Unary, x: f64) -> bool {
    match op {
        Unary::Exp
        | Unary::Expm1
        | Unary::Sin
        | Unary::Cos
        | Unary::Tanh
        | Unary::Sigmoid
        | Unary::Softplus
        | Unary::Erf
        | Unary::Neg => true,
        Unary::Log | Unary::Sqrt | Unary::Lgamma | Unary::Polygamma(_) => x > 0.0,
        Unary::Log1p => x > -1.0,
        Unary::NormalQuantile => x > 0.0 && x < 1.0,
        Unary::Tan => x.abs() < FRAC_PI_2,
        Unary::Abs | Unary::Sign | Unary::Floor => false,
    }
}

/// A shape without leading axes of size 1.
fn without_ones(shape: &Shape) -> Vec<usize> {
    shape.iter().copied().skip_while(|&n| n == 1).collect()
}

/// The atom, or its value given d = 0.
fn in_view(view: &View, atom: Atom) -> Polynomial {
    match &view.solved {
        Some((solved, value)) if *solved == atom => value.clone(),
        _ => Polynomial::atom(atom),
    }
}

/// The sign of p that follows from one of the assumptions.
fn resolve(signs: &[Sign], p: &Polynomial, compared: bool) -> Option<i8> {
    signs.iter().filter(|s| s.strict || !compared).find_map(|s| {
        let k = p.multiple_of(&s.of)?;
        Some(if k > 0.0 { s.sign } else { -s.sign })
    })
}

/// Whether a node only selects elements of a continuous site's value.
fn is_part_of_a_draw(steps: &Steps<'_>, id: NodeId) -> bool {
    let mut root = id;
    while let Op::Slice { .. } | Op::Reshape { .. } | Op::Permute(_) | Op::Broadcast { .. } =
        steps.nodes[root.index()].op
    {
        root = steps.nodes[root.index()].inputs[0];
    }
    steps.sites.get(&root).is_some_and(|(_, site)| {
        let support = site.family.support();
        !support.is_discrete() && support != Support::Simplex
    })
}

/// For each node, the sites on whose values it depends.
fn sites_within(steps: &Steps<'_>) -> Vec<Rc<BTreeSet<usize>>> {
    let mut all: Vec<Rc<BTreeSet<usize>>> = Vec::with_capacity(steps.nodes.len());
    for (index, node) in steps.nodes.iter().enumerate() {
        let sites = match steps.sites.get(&steps.id(index)) {
            Some((number, _)) => Rc::new(BTreeSet::from([*number])),
            None => {
                let largest = node.inputs.iter().map(|i| &all[i.index()]).max_by_key(|sites| sites.len());
                let largest = largest.cloned().unwrap_or_default();
                let others = node.inputs.iter().map(|i| &all[i.index()]);
                let missing: BTreeSet<usize> =
                    others.flat_map(|sites| sites.difference(&largest)).copied().collect();
                if missing.is_empty() { largest } else { Rc::new(&missing | &largest) }
            }
        };
        all.push(sites);
    }
    all
}
