import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lineStyle } from '../../src-renderer/charts/palette.js'
import { slice } from '../fixtures/slice.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

/** The part of the canvas API used here; this program has no DOM types. */
interface Canvas {
  getContext(kind: '2d'): { getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray } }
}

/** Hyperparameters and results of runs: which runs are within the brushes, while one of them continues. */
describe.skipIf(noBrowser)('relations between runs', () => {
  let browser: Browser
  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  const names = (page: Page) => page.getByTestId('quantities').locator('[data-run] a').allTextContents()
  const kept = (page: Page) => page.getByTestId('kept')
  /** Drags along the axis of h, from one fraction of its height to another. */
  async function drag(page: Page, from: number, to: number): Promise<void> {
    const { x, y, width, height } = (await page.locator('[data-axis="h"]').boundingBox())!
    const at = (part: number): [number, number] => [x + width / 2, y + height * (1 - part)]
    await page.mouse.move(...at(from))
    await page.mouse.down()
    await page.mouse.move(...at((from + to) / 2))
    await page.mouse.move(...at(to))
    await page.mouse.up()
  }

  /** The centre of what is drawn in a colour in the scatter plot, on the page. */
  async function place(page: Page, colour: string): Promise<[number, number]> {
    const canvas = page.getByTestId('scatter').locator('canvas')
    await canvas.scrollIntoViewIfNeeded()
    const wanted = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
    const found = await canvas.evaluate((element, [r, g, b]) => {
      const { width, height, clientWidth } = element as unknown as { width: number; height: number; clientWidth: number }
      const { data } = (element as unknown as Canvas).getContext('2d').getImageData(0, 0, width, height)
      let [sumX, sumY, count] = [0, 0, 0]
      for (let at = 0; at < data.length; at += 4)
        if (data[at] === r && data[at + 1] === g && data[at + 2] === b) {
          sumX += (at / 4) % width
          sumY += Math.floor(at / 4 / width)
          count++
        }
      const scale = clientWidth / width
      return { count, x: (scale * sumX) / count, y: (scale * sumY) / count }
    }, wanted)
    expect(found.count).toBeGreaterThan(20)
    const box = (await canvas.boundingBox())!
    return [box.x + found.x, box.y + found.y]
  }

  it.each(
    slice(
      [
        ['light', 1600],
        ['dark', 1100],
      ],
      import.meta.filename,
    ),
  )('keep what is marked on an axis while a run goes on, over a reload, and at an address, %s theme', async (scheme, width) => {
    const workbench = await openWorkbench({ stepMs: 20 })
    const { services, server } = workbench
    const ids: string[] = []
    for (const [h, steps] of [
      [0.1, 20],
      [0.2, 30],
      [0.4, 100_000],
    ] as const) {
      const { id } = await services.runs.create({ ...REQUEST, name: `h ${h}`, overrides: { h, steps } })
      ids.push(id)
      const wanted = steps < 100 ? 'finished' : 'running'
      await expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe(wanted)
    }
    const { page, context, complaints } = await openPage(browser, { scheme, width })
    await page.goto(
      `${server.windowAddress}#/compare?runs=${ids.join(',')}&tab=relations&axes=h,${encodeURIComponent(encodeURIComponent('train/loss final'))}`,
    )
    await expect.poll(() => names(page)).toEqual(['h 0.1', 'h 0.2', 'h 0.4'])
    await page.getByRole('img', { name: /^Parallel coordinates of 3 runs over Step size h, Training loss/ }).waitFor()
    expect(await kept(page).count()).toBe(0)
    await picture(page, `relations-${scheme}-${width}`, { fullPage: true })

    // From a little above the minimum to above the maximum: without the first run.
    await drag(page, 0.2, 1.02)
    await expect.poll(() => kept(page).innerText()).toBe('2 of 3 runs')
    await expect.poll(() => names(page)).toEqual(['h 0.2', 'h 0.4'])
    await picture(page, `relations-marked-${scheme}-${width}`, { fullPage: true })
    expect(await seriousFindings(page)).toEqual([])
    const loss = () => page.locator(`[data-run="${ids[2]}"] td`).nth(3).innerText()
    for (let change = 0; change < 3; change++) {
      const before = await loss()
      await expect.poll(loss).not.toBe(before)
      expect(await kept(page).innerText()).toBe('2 of 3 runs')
    }
    await page.waitForURL(/where=/)
    await page.reload()
    await expect.poll(() => names(page)).toEqual(['h 0.2', 'h 0.4'])
    await picture(page, `relations-again-${scheme}-${width}`, { fullPage: true })
    // A click into the brush removes it.
    await drag(page, 0.6, 0.6)
    await expect.poll(() => kept(page).count()).toBe(0)
    await expect.poll(() => names(page)).toHaveLength(3)

    // By keyboard only.
    await page.getByRole('button', { name: 'Add range' }).focus()
    await page.keyboard.press('Enter')
    const what = page.getByRole('combobox', { name: 'Axis', exact: true })
    await expect.poll(() => what.evaluate((element) => element.matches(':focus, :focus-within'))).toBe(true)
    for (let field = 0; field < 2; field++) await page.keyboard.press('Tab')
    await page.keyboard.type('0.2')
    await picture(page, `relations-range-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press('Enter')
    await expect.poll(() => names(page)).toEqual(['h 0.1', 'h 0.2'])
    await page.getByText('Step size h: 0.1 to 0.2').waitFor()
    await page.getByRole('button', { name: 'Compare selected only' }).click()
    await expect.poll(() => page.url()).not.toContain(ids[2])
    await expect.poll(() => kept(page).count()).toBe(0)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => names(page)).toHaveLength(3)

    // A point shows its run, and links to it.
    const told = page
      .getByTestId('scatter')
      .locator('div', { has: page.getByText('h 0.2', { exact: true }) })
      .last()
    // The points are drawn anew while runs return, so the place of one is looked for until the pointer is on it.
    let [x, y] = [0, 0]
    const hovered = async (): Promise<string> => {
      ;[x, y] = await place(page, lineStyle(1, scheme === 'dark').color)
      await page.mouse.move(x, y)
      return (await told.count()) > 0 ? told.innerText({ timeout: 1000 }).catch(() => '') : ''
    }
    await expect.poll(hovered).toMatch(/Training loss \(nats\) 0\.0333\d\s*Step size h 0\.2$/)
    await picture(page, `relations-point-${scheme}-${width}`)
    await page.mouse.click(x, y)
    await page.getByTestId('run-name').getByText('h 0.2').waitFor()
    await page.goBack()
    await expect.poll(() => names(page)).toHaveLength(3)

    // Without a pointer, the table leads to a run.
    await page.getByRole('link', { name: 'h 0.2' }).focus()
    await page.keyboard.press('Enter')
    await page.getByTestId('run-name').getByText('h 0.2').waitFor()
    expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
    await context.close()
    await workbench.close()
    expect(workbench.defects).toEqual([])
  })
})
