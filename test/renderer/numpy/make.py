"""Statistics over runs, computed by NumPy. Writes expected.json next to this file. Needs numpy and scipy (for Student's t)."""

import json
import pathlib

import numpy as np
from scipy import stats

rng = np.random.default_rng(7)


def describe(values):
    """Statistics of the finite values, as `sampleOf` and `bandOf` must return them."""
    finite = np.asarray([v for v in values if np.isfinite(v)], dtype=np.float64)
    n = len(finite)
    mean = np.mean(finite)
    deviation = np.std(finite, ddof=1) if n > 1 else None
    error = deviation / np.sqrt(n) if n > 1 else None
    half = stats.t.ppf(0.975, n - 1) * error if n > 1 else None
    return {
        "n": n,
        "mean": mean,
        "median": np.median(finite),
        "deviation": deviation,
        "error": error,
        "interval": [mean - half, mean + half] if n > 1 else None,
        "range": [finite.min(), finite.max()],
    }


samples = [rng.normal(size=n) for n in (1, 2, 3, 4, 5, 8, 20, 21, 200)]
samples += [1e8 + rng.normal(size=6), 1e-12 * rng.normal(size=5), np.full(7, 0.1), rng.lognormal(sigma=4, size=9)]

# Runs of unequal lengths, some of which report only every second or third step.
runs = []
for length, stride in ((40, 1), (33, 1), (40, 2), (12, 3), (1, 1)):
    steps = np.arange(stride, length + 1, stride)
    runs.append({"steps": steps.tolist(), "values": rng.normal(loc=2, size=len(steps)).tolist()})
every_step = sorted({step for run in runs for step in run["steps"]})
grouped = [
    {"step": step, **describe([dict(zip(run["steps"], run["values"]))[step] for run in runs if step in run["steps"]])}
    for step in every_step
]



def holm(p):
    """Adjusted p-values of Holm's step-down method, in the order of `p`, like R's p.adjust."""
    order = np.argsort(p, kind="stable")
    corrected = np.maximum.accumulate(np.minimum(1, (len(p) - np.arange(len(p))) * np.asarray(p)[order]))
    result = np.empty(len(p))
    result[order] = corrected
    return result.tolist()


# Each is a column of a table, whose first entry is compared with each of the others. A separate generator keeps the values above unchanged.
other = np.random.default_rng(11)
columns = [[other.normal(loc=0.9 + 0.01 * shift, scale=scale, size=n) for shift, scale, n in column] for column in (
    [(0, 0.01, 3), (-1, 0.02, 3), (-3, 0.01, 3), (0.2, 0.005, 3)],
    [(0, 0.002, 5), (-0.5, 0.004, 3), (-0.6, 0.003, 8), (-2, 0.05, 4), (-0.2, 0.002, 5)],
    [(0, 1e-9, 3), (1, 1, 30), (-0.05, 1e-3, 200)],
    [(0, 0, 3), (0, 0.01, 4)],
)]
tests = []
for first, *rest in columns:
    p = [float(stats.ttest_ind(first, sample, equal_var=False).pvalue) for sample in rest]
    tests.append({"columns": [c.tolist() for c in (first, *rest)], "p": p, "holm": holm(p)})

expected = {
    "samples": [{"values": s.tolist(), **describe(s)} for s in samples],
    "quantiles": [{"freedom": f, "value": stats.t.ppf(0.975, f)} for f in (1, 2, 3, 4, 5, 6, 7, 9, 10, 29, 30, 99, 100, 999)],
    "runs": runs,
    "grouped": grouped,
    "welch": tests,
    "holm": [{"p": p, "corrected": holm(p)} for p in ([0.01, 0.04, 0.03, 0.005], [0.5, 0.9, 0.4], [0.02, 0.02, 0.02], [0.2])],
}
text = json.dumps(expected, indent=1, default=float)
pathlib.Path(__file__).with_name("expected.json").write_text(text + "\n")
