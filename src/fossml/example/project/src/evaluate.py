"""Leave one wine out: each of the 178 wines is classified by a rule learnt from the other 177.

Usage: python src/evaluate.py lda|qda|knn1|rda
"""

import sys

import numpy as np
import rda
import wine

# The paper does not say which lambda and gamma it used, so all of these are tried (in per cent).
SETTINGS = [(lam, gam) for gam in (0, 10, 50, 100) for lam in range(0, 101, 5)]


def linear(measurements, cultivars, x):
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    return LinearDiscriminantAnalysis().fit(measurements, cultivars).predict([x])[0]


def quadratic(measurements, cultivars, x):
    from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

    return QuadraticDiscriminantAnalysis().fit(measurements, cultivars).predict([x])[0]


def nearest(measurements, cultivars, x):
    return cultivars[np.square(measurements - x).sum(axis=1).argmin()]


def regularised(measurements, cultivars, x):
    lambdas, gammas = np.transpose(SETTINGS) / 100
    return rda.classify(measurements, cultivars, x, lambdas, gammas)


CLASSIFIERS = {"lda": linear, "qda": quadratic, "knn1": nearest, "rda": regularised}


def leave_one_out(classify, measurements, cultivars):
    """How many wines are classified correctly: one count, or an array with one for each setting."""
    correct = 0
    for i in range(len(cultivars)):
        others = np.arange(len(cultivars)) != i
        correct = correct + (classify(measurements[others], cultivars[others], measurements[i]) == cultivars[i])
    return correct


def summary(correct, n):
    return {"accuracy": int(correct) / n, "correct": int(correct), "n": n}


def summary_of_settings(correct, n):
    """The best setting (the first where several are) and the accuracy of every one.

    The best was chosen on the wines it is counted on: no estimate of how it would do on others.
    """
    best = int(correct.argmax())
    lam, gam = SETTINGS[best]
    accuracies = {f"lambda {lam} %, gamma {gam} %": int(c) / n for (lam, gam), c in zip(SETTINGS, correct, strict=True)}
    return {
        **summary(correct[best], n),
        "best": {"lambda": lam / 100, "gamma": gam / 100},
        "by_setting": accuracies,
    }


def main(name):
    measurements, cultivars = wine.read("data/standardised.csv")
    correct = leave_one_out(CLASSIFIERS[name], measurements, cultivars)
    summarise = summary_of_settings if np.ndim(correct) else summary
    wine.write_json(f"metrics/{name}.json", summarise(correct, len(cultivars)))


if __name__ == "__main__":
    main(sys.argv[1])
