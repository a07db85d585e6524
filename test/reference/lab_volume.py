"""Volume conservation (Unterthiner & Hochreiter 2016, abstract): golden values, float64.  Writes test/fixtures/lab/volume.json.  Needs numpy, torch.
Log-determinants of the map of one unit on its actual state (row vectors, s = tanh, dense kernels):
  plain        y -> s(y K + b)                 sum log s' + log|det K|
  resnet/euler y -> y + h s(y K + b)           log|det(I + h K diag(s'))|
  hamiltonian  (y, z) -> y += h s(z K1 + b1) K1';  z -= h s(y K2 + b2) K2'          0
  verlet       (z, y) -> z -= h s(y K' + b);  y += h s(z K + b)                     0 (volume only: not symplectic)
  midpoint     (p, y) -> (y, p + 2h s(y (K - K') + b))                              log|.| = 0, sign (-1)^n
  leapfrog     (v, y) -> v -= h^2 s(y K + b) K';  y += v                            0
  revnet       additive coupling                                                    0
  highway      y -> t s(y K + b) + (1 - t) y,  t = sigmoid(y T + c)                 no closed form
Drift of a layer: mean over features and examples of y[j+1] - y[j] (bias shift), and the ratio of root mean squares."""
import json, pathlib
import numpy as np, torch
torch.set_num_threads(1); torch.set_default_dtype(torch.float64); out = {}
def check(name, a, b, tol):
    err = float(np.max(np.abs(np.asarray(a) - np.asarray(b)))); print(f"{'ok ' if err <= tol else 'BAD'} {name}: {err:.1e}"); assert err <= tol, name
g = torch.Generator().manual_seed(21); n, h = 4, 0.3
R = lambda *s: torch.randn(*s, generator=g)
K, K2, T = R(n, n) / n**0.5, R(n, n) / n**0.5, R(n, n) / n**0.5; b, b2, c = 0.2 * R(n), 0.2 * R(n), 0.2 * R(n) - 1
s, I = torch.tanh, torch.eye(n)
def pair(f): return lambda v: torch.cat(f(v[:n], v[n:]))
def ham(y, z): y = y + h * s(z @ K + b) @ K.T; return y, z - h * s(y @ K2 + b2) @ K2.T
def ver(z, y): z = z - h * s(y @ K.T + b); return z, y + h * s(z @ K + b)
def mid(p, y): return y, p + 2 * h * s(y @ (K - K.T) + b)
def lea(v, y): v = v - h * h * s(y @ K + b) @ K.T; return v, y + v
def rev(x1, x2): y1 = x1 + s(x2 @ K + b) @ K2; return y1, x2 + s(y1 @ K2 + b2) @ K
maps = {"plain": (n, lambda y: s(y @ K + b)), "euler": (n, lambda y: y + h * s(y @ K + b)), "antisymmetric": (n, lambda y: y + h * s(y @ (0.5 * (K - K.T - 0.2 * I)) + b)),
  "highway": (n, lambda y: torch.sigmoid(y @ T + c) * s(y @ K + b) + (1 - torch.sigmoid(y @ T + c)) * y),
  "hamiltonian": (2 * n, pair(ham)), "verlet": (2 * n, pair(ver)), "midpoint": (2 * n, pair(mid)), "leapfrog": (2 * n, pair(lea)), "revnet": (2 * n, pair(rev))}
x = {d: R(d) for d in (n, 2 * n)}; rows = {}
for name, (d, f) in maps.items():
    J = torch.autograd.functional.jacobian(f, x[d]); sign, ld = torch.linalg.slogdet(J)
    Jf = torch.stack([(f(x[d] + e) - f(x[d] - e)) / 2e-6 for e in 1e-6 * torch.eye(d)], 1); check(f"{name} jacobian", J, Jf, 1e-8)
    sv = torch.linalg.svdvals(J); check(f"{name} logdet = sum log singular values", [ld.item()], [sv.log().sum().item()], 1e-12)
    if d == 2 * n: check(f"{name} conserves volume", [ld.item()], [0.0], 1e-13)
    rows[name] = {"sign": int(sign.item()), "logAbsDet": ld.item(), "largestSingularValue": sv[0].item(), "smallestSingularValue": sv[-1].item(), "output": f(x[d]).tolist()}
yK = x[n] @ K + b; sp = 1 - s(yK) ** 2
check("plain closed form", [rows["plain"]["logAbsDet"]], [(sp.log().sum() + torch.linalg.slogdet(K)[1]).item()], 1e-12)
check("euler closed form", [rows["euler"]["logAbsDet"]], [torch.linalg.slogdet(I + h * K @ torch.diag(sp))[1].item()], 1e-12)
Om = torch.zeros(2 * n, 2 * n); Om[:n, n:] = I; Om[n:, :n] = -I
for name in ("hamiltonian", "verlet", "leapfrog"):
    J = torch.autograd.functional.jacobian(maps[name][1], x[2 * n]); e = (J.T @ Om @ J - Om).abs().max().item(); rows[name]["symplecticDefect"] = e; print(name, "J' Om J - Om:", e); assert (e < 1e-13) == (name != "verlet")  # verlet of a bare s(z K + b) keeps volume but is not symplectic: its force is no gradient
J = torch.autograd.functional.jacobian(maps["revnet"][1], x[2 * n]); rows["revnet"]["symplecticDefect"] = (J.T @ Om @ J - Om).abs().max().item(); print("revnet J' Om J - Om:", rows["revnet"]["symplecticDefect"], "(volume only)")
out["unit"] = {"h": h, "gamma": 0.2, "K": K.tolist(), "K2": K2.tolist(), "T": T.tolist(), "b": b.tolist(), "b2": b2.tolist(), "c": c.tolist(), "x4": x[n].tolist(), "x8": x[2 * n].tolist(), "maps": rows}

# through depth: 40 units of width 4 (pairs: 4 + 4), new kernels in each unit; cumulative log-determinant, drift, gain of the largest singular value
depth = {}
Ks = [R(n, n) / n**0.5 for _ in range(40)]; bs = [0.2 * R(n) for _ in range(40)]; X = R(16, n)
for name, step in (("plain", lambda Y, k, bb: s(Y @ k + bb)), ("euler", lambda Y, k, bb: Y + h * s(Y @ k + bb)), ("relu-residual", lambda Y, k, bb: Y + h * torch.relu(Y @ k + bb))):
    Y = X; tot = torch.zeros(16); rms = [X.square().mean().sqrt().item()]; dr = []; lds = [0.0]
    for k, bb in zip(Ks, bs):
        Js = torch.stack([torch.autograd.functional.jacobian(lambda y: step(y, k, bb), y) for y in Y]); tot = tot + torch.linalg.slogdet(Js)[1]
        Yn = step(Y, k, bb); dr.append((Yn - Y).mean().item()); rms.append(Yn.square().mean().sqrt().item()); Y = Yn; lds.append(tot.mean().item())
    # the whole map at once, for the first example
    def whole(y):
        for k, bb in zip(Ks, bs): y = step(y, k, bb)
        return y
    Jw = torch.autograd.functional.jacobian(whole, X[0])
    if name != "plain": check(f"{name}: sum of units = whole map", [tot[0].item()], [torch.linalg.slogdet(Jw)[1].item()], 1e-9)
    depth[name] = {"meanLogAbsDet": lds, "drift": dr, "rms": rms}; print(name, "log|det| after 40:", lds[-1], "rms", rms[0], "->", rms[-1], "sum of drift", sum(dr))
for name, f in (("verlet", lambda z, y, k, bb: (lambda zz: (zz, y + h * s(zz @ k + bb)))(z - h * s(y @ k.T + bb))),):
    def whole(v):
        z, y = v[:n], v[n:]
        for k, bb in zip(Ks, bs): z, y = f(z, y, k, bb)
        return torch.cat([z, y])
    J = torch.autograd.functional.jacobian(whole, torch.cat([torch.zeros(n), X[0]])); ld = torch.linalg.slogdet(J)[1].item(); check("verlet 40 units", [ld], [0], 1e-9)
    Y, Z = X, torch.zeros_like(X); rms = [X.square().mean().sqrt().item()]; dr = []
    for k, bb in zip(Ks, bs): Z, Yn = f(Z, Y, k, bb); dr.append((Yn - Y).mean().item()); Y = Yn; rms.append(Y.square().mean().sqrt().item())
    depth[name] = {"logAbsDetWhole": ld, "largestSingularValueWhole": torch.linalg.svdvals(J)[0].item(), "drift": dr, "rms": rms}; print("verlet largest singular value of the whole map", depth[name]["largestSingularValueWhole"])
out["depth"] = {"kernels": [k.tolist() for k in Ks], "biases": [v.tolist() for v in bs], "X": X.tolist(), "h": h, "runs": depth}

# estimate for large states: log det(I + h A) by exact products with A; Hutchinson with Rademacher probes of the power series (|hA| < 1)
A = (K @ torch.diag(sp)).T; M = h * A; exact = torch.linalg.slogdet(I + M)[1].item()
full = sum(((-1) ** (k + 1) / k) * torch.trace(torch.linalg.matrix_power(M, k)).item() for k in range(1, 60)); check("power series", [full], [exact], 1e-12)
pr = torch.Generator().manual_seed(1); V = (torch.randint(0, 2, (4000, n), generator=pr) * 2 - 1).double(); est = torch.zeros(4000); W = V
for k in range(1, 31): W = W @ M.T; est = est + ((-1) ** (k + 1) / k) * (W * V).sum(1)
se = (est.std() / 4000**0.5).item(); print("hutchinson", est.mean().item(), "+-", se, "exact", exact); assert abs(est.mean().item() - exact) < 4 * se
out["estimate"] = {"exact": exact, "spectralNormOfhA": torch.linalg.svdvals(M)[0].item(), "hutchinsonMean4000": est.mean().item(), "standardError": se}
(pathlib.Path(__file__).parents[1] / "fixtures" / "lab" / "volume.json").write_text(json.dumps(out))
