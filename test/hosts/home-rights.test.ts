import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mendRights } from '../../src-main/hosts/home-rights.js'
import { openHost } from '../../src-main/hosts/host.js'
import { tryLockHome } from '../../src-main/hosts/home-lock.js'
import { playedBackend } from '../fixtures/played-home.js'
import { temporaryFolder } from './temporary.js'

const mode = (path: string): number => statSync(path).mode & 0o777

/** A home as other programs might have created it, readable for everybody. */
function openHome(): string {
  const parent = temporaryFolder()
  chmodSync(parent, 0o755)
  const home = join(parent, 'home')
  for (const folder of ['', 'runs', 'datasets']) {
    mkdirSync(join(home, folder))
    chmodSync(join(home, folder), 0o755)
  }
  for (const file of ['retrace.sqlite', 'retrace.sqlite-wal', 'lock.sqlite', 'host.json', 'reserve', 'host.json.unfinished-12-0123abcd']) {
    writeFileSync(join(home, file), '')
    chmodSync(join(home, file), 0o644)
  }
  return home
}

/** Whether a shell command of another user succeeds. */
const asNobody = (command: string): boolean => spawnSync('/bin/sh', ['-c', command], { uid: 65_534, gid: 65_534 }).status === 0

describe.skipIf(process.platform === 'win32')('the rights of a home', () => {
  it('that others could read are closed, which is said once', () => {
    const home = openHome()
    expect(mendRights(home)).toEqual([`The home folder ${home} was accessible to other users (mode 755). Its mode is now 700.`])
    expect(mode(home)).toBe(0o700)
    for (const name of readdirSync(home)) expect(mode(join(home, name)) & 0o077).toBe(0)
    expect(mendRights(home)).toEqual([])
  })

  it('are closed for what is ours alone where the folder holds other things', () => {
    const home = openHome()
    writeFileSync(join(home, 'thesis.tex'), '')
    chmodSync(join(home, 'thesis.tex'), 0o644)
    chmodSync(home, 0o775)
    const [first, second, ...rest] = mendRights(home)
    expect(first).toMatch(/^Other users could read .*retrace\.sqlite.*\. Only you can access them now\.$/)
    expect(second).toBe(`Other users can replace files in ${home} (mode 775). Choose a folder that only you can write to.`)
    expect(rest).toEqual([])
    expect([mode(home), mode(join(home, 'thesis.tex'))]).toEqual([0o775, 0o644])
    for (const name of ['retrace.sqlite', 'lock.sqlite', 'runs']) expect(mode(join(home, name)) & 0o077).toBe(0)
    chmodSync(home, 0o1777)
    expect(mendRights(home), 'as in /tmp, where each has his own').toEqual([])
  })

  it('are mended before a host opens it, and told in its terminal and its window', async () => {
    const home = openHome()
    const notes: string[] = []
    const news: unknown[] = []
    const open = () =>
      openHost({
        home: { folder: home, chosen: true },
        kind: 'server',
        lasting: true,
        openBackend: async (options) => {
          news.push(options.news)
          return playedBackend()
        },
        page: null,
        port: 0,
        onDefect: (error) => expect.unreachable(String(error)),
        note: (line) => void notes.push(line),
      })
    const first = await open()
    if (!('opened' in first)) throw new Error('the home is held already')
    await first.opened.close()
    const message = `The home folder ${home} was accessible to other users (mode 755). Its mode is now 700.`
    expect(notes).toEqual([message])
    expect(news).toEqual([[{ kind: 'rights', level: 'warn', runId: null, message }]])
    expect(mode(join(home, 'lock.sqlite'))).toBe(0o600)
  })

  it.skipIf(process.getuid?.() !== 0)('keep another user from reading it, and from taking its lock', async () => {
    const home = openHome()
    const hold = `exec 9<"${home}/lock.sqlite"`
    expect(asNobody(`cat "${home}/host.json" && ${hold}`), 'as it was').toBe(true)
    mendRights(home)
    for (const command of [`ls "${home}"`, `cat "${home}/host.json"`, hold]) expect(asNobody(command), command).toBe(false)
    // Even if the folder has to stay open.
    writeFileSync(join(home, 'thesis.tex'), '')
    chmodSync(home, 0o755)
    const lock = await tryLockHome(home)
    expect(lock).not.toBeNull()
    for (const command of [`cat "${home}/host.json"`, hold]) expect(asNobody(command), command).toBe(false)
    lock!.release()
  })

  it('are closed for a lock that is made', async () => {
    const home = temporaryFolder()
    const before = process.umask(0o000)
    try {
      const lock = await tryLockHome(home)
      expect(mode(join(home, 'lock.sqlite'))).toBe(0o600)
      // A second attempt opens and closes the file held by the first, which must not release the lock.
      expect(await tryLockHome(home)).toBeNull()
      expect(readdirSync(home), 'nothing is written beside it').toEqual(['lock.sqlite'])
      expect(statSync(join(home, 'lock.sqlite')).size, 'nor into it: a full disk can be locked').toBe(0)
      lock!.release()
    } finally {
      process.umask(before)
    }
  })
})
