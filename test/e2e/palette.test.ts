import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { focused } from './support/focus.js'
import { picture } from './support/picture.js'
import { serveHome } from './support/serve-home.js'
import { openPage, seriousFindings } from './support/watched-page.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

describe.skipIf(noBrowser)('the command palette', () => {
  let browser: Browser
  let pagePath: string
  beforeAll(async () => {
    pagePath = (await builtWorkbench()).page
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  const options = (page: Page): Promise<string[]> => page.getByRole('dialog').getByRole('option').allInnerTexts()
  const field = (page: Page) => page.getByTestId('palette')

  it('opens anywhere, finds what there is by a few of its letters, does what is chosen, and gives the focus back', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, name: 'deep one', overrides: { steps: 1000 } })
    const { id: other } = await home.runs.create({ ...REQUEST, name: 'wide one' })
    await home.comparisons.save({ name: 'deep against wide', view: { runs: [id, other] } })
    const server = await serveHome(home, pagePath)
    const { page, context, complaints } = await openPage(browser, { width: 1100 })

    // On every page; Escape returns the focus to where it was.
    for (const address of ['runs', `runs/${id}`, 'compare', 'new', 'datasets', 'datasets/mnist', 'settings', 'no/such/page']) {
      await page.goto(`${server.windowAddress}#/${address}`)
      await page.locator('#content h1, #content .empty').first().waitFor()
      const link = page.getByRole('link', { name: 'Settings', exact: true })
      await link.focus()
      await page.keyboard.press('Control+k')
      await expect.poll(() => focused(page), { message: address }).toBe('Search pages, runs, data sets and commands')
      await page.keyboard.press('Escape')
      await field(page).waitFor({ state: 'hidden' })
      await expect.poll(() => focused(page), { message: address }).toBe('Settings')
    }

    /** Types into an open palette, and chooses the first result. */
    async function find(letters: string, first: string): Promise<void> {
      await page.keyboard.press('Control+k')
      await expect.poll(() => focused(page)).toBe('Search pages, runs, data sets and commands')
      await page.keyboard.type(letters)
      await expect.poll(async () => (await options(page))[0]?.replace(/\s+/g, ' ')).toContain(first)
    }
    for (const [letters, first, address] of [
      ['dpone', 'deep one · mnist', `/runs/${id}`],
      ['stgs', 'Settings page', '/settings'],
      ['mnist data', 'mnist data set', '/datasets/mnist'],
      ['agwide', 'deep against wide comparison', `/compare?saved=`],
      ['wide run', 'wide one · mnist', `/runs/${other}`],
    ] as const) {
      await find(letters, first)
      await page.keyboard.press('Enter')
      await page.waitForURL((url) => url.hash.startsWith(`#${address}`))
    }

    // Reopened before it has faded out, it starts in its initial state too, with the focus on its field.
    await page.evaluate(`(async () => {
      for (let press = 0; press < 3; press++) {
        window.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', ctrlKey: true, bubbles: true, cancelable: true }))
        await new Promise((done) => setTimeout(done))
      }
    })()`)
    await expect.poll(() => focused(page)).toBe('Search pages, runs, data sets and commands')
    await page.keyboard.press('Escape')
    await field(page).waitFor({ state: 'hidden' })

    // Commands: for the run whose page is open, for the window, and dialogs of other pages.
    await page.goto(`${server.address}/#/runs/${id}`)
    await page.getByTestId('status').waitFor()
    await find('pause', 'Pause deep one')
    await picture(page, 'palette-1100')
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press('Enter')
    await expect.poll(async () => (await home.runs.get({ id })).status).toBe('paused')
    await find('dark', 'Dark theme')
    await page.keyboard.press('Enter')
    await page.locator('.v-theme--dark').first().waitFor()
    await find('imprt data', 'Import data set')
    await page.keyboard.press('Enter')
    await page.getByTestId('import-path').waitFor()
    await expect.poll(() => page.url()).toMatch(/#\/datasets$/)

    // A dialog is not a page: the palette opens over it, and returns the focus to its field.
    const path = page.getByTestId('import-path').locator('input')
    await expect.poll(() => path.evaluate((input) => input.matches(':focus'))).toBe(true)
    await page.keyboard.press('Control+k')
    await field(page).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => path.evaluate((input) => input.matches(':focus'))).toBe(true)
    expect(complaints).toEqual([])
    await context.close()
    await server.close()
  })

  it('is gone through by arrows from end to end, and stays where one is while runs go on', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, name: 'goes on', overrides: { steps: 100_000 } })
    const server = await serveHome(home, pagePath)
    const { page, context } = await openPage(browser)
    await page.goto(`${server.windowAddress}#/settings`)
    await page.getByRole('heading', { name: 'Settings' }).waitFor()
    const chosen = (): Promise<string> => page.locator('[role=option][aria-selected=true] .title').innerText()
    await page.keyboard.press('Control+k')
    await expect.poll(chosen).toBe('Runs')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await expect.poll(chosen).toBe('New run')
    for (let i = 0; i < 5; i++) home.advance(5)
    await expect.poll(async () => (await home.runs.get({ id })).step).toBe(25)
    expect(await chosen()).toBe('New run')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    // Wraps around to the last entry, which is scrolled into view.
    await expect.poll(chosen).toBe('goes on · mnist')
    await expect.poll(() => page.locator('[role=option][aria-selected=true]').evaluate((option) => {
      const box = option as unknown as { getBoundingClientRect(): { bottom: number }; parentElement: { getBoundingClientRect(): { bottom: number } } }
      return box.getBoundingClientRect().bottom <= box.parentElement.getBoundingClientRect().bottom + 1
    })).toBe(true) // prettier-ignore
    await page.keyboard.type('nothing has this name')
    await page.getByText('No results.').waitFor()
    await page.keyboard.press('Enter')
    expect(await field(page).isVisible()).toBe(true)
    await context.close()
    await server.close()
  })
})
