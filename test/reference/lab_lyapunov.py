"""Lyapunov stability of residual networks (Nar & Sastry 2018): golden values, float64.  Writes test/fixtures/lab/lyapunov.json.  Needs numpy, torch.
Gradient descent w <- w - delta grad f(w); a minimum w* is a stable equilibrium iff delta <= 2 / lambda_max(Hessian at w*).
Scalar chain f = (prod_i p_i - lambda)^2 / 2 with p_i = w_i (plain) or 1 + w_i (residual): at a minimum the Hessian is v v',
  v_i = lambda / p_i,  so lambda_max = lambda^2 sum_i p_i^-2,  delta_max = 2 / (lambda^2 sum p_i^-2) <= 2 / (L lambda^(2 - 2/L)) (equality: all |p_i| equal).
Linear layers f = |W_L...W_1 - R|_F^2 / 2 (whitened input): at a minimum lambda_max is that of X -> sum_i (P_i P_i') X (Q_i' Q_i),
  P_i = W_L...W_i+1, Q_i = W_i-1...W_1."""
import json, math, pathlib
import numpy as np, torch
torch.set_num_threads(1); torch.set_default_dtype(torch.float64); out = {}
def check(name, a, b, tol):
    err = float(np.max(np.abs(np.asarray(a) - np.asarray(b))) / max(1e-300, np.max(np.abs(np.asarray(b))))); print(f"{'ok ' if err <= tol else 'BAD'} {name}: {err:.1e}"); assert err <= tol, name
def grad(p, lam):  # of the chain, by p; products without the factor itself, no division
    L = len(p); pre = np.concatenate([[1], np.cumprod(p)[:-1]]); suf = np.concatenate([np.cumprod(p[::-1])[::-1][1:], [1]]); return (np.prod(p) - lam) * pre * suf

# 1. scalar chains: closed form against autograd; predicted against observed step of escape
rows = []
for L, lam, spread in ((2, 2.0, 0.0), (5, 3.0, 0.0), (5, 3.0, 0.6), (10, 0.5, 0.3), (20, 4.0, 0.2)):
    q = np.exp(spread * np.random.default_rng(L).standard_normal(L)); p = q * (lam / np.prod(q)) ** (1 / L)
    H = torch.autograd.functional.hessian(lambda v: 0.5 * (v.prod() - lam) ** 2, torch.tensor(p)); ev, V = np.linalg.eigh(H.numpy())
    lm = lam**2 * float((p**-2.0).sum()); check(f"lambda_max L={L}", [ev[-1]], [lm], 1e-12); dmax = 2 / lm; best = 2 / (L * lam ** (2 - 2 / L)); assert dmax <= best * (1 + 1e-12)
    obs = []
    for ratio in (0.9, 1.02, 1.1, 1.3):
        d = ratio * dmax; e0 = 1e-8; w = p + e0 * V[:, -1]; mu = abs(1 - d * lm); k, dist = 0, e0
        while k < 20000 and dist < 1e-5 and dist > 1e-12: w = w - d * grad(w, lam); k += 1; dist = abs((w - p) @ V[:, -1])
        pred = math.log(1e3 if mu > 1 else 1e-4) / math.log(mu); obs.append({"ratio": ratio, "delta": d, "multiplier": mu, "predictedSteps": pred, "observedSteps": k, "left": bool(dist >= 1e-5)})
        assert abs(k - pred) <= 1.5 + 0.002 * pred, (L, ratio, k, pred); assert (dist >= 1e-5) == (ratio > 1)
    rows.append({"L": L, "lambda": lam, "p": p.tolist(), "lambdaMax": lm, "deltaMax": dmax, "deltaMaxBalanced": best, "escape": obs}); print(L, lam, "delta_max", dmax, [(o["ratio"], round(o["predictedSteps"], 1), o["observedSteps"]) for o in obs])
out["chains"] = rows

# 2. what happens after an escape: not always divergence (L = 2, lambda = 2; start beside the balanced minimum)
after = []
for ratio in (1.02, 1.1, 1.3, 2.5):
    L, lam = 2, 2.0; p = np.full(2, lam**0.5); d = ratio * 2 / (lam**2 * 2 / lam); w = p + 1e-8 * np.array([1, 0.5]); kind = "bounded"; trace = []
    for k in range(20000):
        w = w - d * grad(w, lam)
        if not np.isfinite(w).all() or np.abs(w).max() > 1e6: kind = "diverged"; break
        if k >= 19990: trace.append(float(np.prod(w)))
    after.append({"ratio": ratio, "kind": kind, "stepsToDivergence": k if kind == "diverged" else None, "lastProducts": trace[-4:]}); print("after escape", after[-1])
out["afterEscape"] = after

# 3. plain against residual over depth: share of 200 starts w ~ N(0, dev^2) from which descent reaches |prod - lambda| < 1e-6 within 2000 steps;
#    delta as a multiple of the largest step 2 / (L lambda^(2-2/L)) with which any minimum is stable
rng = np.random.default_rng(0); grid = []; lam = 2.0
for L in (2, 4, 8, 16):
    e = rng.standard_normal((200, L)); best = 2 / (L * lam ** (2 - 2 / L))
    for ratio in (0.25, 0.9, 1.1):
        row = {"L": L, "ratio": ratio, "delta": ratio * best}
        for kind, p in (("plain0.1", 0.1 * e), ("plain1", e), ("residual0.1", 1 + 0.1 * e)):
            p = p.copy()
            with np.errstate(all="ignore"):
                for k in range(2000):
                    pre = np.cumprod(np.hstack([np.ones((200, 1)), p[:, :-1]]), 1); suf = np.cumprod(np.hstack([np.ones((200, 1)), p[:, :0:-1]]), 1)[:, ::-1]
                    p = p - row["delta"] * (p.prod(1) - lam)[:, None] * pre * suf
                ok = np.abs(p.prod(1) - lam) < 1e-6
            row[kind] = float(ok.mean())
            if ok.any(): row[kind + "LargestDeltaLambdaMax"] = float((row["delta"] * lam**2 * (p[ok] ** -2.0).sum(1)).max()); assert row[kind + "LargestDeltaLambdaMax"] <= 2 + 1e-6
        grid.append(row); print(row); assert ratio < 1 or row["plain1"] == row["residual0.1"] == 0
out["plainAgainstResidual"] = {"lambda": lam, "starts": 200, "steps": 2000, "grid": grid}

# 4. matrices: d = 3, L = 4
rng = np.random.default_rng(2); d, L = 3, 4; W = [np.eye(d) + 0.3 * rng.standard_normal((d, d)) for _ in range(L)]; R = W[3] @ W[2] @ W[1] @ W[0]
def fm(v):
    M = torch.eye(d)
    for Wi in v.reshape(L, d, d): M = Wi @ M
    return 0.5 * ((M - torch.tensor(R)) ** 2).sum()
H = torch.autograd.functional.hessian(fm, torch.tensor(np.array(W).ravel())); lh = float(np.linalg.eigvalsh(H.numpy())[-1])
def part(i, j):  # W_j ... W_i
    M = np.eye(d)
    for k in range(i, j + 1): M = W[k] @ M
    return M
Op = sum(np.kron(part(i + 1, L - 1) @ part(i + 1, L - 1).T, (part(0, i - 1).T @ part(0, i - 1)).T) for i in range(L)); check("matrix lambda_max", [float(np.linalg.eigvalsh(Op)[-1])], [lh], 1e-10)
u, s, vt = np.linalg.svd(R); low = sum(np.linalg.norm(u[:, 0] @ part(i + 1, L - 1)) ** 2 * np.linalg.norm(part(0, i - 1) @ vt[0]) ** 2 for i in range(L)); assert low <= lh * (1 + 1e-12)
X = rng.standard_normal((d, d)); 
for _ in range(500): X = sum(part(i + 1, L - 1) @ part(i + 1, L - 1).T @ X @ part(0, i - 1).T @ part(0, i - 1) for i in range(L)); nx = np.linalg.norm(X); X /= nx
check("matrix lambda_max by power iteration", [nx], [lh], 1e-10)
out["matrices"] = {"W": [w.tolist() for w in W], "lambdaMax": lh, "deltaMax": 2 / lh, "singularVectorLowerBound": float(low), "balancedBound": 2 / (L * s[0] ** (2 - 2 / L))}; print(out["matrices"]["deltaMax"], out["matrices"]["balancedBound"])
assert 2 / lh <= 2 / (L * s[0] ** (2 - 2 / L)) * (1 + 1e-9)

# 4b. momentum v <- m v + g; w <- w - delta v on curvature lambda: stable iff delta lambda < 2 (1 + m)
mom = []
for m in (0.0, 0.5, 0.9):
    rad = lambda a: float(np.abs(np.linalg.eigvals(np.array([[m, 1.0], [-a * m, 1 - a]]))).max())  # (v, w) with lambda = 1, a = delta
    lo, hi = 1.0, 10.0
    for _ in range(60): mid = (lo + hi) / 2; lo, hi = (mid, hi) if rad(mid) <= 1 + 1e-13 else (lo, mid)
    check(f"momentum {m}: limit of delta lambda", [lo], [2 * (1 + m)], 1e-9); mom.append({"momentum": m, "limit": 2 * (1 + m), "radiusAt2.1": rad(2.1), "radiusAt1.9": rad(1.9)})
out["momentum"] = mom

# 5. nonlinear residual net with a non-zero residual: Hessian is not J'J; lambda_max by Lanczos on central differences of the gradient
torch.manual_seed(0); n, N, h = 2, 4, 0.5; th = 0.7 * torch.randn(N * (n * n + n) + n); Xp = torch.randn(10, n); yp = torch.sin(2 * Xp[:, 0])
def net(v):
    Y = Xp; o = 0
    for _ in range(N): K = v[o:o + n * n].reshape(n, n); o += n * n; b = v[o:o + n]; o += n; Y = Y + h * torch.tanh(Y @ K + b)
    return 0.5 * ((Y @ v[o:] - yp) ** 2).mean()
H = torch.autograd.functional.hessian(net, th); ev = torch.linalg.eigvalsh(H)
def gr(v): v = v.clone().requires_grad_(True); return torch.autograd.grad(net(v), v)[0]
def hv(v, e=1e-5): return (gr(th + e * v) - gr(th - e * v)) / (2 * e)
m = len(th); q = torch.ones(m) / m**0.5; Qs, al, be = [q], [], []
for k in range(m - 1):
    w = hv(Qs[-1]); al.append((w @ Qs[-1]).item()); 
    for z in Qs: w = w - (w @ z) * z
    for z in Qs: w = w - (w @ z) * z
    bk = w.norm().item()
    if bk < 1e-9: break
    be.append(bk); Qs.append(w / bk)
Tm = np.diag(al) + np.diag(be[: len(al) - 1], 1) + np.diag(be[: len(al) - 1], -1); check("lanczos lambda_max", [np.linalg.eigvalsh(Tm)[-1]], [ev[-1].item()], 1e-6)
out["nonlinear"] = {"theta": th.tolist(), "x": Xp.tolist(), "y": yp.tolist(), "h": h, "units": N, "width": n, "loss": net(th).item(), "gradient": gr(th).tolist(), "lambdaMax": ev[-1].item(), "lambdaMin": ev[0].item()}

# 6. convex + concave parts in one dimension: f = g - k, g and k convex chains z <- z + a_j max(0, w_j x - c_j), a_j >= 0 (a_j = alpha_j^2)
rng = np.random.default_rng(4); J = 3; pr = {n_: rng.standard_normal(J) for n_ in ("alphaG", "wG", "cG", "alphaK", "wK", "cK")}; lin = [0.3, -0.1]
xs = np.linspace(-2, 2, 9); part1 = lambda t: sum(pr["alpha" + t][j] ** 2 * np.maximum(0, pr["w" + t][j] * xs - pr["c" + t][j]) for j in range(J))
G, Kc = part1("G"), part1("K"); second = lambda v: v[2:] - 2 * v[1:-1] + v[:-2]; assert second(G).min() > -1e-12 and second(Kc).min() > -1e-12
lip = lambda t: float(max(abs(sum(pr["alpha" + t][j] ** 2 * pr["w" + t][j] * (pr["w" + t][j] * x - pr["c" + t][j] > 0) for j in range(J))) for x in np.linspace(-2, 2, 4001)))
out["convex"] = {"parameters": {k: v.tolist() for k, v in pr.items()}, "linear": lin, "x": xs.tolist(), "convexPart": G.tolist(), "concavePart": (-Kc).tolist(), "f": (lin[0] * xs + lin[1] + G - Kc).tolist(), "lipschitzOnRange": [lip("G"), lip("K")]}
(pathlib.Path(__file__).parents[1] / "fixtures" / "lab" / "lyapunov.json").write_text(json.dumps(out))
