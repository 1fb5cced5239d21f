"""The protocol of a peer: one JSON command per line in, one JSON line out (see bench/src/peer.rs).

A library's peer gives `serve` its name and a class:

    Library.version()                      text
    Library.prepare(workload, settings, inputs) -> outputs, run
        inputs and outputs: arrays by name; run(n): n steps, each finished before the next
    Library.first(workload, settings, inputs) -> a function that builds the workload from nothing and runs it once
    Library.not_compared                   optional: {"names": outputs that agreement does not cover, "why": text}

Both may raise Unsupported.
"""

import json
import os
import sys
import time
from pathlib import Path


class Unsupported(Exception):
    """The peer does not have this workload."""


def read(folder):
    import numpy

    return {path.stem: numpy.load(path) for path in Path(folder).glob("*.npy")}


def serve(name, load):
    # What libraries print goes to standard error: standard output belongs to the protocol.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def answer(document):
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    try:
        library = load()
    except ImportError as error:
        return answer({"missing": f"not installed ({error}); bench/run --optional installs it"})
    answer({"peer": name, "version": library.version()})
    prepared = {}
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer(execute(library, name, command, prepared))
        except Unsupported as error:
            answer({"unsupported": str(error)})
        except Exception as error:  # The driver decides what a failure means.
            answer({"error": f"{type(error).__name__}: {error}"})


def execute(library, name, command, prepared):
    import numpy

    if command["do"] == "run":
        start = time.perf_counter()
        prepared["run"](command["iterations"])
        return {"seconds": time.perf_counter() - start}
    workload, settings = command["workload"], command["settings"]
    inputs = read(command["folder"])
    if command["do"] == "prepare":
        outputs, prepared["run"] = library.prepare(workload, settings, inputs)
        for key, value in outputs.items():
            numpy.save(Path(command["folder"], name, key), numpy.asarray(value, dtype=numpy.float32))
        return {"not_compared": getattr(library, "not_compared", None)}
    if command["do"] == "first":
        first = library.first(workload, settings, inputs)
        start = time.perf_counter()
        first()
        return {"seconds": time.perf_counter() - start}
    raise ValueError(f"there is no command {command['do']!r}")
