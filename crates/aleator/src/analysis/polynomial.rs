//! Expressions in a normal form, in which equal expressions are identical: polynomials over atoms.
//!
//! ```text
//! p = Σ c · a₁^k₁ ⋯ aₙ^kₙ       atoms: nodes, functions of polynomials, max(p, 0);   k may be negative (1/a)
//! ```
//!
//! Coefficients are floating-point numbers. Each stores the sum of the magnitudes from which it was computed, so that a
//! coefficient that cancels up to rounding is treated as 0.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use aleator_engine::graph::{Binary, NodeId, Op};

use super::range::{self, EVERYTHING, Range};

/// The index of an atom in the table.
pub(crate) type Atom = u32;
/// Atoms in ascending order with their nonzero exponents.
type Monomial = Vec<(Atom, i32)>;

/// Values that are smaller than this, relative to the magnitudes that went into a coefficient, are rounding errors.
const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// The largest number of terms of a polynomial, and of steps of a division.
const MOST_TERMS: usize = 24;

/// A number, and the sum of the magnitudes from which it was computed.
#[derive(Clone, Copy, Debug)]
struct Coefficient {
    value: f64,
    size: f64,
}

/// The kind of an atom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A node of the graph.
    Node(NodeId),
    /// A constant tensor, given by its sizes and numbers.
    Numbers(Vec<usize>, Vec<u64>),
    /// The numbers 0, 1, …, n − 1 along an axis of their own.
    Places(usize),
    /// An operation on polynomials.
    Apply(Op, Vec<Canonical>),
}

/// A polynomial as a key.
pub(crate) type Canonical = Vec<(Monomial, u64)>;

/// The properties of an atom.
#[derive(Debug)]
pub(crate) struct Known {
    /// The atom and all atoms within it.
    pub within: BTreeSet<Atom>,
    /// The sites on whose values it depends.
    pub sites: BTreeSet<usize>,
    /// Whether it is a value of a continuous site.
    pub continuous: bool,
    /// Whether it is always 0 or 1.
    pub truth: bool,
}

/// The table of all atoms.
#[derive(Debug, Default)]
pub(crate) struct Atoms {
    numbers: HashMap<Kind, Atom>,
    kinds: Vec<Kind>,
    known: Vec<Known>,
}

impl Atoms {
    /// Returns the atom of a kind. `describe` is called if it is new.
    pub fn intern(&mut self, kind: Kind, describe: impl FnOnce() -> Known) -> Atom {
        if let Some(&atom) = self.numbers.get(&kind) {
            return atom;
        }
        let atom = self.known.len() as Atom;
        let mut known = describe();
        known.within.insert(atom);
        self.known.push(known);
        self.kinds.push(kind.clone());
        self.numbers.insert(kind, atom);
        atom
    }

    /// Returns an operation on polynomials as an atom.
    pub fn apply(&mut self, op: Op, arguments: &[&Polynomial]) -> Polynomial {
        let key = Kind::Apply(op, arguments.iter().map(|p| p.canonical()).collect());
        let (mut within, mut sites) = (BTreeSet::new(), BTreeSet::new());
        for atom in arguments.iter().flat_map(|p| p.atoms()) {
            within.extend(&self.known[atom as usize].within);
            sites.extend(&self.known[atom as usize].sites);
        }
        Polynomial::atom(self.intern(key, || Known { within, sites, continuous: false, truth: false }))
    }

    /// The properties of an atom.
    pub fn known(&self, atom: Atom) -> &Known {
        &self.known[atom as usize]
    }

    /// The range of an atom, given the ranges of nodes. An atom that occurs within many others is examined once.
    fn range(&self, atom: Atom, of: &dyn Fn(NodeId) -> Range, known: &mut HashMap<Atom, Range>) -> Range {
        if let Some(range) = known.get(&atom) {
            return *range;
        }
        let range = match &self.kinds[atom as usize] {
            Kind::Node(id) => of(*id),
            Kind::Numbers(_, bits) => {
                let values = bits.iter().map(|&b| f64::from_bits(b));
                values.map(|x| Range::closed(x, x)).reduce(Range::union).unwrap_or(EVERYTHING)
            }
            Kind::Places(n) => Range::closed(0.0, n.saturating_sub(1) as f64),
            Kind::Apply(op, arguments) => {
                let arguments: Vec<Range> = arguments
                    .iter()
                    .map(|p| Polynomial::from_canonical(p).range_from(self, of, known))
                    .collect();
                match (op, &arguments[..]) {
                    (Op::Unary(op), [x]) => range::unary(*op, *x),
                    // max(p, 0)
                    (Op::Binary(Binary::Max), [x]) => range::binary(Binary::Max, *x, Range::closed(0.0, 0.0)),
                    (Op::Binary(Binary::Div), [x]) => x.power(-1),
                    (Op::Binary(Binary::Pow), [x, y]) => range::binary(Binary::Pow, *x, *y),
                    _ => EVERYTHING,
                }
            }
        };
        known.insert(atom, range);
        range
    }

    /// The argument of an atom that is this unary operation.
    pub fn argument_of(&self, op: &Op, atom: Atom) -> Option<Polynomial> {
        match &self.kinds[atom as usize] {
            Kind::Apply(o, arguments) if o == op => arguments.first().map(Polynomial::from_canonical),
            _ => None,
        }
    }
}

/// Σ c · Π aᵏ
#[derive(Clone, Debug, Default)]
pub(crate) struct Polynomial {
    terms: BTreeMap<Monomial, Coefficient>,
}

impl Polynomial {
    /// A number. The number 0 has no terms.
    pub fn constant(value: f64) -> Self {
        Polynomial::term(vec![], value)
    }

    /// A single atom.
    pub fn atom(atom: Atom) -> Self {
        Polynomial::term(vec![(atom, 1)], 1.0)
    }

    fn term(monomial: Monomial, value: f64) -> Self {
        let mut p = Polynomial::default();
        if value != 0.0 {
            p.add_term(monomial, Coefficient { value, size: value.abs() });
        }
        p
    }

    fn canonical(&self) -> Canonical {
        self.terms.iter().map(|(m, c)| (m.clone(), c.value.to_bits())).collect()
    }

    fn from_canonical(terms: &Canonical) -> Self {
        let mut p = Polynomial::default();
        for (monomial, bits) in terms {
            let value = f64::from_bits(*bits);
            p.add_term(monomial.clone(), Coefficient { value, size: value.abs() });
        }
        p
    }

    fn add_term(&mut self, monomial: Monomial, more: Coefficient) {
        let at = self.terms.entry(monomial).or_insert(Coefficient { value: 0.0, size: 0.0 });
        *at = Coefficient { value: at.value + more.value, size: at.size + more.size };
    }

    /// Removes the terms that cancelled; `None` if a number overflowed or if there are too many terms.
    fn tidy(mut self) -> Option<Self> {
        if self.terms.values().any(|c| !c.value.is_finite() || !c.size.is_finite()) {
            return None;
        }
        self.terms.retain(|_, c| c.value.abs() > ROUNDING * c.size);
        (self.terms.len() <= MOST_TERMS).then_some(self)
    }

    /// The range of the polynomial, given the ranges of nodes.
    pub fn range(&self, atoms: &Atoms, of: &dyn Fn(NodeId) -> Range) -> Range {
        self.range_from(atoms, of, &mut HashMap::new())
    }

    fn range_from(
        &self,
        atoms: &Atoms,
        of: &dyn Fn(NodeId) -> Range,
        known: &mut HashMap<Atom, Range>,
    ) -> Range {
        self.terms.iter().fold(Range::closed(0.0, 0.0), |sum, (monomial, c)| {
            let coefficient = Range::closed(c.value, c.value);
            let factors = monomial.iter().map(|&(atom, k)| atoms.range(atom, of, known).power(k));
            sum.plus(factors.fold(coefficient, Range::times))
        })
    }

    /// The number, if the polynomial is constant.
    pub fn as_constant(&self) -> Option<f64> {
        match self.terms.len() {
            0 => Some(0.0),
            1 => self.terms.get(&Vec::new()).map(|c| c.value),
            _ => None,
        }
    }

    /// The term without atoms.
    pub fn constant_term(&self) -> f64 {
        self.terms.get(&Vec::new()).map_or(0.0, |c| c.value)
    }

    /// Whether the polynomial is 0.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// The atom, if the polynomial is one.
    pub fn as_atom(&self) -> Option<Atom> {
        match self.terms.iter().next() {
            Some((monomial, c)) if self.terms.len() == 1 && c.value == 1.0 => match monomial[..] {
                [(atom, 1)] => Some(atom),
                _ => None,
            },
            _ => None,
        }
    }

    /// The atoms, without those within them.
    pub fn atoms(&self) -> BTreeSet<Atom> {
        self.terms.keys().flatten().map(|(atom, _)| *atom).collect()
    }

    /// c p
    pub fn scale(&self, by: f64) -> Option<Self> {
        let mut p = self.clone();
        for c in p.terms.values_mut() {
            *c = Coefficient { value: c.value * by, size: c.size * by.abs() };
        }
        p.tidy()
    }

    /// p + c q
    pub fn plus(&self, by: f64, other: &Self) -> Option<Self> {
        let mut sum = self.clone();
        for (monomial, c) in &other.terms {
            sum.add_term(monomial.clone(), Coefficient { value: by * c.value, size: by.abs() * c.size });
        }
        sum.tidy()
    }

    /// p q
    pub fn times(&self, other: &Self, atoms: &Atoms) -> Option<Self> {
        let mut product = Polynomial::default();
        for (m, a) in &self.terms {
            for (n, b) in &other.terms {
                let monomial = multiply(m, n, atoms)?;
                product.add_term(monomial, Coefficient { value: a.value * b.value, size: a.size * b.size });
            }
        }
        product.tidy()
    }

    /// pⁿ
    pub fn power(&self, n: u32, atoms: &Atoms) -> Option<Self> {
        (0..n).try_fold(Polynomial::constant(1.0), |product, _| product.times(self, atoms))
    }

    /// 1/p, if p has one term.
    pub fn reciprocal_of_term(&self, atoms: &Atoms) -> Option<Self> {
        let (monomial, c) = self.terms.iter().next().filter(|_| self.terms.len() == 1)?;
        if monomial.iter().any(|(atom, _)| atoms.known(*atom).truth) {
            return None;
        }
        let inverse = monomial.iter().map(|(atom, k)| (*atom, -k)).collect();
        Polynomial::term(inverse, 1.0 / c.value).tidy()
    }

    /// The number k for which this is k q, if there is one.
    pub fn multiple_of(&self, other: &Self) -> Option<f64> {
        let (monomial, c) = self.terms.iter().next()?;
        let k = c.value / other.terms.get(monomial)?.value;
        self.plus(-k, other)?.is_zero().then_some(k)
    }

    /// The coefficient of the first term in the order of [`leads`]. Division by it makes the polynomial monic.
    pub fn leading_coefficient(&self) -> Option<f64> {
        self.leading().map(|(_, c)| c.value)
    }

    fn leading(&self) -> Option<(&Monomial, Coefficient)> {
        self.terms.iter().max_by(|(m, _), (n, _)| leads(m, n)).map(|(m, c)| (m, *c))
    }

    /// p / d, if d divides p. The division by one polynomial leaves no remainder exactly if it is a factor. Atoms in d are not
    /// units: a negative power of one of them in p is a pole where d is 0.
    pub fn divided_by(&self, d: &Self, atoms: &Atoms) -> Option<Self> {
        let no_units = d.atoms();
        let poles = self.terms.keys().flatten().any(|(atom, k)| *k < 0 && no_units.contains(atom));
        if poles || d.terms.keys().flatten().any(|(_, k)| *k < 0) {
            return None;
        }
        let (lead, c) = d.leading()?;
        let (mut rest, mut quotient) = (self.clone(), Polynomial::default());
        for _ in 0..MOST_TERMS {
            let Some((monomial, r)) = rest.leading() else { return Some(quotient) };
            let factor = divide(monomial, lead)?;
            let value = r.value / c.value;
            quotient.add_term(factor.clone(), Coefficient { value, size: value.abs() });
            rest = rest.plus(-1.0, &Polynomial::term(factor, value).times(d, atoms)?)?;
        }
        None
    }

    /// Solves p = 0 for an atom that occurs only to the first power: p = c a + r, and a = −r/c, where r does not contain a, and c
    /// is one term without random atoms.
    pub fn solved_for(&self, atom: Atom, atoms: &Atoms) -> Option<Self> {
        let (mut slope, mut rest) = (Polynomial::default(), Polynomial::default());
        for (monomial, c) in &self.terms {
            match monomial.iter().find(|(a, _)| *a == atom) {
                Some((_, 1)) => {
                    slope.add_term(monomial.iter().copied().filter(|(a, _)| *a != atom).collect(), *c);
                }
                Some(_) => return None,
                None => rest.add_term(monomial.clone(), *c),
            }
        }
        let contains = |p: &Polynomial| p.atoms().iter().any(|&a| atoms.known(a).within.contains(&atom));
        let random = slope.atoms().iter().any(|&a| !atoms.known(a).sites.is_empty());
        if random || contains(&slope) || contains(&rest) {
            return None;
        }
        rest.scale(-1.0)?.times(&slope.reciprocal_of_term(atoms)?, atoms)
    }

    /// Whether the polynomial is 0 with probability 0: a continuous draw occurs linearly, and in no other way.
    pub fn has_no_mass_at_zero(&self, atoms: &Atoms) -> bool {
        self.atoms().into_iter().filter(|&a| atoms.known(a).continuous).any(|a| {
            let sites = &atoms.known(a).sites;
            let apart = |b: Atom| b == a || atoms.known(b).sites.is_disjoint(sites);
            self.atoms().into_iter().all(apart) && self.solved_for(a, atoms).is_some()
        })
    }

    /// Substitutes a polynomial for an atom; `None` if the atom occurs within others or has a negative power.
    pub fn with(&self, atom: Atom, value: &Self, atoms: &Atoms) -> Option<Self> {
        let mut sum = Polynomial::default();
        for (monomial, c) in &self.terms {
            if monomial
                .iter()
                .any(|&(a, k)| if a == atom { k < 0 } else { atoms.known(a).within.contains(&atom) })
            {
                return None;
            }
            let power = monomial.iter().find(|(a, _)| *a == atom).map_or(0, |(_, k)| *k as u32);
            let others = monomial.iter().copied().filter(|(a, _)| *a != atom).collect();
            let term = Polynomial::term(others, c.value).times(&value.power(power, atoms)?, atoms)?;
            sum = sum.plus(1.0, &term)?;
        }
        Some(sum)
    }
}

/// The lexicographic order, first atom first, which products preserve.
fn leads(m: &Monomial, n: &Monomial) -> Ordering {
    let (mut m, mut n) = (m.iter().peekable(), n.iter().peekable());
    loop {
        match (m.peek(), n.peek()) {
            (None, None) => return Ordering::Equal,
            (Some((_, k)), None) => return k.cmp(&0),
            (None, Some((_, k))) => return 0.cmp(k),
            (Some((a, k)), Some((b, l))) => match a.cmp(b) {
                Ordering::Less => return k.cmp(&0),
                Ordering::Greater => return 0.cmp(l),
                Ordering::Equal if k != l => return k.cmp(l),
                Ordering::Equal => {
                    m.next();
                    n.next();
                }
            },
        }
    }
}

fn combine(m: &Monomial, n: &Monomial, sign: i32) -> Option<Monomial> {
    let mut powers: BTreeMap<Atom, i32> = m.iter().copied().collect();
    for (atom, k) in n {
        let power = powers.entry(*atom).or_insert(0);
        *power = power.checked_add(sign * k)?;
    }
    Some(powers.into_iter().filter(|(_, k)| *k != 0).collect())
}

/// m n; the square of a truth value is itself.
fn multiply(m: &Monomial, n: &Monomial, atoms: &Atoms) -> Option<Monomial> {
    let mut product = combine(m, n, 1)?;
    for (atom, k) in &mut product {
        if atoms.known(*atom).truth {
            *k = (*k).min(1);
        }
    }
    Some(product)
}

/// m / n, if n divides m.
fn divide(m: &Monomial, n: &Monomial) -> Option<Monomial> {
    let quotient = combine(m, n, -1)?;
    let lowered = |atom: &Atom, k: &i32| *k < 0 && n.iter().any(|(a, _)| a == atom);
    (!quotient.iter().any(|(atom, k)| lowered(atom, k))).then_some(quotient)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Atoms x and y, by the numbers of constant tensors.
    fn two() -> (Atoms, Polynomial, Polynomial) {
        let mut atoms = Atoms::default();
        let [x, y] = [1, 2].map(|n| {
            let known = || Known {
                within: BTreeSet::new(),
                sites: BTreeSet::from([n]),
                continuous: n == 1,
                truth: false,
            };
            Polynomial::atom(atoms.intern(Kind::Numbers(vec![], vec![n as u64]), known))
        });
        (atoms, x, y)
    }

    #[test]
    fn division_is_exact_or_not_at_all() {
        let (atoms, x, y) = two();
        let d = x.plus(-1.0, &y).unwrap();
        let square = |p: &Polynomial| p.power(2, &atoms).unwrap();
        let difference = square(&x).plus(-1.0, &square(&y)).unwrap();
        let quotient = difference.divided_by(&d, &atoms).unwrap();
        assert!(quotient.plus(-1.0, &x.plus(1.0, &y).unwrap()).unwrap().is_zero());
        assert!(square(&x).plus(1.0, &square(&y)).unwrap().divided_by(&d, &atoms).is_none());
        assert!(Polynomial::constant(1.0).divided_by(&x, &atoms).is_none());
        // (x − y) / x is 0 where x = y, but it has no limit at x = 0: x is not a unit where x is 0.
        let pole = d.times(&x.reciprocal_of_term(&atoms).unwrap(), &atoms).unwrap();
        assert!(pole.divided_by(&x, &atoms).is_none() && pole.divided_by(&d, &atoms).is_none());
    }

    #[test]
    fn solutions_and_mass() {
        let (atoms, x, y) = two();
        let atom = |p: &Polynomial| p.as_atom().unwrap();
        let d = x.scale(2.0).unwrap().plus(-1.0, &y).unwrap();
        let solution = d.solved_for(atom(&x), &atoms).unwrap();
        assert!(solution.plus(-0.5, &y).unwrap().is_zero());
        assert!(d.has_no_mass_at_zero(&atoms) && !y.has_no_mass_at_zero(&atoms));
        // x² − y is not linear in x, and the slope of x y − y in x is random.
        assert!(x.power(2, &atoms).unwrap().plus(-1.0, &y).unwrap().solved_for(atom(&x), &atoms).is_none());
        assert!(x.times(&y, &atoms).unwrap().plus(-1.0, &y).unwrap().solved_for(atom(&x), &atoms).is_none());
    }

    #[test]
    fn what_cancels_up_to_rounding_is_nothing() {
        let three = Polynomial::constant(0.1).scale(3.0).unwrap();
        assert!(three.plus(-1.0, &Polynomial::constant(0.3)).unwrap().is_zero());
        assert!(
            Polynomial::constant(0.0).is_zero()
                && !Polynomial::constant(1e-13).is_zero()
                && Polynomial::constant(1e300).scale(1e300).is_none()
        );
    }
}
