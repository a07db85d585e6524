import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import { openOwnDynamics, type HostedDynamics } from '../../src-main/hosts/own-dynamics.js'
import { allDynamics, findDynamics, setOwnDynamics } from '../../src-main/numeric/registry.js'
import { DAMPED, damagedAt } from '../fixtures/own-dynamics.js'
import { temporaryFolder } from './temporary.js'

/** The files of a folder; the results of their check, which runs in a process of its own, are played. */
describe('dynamics files of a home', () => {
  afterEach(() => setOwnDynamics([]))

  function open(): {
    home: string
    own: HostedDynamics
    write(file: string, text: string): void
    checked: string[]
    changes: () => number
  } {
    const home = temporaryFolder()
    const checked: string[] = []
    let changes = 0
    const check = async (kept: string): Promise<string> => {
      const { file, text } = JSON.parse(readFileSync(kept, 'utf8')) as { file: string; text: string }
      checked.push(file)
      if (text.includes('crash')) throw new UserError('INTERNAL', 'The process of check-dynamics ended with SIGSEGV without a result.')
      const id = /id: '([^']+)'/.exec(text)?.[1]
      if (id === undefined) throw new UserError('BAD_INPUT', `The dynamics file ${file} was refused: it exports 0 dynamics.`)
      return id
    }
    const own = openOwnDynamics(home, check, () => changes++)
    const write = (file: string, text: string): void => {
      mkdirSync(join(home, 'dynamics'), { recursive: true })
      writeFileSync(join(home, 'dynamics', file), text)
    }
    return { home, own, write, checked, changes: () => changes }
  }

  it('does nothing where there is no folder, and registers what is put there later, once for each text', async () => {
    const { own, write, checked, changes } = open()
    await own.refresh()
    expect(await own.list({ again: false })).toMatchObject({ files: [] })
    expect(own.variables()).toEqual({})
    write('damped.ts', DAMPED)
    await Promise.all([own.refresh(), own.refresh()])
    await own.refresh()
    expect(checked).toEqual(['damped.ts'])
    expect(changes()).toBe(1)
    expect(own.of('damped-leapfrog')).toEqual({ file: 'damped.ts', hash: own.hashNow('damped.ts') })
    expect(findDynamics('damped-leapfrog')).toMatchObject({ label: 'Damped leapfrog', own: own.of('damped-leapfrog') })
    expect(allDynamics().map(({ id }) => id)).toContain('damped-leapfrog')
  })

  it('gives every process the very text that was checked, and checks a changed one anew', async () => {
    const { own, write, checked } = open()
    write('damped.ts', DAMPED)
    await own.refresh()
    const before = own.of('damped-leapfrog')!
    const [kept] = JSON.parse(own.variables()['RETRACE_OWN_DYNAMICS']!) as string[]
    write('damped.ts', damagedAt('-h * h', '-2 * h * h'))
    // A process that starts before the folder was rescanned gets the old text; a run created with it may no longer continue.
    expect((JSON.parse(readFileSync(kept!, 'utf8')) as { text: string }).text).toBe(DAMPED)
    expect(own.hashNow('damped.ts')).not.toBe(before.hash)
    await own.refresh()
    expect(checked).toEqual(['damped.ts', 'damped.ts'])
    expect(own.of('damped-leapfrog')!.hash).toBe(own.hashNow('damped.ts'))
    write('damped.ts', DAMPED)
    await own.refresh()
    expect(own.of('damped-leapfrog')).toEqual(before)
    expect(checked, 'a text that passed once is not checked again').toHaveLength(2)
  })

  it('keeps what was checked beyond its end', async () => {
    const { home, own, write, checked } = open()
    write('damped.ts', DAMPED)
    await own.refresh()
    setOwnDynamics([])
    const next = openOwnDynamics(home, () => Promise.reject(new Error('nothing is to be checked')))
    await next.refresh()
    expect(next.of('damped-leapfrog')).toEqual(own.of('damped-leapfrog'))
    expect(findDynamics('damped-leapfrog')).toBeDefined()
    expect(checked).toHaveLength(1)
  })

  it('refuses a file and says why, and the others are there all the same', async () => {
    const { own, write } = open()
    write('a-broken.ts', 'export const nothing = 1')
    write('damped.ts', DAMPED)
    write('twice.ts', DAMPED)
    write('notes.txt', 'not looked at')
    const { files } = await own.list({ again: false })
    expect(files.map(({ file, arch }) => [file, arch])).toEqual([
      ['a-broken.ts', null],
      ['damped.ts', 'damped-leapfrog'],
      ['twice.ts', null],
    ])
    expect(files[0]!.problem).toBe('The dynamics file a-broken.ts was refused: it exports 0 dynamics.')
    expect(files[2]!.problem).toContain("damped.ts has the same id 'damped-leapfrog'. Choose another id.")
    expect(own.missing('nothing')).toContain('there is no architecture nothing. The dynamics file a-broken.ts was refused')
  })

  it('checks what could not be checked once more when it is asked to', async () => {
    const { own, write, checked } = open()
    write('damped.ts', `${DAMPED}// crash`)
    expect((await own.list({ again: false })).files[0]!.problem).toMatch(/could not be checked. .*SIGSEGV.*Look again/)
    await own.list({ again: true })
    expect(checked).toHaveLength(2)
  })

  it('forgets a file that is gone, and reads none outside its folder', async () => {
    const { home, own, write } = open()
    write('damped.ts', DAMPED)
    await own.refresh()
    writeFileSync(join(home, 'outside.ts'), DAMPED)
    expect(own.hashNow('../outside.ts')).toBeNull()
    rmSync(join(home, 'dynamics', 'damped.ts'))
    await own.refresh()
    expect(own.of('damped-leapfrog')).toBeNull()
    expect(findDynamics('damped-leapfrog')).toBeUndefined()
  })
})
