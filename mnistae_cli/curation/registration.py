"""Small affine warps between images: removed by moments, and fitted to the pixels."""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
"""(M, H, W) in [0, 1]."""

DEVIATION = 5.0  # standard deviation of the ink in a canonical image, in pixels
SIDE = 20
LEAST_WIDTH = 0.35  # of the ink's height; narrower ink, such as a single stroke, is treated as this wide
STEPS = 3  # of Gauss-Newton; with more, the same pairs are near
STIFFNESS = 1e-3  # added to JᵀJ, so that a blank image can be solved
TINY = 1e-6


def canonicalize(images: Images) -> Images:
    """Center, scale and shear each image so that its ink has a fixed mean and covariance, (M, 20, 20).

    The mean of the ink's position is m and its covariance is C = L Lᵀ (Cholesky). The result at p is the image at
    m + L p / 5. Affine copies of an image then only differ by a rotation (Hu 1962, moments).

    Args:
        images: (M, H, W) float32 in [0, 1], ink brighter than the background.
    """
    height, width = images.shape[1:]
    y, x = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    rows, columns, ink = images.sum(axis=2), images.sum(axis=1), images.sum(axis=(1, 2)) + TINY
    mean = np.stack([rows @ y, columns @ x], axis=1) / ink[:, None]
    yy = rows @ y**2 / ink - mean[:, 0] ** 2
    xx = columns @ x**2 / ink - mean[:, 1] ** 2
    xy = np.einsum("mhw,h,w->m", images, y, x) / ink - mean[:, 0] * mean[:, 1]
    factor = np.zeros((len(images), 2, 2), np.float32)
    factor[:, 0, 0] = np.sqrt(np.maximum(yy, TINY))
    factor[:, 1, 0] = xy / factor[:, 0, 0]
    narrow = np.maximum(xx - factor[:, 1, 0] ** 2, TINY)
    factor[:, 1, 1] = np.maximum(np.sqrt(narrow), LEAST_WIDTH * factor[:, 0, 0])
    return sample(images, factor / DEVIATION, mean.astype(np.float32), (SIDE, SIDE))


def sample(images: Images, matrix: NDArray[np.float32], center: NDArray[np.float32], shape: tuple[int, int]) -> Images:
    """Images of `shape` whose pixel p, counted from the center, is the image at `matrix` p + `center`; bilinear.

    Args:
        images: (M, H, W); outside of them everything is 0.
        matrix: (M, 2, 2), the row comes before the column.
        center: (M, 2), in pixels of the images.
        shape: height and width of the result.
    """
    n, height, width = images.shape
    y, x = (each.ravel() for each in _positions(shape))
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(n, -1)  # a border of zeros
    at_y = np.clip(matrix[:, 0, :1] * y + matrix[:, 0, 1:] * x + center[:, :1] + 1, 0, height + 0.999)
    at_x = np.clip(matrix[:, 1, :1] * y + matrix[:, 1, 1:] * x + center[:, 1:] + 1, 0, width + 0.999)
    top, left = at_y.astype(np.int32), at_x.astype(np.int32)
    down, right = at_y - top, at_x - left
    corner = top * (width + 2) + left
    a, b, c, d = (np.take_along_axis(wide, corner + step, axis=1) for step in (0, 1, width + 2, width + 3))
    above, below = a + (b - a) * right, c + (d - c) * right
    return np.asarray((above + (below - above) * down).reshape(n, *shape), np.float32)


def registration_error(images: Images, others: Images, steps: int = STEPS) -> NDArray[np.float32]:
    """‖I∘A - O‖ / ‖O‖ for the affine warp A that makes image I most similar to O; (M,).

    Gauss-Newton steps, which start with the centers of mass at the same place (Lucas & Kanade 1981; Baker & Matthews
    2004). The error is 0 for copies, and small for slightly warped copies.

    Args:
        images: I, (M, H, W) float32 in [0, 1].
        others: O, (M, H, W) float32 in [0, 1].
        steps: number of Gauss-Newton steps.

    Returns:
        (M,) float32, at least 0.
    """
    n, *shape = images.shape
    height, width = shape
    matrix = np.tile(np.eye(2, dtype=np.float32), (n, 1, 1))
    middle = np.array([(height - 1) / 2, (width - 1) / 2], np.float32)
    center = middle + _center_of_mass(images) - _center_of_mass(others)
    gradients = _gradients(images)
    for _ in range(steps):
        difference = (sample(images, matrix, center, (height, width)) - others).reshape(n, -1)
        jacobian = _jacobian(*(sample(each, matrix, center, (height, width)) for each in gradients))
        step = _newton_step(jacobian, difference)
        matrix = matrix + step[:, [0, 1, 3, 4]].reshape(n, 2, 2)
        center = center + step[:, [2, 5]]
    return _relative((sample(images, matrix, center, (height, width)) - others).reshape(n, -1), others)


def _positions(shape: tuple[int, int]) -> NDArray[np.float32]:
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([y - (height - 1) / 2, x - (width - 1) / 2])


def _center_of_mass(images: Images) -> NDArray[np.float32]:
    ink = images.sum(axis=(1, 2)) + TINY
    y, x = (np.arange(size, dtype=np.float32) for size in images.shape[1:])
    return np.stack([images.sum(axis=2) @ y / ink, images.sum(axis=1) @ x / ink], axis=1)


def _gradients(images: Images) -> tuple[Images, Images]:
    # np.gradient needs two pixels; in one row or column nothing changes.
    down, right = (np.gradient(images, axis=axis) if images.shape[axis] > 1 else 0 * images for axis in (1, 2))
    return np.asarray(down, np.float32), np.asarray(right, np.float32)


def _jacobian(down: Images, right: Images) -> NDArray[np.float32]:
    """(M, 6, pixels): the derivatives of each pixel by the two rows of the matrix and the center."""
    n, height, width = down.shape
    y, x = (each.ravel() for each in _positions((height, width)))
    down, right = down.reshape(n, -1), right.reshape(n, -1)
    return np.stack([down * y, down * x, down, right * y, right * x, right], axis=1)


def _newton_step(jacobian: NDArray[np.float32], difference: NDArray[np.float32]) -> NDArray[np.float32]:
    """-(J Jᵀ)⁻¹ J d, (M, 6)."""
    square = jacobian @ jacobian.transpose(0, 2, 1) + STIFFNESS * np.eye(6, dtype=np.float32)
    return -np.linalg.solve(square, jacobian @ difference[..., None])[..., 0]


def _relative(difference: NDArray[np.float32], others: Images) -> NDArray[np.float32]:
    lengths = np.linalg.norm(others.reshape(len(others), -1), axis=1)
    return np.asarray(np.linalg.norm(difference, axis=1) / np.maximum(lengths, TINY), np.float32)
