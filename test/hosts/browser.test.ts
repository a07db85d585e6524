import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { appWindowArguments, findAppBrowser, hasScreen, openWindow, whyNoPage } from '../../src-main/hosts/server/browser.js'
import { temporaryFolder } from './temporary.js'

/** A shell script that acts as a browser. */
function program(path: string, script: string): string {
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

const ADDRESS = 'file:///home/window.html'

describe.skipIf(process.platform === 'win32')('the window of a browser', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is one of Chrome, Chromium or Edge, in this order, or the one that RETRACE_BROWSER names', () => {
    const tools = temporaryFolder()
    const env = { PATH: tools }
    expect(findAppBrowser('linux', env)).toBeNull()
    const edge = program(join(tools, 'microsoft-edge'), '')
    expect(findAppBrowser('linux', env)).toBe(edge)
    const chromium = program(join(tools, 'chromium'), '')
    expect(findAppBrowser('linux', env)).toBe(chromium)
    const chrome = program(join(tools, 'google-chrome'), '')
    expect(findAppBrowser('linux', env)).toBe(chrome)
    expect(findAppBrowser('linux', { ...env, RETRACE_BROWSER: edge })).toBe(edge)
    expect(findAppBrowser('linux', { ...env, RETRACE_BROWSER: join(tools, 'none') })).toBeNull()

    const home = temporaryFolder()
    const place = join(home, 'Applications/Microsoft Edge.app/Contents/MacOS')
    mkdirSync(place, { recursive: true })
    const mac = program(join(place, 'Microsoft Edge'), '')
    if (process.platform !== 'darwin') expect(findAppBrowser('darwin', { HOME: home })).toBe(mac)
  })

  it('has no tabs, a profile of its own, and no sandbox only where the system forbids one', () => {
    const args = appWindowArguments(ADDRESS, '/profile', false)
    expect(args.slice(0, 2)).toEqual([`--app=${ADDRESS}`, '--user-data-dir=/profile'])
    expect(args).toContain('--no-first-run')
    expect(args).not.toContain('--no-sandbox')
    expect(appWindowArguments(ADDRESS, '/profile', true)).toContain('--no-sandbox')
  })

  it('opens, tells when it was closed, and can be closed', async () => {
    const folder = temporaryFolder()
    vi.stubEnv('RETRACE_BROWSER', program(join(folder, 'browser'), `echo "$@" > ${join(folder, 'args')}; exec sleep 60`))
    vi.stubEnv('DISPLAY', ':0')
    const window = await openWindow(ADDRESS, join(folder, 'profile'))
    if (window.how !== 'app') throw new Error(`opened as ${window.how}`)
    expect(readFileSync(join(folder, 'args'), 'utf8')).toContain(`--app=${ADDRESS} --user-data-dir=${join(folder, 'profile')}`)
    window.close()
    await window.closed
  })

  it.skipIf(process.platform !== 'linux')(
    'is left to the user where the browser could not read the page that leads to the workbench',
    () => {
      const [tools, snaps] = [temporaryFolder(), temporaryFolder()]
      const env = { PATH: tools }
      expect(whyNoPage(env, 'linux', snaps), 'nothing is known of the default browser').toBeNull()
      program(join(tools, 'xdg-settings'), 'echo firefox_firefox.desktop')
      expect(whyNoPage(env, 'linux', snaps)).toBeNull()
      writeFileSync(join(snaps, 'firefox_firefox.desktop'), '')
      expect(whyNoPage(env, 'linux', snaps)).toBe(
        'the default browser (firefox_firefox) is a snap, which cannot read files of other programs',
      )
      expect(whyNoPage(env, 'darwin', snaps)).toBeNull()
      expect(whyNoPage({ ...env, WSL_DISTRO_NAME: 'Debian' }, 'linux', snaps)).toContain('Windows')
    },
  )

  it('is left to the user where there is no screen', async () => {
    expect(hasScreen('linux', {})).toBe(false)
    expect(hasScreen('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true)
    expect(hasScreen('darwin', {})).toBe(true)
    if (process.platform !== 'linux') return
    vi.stubEnv('DISPLAY', '')
    vi.stubEnv('WAYLAND_DISPLAY', '')
    expect(await openWindow(ADDRESS, join(temporaryFolder(), 'profile'))).toEqual({ how: 'none', why: 'there is no display' })
  })
})
