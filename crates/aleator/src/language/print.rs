//! The canonical text of an expression: fewest parentheses, and parsing it gives the same tree again.
use super::ast::{
    Argument, BinaryOperator, EstimatorCall, Expr, ExprId, Expressions, Index, Precedence, UnaryOperator,
};

impl Expressions {
    /// The canonical text of an expression, such as `(b - 0.45)^2`.
    pub fn print(&self, root: ExprId) -> String {
        print(self, vec![Piece::Expression(root, Precedence::Or)])
    }
}

impl EstimatorCall {
    /// The canonical text, such as `rebar(temperature=0.5)`; without parentheses where there are no options.
    pub fn print(&self, expressions: &Expressions) -> String {
        let mut pieces = vec![Piece::Text(&self.name.text)];
        if !self.arguments.is_empty() {
            pieces.push(Piece::Text("("));
            push_arguments(&mut pieces, &self.arguments);
            pieces.push(Piece::Text(")"));
        }
        pieces.reverse();
        print(expressions, pieces)
    }
}

/// The shortest text that reads back as the same number.
pub fn number_text(value: f64) -> String {
    if value.is_nan() {
        "nan".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "inf" } else { "-inf" }.to_owned()
    } else if value == value.trunc() && value.abs() < 1e16 {
        format!("{value}")
    } else {
        format!("{value:?}")
    }
}

/// What is still to be written.
#[derive(Clone, Copy)]
enum Piece<'a> {
    /// An expression, in parentheses if it binds less tightly than this.
    Expression(ExprId, Precedence),
    Text(&'a str),
    Number(f64),
}

/// Writes pieces from the last to the first. An explicit stack, because a sum of a million terms is a million deep.
fn print<'a>(expressions: &'a Expressions, mut stack: Vec<Piece<'a>>) -> String {
    let mut out = String::new();
    let mut parts = Vec::new();
    while let Some(piece) = stack.pop() {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Number(value) => out.push_str(&number_text(value)),
            Piece::Expression(id, least) => {
                let expr = &expressions[id].expr;
                let enclosed = precedence(expr) < least;
                parts.extend(enclosed.then_some(Piece::Text("(")));
                push_parts(&mut parts, expr);
                parts.extend(enclosed.then_some(Piece::Text(")")));
                stack.extend(parts.drain(..).rev());
            }
        }
    }
    out
}

fn precedence(expr: &Expr) -> Precedence {
    match expr {
        Expr::Unary { operator, .. } => operator.precedence(),
        Expr::Binary { operator, .. } => operator.precedence(),
        Expr::Number(value) if value.is_sign_negative() => Precedence::Negation,
        _ => Precedence::Atom,
    }
}

fn push_parts<'a>(parts: &mut Vec<Piece<'a>>, expr: &'a Expr) {
    match expr {
        Expr::Number(value) => parts.push(Piece::Number(*value)),
        Expr::Name(name) => parts.push(Piece::Text(name)),
        Expr::Truth(truth) => parts.push(Piece::Text(if *truth { "true" } else { "false" })),
        Expr::Unary { operator, operand } => {
            parts.push(Piece::Text(match operator {
                UnaryOperator::Negate => "-",
                UnaryOperator::Not => "not ",
            }));
            parts.push(Piece::Expression(*operand, operator.precedence()));
        }
        Expr::Binary { operator, left, right } => {
            let (least_left, least_right) = operand_precedences(*operator);
            parts.push(Piece::Expression(*left, least_left));
            if *operator == BinaryOperator::Power {
                parts.push(Piece::Text("^"));
            } else {
                parts.extend([" ", operator.symbol(), " "].map(Piece::Text));
            }
            parts.push(Piece::Expression(*right, least_right));
        }
        Expr::Call(call) => {
            parts.extend([Piece::Text(&call.function.text), Piece::Text("(")]);
            push_arguments(parts, &call.arguments);
            parts.push(Piece::Text(")"));
        }
        Expr::List(elements) => {
            parts.push(Piece::Text("["));
            for (i, &element) in elements.iter().enumerate() {
                push_comma(parts, i);
                parts.push(Piece::Expression(element, Precedence::Or));
            }
            parts.push(Piece::Text("]"));
        }
        Expr::Index { base, indices } => {
            parts.extend([Piece::Expression(*base, Precedence::Atom), Piece::Text("[")]);
            for (i, index) in indices.iter().enumerate() {
                push_comma(parts, i);
                match index {
                    Index::At(at) => parts.push(Piece::Expression(*at, Precedence::Or)),
                    Index::Slice { start, end, .. } => {
                        parts.extend(start.map(|start| Piece::Expression(start, Precedence::Or)));
                        parts.push(Piece::Text(":"));
                        parts.extend(end.map(|end| Piece::Expression(end, Precedence::Or)));
                    }
                }
            }
            parts.push(Piece::Text("]"));
        }
    }
}

/// What the left and the right operand must bind at least as tightly as.
fn operand_precedences(operator: BinaryOperator) -> (Precedence, Precedence) {
    match operator.precedence() {
        Precedence::Or => (Precedence::Or, Precedence::And),
        Precedence::And => (Precedence::And, Precedence::Not),
        Precedence::Comparison => (Precedence::Sum, Precedence::Sum),
        Precedence::Sum => (Precedence::Sum, Precedence::Product),
        Precedence::Product => (Precedence::Product, Precedence::Negation),
        // `2^-1` needs no parentheses, `(-2)^2` and `(2^3)^2` do.
        _ => (Precedence::Atom, Precedence::Negation),
    }
}

fn push_arguments<'a>(parts: &mut Vec<Piece<'a>>, arguments: &'a [Argument]) {
    for (i, argument) in arguments.iter().enumerate() {
        push_comma(parts, i);
        if let Some(name) = &argument.name {
            parts.extend([Piece::Text(&name.text), Piece::Text("=")]);
        }
        parts.push(Piece::Expression(argument.value, Precedence::Or));
    }
}

fn push_comma(parts: &mut Vec<Piece<'_>>, position: usize) {
    if position > 0 {
        parts.push(Piece::Text(", "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{parse_estimator, parse_set};

    fn canonical(text: &str) -> String {
        let setting = parse_set(&format!("x = {text}")).unwrap();
        setting.expressions.print(setting.value)
    }

    #[test]
    fn only_necessary_parentheses_remain() {
        for (text, expected) in [
            ("((1))", "1"),
            ("(1+2)*3", "(1 + 2) * 3"),
            ("1+(2*3)", "1 + 2 * 3"),
            ("1-(2-3)-4", "1 - (2 - 3) - 4"),
            ("(2^3)^2", "(2^3)^2"),
            ("2^(3^2)", "2^3^2"),
            ("(-2)^2", "(-2)^2"),
            ("-(2^2)", "-2^2"),
            ("2^(-1)", "2^-1"),
            ("2^(-(1^2))", "2^-1^2"),
            ("2*(-3)", "2 * -3"),
            ("-(-3)", "--3"),
            ("not (1 == 2) and 3", "not 1 == 2 and 3"),
            ("(not 1) == 2", "(not 1) == 2"),
            ("(1<2)<3", "(1 < 2) < 3"),
            ("(1 or 2) and 3", "(1 or 2) and 3"),
            ("sum( [[1,2],[3,4]] ,axis =0)", "sum([[1, 2], [3, 4]], axis=0)"),
            ("([1,2]+1)[ 0 : , 1,:2,:]", "([1, 2] + 1)[0:, 1, :2, :]"),
            ("exp(1)[0][1]", "exp(1)[0][1]"),
            ("(-1)[0]", "(-1)[0]"),
            ("true or false", "true or false"),
            (
                "1e300 + 1.50e-7 + 100 + 1e16 + 0.1 + 123456789012345678",
                "1e300 + 1.5e-7 + 100 + 1e16 + 0.1 + 1.2345678901234568e17",
            ),
        ] {
            assert_eq!(canonical(text), expected);
            assert_eq!(canonical(expected), expected);
        }
    }

    #[test]
    fn estimators_print_as_plans_do() {
        for (text, expected) in [
            ("rebar", "rebar"),
            ("rebar( )", "rebar"),
            ("rebar( temperature = 0.50 )", "rebar(temperature=0.5)"),
            (
                "score_function(baseline = moving_average, decay=.95)",
                "score_function(baseline=moving_average, decay=0.95)",
            ),
            ("relax(use_cost = true, [1,-2])", ""),
            ("relax(10, use_cost = true)", "relax(10, use_cost=true)"),
        ] {
            match parse_estimator(text) {
                Ok(estimator) => assert_eq!(estimator.call.print(&estimator.expressions), expected),
                Err(_) => assert_eq!(expected, "", "{text}"),
            }
        }
    }

    #[test]
    fn numbers_read_back() {
        for value in [0.0, 1.0, 0.1, 1e-5, 1e15, 1e16, 1e17, 5e-324, f64::MAX, 1.0 / 3.0, 12345.678] {
            assert_eq!(number_text(value).parse::<f64>().unwrap(), value);
        }
        assert_eq!(number_text(f64::INFINITY), "inf");
        assert_eq!(number_text(-f64::INFINITY), "-inf");
        assert_eq!(number_text(f64::NAN), "nan");
    }
}
