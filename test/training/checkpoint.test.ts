import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeEach, describe, expect, it, test } from 'vitest'
import { DamagedCheckpoint, findSound, readCheckpoint, saveCheckpoint, weightsHash } from '../../src-main/training/checkpoint.js'
import { findLeftBehind, packPoints } from '../../src-main/training/left-behind.js'
import { writeLease } from '../../src-main/training/lease-file.js'
import { writeSafetensors, type StoredTensor } from '../../src-main/training/safetensors.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { checkWeights, readWeights } from '../../src-main/training/weights.js'
import { temporaryFolder } from '../fixtures/home.js'
import { sampleConfig } from '../fixtures/records.js'

const tensors = new Map<string, StoredTensor>([
  ['params/a', { shape: [2], data: Float32Array.of(1, 2) }],
  ['stats/a', { shape: [1], data: Float32Array.of(3) }],
  ['momentum/a', { shape: [2], data: Float32Array.of(4, 5) }],
])
const config = sampleConfig()
const progress = (step: number) => ({ step, best: null, anchorEvery: 0, keptUnits: [], gradients: null })
const save = (folder: string, step: number, extra: Record<string, string> = {}) =>
  saveCheckpoint({ folder, lease: 1, config }, tensors, progress(step), extra)

/** As written before the whole content had a hash. */
const saveFirstFormat = (path: string, step: number) =>
  writeSafetensors(path, {
    metadata: {
      format: 'retrace-checkpoint-1',
      config: JSON.stringify(config),
      progress: JSON.stringify({ step, best: null, anchorEvery: 0 }),
      weightsHash: weightsHash(tensors),
    },
    tensors,
  })

let folder: ReturnType<typeof temporaryFolder>
beforeEach(async () => {
  folder = temporaryFolder()
  await writeLease(folder.path, 1)
  return () => folder[Symbol.dispose]()
})

describe('a checkpoint', () => {
  it('is read as it was written, fully checked', async () => {
    const { file, contentHash } = await save(folder.path, 7)
    const read = await readCheckpoint(join(folder.path, file))
    expect(read).toMatchObject({ config, progress: progress(7), fullyChecked: true })
    expect(read.file.metadata['contentHash']).toBe(contentHash)
    expect(read.file.tensors).toEqual(tensors)
  })

  it('is refused with any bit flipped: in a weight, an optimizer slot, its step, its header', async () => {
    const { file } = await save(folder.path, 7)
    const whole = readFileSync(join(folder.path, file))
    const path = join(folder.path, 'step-000000008-lease-1.safetensors')
    let silent = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
        const broken = Buffer.from(whole)
        broken[at]! ^= 1 << bit
        // A padding space may become other JSON white space, which has the same meaning.
        const header = 8 + Number(whole.readBigUInt64LE(0))
        if (at >= 8 && at < header && whole[at] === 0x20) return void silent++
        writeFileSync(path, broken)
        await expect(readCheckpoint(path)).rejects.toBeInstanceOf(DamagedCheckpoint)
      }),
      { numRuns: 400 },
    )
    expect(silent).toBeLessThan(40)
  })

  it('of the first format is read, and not called fully checked', async () => {
    const path = join(folder.path, 'old')
    await saveFirstFormat(path, 5)
    expect(await readCheckpoint(path)).toMatchObject({ progress: progress(5), fullyChecked: false })
  })

  it('of a newer format is refused by number, and not taken for damaged', async () => {
    const path = join(folder.path, 'newer')
    const metadata = { format: 'retrace-checkpoint-99', weightsHash: weightsHash(tensors) }
    await writeSafetensors(path, { metadata, tensors })
    await expect(readCheckpoint(path)).rejects.toThrow(/format 99.*Update Retrace/)
    await expect(findSound(folder.path, ['newer'])).rejects.toThrow(/format 99/)
  })

  it('without its hash, where its format has one, is damaged', async () => {
    const { file } = await save(folder.path, 7)
    const { contentHash: _, ...metadata } = (await readCheckpoint(join(folder.path, file))).file.metadata // eslint-disable-line @typescript-eslint/no-unused-vars
    await writeSafetensors(join(folder.path, 'bare'), { metadata, tensors })
    await expect(readCheckpoint(join(folder.path, 'bare'))).rejects.toThrow(/hash of its content is missing/)
  })

  it('that was altered is refused as initial weights too, wherever the alteration is', async () => {
    const { file } = await save(folder.path, 7)
    const { metadata } = (await readCheckpoint(join(folder.path, file))).file
    const altered = new Map(tensors).set('momentum/a', { shape: [2], data: Float32Array.of(4, 6) })
    await writeSafetensors(join(folder.path, 'altered'), { metadata, tensors: altered })
    await expect(readWeights(join(folder.path, 'altered'))).rejects.toThrow(/damaged/)
    expect([...(await readWeights(join(folder.path, file))).keys()]).toEqual(['params/a', 'stats/a'])
  })
})

test('a run goes on from the newest sound checkpoint, and is told of each that is not', async () => {
  const [first, second, third] = [await save(folder.path, 1), await save(folder.path, 2), await save(folder.path, 3)]
  const files = [third.file, second.file, first.file]
  expect(await findSound(folder.path, files)).toEqual({ file: third.file, step: 3, damaged: [] })
  for (const file of [third.file, second.file]) {
    const bytes = readFileSync(join(folder.path, file))
    bytes[bytes.length - 1]! ^= 1
    writeFileSync(join(folder.path, file), bytes)
  }
  const found = await findSound(folder.path, [...files.slice(0, 1), 'gone', ...files.slice(1)])
  expect(found).toMatchObject({ file: first.file, step: 1 })
  expect(found.damaged.map(({ file }) => file)).toEqual([third.file, 'gone', second.file])
  // One full stop per sentence, even if the cause is a sentence of its own.
  expect(found.damaged.map(({ reason }) => reason)).toEqual([
    `${third.file} is damaged: its content does not match its hash`,
    expect.stringMatching(/^gone is damaged: .*[^.]$/),
    `${second.file} is damaged: its content does not match its hash`,
  ])
  await expect(findSound(folder.path, files.slice(0, 2))).rejects.toThrow(
    /All checkpoints of this run are damaged\. Retry .* The last one: .* is damaged: [^.]+\.$/,
  )
})

test('what a trainer left behind is not taken over when its points were altered', async () => {
  const points = packPoints({ 'train/loss': { steps: [6], values: [0.5], times: [1] } })
  const { file, contentHash } = await save(folder.path, 6, { points })
  expect(findLeftBehind(folder.path, 1)).toMatchObject({ file, step: 6, contentHash })
  const altered = readFileSync(join(folder.path, file), 'latin1').replace('0.5', '0.6')
  writeFileSync(join(folder.path, file), altered, 'latin1')
  expect(findLeftBehind(folder.path, 1)).toBeNull()
  expect(readdirSync(folder.path)).toContain(file)
})

it('weights with parameters that the network does not have are those of another network, and refused', async () => {
  const path = join(folder.path, 'weights.safetensors')
  const network = buildNetwork(config)
  const all = [
    ...network.parameters.map(({ name, shape }) => [`params/${name}`, shape] as const),
    ...network.statistics.map(({ name, shape }) => [`stats/${name}`, shape] as const),
  ]
  const weights = new Map<string, StoredTensor>(
    all.map(([name, shape]) => [name, { shape, data: new Float32Array(shape.reduce((product, side) => product * side, 1)) }]),
  )
  await writeSafetensors(path, { metadata: {}, tensors: weights })
  await checkWeights(path, config)
  weights.set('params/stage9/kernel', { shape: [1], data: Float32Array.of(1) })
  await writeSafetensors(path, { metadata: {}, tensors: weights })
  await expect(checkWeights(path, config)).rejects.toThrow(/has 1 parameters that this network does not have \(params\/stage9\/kernel\)/)
})
