"""How far one set of sounds is from another, by what an ear makes of each sound.

``reference`` and ``heard`` are embeddings ``[n, dim]`` and ``[m, dim]``, float64 inside. The numbers mean something
only beside others of the same embedding, the same levelling and the same windows: they compare nothing with papers.
What a number is worth is told by :mod:`engine.metrics.trust`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.errors import BadUsage

FD_ROWS_PER_DIM = 5
"""A Fréchet distance needs so many sounds for each number of the embedding: below, its bias drowns what it measures."""
_KL_FLOOR = 1e-6


def kad(reference: Tensor, heard: Tensor) -> float:
    """The kernel audio distance (arXiv 2502.15602), times 100: an unbiased squared MMD with a Gaussian kernel.

    The kernel is as wide as the middle distance between two of the reference. Sets of one kind come out around 0, also
    below it. Raises :class:`BadUsage` for sets of fewer than two sounds.
    """
    if min(len(reference), len(heard)) < 2:
        raise BadUsage("A distance between sets needs two sounds in each of them.")
    return _kad(reference.double(), heard.double(), kernel_width(reference))


def kernel_width(reference: Tensor) -> float:
    """The middle of all distances between two different rows (the lower one of two middles)."""
    x = reference.double()
    rows, columns = torch.triu_indices(len(x), len(x), 1)
    return float(torch.cdist(x, x)[rows, columns].median())


def _kad(x: Tensor, y: Tensor, width: float) -> float:
    def kernel(a: Tensor, b: Tensor) -> Tensor:
        return torch.exp(-torch.cdist(a, b).square() / (2.0 * width * width + 1e-8))

    def within(a: Tensor) -> Tensor:
        k = kernel(a, a)
        return (k.sum() - k.diagonal().sum()) / (len(a) * (len(a) - 1))

    return 100.0 * float(within(x) + within(y) - 2.0 * kernel(x, y).mean())


def fd(reference: Tensor, heard: Tensor) -> float:
    """The Fréchet distance of two normal distributions fitted to the sets (arXiv 1812.08466).

    ``|mu_r - mu_h|^2 + tr(S_r + S_h - 2 (S_r S_h)^(1/2))``. Raises :class:`BadUsage` when a set has fewer than
    :data:`FD_ROWS_PER_DIM` rows for each dimension.
    """
    dim, fewest = reference.shape[1], min(len(reference), len(heard))
    if fewest < FD_ROWS_PER_DIM * dim:
        raise BadUsage(f"{fewest} sounds are too few for a Fréchet distance in {dim} dimensions.")
    return fd_of_any(reference, heard)


def fd_of_any(reference: Tensor, heard: Tensor) -> float:
    """The same of sets of any size: for the spread of a distance, whose bias then does not count."""
    x, y = reference.double(), heard.double()
    one, other = torch.cov(x.T), torch.cov(y.T)
    # The trace of the root of a product of two such matrices is the sum of the roots of its eigenvalues.
    roots = torch.linalg.eigvals(one @ other).real.clamp(min=0.0).sqrt().sum()
    means = (x.mean(0) - y.mean(0)).square().sum()
    return float(means + one.trace() + other.trace() - 2.0 * roots)


def inception_score(probabilities: Tensor) -> float:
    """``exp(E KL(p(class | sound) | p(class)))`` of ``[n, classes]`` (arXiv 1606.03498): 1 to the number of classes."""
    p = probabilities.double().clamp(min=1e-12)
    return float((p * (p / p.mean(0)).log()).sum(1).mean().exp())


def paired_kl(reference: Tensor, heard: Tensor) -> float:
    """The mean of ``sum p_r log(p_r / p_h)`` over pairs of class probabilities ``[n, classes]``: the recording that a
    text belongs to, and what was made of that text."""
    p, q = reference.double(), heard.double()
    return float((p * ((p + 1e-12) / (q + _KL_FLOOR)).log()).sum(1).mean())
