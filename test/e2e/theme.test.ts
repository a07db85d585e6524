import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { serveHome } from './support/serve-home.js'
import { openPage } from './support/watched-page.js'

/**
 * Records the lightness of the page in every frame since it started loading, 0 to 1: of the painted background, which is that of the
 * application once it is there, and before that of the document.
 */
const WATCH = `
  window.lightness = []
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number); return (r + g + b) / 765 }
  const look = () => {
    const app = document.querySelector('.v-application')
    if (document.documentElement) {
      const colour = getComputedStyle(app ?? document.documentElement).backgroundColor
      window.lightness.push(light(colour))
    }
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
`

describe.skipIf(noBrowser)('the theme', () => {
  let browser: Browser
  let pagePath: string
  beforeAll(async () => {
    pagePath = (await builtWorkbench()).page
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  const lightness = (page: Page) => page.evaluate<number[]>('window.lightness')
  const isDark = async (page: Page): Promise<boolean> => (await lightness(page)).at(-1)! < 0.3
  /** The colour scheme of what the browser draws itself, such as scroll bars. */
  const scheme = (page: Page) => page.evaluate<string>('getComputedStyle(document.documentElement).colorScheme')

  it("is the system's and follows it at once; a chosen one stays, until the system's is chosen again", async () => {
    const server = await serveHome(await homeOfTest(), pagePath)
    const { page, context, complaints } = await openPage(browser, { scheme: 'light', width: 1400 })
    await page.addInitScript(WATCH)
    await page.goto(server.windowAddress)
    await page.getByText('No runs yet').waitFor()
    expect(await isDark(page)).toBe(false)
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(() => isDark(page)).toBe(true)

    await page.getByRole('button', { name: 'Light theme' }).click()
    await expect.poll(() => isDark(page)).toBe(false)
    expect(await scheme(page)).toBe('light')
    await page.evaluate('window.lightness = []')
    await page.emulateMedia({ colorScheme: 'light' })
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(async () => (await lightness(page)).length).toBeGreaterThan(10)
    expect((await lightness(page)).filter((value) => value < 0.3)).toEqual([])

    await page.getByRole('button', { name: 'System theme' }).click()
    await expect.poll(() => isDark(page)).toBe(true)
    expect(await scheme(page)).toBe('dark')
    expect(complaints).toEqual([])
    await context.close()
    await server.close()
  })

  it.each([
    ['light', 'dark'],
    ['dark', 'light'],
  ] as const)('%s, chosen where the system is %s, is there from the first frame', async (chosen, system) => {
    const server = await serveHome(await homeOfTest(), pagePath)
    const { page, context } = await openPage(browser, { scheme: system })
    await page.addInitScript(WATCH)
    await page.goto(server.windowAddress)
    await page.getByText('No runs yet').waitFor()
    expect(await isDark(page)).toBe(system === 'dark')
    await page.evaluate(`localStorage.setItem('retrace.theme', '${chosen}')`)
    // Code that loads late, as from a slow disk, while placeholders are shown.
    await page.route('**/*.js', async (route) => {
      if (!route.request().url().includes('first-theme')) await new Promise((resolve) => setTimeout(resolve, 300))
      await route.continue()
    })
    await page.reload()
    await page.getByText('No runs yet').waitFor()
    const seen = await lightness(page)
    expect(seen.length).toBeGreaterThan(10)
    expect(seen.filter((value) => value < 0.3 !== (chosen === 'dark'))).toEqual([])
    await context.close()
    await server.close()
  })
})
