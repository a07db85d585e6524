import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { slice } from '../fixtures/slice.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { withWorkbench } from './support/suite.js'
import { seriousFindings } from './support/watched-page.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

describe.skipIf(noBrowser)('panes side by side', () => {
  const suite = withWorkbench({ stepMs: 20 })
  const ids: string[] = []
  beforeAll(async () => {
    const { services } = suite.workbench
    for (const [h, steps] of [
      [0.1, 30],
      [0.2, 30],
      [0.4, 100_000],
    ] as const) {
      const { id } = await services.runs.create({ ...REQUEST, name: `h ${h}`, overrides: { h, steps } })
      ids.push(id)
      const wanted = steps < 100 ? 'finished' : 'running'
      await vi.waitFor(async () => expect((await services.runs.get({ id })).status).toBe(wanted), { timeout: 20_000 })
    }
  })

  const separator = (page: Page) => page.getByRole('separator')
  const value = async (page: Page): Promise<number> => Number(await separator(page).getAttribute('aria-valuenow'))
  /** Pixels by which the page is wider than the window. */
  const overflow = (page: Page): Promise<number> => page.evaluate<number>('document.documentElement.scrollWidth - window.innerWidth')
  async function drag(page: Page, by: number): Promise<void> {
    await separator(page).scrollIntoViewIfNeeded()
    const { x, y, width, height } = (await separator(page).boundingBox())!
    // Its position in the window.
    const at = [x + width / 2, (Math.max(y, 0) + Math.min(y + height, 900)) / 2] as const
    await page.mouse.move(...at)
    await page.mouse.down()
    await page.mouse.move(at[0] + by / 2, at[1])
    await page.mouse.move(at[0] + by, at[1])
    await page.mouse.up()
  }

  /** Opens the list of lines, which is open by default only in a wide window. */
  async function list(page: Page): Promise<void> {
    for (const there of [0, 1]) {
      await page.getByTestId('list-lines').click()
      await expect.poll(() => separator(page).count()).toBe(there)
    }
  }
  const PLACES: { place: string; at(): string; initial: number; stays?(page: Page): Promise<void> }[] = [
    { place: 'the charts of a run and its log', at: () => `/runs/${ids[2]}?tab=charts&beside=log`, initial: 66 },
    { place: 'the charts of a comparison and its lines', at: () => `/compare?runs=${ids.join(',')}&tab=charts`, initial: 80, stays: list },
    { place: 'a scatter plot and its table', at: () => `/compare?runs=${ids.join(',')}&tab=relations`, initial: 55 },
    { place: 'the images of a data set and what is known of it', at: () => '/datasets/mnist', initial: 62 },
  ]
  it.each(slice(PLACES, import.meta.filename))(
    '$place are made wider and narrower by pointer and keyboard, and stay so',
    ({ at, initial, stays }) =>
      suite.visit(
        at(),
        async ({ page }) => {
          await expect.poll(() => value(page)).toBe(initial)
          await stays?.(page)
          const panes = page.locator('.panes > .pane')
          const widths = async (): Promise<number[]> => {
            const boxes = await Promise.all([0, 1].map((i) => panes.nth(i).boundingBox()))
            return boxes.map((box) => Math.round(box!.width))
          }
          const before = await widths()
          await drag(page, -120)
          const [first = 0, second = 0] = await widths()
          // The middle of the separator is where the pointer left it.
          expect(Math.abs(first - (before[0]! - 120))).toBeLessThan(4)
          expect(Math.abs(second - (before[1]! + 120))).toBeLessThan(4)
          const dragged = await value(page)
          expect(dragged).toBeLessThan(initial)
          await page.reload()
          await expect.poll(() => value(page)).toBe(dragged)
          expect(await widths()).toEqual([first, second])

          await separator(page).focus()
          await page.keyboard.press('ArrowRight')
          expect(await value(page)).toBe(dragged + 2)
          await page.keyboard.press('ArrowLeft')
          expect(await value(page)).toBe(dragged)
          for (const [key, end] of [
            ['Home', 'aria-valuemin'],
            ['End', 'aria-valuemax'],
          ] as const) {
            await page.keyboard.press(key)
            expect(await value(page)).toBe(Number(await separator(page).getAttribute(end)))
            expect(await overflow(page)).toBeLessThanOrEqual(0)
          }
          await separator(page).dblclick()
          await expect.poll(() => value(page)).toBe(initial)
          expect(await seriousFindings(page)).toEqual([])

          // Without room for both, they are stacked.
          await page.setViewportSize({ width: 760, height: 900 })
          await expect.poll(() => separator(page).count()).toBe(0)
          const [upper, lower] = await Promise.all([0, 1].map((i) => panes.nth(i).boundingBox()))
          expect(lower!.y).toBeGreaterThanOrEqual(upper!.y + upper!.height)
          expect(Math.abs(lower!.width - upper!.width)).toBeLessThan(1)
          expect(await overflow(page)).toBeLessThanOrEqual(0)
        },
        { width: 1600 },
      ),
  )

  it.each(
    slice(
      [
        ['light', 1600],
        ['dark', 1100],
      ],
      import.meta.filename,
    ),
  )('what stands beside the tabs of a run is chosen, stays over runs and tabs, and goes, %s theme', (scheme, width) =>
    suite.visit(
      `/runs/${ids[2]}?tab=charts`,
      async ({ page }) => {
        const pane = page.getByTestId('beside-pane')
        const plot = page.locator('[data-chart="loss"]')
        await plot.waitFor()
        await page.getByTestId('beside').focus()
        await page.keyboard.press('Enter')
        await page
          .getByRole('listitem')
          .filter({ hasText: 'Notes' })
          .or(page.getByText('Notes', { exact: true }).last())
          .first()
          .waitFor()
        await page.locator('.v-overlay--active').getByText('Log', { exact: true }).click()
        await pane.getByRole('log').waitFor()
        expect(page.url()).toContain('beside=log')
        const right = async (): Promise<number> => {
          const { x, width: wide } = (await plot.boundingBox())!
          return x + wide
        }
        await expect.poll(async () => (await right()) < (await pane.boundingBox())!.x).toBe(true)
        expect(await overflow(page)).toBeLessThanOrEqual(0)
        await picture(page, `beside-log-${scheme}-${width}`)
        expect(await seriousFindings(page)).toEqual([])
        // It stays on another tab; on its own tab it is not shown twice.
        await page.getByRole('tab', { name: /^Checkpoints/ }).click()
        await pane.getByRole('log').waitFor()
        await page.getByRole('tab', { name: /^Log/ }).click()
        await expect.poll(() => pane.count()).toBe(0)
        expect(await page.getByRole('log').count()).toBe(1)
        await page.goto(`${suite.workbench.server.address}/#/runs/${ids[0]}?tab=charts`)
        await pane.getByRole('log').waitFor()

        await page.getByTestId('beside').click()
        await page.locator('.v-overlay--active').getByText('Notes', { exact: true }).click()
        await pane.getByLabel('Notes (Markdown)').fill('h = 0.1 is *slow*')
        await pane.getByRole('button', { name: 'Save notes' }).click()
        await pane.getByTestId('rendered').getByText('slow').waitFor()
        await picture(page, `beside-notes-${scheme}-${width}`)
        await pane.getByRole('button', { name: 'Close Notes' }).click()
        await expect.poll(() => pane.count()).toBe(0)
        expect(page.url()).not.toContain('beside')
        await suite.workbench.services.runs.setNotes({ id: ids[0]!, notes: '' })
      },
      { scheme, width },
    ),
  )

  it('the lines of a comparison are switched off in all charts at once, and taken out of it', () =>
    suite.visit(
      `/compare?runs=${ids.join(',')}&tab=charts`,
      async ({ page }) => {
        const list = page.getByTestId('compared')
        expect(await list.count()).toBe(0)
        await page.getByTestId('list-lines').click()
        await expect.poll(() => list.locator('[data-compared]').count()).toBe(3)
        const legend = (id: string) => page.locator(`[data-line="${id}"] button`)
        await list.getByRole('button', { name: 'Show h 0.1' }).click()
        await expect.poll(() => legend(ids[0]!).first().getAttribute('aria-pressed')).toBe('false')
        await page.waitForURL(/hide=/)
        await picture(page, 'compared-light-1100')
        expect(await seriousFindings(page)).toEqual([])
        await page.reload()
        await expect.poll(() => list.getByRole('button', { name: 'Show h 0.1' }).getAttribute('aria-pressed')).toBe('false')
        await list.getByRole('button', { name: 'Show all' }).click()
        await expect.poll(() => legend(ids[0]!).first().getAttribute('aria-pressed')).toBe('true')
        await list.getByRole('button', { name: 'Remove h 0.2 from the comparison' }).click()
        await expect.poll(() => list.locator('[data-compared]').count()).toBe(2)
        await page.getByRole('button', { name: 'Undo' }).click()
        await expect.poll(() => list.locator('[data-compared]').count()).toBe(3)
        await list.getByRole('link', { name: 'h 0.2' }).click()
        await page.getByTestId('run-name').getByText('h 0.2').waitFor()
      },
      { width: 1100 },
    ))
})
