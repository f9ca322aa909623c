"""A command is killed at random moments, up to three times, and then runs to its end."""

import random
import signal
import subprocess
import sys
import time

from benchmarks.faulty.scene import Scene, Tally

MOST = 3  # kills of one command
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def kill_commands(scene: Scene, n: int, seed: int) -> Tally:
    """Kill `n` times in all. Lost: an earlier stage, or the bytes at the end. Unnoticed: it ends with another code."""
    draws, tally = random.Random(seed), Tally()
    seconds = {stage: _seconds(scene, stage) for stage in scene.commands}
    while tally.tried < n:
        stage = draws.choice(list(scene.commands))
        scene.set_up(stage)
        kills = []
        for _ in range(draws.randint(1, min(MOST, n - tally.tried))):
            moment, number = draws.uniform(0, seconds[stage]), draws.choice(SIGNALS)
            child = scene.start(stage)
            try:
                child.process.wait(moment)
            except subprocess.TimeoutExpired:
                child.process.send_signal(number)
            ended = child.end()
            kills.append(f"{number.name} after {moment:.2f} s")
            if "Traceback" in ended.err:
                tally.tracebacks.append(f"{stage}, {kills}: {ended.err[-300:]}")
        tally.tried += len(kills)
        last = scene.run(stage)
        if last.code:
            tally.lost.append(f"{stage}, {kills}: it ends with {last.code}: {last.err[-300:]}")
        elif not scene.same(stage):
            tally.unnoticed.append(f"{stage}, {kills}: other bytes")
        elif [
            path.name for path in scene.root.iterdir() if path.name.endswith((".partial", ".previous", ".checkpoint"))
        ]:
            tally.unnoticed.append(f"{stage}, {kills}: something is left behind")
        print(f"kills {tally.tried} of {n}: {stage}, {', '.join(kills)}", file=sys.stderr)
    return tally


def _seconds(scene: Scene, stage: str) -> float:
    scene.set_up(stage)
    started = time.perf_counter()
    scene.run(stage)
    return time.perf_counter() - started
