//! Numbers for people: a few significant digits, `±`, times with units, columns aligned on the point and on `±`.

/// `x` with `digits` significant digits; powers of ten outside of 1e-4 ..< 1e6.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return not_finite(x);
    }
    if x == 0.0 {
        return "0".to_string();
    }
    let digits = digits.max(1);
    let scientific = format!("{x:.*e}", digits - 1);
    let exponent = exponent_of(&scientific);
    if (-4..6).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        format!("{x:.decimals$}")
    } else {
        scientific
    }
}

/// The mean and its standard error as texts with the same last digit: the error has two significant digits.
pub(crate) fn plus_minus(mean: f64, std_error: Option<f64>) -> (String, String) {
    let Some(error) = std_error else {
        return (significant(mean, 4), "?".to_string());
    };
    if !mean.is_finite() || !error.is_finite() || error <= 0.0 {
        return (significant(mean, 4), significant(error, 2));
    }
    let error_exponent = exponent_of(&format!("{error:.1e}"));
    let largest = mean.abs().max(error);
    let exponent = exponent_of(&format!("{largest:e}"));
    // At most seven digits of the mean: beyond that the error says the rest by itself.
    let last = (error_exponent - 1).max(exponent - 6);
    let capped = last > error_exponent;
    if (-4..6).contains(&exponent) {
        let decimals = (-last).max(0) as usize;
        let error = if capped { significant(error, 2) } else { format!("{error:.decimals$}") };
        (format!("{mean:.decimals$}"), error)
    } else {
        let decimals = (exponent - last).max(0) as usize;
        let scale = 10f64.powi(exponent);
        if scale == 0.0 || !scale.is_finite() {
            return (significant(mean, 4), significant(error, 2));
        }
        let error =
            if capped { significant(error, 2) } else { format!("{:.decimals$}e{exponent}", error / scale) };
        (format!("{:.decimals$}e{exponent}", mean / scale), error)
    }
}

/// `mean ± error` on its own, outside of a column.
pub(crate) fn plus_minus_text(mean: f64, std_error: Option<f64>) -> String {
    let (mean, error) = plus_minus(mean, std_error);
    format!("{mean} ± {error}")
}

/// Seconds with a unit, three digits.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return not_finite(seconds);
    }
    let (factor, unit) = match seconds.abs() {
        s if s < 0.9995e-6 => (1e9, "ns"),
        s if s < 0.9995e-3 => (1e6, "µs"),
        s if s < 0.9995 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{} {unit}", significant(seconds * factor, 3))
}

/// Pads texts so that their decimal points stand below each other.
pub(crate) fn align_points(texts: &[String]) -> Vec<String> {
    let split = |text: &str| -> (usize, usize) {
        let length = text.chars().count();
        let head = text.chars().position(|c| !(c.is_ascii_digit() || c == '-' || c == '+')).unwrap_or(length);
        // Words (`nan`, `—`) stand where the last digit of a whole number would.
        let head = if head == 0 { length.min(1) } else { head };
        (head, length - head)
    };
    let widths: Vec<_> = texts.iter().map(|text| split(text)).collect();
    let before = widths.iter().map(|w| w.0).max().unwrap_or(0);
    let after = widths.iter().map(|w| w.1).max().unwrap_or(0);
    let pad = |(text, (head, tail)): (&String, &(usize, usize))| {
        format!("{}{text}{}", " ".repeat(before - head), " ".repeat(after - tail))
    };
    texts.iter().zip(&widths).map(pad).collect()
}

/// Joins means and errors so that points and `±` stand below each other; an empty error leaves the mean alone.
pub(crate) fn align_plus_minus(cells: &[(String, String)]) -> Vec<String> {
    let means = align_points(&cells.iter().map(|c| c.0.clone()).collect::<Vec<_>>());
    let errors = align_points(&cells.iter().map(|c| c.1.clone()).collect::<Vec<_>>());
    let join = |((mean, error), cell): ((String, String), &(String, String))| {
        if cell.1.is_empty() {
            format!("{mean}   {}", " ".repeat(error.chars().count()))
        } else {
            format!("{mean} ± {error}")
        }
    };
    means.into_iter().zip(errors).zip(cells).map(join).collect()
}

fn exponent_of(scientific: &str) -> i32 {
    scientific.rsplit('e').next().and_then(|e| e.parse().ok()).unwrap_or(0)
}

fn not_finite(x: f64) -> String {
    match x {
        x if x.is_nan() => "nan",
        x if x > 0.0 => "inf",
        _ => "-inf",
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_digits() {
        assert_eq!(significant(0.016_834, 3), "0.0168");
        assert_eq!(significant(9.9996, 4), "10.00");
        assert_eq!(significant(1234.6, 3), "1235");
        assert_eq!(significant(1.6e-9, 3), "1.60e-9");
        assert_eq!(significant(0.0, 3), "0");
        assert_eq!(significant(f64::NEG_INFINITY, 3), "-inf");
    }

    #[test]
    fn errors_decide_the_digits() {
        assert_eq!(plus_minus_text(0.019_683, Some(0.000_412)), "0.01968 ± 0.00041");
        assert_eq!(plus_minus_text(-12.345, Some(1.2)), "-12.3 ± 1.2");
        assert_eq!(plus_minus_text(1.234e-8, Some(5e-10)), "1.234e-8 ± 0.050e-8");
        assert_eq!(plus_minus_text(0.25, Some(0.0)), "0.2500 ± 0");
        assert_eq!(plus_minus_text(0.25, None), "0.2500 ± ?");
        assert_eq!(plus_minus_text(1.0, Some(3e-12)), "1.000000 ± 3.0e-12");
        assert_eq!(plus_minus_text(f64::NAN, Some(f64::INFINITY)), "nan ± inf");
        for exponent in -320..=308 {
            let x = 10f64.powi(exponent);
            for error in [x, x * 1e-5, x * 1e5, f64::MIN_POSITIVE, f64::MAX] {
                plus_minus(x, Some(error));
            }
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(duration(1.1e-7), "110 ns");
        assert_eq!(duration(0.999_999e-6), "1.00 µs");
        assert_eq!(duration(0.25), "250 ms");
        assert_eq!(duration(3.0), "3.00 s");
    }

    #[test]
    fn columns_align() {
        let aligned = align_points(&["1.25".into(), "-10".into(), "nan".into(), "3.0e-9".into()]);
        assert_eq!(aligned, ["  1.25  ", "-10     ", "  nan   ", "  3.0e-9"]);
        let aligned = align_plus_minus(&[("1.25".into(), "0.10".into()), ("—".into(), String::new())]);
        assert_eq!(aligned, ["1.25 ± 0.10", "—          "]);
    }
}
