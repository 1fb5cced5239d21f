//! Text to tokens.
use logos::Logos;

use super::errors::{Diagnostic, quote};
use super::span::Span;

/// Longest name, in bytes.
const LONGEST_NAME: usize = 256;

/// One word, number or sign. A number's value and a name's letters are read from the text at its place.
#[derive(Logos, Debug, Clone, Copy, PartialEq, Eq)]
#[logos(skip r"[ \t]+")]
#[logos(skip(r"#[^\n]*", allow_greedy = true))]
pub(super) enum Token {
    #[regex(r"\r*\n")]
    Newline,
    #[token("param")]
    Param,
    #[token("const")]
    Const,
    #[token("data")]
    Data,
    #[token("cost")]
    Cost,
    #[token("via")]
    Via,
    #[token("file")]
    File,
    #[token("and")]
    And,
    #[token("or")]
    Or,
    #[token("not")]
    Not,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    Name,
    /// Everything that begins like a number and could go on like one; [`Lexer::next`] sorts out `1.2.3` and `3abc`.
    #[regex(r"\.?[0-9]([0-9A-Za-z_.]|[eE][+-])*")]
    Number,
    #[regex(r#""[^"\r\n]*""#)]
    Text,
    #[token("~")]
    Tilde,
    #[token("=")]
    Equals,
    #[token("==")]
    Equal,
    #[token("!=")]
    NotEqual,
    #[token("<")]
    Less,
    #[token("<=")]
    LessEqual,
    #[token(">")]
    Greater,
    #[token(">=")]
    GreaterEqual,
    #[token("+")]
    Plus,
    #[token("-")]
    Minus,
    #[token("->")]
    Arrow,
    #[token("*")]
    Star,
    /// Not of the language; known so that the message can say what is.
    #[token("**")]
    StarStar,
    #[token("/")]
    Slash,
    #[token("@")]
    At,
    #[token("^")]
    Caret,
    #[token("(")]
    OpenParen,
    #[token(")")]
    CloseParen,
    #[token("[")]
    OpenBracket,
    #[token("]")]
    CloseBracket,
    #[token(",")]
    Comma,
    #[token(":")]
    Colon,
    /// Not of the language; known so that `x.sum()` gets a message of its own.
    #[token(".")]
    Dot,
    /// The end of the text.
    End,
}

impl Token {
    /// Whether it is a word that cannot be a name.
    pub(super) fn is_keyword(self) -> bool {
        use Token::{And, Const, Cost, Data, False, File, Not, Or, Param, True, Via};
        matches!(self, Param | Const | Data | Cost | Via | File | And | Or | Not | True | False)
    }

    /// Whether it is a word that begins a statement.
    pub(super) fn begins_statement(self) -> bool {
        matches!(self, Token::Param | Token::Const | Token::Data | Token::Cost)
    }
}

/// Reads tokens one by one, so that a long text costs no memory here.
pub(super) struct Lexer<'s> {
    source: &'s str,
    inner: logos::Lexer<'s, Token>,
    /// Open brackets of either kind: inside them a line's end means nothing.
    open: usize,
}

impl<'s> Lexer<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        let mut inner = Token::lexer(source);
        if source.starts_with('\u{feff}') {
            inner.bump('\u{feff}'.len_utf8());
        }
        Lexer { source, inner, open: 0 }
    }

    /// Goes on at another place, outside of all brackets.
    pub(super) fn restart(&mut self, at: usize) {
        self.inner = Token::lexer(self.source);
        self.inner.bump(at);
        self.open = 0;
    }

    pub(super) fn next(&mut self) -> Result<(Token, Span), Diagnostic> {
        loop {
            let Some(token) = self.inner.next() else {
                return Ok((Token::End, Span::new(self.source.len(), self.source.len())));
            };
            let span = Span::new(self.inner.span().start, self.inner.span().end);
            let token = token.map_err(|()| self.unknown(span))?;
            match token {
                Token::Newline if self.open > 0 => continue,
                Token::OpenParen | Token::OpenBracket => self.open += 1,
                Token::CloseParen | Token::CloseBracket => self.open = self.open.saturating_sub(1),
                Token::Number => {
                    check_number(span.text(self.source)).map_err(|diagnostic| diagnostic.at(span))?
                }
                Token::Name => self.check_name(span)?,
                _ => {}
            }
            return Ok((token, span));
        }
    }

    fn check_name(&self, span: Span) -> Result<(), Diagnostic> {
        if span.end - span.start > LONGEST_NAME {
            return Err(Diagnostic::new(format!("a name is longer than {LONGEST_NAME} characters")).at(span));
        }
        match self.source[span.end..].chars().next() {
            Some(next) if next.is_alphanumeric() && !next.is_ascii() && !EXPONENTS.contains(next) => {
                Err(self.unknown(Span::new(span.end, span.end)))
            }
            _ => Ok(()),
        }
    }

    /// What to say about text that is no token.
    fn unknown(&self, span: Span) -> Diagnostic {
        let Some(character) = self.source[span.start..].chars().next() else {
            return Diagnostic::new("the text ends too early").at(span);
        };
        if character.is_alphabetic() && !EXPONENTS.contains(character) {
            return self.foreign_name(span.start);
        }
        let following = &self.source[span.start + character.len_utf8()..];
        let at = Span::new(span.start, span.start + character.len_utf8());
        let unknown = |help: &str| {
            let shown = if character.is_whitespace() || character.is_control() || is_invisible(character) {
                format!("unexpected invisible character U+{:04X}", u32::from(character))
            } else {
                format!("unexpected character `{character}`")
            };
            let diagnostic = Diagnostic::new(shown).at(at).label("not part of the language");
            if help.is_empty() { diagnostic } else { diagnostic.help(help) }
        };
        match character {
            '"' => Diagnostic::new("the text that begins here has no end")
                .at(at)
                .help("close it with `\"` on the same line"),
            '\r' => unknown(
                "a carriage return must be followed by a line feed; save the file with ordinary line ends",
            ),
            '%' => unknown(
                "there is no remainder; `x - y * floor(x / y)` computes it. A comment begins with `#`",
            ),
            '!' => unknown("write `not x`, or `!=` for \"differs from\""),
            '&' => unknown("write `and`"),
            '|' if following.starts_with('|') => unknown("write `or`"),
            '|' => unknown("write `or`; the absolute value is `abs(x)`"),
            ';' => unknown("one statement a line, and nothing at its end"),
            '{' | '}' => unknown("lists and shapes are written with `[` and `]`, groups with `(` and `)`"),
            '\'' if self.source[..span.start]
                .ends_with(|c: char| c.is_ascii_alphanumeric() || ")]_".contains(c)) =>
            {
                unknown("the transpose is written `transpose(x)`")
            }
            '\'' | '“' | '”' | '„' | '‘' | '’' => {
                unknown("text stands between straight double quotes: \"data.npy\"")
            }
            '?' => unknown("to choose between values, write `where(cond, a, b)`"),
            '$' | '\\' | '`' => unknown("delete it"),
            '²' => unknown("write `^2`"),
            '³' => unknown("write `^3`"),
            '⁻' | 'ⁿ' | '¹' | '⁰'..='⁹' => unknown("write powers with `^`"),
            '×' | '·' | '∙' | '⋅' | '∗' => unknown("write `*`"),
            '÷' => unknown("write `/`"),
            '−' | '–' | '—' | '‐' | '‑' => unknown("write an ordinary minus sign, `-`"),
            '∼' | '～' => unknown("write an ordinary tilde, `~`"),
            '≤' => unknown("write `<=`"),
            '≥' => unknown("write `>=`"),
            '≠' => unknown("write `!=`"),
            '∞' => unknown("write `inf`"),
            '√' => unknown("write `sqrt(x)`"),
            '∑' => unknown("write `sum(x)`"),
            '∏' => unknown("write `prod(x)`"),
            _ if character.is_whitespace() => unknown("replace it with an ordinary space"),
            _ if character.is_control() || is_invisible(character) => unknown("delete it"),
            _ => unknown(""),
        }
    }

    /// A name with letters that names cannot have; `offset` is where the first of them stands.
    fn foreign_name(&self, offset: usize) -> Diagnostic {
        let before = &self.source[..offset];
        let belongs = |c: char| c.is_alphanumeric() || c == '_';
        let letters = before.len() - before.trim_end_matches(|c: char| c.is_ascii() && belongs(c)).len();
        let start = offset - letters;
        let rest = &self.source[start..];
        let word = &rest[..rest.find(|c| !belongs(c)).unwrap_or(rest.len())];
        let diagnostic =
            Diagnostic::new(format!("the name {} has letters other than a-z and A-Z", quote(word)))
                .at(Span::new(start, start + word.len()))
                .label("names are made of a-z, A-Z, 0-9 and _");
        let spelled: String =
            word.chars().take(LONGEST_NAME).map(|c| greek(c).map_or(c.to_string(), str::to_owned)).collect();
        if spelled.is_ascii() { diagnostic.help(format!("write {}", quote(&spelled))) } else { diagnostic }
    }
}

/// Letters and digits by Unicode that mean a power in a formula.
const EXPONENTS: &str = "²³¹⁰⁴⁵⁶⁷⁸⁹ⁿ";

fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The usual way of writing a Greek letter in ASCII.
fn greek(letter: char) -> Option<&'static str> {
    const NAMES: [(char, char, &str); 25] = [
        ('α', 'Α', "alpha"),
        ('β', 'Β', "beta"),
        ('γ', 'Γ', "gamma"),
        ('δ', 'Δ', "delta"),
        ('ε', 'Ε', "epsilon"),
        ('ζ', 'Ζ', "zeta"),
        ('η', 'Η', "eta"),
        ('θ', 'Θ', "theta"),
        ('ι', 'Ι', "iota"),
        ('κ', 'Κ', "kappa"),
        ('λ', 'Λ', "lambda"),
        ('μ', 'Μ', "mu"),
        ('µ', 'Μ', "mu"),
        ('ν', 'Ν', "nu"),
        ('ξ', 'Ξ', "xi"),
        ('ο', 'Ο', "omicron"),
        ('π', 'Π', "pi"),
        ('ρ', 'Ρ', "rho"),
        ('σ', 'Σ', "sigma"),
        ('τ', 'Τ', "tau"),
        ('υ', 'Υ', "upsilon"),
        ('φ', 'Φ', "phi"),
        ('χ', 'Χ', "chi"),
        ('ψ', 'Ψ', "psi"),
        ('ω', 'Ω', "omega"),
    ];
    NAMES.iter().find(|&&(small, capital, _)| letter == small || letter == capital).map(|&(_, _, name)| name)
}

/// Whether the text is a number of the language: `1`, `1.5`, `.5`, `1.`, each perhaps with an exponent, and finite.
fn check_number(text: &str) -> Result<(), Diagnostic> {
    let malformed =
        |help: String| Err(Diagnostic::new(format!("{} is not a number", quote(text))).help(help));
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut rest = &text[digits(text)..];
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = &fraction[digits(fraction)..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits(exponent) > 0 {
            rest = &exponent[digits(exponent)..];
        }
    }
    match rest.chars().next() {
        None => {}
        Some('.') => {
            return malformed("a number has one decimal point; ranges are written `a:b`".into());
        }
        Some('_') => return malformed("write its digits without `_`".into()),
        Some('e' | 'E') if digits(rest[1..].trim_start_matches(['+', '-'])) == 0 && rest.len() <= 2 => {
            return malformed("the exponent has no digits; write for instance `1e-3`".into());
        }
        Some(_) => {
            let number = &text[..text.len() - rest.len()];
            return malformed(format!(
                "to multiply, write `*`: {}; a name cannot begin with a digit",
                quote(&format!("{number} * {rest}"))
            ));
        }
    }
    let value: f64 = text.parse().unwrap_or(f64::NAN);
    if !value.is_finite() {
        return Err(Diagnostic::new(format!(
            "the number {} is too large for 64-bit floating point",
            quote(text)
        ))
        .help("the largest is about 1.8e308; infinity is written `inf`"));
    }
    let mantissa = text.split(['e', 'E']).next().unwrap_or(text);
    if value == 0.0 && mantissa.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
        return Err(Diagnostic::new(format!(
            "the number {} is too small for 64-bit floating point",
            quote(text)
        ))
        .help("the smallest is about 4.9e-324; write `0` if zero is meant"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::span::Place;

    fn tokens(source: &str) -> Vec<(Token, &str)> {
        let mut lexer = Lexer::new(source);
        let mut tokens = Vec::new();
        loop {
            match lexer.next().unwrap() {
                (Token::End, _) => return tokens,
                (token, span) => tokens.push((token, span.text(source))),
            }
        }
    }

    fn first_error(source: &str) -> Diagnostic {
        let mut lexer = Lexer::new(source);
        loop {
            match lexer.next() {
                Ok((Token::End, _)) => panic!("no error in {source:?}"),
                Ok(_) => {}
                Err(diagnostic) => return diagnostic,
            }
        }
    }

    #[test]
    fn words_numbers_and_signs() {
        use Token::*;
        let kinds = |source| tokens(source).into_iter().map(|(token, _)| token).collect::<Vec<_>>();
        assert_eq!(
            kinds("param const data cost via file and or not true false"),
            [Param, Const, Data, Cost, Via, File, And, Or, Not, True, False]
        );
        assert_eq!(kinds("params _x X9 nota"), [Name; 4]);
        assert_eq!(
            kinds("~ = == != < <= > >= + - * / @ ^ , : . **"),
            [
                Tilde,
                Equals,
                Equal,
                NotEqual,
                Less,
                LessEqual,
                Greater,
                GreaterEqual,
                Plus,
                Minus,
                Star,
                Slash,
                At,
                Caret,
                Comma,
                Colon,
                Dot,
                StarStar
            ]
        );
        assert_eq!(kinds("1 1.5e-3 .5 2. 1E+9 0e-999 007"), [Number; 7]);
        assert_eq!(tokens("1e-3-2"), [(Number, "1e-3"), (Minus, "-"), (Number, "2")]);
        assert_eq!(tokens("x[1:2]").len(), 6);
        assert_eq!(tokens(r#"file("a b\c.csv")"#)[2], (Text, r#""a b\c.csv""#));
    }

    #[test]
    fn lines_end_except_inside_brackets() {
        use Token::*;
        let kinds = |source| tokens(source).into_iter().map(|(token, _)| token).collect::<Vec<_>>();
        assert_eq!(kinds("a\n\r\nb\r\r\n"), [Name, Newline, Newline, Name, Newline]);
        assert_eq!(
            kinds("(a\n[\r\nb]\n)\nc"),
            [OpenParen, Name, OpenBracket, Name, CloseBracket, CloseParen, Newline, Name]
        );
        assert_eq!(kinds(")\na # (\r\nb # end"), [CloseParen, Newline, Name, Newline, Name]);
        assert_eq!(kinds("\u{feff}a"), [Name]);
        assert_eq!(kinds("# only"), []);
    }

    #[test]
    fn what_is_no_token_is_explained_at_its_place() {
        for (source, column, message, help) in [
            ("x = 1.2.3", 5, "`1.2.3` is not a number", "one decimal point"),
            ("x = 1..2", 5, "`1..2`", "one decimal point"),
            ("x = 3abc", 5, "`3abc`", "`3 * abc`"),
            ("x = 2e", 5, "`2e`", "exponent"),
            ("x = 2e-", 5, "`2e-`", "exponent"),
            ("x = 1_000", 5, "`1_000`", "without `_`"),
            ("x = 0x1e-3", 5, "`0x1e-3`", "*"),
            ("x = 1e999", 5, "too large", "inf"),
            ("x = 1e-999", 5, "too small", "`0`"),
            ("x = 5 % 3", 7, "`%`", "remainder"),
            ("x = a && b", 7, "`&`", "`and`"),
            ("x = a || b", 7, "`|`", "`or`"),
            ("x = !a", 5, "`!`", "`not x`"),
            ("x = 1;", 6, "`;`", "one statement"),
            ("x = {1}", 5, "`{`", "`[`"),
            ("x = 'a'", 5, "`'`", "double quotes"),
            ("x = \"a", 5, "no end", "same line"),
            ("x = a²", 6, "`²`", "`^2`"),
            ("x = a × b", 7, "`×`", "`*`"),
            ("x = − b", 5, "`−`", "minus"),
            ("x ≤ b", 3, "`≤`", "`<=`"),
            ("x\u{a0}= b", 2, "U+00A0", "ordinary space"),
            ("x = \u{200b}b", 5, "U+200B", "delete"),
            ("x = \0b", 5, "U+0000", "delete"),
            ("x = b\rc", 6, "U+000D", "line feed"),
            ("x = θ", 5, "`θ`", "`theta`"),
            ("log_σ2 = 1", 1, "`log_σ2`", "`log_sigma2`"),
            ("größe = 1", 1, "`größe`", ""),
            ("x = 😀", 5, "`😀`", ""),
        ] {
            let diagnostic = first_error(source);
            assert!(diagnostic.message.contains(message), "{source}: {diagnostic:?}");
            assert!(diagnostic.help.clone().unwrap_or_default().contains(help), "{source}: {diagnostic:?}");
            assert_eq!(diagnostic.place(source), Some(Place { line: 1, column }), "{source}: {diagnostic:?}");
        }
        assert!(first_error(&"x".repeat(1000)).message.contains("longer than 256"));
    }
}
