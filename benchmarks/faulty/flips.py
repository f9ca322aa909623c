"""One byte of an artifact or of a checkpoint is changed."""

import random
import shutil
import sys
from pathlib import Path

from benchmarks.faulty.scene import Scene, Tally, run
from mnistae_cli.settings import EvaluateConfig
from mnistae_cli.stages.evaluate import reads_of
from mnistae_cli.store import stage_states

READ = reads_of(EvaluateConfig(figures=False)).keys() - {"label"}  # of `label` only the manifest is read
EACH = 25  # flips between two runs of a whole command, which take seconds


def flip_artifacts(scene: Scene, n: int, seed: int) -> Tally:
    """Flip `n` bytes, one at a time. Unnoticed: a full check does not say that the stage is damaged."""
    draws, tally, root = random.Random(seed), Tally(), scene.root
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(scene.reference, root)
    files = sorted(path for stage in scene.commands for path in (root / stage).iterdir() if path.stat().st_size)
    while tally.tried < n:
        path = draws.choice(files)
        before = path.read_bytes()
        where = _flip(path, before, draws)
        stage = path.parent.name
        state = stage_states(root, thorough=True)[stage]["state"]
        if state not in ("damaged", "edited"):
            tally.unnoticed.append(f"{path.name}, {where}: {state}")
        if tally.tried % EACH == 0:
            ended = run(root, "evaluate", "--no-figures")
            if "Traceback" in ended.err or ended.code == 1:
                tally.tracebacks.append(f"{path.name}, {where}: {ended.err[-300:]}")
            elif ended.code == 0 and stage in READ:
                tally.unnoticed.append(f"{path.name}, {where}: evaluate took it")
            shutil.rmtree(root / "evaluate")
            shutil.copytree(scene.reference / "evaluate", root / "evaluate")
        path.write_bytes(before)
        tally.tried += 1
    return tally


def flip_checkpoints(scene: Scene, n: int, seed: int) -> Tally:
    """Flip a byte of the checkpoint of an interrupted training, and continue: it has to start from the beginning."""
    draws, tally, root = random.Random(seed), Tally(), scene.root
    kept = Scene(scene.reference, root.with_name(f"{root.name}-checkpoint"), scene.commands)
    _interrupt(kept)
    while tally.tried < n:
        scene.set_up("train")
        shutil.copytree(kept.root / ".train.checkpoint", root / ".train.checkpoint")
        path = draws.choice(sorted((root / ".train.checkpoint").iterdir()))
        where = _flip(path, path.read_bytes(), draws)
        ended = scene.run("train")
        tally.tried += 1
        if "Traceback" in ended.err:
            tally.tracebacks.append(f"{path.name}, {where}: {ended.err[-300:]}")
        elif ended.code or not scene.same("train"):
            tally.lost.append(f"{path.name}, {where}: code {ended.code}")
        elif "starts anew" not in ended.err:
            tally.unnoticed.append(f"{path.name}, {where}")
        print(f"flips of checkpoints {tally.tried} of {n}: {path.name}, {where}", file=sys.stderr)
    return tally


def _flip(path: Path, content: bytes, draws: random.Random) -> str:
    place, bit = draws.randrange(len(content)), 1 << draws.randrange(8)
    path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
    return f"byte {place}, bit {bit}"


def _interrupt(scene: Scene) -> None:
    scene.set_up("train")
    checkpoint = scene.root / ".train.checkpoint"
    child = scene.start("train")
    while not (checkpoint / "manifest.json").exists() and child.process.poll() is None:
        pass
    child.process.kill()
    child.end()
    if not checkpoint.exists():
        raise SystemExit("the training ended before it could be interrupted")
