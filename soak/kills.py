"""Kill a real bot, again and again, and see that nothing is doubled and nothing lost.

    python soak/kills.py [--kills 200] [--database sqlite|postgres] [--seed 1] [--at POINT ...] [--keep FOLDER]

A bot trades over HTTP on a simulated exchange, and dies by SIGKILL: half of the times at random, half exactly at the
points of `soak/points.py`. After every kill another one is started on the same database, and is held to what the
exchange showed meanwhile; in the end everything is compared. Ends with status 1 on any violation, and keeps the logs.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from soak.databases import database
from soak.figures import Figures
from soak.points import POINTS
from soak.process import Late
from soak.scene import scene
from soak.series import Series, places


async def soak(given: argparse.Namespace, folder: Path) -> Figures:
    rng = random.Random(given.seed)
    with database(given.database, folder) as url:
        async with scene(folder, url, given.seed) as here:
            return await Series(here, rng).run(given.at or places(given.kills, rng))


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill a real bot, again and again.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at", action="append", choices=POINTS, help="kill there instead; repeatable")
    parser.add_argument("--keep", type=Path, help="an empty folder for logs and databases, which stays")
    given = parser.parse_args()
    folder = given.keep or Path(tempfile.mkdtemp(prefix="gridbot-kills-"))
    folder.mkdir(exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # as Ctrl-C does, it leaves no process behind
    began = time.monotonic()
    try:
        figures = asyncio.run(soak(given, folder.resolve()))
    except Late as late:
        print(f"{late}\nlogs and database are in {folder}")
        return 1
    kills, seconds = figures.killed.total(), time.monotonic() - began
    print(f"{kills} kills on {given.database}, seed {given.seed}, in {seconds:.0f} s")
    print("\n".join(figures.lines()))
    if figures.violations:
        print(f"logs and database are in {folder}")
        return 1
    if given.keep is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
