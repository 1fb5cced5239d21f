//! Formatting keeps the tree and the comments, and is done once.
use super::layout::WIDTH;
use super::*;

/// A generator of random numbers (splitmix64), so that the files are the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % limit as u64) as usize
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

/// Writes a file with random spaces, and with comments and line ends where they may be.
struct Generator {
    random: Random,
    text: String,
    comments: Vec<String>,
    inside: usize,
}

impl Generator {
    fn file(seed: u64) -> (String, Vec<String>) {
        let random = Random(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let mut generator = Generator { random, text: String::new(), comments: Vec::new(), inside: 0 };
        for _ in 0..=generator.random.below(4) {
            generator.between();
            generator.statement();
            if generator.random.below(4) == 0 {
                generator.comment();
            }
            generator.text.push_str(generator.random.pick(&["\n", "\n", "\r\n", "\n\n", "  \n\n\t\n"]));
        }
        (generator.text, generator.comments)
    }

    fn comment(&mut self) {
        let comment =
            format!("# c{} {}", self.comments.len(), self.random.pick(&["", "= (", "\"", "é", "#"]));
        let comment = comment.trim_end().to_owned();
        self.text.push_str(&comment);
        self.comments.push(comment);
    }

    /// Comments and empty lines between statements.
    fn between(&mut self) {
        for _ in 0..self.random.below(3) {
            self.text.push_str(self.random.pick(&["", "  "]));
            if self.random.below(2) == 0 {
                self.comment();
            }
            self.text.push('\n');
        }
    }

    /// A token, with anything that may stand before it.
    fn token(&mut self, text: &str) {
        if self.inside > 0 && self.random.below(12) == 0 {
            if self.random.below(3) == 0 {
                self.text.push(' ');
                self.comment();
            }
            self.text.push_str(self.random.pick(&["\n", "\n   ", "\r\n\n"]));
        } else {
            self.text.push_str(self.random.pick(&["", "", " ", "  ", "\t"]));
        }
        // Two words need something between them.
        let joins = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        if self.text.ends_with(joins) && text.starts_with(joins) {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    fn brackets(&mut self, open: &str, close: &str, most: usize, mut element: impl FnMut(&mut Self, usize)) {
        self.token(open);
        self.inside += 1;
        let count = self.random.below(most + 1);
        for i in 0..count {
            element(self, i);
            if i + 1 < count || self.random.below(5) == 0 {
                self.token(",");
            }
        }
        self.token(close);
        self.inside -= 1;
    }

    fn statement(&mut self) {
        match self.random.below(8) {
            0 => {
                self.token("param");
                self.token("alpha");
                if self.random.below(2) == 0 {
                    self.token(":");
                    self.shape();
                }
                self.token("=");
                self.expression(3);
            }
            1 => {
                self.token("const");
                self.token("some_quite_long_name_of_a_constant");
                self.token("=");
                self.expression(4);
            }
            2 => {
                self.token("data");
                self.token("x");
                self.token(":");
                self.shape();
                self.token("=");
                self.token("file");
                self.inside += 1;
                self.token("(");
                self.token("\"a # b.npy\"");
                self.token(")");
                self.inside -= 1;
            }
            3 => {
                self.token("z");
                self.token("~");
                self.call(3);
                if self.random.below(3) == 0 {
                    self.token("[");
                    self.token("3");
                    self.token("]");
                }
                if self.random.below(3) == 0 {
                    self.token("via");
                    self.call(1);
                }
            }
            4 => {
                self.token("observe");
                self.expression(2);
                self.token("~");
                self.call(2);
            }
            5 => {
                self.token("external");
                self.token("f");
                self.token("(");
                self.token("a");
                self.token(")");
                self.token("->");
                self.shape();
                self.token("=");
                self.token("command");
                self.token("(");
                self.token("\"p\"");
                self.token(")");
            }
            6 => {
                let word = self.random.pick(&["cost", "reward"]);
                self.token(word);
                self.token("g");
                self.token("=");
                self.expression(4);
            }
            _ => {
                let name = self.random.pick(&["y", "observe", "reward", "external"]);
                self.token(name);
                self.token("=");
                self.expression(4);
            }
        }
    }

    fn shape(&mut self) {
        self.brackets("[", "]", 3, |g, _| {
            let size = g.random.pick(&["2", "n", "10"]);
            g.token(size);
        });
    }

    fn call(&mut self, depth: usize) {
        let name = self.random.pick(&["Normal", "sum", "a_function_with_a_name_of_some_length"]);
        self.token(name);
        self.brackets("(", ")", 3, |g, i| {
            if i > 0 || g.random.below(3) == 0 {
                let names = ["scale", "loc", "axis"];
                g.token(names[i]);
                g.token("=");
            }
            g.expression(depth.saturating_sub(1));
        });
    }

    fn expression(&mut self, depth: usize) {
        let operand = |g: &mut Self| {
            let word = g.random.pick(&["x", "1.50", "1e-3", "true", "weights", "pi"]);
            g.token(word);
        };
        if depth == 0 {
            return operand(self);
        }
        match self.random.below(9) {
            0 => operand(self),
            1 => {
                self.token("(");
                self.inside += 1;
                self.expression(depth - 1);
                self.token(")");
                self.inside -= 1;
            }
            2 => self.call(depth),
            3 => self.brackets("[", "]", 9, |g, _| g.expression(depth - 1)),
            4 => {
                self.token("x");
                self.token("[");
                self.inside += 1;
                if self.random.below(2) == 0 {
                    self.expression(depth - 1);
                }
                self.token(":");
                if self.random.below(2) == 0 {
                    self.token(",");
                    self.expression(depth - 1);
                }
                self.token("]");
                self.inside -= 1;
            }
            5 => {
                self.token("(");
                self.inside += 1;
                let sign = self.random.pick(&["-", "not"]);
                self.token(sign);
                self.expression(depth - 1);
                self.token(")");
                self.inside -= 1;
            }
            6 => {
                self.token("-");
                operand(self);
            }
            _ => {
                operand(self);
                let operator = self.random.pick(&["+", "-", "*", "/", "@", "^", "and", "or"]);
                self.token(operator);
                if operator == "^" { operand(self) } else { self.expression(depth - 1) }
            }
        }
    }
}

/// The tree of a text without places.
fn tree(text: &str) -> String {
    let file = parse(text).unwrap_or_else(|error| panic!("{error:?} in\n{text}"));
    let debug = format!("{file:?}");
    let mut pieces = debug.split("Span { start: ");
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        out.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    out
}

#[test]
fn generated_files_keep_their_tree_and_their_comments() {
    let count = if cfg!(debug_assertions) { 10_000 } else { 100_000 };
    let mut read = 0;
    for seed in 0..count {
        let (text, mut comments) = Generator::file(seed);
        // Some files have mistakes, such as `a < b < c`.
        if parse(&text).is_err() {
            continue;
        }
        read += 1;
        let formatted = format(&text).unwrap();
        assert_eq!(tree(&formatted), tree(&text), "{text}\nbecomes\n{formatted}");
        assert_eq!(format(&formatted).unwrap(), formatted, "{text}\nbecomes first\n{formatted}");
        let mut kept: Vec<String> = formatted.lines().filter_map(comment_of).collect();
        kept.sort_unstable();
        comments.sort_unstable();
        assert_eq!(kept, comments, "{text}\nbecomes\n{formatted}");
        assert!(!formatted.contains("\n\n\n") && !formatted.contains(" \n"), "{formatted}");
    }
    assert!(read > count * 9 / 10, "{read} of {count} generated files can be read");
}

/// The comment of a line; a path in quotes may hold a `#`.
fn comment_of(line: &str) -> Option<String> {
    let line = line.replace("\"a # b.npy\"", "");
    line.find('#').map(|at| line[at..].to_owned())
}

#[test]
fn the_canonical_form() {
    for (text, expected) in [
        ("", ""),
        ("\u{feff}\r\n\r\nx=1\r\n\r\n\r\n\r\ny=2", "x = 1\n\ny = 2\n"),
        (
            "param W:[3,2]=0.1   # a\nparam longer = 1 # b\n\nx = 1 # c",
            "param W : [3, 2] = 0.1  # a\nparam longer = 1        # b\n\nx = 1  # c\n",
        ),
        ("x=- 1-- 2*-y ^-2", "x = -1 - -2 * -y^-2\n"),
        ("x=a [1 : , 0]+f (x) [2]+not_a*(not b)", "x = a[1:, 0] + f(x)[2] + not_a * (not b)\n"),
        ("observe(x-1)~Normal(loc=0,scale=1,)", "observe (x - 1) ~ Normal(loc = 0, scale = 1)\n"),
        ("observe -x~Normal(0,1)", "observe -x ~ Normal(0, 1)\n"),
        ("external f(a,b)->[2]=command( \"p\" )", "external f(a, b) -> [2] = command(\"p\")\n"),
        ("data x:[batch,3]=file( \"a b.npy\" )", "data x : [batch, 3] = file(\"a b.npy\")\n"),
        ("z~Normal(0,1) [10]via rebar(tau=1)", "z ~ Normal(0, 1)[10] via rebar(tau = 1)\n"),
        ("y = [1, # one\n 2]", "y = [\n    1,  # one\n    2\n]\n"),
        ("y = [1 # one\n , 2, # two\n]", "y = [\n    1,  # one\n    2  # two\n]\n"),
        ("y = [1 # one\n , # both\n 2]", "y = [\n    1,  # one\n    # both\n    2\n]\n"),
        ("# top\n\n\n# next\nx = 1\n# last", "# top\n\n# next\nx = 1\n# last\n"),
    ] {
        assert_eq!(format(text).unwrap(), expected, "{text}");
    }
    let long = format!("cost f = sum([{}] * weights, axis = 0)", vec!["1.25"; 40].join(","));
    let formatted = format(&long).unwrap();
    assert!(
        formatted.lines().all(|line| line.len() <= WIDTH) && formatted.lines().count() > 3,
        "{formatted}"
    );
    let chain = format!("cost f = ({})", ["a_name_that_is_long * b"; 9].join(" + "));
    assert_eq!(format(&chain).unwrap().lines().nth(2), Some("    + a_name_that_is_long * b"));
    assert!(format("x = (").is_err());
}

#[test]
fn hostile_texts_are_formatted_quickly() {
    let deep = format!("x = {}1{}", "(".repeat(60), ")".repeat(60));
    let wide = format!("x = [{}]", "1, ".repeat(100_000));
    let sum = format!("x = ({}1)", "1 + ".repeat(100_000));
    for text in [deep, wide, sum] {
        let formatted = format(&text).unwrap();
        assert_eq!(format(&formatted).unwrap(), formatted);
    }
}
