"""Kills a recording process at a line of its own code: kill -9, as often and wherever one likes.

    python -m tests.killer FOLDER COUNT        kills COUNT runs, one after the other, evenly spread over all lines
    python -m tests.killer FOLDER COUNT twice  kills the second process of each run too

A run is done in a forked process that counts the lines of the writing modules, those that HDF5 calls back included.
"""

import os
import signal
import sys
from pathlib import Path

from neurosparse import clock
from neurosparse.io import checkpoints, columns, cuts, disk, locks, provenance, recordings, results, stream
from tests.test_stream import MONITORS, busy

WATCHED = {module.__file__ for module in (checkpoints, cuts, disk, locks, results, stream)}


def process(work, path, kill_at=None):
    """Run `work(path)` in a process of its own; returns how many lines it took, None if it was killed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        seen = 0

        def trace(frame, event, arg):
            nonlocal seen
            if frame.f_code.co_filename not in WATCHED:
                return None
            seen += 1
            if seen == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        try:
            work(path)
            sys.settrace(None)
            os.write(write, str(seen).encode())
            os._exit(0)
        except BaseException as error:
            print("failed:", error, flush=True)
            os._exit(1)
    os.close(write)
    _, status = os.waitpid(child, 0)
    told = os.read(read, 100)
    os.close(read)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, status
    return int(told) if told else None


def main(folder, count, twice):
    net, n_steps, inputs = busy()
    engine = clock.compile(net, MONITORS)
    provenance.git = lambda folder: {}

    def work(path):
        stream.run(engine, float(n_steps), path, inputs, chunk=4.0, checkpoint_every=8.0)

    lines = process(work, folder / "whole.h5")
    with recordings.open(folder / "whole.h5") as recording:
        wanted = recording.content
    (folder / "whole.h5").unlink()
    killed = resumed = 0
    for k in range(count):
        path, at = folder / f"{k}.h5", 1 + (k * lines) // count
        while process(work, path, at) is None:
            killed += 1
            parts = folder / f"{k}.h5.parts"
            resumed += bool(list(parts.glob("moment-*"))) or path.exists()
            at = 1 + at // 2 if twice and at > 4 else None
        with recordings.open(path) as recording:
            recording.verify()
            assert recording.content == wanted, at
            assert columns.content(recording.file) == wanted, at
        assert [item.name for item in folder.iterdir()] == [path.name], at
        path.unlink()
    print(f"lines {lines} killed {killed} resumed {resumed}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["twice"])
