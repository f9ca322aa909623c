"""Read every picture below a folder into one array, as a tutorial would: a loop with Pillow."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

images = np.stack([np.asarray(Image.open(path).convert("L")) for path in sorted(Path(sys.argv[1]).rglob("*.png"))])
print(images.shape, int(images.sum(dtype=np.int64)))
