import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { RunConfig } from '../../src-main/contract/config.js'
import { toBase64 } from '../../src-main/contract/base64.js'
import { unpackHistograms, type UnitHistogram } from '../../src-main/contract/histograms.js'
import { numberOf, type LabResult } from '../../src-main/contract/lab.js'
import type { Report } from '../../src-main/training/messages.js'
import { runLab } from '../../src-main/training/tools/lab.js'
import { place, smallConfig, trainHere, type Place, type Trained } from './training.js'

const config = (changes: Partial<RunConfig> = {}): RunConfig => smallConfig({ steps: 6, ...changes })
type Reported = Extract<Report, { kind: 'histograms' }>
const histogramsOf = ({ reports }: Trained): Reported[] => reports.filter((report) => report.kind === 'histograms')
const hashOf = ({ checkpoints }: Trained): string => checkpoints.at(-1)!.weightsHash
const unitsOf = ({ step, bins, parts, values }: Reported): UnitHistogram[] =>
  unpackHistograms({ runId: 'test', step, bins, parts, values: toBase64(values) })

async function diagnosed(where: Place, run: Trained, images: number): Promise<LabResult> {
  const checkpoint = join(run.folder, run.checkpoints.at(-1)!.file)
  const source = { kind: 'checkpoint' as const, checkpoint, datasetFolder: where.datasetFolder, datasetHash: null }
  return (await runLab({ diagnostic: 'distributions', source, options: { images }, speed: null }, () => undefined))
    .result as unknown as LabResult
}

for (const mode of ['reversible', 'stored'] as const)
  it(`a run that is asked to collects at those steps what the diagnostic says of its weights, which do not depend on it: ${mode}`, async () => {
    const where = await place('noise')
    const run = await trainHere(where, config({ histograms: 3, mode }))
    const found = histogramsOf(run)
    expect(found.map(({ step }) => step)).toEqual([0, 3, 6])
    const last = unitsOf(found.at(-1)!)

    const { tables } = await diagnosed(where, run, 16)
    const said = (table: string, key: string): number[] =>
      tables
        .find((each) => each.key === table)!
        .columns.find((each) => each.key === key)!
        .values.map(numberOf)
    for (const kind of ['weights', 'gradients', 'activations'] as const) {
      const own = last.filter((unit) => unit.kind === kind)
      expect(own.map(({ depth }) => depth)).toEqual([1, 2, 3, 4])
      expect(own.map(({ depth }) => depth)).toEqual(said(`${kind}Summary`, 'depth'))
      const right = said(kind, 'share')
      // With reconstructed activations, one or two of a unit's few hundred gradients are rounded into the next bin.
      const digits = kind === 'gradients' && mode === 'reversible' ? 2 : 6
      own.flatMap(({ shares }) => [...shares]).forEach((share, at) => expect(share).toBeCloseTo(right[at]!, digits))
      own.forEach(({ deviation }, at) => expect(deviation / said(`${kind}Summary`, 'deviation')[at]!).toBeCloseTo(1, 4))
    }

    const without = await trainHere(await place('noise'), config({ mode }))
    expect(histogramsOf(without)).toEqual([])
    expect(hashOf(without)).toBe(hashOf(run))
    expect(without.series('train/loss')).toEqual(run.series('train/loss'))
  })

it('a micro-batch is the most that is looked at, and every share of a unit is counted', async () => {
  const run = await trainHere(await place('noise'), config({ histograms: 1, steps: 1, accumulate: 4 }))
  for (const { kind, shares } of unitsOf(histogramsOf(run).at(-1)!)) {
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5)
    // 4 images of 8x8 pixels and 4 channels, or 4x4 and 8, in two parts: the fractions are multiples of one over their number.
    if (kind === 'activations') for (const share of shares) expect((share * 2048) % 1).toBeCloseTo(0, 3)
  }
})

it('a resumed run collects the same as one that was not interrupted', async () => {
  const [whole, parted] = [await place('noise'), await place('noise')]
  const wanted = config({ histograms: 2 })
  const once = histogramsOf(await trainHere(whole, wanted))
  const first = await trainHere(parted, wanted, { command: { at: 3, kind: 'pause' } })
  const second = await trainHere(parted, wanted, { resumeFrom: first.checkpoints.at(-1)!.file, lease: 2 })
  expect([...histogramsOf(first), ...histogramsOf(second)]).toEqual(once)
})
