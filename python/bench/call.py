"""What a call from Python costs beyond the same run in Rust: ``python python/bench/call.py``.

The program is that of the toy problem with one sample. Rust's time is that of a loop around `Program::run_step` that copies the
results, as a call does; Python's is that of a loop around a call, with and without reading the gradient. Each time is the smallest
of several repetitions.
"""

from timeit import repeat

import aleator as al

CALLS, REPETITIONS = 20_000, 15


def main() -> None:
    g = al.Graph()
    b = g.sample("b", al.Bernoulli(logits=g.param("theta", 0.0)), via="reinforce_loo")
    g.cost("loss", (b - 0.45) ** 2)
    program = g.compile()
    rust = min(program._seconds_per_run(CALLS) for _ in range(REPETITIONS))
    print(f"{'Rust':44} {rust * 1e6:6.2f} µs")
    calls = {
        "program()": lambda: program(),
        "program(step=7).objective": lambda: program(step=7).objective,
        'program().gradient["theta"]': lambda: program().gradient["theta"],
        'program({"theta": 0.3}).gradient["theta"]': lambda: program({"theta": 0.3}).gradient["theta"],
    }
    for name, call in calls.items():
        python = min(repeat(call, number=CALLS, repeat=REPETITIONS)) / CALLS
        print(f"{name:44} {python * 1e6:6.2f} µs, {(python - rust) * 1e6:5.2f} µs more than Rust")


if __name__ == "__main__":
    main()
