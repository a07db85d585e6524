import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** A regular browser, with profiles and windows; null if there is none. */
export const browserPath = process.env['CHROMIUM'] ?? PLACES.find((path) => existsSync(path)) ?? null

/**
 * The same engine without the browser's user interface, if Debian's package of it is installed: tests use a quarter less processor time.
 */
const SHELL = '/usr/bin/chromium-headless-shell'
export const pagesPath = process.env['CHROMIUM'] ?? (existsSync(SHELL) ? SHELL : browserPath)

/** Why the tests of the window do not run here; null if they do. On a CI machine they always run, and fail without a browser. */
export const noBrowser: string | null =
  browserPath || process.env['CI'] === 'true'
    ? null
    : 'no Chromium found: install chromium, or name one in CHROMIUM, to run the tests of the window'

if (noBrowser) console.warn(`skipped: ${noBrowser}`)

export function launchBrowser(): Promise<Browser> {
  if (!pagesPath) throw new Error('No Chromium found, and CI=true forbids to skip: install chromium, or name one in CHROMIUM.')
  return chromium.launch({
    executablePath: pagesPath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
