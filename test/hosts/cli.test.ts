import { existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CONFIG_VERSION } from '../../src-main/contract/stored-config.js'
import type { Checkpoint } from '../../src-main/contract/runs.js'
import type { Context } from '../../src-main/hosts/cli/context.js'
import { runCommandLine } from '../../src-main/hosts/cli/run.js'
import { parseSetting, toOverrides } from '../../src-main/hosts/cli/settings.js'
import { bytes, duration, table } from '../../src-main/hosts/cli/format.js'
import { findHost } from '../../src-main/hosts/discovery.js'
import { openHost } from '../../src-main/hosts/host.js'
import { FIGURES } from '../fixtures/figures.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import type { PlayOptions } from '../fixtures/played-home.js'
import { sampleCheckpoint } from '../fixtures/records.js'
import { openSession } from '../fixtures/session.js'
import { temporaryFolder } from './temporary.js'

const TRAIN = ['train', '--preset', 'hamiltonian-quick', '--dataset', 'mnist']

/** A command line and a home of its own, with played trainers. */
async function terminal(folder = temporaryFolder(), options: PlayOptions = {}) {
  const services = await homeOfTest({ tickMs: 2, stepsPerTick: 20, host: 'cli', ...options })
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
      return { ...services.api, close: async () => undefined }
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

/** Work that continues until it is cancelled. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))

/** A workbench that holds the home, like an open window. */
async function runningWorkbench(folder: string, options: PlayOptions = { tickMs: 2, stepsPerTick: 20 }) {
  const services = await homeOfTest(options)
  const found = await openHost({
    home: { folder, chosen: true },
    kind: 'server',
    lasting: true,
    openBackend: async () => ({ ...services.api, close: async () => undefined }),
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
    const { run, opened, json, folder } = await terminal()
    expect(await run('presets', '--json')).toBe(0)
    expect(json()).toMatchObject([{ name: 'hamiltonian-quick', parameters: 46_714, depth: 50 }])
    expect(opened).toHaveBeenCalledWith(expect.objectContaining({ home: folder, hostKind: 'cli' }))
    expect(existsSync(join(folder, 'host.json'))).toBe(false)
    expect(await run('presets')).toBe(0)
  })

  it('becomes the client of the process that holds the home', async () => {
    const here = await terminal()
    const workbench = await runningWorkbench(here.folder)
    expect(await here.run('datasets', 'remove', 'mnist')).toBe(0)
    expect(here.opened).not.toHaveBeenCalled()
    expect(await workbench.services.datasets.list()).toEqual([])
  })

  it.each([
    [['nonsense'], /unknown command 'nonsense'/],
    [['runs'], /a command is missing; see `retrace runs --help`/],
    [['runs', 'list', '--nope'], /unknown option '--nope'/],
    [['runs', 'show'], /missing required argument 'id'/],
    [[...TRAIN, '--steps', 'many'], /whole number/],
    [['parity', 'x', '--mode', 'both'], /Allowed choices are reversible, stored/],
    [['serve', '--port', '70000'], /not a valid port/],
  ])('explains the mistake in %j in one line', async (args, message) => {
    const { context, notes, opened } = await terminal()
    expect(await runCommandLine(args, context)).toBe(2)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(message)
    expect(notes[0]).toMatch(/see `retrace .*--help`\.$/)
    expect(opened).not.toHaveBeenCalled()
  })

  it('shows its help without opening anything', async () => {
    const { context, out, opened } = await terminal()
    expect(await runCommandLine(['--help'], context)).toBe(0)
    expect(await runCommandLine(['runs', '--help'], context)).toBe(0)
    expect(out.join('\n')).toMatch(/train .*\n[^]*bench[^]*export/)
    expect(opened).not.toHaveBeenCalled()
  })

  it('gives an error of the user as one line and status 1', async () => {
    for (const workbench of [false, true]) {
      const { run, notes, folder } = await terminal()
      if (workbench) await runningWorkbench(folder)
      expect(await run('runs', 'show', 'missing1')).toBe(1)
      expect(notes).toEqual(['retrace: There is no run missing1. The runs table shows the ids.'])
      expect(await run('runs', 'show', '?')).toBe(1)
      expect(notes[1]).toBe('retrace: Invalid request: id: is not a run id.')
    }
  })

  it('ends without its result when the user wants that', async () => {
    const { run, services, end, folder } = await terminal()
    vi.spyOn(services.features.storage, 'usage').mockReturnValue(new Promise(() => undefined))
    const status = run('home', 'usage')
    await vi.waitFor(async () => expect(await findHost(folder)).not.toBeNull())
    end('SIGINT')
    expect(await status).toBe(130)
    expect(existsSync(join(folder, 'host.json'))).toBe(false)
  })

  it('says so when the process that it works with is gone', async () => {
    const { run, notes, folder } = await terminal()
    const { services, host } = await runningWorkbench(folder)
    vi.spyOn(services.features.storage, 'usage').mockReturnValue(new Promise(() => undefined))
    const status = run('home', 'usage')
    await vi.waitFor(() => expect(host.server.clients).toBe(1))
    await host.close()
    expect(await status).toBe(1)
    expect(notes[0]).toMatch(/^retrace: The (process that holds .* has ended|connection .* was lost)\. Run the command again\.$/)
  }, 15_000)
})

describe('retrace train', () => {
  it('follows the run and ends with the object that scripts rely on', async () => {
    const { run, json, notes, folder } = await terminal()
    expect(await run(...TRAIN, '--steps', '160', '--seed', '5')).toBe(0)
    const result = json()
    expect(Object.keys(result as object)).toEqual([
      'runId',
      'status',
      'testAccuracy',
      'testLoss',
      'testAccuracyInterval',
      'step',
      'testImages',
      'weightsHash',
      'seconds',
      'warnings',
    ])
    expect(result).toMatchObject({
      status: 'finished',
      testAccuracy: expect.any(Number),
      step: 160,
      testImages: 200,
      weightsHash: 'b'.repeat(64),
    })
    expect(notes[0]).toMatch(/^Run \w+: hamiltonian-quick on mnist, 160 steps, seed 5$/)
    expect(notes.at(-1)).toMatch(/^finished {2}step 160\/160/)
    expect(await findHost(folder)).toBeNull()
  })

  it('works through the workbench that holds the home', async () => {
    const { run, json, folder } = await terminal()
    const { services } = await runningWorkbench(folder)
    expect(await run(...TRAIN, '--epochs', '2')).toBe(0)
    expect((await services.runs.list()).runs).toMatchObject([{ status: 'finished', totalSteps: 160 }])
    expect(json()).toMatchObject({ status: 'finished' })
  })

  it('sets keys, also inside of values, upon what the preset has', async () => {
    const { run, services } = await terminal()
    const set = ['h=0.05', 'activation=tanh', 'stages.1.units=9', 'augment.pad=2', 'stages.2.channels=64'].flatMap((text) => [
      '--set',
      text,
    ])
    expect(await run(...TRAIN, '--steps', '20', ...set)).toBe(0)
    const { runs } = await services.runs.list()
    expect((await services.runs.get({ id: runs[0]!.id })).config).toMatchObject({
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

  it('warns of what cannot take effect before the run begins, and in the object', async () => {
    const { run, json, notes } = await terminal()
    const schedule = 'schedule={"kind":"piecewise","drops":[40000,60000]}'
    expect(await run(...TRAIN, '--steps', '20', '--set', 'augment.flip=true', '--set', schedule)).toBe(0)
    expect(notes[1]).toMatch(/^Warning: augment: Random flips .* to no class or to another one\. Turn flips off\.$/)
    expect(notes[2]).toMatch(
      /^Warning: schedule: The learning rate never drops at steps 40,000 and 60,000, because the run ends at step 20/,
    )
    expect(json()).toMatchObject({ warnings: [{ path: 'augment' }, { path: 'schedule' }] })
  })

  it('takes drops in parts of the run, also where another part of the schedule is set', async () => {
    const { run, services } = await terminal()
    const schedule = 'schedule={"kind":"piecewise","unit":"fraction","drops":[0.5,0.75]}'
    expect(await run(...TRAIN, '--epochs', '0.5', '--set', schedule, '--set', 'schedule.factor=0.2')).toBe(0)
    const { runs } = await services.runs.list()
    const made = (await services.runs.get({ id: runs[0]!.id })).config
    expect(made).toMatchObject({ steps: 40, schedule: { kind: 'piecewise', warmup: 0, drops: [20, 30], factor: 0.2 } })
  })

  it.each([
    [['--steps', '5', '--epochs', '1'], /--steps and --epochs exclude each other/],
    [['--set', 'h'], /does not have the form key=value/],
    [['--set', 'zzzzzz.x=1'], /has no key zzzzzz; choose one of .*learningRate/],
    [['--set', 'stages.7.units=1'], /no item 7; the list has the items 0 to 2/],
    [['--set', 'h.x=1'], /the value has no key x/],
    [['--set', 'batch=-1'], /overrides\.batch/],
    [['--set', 'learningrate=1'], /learningrate: is not a configuration key; did you mean learningRate\?/],
    [['--set', '__proto__.x=1'], /__proto__/],
    [['--dataset', 'nope'], /no data set nope/],
    [['--resume', 'run00001'], /--resume continues a run unchanged/],
    [['--step', '3'], /--step selects the checkpoint for --resume/],
  ])('refuses %j, naming it, and makes no run', async (args, message) => {
    const { run, notes, out, services } = await terminal()
    expect(await run(...TRAIN, ...args)).toBe(1)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(message)
    expect(out).toEqual([])
    expect((await services.runs.list()).runs).toEqual([])
  })

  it('takes a configuration that `runs show --config` printed, with changes on top, and names what is wrong in another', async () => {
    const { run, folder, out, notes, services } = await terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 300, h: 0.2, seed: 7 } })
    expect(await run('runs', 'show', id, '--config')).toBe(0)
    const file = join(folder, 'configuration.json')
    writeFileSync(file, out.join('\n'))
    expect(JSON.parse(out.join('\n'))).toEqual({ configVersion: CONFIG_VERSION, ...(await services.runs.get({ id })).config })
    expect(await run('train', '--config', file, '--set', 'batch=50')).toBe(0)
    const made = (await services.runs.list()).runs.find((row) => row.id !== id)!
    expect((await services.runs.get({ id: made.id })).config).toEqual({ ...(await services.runs.get({ id })).config, batch: 50 })
    writeFileSync(file, '{ "preset": "hamiltonian-quick", "dataset": "mnist", "learningrate": 1, "batch": 0 }')
    expect(await run('train', '--config', file)).toBe(1)
    expect(notes.at(-1)).toMatch(/learningrate: is not a configuration key; did you mean learningRate\?/)
    expect(notes.at(-1)).toMatch(/batch: /)
    expect((await services.runs.list()).runs).toHaveLength(2)
  })

  it('stops the run when the user wants the end, and says so', async () => {
    const { run, services, end, json, notes } = await terminal()
    const status = run(...TRAIN, '--steps', '100000')
    await vi.waitFor(async () => expect((await services.runs.list()).runs[0]?.step).toBeGreaterThan(20))
    end('SIGINT')
    expect(await status).toBe(130)
    expect(json()).toMatchObject({ status: 'stopped', testAccuracy: null, weightsHash: null, seconds: expect.any(Number) })
    expect(notes.join('\n')).toContain('the run writes a checkpoint first')
  })

  it('ends with status 1 and the reason when the run fails', async () => {
    const { run, services, json, notes } = await terminal()
    const status = run(...TRAIN, '--steps', '100000')
    await vi.waitFor(async () => expect((await services.runs.list()).runs).toHaveLength(1))
    const { runs } = await services.runs.list()
    services.end(runs[0]!.id, 'failed', 'The trainer was killed, probably because memory ran out.')
    expect(await status).toBe(1)
    expect(json()).toMatchObject({ status: 'failed' })
    expect(notes.at(-1)).toMatch(/failed: The trainer was killed/)
  })

  it('goes on with a run', async () => {
    const { run, services, out, json } = await terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 3000 } })
    await services.runs.pause({ id })
    expect(await run('train', '--resume', id)).toBe(0)
    expect(json()).toMatchObject({ runId: id, status: 'finished' })
    out.length = 0
    expect(await run('train', '--resume', id)).toBe(1)
  })

  it('goes on with a run from an earlier checkpoint, and says which there are', async () => {
    const { run, notes, context } = await terminal()
    using session = await openSession()
    context.openBackend = async () => ({ ...session.api, close: async () => undefined })
    const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    session.trainers[0]!.events.exited({ reason: 'it broke', overdue: false })
    for (const step of [10, 20]) session.stores.checkpoints.put(sampleCheckpoint(id, step))
    expect(await run('train', '--resume', id, '--step', '11')).toBe(1)
    expect(notes.at(-1)).toMatch(/no checkpoint at step 11\. It has checkpoints at 10, 20/)
    const going = run('train', '--resume', id, '--step', '10')
    await vi.waitFor(() => expect(session.trainers).toHaveLength(2))
    const { order, events } = session.trainers[1]!
    expect(order).toMatchObject({ runId: id, resumeFrom: 'step-10', olderCheckpoints: [] })
    events.report({ kind: 'ended', outcome: 'finished', reason: null, result: null })
    events.exited({ reason: null, overdue: false })
    expect(await going).toBe(0)
  })

  it('serves commands that come meanwhile, and stays until they are done', async () => {
    const first = await terminal()
    const second = await terminal(first.folder)
    const status = first.run(...TRAIN, '--steps', '100000')
    await vi.waitFor(async () => expect(await findHost(first.folder)).not.toBeNull())
    const later = second.run(...TRAIN, '--steps', '60000')
    await vi.waitFor(async () => expect((await first.services.runs.list()).runs).toHaveLength(2))
    const [its, own] = (await first.services.runs.list()).runs
    expect(await (await terminal(first.folder)).run('runs', 'stop', own!.id)).toBe(0)
    await vi.waitFor(() => expect(first.notes.join('\n')).toContain('Waiting for other commands'))
    await first.services.runs.stop({ id: its!.id })
    expect(await later).toBe(1)
    expect(await status).toBe(1)
    expect(second.opened).not.toHaveBeenCalled()
  })
})

describe('retrace runs', () => {
  it('lists, shows, pauses, resumes, forks, exports and removes', async () => {
    const { run, services, out, notes, folder, json } = await terminal()
    expect(await run('runs', 'list')).toBe(0)
    expect(out.splice(0)).toEqual(['There are no runs yet. `retrace train --preset hamiltonian-quick --dataset mnist` starts one.'])
    const { id } = await services.runs.create({
      preset: 'hamiltonian-quick',
      dataset: 'mnist',
      name: 'mine',
      overrides: { steps: 1_000_000 },
    })
    await vi.waitFor(async () => expect((await services.runs.get({ id })).step).toBeGreaterThan(100))

    expect(await run('runs', 'pause', id)).toBe(0)
    expect(out.splice(0)).toEqual([`Run ${id} is pausing`])
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

    // Text from others must not control a terminal, forge lines of a table, or become a spreadsheet formula.
    const hostile = '=1+1\u001b]0;owned\u0007\u009b2J\u202e\nforged'
    await services.runs.rename({ id, name: hostile })
    for (const words of [['list'], ['list', '--json'], ['show', id], ['show', id, '--json'], ['export', id], ['export', id, '--csv']]) {
      expect(await run('runs', ...words)).toBe(0)
      const said = out.splice(0).join('\n')
      expect(said).not.toMatch(/[\u001b\u0007\u009b\u202e]/)
      expect(said).toContain('\\u001b]0;owned\\u0007\\u009b2J\\u202e')
      if (words[0] === 'export' && words[2]) expect(said).toMatch(/,"'=1\+1/)
      if (words.join() === 'list' || words.join() === `show,${id}`) expect(said).not.toMatch(/^forged/m)
    }
    expect(await run('runs', 'show', '\u001b[2J')).toBe(1)
    expect(notes.splice(0).join('\n')).not.toContain('\u001b')
    await services.runs.rename({ id, name: 'mine' })

    const file = join(folder, 'points.csv')
    expect(await run('runs', 'export', id, '--csv', '--out', file)).toBe(0)
    expect(readFileSync(file, 'utf8')).toMatch(/^run,name,metric,step,value,time_ms\n[^]*odd,1,NaN,\d+\n[^]*odd,2,0\.5,\d+\n/)
    out.length = 0
    expect(await run('runs', 'export', id)).toBe(0)
    expect(json()).toMatchObject({
      run: { id },
      series: expect.arrayContaining([expect.objectContaining({ key: 'odd', values: ['NaN', 0.5] })]),
    })
    out.length = 0
    expect(await run('runs', 'export', id, '--out', join(folder, 'none', 'x.json'))).toBe(1)
    const before = readFileSync(file, 'utf8')
    expect(await run('runs', 'export', id, '--out', file)).toBe(1)
    expect(notes.at(-1)).toContain(`${file} already exists`)
    expect(readFileSync(file, 'utf8')).toBe(before)
    expect(await run('runs', 'export', id, '--out', file, '--overwrite')).toBe(0)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ run: { id } })
    out.length = 0

    expect(await run('runs', 'fork', id, '--set', 'augment.pad=2', '--set', 'steps=20', '--name', 'child')).toBe(0)
    const [child] = (await services.runs.list()).runs
    expect(child).toMatchObject({ name: 'child', parentId: id, status: 'finished' })
    expect((await services.runs.get({ id: child!.id })).config.augment).toEqual({ pad: 2, flip: false })
    out.length = 0
    expect(await run('runs', 'remove', id, '--json')).toBe(0)
    expect(json()).toEqual({ removed: id })
  })

  it('marks runs, compares them, brings removed ones back, and says in the end what refused', async () => {
    const { run, services, out, notes, json } = await terminal()
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'mine' })
    await services.runs.pause({ id })
    const fork = await services.runs.fork({ id, overrides: { h: 0.05 }, name: 'child' })
    const said = async (...args: string[]): Promise<string> => {
      out.length = 0
      expect(await run(...args)).toBe(0)
      return out.join('\n')
    }
    const difference = `^Apart from the architecture, these runs differ in: Step size h\\.\nKEY +${id} +${fork.id}\nh +0\\.1 +0\\.05$`
    expect(await said('runs', 'diff', fork.id)).toMatch(new RegExp(difference))
    expect(await said('runs', 'edit', id, fork.id, '--tag', 'deep', '--pin', '--colour', '#3f7cac')).toContain('pinned, #deep')
    expect(await said('runs', 'edit', id, '--untag', 'deep', '--no-pin')).toBe(`Run ${id}: no marks`)
    expect(await said('runs', 'notes', id, 'Learns *well*')).toBe('Learns *well*')
    await said('runs', 'remove', id)
    expect(await said('runs', 'removed')).toMatch(new RegExp(`${id} .*mine`))
    expect(await said('runs', 'restore', id)).toBe(`Run ${id} was restored`)
    expect(await run('runs', 'restore', id, 'nothere1')).toBe(1)
    expect(notes.at(-1)).toMatch(/no removed run nothere1/)
    expect(await run('runs', 'edit', id)).toBe(1)
    expect(notes.at(-1)).toMatch(/There is nothing to change/)
    expect(await said('runs', 'edit', id, '--project', 'How deep')).toContain(`Run ${id}`)
    expect(await said('runs', 'list', '--project', 'how deep')).toMatch(new RegExp(`PROJECT +NAME\n${id} .* How deep +mine$`))
    expect(await said('runs', 'list', '--project', 'none')).not.toContain(id)
    expect(await run('runs', 'list', '--project', 'deep')).toBe(1)
    expect(notes.at(-1)).toMatch(/no project "deep"\. Projects are: How deep\./)
    await said('projects', 'rename', 'how deep', 'Depth')
    expect(await said('projects', 'list')).toMatch(/Depth +1/)
    await said('runs', 'edit', id, '--project', 'none')
    expect(await said('projects', 'list')).toMatch(/Depth +0/)
    expect(await said('projects', 'remove', 'depth')).toMatch(/Its runs stay/)
    expect(await said('projects', 'list')).toMatch(/no projects yet/)
    out.length = 0
    expect(await run('settings', 'set', 'queue.concurrentRuns', '3', '--json')).toBe(0)
    expect(json()).toMatchObject({ 'queue.concurrentRuns': 3 })
    expect(await run('settings', 'set', 'queue.concurentRuns', '3')).toBe(1)
    expect(notes.at(-1)).toMatch(/queue\.concurrentRuns/)
    expect(await run('settings', 'set', 'queue.concurrentRuns', '0')).toBe(1)
    expect(await said('settings', 'list')).toMatch(/3 +runs +queue\.concurrentRuns/)
  })

  it('lists the checkpoints of a run, and pins the last one or that of a step', async () => {
    const { run, out, notes, context, json } = await terminal()
    using session = await openSession()
    context.openBackend = async () => ({ ...session.api, close: async () => undefined })
    const { id } = await session.services.runs.create({ preset: 'small', dataset: 'digits' })
    const said = async (...args: string[]): Promise<string> => {
      out.length = 0
      expect(await run('checkpoints', ...args)).toBe(0)
      return out.join('\n')
    }
    expect(await said('list', id)).toMatch(/has no checkpoints yet/)
    expect(await run('checkpoints', 'pin', id)).toBe(1)
    expect(notes.at(-1)).toMatch(/has no checkpoints yet\. Wait/)
    for (const step of [10, 20]) session.stores.checkpoints.put(sampleCheckpoint(id, step))
    expect(await said('pin', id)).toMatch(/at step 20 is pinned/)
    expect(await said('pin', id, '--step', '10')).toMatch(/at step 10 is pinned/)
    expect(await said('unpin', id, '--step', '20')).toMatch(/at step 20 is no longer pinned/)
    expect(await said('list', id)).toMatch(/\n +10 .* pinned [^]*\n +20 [^]*$/)
    expect(notes.at(-1)).toMatch(/hash of the weights only .* cannot be verified/)
    for (const step of [10, 20]) session.stores.checkpoints.put({ ...sampleCheckpoint(id, step), contentHash: 'c' })
    notes.length = 0
    expect(await said('list', id)).toMatch(/ everything /)
    expect(notes.filter((note) => note.includes('cannot be verified'))).toEqual([])
    // A value belongs to the step at which it was measured.
    session.stores.checkpoints.put({ ...sampleCheckpoint(id, 20), contentHash: 'c', metrics: { 'test/accuracy': 0.5, 'test/loss': 2 } })
    notes.length = 0
    expect(await said('list', id)).toMatch(/\n +10 +periodic +pinned +- +- [^]*\n +20 +periodic +50\.00% +2\.000 /)
    expect(notes.join()).toContain(`runs evaluate ${id} --step N`)
    session.stores.evaluations.put({ ...FIGURES, runId: id, file: 'step-10', step: 10, at: 1, datasetHash: null, accuracy: 0.75, loss: 1 })
    notes.length = 0
    expect(await said('list', id)).toMatch(/\n +10 +periodic +pinned +75\.00% +1\.000 /)
    expect(notes).toEqual([])
    await said('list', id, '--json')
    expect((json() as Checkpoint[]).map(({ pinned = false }) => pinned)).toEqual([true, false])
    expect(await run('checkpoints', 'pin', id, '--step', '11')).toBe(1)
    expect(notes.at(-1)).toMatch(/no checkpoint at step 11\. It has checkpoints at 10, 20/)
    out.length = 0
    expect(await run('runs', 'show', id)).toBe(0)
    expect(out.join('\n')).toMatch(/checkpoint at step 10 \(\w+, pinned\)/)
  })

  it('looks after the home: use, clean-up, check and back-up', async () => {
    const { run, services, out, folder, json } = await terminal(undefined, {})
    const { disk, files } = services.features.ports
    vi.spyOn(disk, 'space').mockReturnValue({ free: 100 * 2 ** 30, total: 500 * 2 ** 30 })
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'big', overrides: { steps: 10 } })
    services.advance(5)
    services.checkpoint(id)
    services.advance(5)
    const hoursAgo = Date.now() / 1000 - 3 * 3600
    // No process has the first of these ids.
    const left = ['datasets/.importing-999999999-ab', `.backup-${process.pid}-cd`].map((name) => join(files.home, name))
    for (const folder of left) {
      mkdirSync(folder)
      writeFileSync(join(folder, 'half'), Buffer.alloc(2048))
      for (const path of [join(folder, 'half'), folder]) utimesSync(path, hoursAgo, hoursAgo)
    }
    expect(await run('home', 'usage')).toBe(0)
    const usage = out.splice(0).join('\n')
    expect(usage).toMatch(/data set mnist +7\.5 MiB[^]*free disk space +100\.0 GiB/)
    expect(usage).toMatch(/datasets\/\.importing-999999999-ab: left by an import that was interrupted 3 h ago +2\.0 KiB/)
    expect(usage).toMatch(new RegExp(`\\.backup-${process.pid}-cd: a backup in progress \\(process ${process.pid}\\) +2\\.0 KiB`))
    const steps = async (): Promise<number[]> => (await services.runs.get({ id })).checkpoints.map(({ step }) => step)
    expect(await run('home', 'clean')).toBe(0)
    expect(out.splice(0).join('\n')).toMatch(/2\.0 KiB +checkpoint at step 5[^]*Would free/)
    expect(await steps()).toEqual([5, 10])
    expect(await run('home', 'clean', '--leftovers', '--yes')).toBe(0)
    expect(await steps()).toEqual([10])
    const [interrupted, inProgress] = left
    expect([existsSync(interrupted!), existsSync(inProgress!)]).toEqual([false, true])
    out.length = 0
    expect(await run('home', 'forget-windows')).toBe(0)
    expect(out.splice(0).join()).toContain('Revoked the access of all windows to')
    const backup = join(folder, 'x.tar')
    expect(await run('home', 'backup', backup, '--json')).toBe(0)
    expect(json()).toEqual({ file: backup, files: expect.any(Number) as number, bytes: statSync(backup).size })
    out.length = 0
    rmSync(inProgress!, { recursive: true })
    expect(await run('home', 'check')).toBe(0)
    expect(out.splice(0)[0]).toBe('Database, checkpoints and data sets are undamaged.')
    rmSync(files.checkpointPath(id, 'final-10'))
    expect(await run('home', 'check', '--quick')).toBe(1)
    expect(out.splice(0)[0]).toBe(`The checkpoint of run ${id} (big) at step 10 is missing: runs/${id}/checkpoints/final-10`)
    expect(await run('home', 'restore', join(folder, 'nowhere.tar'))).toBe(1)
  })

  it('queues several seeds, shows the queue, and changes its order', async () => {
    const { run, out, folder, json } = await terminal()
    const { services } = await runningWorkbench(folder, { concurrentRuns: 1 })
    await services.runs.createSeveral({ request: { preset: 'hamiltonian-quick', dataset: 'mnist', name: 'h' }, seeds: [1, 2, 3] })
    expect(await run('queue', 'list')).toBe(0)
    expect(out.splice(0).join('\n')).toMatch(/Concurrent runs: 1 [^]*1 +\w+ .*seed 2\n +2 +\w+ .*seed 3/)
    const third = (await services.runs.list()).runs.find(({ seed }) => seed === 3)!
    expect(await run('queue', 'move', third.id, '--to', '1', '--json')).toBe(0)
    expect((json() as { seed: number }[]).map(({ seed }) => seed)).toEqual([3, 2])
  })

  it('leaves a resumed run to the workbench that holds the home', async () => {
    const { run, out, folder } = await terminal()
    const { services } = await runningWorkbench(folder, {})
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
    await services.runs.pause({ id })
    expect(await run('runs', 'resume', id)).toBe(0)
    expect(out).toEqual([`Run ${id} is running`])
  })
})

describe('retrace runs evaluate', () => {
  it('prints accuracy by class and what was taken for what, or everything as JSON', async () => {
    const { run, out, json, services } = await terminal(undefined, { tickMs: 0 })
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
    services.advance(80)
    services.checkpoint(id)
    expect(await run('runs', 'evaluate', id, '--step', '80')).toBe(0)
    expect(out[0]).toBe('Step 80: test accuracy 97.00% (200 images, 95% interval 93.61 to 98.62%), test loss 0.1200')
    expect(out).toContain('    7    70.00%       14      20')
    expect(out.at(-1)).toBe('6 images of class 7 were classified as 1')
    out.length = 0
    expect(await run('runs', 'evaluate', id, '--json')).toBe(0)
    expect(json()).toMatchObject({ runId: id, accuracy: 0.97, mistakes: [{ index: 7, label: 7, predicted: 1 }, {}, {}, {}, {}, {}] })
  })

  it('says that there is no such run', async () => {
    const { run, notes } = await terminal()
    expect(await run('runs', 'evaluate', 'nosuch')).toBe(1)
    expect(notes.at(-1)).toMatch(/no run nosuch/)
  })

  it('is cancelled when the user wants the end', async () => {
    const evaluate = vi.fn(({ signal }: { signal: AbortSignal }) => untilAborted(signal))
    const { run, end, services } = await terminal(undefined, { tickMs: 0, ports: { evaluator: { evaluate } } })
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist' })
    services.checkpoint(id)
    const status = run('runs', 'evaluate', id)
    await vi.waitFor(() => expect(evaluate).toHaveBeenCalledOnce())
    end('SIGINT')
    expect(await status).toBe(130)
  })
})

describe('retrace datasets', () => {
  it('imports with progress, verifies, lists and removes', async () => {
    const { run, out, notes, folder, services } = await terminal()
    mkdirSync(join(folder, 'files'))
    expect(await run('datasets', 'import', join(folder, 'files'), '--name', 'new')).toBe(0)
    expect(out.splice(0)[0]).toMatch(/^new: 28x28x1, 10 classes, 8000 training, 2000 test/)
    expect(await run('datasets', 'import', join(folder, 'files'), '--name', 'new')).toBe(1)
    expect(notes.at(-1)).toMatch(/already.*hoose another name/)
    const asked = vi.spyOn(services.features.datasets, 'import')
    expect(
      await run(
        'datasets',
        'import',
        join(folder, 'files'),
        '--name',
        'new',
        '--values',
        '0..1',
        '--channels',
        'first',
        '--folders',
        'splits',
        '--only',
        'a',
      ),
    ).toBe(1)
    expect(asked.mock.lastCall?.[0].readings).toEqual({ values: '0..1', channels: 'first', folders: 'splits', only: 'a' })
    expect(notes.at(-1)).toMatch(/already.*hoose another name/)
    expect(await run('datasets', 'import', join(folder, 'missing'))).toBe(1)
    expect(notes.at(-1)).toMatch(/^retrace: .* does not exist/)
    expect(await run('datasets', 'list')).toBe(0)
    expect(out.splice(0).map((line) => line.split(' ')[0])).toEqual(['NAME', 'mnist', 'new'])
    expect(await run('datasets', 'verify', 'new')).toBe(0)
    expect(await run('datasets', 'remove', 'new')).toBe(0)
    expect(await run('datasets', 'remove', 'new')).toBe(1)
  })

  it('say what was missing of a data set and assumed of it, in the list and where a run begins', async () => {
    const { run, services, out, notes } = await terminal()
    const [mnist] = await services.datasets.list()
    const doubtful = { ...mnist!, notes: ['incomplete download: b missing'], assumptions: ['seg_train/ was taken.', 'x was left out.'] }
    services.addDataset({ ...doubtful, name: 'part' })
    expect(await run('datasets', 'list')).toBe(0)
    expect(out.splice(0)[2]).toMatch(/^part \(incomplete, 2 assumptions\) /)
    expect(await run('train', '--preset', 'hamiltonian-quick', '--dataset', 'part', '--steps', '2')).toBe(0)
    expect(notes).toContain('Warning: part: incomplete download: b missing')
    expect(notes).toContain('Data set part, assumed: seg_train/ was taken.')
  })

  it('makes a damaged data set a failure', async () => {
    const { run, services, out, notes } = await terminal()
    vi.spyOn(services.features.ports.importer, 'verify').mockResolvedValue({ ok: false, problems: ['train.bin: 12 bytes are missing'] })
    expect(await run('datasets', 'verify', 'mnist')).toBe(1)
    expect(out).toEqual(['mnist: train.bin: 12 bytes are missing'])
    expect(notes).toEqual(['retrace: The data set mnist is damaged. Remove it and import it again.'])
  })

  it.each([
    ['a verification', 'verify', ['verify', 'mnist']],
    ['an import', 'import', ['import', tmpdir()]],
  ] as const)('cancels %s when the user wants the end', async (_what, work, words) => {
    const { run, services, end } = await terminal()
    let aborted = false
    const begun = vi.spyOn(services.features.ports.importer, work).mockImplementation(async (...args: unknown[]) => {
      const { signal } = args.find((arg) => (arg as { signal?: AbortSignal }).signal) as { signal: AbortSignal }
      return untilAborted(signal).finally(() => (aborted = true))
    })
    const status = run('datasets', ...words)
    await vi.waitFor(() => expect(begun).toHaveBeenCalledOnce())
    end('SIGINT')
    expect(await status).toBe(130)
    expect(aborted).toBe(true)
  })
})

describe('retrace parity and bench', () => {
  const reference = (): string => {
    const file = join(temporaryFolder(), 'case.safetensors')
    writeFileSync(file, '')
    return file
  }

  it('run in a process of their own with the environment of the engine, and print its result', async () => {
    const { context, json, notes, out, opened } = await terminal()
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
    ['die', 1, /^retrace: The process of bench-step ended with 3 without a result: first \| last words$/],
    ['killed', 1, /ended with SIGKILL without a result/],
    ['garbage', 1, /internal error\. This is a bug/],
  ])('end with status 1 when the tool says %s', async (preset, status, note) => {
    const { context, notes } = await terminal()
    expect(await runCommandLine(['bench', 'step', '--preset', preset], context)).toBe(status)
    expect(notes.slice(1).join('\n')).toMatch(note)
  })

  it('say that a file is missing', async () => {
    const { context, notes } = await terminal()
    expect(await runCommandLine(['parity', join(temporaryFolder(), 'none')], context)).toBe(1)
    expect(notes[0]).toMatch(/^retrace: .* does not exist\. Give the path/)
  })

  it('end with the user', async () => {
    const { context, end } = await terminal()
    const status = runCommandLine(['bench', 'step', '--preset', 'forever'], context)
    await new Promise((resolve) => setTimeout(resolve, 300))
    end('SIGTERM')
    expect(await status).toBe(143)
  })
})

it('retrace engine tells engine, device and reason', async () => {
  const { context, out, json } = await terminal()
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
