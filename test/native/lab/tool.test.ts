import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LabResultSchema, type LabRequest } from '../../../src-main/contract/lab.js'
import { allDiagnostics } from '../../../src-main/lab/registry.js'
import { readCheckpoint } from '../../../src-main/training/checkpoint.js'
import { runLab } from '../../../src-main/training/tools/lab.js'
import { place, smallConfig, trainHere } from '../training.js'

const speed = { operationsPerSecond: 1e10, secondsPerForce: 1e-4 }

test('every diagnostic runs on a checkpoint, tells its progress, and answers what the schema says', async () => {
  const where = await place('noise')
  const trained = await trainHere(where, smallConfig({ steps: 6, activation: 'tanh' }))
  const checkpoint = join(trained.folder, trained.checkpoints.at(-1)!.file)
  const source = { kind: 'checkpoint', checkpoint, datasetFolder: where.datasetFolder } as const
  const small: Record<string, LabRequest['options']> = {
    'lr-finder': { rampSteps: 10 },
    hessian: { images: 8, iterations: 5, eigenvalueTolerance: 0.2 },
    robustness: { heldOutImages: 20 },
    reversal: { images: 4 },
  }
  // One needs files that only users have, the other a network that can be converted; they have tests of their own.
  const special = ['corruptions', 'spiking']
  for (const { id } of allDiagnostics().filter((each) => !special.includes(each.id))) {
    const told: [string, number | undefined][] = []
    const { ok, result } = await runLab({ diagnostic: id, source, options: small[id] ?? {}, speed }, (message, fraction) =>
      told.push([message, fraction]),
    )
    expect(ok).toBe(true)
    // What crosses the process boundary can be written as JSON and read again.
    const read = LabResultSchema.parse(JSON.parse(JSON.stringify(result)))
    expect(read).toEqual(result)
    expect(read.subject).toEqual({
      arch: 'hamiltonian',
      preset: 'test',
      dataset: 'noise',
      seed: 1,
      step: 6,
      weightsHash: (await readCheckpoint(checkpoint)).file.metadata['weightsHash'],
    })
    expect(told[0]).toEqual(['reading the checkpoint', undefined])
    expect(told.some(([message]) => /^about \d+ s$/.test(message))).toBe(true)
    expect(read.tables.length, id).toBeGreaterThan(0)
    // Figures refer to existing columns.
    for (const figure of read.figures) {
      if (figure.kind === 'strip') continue
      const columns = read.tables.find(({ key }) => key === figure.table)!.columns.map(({ key }) => key)
      const drawn = [
        figure.x,
        ...[figure.y].flat(),
        ...('by' in figure && figure.by ? [figure.by] : []),
        ...('value' in figure ? [figure.value] : []),
      ]
      for (const key of drawn) expect(columns, `${id}: ${figure.title}`).toContain(key)
    }
  }
}, 600_000)

test('a fresh network is looked at without a run, the same way each time', async () => {
  const where = await place('noise')
  const source = { kind: 'fresh', config: smallConfig({ activation: 'tanh' }), datasetFolder: where.datasetFolder } as const
  const told: string[] = []
  const of = async () =>
    (await runLab({ diagnostic: 'spectrum', source, options: {}, speed: null }, (message) => told.push(message))).result
  const [first, second] = [await of(), await of()]
  const { seconds: one, ...found } = first
  const { seconds: two, ...again } = second
  expect([one, two].every((value) => (value as number) > 0)).toBe(true)
  expect(again).toEqual(found)
  expect(first).toMatchObject({ subject: { step: 0 } })
  // The speed of the machine was never measured, so a pass of this network is timed.
  expect(told.findIndex((message) => /^about \d+ s$/.test(message))).toBe(1)
})

test('what cannot be asked is refused before anything is computed', async () => {
  const where = await place('noise')
  const source = { kind: 'fresh', config: smallConfig({ arch: 'resnet', mode: 'stored' }), datasetFolder: where.datasetFolder } as const
  const ask = (diagnostic: string, options: LabRequest['options']) => runLab({ diagnostic, source, options, speed: null }, () => undefined)
  await expect(ask('reversal', {})).rejects.toThrow(/ResNet is not reversible/)
  await expect(ask('spectrum', { iterations: 1, imges: 3 })).rejects.toThrow(
    /imges: Jacobian spectrum has no such option; did you mean images\?.*iterations: /,
  )
  await expect(ask('nothing', {})).rejects.toThrow(/There is no diagnostic nothing/)
})
