"""Searches for neighbors and for communities: what mnistae uses, compared with other libraries of a permissive license.

    pip install hnswlib usearch scikit-network
    python -m benchmarks.engines --artifacts DIR    # of `mnistae run --preset invariant`

The points are the embedding of the training images, unit vectors. Recall is the share that is found of the 30 nearest
others by all pairs, for every fiftieth image. The communities are those of mnistae's graph, their modularity that at
resolution 1.
"""

import importlib.util
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring import Contender, Table, medians, parser_of_artifacts, report, take_turns

K = 30
LATENT_DIM = 128


def engines(points: NDArray[np.float32]) -> dict[str, Callable[[], NDArray[Any]]]:
    """By name, a search of the 30 nearest others and the image itself."""
    import faiss

    from mnistae_cli.clusters.neighbors import Search

    def flat() -> NDArray[Any]:
        index = faiss.IndexFlatL2(points.shape[1])
        index.add(points)
        return np.asarray(index.search(points, K + 1)[1])

    def hnsw_of_faiss() -> NDArray[Any]:
        index = faiss.IndexHNSWFlat(points.shape[1], 16)
        index.hnsw.efConstruction, index.hnsw.efSearch = 100, 60
        index.add(points)
        return np.asarray(index.search(points, K + 1)[1])

    def hnswlib() -> NDArray[Any]:
        import hnswlib

        index = hnswlib.Index("l2", points.shape[1])
        index.init_index(len(points), ef_construction=100, M=16, random_seed=0)
        index.add_items(points)
        index.set_ef(60)
        return np.asarray(index.knn_query(points, K + 1)[0], np.int64)

    def usearch() -> NDArray[Any]:
        from usearch.index import Index

        index = Index(ndim=points.shape[1], metric="l2sq", dtype="f32", connectivity=16, expansion_search=60)
        index.add(np.arange(len(points)), points)
        return np.asarray(index.search(points, K + 1).keys, np.int64)

    found: dict[str, Callable[[], NDArray[Any]]] = {
        "faiss, all pairs": flat,
        "mnistae (faiss, cells)": lambda: Search(points).nearest_others(K).indices,
        "faiss, HNSW": hnsw_of_faiss,
    }
    others = {"hnswlib": hnswlib, "usearch": usearch}
    return found | {name: search for name, search in others.items() if importlib.util.find_spec(name)}


def recall(exact: NDArray[Any], found: NDArray[Any]) -> float:
    """The share of the nearest others that was found."""
    rows = range(0, len(exact), 50)
    hits = [len(np.intersect1d(exact[row][exact[row] != row][:K], found[row])) for row in rows]
    return float(np.mean(hits)) / K


def communities(graph: Any) -> dict[str, Callable[[], NDArray[Any]]]:
    """By name, a search of communities."""
    from mnistae_cli.clusters.communities import leiden

    found: dict[str, Callable[[], NDArray[Any]]] = {"graspologic-native (mnistae's)": lambda: leiden(graph, 1.0, 0)}
    if importlib.util.find_spec("sknetwork"):
        from sknetwork.clustering import Leiden

        found["scikit-network"] = lambda: np.asarray(Leiden(random_state=0).fit_predict(graph))
    return found


def modularity(graph: Any, groups: NDArray[Any]) -> float:
    """Σ_c [w_c / w - (d_c / w)²]."""
    from mnistae_cli.clusters.graph import links_between

    links = links_between(graph, np.asarray(groups, np.int32))
    whole = links.sum()
    return float(np.trace(links) / whole - np.square(links.sum(axis=1) / whole).sum())


def main() -> None:
    """Measure and report."""
    parser = parser_of_artifacts(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    embedding = np.load(options.artifacts / "encode" / "features_train.npy")[:, -LATENT_DIM:]
    points = np.ascontiguousarray(embedding / np.linalg.norm(embedding, axis=1, keepdims=True))
    from mnistae_cli.clusters.graph import similarity_graph

    searches = engines(points)
    exact = searches["faiss, all pairs"]()
    graph = similarity_graph(searches["mnistae (faiss, cells)"]()).links

    def contender(run: Callable[[], NDArray[Any]], quality: Callable[[NDArray[Any]], float]) -> Contender:
        def measure() -> Mapping[str, float]:
            started = perf_counter()
            found = run()
            return {"seconds": perf_counter() - started, "quality": quality(found)}

        return measure

    contenders = {name: contender(run, lambda found: recall(exact, found)) for name, run in searches.items()}
    contenders |= {
        name: contender(run, lambda found: modularity(graph, found)) for name, run in communities(graph).items()
    }
    measured = take_turns(contenders, options.rounds)
    rows = [
        [name, f"{figures['seconds']:.1f}", f"{figures['quality']:.4f}"] for name, figures in medians(measured).items()
    ]
    report("engines", measured, Table(["search", "s", "recall, or modularity"], rows), options.rounds)


if __name__ == "__main__":
    main()
