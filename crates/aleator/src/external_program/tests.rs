use std::time::{Duration, Instant};

use super::*;

/// A program in the shell, which every machine of ours has.
fn shell(script: &str, timeout: f64) -> ExternalProgram {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    ExternalProgram::new(command, None, Duration::from_secs_f64(timeout))
}

fn signature(result: &[usize]) -> Signature {
    Signature { arguments: vec![("z".into(), vec![])], result: result.to_vec() }
}

fn evaluate(program: &ExternalProgram, count: usize, result: &[usize]) -> Result<Vec<f64>, String> {
    let z: Vec<f64> = (0..count).map(|i| i as f64).collect();
    let mut answers = vec![f64::NAN; count * result.iter().product::<usize>()];
    program.evaluate(&signature(result), &[&z], &mut answers)?;
    Ok(answers)
}

#[test]
fn questions_and_answers_are_lines_of_json() {
    let mut line = Vec::new();
    let names = [("a".to_owned(), vec![]), ("b".to_owned(), vec![2, 2]), ("c".to_owned(), vec![0])];
    let arguments = [&[1.5][..], &[1.0, f64::NAN, f64::NEG_INFINITY, 1e300], &[]];
    write_question(&mut line, &names, arguments.into_iter());
    let expected = "{\"a\": 1.5, \"b\": [[1.0, \"nan\"], [\"-inf\", 1e300]], \"c\": []}\n";
    assert_eq!(String::from_utf8(line).unwrap(), expected);

    let mut answer = [0.0; 2];
    read_answer("[1, -Infinity]", &[2], &mut answer).unwrap();
    assert_eq!(answer, [1.0, f64::NEG_INFINITY]);
    read_answer("[true, \"nan\"]", &[2], &mut answer).unwrap();
    assert!(answer[0] == 1.0 && answer[1].is_nan());
    for (line, shape, message) in [
        ("", &[][..], "an empty line"),
        ("hello", &[], "`hello`, which is not JSON"),
        ("{\"a\": 1}", &[], "not a number"),
        ("[1]", &[], "not a number"),
        ("null", &[], "not a number"),
        ("1 2", &[], "not JSON"),
        ("1", &[2], "not a nested list of numbers of shape [2]"),
        ("[1, 2, 3]", &[2], "shape [2]"),
        ("[[1], [2]]", &[2], "shape [2]"),
    ] {
        let error = read_answer(line, shape, &mut answer).unwrap_err();
        assert!(error.contains(message), "{line}: {error}");
    }
}

#[test]
fn a_program_answers_line_by_line_or_in_bulk() {
    // Each line's number, doubled.
    let each = shell("while read -r line; do n=${line#*: }; n=${n%.0*}; echo $((2 * n)); done", 20.0);
    assert_eq!(evaluate(&each, 5, &[]).unwrap(), [0.0, 2.0, 4.0, 6.0, 8.0]);
    assert_eq!(evaluate(&each, 2, &[]).unwrap(), [0.0, 2.0], "it is started once, and goes on");
    let many = 20_000;
    // A program that neither reads nor answers in step with us: all pipes fill up.
    let constant = shell("sed -u 's/.*/[1, 2]/'", 20.0);
    assert_eq!(evaluate(&constant, many, &[2]).unwrap(), [1.0, 2.0].repeat(many));
}

#[test]
fn programs_that_do_wrong_are_errors_with_their_command() {
    let long = "y".repeat(9000);
    for (script, message) in [
        ("echo no stock >&2; exit 3", "no stock"),
        ("exit 3", "ended (exit status: 3) before it answered"),
        ("read line; echo 1; read line; exit 0", "ended (exit status: 0)"),
        ("exec 1>&-; sleep 30", "closed its standard output"),
        ("sleep 30", "did not answer within 0.3 seconds"),
        ("while read line; do echo hello; done", "answered `hello`"),
        ("while read line; do echo; done", "an empty line"),
        ("while read line; do echo '[1, 2]'; done", "not a number"),
        ("while read line; do printf '\\377\\n'; done", "not UTF-8"),
        (&format!("while read line; do echo {long}; done"), "too long"),
        ("kill -9 $$", "signal: 9"),
    ] {
        let start = Instant::now();
        let program = shell(script, 0.3);
        let error = evaluate(&program, 3, &[]).unwrap_err();
        assert!(error.contains(message) && error.contains("`sh -c "), "{script}: {error}");
        assert_eq!(evaluate(&program, 3, &[]).unwrap_err(), error, "it stays failed");
        drop(program);
        assert!(start.elapsed() < Duration::from_secs(20), "{script}");
    }
    let missing = ExternalProgram::new(vec!["no-such-program-of-ours".into()], None, Duration::from_secs(1));
    assert!(evaluate(&missing, 1, &[]).unwrap_err().contains("cannot be started"));
}

#[test]
fn a_line_too_many_is_noticed_at_the_next_evaluation() {
    let program = shell("while read -r line; do echo 1; echo 2; done", 5.0);
    // It may have been noticed already: the second line answers the second question.
    let first = evaluate(&program, 1, &[]).unwrap();
    assert_eq!(first, [1.0]);
    std::thread::sleep(Duration::from_millis(200));
    assert!(evaluate(&program, 1, &[]).unwrap_err().contains("more lines than"));
}
