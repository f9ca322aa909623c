"""Oddities added to MNIST: flipped labels, strangers, duplicates. Five draws that were not used to choose anything.

    python -m benchmarks.oddities --artifacts DIR    # of `mnistae run --dataset mnist`, with any kind of code

Flipped labels are ranked by the features of DIR, and also by pixels. Strangers are compared with the 10,000 test
images. Copies are added to both splits; warped ones are rotated by up to 4°, scaled by up to 4%, shifted by up to a
pixel.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import affine_transform
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.measuring import Table, parser_of_artifacts, report
from mnistae_cli.curation import NoveltyBaseline, Reference, find_duplicates, find_label_errors
from mnistae_cli.data import Dataset, Rows, load_dataset, load_npy, unit_scale
from mnistae_cli.networks.inference import open_network
from mnistae_cli.scores import unexplained_variance
from mnistae_cli.settings import graph_features
from mnistae_cli.store import read_stage

Bytes = NDArray[np.uint8]
DRAWS = range(5)
PLANTED = 200
COPIES = 300
SIDE = 28
CONFUSED = {4: 9, 9: 4, 3: 5, 5: 3, 7: 1, 1: 7}
TURNED = (2, 3, 4, 5, 7)  # digits that are not digits when mirrored or upside down
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZabdefghkmnpqrtwxy"


def main() -> None:
    """Measure and report."""
    parser = parser_of_artifacts(__doc__)
    parser.add_argument("--usps", type=Path, help="usps.npz, for one more kind of strangers")
    parser.add_argument("--only", default="labels,strangers,duplicates")
    options = parser.parse_args()
    data = load_dataset("mnist", os.environ.get("MNISTAE_DATA_DIR"))
    measured: dict[str, list[float]] = {}
    for name in options.only.split(","):
        for figure, values in MEASURES[name](data, options.artifacts, options.usps):
            measured[figure] = values
            print(figure, values, file=sys.stderr)
    rows = [[name, f"{mean(each):.4f}", f"{min(each):.4f}"] for name, each in measured.items()]
    report("oddities", measured, Table(["", "mean", "worst"], rows), len(DRAWS))


def _labels(data: Dataset, artifacts: Path, usps: Path | None) -> Iterator[tuple[str, list[float]]]:
    train = read_stage(artifacts, "train")
    assert train
    assert data.train.labels is not None
    assert data.test.labels is not None
    columns = graph_features(train.manifest.config)
    features = np.concatenate([load_npy(artifacts / "encode" / f"features_{each}.npy") for each in ("train", "test")])
    pixels = np.concatenate([unit_scale(images.pixels.load()).reshape(-1, SIDE**2) for _, images in data.splits()])
    labels = np.concatenate([data.train.labels, data.test.labels])
    n = len(data.train.labels)
    for name, flip in (
        ("1% flipped", _flipped(0.01)),
        ("5% flipped", _flipped(0.05)),
        ("1% confused", _confused(0.01)),
    ):
        for what, shown in (("features", features[:, columns]), ("pixels", pixels)):
            precisions = []
            for draw in DRAWS if what == "features" else DRAWS[:1]:
                given = labels.copy()
                given[:n] = flip(labels[:n], np.random.default_rng([draw, 1]))
                found = find_label_errors(shown, given, seed=draw)
                precisions.append(float(average_precision_score(given[:n] != labels[:n], -found.quality[:n])))
            yield f"labels, {name}, by {what}: average precision", precisions


def _flipped(share: float) -> Callable[[Bytes, np.random.Generator], Bytes]:
    def flip(labels: Bytes, rng: np.random.Generator) -> Bytes:
        chosen = rng.choice(len(labels), round(share * len(labels)), replace=False)
        flipped = labels.copy()
        flipped[chosen] = (labels[chosen] + rng.integers(1, 10, len(chosen))) % 10
        return flipped

    return flip


def _confused(share: float) -> Callable[[Bytes, np.random.Generator], Bytes]:
    def flip(labels: Bytes, rng: np.random.Generator) -> Bytes:
        chosen = rng.choice(np.flatnonzero(np.isin(labels, list(CONFUSED))), round(share * len(labels)), replace=False)
        flipped = labels.copy()
        flipped[chosen] = [CONFUSED[int(each)] for each in labels[chosen]]
        return flipped

    return flip


def _strangers(data: Dataset, artifacts: Path, usps: Path | None) -> Iterator[tuple[str, list[float]]]:
    train = read_stage(artifacts, "train")
    assert train
    encoder, decoder = (open_network(artifacts / "train" / f"{name}.onnx") for name in ("encoder", "decoder"))
    columns = graph_features(train.manifest.config)
    reference = Reference.from_features(Rows.open(artifacts / "encode" / "features_train.npy"), columns)
    usual = NoveltyBaseline(*load_npy(artifacts / "encode" / "novelty.npy"))

    def novelty(images: Bytes) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        batch = unit_scale(images)
        features = encoder(batch)
        found = usual.compare(reference.distances(features), unexplained_variance(batch, decoder(features)))
        return found.novelty, found.strange

    assert data.test.labels is not None
    test = np.asarray(data.test.pixels.load(), np.uint8)
    digits, alarms = novelty(test)
    areas: dict[str, list[float]] = {}
    for draw in DRAWS:
        for kind, images in _kinds(test, data.test.labels, usps, np.random.default_rng([draw, 2])).items():
            odd, strange = novelty(images)
            truth = np.r_[np.zeros(len(digits)), np.ones(len(odd))]
            areas.setdefault(f"{kind}: AUROC", []).append(float(roc_auc_score(truth, np.r_[digits, odd])))
            areas.setdefault(f"{kind}: called strangers", []).append(float(strange.mean()))
    yield "test digits called strangers", [float(alarms.mean())]
    for name, each in areas.items():
        yield f"strangers, {name}", each


def _kinds(test: Bytes, labels: Bytes, usps: Path | None, rng: np.random.Generator) -> dict[str, Bytes]:
    shape = (PLANTED, SIDE, SIDE)
    turned = test[rng.choice(np.flatnonzero(np.isin(labels, TURNED)), PLANTED, replace=False)]
    kinds = {
        "noise": rng.integers(0, 256, shape).astype(np.uint8),
        "blank paper": rng.normal(rng.uniform(0, 255, (PLANTED, 1, 1)), 2, shape).clip(0, 255).astype(np.uint8),
        "letters of fonts": np.stack([_letter(rng) for _ in range(PLANTED)]),
        "clothes": np.stack([_clothing(i % 4, rng) for i in range(PLANTED)]),
        "digits upside down": turned[:, ::-1],
        "digits mirrored": turned[:, :, ::-1],
    }
    if usps:
        with np.load(usps) as file:
            chosen = file["x_test"][rng.choice(len(file["x_test"]), PLANTED, replace=False)]
        pictures = [Image.fromarray(np.round(each * 255).astype(np.uint8)) for each in chosen]
        kinds["USPS at 28 pixels"] = np.stack([np.asarray(each.resize((SIDE, SIDE))) for each in pictures])
    return kinds


def _letter(rng: np.random.Generator) -> Bytes:
    fonts = sorted(Path(matplotlib.get_data_path(), "fonts", "ttf").glob("DejaVu*.ttf"))
    font = ImageFont.truetype(fonts[rng.integers(len(fonts))], 22)
    letter = LETTERS[rng.integers(len(LETTERS))]
    picture = Image.new("L", (SIDE, SIDE))
    left, top, right, bottom = ImageDraw.Draw(picture).textbbox((0, 0), letter, font=font)
    ImageDraw.Draw(picture).text(((SIDE - right - left) / 2, (SIDE - bottom - top) / 2), letter, 255, font=font)
    return np.asarray(picture)


def _clothing(kind: int, rng: np.random.Generator) -> Bytes:
    """The outline of a shirt, trousers, a bag or a shoe, filled with gray."""
    picture, j = Image.new("L", (112, 112)), rng.integers(-6, 7, 4).tolist()
    draw, gray = ImageDraw.Draw(picture), int(rng.integers(120, 256))
    if kind == 0:
        edge = [(20 + j[0], 20), (40, 12), (72, 12), (92 + j[1], 20), (104, 50 + j[2]), (90, 54), (84, 40)]
        draw.polygon([*edge, (84, 102 + j[3]), (28, 102), (28, 40), (22, 54), (8, 50)], fill=gray)
    elif kind == 1:
        legs = [(62, 106), (56, 40 + j[1]), (50, 106)]
        draw.polygon([(34 + j[0], 6), (78, 6), (86 + j[2], 106), *legs, (26 + j[3], 106)], fill=gray)
    elif kind == 2:
        draw.rectangle([14 + j[0], 44 + j[1], 98, 100], fill=gray)
        draw.arc([36, 14, 76, 70], 180, 360, fill=gray, width=6)
    else:
        draw.polygon(
            [(6, 60 + j[0]), (40, 50), (52, 34 + j[1]), (74, 60), (104 + j[2], 74), (106, 92), (6, 92)], fill=gray
        )
    small = np.asarray(picture.resize((SIDE, SIDE))).astype(float)
    return (small * rng.normal(1, 0.08, small.shape)).clip(0, 255).astype(np.uint8)


def _duplicates(data: Dataset, artifacts: Path, usps: Path | None) -> Iterator[tuple[str, list[float]]]:
    images = np.concatenate([np.asarray(images.pixels.load(), np.uint8) for _, images in data.splits()])
    recalls: dict[str, list[float]] = {"exact recall": [], "warped recall": [], "precision": []}
    for draw in DRAWS:
        rng = np.random.default_rng([draw, 3])
        mixed, planted = with_copies(images, rng)
        found = find_duplicates(mixed, rng.random(len(mixed)) < 1 / 7)
        pairs = {frozenset(pair) for pair in zip(found.images.tolist(), found.originals.tolist(), strict=True)}
        recalls["exact recall"].append(mean(pair in pairs for pair in planted[:COPIES]))
        recalls["warped recall"].append(mean(pair in pairs for pair in planted[COPIES:]))
        recalls["precision"].append(len(pairs & set(planted)) / len(pairs))
    for name, each in recalls.items():
        yield f"duplicates, {name}", each


def with_copies(images: Bytes, rng: np.random.Generator) -> tuple[Bytes, list[frozenset[int]]]:
    """The images and 600 copies in a random order; and the pairs of an image and its copy, 300 exact, 300 warped."""
    sources = rng.choice(len(images), 2 * COPIES, replace=False)
    copies = np.concatenate([images[sources[:COPIES]], [_warped(images[i], rng) for i in sources[COPIES:]]])
    order = rng.permutation(len(images) + len(copies))
    place = np.argsort(order)
    planted = [frozenset((int(place[i]), int(place[len(images) + k]))) for k, i in enumerate(sources)]
    return np.concatenate([images, copies])[order], planted


def _warped(image: Bytes, rng: np.random.Generator) -> Bytes:
    turn, scale = np.deg2rad(rng.uniform(-4, 4)), 1 + rng.uniform(-0.04, 0.04)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) / scale
    middle = np.full(2, (SIDE - 1) / 2)
    warped = affine_transform(image.astype(float), matrix, middle - matrix @ middle + rng.uniform(-1, 1, 2), order=1)
    return np.asarray(warped.round().clip(0, 255), np.uint8)


MEASURES = {"labels": _labels, "strangers": _strangers, "duplicates": _duplicates}

if __name__ == "__main__":
    main()
