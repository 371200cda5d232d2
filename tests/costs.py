"""`python -m tests.costs FILE...`: what the tests of a run with `--costs=FILE` cost, by folder, file and test."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

SHOWN = 40


def main(paths: list[str]) -> None:
    rows = [json.loads(line) for path in paths for line in Path(path).read_text().splitlines()]
    ways = {
        "folder": lambda test: test.partition("::")[0].rpartition("/")[0],
        "file": lambda test: test.partition("::")[0],
        "test": lambda test: test.partition("[")[0],
    }
    for name, of in ways.items():
        cpu, wall, count = Counter[str](), Counter[str](), Counter[str]()
        for row in rows:
            place = of(row["test"])
            cpu[place] += row["cpu_s"]
            wall[place] += row["wall_s"]
            count[place] += 1
        print(f"\nby {name}: {len(rows)} tests, {sum(cpu.values()):.0f} s of processor, {sum(wall.values()):.0f} s")
        print("   cpu s   wall s  tests")
        for place, _ in wall.most_common(SHOWN):
            print(f"{cpu[place]:>8.1f} {wall[place]:>8.1f} {count[place]:>6}  {place}")


if __name__ == "__main__":
    main(sys.argv[1:])
