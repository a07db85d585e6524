import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { FULL } from '../../fixtures/slice.js'

export interface WatchedPage {
  page: Page
  context: BrowserContext
  /** Every URL that the page requested, and every socket that it opened. */
  addresses: string[]
  /** Console errors and warnings, uncaught exceptions, and failed requests. */
  complaints: string[]
}

export interface WatchOptions {
  scheme?: 'light' | 'dark'
  width?: number
  /** Whether the window survives a restart of its workbench: it then fetches every file of the page when it opens. */
  keeper?: boolean
}

/** The browser's message when tests block the window's service worker. */
const NO_KEEPER = 'Service Worker registration blocked by Playwright'

/** A page with a profile of its own that records its requests and complaints. */
export async function openPage(
  browser: Browser,
  { scheme = 'light', width = 1280, keeper = FULL }: WatchOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    reducedMotion: 'reduce',
    serviceWorkers: keeper ? 'allow' : 'block',
  })
  const addresses: string[] = []
  const complaints: string[] = []
  // On the context, so that workers and pop-ups are included.
  context.on('request', (request) => addresses.push(request.url()))
  const page = await context.newPage()
  page.on('websocket', (socket) => addresses.push(socket.url()))
  page.on('console', (message) => {
    if (!keeper && message.text().includes(NO_KEEPER)) return
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.stack ?? error.message}`))
  return { page, context, addresses, complaints }
}

/** URLs that do not belong to this machine's own server. */
export const foreign = (addresses: string[], port: string): string[] =>
  addresses.filter((address) => {
    const { protocol, host } = new URL(address)
    if (protocol === 'data:' || protocol === 'blob:') return false
    return host !== `127.0.0.1:${port}`
  })

/** The part of a page's animations used here; this program has no DOM types. */
interface Transition {
  playState: string
  effect: { getComputedTiming(): { endTime: number } } | null
  finished: Promise<unknown>
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Waits until no transition on the page is running; one that has been triggered starts within the next frames. */
export async function calm(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const { document, requestAnimationFrame } = globalThis as unknown as {
      document: { getAnimations(): Transition[] }
      requestAnimationFrame(work: () => void): void
    }
    for (let frames = 0; frames < 3;) {
      await new Promise<void>((resolve) => requestAnimationFrame(resolve))
      const ending = document
        .getAnimations()
        .filter(({ playState, effect }) => playState === 'running' && effect?.getComputedTiming().endTime !== Infinity)
      frames = ending.length === 0 ? frames + 1 : 0
      await Promise.allSettled(ending.map(({ finished }) => finished))
    }
  })
}

/** Serious and critical findings of axe, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // Colours in the middle of a transition are not what users see.
  await calm(page)
  // Through the debugging protocol, to which the page's content security policy does not apply.
  await page.evaluate(axe)
  // Without unused data: passed checks, and selectors of failed ones.
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run({
      resultTypes: ['violations'],
      selectors: false,
    }),
  )
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`))
}

/** The content of a chart's line: the number of points, and the step of the last one. */
export async function lineOf(page: Page, key: string): Promise<{ count: number; last: number }> {
  const entry = page.locator(`[data-line="${key}"]`)
  const [count, last] = await entry.evaluate((element) => [element.dataset['count'], element.dataset['last']] as const)
  return { count: Number(count), last: Number(last) }
}
