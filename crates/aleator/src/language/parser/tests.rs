//! The grammar, form by form, and what is said of mistakes.

use super::*;
use crate::language::ast::{DataSource, Expr, ExprId, Index, Shape, Size, StatementKind};

/// The tree of an expression with every operation in parentheses.
fn tree(text: &str) -> String {
    let source = format!("cost f = {text}");
    let file = parse(&source).unwrap_or_else(|diagnostic| panic!("{text}: {diagnostic:?}"));
    let StatementKind::Cost { value, .. } = file.statements[0].kind else { panic!("{text}: no cost") };
    let mut texts: Vec<String> = Vec::new();
    for (_, node) in file.expressions.iter() {
        let of = |id: ExprId| &texts[id.index()];
        let optional = |id: Option<ExprId>| id.map_or("_", |id| of(id).as_str());
        let rendered = match &node.expr {
            Expr::Number(number) => number.to_string(),
            Expr::Name(name) => name.clone(),
            Expr::Truth(truth) => truth.to_string(),
            Expr::Unary { operator, operand } => {
                format!("({} {})", operator.symbol(), of(*operand))
            }
            Expr::Binary { operator, left, right } => {
                format!("({} {} {})", operator.symbol(), of(*left), of(*right))
            }
            Expr::Call(call) => {
                let arguments = call.arguments.iter().map(|argument| match &argument.name {
                    Some(name) => format!(" {}={}", name.text, of(argument.value)),
                    None => format!(" {}", of(argument.value)),
                });
                format!("({}{})", call.function.text, arguments.collect::<String>())
            }
            Expr::List(elements) => {
                format!(
                    "[{}]",
                    elements.iter().map(|&element| of(element).as_str()).collect::<Vec<_>>().join(" ")
                )
            }
            Expr::Index { base, indices } => {
                let indices = indices.iter().map(|index| match index {
                    Index::At(at) => format!(" {}", of(*at)),
                    Index::Slice { start, end, .. } => {
                        format!(" {}:{}", optional(*start), optional(*end))
                    }
                });
                format!("(index {}{})", of(*base), indices.collect::<String>())
            }
        };
        texts.push(rendered);
    }
    texts[value.index()].clone()
}

#[test]
fn operators_bind_as_the_grammar_says() {
    for (text, expected) in [
        ("1 + 2 * 3", "(+ 1 (* 2 3))"),
        ("(1 + 2) * 3", "(* (+ 1 2) 3)"),
        ("1 - 2 - 3", "(- (- 1 2) 3)"),
        ("1 / 2 * 3 @ 4", "(@ (* (/ 1 2) 3) 4)"),
        ("2 ^ 3 ^ 2", "(^ 2 (^ 3 2))"),
        ("-x^2", "(- (^ x 2))"),
        ("2^-1", "(^ 2 (- 1))"),
        ("2^-1^2", "(^ 2 (- (^ 1 2)))"),
        ("2^-1 * 3", "(* (^ 2 (- 1)) 3)"),
        ("2^--1", "(^ 2 (- (- 1)))"),
        ("-a * b", "(* (- a) b)"),
        ("a * -b + c", "(+ (* a (- b)) c)"),
        ("a - -b", "(- a (- b))"),
        ("a < b + 1", "(< a (+ b 1))"),
        ("a or b and c", "(or a (and b c))"),
        ("a and b or c", "(or (and a b) c)"),
        ("a or b or c", "(or (or a b) c)"),
        ("not a == b", "(not (== a b))"),
        ("not a and b", "(and (not a) b)"),
        ("a and not not b", "(and a (not (not b)))"),
        ("a <= b and c >= d or e != f", "(or (and (<= a b) (>= c d)) (!= e f))"),
        ("(a < b) < c", "(< (< a b) c)"),
        ("a > b", "(> a b)"),
        ("-x[0]^2", "(- (^ (index x 0) 2))"),
        ("f(a)[1][2]", "(index (index (f a) 1) 2)"),
        ("x[a:b, j, :, 1:, :-1]", "(index x a:b j _:_ 1:_ _:(- 1))"),
        ("x[i + 1:2 * n]", "(index x (+ i 1):(* 2 n))"),
        ("[1, 2][0]", "(index [1 2] 0)"),
        ("[[1, 2], [3, -4],]", "[[1 2] [3 (- 4)]]"),
        ("[]", "[]"),
        ("sum(x, axis = -1)", "(sum x axis=(- 1))"),
        ("f()", "(f)"),
        ("f(\n  a, # first\n  b,\n)", "(f a b)"),
        ("f(a == b)", "(f (== a b))"),
        ("f(true, x = false)", "(f true x=false)"),
        ("1 + 2 < 3 * 4 ^ 5 and 1", "(and (< (+ 1 2) (* 3 (^ 4 5))) 1)"),
        ("-1 ^ 2 * 3 + 4 == 5", "(== (+ (* (- (^ 1 2)) 3) 4) 5)"),
        ("1.5e-3 + .5 + 2.", "(+ (+ 0.0015 0.5) 2)"),
    ] {
        assert_eq!(tree(text), expected, "{text}");
    }
}

/// The sizes of a shape, canonically.
fn sizes(file: &File, shape: &Shape) -> String {
    let sizes = shape.sizes.iter().map(|size| match size {
        Size::Batch(_) => "<batch>".to_owned(),
        Size::Expression(id) => file.expressions.print(*id),
    });
    sizes.collect::<Vec<_>>().join(" ")
}

#[test]
fn sizes_are_expressions_and_batch_comes_first() {
    for (source, expected) in [
        ("data x : [batch, 2 * n, batch] = 0", "<batch> 2 * n batch"),
        ("data x : [batch + 1] = 0", "batch + 1"),
        ("data x : [(batch)] = 0", "batch"),
        ("data x : [1e3, len(y)] = 0", "1000 len(y)"),
    ] {
        let file = parse(source).unwrap();
        let StatementKind::Data { shape, .. } = &file.statements[0].kind else { panic!("{source}") };
        assert_eq!(sizes(&file, shape), expected, "{source}");
    }
}

/// Words that begin statements since the second version of the language are names as before where a definition follows.
#[test]
fn observations_rewards_and_black_boxes() {
    let source = "observe x ~ Normal(0, 1)\n\
        observe (2 * x - 1) ~ Normal(loc = m, scale = 1)\n\
        reward r = 3 * x\n\
        external f(a, b) -> [2, n] = command(\"python3\", \"-c\", \"print(1)\")\n\
        observe ~ Normal(0, 1)\n\
        reward = 3\n\
        external = reward + 1\n\
        command = 2\n\
        batch = 2";
    let file = parse(source).unwrap();
    let kind = |i: usize| &file.statements[i].kind;
    let StatementKind::Observe { name, distribution, arguments, .. } = kind(0) else { panic!() };
    assert_eq!((&*name.text, &*distribution.text, arguments.len()), ("x", "Normal", 2));
    let StatementKind::Observe { name, value, .. } = kind(1) else { panic!() };
    assert_eq!((&*name.text, &*file.expressions.print(*value)), ("observed", "2 * x - 1"));
    assert!(file.statements[1].defines().is_none());
    assert!(matches!(kind(2), StatementKind::Reward { name, .. } if name.text == "r"));
    let StatementKind::External { name, parameters, shape, command, command_span } = kind(3) else {
        panic!()
    };
    let parameters: Vec<&str> = parameters.iter().map(|parameter| parameter.text.as_str()).collect();
    assert_eq!((&*name.text, &parameters[..], &*sizes(&file, shape)), ("f", &["a", "b"][..], "2 n"));
    assert_eq!(command, &["python3", "-c", "print(1)"]);
    assert!(command_span.text(source).starts_with("command("));
    assert!(matches!(kind(4), StatementKind::Sample { name, .. } if name.text == "observe"));
    assert!(file.statements[5..].iter().all(|s| matches!(s.kind, StatementKind::Let { .. })));
}

#[test]
fn every_form_of_statement() {
    let source = "\u{feff}# REBAR's toy\r\n\
        param t = 0.5\r\n\
        param W : [3, 2] = 0.1 # fills\n\n\
        param s : [] = 1\n\
        const c = 1\n\
        data x : [10] = file(\"a\\b.csv\")\n\
        data y : [2] = [1, 2]\n\
        data z : [2]\n\
        h = t * c\n\
        b ~ Bernoulli(logits = t)\n\
        k ~ Normal(h, 0.5)[3] via rebar(temperature = 0.5, coupling = common, tune = false)\n\
        l ~ Normal(0, 1) via pathwise\n\
        cost f = (b\n  - 0.45)^2";
    let file = parse(source).unwrap();
    let texts: Vec<&str> = file.statements.iter().map(|statement| statement.span.text(source)).collect();
    assert_eq!(texts[0], "param t = 0.5");
    assert_eq!(texts[1], "param W : [3, 2] = 0.1");
    assert_eq!(texts[6], "data z : [2]");
    assert_eq!(texts[11], "cost f = (b\n  - 0.45)^2");
    let names: Vec<&str> = file.statements.iter().map(|statement| statement.name().text.as_str()).collect();
    assert_eq!(names, ["t", "W", "s", "c", "x", "y", "z", "h", "b", "k", "l", "f"]);

    let StatementKind::Param { shape: Some(shape), value, .. } = &file.statements[1].kind else { panic!() };
    assert_eq!((sizes(&file, shape).as_str(), shape.span.text(source)), ("3 2", "[3, 2]"));
    assert_eq!(file.expressions[*value].expr, Expr::Number(0.1));
    assert!(matches!(&file.statements[0].kind, StatementKind::Param { shape: None, .. }));
    assert!(
        matches!(&file.statements[2].kind, StatementKind::Param { shape: Some(s), .. } if s.sizes.is_empty())
    );
    assert!(matches!(&file.statements[3].kind, StatementKind::Const { .. }));
    let StatementKind::Data { source: DataSource::File { path, span }, .. } = &file.statements[4].kind else {
        panic!()
    };
    assert_eq!((path.as_str(), span.text(source)), ("a\\b.csv", "\"a\\b.csv\""));
    assert!(matches!(&file.statements[5].kind, StatementKind::Data { source: DataSource::Value(_), .. }));
    assert!(matches!(&file.statements[6].kind, StatementKind::Data { source: DataSource::Unspecified, .. }));
    assert!(matches!(&file.statements[7].kind, StatementKind::Let { .. }));

    let StatementKind::Sample { distribution, arguments, copies, via, .. } = &file.statements[8].kind else {
        panic!()
    };
    assert_eq!((distribution.text.as_str(), distribution.span.text(source)), ("Bernoulli", "Bernoulli"));
    assert_eq!(arguments[0].name.as_ref().map(|name| name.text.as_str()), Some("logits"));
    assert_eq!(arguments[0].span.text(source), "logits = t");
    assert!(copies.is_none() && via.is_none());
    let StatementKind::Sample { arguments, copies: Some(copies), via: Some(via), .. } =
        &file.statements[9].kind
    else {
        panic!()
    };
    assert_eq!(arguments.len(), 2);
    assert_eq!((file.expressions.print(copies.count).as_str(), copies.span.text(source)), ("3", "[3]"));
    assert_eq!(via.span.text(source), "rebar(temperature = 0.5, coupling = common, tune = false)");
    assert_eq!(via.print(&file.expressions), "rebar(temperature=0.5, coupling=common, tune=false)");
    let StatementKind::Cost { value, .. } = file.statements[11].kind else { panic!() };
    let Expr::Binary { left, .. } = file.expressions[value].expr else { panic!() };
    assert_eq!(file.expressions[left].span.text(source), "(b\n  - 0.45)");
    assert!(parse("").unwrap().statements.is_empty());
    assert!(parse("\n\n# nothing\r\n").unwrap().statements.is_empty());
}

#[test]
fn every_mistake_is_shown_at_its_place_with_its_remedy() {
    for (source, place, message, help) in [
        // Statements.
        ("param theta 0.5", "1:13", "expected `=` after `theta`, found `0.5`", "write `param theta = 0.5`"),
        ("param theta -0.5 # c", "1:13", "found `-`", "write `param theta = -0.5`"),
        ("param theta\ncost f = 1", "1:12", "the end of the line", "`param theta = 0`"),
        ("param theta ~ Normal(0, 1)", "1:13", "expected `=`", "leave out `param`"),
        ("param theta == 1", "1:13", "found `==`", "single `=`"),
        ("param = 1", "1:7", "`param` needs a name", "param theta = 0.5"),
        ("param", "1:6", "the end of the file", "param theta = 0.5"),
        ("param 3 = 1", "1:7", "a name after `param`", "param theta"),
        ("param cost = 1", "1:7", "found `cost`", "`cost` is a word of the language"),
        ("param θ = 1", "1:7", "`θ`", "`theta`"),
        ("param phi [3] = 0", "1:11", "found `[`", "a shape follows a colon"),
        ("param w : 3 = 0", "1:11", "a shape in brackets", "`: [3]`"),
        ("param w : = 0", "1:11", "a shape in brackets", "[2, 3]"),
        ("param w : [2.5] = 0", "1:12", "a whole number as the length of an axis, found `2.5`", ""),
        ("param w : [-1] = 0", "1:12", "a whole number", "negative"),
        ("param w : [\"a\"] = 0", "1:12", "a whole number", "the name of a constant"),
        ("param w : [2 = 0", "1:14", "expected `,` or `]`", ""),
        ("param w : [99999999999999999999999] = 0", "1:12", "too large as the length of an axis", ""),
        ("const c : [2] = 0", "1:9", "expected `=`", "shape of its value"),
        ("const c ~ Normal(0, 1)", "1:9", "expected `=` after `c`", "without `const`"),
        ("cost = x", "1:6", "`cost` needs a name", "`cost f = x^2`"),
        ("cost (b - 1)^2", "1:6", "a name after `cost`", "`cost f = x^2`"),
        ("cost f : [2] = x", "1:8", "expected `=`", "shape of its value"),
        ("data x = file(\"a.npy\")", "1:8", "`:` and a shape", "data x : [100, 3]"),
        ("data x : [2] = file(a.npy)", "1:21", "a path in double quotes", "double quotes"),
        ("data x : [2] = file \"a.npy\"", "1:21", "expected `(`", "double quotes"),
        ("data x : [2] = file(\"\")", "1:21", "empty", ""),
        ("data x : [2] = file(\"a.npy\", 3)", "1:28", "expected `)`", ""),
        ("data x : [2] = file(\"a.npy\"\ncost f = 1", "1:20", "never closed", "`)`"),
        ("x", "1:2", "expected `=` or `~` after `x`", "name"),
        ("f(x)", "1:2", "found `(`", "cost f = f.."),
        ("x : [2] = 1", "1:3", "found `:`", "param x : [3] = 0"),
        ("x == 2", "1:3", "found `==`", "single `=`"),
        ("let x = 2", "1:1", "`let` begins no statement", "without a word in front"),
        ("x <- 2", "1:3", "found `<`", "x ~ Normal"),
        ("x += 2", "1:3", "found `+`", "never changed"),
        ("x[0] = 2", "1:2", "found `[`", "one by one"),
        ("3 = x", "1:1", "expected a statement", "param x"),
        ("x = 1\n  + 2", "2:3", "expected a statement, found `+`", "into parentheses"),
        ("via pathwise", "1:1", "expected a statement", "end of the line that draws"),
        ("file = 3", "1:1", "expected a statement", "word of the language"),
        ("x = 1\n)", "2:1", "expected a statement", "never opened"),
        ("// hm", "1:1", "expected a statement", "`#`"),
        // Draws.
        ("b ~ 0.5", "1:5", "a distribution after `~`", "b = .."),
        ("b ~", "1:4", "a distribution after `~`, found the end of the file", "b ~ Normal(0, 1)"),
        ("b ~ Bernoulli", "1:14", "`(` after `Bernoulli`", "b ~ Bernoulli(..)"),
        ("b ~ x + 1", "1:7", "`(` after `x`", "b = .."),
        ("b ~ Bernoulli(0.5) + 1", "1:20", "the end of the line, found `+`", "compute with `b`"),
        ("b ~ Bernoulli(0.5)[0]", "1:20", "at least 1", ""),
        ("b ~ Bernoulli(0.5)[]", "1:20", "the number of copies", ""),
        ("b ~ Bernoulli(0.5)[2.5]", "1:20", "a whole number as the number of copies", ""),
        ("b ~ Bernoulli(0.5)[2, 3]", "1:21", "expected `]`", "one new axis"),
        ("b ~ Bernoulli(0.5)[2", "1:19", "never closed", "`]`"),
        ("b ~ Bernoulli(0.5)[184467440737095516160]", "1:20", "too large as the number of copies", ""),
        ("b ~ Bernoulli(0.5) via", "1:23", "the name of an estimator", "rebar"),
        ("b ~ Bernoulli(0.5) via 3", "1:24", "the name of an estimator", "rebar"),
        ("b ~ Bernoulli(0.5) via rebar via lax", "1:30", "found `via`", "one estimator"),
        ("b ~ Normal(0, 1) via rebar[10]", "1:27", "found `[`", "before `via`"),
        ("b = 1 via rebar", "1:7", "found `via`", "only a draw"),
        ("b ~ Bernoulli(probs = 0.5, 1)", "1:28", "without a name follows", ""),
        ("b ~ Bernoulli(probs = 0.5, probs = 1)", "1:28", "`probs` is given twice", ""),
        ("b ~ Bernoulli((probs) = 0.5)", "1:23", "expected `,` or `)`, found `=`", "`==`"),
        // Observations, rewards, black boxes.
        ("observe x", "1:10", "expected `~` and a distribution", "observe x ~ Normal(0, 1)"),
        ("observe x + 1 ~", "1:16", "a distribution after `~`", "observe x + 1 ~ Normal(0, 1)"),
        ("observe x ~ 3", "1:13", "a distribution after `~`, found `3`", ""),
        ("observe x ~ Normal(0, 1)[3]", "1:25", "found `[`", "no copies"),
        ("observe x ~ Normal(0, 1) via pathwise", "1:26", "found `via`", "nothing is drawn"),
        ("observe", "1:8", "expected `=` or `~`", ""),
        ("reward r : [2] = 1", "1:10", "expected `=`", "shape of its value"),
        ("reward r ~ Normal(0, 1)", "1:10", "expected `=`", "without `reward`"),
        ("external f", "1:11", "`(` and the names", "external cost_of(z)"),
        ("external f() -> [] = command(\"a\")", "1:10", "at least one argument", ""),
        ("external f(2) -> [] = command(\"a\")", "1:12", "the name of an argument", ""),
        ("external f(a, a) -> [] = command(\"a\")", "1:15", "two arguments are called `a`", ""),
        ("external f(a) = command(\"a\")", "1:15", "`->` and a shape", "`[]`"),
        ("external f(a) -> 3 = command(\"a\")", "1:18", "a shape in brackets", ""),
        ("external f(a) -> []", "1:20", "expected `=`", ""),
        ("external f(a) -> [] = run(\"a\")", "1:23", "`command(..)`", ""),
        ("external f(a) -> [] = command()", "1:23", "names no program", ""),
        ("external f(a) -> [] = command(python)", "1:31", "a text in double quotes", ""),
        // Expressions.
        ("x = ", "1:5", "expected an expression, found the end of the file", "not complete"),
        ("x = 1 +\ny = 2", "1:8", "found the end of the line", "inside `(` or `[`"),
        ("x = (1 + 2\ny = 3\ncost f = y", "1:5", "this `(` is never closed", "missing `)`"),
        ("x = (1 +\ncost f = y", "1:5", "this `(` is never closed", "missing `)`"),
        ("x = (1 +\nz ~ Normal(0, 1)", "1:5", "this `(` is never closed", "missing `)`"),
        ("x = [1, 2\ncost f = y", "1:5", "this `[` is never closed", "missing `]`"),
        ("x = [1,\ncost f = y", "1:5", "this `[` is never closed", "missing `]`"),
        ("x = f(1", "1:6", "this `(` is never closed", "missing `)`"),
        ("x = (1", "1:5", "this `(` is never closed", "missing `)`"),
        ("x = (", "1:5", "this `(` is never closed", "missing `)`"),
        ("x = (a ~ b)", "1:8", "expected `)`, found `~`", "line of its own"),
        ("x = (1]", "1:7", "expected `)`, found `]`", "the `(` at 1:5"),
        ("x = [1)", "1:7", "found `)`", "the `[` at 1:5"),
        ("x = 1)", "1:6", "found `)`", "never opened"),
        ("x = (1, 2)", "1:7", "expected `)`", "`[`"),
        ("x = ()", "1:6", "expected an expression, found `)`", ""),
        ("x = [1 2]", "1:8", "found `2`", "put `,`"),
        ("x = 2 y", "1:7", "found `y`", "write `*`"),
        ("x = 2 (y)", "1:7", "found `(`", "write `*`"),
        ("x = 2 ** 3", "1:7", "found `**`", "`^`"),
        ("x = y ** 3 + 1", "1:7", "found `**`", "`^`"),
        ("x = a = b", "1:7", "found `=`", "`==`"),
        ("x = = b", "1:5", "found `=`", "`==`"),
        ("x = +1", "1:5", "found `+`", "leave it out"),
        ("x = a // b", "1:8", "found `/`", "`#`"),
        ("x = y.sum()", "1:6", "found `.`", "`sum(x)`"),
        ("x = ~ Normal(0, 1)", "1:5", "found `~`", "line of its own"),
        ("x = a < b < c", "1:11", "cannot be chained", "`a < b and b < c`"),
        ("x = a == b + 1 != c", "1:16", "cannot be chained", "`a == b and b != c`"),
        ("x = 1 + not a", "1:9", "`not` binds less tightly", "(not x)"),
        ("x = - not a", "1:7", "`not` binds less tightly", "(not x)"),
        ("x = a not b", "1:7", "found `not`", "`!=`"),
        ("x = and b", "1:5", "found `and`", "word of the language"),
        ("x = file(\"a\")", "1:5", "found `file`", "data lines"),
        ("x = \"a\"", "1:5", "found `\"a\"`", "file("),
        ("x = y[]", "1:6", "empty", "x[0]"),
        ("x = y[::2]", "1:8", "found `:`", "no step"),
        ("x = y[0:1:2]", "1:10", "found `:`", "no step"),
        ("x = f(,)", "1:7", "expected an expression", ""),
        ("x = a : b", "1:7", "found `:`", "param"),
        ("x = 1.2.3", "1:5", "`1.2.3` is not a number", "decimal point"),
        ("x = 1 % 2", "1:7", "`%`", "remainder"),
        ("x = 1 $ 2", "1:7", "`$`", ""),
        ("θ = 1", "1:1", "`θ`", "theta"),
        ("ü = x\nü = @", "1:1", "`ü`", ""),
    ] {
        let diagnostic = parse(source).expect_err(source);
        assert!(diagnostic.message.contains(message), "{source}: {diagnostic:?}");
        assert!(diagnostic.help.clone().unwrap_or_default().contains(help), "{source}: {diagnostic:?}");
        assert_eq!(diagnostic.place(source).unwrap().to_string(), place, "{source}: {diagnostic:?}");
    }
}

#[test]
fn limits_are_errors() {
    let repeated = |part: &str, count: usize| part.repeat(count);
    for (source, message) in [
        (repeated("x = 1\n", MOST_STATEMENTS + 1), "100000 statements"),
        (format!("x = [{}]", repeated("1,", MOST_LIST_ELEMENTS + 1)), "262144 elements"),
        (format!("x = 1{}", repeated("+1", MOST_EXPRESSIONS)), "1048576 numbers"),
        (format!("x = f({})", repeated("1,", MOST_ARGUMENTS + 1)), "64 entries"),
        (format!("x = y[{}]", repeated(":,", MOST_ARGUMENTS + 1)), "64 entries"),
        (format!("param x : [{}] = 1", repeated("1,", MOST_ARGUMENTS + 1)), "64 entries"),
        (repeated("#", LONGEST_SOURCE + 1), "16 MiB"),
    ] {
        let diagnostic = parse(&source).unwrap_err();
        assert!(diagnostic.message.contains(message), "{diagnostic:?}");
    }
    assert_eq!(parse(&format!("x = [{}]", repeated("1,", 10_000))).unwrap().expressions.len(), 10_001);
}

#[test]
fn settings_and_choices_of_estimators() {
    let via = parse_via("b=rebar(temperature=0.3)").unwrap();
    assert_eq!(via.site.unwrap().text, "b");
    assert_eq!(via.estimator.call.print(&via.estimator.expressions), "rebar(temperature=0.3)");
    let via = parse_via(" rebar ").unwrap();
    assert!(via.site.is_none());
    assert_eq!(via.estimator.call.name.text, "rebar");
    assert!(parse_via("lax(hidden = 3)").unwrap().site.is_none());
    for (text, message) in [
        ("", "the name of an estimator, found its end"),
        ("b=", "the name of an estimator"),
        ("b=rebar=lax", "expected its end, found `=`"),
        ("rebar(1)=lax", "found `=`"),
        ("b=rebar(temperature=0.3", "never closed"),
        ("b=rebar,c=lax", "found `,`"),
        ("3=rebar", "the name of an estimator"),
    ] {
        assert!(parse_via(text).unwrap_err().message.contains(message), "{text}: {:?}", parse_via(text));
    }
    assert!(parse_estimator("b=rebar").is_err());

    let setting = parse_set("phi=[0.1,-0.2]").unwrap();
    assert_eq!(
        (setting.name.text.as_str(), setting.expressions.print(setting.value).as_str()),
        ("phi", "[0.1, -0.2]")
    );
    assert!(parse_set("theta = log(2) * pi").is_ok());
    for (text, message) in [
        ("", "the name of a parameter or constant"),
        ("theta", "expected `=`"),
        ("theta 3", "expected `=`"),
        ("theta=", "an expression"),
        ("theta=1 2", "expected its end"),
        ("theta=phi", "`phi` is no constant"),
        ("theta=foo(1)", "no function `foo`"),
        ("theta=Normal(0, 1)", "`Normal` is a distribution"),
        ("theta=1\nphi=2", "expected its end, found `phi`"),
    ] {
        assert!(parse_set(text).unwrap_err().message.contains(message), "{text}: {:?}", parse_set(text));
    }
}
