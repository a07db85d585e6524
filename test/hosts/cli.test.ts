import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import type { Checkpoint } from '../../src-main/contract/runs.js'
import type { Context } from '../../src-main/hosts/cli/context.js'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { parseSetting, toOverrides } from '../../src-main/hosts/cli/settings.js'
import { bytes, duration, table } from '../../src-main/hosts/cli/format.js'
import { findHost } from '../../src-main/hosts/discovery.js'
import { openHost } from '../../src-main/hosts/host.js'
import { FakeServices } from '../fixtures/fake-services.js'
import { sampleCheckpoint } from '../fixtures/records.js'
import { openSession } from '../fixtures/session.js'
import { temporaryFolder } from './temporary.js'

const TRAIN = ['train', '--preset', 'hamiltonian-quick', '--dataset', 'mnist']

/** A command line of its own on a home of its own, over the back end of the tests. */
function terminal(folder = temporaryFolder()) {
  const services = new FakeServices({ tickMs: 2, stepsPerTick: 20, host: 'cli' })
  onTestFinished(() => services.close())
  const out: string[] = []
  const notes: string[] = []
  const opened = vi.fn()
  let end: (signal: NodeJS.Signals) => void = () => undefined
  const context: Context = {
    print: (line) => void out.push(line),
    note: (line) => void notes.push(line),
    progress: null,
    openBackend: async (options) => {
      opened(options)
      return { services, close: async () => undefined }
    },
    trainerEntry: join(import.meta.dirname, 'programs', 'fake-tool.mjs'),
    page: join(folder, 'page'),
    end: new Promise((resolve) => (end = resolve)),
    onDefect: (error) => expect.unreachable(String(error)),
  }
  return {
    services,
    folder,
    out,
    notes,
    opened,
    context,
    end: (signal: NodeJS.Signals) => end(signal),
    run: (...args: string[]) => runCommandLine([...args, '--home', folder], context),
    json: () => JSON.parse(out.join('\n')) as unknown,
  }
}

/** A workbench that holds the home, as an open window does. */
async function runningWorkbench(folder: string, tickMs = 2) {
  const services = new FakeServices({ tickMs, stepsPerTick: 20 })
  const found = await openHost({
    home: { folder, chosen: true },
    kind: 'server',
    lasting: true,
    openBackend: async () => ({ services, close: async () => services.close() }),
    page: null,
    port: 0,
    onDefect: (error) => expect.unreachable(String(error)),
  })
  if (!('opened' in found)) throw new Error('the home is held already')
  onTestFinished(() => found.opened.close())
  return { services, host: found.opened }
}

describe('a command', () => {
  it('opens the home itself when nobody holds it, and frees it', async () => {
    const { run, opened, json, folder } = terminal()
    expect(await run('presets', '--json')).toBe(0)
    expect(json()).toMatchObject([{ name: 'hamiltonian-quick', parameters: 46_714, depth: 50 }])
    expect(opened).toHaveBeenCalledWith(expect.objectContaining({ home: folder, hostKind: 'cli' }))
    expect(existsSync(join(folder, 'host.json'))).toBe(false)
    expect(await run('presets')).toBe(0)
  })

  it('becomes the client of the process that holds the home', async () => {
    const here = terminal()
    const workbench = await runningWorkbench(here.folder)
    expect(await here.run('datasets', 'remove', 'mnist')).toBe(0)
    expect(here.opened).not.toHaveBeenCalled()
    expect(await workbench.services.datasets.list()).toEqual([])
  })

  it.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['runs'], /a command is missing; `retrace runs --help`/],
    [['runs', 'list', '--nope'], /unknown option '--nope'/],
    [['runs', 'show'], /missing required argument 'id'/],
    [[...TRAIN, '--steps', 'many'], /whole number/],
    [['parity', 'x', '--mode', 'both'], /Allowed choices are reversible, stored/],
    [['serve', '--port', '70000'], /not a port/],
  ])('explains the mistake in %j in one line', async (args, message) => {
    const { context, notes, opened } = terminal()
    expect(await runCommandLine(args, context)).toBe(2)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(message)
    expect(notes[0]).toMatch(/--help` shows what there is\.$/)
    expect(opened).not.toHaveBeenCalled()
  })

  it('shows its help without opening anything', async () => {
    const { context, out, opened } = terminal()
    expect(await runCommandLine(['--help'], context)).toBe(0)
    expect(await runCommandLine(['runs', '--help'], context)).toBe(0)
    expect(out.join('\n')).toMatch(/train .*\n[^]*bench[^]*export/)
    expect(opened).not.toHaveBeenCalled()
  })

  it('gives an error of the user as one line and status 1', async () => {
    for (const workbench of [false, true]) {
      const { run, notes, folder } = terminal()
      if (workbench) await runningWorkbench(folder)
      expect(await run('runs', 'show', 'missing1')).toBe(1)
      expect(notes).toEqual(['retrace: There is no run "missing1": `retrace runs list` shows those that are there.'])
      expect(await run('runs', 'show', '?')).toBe(1)
      expect(notes[1]).toBe('retrace: The request was refused: id: not a run id.')
    }
  })

  it('ends without its result when the user wants that', async () => {
    const { run, context, end, folder } = terminal()
    context.openBackend = async () => {
      const services = new FakeServices()
      services.runs.list = () => new Promise(() => undefined)
      return { services, close: async () => services.close() }
    }
    const status = run('runs', 'list')
    await vi.waitFor(async () => expect(await findHost(folder)).not.toBeNull())
    end('SIGINT')
    expect(await status).toBe(130)
    expect(existsSync(join(folder, 'host.json'))).toBe(false)
  })

  it('says so when the process that it works with is gone', async () => {
    const { run, notes, folder } = terminal()
    const { services, host } = await runningWorkbench(folder)
    services.runs.list = () => new Promise(() => undefined)
    const status = run('runs', 'list')
    await vi.waitFor(() => expect(host.server.clients).toBe(1))
    await host.close()
    expect(await status).toBe(1)
    expect(notes[0]).toMatch(/^retrace: The process that holds .* is gone: run the command again\.$/)
  }, 15_000)
})

describe('retrace train', () => {
  it('follows the run and ends with the object that scripts rely on', async () => {
    const { run, json, notes, folder } = terminal()
    expect(await run(...TRAIN, '--steps', '160', '--seed', '5')).toBe(0)
    const result = json()
    expect(Object.keys(result as object)).toEqual(['runId', 'status', 'testAccuracy', 'testLoss', 'weightsHash', 'seconds'])
    expect(result).toMatchObject({ status: 'finished', testAccuracy: expect.any(Number), weightsHash: 'b'.repeat(64) })
    expect(notes[0]).toMatch(/^Run \w+: hamiltonian-quick on mnist, 160 steps, seed 5$/)
    expect(notes.at(-1)).toMatch(/^finished {2}step 160\/160/)
    expect(await findHost(folder)).toBeNull()
  })

  it('works through the workbench that holds the home', async () => {
    const { run, json, folder } = terminal()
    const { services } = await runningWorkbench(folder)
    expect(await run(...TRAIN, '--epochs', '2')).toBe(0)
    expect((await services.runs.list()).runs).toMatchObject([{ status: 'finished', totalSteps: 160 }])
    expect(json()).toMatchObject({ status: 'finished' })
  })

  it('sets keys, also inside of values, upon what the preset has', async () => {
    const { run, services } = terminal()
    const set = ['h=0.05', 'activation=tanh', 'stages.1.units=9', 'augment.pad=2', 'stages.2.channels=64'].flatMap((text) => [
      '--set',
      text,
    ])
    expect(await run(...TRAIN, '--steps', '20', ...set)).toBe(0)
    const { runs } = await services.runs.list()
    expect((await services.runs.get(runs[0]!.id)).config).toMatchObject({
      h: 0.05,
      activation: 'tanh',
      steps: 20,
      stages: [
        { channels: 8, units: 4 },
        { channels: 16, units: 9 },
        { channels: 64, units: 4 },
      ],
      augment: { pad: 2, flip: false },
    })
  })

  it.each([
    [['--steps', '5', '--epochs', '1'], /either --steps or --epochs/],
    [['--set', 'h'], /not of the form key=value/],
    [['--set', 'zzzzzz.x=1'], /has no key zzzzzz; there are .*learningRate/],
    [['--set', 'stages.7.units=1'], /no entry 7; the list has the entries 0 to 2/],
    [['--set', 'h.x=1'], /value that has no parts/],
    [['--set', 'batch=-1'], /overrides\.batch/],
    [['--set', 'learningrate=1'], /has no key learningrate; did you mean learningRate\?/],
    [['--set', '__proto__.x=1'], /__proto__/],
    [['--dataset', 'nope'], /no data set "nope"/],
    [['--resume', 'run00001'], /--resume goes on with a run as it is/],
  ])('refuses %j, naming it, and makes no run', async (args, message) => {
    const { run, notes, out, services } = terminal()
    expect(await run(...TRAIN, ...args)).toBe(1)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(message)
    expect(out).toEqual([])
    expect((await services.runs.list()).runs).toEqual([])
  })

  it('takes a configuration that `runs show --config` printed, with changes on top, and names what is wrong in another', async () => {
    const { run, folder, out, notes, services } = terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 300, h: 0.2, seed: 7 } })
    expect(await run('runs', 'show', id, '--config')).toBe(0)
    const file = join(folder, 'configuration.json')
    writeFileSync(file, out.join('\n'))
    expect(JSON.parse(out.join('\n'))).toEqual((await services.runs.get(id)).config)
    expect(await run('train', '--config', file, '--set', 'batch=50')).toBe(0)
    const made = (await services.runs.list()).runs.find((row) => row.id !== id)!
    expect((await services.runs.get(made.id)).config).toEqual({ ...(await services.runs.get(id)).config, batch: 50 })
    writeFileSync(file, '{ "preset": "hamiltonian-quick", "dataset": "mnist", "learningrate": 1, "batch": 0 }')
    expect(await run('train', '--config', file)).toBe(1)
    expect(notes.at(-1)).toMatch(/learningrate: is no key of the configuration; did you mean learningRate\?/)
    expect(notes.at(-1)).toMatch(/batch: /)
    expect((await services.runs.list()).runs).toHaveLength(2)
  })

  it('stops the run when the user wants the end, and says so', async () => {
    const { run, services, end, json, notes } = terminal()
    const status = run(...TRAIN, '--steps', '100000')
    await vi.waitFor(async () => expect((await services.runs.list()).runs[0]?.step).toBeGreaterThan(20))
    end('SIGINT')
    expect(await status).toBe(130)
    expect(json()).toMatchObject({ status: 'stopped', testAccuracy: null, weightsHash: null, seconds: expect.any(Number) })
    expect(notes.join('\n')).toContain('the run writes a checkpoint first')
  })

  it('ends with status 1 and the reason when the run fails', async () => {
    const { run, services, json, notes } = terminal()
    const status = run(...TRAIN, '--steps', '100000')
    await vi.waitFor(async () => expect((await services.runs.list()).runs).toHaveLength(1))
    const { runs } = await services.runs.list()
    services.end(runs[0]!.id, 'failed', 'The trainer was killed, probably because memory ran out.')
    expect(await status).toBe(1)
    expect(json()).toMatchObject({ status: 'failed' })
    expect(notes.at(-1)).toMatch(/failed: The trainer was killed/)
  })

  it('goes on with a run', async () => {
    const { run, services, out, json } = terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 3000 } })
    await services.runs.pause(id)
    expect(await run('train', '--resume', id)).toBe(0)
    expect(json()).toMatchObject({ runId: id, status: 'finished' })
    out.length = 0
    expect(await run('train', '--resume', id)).toBe(1)
  })

  it('serves commands that come meanwhile, and stays until they are done', async () => {
    const first = terminal()
    const second = terminal(first.folder)
    const status = first.run(...TRAIN, '--steps', '100000')
    await vi.waitFor(async () => expect(await findHost(first.folder)).not.toBeNull())
    const later = second.run(...TRAIN, '--steps', '60000')
    await vi.waitFor(async () => expect((await first.services.runs.list()).runs).toHaveLength(2))
    const { runs } = await first.services.runs.list()
    expect(await terminal(first.folder).run('runs', 'stop', runs[0]!.id)).toBe(0)
    await vi.waitFor(() => expect(first.notes.join('\n')).toContain('waiting for them'))
    await first.services.runs.stop(runs[1]!.id)
    expect(await later).toBe(1)
    expect(await status).toBe(1)
    expect(second.opened).not.toHaveBeenCalled()
  })
})

describe('retrace runs', () => {
  it('lists, shows, pauses, resumes, forks, exports and removes', async () => {
    const { run, services, out, folder, json } = terminal()
    expect(await run('runs', 'list')).toBe(0)
    expect(out.splice(0)).toEqual(['There are no runs yet: `retrace train --preset hamiltonian-quick --dataset mnist` starts one.'])
    const { id } = await services.runs.create({
      preset: 'hamiltonian-quick',
      dataset: 'mnist',
      name: 'mine',
      overrides: { steps: 1_000_000 },
    })
    await vi.waitFor(async () => expect((await services.runs.get(id)).step).toBeGreaterThan(100))

    expect(await run('runs', 'pause', id)).toBe(0)
    expect(out.splice(0)).toEqual([`Run ${id} is paused`])
    services.addPoints(id, 'odd', [
      { step: 1, value: Number.NaN },
      { step: 2, value: 0.5 },
    ])
    expect(await run('runs', 'list')).toBe(0)
    expect(out.splice(0)[1]).toMatch(new RegExp(`^${id}  paused .*mine$`))
    expect(await run('runs', 'show', id, '--json')).toBe(0)
    expect(json()).toMatchObject({ id, name: 'mine', config: { batch: 100 } })
    out.length = 0
    expect(await run('runs', 'show', id)).toBe(0)
    expect(out.splice(0).join('\n')).toMatch(/Status: +paused[^]*batch +100/)

    const file = join(folder, 'points.csv')
    expect(await run('runs', 'export', id, '--csv', '--out', file)).toBe(0)
    expect(readFileSync(file, 'utf8')).toMatch(/^key,step,value,time\n[^]*odd,1,NaN,\d+\nodd,2,0\.5,\d+\n$/)
    out.length = 0
    expect(await run('runs', 'export', id)).toBe(0)
    expect(json()).toMatchObject({
      run: { id },
      series: expect.arrayContaining([expect.objectContaining({ key: 'odd', values: ['NaN', 0.5] })]),
    })
    out.length = 0
    expect(await run('runs', 'export', id, '--out', join(folder, 'none', 'x.json'))).toBe(1)

    expect(await run('runs', 'fork', id, '--set', 'stages.0.units=6', '--set', 'steps=20', '--name', 'child')).toBe(0)
    const { runs } = await services.runs.list()
    expect(runs[1]).toMatchObject({ name: 'child', parentId: id, status: 'finished' })
    expect((await services.runs.get(runs[1]!.id)).config.stages[0]).toEqual({ channels: 8, units: 6 })
    out.length = 0
    expect(await run('runs', 'remove', id, '--json')).toBe(0)
    expect(json()).toEqual({ removed: id })
  })

  it('marks runs, compares them, brings removed ones back, and says in the end what refused', async () => {
    const { run, services, out, notes, json } = terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'mine' })
    await services.runs.pause(id)
    const fork = await services.runs.fork(id, { overrides: { h: 0.05 }, name: 'child' })
    const said = async (...args: string[]): Promise<string> => {
      out.length = 0
      expect(await run(...args)).toBe(0)
      return out.join('\n')
    }
    expect(await said('runs', 'diff', fork.id)).toMatch(/^KEY +run00001 +run00002\nh +0\.1 +0\.05$/)
    expect(await said('runs', 'edit', id, fork.id, '--tag', 'deep', '--pin', '--colour', '#3f7cac')).toContain('pinned, #deep')
    expect(await said('runs', 'edit', id, '--untag', 'deep', '--no-pin')).toBe(`Run ${id}: no marks`)
    expect(await said('runs', 'notes', id, 'Learns *well*')).toBe('Learns *well*')
    await said('runs', 'remove', id)
    expect(await said('runs', 'removed')).toMatch(new RegExp(`${id} .*mine`))
    expect(await said('runs', 'restore', id)).toBe(`Run ${id} is back`)
    expect(await run('runs', 'restore', id, 'nothere1')).toBe(1)
    expect(notes.at(-1)).toMatch(/no removed run nothere1/)
    expect(await run('runs', 'edit', id)).toBe(1)
    expect(notes.at(-1)).toMatch(/Nothing to change was given/)
    out.length = 0
    expect(await run('settings', 'set', 'queue.concurrentRuns', '3', '--json')).toBe(0)
    expect(json()).toMatchObject({ 'queue.concurrentRuns': 3 })
    expect(await run('settings', 'set', 'queue.concurentRuns', '3')).toBe(1)
    expect(notes.at(-1)).toMatch(/queue\.concurrentRuns/)
    expect(await run('settings', 'set', 'queue.concurrentRuns', '0')).toBe(1)
    expect(await said('settings', 'list')).toMatch(/3 +runs +queue\.concurrentRuns/)
  })

  it('lists the checkpoints of a run, and pins the last one or that of a step', async () => {
    const { run, out, notes, context, json } = terminal()
    using session = await openSession()
    context.openBackend = async () => ({ services: session.services, close: async () => undefined })
    const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    const said = async (...args: string[]): Promise<string> => {
      out.length = 0
      expect(await run('checkpoints', ...args)).toBe(0)
      return out.join('\n')
    }
    expect(await said('list', id)).toMatch(/has no checkpoint yet/)
    expect(await run('checkpoints', 'pin', id)).toBe(1)
    expect(notes.at(-1)).toMatch(/has no checkpoint yet: wait/)
    for (const step of [10, 20]) session.stores.checkpoints.put(sampleCheckpoint(id, step))
    expect(await said('pin', id)).toMatch(/at step 20 is pinned/)
    expect(await said('pin', id, '--step', '10')).toMatch(/at step 10 is pinned/)
    expect(await said('unpin', id, '--step', '20')).toMatch(/at step 20 is not pinned any more/)
    expect(await said('list', id)).toMatch(/\n +10 .* pinned [^]*\n +20 [^]*$/)
    await said('list', id, '--json')
    expect((json() as Checkpoint[]).map(({ pinned = false }) => pinned)).toEqual([true, false])
    expect(await run('checkpoints', 'pin', id, '--step', '11')).toBe(1)
    expect(notes.at(-1)).toMatch(/no checkpoint at step 11: it has them at 10, 20/)
    out.length = 0
    expect(await run('runs', 'show', id)).toBe(0)
    expect(out.join('\n')).toMatch(/checkpoint at step 10 \(\w+, pinned\)/)
  })

  it('looks after the home: use, clean-up, check and back-up', async () => {
    const { run, services, out, folder, json } = terminal()
    const item = {
      runId: 'run00001',
      runName: 'big',
      path: 'runs/run00001/checkpoints/a',
      bytes: 2048,
      what: 'checkpoint at step 5 (schedule)',
    }
    services.disk.plan = { items: [item], bytes: 2048 }
    expect(await run('home', 'usage')).toBe(0)
    expect(out.splice(0).join('\n')).toMatch(/data set mnist +7\.5 MiB[^]*free on the disk +100\.0 GiB/)
    expect(await run('home', 'clean')).toBe(0)
    expect(out.splice(0).join('\n')).toMatch(/2\.0 KiB +checkpoint at step 5[^]*would be freed/)
    expect(services.disk.cleaned).toBe(0)
    expect(await run('home', 'clean', '--yes')).toBe(0)
    expect(services.disk.cleaned).toBe(1)
    out.length = 0
    expect(await run('home', 'backup', join(folder, 'x.tar'), '--json')).toBe(0)
    expect(json()).toEqual({ file: join(folder, 'x.tar'), files: 1, bytes: 1 })
    out.length = 0
    expect(await run('home', 'check')).toBe(0)
    expect(out.splice(0)).toEqual(['The database, checkpoints and data sets are whole.'])
    services.disk.problems.push('a checkpoint is missing')
    expect(await run('home', 'check', '--quick')).toBe(1)
    expect(out.splice(0)).toEqual(['a checkpoint is missing'])
    expect(await run('home', 'restore', join(folder, 'nowhere.tar'))).toBe(1)
  })

  it('queues several seeds, shows the queue, and changes its order', async () => {
    const { run, out, folder, json } = terminal()
    const { services } = await runningWorkbench(folder, 0)
    await services.runs.createSeveral({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'h' }, [1, 2, 3])
    expect(await run('queue', 'list')).toBe(0)
    expect(out.splice(0).join('\n')).toMatch(/1 at once[^]*1 +\w+ .*seed 2\n +2 +\w+ .*seed 3/)
    const third = (await services.runs.list()).runs.find(({ seed }) => seed === 3)!
    expect(await run('queue', 'move', third.id, '--to', '1', '--json')).toBe(0)
    expect((json() as { seed: number }[]).map(({ seed }) => seed)).toEqual([3, 2])
  })

  it('leaves a resumed run to the workbench that holds the home', async () => {
    const { run, out, folder } = terminal()
    const { services } = await runningWorkbench(folder, 0)
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
    await services.runs.pause(id)
    expect(await run('runs', 'resume', id)).toBe(0)
    expect(out).toEqual([`Run ${id} is running`])
  })
})

describe('retrace runs evaluate', () => {
  it('prints accuracy by class and what was taken for what, or everything as JSON', async () => {
    const { run, out, json, services } = terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
    expect(await run('runs', 'evaluate', id, '--step', '80')).toBe(0)
    expect(out[0]).toBe('Step 80: 97.00 % of 200 test images, loss 0.1200')
    expect(out).toContain('    7   70.00 %     14  20')
    expect(out.at(-1)).toBe('6 of class 7 were taken for 1')
    out.length = 0
    expect(await run('runs', 'evaluate', id, '--json')).toBe(0)
    expect(json()).toMatchObject({ runId: id, accuracy: 0.97, mistakes: [{ index: 7, label: 7, predicted: 1 }, {}, {}, {}, {}, {}] })
  })

  it('says that there is no such run', async () => {
    const { run, notes } = terminal()
    expect(await run('runs', 'evaluate', 'nosuch')).toBe(1)
    expect(notes.at(-1)).toMatch(/no run "nosuch"/)
  })

  it('is cancelled when the user wants the end', async () => {
    const { run, end, services } = terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
    const checkpoint = { runId: id, step: 80, file: 'f', kind: 'final' as const, bytes: 1, createdAt: 0, weightsHash: 'w', metrics: {} }
    const run80 = { ...(await services.runs.get(id)), checkpoints: [checkpoint] }
    services.runs.get = async () => run80
    let begun: () => void = () => undefined
    const started = new Promise<void>((resolve) => (begun = resolve))
    const cancelled = new Promise<never>((_, reject) => {
      services.runs.cancelEvaluation = async () => reject(new UserError('CONFLICT', 'The evaluation was cancelled.'))
    })
    services.runs.evaluate = () => {
      begun()
      return cancelled
    }
    const status = run('runs', 'evaluate', id)
    await started
    end('SIGINT')
    expect(await status).toBe(130)
  })
})

describe('retrace datasets', () => {
  it('imports with progress, verifies, lists and removes', async () => {
    const { run, out, notes, folder } = terminal()
    mkdirSync(join(folder, 'files'))
    expect(await run('datasets', 'import', join(folder, 'files'), '--name', 'new')).toBe(0)
    expect(out.splice(0)[0]).toMatch(/^new: 28x28x1, 10 classes, 8000 to train, 2000 to test/)
    expect(await run('datasets', 'import', join(folder, 'files'), '--name', 'new')).toBe(1)
    expect(notes.at(-1)).toMatch(/already: choose another name/)
    expect(await run('datasets', 'import', join(folder, 'missing'))).toBe(1)
    expect(notes.at(-1)).toMatch(/^retrace: There is no file or folder/)
    expect(await run('datasets', 'list')).toBe(0)
    expect(out.splice(0).map((line) => line.split(' ')[0])).toEqual(['NAME', 'mnist', 'new'])
    expect(await run('datasets', 'verify', 'new')).toBe(0)
    expect(await run('datasets', 'remove', 'new')).toBe(0)
    expect(await run('datasets', 'remove', 'new')).toBe(1)
  })

  it('makes a damaged data set a failure', async () => {
    const { run, services, out, notes } = terminal()
    services.datasets.verify = async () => ({ ok: false, problems: ['train.bin: 12 bytes are missing'] })
    expect(await run('datasets', 'verify', 'mnist')).toBe(1)
    expect(out).toEqual(['mnist: train.bin: 12 bytes are missing'])
    expect(notes).toEqual(['retrace: The data set mnist is damaged: remove it and import it again.'])
  })

  it('cancels a verification when the user wants the end', async () => {
    const { run, services, end } = terminal()
    let cancelled = ''
    services.datasets.verify = ({ taskId }) =>
      new Promise((_resolve, reject) => {
        services.datasets.cancelTask = async (id) => {
          cancelled = id
          reject(new Error('cancelled'))
        }
        expect(taskId).toBeDefined()
        end('SIGINT')
      })
    expect(await run('datasets', 'verify', 'mnist')).toBe(130)
    expect(cancelled).not.toBe('')
  })

  it('cancels an import when the user wants the end', async () => {
    const { run, services, folder, end } = terminal()
    let cancelled = ''
    services.datasets.import = () =>
      new Promise((_resolve, reject) => {
        services.datasets.cancelTask = async (taskId) => {
          cancelled = taskId
          reject(new Error('cancelled'))
        }
        end('SIGINT')
      })
    expect(await run('datasets', 'import', folder)).toBe(130)
    expect(cancelled).not.toBe('')
  })
})

describe('retrace parity and bench', () => {
  const reference = (): string => {
    const file = join(temporaryFolder(), 'case.safetensors')
    writeFileSync(file, '')
    return file
  }

  it('run in a process of their own with the environment of the engine, and print its result', async () => {
    const { context, json, notes, out, opened } = terminal()
    const file = reference()
    expect(await runCommandLine(['parity', file, '--json', '--engine', 'portable'], context)).toBe(0)
    expect(json()).toEqual({ tool: 'parity', request: { file, mode: null }, engine: 'portable', oneDNN: '1' })
    expect(notes).toEqual(['working'])
    out.length = 0
    expect(await runCommandLine(['bench', 'step', '--preset', 'p', '--units', '2', '--batch', '8', '--mode', 'stored'], context)).toBe(0)
    expect(out).toEqual(['done: bench-step'])
    expect(opened).not.toHaveBeenCalled()
  })

  it.each([
    ['wrong', 1, /^$/],
    ['refuse', 1, /^retrace: There is no network of that kind\.$/],
    ['die', 1, /^retrace: The process that ran bench-step ended with 3 before its result: first \| last words$/],
    ['killed', 1, /ended with SIGKILL before its result/],
    ['garbage', 1, /unexpected error, which is a defect/],
  ])('end with status 1 when the tool says %s', async (preset, status, note) => {
    const { context, notes } = terminal()
    expect(await runCommandLine(['bench', 'step', '--preset', preset], context)).toBe(status)
    expect(notes.slice(1).join('\n')).toMatch(note)
  })

  it('say that a file is missing', async () => {
    const { context, notes } = terminal()
    expect(await runCommandLine(['parity', join(temporaryFolder(), 'none')], context)).toBe(1)
    expect(notes[0]).toMatch(/^retrace: There is no file .*: give the path/)
  })

  it('end with the user', async () => {
    const { context, end } = terminal()
    const status = runCommandLine(['bench', 'step', '--preset', 'forever'], context)
    await new Promise((resolve) => setTimeout(resolve, 300))
    end('SIGTERM')
    expect(await status).toBe(143)
  })
})

it('retrace engine tells engine, device and reason', async () => {
  const { context, out, json } = terminal()
  expect(await runCommandLine(['engine', '--json'], context)).toBe(0)
  expect(json()).toMatchObject({
    engine: expect.stringMatching(/native|portable/),
    reason: expect.any(String),
    threads: expect.any(Number),
  })
  out.length = 0
  expect(await runCommandLine(['engine'], context)).toBe(0)
  expect(out[0]).toMatch(/^Engine: +(native|portable)$/)
})

describe('settings', () => {
  it('take JSON, else text', () => {
    expect(parseSetting('h=0.1')).toEqual({ path: ['h'], value: 0.1 })
    expect(parseSetting('a.b=[1,2]')).toEqual({ path: ['a', 'b'], value: [1, 2] })
    expect(parseSetting('arch=leapfrog')).toEqual({ path: ['arch'], value: 'leapfrog' })
    expect(parseSetting('name=a=b')).toEqual({ path: ['name'], value: 'a=b' })
    expect(parseSetting('x=')).toEqual({ path: ['x'], value: '' })
  })

  it('change what they name and nothing else, whatever the value', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ units: fc.integer(), channels: fc.integer() }), { minLength: 1 }),
        fc.nat(),
        fc.jsonValue(),
        async (stages, pick, value) => {
          const at = pick % stages.length
          const before = structuredClone(stages)
          const overrides = await toOverrides([parseSetting(`stages.${at}.units=${JSON.stringify(value)}`)], async () => ({ stages }))
          expect(overrides).toEqual({
            stages: stages.map((stage, i) => (i === at ? { ...stage, units: JSON.parse(JSON.stringify(value)) as unknown } : stage)),
          })
          expect(stages).toEqual(before)
        },
      ),
      { numRuns: 50 },
    )
  })
})

it('numbers are written for people', () => {
  expect([0, 59.4, 61, 3600 * 2 + 65].map(duration)).toEqual(['0 s', '59 s', '1 min 1 s', '2 h 1 min'])
  expect([0, 1023, 1024, 5 * 1024 ** 3].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KiB', '5.0 GiB'])
  expect(
    table(
      ['A', 'N'],
      [
        ['long name', '1'],
        ['b', '22'],
      ],
    ),
  ).toEqual(['A           N', 'long name   1', 'b          22'])
})
