import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findOnPath } from '../../engine/location.js'
import { guarded, warn } from '../../processes/guarded.js'

/** How the window was opened; `none`: the user has to open the printed address. */
export type Window =
  { how: 'app'; browser: string; close(): void; closed: Promise<void> } | { how: 'default' } | { how: 'none'; why: string }

const LINUX = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'microsoft-edge', 'microsoft-edge-stable']
const MACOS = ['Google Chrome', 'Chromium', 'Microsoft Edge']
const WINDOWS = ['Google\\Chrome\\Application\\chrome.exe', 'Chromium\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe']

/** Browsers installed as snaps cannot write to a profile in a hidden folder. */
function isSnap(path: string): boolean {
  return (
    path.startsWith('/snap/') ||
    realpathSync(path) === '/usr/bin/snap' ||
    (path.endsWith('chromium-browser') && existsSync('/snap/bin/chromium'))
  )
}

/** An installed browser that can show an address as an application window, or null. `RETRACE_BROWSER` overrides it. */
export function findAppBrowser(platform: NodeJS.Platform = process.platform, env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.RETRACE_BROWSER) return existsSync(env.RETRACE_BROWSER) ? env.RETRACE_BROWSER : null
  switch (platform) {
    case 'darwin':
      return (
        MACOS.flatMap((name) =>
          ['/Applications', join(env.HOME ?? '', 'Applications')].map((at) => `${at}/${name}.app/Contents/MacOS/${name}`),
        ).find((path) => existsSync(path)) ?? null
      )
    case 'win32':
      return (
        [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA]
          .flatMap((at) => (at ? WINDOWS.map((name) => `${at}\\${name}`) : []))
          .find((path) => existsSync(path)) ?? null
      )
    default:
      return LINUX.map((name) => findOnPath(name, env)).find((path) => path !== null && !isSnap(path)) ?? null
  }
}

/** Arguments for an application window: no tabs, no address bar, a profile separate from the user's. */
export function appWindowArguments(address: string, profile: string, root: boolean): string[] {
  const quiet = [
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-background-networking',
    '--disable-sync',
    '--disable-component-update',
  ]
  // Chromium refuses to start as root with its sandbox.
  return [`--app=${address}`, `--user-data-dir=${profile}`, ...quiet, ...(root ? ['--no-sandbox'] : [])]
}

/** Whether this session can show a window. */
export function hasScreen(platform: NodeJS.Platform = process.platform, env: NodeJS.ProcessEnv = process.env): boolean {
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY)
}

/**
 * Why the default browser cannot read a local page of ours; null if it can, as far as known. A snap cannot read hidden folders, where homes
 * usually are, and Windows does not know the paths of its Linux subsystem.
 */
export function whyNoPage(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  snaps = '/var/lib/snapd/desktop/applications',
): string | null {
  if (platform !== 'linux') return null
  if (env.WSL_DISTRO_NAME) return 'Windows browsers cannot read files of the Linux subsystem'
  const found = spawnSync('xdg-settings', ['get', 'default-web-browser'], { env, encoding: 'utf8', timeout: 2000 })
  const name = (found.stdout ?? '').trim()
  return name !== '' && existsSync(join(snaps, name))
    ? `the default browser (${name.replace(/\.desktop$/, '')}) is a snap, which cannot read files of other programs`
    : null
}

async function openApp(browser: string, address: string, profile: string): Promise<ChildProcess | null> {
  const child = spawn(browser, appWindowArguments(address, profile, process.getuid?.() === 0), { stdio: 'ignore' })
  const failed = new Promise<'failed'>((resolve) => {
    child.once('error', () => resolve('failed'))
    // Status 0: the window was handed over to a running browser with this profile.
    child.once(
      'exit',
      guarded(warn, (code) => code !== 0 && resolve('failed')),
    )
  })
  return (await Promise.race([failed, sleep(1500, null)])) === 'failed' ? null : child
}

/**
 * Opens the workbench's window: an application window of Chrome, Chromium or Edge, otherwise the default browser.
 * @param address becomes a command-line argument, which every user of the machine can read, so it must not contain a secret
 * @param profile folder for the browser's own files
 */
export async function openWindow(address: string, profile: string): Promise<Window> {
  if (!hasScreen()) return { how: 'none', why: 'there is no display' }
  const browser = findAppBrowser()
  const child = browser ? await openApp(browser, address, profile) : null
  if (browser && child) {
    const closed = new Promise<void>((resolve) => {
      if (child.exitCode !== null) resolve()
      else child.once('exit', () => resolve())
    })
    return { how: 'app', browser, close: () => void child.kill(), closed }
  }
  const why = whyNoPage()
  if (why !== null) return { how: 'none', why }
  const { default: open } = await import('open')
  try {
    const opener = await open(address)
    const status = await Promise.race([
      new Promise<number | null>((resolve) => {
        opener.once('error', () => resolve(-1))
        opener.once('exit', (code) => resolve(code))
      }),
      sleep(1500, 0),
    ])
    return status === 0 ? { how: 'default' } : { how: 'none', why: 'no browser could be started' }
  } catch (error) {
    return { how: 'none', why: `no browser could be started (${error instanceof Error ? error.message : String(error)})` }
  }
}
