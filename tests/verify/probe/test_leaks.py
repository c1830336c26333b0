"""What is fitted before data is split, told from the syntax tree alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.verify.probe.leaks import in_file

HEAD = (
    "import numpy as np, pandas as pd\nfrom sklearn.all import *\n"
    "df = pd.read_csv('x.csv')\nX = df.drop(columns=['y'])\ny = df['y']\n"
)
SPLIT = "a, b, c, d = train_test_split(X, y, random_state=0)\n"
MODEL = "m = Model().fit(a, c)\nprint(m.score(b, d))\n"

BAD = {
    "fit_transform": "X = StandardScaler().fit_transform(X)\n" + SPLIT,
    "two steps": "s = MinMaxScaler()\ns.fit(X)\nX = s.transform(X)\n" + SPLIT,
    "another name": (
        "pca = PCA(5)\nZ = pca.fit_transform(X)\nX2 = np.hstack([Z, Z])\na, b, c, d = train_test_split(X2, y)\n"
    ),
    "feature selection": "sel = SelectKBest(f_classif, k=10)\nX = sel.fit_transform(X, y)\n" + SPLIT,
    "oversampling": "X, y = SMOTE().fit_resample(X, y)\n" + SPLIT,
    "target encoding": "df['city'] = TargetEncoder().fit_transform(df[['city']], y)\nX = df.drop('y', axis=1)\n"
    + SPLIT,
    "inside the call": "a, b, c, d = train_test_split(StandardScaler().fit_transform(X), y)\n",
    "cross validation": "X = StandardScaler().fit_transform(X)\nscores = cross_val_score(Model(), X, y)\n",
    "folds": "X = SelectKBest(k=3).fit_transform(X, y)\nfor i, j in StratifiedKFold(5).split(X, y):\n    pass\n",
    "named folds": "kf = KFold(5)\nX = SelectKBest(k=3).fit_transform(X, y)\nfor i, j in kf.split(X):\n    pass\n",
    "by hand": "X = (X - X.mean(axis=0)) / X.std(axis=0)\n" + SPLIT,
    "by hand with names": "mu = X.mean(axis=0)\nsd = X.std(axis=0)\nX = (X - mu) / sd\n" + SPLIT,
    "numpy, slices": "X = (X - np.mean(X, 0)) / np.std(X, 0)\ntrain = X[:80]\ntest = X[80:]\n",
    "correlation": "r = [abs(np.corrcoef(X[:, j], y)[0, 1]) for j in range(9)]\n"
    "keep = np.argsort(r)[-5:]\nX = X[:, keep]\n" + SPLIT,
    "in a function": "def main(X, y):\n    X = StandardScaler().fit_transform(X)\n    return train_test_split(X, y)\n",
    "text": "X = TfidfVectorizer(max_features=9).fit_transform(df['text'])\n" + SPLIT,
    "a column set after": "X = (X - X.mean()) / X.std()\nX['target'] = y\na, b = train_test_split(X)\n",
    "scaled, a column set after": (
        "df[:] = StandardScaler().fit_transform(df)\ndf['t'] = y\na, b = train_test_split(df)\n"
    ),
    "in a helper": (
        "def scaled(frame):\n    return pd.DataFrame(StandardScaler().fit_transform(frame), columns=frame.columns)\n"
        "X = scaled(X)\nX['target'] = y\na, b = train_test_split(X)\n"
    ),
    "index arrays": "X = StandardScaler().fit_transform(X)\na = X[train_idx]\nb = X[test_idx]\n",
}
GOOD = {
    "split first": SPLIT + "s = StandardScaler()\na = s.fit_transform(a)\nb = s.transform(b)\n" + MODEL,
    "pipeline": "p = make_pipeline(StandardScaler(), SelectKBest(k=3), Model())\nscores = cross_val_score(p, X, y)\n",
    "fit on train": "X_train, X_test, c, d = train_test_split(X, y)\nX_train = PCA(3).fit_transform(X_train)\n",
    "train by name": (
        "train_df = pd.read_csv('train.csv')\nF = StandardScaler().fit_transform(train_df)\n"
        "a, v = train_test_split(F)\n"
    ),
    "label encoder": "y = LabelEncoder().fit_transform(y)\n" + SPLIT,
    "one hot": "X = OneHotEncoder().fit_transform(X)\n" + SPLIT,
    "a constant": "X = X / 255.0\n" + SPLIT,
    "printed": "print(X.mean(), X.std())\nm = X.mean()\n" + SPLIT,
    "labels moved": "y = y - y.min()\n" + SPLIT,
    "a row filter": "m = df['a'].mean()\ndf = df[df['a'] > m]\n" + SPLIT,
    "manual, on train": "a, b = X[:80], X[80:]\nmu = a.mean(0)\na = a - mu\nb = b - mu\n",
    "a helper on train": (
        "def scaled(frame):\n    return StandardScaler().fit_transform(frame)\n"
        + SPLIT
        + "a = scaled(a)\nb = scaled(b)\n"
    ),
    "no split": "X = StandardScaler().fit_transform(X)\nKMeans(3).fit(X)\n",
    "the model's fit": "m = Model().fit(X, y)\np = m.predict(X)\n" + SPLIT,
    "two functions": (
        "def prepare(X):\n    return StandardScaler().fit_transform(X)\n"
        "\ndef split(X, y):\n    return train_test_split(X, y)\n"
    ),
    "clustering for a picture": "Z = PCA(2).fit_transform(X)\nplot(Z)\n" + SPLIT,
    "after the split, the same name": SPLIT + "X = a\nX = StandardScaler().fit_transform(X)\n",
}


def found(tmp_path: Path, text: str) -> list[tuple[int | None, int | None]]:
    (tmp_path / "train.py").write_text(HEAD + text)
    leaks, _, _ = in_file(tmp_path, "train.py")
    return [(leak.fit.line, leak.split.line if leak.split else None) for leak in leaks]


@pytest.mark.parametrize("name", BAD)
def test_what_is_fitted_before_the_split_is_found(name: str, tmp_path: Path) -> None:
    lines = found(tmp_path, BAD[name])
    assert lines
    assert all(fit is not None and split is not None and 5 < fit <= split for fit, split in lines)


@pytest.mark.parametrize("name", GOOD)
def test_what_is_fitted_on_training_rows_is_not(name: str, tmp_path: Path) -> None:
    assert found(tmp_path, GOOD[name]) == []


@pytest.mark.parametrize("text", ["", "def (", "x = [\n", "\0", "a[b:c, d]\n" * 50, "f(" * 300])
def test_no_source_is_too_odd(text: str, tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(text)
    assert in_file(tmp_path, "train.py")[0] == []
