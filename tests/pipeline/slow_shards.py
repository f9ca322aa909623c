"""What a worker of the tests does: the real work, slow enough to be killed in the middle of it."""

import time

from mnistae_cli.stages.shards import Shard, write_shard


def write_slowly(shard: Shard) -> dict[str, str]:
    time.sleep(0.3)
    return write_shard(shard)
