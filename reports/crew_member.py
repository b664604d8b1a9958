"""A process that works for another one until its stdin ends, see `crew.py`: `python -m reports.crew_member`.

A parcel is (function, items). Each is answered by one byte when it is done, None by the list of all results so far.
"""

import gc
import pickle
import signal
import sys


def main() -> None:
    """Work. Ends with the process that started it, whatever ended that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the whole terminal: the caller ends this process
    gc.disable()  # as the caller does: values are made by the hundred thousand, and kept
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    made: list[object] = []
    while True:
        try:
            parcel = pickle.load(source)  # from the process that started this one
        except EOFError:
            return
        if parcel is None:
            pickle.dump(made, sink, pickle.HIGHEST_PROTOCOL)
            sink.flush()
            made.clear()  # while the caller reads on
        else:
            work, items = parcel
            made += [work(item) for item in items]
            sink.write(b".")
            sink.flush()


if __name__ == "__main__":
    main()
