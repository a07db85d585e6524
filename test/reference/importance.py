"""Out-of-bag permutation importance of scikit-learn's forests, float64.  Writes test/fixtures/importance.json.  Needs numpy, scikit-learn.
Bagged trees that consider every feature at every split (the default of RandomForestRegressor). Importance of a feature: the increase of
the mean squared error on a tree's out-of-bag rows when the feature is permuted among them, averaged over trees and divided by the
variance of y."""
import json, pathlib
import numpy as np
from sklearn.ensemble import RandomForestRegressor

rng = np.random.default_rng(3)
n = 60
x = np.column_stack([rng.uniform(-2, 0, n), rng.choice([0.1, 0.3, 1.0], n), rng.integers(0, 2, n).astype(float), rng.uniform(0, 1, n)])
y = 0.5 + 0.2 * x[:, 0] - 0.1 * (x[:, 1] - 0.3) ** 2 + 0.05 * x[:, 2] + 0.01 * rng.standard_normal(n)
trees = 4000
forest = RandomForestRegressor(n_estimators=trees, random_state=1).fit(x, y)
rises = np.zeros(x.shape[1])
for tree, seen in zip(forest.estimators_, forest.estimators_samples_):
    out = np.setdiff1d(np.arange(n), seen)
    before = np.mean((tree.predict(x[out]) - y[out]) ** 2)
    for feature in range(x.shape[1]):
        moved = x[out].copy()
        moved[:, feature] = rng.permutation(moved[:, feature])
        rises[feature] += np.mean((tree.predict(moved) - y[out]) ** 2) - before
importance = (rises / trees / np.var(y)).tolist()
print(importance)
target = pathlib.Path(__file__).parent.parent / "fixtures" / "importance.json"
target.write_text(json.dumps({"x": x.tolist(), "y": y.tolist(), "importance": importance}))
