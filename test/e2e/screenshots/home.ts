import type { connectWebSocket } from '../../../src-main/transport/websocket-client.js'

export type Api = ReturnType<typeof connectWebSocket>['client']

/** The content of the screenshots, by purpose. */
export interface ShownHome {
  /** A run with everything: evaluations, notes, tags. */
  finished: string
  diverged: string
  /** Running, with others behind it in the queue. */
  live: string
  /** The runs queued behind it. */
  queued: string[]
  /** On points in the plane. */
  plane: string
  /** Ids of one network with several seeds, and of another with several. */
  compared: string[]
}

const STEPS = 240

/** Waits until a run has ended, or has reached a step; throws if it ends otherwise. */
async function reaches(api: Api, id: string, step: number): Promise<void> {
  for (;;) {
    const run = await api.runs.get.query({ id })
    if (run.status === 'finished' || (step < run.totalSteps && run.step >= step)) return
    if (!['queued', 'starting', 'running'].includes(run.status)) throw new Error(`run ${run.name} is ${run.status}: ${run.reason}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function until(api: Api, id: string, status: string): Promise<void> {
  while ((await api.runs.get.query({ id })).status !== status) await new Promise((resolve) => setTimeout(resolve, 200))
}

/** Trains the content of the screenshots in an empty home: small networks, few steps, all of it real. */
export async function fillHome(api: Api, tell: (line: string) => void): Promise<ShownHome> {
  while (!(await api.datasets.list.query()).some(({ name }) => name === 'mnist')) await new Promise((resolve) => setTimeout(resolve, 200))
  await api.datasets.make.mutate({ name: 'spirals', kind: 'two-spirals', seed: 1 })
  const quick = { preset: 'hamiltonian-quick', dataset: 'mnist' }
  const recipe = { steps: STEPS, evaluateEvery: 40, checkpointSeconds: 5, validation: 0.1 }
  const hamiltonian = await api.runs.createSeveral.mutate({
    request: { ...quick, name: 'Hamiltonian', overrides: recipe },
    seeds: [1, 2, 3],
  })
  const leapfrog = await api.runs.createSeveral.mutate({
    request: { ...quick, name: 'Leapfrog', overrides: { ...recipe, arch: 'leapfrog', start: 'rest' } },
    seeds: [1, 2, 3],
  })
  const plane = await api.runs.create.mutate({ preset: 'mlp-hamiltonian', dataset: 'spirals', name: 'Spirals', overrides: { steps: 400 } })
  const diverged = await api.runs.create.mutate({
    ...quick,
    name: 'Rate far too large',
    overrides: { ...recipe, learningRate: 100, clipNorm: 0, schedule: { kind: 'constant', warmup: 0 } },
  })
  for (const { id, name } of [...hamiltonian, ...leapfrog, plane]) {
    await reaches(api, id, Infinity)
    tell(`${name} is trained`)
  }
  await until(api, diverged.id, 'diverged')
  const [first, second] = hamiltonian
  if (!first || !second) throw new Error('no runs were made')
  await api.runs.setNotes.mutate({
    id: first.id,
    notes: '## First impression\n\nLearns **fast** with `h = 0.25`.\n\n- try a longer warm-up\n- compare with *leapfrog*\n',
  })
  await api.runs.edit.mutate({ ids: [first.id], addTags: ['digits', 'reference'], colour: '#15599c', pinned: true, baseline: true })
  await api.runs.edit.mutate({ ids: leapfrog.map(({ id }) => id), addTags: ['digits', 'two-step'] })
  await api.comparisons.save.mutate({
    name: 'Hamiltonian and leapfrog',
    view: { runs: [...hamiltonian, ...leapfrog].map(({ id }) => id), group: 'seeds', baseline: first.id },
  })
  const [live, ...queued] = await api.runs.createSeveral.mutate({
    request: { ...quick, name: 'Longer', overrides: { steps: 20_000, evaluateEvery: 100 } },
    seeds: [1, 2, 3],
  })
  if (!live) throw new Error('no run was queued')
  await reaches(api, live.id, 60)
  return {
    finished: first.id,
    diverged: diverged.id,
    live: live.id,
    queued: queued.map(({ id }) => id),
    plane: plane.id,
    compared: [...hamiltonian, ...leapfrog].map(({ id }) => id),
  }
}
