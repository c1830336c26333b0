"""Regularised discriminant analysis.

J. H. Friedman, "Regularized Discriminant Analysis", Journal of the American Statistical Association 84 (1989),
165-175. With n_k wines of cultivar k, mean m_k and scatter S_k = sum of (x - m_k)(x - m_k)', over p measurements:

    C_k(lambda)        = ((1 - lambda) S_k + lambda S) / ((1 - lambda) n_k + lambda n),   S = sum S_k, n = sum n_k
    C_k(lambda, gamma) = (1 - gamma) C_k(lambda) + gamma tr(C_k(lambda))/p I

and a wine x goes to the cultivar with the smallest

    d_k(x) = (x - m_k)' C_k^-1 (x - m_k) + log det C_k - 2 log(n_k / n).

lambda = 0 is quadratic, lambda = 1 linear discriminant analysis (both with gamma = 0).
"""

import numpy as np


def summarise(measurements, cultivars):
    """Per cultivar: count (K), mean (K x p) and scatter (K x p x p)."""
    groups = [measurements[cultivars == k] for k in np.unique(cultivars)]
    means = [group.mean(axis=0) for group in groups]
    scatters = [(group - mean).T @ (group - mean) for group, mean in zip(groups, means, strict=True)]
    return np.array([len(group) for group in groups]), np.array(means), np.array(scatters)


def covariances(counts, scatters, lambdas, gammas):
    """C_k(lambda, gamma) for each of s settings: s x K x p x p."""
    n_k = counts[:, None, None]
    lambdas, gammas = np.reshape(lambdas, (-1, 1, 1, 1)), np.reshape(gammas, (-1, 1, 1, 1))
    pooled = (1 - lambdas) * scatters + lambdas * scatters.sum(axis=0)
    result = pooled / ((1 - lambdas) * n_k + lambdas * counts.sum())
    p = result.shape[-1]
    spherical = np.trace(result, axis1=-2, axis2=-1)[..., None, None] / p * np.eye(p)
    return (1 - gammas) * result + gammas * spherical


def discriminants(x, means, covariances, priors):
    """d_k(x): ... x K. One wine (p) under many settings, or many wines (n x 1 x p) under one."""
    away = x - means
    squared = (away * np.linalg.solve(covariances, away[..., None])[..., 0]).sum(axis=-1)
    return squared + np.linalg.slogdet(covariances).logabsdet - 2 * np.log(priors)


def classify(measurements, cultivars, x, lambdas, gammas):
    """The cultivar of the wine `x` under each setting, learnt from the other wines."""
    counts, means, scatters = summarise(measurements, cultivars)
    distances = discriminants(x, means, covariances(counts, scatters, lambdas, gammas), counts / counts.sum())
    return np.unique(cultivars)[distances.argmin(axis=-1)]
