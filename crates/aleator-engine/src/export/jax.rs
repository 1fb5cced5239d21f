//! Graphs as a Python file: readable `jax.numpy` code that needs JAX and nothing else.
//!
//! The file has one public function, `estimate(inputs, noise, dtype, host)`: inputs by name, the seed and the step of the noise, the
//! number format, and functions for black boxes. It returns the outputs by name. Uniform numbers follow [the noise contract](super) and
//! have the same bits as those of the CPU executor; draws from laws follow its samplers, in double precision. The functions that the
//! file needs besides those of JAX are in `jax_runtime.py`; the text contains the ones that it uses.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;

use super::portable::{Number, Portable, PortableNode, PortableOp};
use crate::error::Error;
use crate::exec::math::quantile_table;
use crate::graph::{Binary, Graph, Law, NodeId, Quantile, Reduction, Unary};

/// Functions that texts use.
const RUNTIME: &str = include_str!("jax_runtime.py");

/// Constants of more elements are written as hexadecimal bytes.
const MOST_WRITTEN: usize = 64;

/// Operations are written inside the operation that uses them up to this number of characters.
const LONGEST_INLINE: usize = 48;

/// The text of what `outputs` depend on.
///
/// # Errors
/// The graph's failed operations, and [`Error::Argument`] if two inputs or two outputs have one name or if there is a hole.
pub fn jax(graph: &Graph, outputs: &[(&str, NodeId)]) -> Result<String, Error> {
    Portable::new(graph, outputs)?.jax()
}

impl Portable {
    /// The graph as a Python file, see [`jax`].
    ///
    /// # Errors
    /// [`Error::Argument`] if there is a hole.
    pub fn jax(&self) -> Result<String, Error> {
        let mut printer = Printer::new(self);
        for place in 0..self.nodes.len() {
            printer.node(place)?;
        }
        Ok(printer.file())
    }
}

/// What stands for the value of a node.
#[derive(Clone)]
struct Text {
    code: String,
    /// Whether the code is a name, a number or a call, which needs no parentheses as an operand.
    atomic: bool,
    /// For a comparison, the code of its truth value.
    truth: Option<String>,
}

struct Printer<'a> {
    portable: &'a Portable,
    /// How often a node is written.
    uses: Vec<usize>,
    /// Products that are written as sums over leading axes.
    sums: HashMap<usize, SumOfProducts>,
    texts: Vec<Text>,
    body: String,
    sections: BTreeSet<&'static str>,
    /// For each x: the number of logistic functions of x or −x, and whether e^−|x|, which they share, has been written.
    exponentials: HashMap<usize, (usize, bool)>,
}

/// One use less of these nodes, and of what only they use.
fn release(portable: &Portable, uses: &mut [usize], places: &[u32]) {
    let mut open = places.to_vec();
    while let Some(place) = open.pop() {
        uses[place as usize] -= 1;
        if uses[place as usize] == 0 {
            open.extend(&portable.nodes[place as usize].inputs);
        }
    }
}

/// The x of a sigmoid or softplus of x or −x.
fn logistic_argument(portable: &Portable, node: &PortableNode) -> Option<usize> {
    let PortableOp::Unary(Unary::Sigmoid | Unary::Softplus) = node.op else { return None };
    let mut x = node.inputs[0] as usize;
    while let PortableOp::Unary(Unary::Neg) | PortableOp::StopGradient = portable.nodes[x].op {
        x = portable.nodes[x].inputs[0] as usize;
    }
    Some(x)
}

/// Σ Aᵢᵀ Bᵢ over the matrices along all leading axes, which the derivative of a product is: in the graph, the leading axes are merged to
/// one. Where they are sharded, a merged axis could not be.
#[derive(Clone, Copy)]
struct SumOfProducts {
    a: usize,
    b: usize,
    axes: u64,
}

impl SumOfProducts {
    /// Recognises `matmul(transpose(reshape(a)), reshape(b))`.
    fn of(portable: &Portable, node: &PortableNode) -> Option<Self> {
        let PortableOp::MatMul = node.op else { return None };
        let node_of = |place: u32| &portable.nodes[place as usize];
        let merged = |place: u32| {
            let PortableOp::Reshape { .. } = node_of(place).op else { return None };
            let from = node_of(place).inputs[0];
            let (full, rows) = (&node_of(from).shape, &node_of(place).shape);
            let is_merged = rows.len() == 2 && full.len() > 2 && rows.last() == full.last();
            is_merged.then(|| (from as usize, &full[..full.len() - 1]))
        };
        let left = node_of(node.inputs[0]);
        let PortableOp::Permute(order) = &left.op else { return None };
        let ((a, of_a), (b, of_b)) = (merged(left.inputs[0])?, merged(node.inputs[1])?);
        (order == &[1, 0] && of_a == of_b).then_some(SumOfProducts { a, b, axes: of_a.len() as u64 })
    }
}

impl<'a> Printer<'a> {
    fn new(portable: &'a Portable) -> Self {
        let mut uses = vec![0; portable.nodes.len()];
        let inputs = portable.nodes.iter().flat_map(|node| &node.inputs);
        for &place in inputs.chain(portable.outputs.iter().map(|output| &output.node)) {
            uses[place as usize] += 1;
        }
        let mut sums = HashMap::new();
        for (place, node) in portable.nodes.iter().enumerate() {
            if let Some(sum) = SumOfProducts::of(portable, node) {
                uses[sum.a] += 1;
                uses[sum.b] += 1;
                release(portable, &mut uses, &node.inputs);
                sums.insert(place, sum);
            }
        }
        let mut exponentials = HashMap::new();
        for x in portable.nodes.iter().filter_map(|node| logistic_argument(portable, node)) {
            exponentials.entry(x).or_insert((0, false)).0 += 1;
        }
        exponentials.retain(|_, (count, _)| *count > 1);
        let (texts, body, sections) = (Vec::new(), String::new(), BTreeSet::new());
        Printer { portable, uses, sums, texts, body, sections, exponentials }
    }

    /// Writes a node, or keeps its code for the node that uses it.
    fn node(&mut self, place: usize) -> Result<(), Error> {
        let node = &self.portable.nodes[place];
        let text = match &node.op {
            // Nothing that is written uses it.
            _ if self.uses[place] == 0 => Text { code: String::new(), atomic: true, truth: None },
            PortableOp::Input(name) => {
                self.line(place, &format!("jnp.asarray(inputs[{}], dtype)", quoted(name)))
            }
            // JAX would warn of a number that is infinite in the narrower format.
            PortableOp::Scalar(value) if value.0.is_finite() && value.0.abs() > f64::from(f32::MAX) => {
                self.needs("constant");
                self.line(place, &format!("constant({}, (), dtype)", number(*value)))
            }
            PortableOp::Scalar(value) => {
                Text { code: number(*value), atomic: value.0.is_sign_positive(), truth: None }
            }
            PortableOp::Hole(name) => {
                let problem = format!("the hole `{name}` has no value");
                return Err(Error::Argument { operation: "export".into(), problem });
            }
            op => {
                let text = match self.sums.get(&place) {
                    Some(sum) => self.sum_of_products(*sum),
                    None => self.operation(op, node),
                };
                let short = text.code.len() <= LONGEST_INLINE;
                let cheap =
                    matches!(op, PortableOp::Unary(_) | PortableOp::Binary(_) | PortableOp::Reshape { .. });
                if short && cheap && self.uses[place] == 1 { text } else { self.assigned(place, text) }
            }
        };
        self.texts.push(text);
        Ok(())
    }

    /// Assigns the value to a name, which stands for it from now on. A comparison that is used as a condition stays one.
    fn assigned(&mut self, place: usize, text: Text) -> Text {
        let Text { code, truth, .. } = text;
        match truth {
            None => self.line(place, &code),
            Some(truth) => {
                let _ = writeln!(self.body, "    c{place} = {truth}");
                Text {
                    code: format!("jnp.astype(c{place}, dtype)"),
                    atomic: true,
                    truth: Some(format!("c{place}")),
                }
            }
        }
    }

    fn line(&mut self, place: usize, code: &str) -> Text {
        let shape = &self.portable.nodes[place].shape;
        let _ = writeln!(self.body, "    v{place} = {code}  # {shape:?}");
        Text { code: format!("v{place}"), atomic: true, truth: None }
    }

    fn sum_of_products(&self, SumOfProducts { a, b, axes }: SumOfProducts) -> Text {
        let axes = tuple(&(0..axes).collect::<Vec<_>>());
        let (a, b) = (&self.texts[a].code, &self.texts[b].code);
        let code = format!("jnp.tensordot({a}, {b}, ({axes}, {axes}))");
        Text { code, atomic: true, truth: None }
    }

    fn operation(&mut self, op: &PortableOp, node: &PortableNode) -> Text {
        let x: Vec<Text> = node.inputs.iter().map(|&i| self.texts[i as usize].clone()).collect();
        let shapes: Vec<&[u64]> =
            node.inputs.iter().map(|&i| &self.portable.nodes[i as usize].shape[..]).collect();
        let argument = |i: usize| &x[i].code;
        let shape = tuple(&node.shape);
        let axes = |axes: &[u64]| tuple_of(axes.iter().map(|&axis| -1 - axis as i64));
        let code = match op {
            PortableOp::Input(_) | PortableOp::Scalar(_) | PortableOp::Hole(_) => {
                unreachable!("written by `node`")
            }
            PortableOp::Tensor(values) => {
                self.needs("constant");
                constant(values, &shape)
            }
            PortableOp::Iota => format!("jnp.arange({}, dtype=dtype)", node.shape[0]),
            PortableOp::Uniform { stream } => {
                self.needs("uniform");
                format!("uniform(noise, {stream}, {shape}, dtype)")
            }
            PortableOp::Draw { law, stream, shape } => {
                let function = match law {
                    Law::Gamma => "gamma",
                    Law::LogGamma => "log_gamma",
                    Law::Beta => "beta",
                    Law::LogitBeta => "logit_beta",
                    Law::Poisson => "poisson",
                    Law::Binomial => "binomial",
                    Law::VonMises => "von_mises",
                };
                self.needs(match law {
                    Law::Gamma | Law::LogGamma => "gamma",
                    Law::Beta | Law::LogitBeta => "beta",
                    Law::Poisson => "poisson",
                    Law::Binomial => "binomial",
                    Law::VonMises => "von_mises",
                });
                let parameters: Vec<&str> = x.iter().map(|x| &x.code[..]).collect();
                format!(
                    "draw_{function}(noise, {stream}, {}, dtype, {})",
                    tuple(shape),
                    parameters.join(", ")
                )
            }
            PortableOp::QuantileDerivative(quantile) => {
                self.needs("quantile_derivative");
                let function = match quantile {
                    Quantile::LogGamma => "log_gamma",
                    Quantile::LogitBeta => "logit_beta",
                    Quantile::LogStudentT => "log_student_t",
                    Quantile::VonMises => "von_mises",
                };
                let inputs: Vec<&str> = x.iter().map(|x| &x.code[..]).collect();
                format!("quantile_derivative(_{function}_derivative, dtype, {})", inputs.join(", "))
            }
            PortableOp::Unary(u) => match self.exponential(node) {
                Some(e) if *u == Unary::Sigmoid => {
                    format!("{}({}, {e})", self.needs("sigmoid_with"), x[0].code)
                }
                Some(e) => format!("{}({}, {e})", self.needs("softplus_with"), x[0].code),
                None => return self.unary(*u, &x[0]),
            },
            PortableOp::Binary(b) => return binary(*b, &x[0], &x[1]),
            PortableOp::Select => {
                let condition = x[0].truth.clone().unwrap_or_else(|| format!("{} != 0", operand(&x[0])));
                let chosen = format!("jnp.where({condition}, {}, {})", argument(1), argument(2));
                // Two numbers give a number of JAX's own format.
                if shapes[1..].iter().all(|shape| shape.is_empty()) {
                    format!("jnp.astype({chosen}, dtype)")
                } else {
                    chosen
                }
            }
            PortableOp::Reduce { by, axes: over } => {
                let function = match by {
                    Reduction::Sum => "sum",
                    Reduction::Prod => "prod",
                    Reduction::Max => "max",
                    Reduction::Min => "min",
                };
                // JAX has no largest element of nothing.
                let initial = match (by, shapes[0].contains(&0)) {
                    (Reduction::Max, true) => ", initial=-jnp.inf",
                    (Reduction::Min, true) => ", initial=jnp.inf",
                    _ => "",
                };
                format!("jnp.{function}({}, axis={}{initial})", argument(0), axes(over))
            }
            PortableOp::LogSumExp { axes: over } => self.softmax("logsumexp", argument(0), &axes(over)),
            PortableOp::LogSoftmax { axes: over } => self.softmax("log_softmax", argument(0), &axes(over)),
            PortableOp::Softmax { axes: over } => self.softmax("softmax", argument(0), &axes(over)),
            PortableOp::OneHot { n } => {
                format!(
                    "jnp.astype(jnp.asarray({})[..., None] == jnp.arange({n}, dtype=dtype), dtype)",
                    argument(0)
                )
            }
            PortableOp::ArgMax => format!("jnp.astype(jnp.argmax({}, axis=-1), dtype)", argument(0)),
            PortableOp::CumSum { reverse: false } => format!("jnp.cumsum({}, axis=-1)", argument(0)),
            PortableOp::CumSum { reverse: true } => {
                format!("lax.cumsum({}, axis={}, reverse=True)", argument(0), node.shape.len() - 1)
            }
            PortableOp::MatMul => format!("jnp.matmul({}, {})", argument(0), argument(1)),
            PortableOp::Reshape { .. } => format!("jnp.reshape({}, {shape})", argument(0)),
            PortableOp::Broadcast { .. } => format!("jnp.broadcast_to({}, {shape})", argument(0)),
            PortableOp::Permute(order) => {
                let lead = (node.shape.len() - order.len()) as u64;
                let order: Vec<u64> = (0..lead).chain(order.iter().map(|o| lead + o)).collect();
                format!("jnp.transpose({}, {})", argument(0), tuple(&order))
            }
            PortableOp::Slice { axis, start, len } => {
                let behind = ", :".repeat(*axis as usize);
                format!("{}[..., {start}:{}{behind}]", operand(&x[0]), start + len)
            }
            PortableOp::Pad { axis, before, after } => {
                let at = node.shape.len() - 1 - *axis as usize;
                let along = |i: usize| if i == at { (*before, *after) } else { (0, 0) };
                let widths: Vec<(u64, u64)> = (0..node.shape.len()).map(along).collect();
                format!("jnp.pad({}, {widths:?})", argument(0))
            }
            PortableOp::Concat { axis } => {
                let behind = 1 + *axis as usize;
                let at = node.shape.len() - behind;
                // Parts may lack axes in front.
                let parts = x.iter().zip(&shapes).map(|(x, from)| {
                    let mut to = node.shape.clone();
                    to[at] = from[from.len() - behind];
                    if to == **from {
                        x.code.clone()
                    } else {
                        format!("jnp.broadcast_to({}, {})", x.code, tuple(&to))
                    }
                });
                format!(
                    "jnp.concatenate([{}], axis={})",
                    parts.collect::<Vec<_>>().join(", "),
                    -1 - *axis as i64
                )
            }
            PortableOp::StopGradient => format!("lax.stop_gradient({})", argument(0)),
            PortableOp::External { name, shape, input_ranks, pulled_back } => {
                self.needs("called");
                let own_shape = pulled_back.first().map_or(shape, |step| &step.shape);
                let mut function = format!("called(host[{}], {}, dtype)", quoted(name), tuple(own_shape));
                for step in pulled_back {
                    self.needs("pull_back");
                    let ranks = tuple(&step.input_ranks);
                    function = format!("pull_back(over_leading({function}, {ranks}), {})", step.argument);
                }
                let arguments: Vec<&str> = x.iter().map(|x| &x.code[..]).collect();
                format!("over_leading({function}, {})({})", tuple(input_ranks), arguments.join(", "))
            }
        };
        Text { code, atomic: true, truth: None }
    }

    /// The name of e^−|x|, if the node is a logistic function that shares it.
    fn exponential(&mut self, node: &PortableNode) -> Option<String> {
        let x = logistic_argument(self.portable, node)?;
        let (_, is_written) = self.exponentials.get_mut(&x)?;
        if !std::mem::replace(is_written, true) {
            let _ = writeln!(self.body, "    e{x} = jnp.exp(-jnp.abs({}))", self.texts[x].code);
        }
        Some(format!("e{x}"))
    }

    fn unary(&mut self, op: Unary, x: &Text) -> Text {
        let code = match op {
            Unary::Neg => return Text { code: format!("-{}", operand(x)), atomic: false, truth: None },
            Unary::Abs => "jnp.abs",
            Unary::Sign => "jnp.sign",
            Unary::Floor => "jnp.floor",
            Unary::Exp => "jnp.exp",
            Unary::Expm1 => "jnp.expm1",
            Unary::Log => "jnp.log",
            Unary::Log1p => "jnp.log1p",
            Unary::Sqrt => "jnp.sqrt",
            Unary::Sin => "jnp.sin",
            Unary::Cos => "jnp.cos",
            Unary::Tan => "jnp.tan",
            Unary::Tanh => "jnp.tanh",
            Unary::Sigmoid => "jax.nn.sigmoid",
            Unary::Softplus => self.needs("softplus"),
            Unary::Erf => "jax.scipy.special.erf",
            Unary::NormalQuantile => self.needs("normal_quantile"),
            Unary::Lgamma => "jax.scipy.special.gammaln",
            Unary::Polygamma(n) => {
                self.needs("polygamma");
                return Text { code: format!("polygamma({n}, {})", x.code), atomic: true, truth: None };
            }
        };
        Text { code: format!("{code}({})", x.code), atomic: true, truth: None }
    }

    fn softmax(&mut self, function: &str, x: &str, axes: &str) -> String {
        self.needs("softmax");
        format!("{function}({x}, {axes})")
    }

    fn needs(&mut self, section: &'static str) -> &'static str {
        self.sections.insert(section);
        section
    }

    fn file(mut self) -> String {
        let mut text =
            String::from("\"\"\"An estimate of an expectation and of its gradient, written by aleator.\n\n");
        text.push_str("estimate(inputs, noise, dtype, host) returns a dictionary of outputs.\n\n");
        text.push_str("Inputs:\n");
        for (name, shape, _) in self.portable.inputs() {
            let _ = writeln!(text, "    {}: {shape:?}", quoted(name));
        }
        text.push_str("Outputs:\n");
        for output in &self.portable.outputs {
            let _ = writeln!(
                text,
                "    {}: {:?}",
                quoted(&output.name),
                self.portable.nodes[output.node as usize].shape
            );
        }
        let externals = self.portable.externals();
        if !externals.is_empty() {
            let names: Vec<String> = externals.into_iter().map(quoted).collect();
            let _ = writeln!(text, "Functions in `host`: {}", names.join(", "));
        }
        let _ = writeln!(text, "Noise contract: version {}\n\"\"\"\n", self.portable.noise);
        text.push_str(
            "import math\n\nimport jax\nimport jax.numpy as jnp\nimport numpy as np\nfrom jax import lax\n",
        );
        self.needs("words");
        text.push_str(&runtime(&self.sections));
        text.push_str("\n\ndef estimate(inputs, noise=(0, 0), dtype=jnp.float32, host={}):\n");
        text.push_str("    \"\"\"The outputs by name; `noise` is the seed and the step.\"\"\"\n");
        text.push_str("    noise = words(noise[0]), words(noise[1])\n");
        text.push_str(&self.body);
        text.push_str("    return {\n");
        for output in &self.portable.outputs {
            let value = &self.texts[output.node as usize].code;
            let _ = writeln!(text, "        {}: jnp.asarray({value}, dtype),", quoted(&output.name));
        }
        text.push_str("    }\n");
        text
    }
}

fn binary(op: Binary, x: &Text, y: &Text) -> Text {
    let (a, b) = (operand(x), operand(y));
    let infix = |sign: &str| Text { code: format!("{a} {sign} {b}"), atomic: false, truth: None };
    let call =
        |name: &str| Text { code: format!("jnp.{name}({}, {})", x.code, y.code), atomic: true, truth: None };
    let truth = |sign: &str| {
        let truth = format!("{a} {sign} {b}");
        Text { code: format!("jnp.astype({truth}, dtype)"), atomic: true, truth: Some(truth) }
    };
    match op {
        Binary::Add => infix("+"),
        Binary::Sub => infix("-"),
        Binary::Mul => infix("*"),
        Binary::Div => infix("/"),
        Binary::Pow => call("power"),
        Binary::Atan2 => call("arctan2"),
        Binary::Max => call("maximum"),
        Binary::Min => call("minimum"),
        Binary::Lt => truth("<"),
        Binary::Le => truth("<="),
        Binary::Eq => truth("=="),
        Binary::Ne => truth("!="),
    }
}

/// The code as an operand.
fn operand(x: &Text) -> String {
    if x.atomic { x.code.clone() } else { format!("({})", x.code) }
}

/// A number with as many digits as give the same bits back.
fn number(Number(x): Number) -> String {
    if x.is_nan() {
        "jnp.nan".into()
    } else if x.is_infinite() {
        if x > 0.0 { "jnp.inf".into() } else { "-jnp.inf".into() }
    } else {
        format!("{x:?}")
    }
}

fn constant(values: &[Number], shape: &str) -> String {
    if values.len() <= MOST_WRITTEN {
        let values: Vec<String> = values.iter().map(|&x| number(x)).collect();
        return format!("constant([{}], {shape}, dtype)", values.join(", "));
    }
    let hex: String =
        values.iter().flat_map(|x| x.0.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect();
    format!("constant(np.frombuffer(bytes.fromhex(\"{hex}\"), \"<f8\"), {shape}, dtype)")
}

/// A string of Python. JSON's escapes are Python's, too.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

fn tuple(numbers: &[u64]) -> String {
    tuple_of(numbers.iter().map(|&n| n as i64))
}

fn tuple_of(numbers: impl Iterator<Item = i64>) -> String {
    let numbers: Vec<String> = numbers.map(|n| n.to_string()).collect();
    match &numbers[..] {
        [one] => format!("({one},)"),
        all => format!("({})", all.join(", ")),
    }
}

/// The functions of these sections and of those that they need, in the order of the file.
fn runtime(wanted: &BTreeSet<&'static str>) -> String {
    let mut sections: Vec<(&str, Vec<&str>, &str)> = Vec::new();
    let mut names: HashMap<&str, usize> = HashMap::new();
    for part in RUNTIME.split("# section: ").skip(1) {
        let (head, code) = part.split_once('\n').unwrap_or((part, ""));
        let (name, needs) = head.split_once(" needs ").unwrap_or((head, ""));
        names.insert(name, sections.len());
        sections.push((name, needs.split_whitespace().collect(), code.trim_end()));
    }
    let mut used = vec![false; sections.len()];
    let mut open: Vec<&str> = wanted.iter().copied().collect();
    while let Some(name) = open.pop() {
        let place = names[name];
        if !std::mem::replace(&mut used[place], true) {
            open.extend(&sections[place].1);
        }
    }
    let mut text = String::new();
    for ((name, _, code), _) in sections.iter().zip(used).filter(|(_, used)| *used) {
        if *name == "normal_quantile" {
            text.push_str(&quantile_tables());
        }
        let _ = write!(text, "\n\n{code}\n");
    }
    text
}

/// The coefficients of the quantile function, each for three intervals.
fn quantile_tables() -> String {
    let rows = |name: &str, rows: Vec<[f64; 3]>| format!("QUANTILE_{name} = {rows:?}\n");
    let wide = |row: [f32; 3]| row.map(f64::from);
    String::from("\n\n")
        + &format!("QUANTILE_CENTRES = {:?}\n", wide(quantile_table::CENTRES))
        + &rows("H", quantile_table::H.map(wide).to_vec())
        + &rows("A", quantile_table::A.to_vec())
        + &rows("B", quantile_table::B.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_tuples_are_pythons() {
        assert_eq!(quoted("a\"b\\\n"), "\"a\\\"b\\\\\\u000a\"");
        assert_eq!([tuple(&[]), tuple(&[3]), tuple(&[3, 4])], ["()", "(3,)", "(3, 4)"]);
    }

    /// A name is text in the file, whatever it contains: it neither ends the docstring nor begins a statement.
    #[test]
    fn hostile_names_stay_names() {
        let graph = Graph::new();
        let x = graph.input("x\"\"\"\nimport os\\", []);
        let text = jax(&graph, &[("y\"\"\"", (x + 1.0).id())]).unwrap();
        assert_eq!(text.lines().filter(|line| line.starts_with("import os")).count(), 0, "{text}");
        assert!(!text.contains("x\"\"\"") && !text.contains("y\"\"\""), "{text}");
    }

    /// Every section that another one needs exists, and all of them can be asked for.
    #[test]
    fn sections_are_complete() {
        for name in [
            "words",
            "uniform",
            "constant",
            "softplus",
            "softplus_with",
            "sigmoid_with",
            "polygamma",
            "called",
            "pull_back",
            "gamma",
            "beta",
            "poisson",
            "binomial",
            "von_mises",
        ] {
            assert!(runtime(&BTreeSet::from([name])).contains("def "), "{name}");
        }
    }
}
