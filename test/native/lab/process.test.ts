import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { expect, onTestFinished, test, vi } from 'vitest'
import { InspectorSettingSchema } from '../../../src-main/contract/instruments.js'
import { computeEnvironment } from '../../../src-main/hosts/engine.js'
import { createInstruments } from '../../../src-main/hosts/instruments.js'
import { createLab } from '../../../src-main/hosts/lab.js'
import { realTrainer } from '../../fixtures/trainer.js'
import { place, smallConfig, trainHere } from '../training.js'

const bundle = realTrainer()

test('a host runs a diagnostic in a process of its own, hears of its progress, and can end it', async () => {
  const { datasetFolder } = await place('noise')
  const lab = createLab(bundle.file, () => computeEnvironment())
  const ask = (diagnostic: string, options: Record<string, number>, more: Partial<Parameters<typeof lab.run>[0]> = {}) =>
    lab.run({
      diagnostic,
      source: { kind: 'fresh', config: smallConfig({ activation: 'tanh' }), datasetFolder },
      options,
      beside: 0,
      onProgress: () => undefined,
      signal: new AbortController().signal,
      ...more,
    })

  const told: (number | null)[] = []
  const result = await ask('spectrum', {}, { onProgress: (fraction) => told.push(fraction) })
  expect(result).toMatchObject({ diagnostic: 'spectrum', subject: { arch: 'hamiltonian', dataset: 'noise', step: 0 } })
  expect(result.figures.map(({ kind }) => kind)).toEqual(['scatter', 'line', 'line'])
  const fractions = told.filter((fraction) => fraction !== null)
  expect(fractions.length).toBeGreaterThan(2)
  expect([...fractions].sort((a, b) => a - b)).toEqual(fractions)

  await expect(ask('spectrum', { iterations: 1 })).rejects.toThrow(/iterations: /)

  const controller = new AbortController()
  const running = ask(
    'lr-finder',
    { rampSteps: 2000 },
    {
      signal: controller.signal,
      onProgress: (fraction) => {
        if (fraction !== null && fraction > 0) controller.abort(new Error('no longer wanted'))
      },
    },
  )
  await expect(running).rejects.toThrow('no longer wanted')
})

/** Lab processes started by this one. */
const residents = (): number[] =>
  execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('--lab'))
    .map((line) => Number.parseInt(line))

test.skipIf(process.platform !== 'linux')(
  'instruments have one resident process, which ends when nobody asks, and is replaced when it dies',
  async () => {
    const { datasetFolder } = await place('noise')
    const instruments = createInstruments(bundle.file, () => computeEnvironment(), { idle: 3000 })
    const ask = (setting: object = {}, arch = 'hamiltonian') =>
      instruments.look({
        source: {
          kind: 'fresh',
          config: smallConfig({ activation: 'tanh', arch, ...(arch === 'resnet' ? { mode: 'stored' } : {}) }),
          datasetFolder,
        },
        content: [],
        setting: InspectorSettingSchema.parse({ instrument: 'inspector', gradients: false, ...setting }),
        beside: 0,
      })
    // Concurrent requests are answered in order, each with its own setting.
    const [plain, rounded] = await Promise.all([ask(), ask({ mantissaBits: 7 })])
    expect(rounded).not.toEqual(plain)
    expect(residents()).toHaveLength(1)
    await expect(ask({}, 'resnet')).rejects.toThrow(/ResNet is not reversible/)
    expect({ ...(await ask()), seconds: 0 }).toEqual({ ...plain, seconds: 0 })

    const [first] = residents()
    const dying = ask()
    process.kill(first!, 'SIGKILL')
    await expect(dying).rejects.toThrow(/process of the lab ended with SIGKILL/)
    expect({ ...(await ask()), seconds: 0 }).toEqual({ ...plain, seconds: 0 })
    const [second] = residents()
    expect(second).not.toBe(first)

    await vi.waitUntil(() => residents().length === 0, { timeout: 20_000, interval: 100 })
    await ask()
    await instruments.close()
    expect(residents()).toEqual([])
  },
  120_000,
)

test('a network is read anew when other weights lie where it was read', async () => {
  const where = await place('noise')
  const instruments = createInstruments(bundle.file, () => computeEnvironment())
  onTestFinished(() => instruments.close())
  const file = join(where.checkpointFolder, 'same.safetensors')
  const weightsOf = async (seed: number): Promise<void> => {
    const { folder, checkpoints } = await trainHere(await place('noise'), smallConfig({ steps: 2, seed }))
    await copyFile(join(folder, checkpoints.at(-1)!.file), file)
  }
  const ask = async (...content: string[]) => {
    const setting = InspectorSettingSchema.parse({ instrument: 'inspector', gradients: false })
    const source = { kind: 'checkpoint', checkpoint: file, datasetFolder: where.datasetFolder, datasetHash: null } as const
    return { ...(await instruments.look({ source, content, setting, beside: 0 })), seconds: 0 }
  }
  await weightsOf(1)
  const before = await ask('one')
  await weightsOf(2)
  expect(await ask('one')).toEqual(before)
  expect(await ask('two')).not.toEqual(before)
}, 60_000)
