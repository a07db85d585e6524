"""Eigenvalues by LAPACK, as a reference for the lab's own routines. Writes test/fixtures/lab/spectrum.json. Needs numpy.

One unit of each dynamics on vectors (row vectors: a layer is s(x K + b)), linearised at one state. z, shown by the lab, is step size times
eigenvalue. growth is the spectral radius of the whole linearised unit, assembled as one matrix on the pair.
"""
import json, pathlib
import numpy as np

rng = np.random.default_rng(5)
n, h = 5, 0.3
R = lambda *shape: rng.standard_normal(shape)
s, ds = np.tanh, lambda z: 1 - np.tanh(z) ** 2
f32 = lambda a: a.astype(np.float32).astype(np.float64)
pairs = lambda values: [[float(v.real), float(v.imag)] for v in values]

def symmetric(K, b, x):  # Jacobian, acting on column vectors, of x -> s(x K + b) K'
    return K @ np.diag(ds(x @ K + b)) @ K.T

cases = {}
K1, K2, b1, b2, x = f32(R(n, n)), f32(R(n, n)), f32(0.3 * R(n)), f32(0.3 * R(n)), f32(R(2 * n))
y, w = x[:n], x[n:]
J1 = symmetric(K1, b1, w)
y1 = y + h * s(w @ K1 + b1) @ K1.T
J2 = symmetric(K2, b2, y1)
I, O = np.eye(n), np.zeros((n, n))
z = np.sqrt(-h * h * np.linalg.eigvals(J1 @ J2) + 0j)
unit = np.block([[I, O], [-h * J2, I]]) @ np.block([[I, h * J1], [O, I]])  # on (y, w)
cases["hamiltonian"] = {"params": {"kernel1": K1.tolist(), "bias1": b1.tolist(), "kernel2": K2.tolist(), "bias2": b2.tolist()}, "x": x.tolist(),
  "z": pairs(np.concatenate([z, -z])), "growth": float(np.abs(np.linalg.eigvals(unit)).max())}

K, b, x = f32(R(n, n)), f32(0.3 * R(n)), f32(R(n))
J = symmetric(K, b, x)  # leapfrog begins at rest, so that v = 0
z = np.sqrt(-h * h * np.linalg.eigvals(J) + 0j)
unit = np.block([[I, O], [I, I]]) @ np.block([[I, -h * h * J], [O, I]])  # on (v, y)
cases["leapfrog"] = {"params": {"kernel": K.tolist(), "bias": b.tolist()}, "x": x.tolist(), "z": pairs(np.concatenate([z, -z])), "growth": float(np.abs(np.linalg.eigvals(unit)).max())}

J = np.diag(ds(x @ (K - K.T) + b)) @ (K - K.T).T
unit = np.block([[O, I], [I, 2 * h * J]])  # on (previous, current)
cases["midpoint"] = {"params": {"kernel": K.tolist(), "bias": b.tolist()}, "x": x.tolist(), "z": pairs(h * np.linalg.eigvals(J)), "growth": float(np.abs(np.linalg.eigvals(unit)).max())}

damping = 0.3
A = (K - K.T - damping * I) / 2
J = np.diag(ds(x @ A + b)) @ A.T
cases["antisymmetric"] = {"params": {"kernel": K.tolist(), "bias": b.tolist()}, "x": x.tolist(), "damping": damping, "z": pairs(h * np.linalg.eigvals(J)), "growth": float(np.abs(np.linalg.eigvals(I + h * J)).max())}

matrices = []
for size in (1, 2, 3, 7, 24, 60):
    M = rng.standard_normal((size, size))
    sign, logdet = np.linalg.slogdet(M)
    matrices.append({"matrix": M.tolist(), "eigenvalues": pairs(np.linalg.eigvals(M)), "singularValues": np.linalg.svd(M, compute_uv=False).tolist(),
      "symmetricEigenvalues": np.linalg.eigvalsh(M + M.T).tolist(), "logAbsDet": float(logdet), "sign": float(sign)})
companion = np.diag(np.ones(7), -1); companion[0, 7] = 1  # a permutation: eigenvalues are roots of unity, on which unshifted QR never moves
matrices.append({"matrix": companion.tolist(), "eigenvalues": pairs(np.linalg.eigvals(companion)), "singularValues": [1.0] * 8,
  "symmetricEigenvalues": np.linalg.eigvalsh(companion + companion.T).tolist(), "logAbsDet": float(np.linalg.slogdet(companion)[1]), "sign": float(np.linalg.slogdet(companion)[0])})

file = pathlib.Path(__file__).parents[1] / "fixtures" / "lab" / "spectrum.json"
file.parent.mkdir(parents=True, exist_ok=True)
rounded = json.loads(json.dumps({"h": h, "width": n, "cases": cases, "matrices": matrices}), parse_float=lambda t: float(f"{float(t):.15g}"))
file.write_text(json.dumps(rounded) + "\n")
print(file.stat().st_size, "bytes", {k: v["growth"] for k, v in cases.items()})
