import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { FULL } from '../../fixtures/slice.js'

export interface WatchedPage {
  page: Page
  context: BrowserContext
  /** Every address that the page asked for, and every socket that it opened. */
  addresses: string[]
  /** Errors and warnings of the console, uncaught exceptions, requests that failed. */
  complaints: string[]
}

export interface WatchOptions {
  scheme?: 'light' | 'dark'
  width?: number
  /** Whether the window keeps itself over an end of its workbench: it then fetches every file of the page when it opens. */
  keeper?: boolean
}

/** What the browser says where tests leave the window's service worker out. */
const NO_KEEPER = 'Service Worker registration blocked by Playwright'

/** A page in a profile of its own that remembers what it asked for and what it complained about. */
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
  // On the context, so that workers and pop-ups count too.
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

/** Addresses that are not of this machine's own server. */
export const foreign = (addresses: string[], port: string): string[] =>
  addresses.filter((address) => {
    const { protocol, host } = new URL(address)
    if (protocol === 'data:' || protocol === 'blob:') return false
    return host !== `127.0.0.1:${port}`
  })

/** What is used here of a page's animations; this program has no types of the page. */
interface Transition {
  playState: string
  effect: { getComputedTiming(): { endTime: number } } | null
  finished: Promise<unknown>
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Waits until nothing on the page is in the middle of a transition; one that was asked for begins with the next frames. */
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

/** Findings of axe that are serious or worse, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // A colour in the middle of a transition is not what anyone reads.
  await calm(page)
  // Through the debugging protocol, which the page's content policy does not concern.
  await page.evaluate(axe)
  // Without what is not read here: what passed, and selectors of what did not.
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

/** What a chart's line holds: how many points, and the step of the last. */
export async function lineOf(page: Page, key: string): Promise<{ count: number; last: number }> {
  const entry = page.locator(`[data-line="${key}"]`)
  const [count, last] = await entry.evaluate((element) => [element.dataset['count'], element.dataset['last']] as const)
  return { count: Number(count), last: Number(last) }
}
