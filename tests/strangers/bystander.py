"""A program that has nothing to do with the product: how late it is shows what the machine itself lets wait.

`python -m tests.strangers.bystander FOLDER EVERY_S` does what an order needs of a machine, without the order: some
work of the processor and a write that reaches the disk. It writes a line of JSON a turn, which counts from when it
was due, as the customer's orders do.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from tests.strangers.turns import turns

WORK = range(20_000)  # about a thousandth of a second


def main(folder: str, every_s: float) -> None:
    with (Path(folder) / f"bystander-{os.getpid()}").open("wb", buffering=0) as file:
        for due in turns(every_s):
            sum(WORK)
            file.seek(0)
            file.write(b"x" * 512)
            os.fsync(file.fileno())
            sys.stdout.write(json.dumps({"due": due, "late_s": time.time() - due}) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
