import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { findBroken } from '../../src-main/numeric/quick-check.js'
import { allDynamics, setOwnDynamics } from '../../src-main/numeric/registry.js'
import { hashOf } from '../../src-main/training/own-dynamics/kept.js'
import { loadOwnDynamics } from '../../src-main/training/own-dynamics/load.js'
import { builtWorkbench } from '../e2e/support/built.js'
import { temporaryFolder } from '../fixtures/home.js'
import { DAMPED, damagedAt } from '../fixtures/own-dynamics.js'
import { everyNth } from '../fixtures/slice.js'
import { tf } from './support.js'

const load = (text: string, file = 'mine.ts') => loadOwnDynamics({ file, hash: hashOf(text), text })
/** The result of the quick check, which must also not leave any tensors. */
function brokenIn(text: string): string | null {
  const before = tf.memory().numTensors
  const dynamics = load(text)
  setOwnDynamics([dynamics])
  const found = findBroken(dynamics)
  expect(tf.memory().numTensors).toBe(before)
  return found && `${found.check}: ${found.why}`
}
afterEach(() => setOwnDynamics([]))

describe('the quick check of a dynamics', () => {
  it.each(
    everyNth(
      allDynamics().map((dynamics) => [dynamics.id, dynamics] as const),
      4,
      import.meta.filename,
    ),
  )('lets the built-in %s pass', (_, dynamics) => {
    expect(findBroken(dynamics)).toBeNull()
  })

  it('lets a file of the user pass, as TypeScript and as JavaScript', () => {
    expect(brokenIn(DAMPED)).toBeNull()
    expect(load(DAMPED.replace(', type Dynamics', '').replace(': Dynamics', '').replace(' as number', ''), 'mine.js').id).toBe(
      'damped-leapfrog',
    )
  })

  it.each([
    ['shapes', 'close: ([, last]) => last', 'close: ([first, last]) => tf.add(first, last)', /close\(open\(x\)\) differs from x/],
    ['shapes', 'force: symmetricLayer', 'force: (y) => tf.concat([y, y], -1)', /ends with an error: .*Incompatible shapes/],
    ['inverse', "keep: 1 - (options['friction'] as number) * h", 'keep: 0', /a substep has keep 0/],
    ['inverse', "keep: 1 - (options['friction'] as number) * h", 'keep: 1e-4', /come back with a relative error of .*, and at most/],
    [
      'gradient',
      'force: symmetricLayer',
      'force: symmetricLayer, forceAndVjp: (y, p, ctx, c) => ({ value: symmetricLayer(y, p, ctx), state: tf.mul(c, 2), params: Object.fromEntries(Object.entries(p).map(([k, v]) => [k, tf.onesLike(v)])) })',
      /reversed gradient of .* is off the stored one by/,
    ],
    [
      'gradient',
      'force: symmetricLayer',
      'force: (y, p, ctx) => symmetricLayer(y, { ...p, bias: tf.zeros(p.bias!.shape) }, ctx)',
      /no force depends on the parameter stage1\/unit1\/bias/,
    ],
  ])('names the broken check: %s (%s)', (check, place, by, why) => {
    const found = brokenIn(damagedAt(place, by))
    expect(found).toMatch(new RegExp(`^${check}: `))
    expect(found).toMatch(why)
  })

  it.each([
    ['export const = 1', /mine\.ts was refused: it cannot be read\. .*\(1:14\)/],
    ["import { readFileSync } from 'node:fs'\nexport const a = readFileSync", /it imports 'node:fs'; it can import from retrace/],
    ['export const a = 1', /it exports 0 dynamics/],
    [damagedAt("'damped-leapfrog'", "'leapfrog'"), /its id 'leapfrog' is that of a built-in architecture/],
    [damagedAt('channelMultiple: 1', 'channelMultiple: 3'), /its channelMultiple must be 1 or 2/],
    [damagedAt('friction: field', 'batch: field'), /the option batch clashes with a configuration key/],
  ])('refuses what is no dynamics, with the reason', (text, why) => {
    expect(() => load(text)).toThrow(why)
  })

  it('names the file in whatever its functions throw', () => {
    const { substeps } = load(damagedAt('substeps: (h, options) => [', "substeps: (h, options) => [ ...options['no'].such,"))
    expect(() => substeps(0.1, {})).toThrow(/The dynamics file mine\.ts failed in substeps\(\): /)
  })
})

describe('retrace train with a dynamics of the user', () => {
  const run = promisify(execFile)

  it('trains it by its options, says why another was refused, and evaluates no checkpoint by a changed text', async () => {
    using home = temporaryFolder()
    const { cli } = await builtWorkbench()
    const retrace = async (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
      run(process.execPath, [cli, ...args, '--home', home.path]).catch((error: { stdout: string; stderr: string }) => error)
    mkdirSync(join(home.path, 'dynamics'))
    writeFileSync(join(home.path, 'dynamics', 'mine.ts'), DAMPED)
    writeFileSync(
      join(home.path, 'dynamics', 'other.ts'),
      damagedAt("id: 'damped-leapfrog'", "id: 'other'").replace('keep: 1 -', 'keep: 0 * '),
    )
    const train = (...set: string[]) =>
      retrace(
        'train',
        '--preset',
        'hamiltonian-quick',
        '--dataset',
        'mnist',
        '--steps',
        '2',
        '--json',
        '--set',
        'stages=[{"channels":4,"units":1}]',
        ...set,
      )
    const trained = JSON.parse((await train('--set', 'arch=damped-leapfrog', '--set', 'friction=0.3')).stdout) as {
      status: string
      runId: string
    }
    expect(trained.status).toBe('finished')
    const shown = JSON.parse((await retrace('runs', 'show', trained.runId, '--json')).stdout) as Record<string, never>
    expect(shown).toMatchObject({
      config: { arch: 'damped-leapfrog', friction: 0.3 },
      environment: { dynamics: { file: 'mine.ts', hash: hashOf(DAMPED) } },
    })

    const { stderr } = await train('--set', 'arch=other')
    expect(stderr).toMatch(
      /there is no architecture other\. The dynamics file other\.ts was refused: it breaks the check "inverse"\. At h = 0\.01 a substep has keep 0/,
    )

    writeFileSync(join(home.path, 'dynamics', 'mine.ts'), `${DAMPED}// changed`)
    expect((await retrace('runs', 'evaluate', trained.runId)).stderr).toMatch(/mine\.ts has changed .*Put that text back/)
  })
})
