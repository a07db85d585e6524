import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { builtWorkbench } from './support/built.js'
import { choose, chooseOf } from './support/charts.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { startServer } from './support/server.js'
import { pointsOf, storeRuns } from './support/stored-runs.js'
import { lineOf, openPage } from './support/watched-page.js'
import { removeFolder } from '../fixtures/home.js'

/** The real server as a process of its own, which ends and is started again. */
describe.skipIf(noBrowser)('how charts are laid out', () => {
  let browser: Browser
  let entry: string
  beforeAll(async () => {
    entry = (await builtWorkbench()).server
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  it('is as it was after the workbench and its window were restarted, full screen and all', async () => {
    const home = mkdtempSync(join(tmpdir(), 'retrace-layout-'))
    const values = Array.from({ length: 50 }, (_, i) => 1 / (i + 1))
    const keys = ['train/loss', 'test/accuracy', 'train/gradientNorm', 'train/learningRate', 'zz/other']
    await storeRuns(home, [
      { id: 'laidout', config: { steps: 50 }, series: Object.fromEntries(keys.map((key) => [key, pointsOf(values)])) },
    ])
    const first = await startServer(entry, home)
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    await page.goto(`${await first.windowAddress()}#/runs/laidout`)
    await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 50, last: 50 })
    const order = (on: Page): Promise<string[]> =>
      on.locator('[data-chart]').evaluateAll((charts) => charts.map(({ dataset }) => String(dataset['chart'])))
    await choose(page, 'X axis', 'epoch')
    await page.getByLabel('Smoothing weight').fill('1')
    await page.getByLabel('log axis: Loss').click()
    await page.locator('[data-chart="accuracy"] .frame').focus()
    await page.keyboard.press('Alt+ArrowLeft')
    await chooseOf(page, 'Learning rate', 'Hide chart')
    await page.locator('[data-line="train/loss"] button').click()
    await page.locator('[data-chart="loss"] .frame').focus()
    await page.keyboard.press('f')
    await expect.poll(() => page.url()).toMatch(/full=loss/)
    const laidOut = ['accuracy', 'loss', 'train/gradientNorm', 'zz/other']
    expect(await order(page)).toEqual(laidOut)
    const { hash } = new URL(page.url())
    await first.stop()
    complaints.length = 0

    const second = await startServer(entry, home, first.port)
    const again = await context.newPage()
    await again.goto(`${await second.windowAddress()}${hash}`)
    const full = again.locator('[data-chart="loss"].large')
    await full.waitFor()
    // The whole window except for a margin.
    const box = (await full.boundingBox())!
    expect([box.width, box.height].map((size) => size >= 800)).toEqual([true, true])
    expect(await order(again)).toEqual(laidOut)
    expect(await again.getByLabel('log axis: Loss').getAttribute('aria-pressed')).toBe('true')
    expect(await full.locator('[data-line="train/loss"] button').getAttribute('aria-pressed')).toBe('false')
    expect(await again.locator('.weight').textContent()).toBe('0.900')
    expect(await full.evaluate(({ dataset }) => Number(dataset['to']))).toBe(0.5)
    await full.locator('.frame').focus()
    await again.keyboard.press('Escape')
    await full.waitFor({ state: 'detached' })
    // The same on a page opened without that address.
    await again.goto(`${await second.windowAddress()}#/runs/laidout`)
    await expect.poll(() => order(again)).toEqual(laidOut)
    await context.close()
    await second.stop()
    removeFolder(home)
  })
})
