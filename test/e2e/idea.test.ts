import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { slice } from '../fixtures/slice.js'

const MINUTE = 60_000

const pixels = (page: Page, selector: string): Promise<number> =>
  page
    .locator(selector)
    .first()
    .evaluate((canvas) => (canvas as unknown as { width: number }).width)

describe.skipIf(noBrowser)('the idea in five pictures', () => {
  const real = withServer()

  it.each(slice(['dark', 'light'], import.meta.filename))(
    'is told by the examples from an empty home on, live, and to a class in large type by keys: %s',
    async (scheme) => {
      const { page, context, complaints } = await openPage(real.browser, { scheme, width: 1600 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(await real.server.windowAddress())
      await page.getByText('No runs yet').waitFor()
      await picture(page, `empty-${scheme}`)

      // The guided tour points at its targets, and can be dismissed.
      await page.getByTestId('guide-begin').click()
      const guide = page.getByTestId('guide')
      await guide.getByText('Step 1 of 5').waitFor()
      await picture(page, `guide-1-${scheme}`)
      await page.getByRole('link', { name: 'New run' }).last().click()
      await guide.getByText('Step 2 of 5').waitFor()
      await page.locator('[data-preset]').first().waitFor()
      await picture(page, `guide-2-${scheme}`)
      expect(await seriousFindings(page)).toEqual([])
      await page.getByTestId('guide-next').click()
      await guide.getByText('Step 3 of 5').waitFor()
      await picture(page, `guide-3-${scheme}`)
      await page.getByTestId('guide-leave').click()
      await page.getByRole('link', { name: 'Runs', exact: true }).click()
      await page.getByText('No runs yet').waitFor()
      expect(await page.getByTestId('guide-begin').count()).toBe(0)

      await page.getByTestId('open-examples').click()
      const bar = page.getByTestId('examples')
      await bar.getByText('runs are examples').waitFor()
      // A study is a single row, as always.
      await expect.poll(() => page.getByRole('row', { name: /Depth and step size on two spirals/ }).count()).toBe(1)
      await picture(page, `examples-${scheme}`)
      expect(await seriousFindings(page)).toEqual([])
      await bar.getByRole('link', { name: 'The idea in five pictures' }).click()

      const which = page.getByTestId('which')
      const seen = async (number: number, ready: string): Promise<void> => {
        await expect.poll(() => which.innerText()).toBe(`${number} / 5`)
        await page.locator(ready).first().waitFor()
        await picture(page, `idea-${number}-${scheme}`, { fullPage: true })
        expect(await seriousFindings(page)).toEqual([])
      }
      await seen(1, '[data-testid=inspector] [data-testid=lab-figure] canvas')
      await page.getByTestId('next').click()
      await seen(2, '[data-picture=memory-depth] canvas')
      await page.getByTestId('next').click()
      await seen(3, '[data-testid=flow] canvas')
      await page.getByTestId('next').click()
      await seen(4, '[data-picture=spectrum] canvas')
      await page.getByTestId('next').click()
      await seen(5, '[data-picture=comparison] [data-chart="test/accuracy"] canvas')
      expect(await page.getByTestId('next').isDisabled()).toBe(true)

      await page.getByTestId('lecture').click()
      await expect.poll(() => page.getByRole('navigation', { name: 'Main navigation' }).count()).toBe(0)
      await page.keyboard.press('PageUp')
      await page.keyboard.press('ArrowLeft')
      await expect.poll(() => which.innerText()).toBe('3 / 5')
      const flow = '[data-testid=flow] canvas'
      await page.locator(flow).waitFor()
      await expect.poll(async () => (await pixels(page, flow)) / (await page.locator(flow).first().boundingBox())!.width).toBeCloseTo(1, 1)
      await picture(page, `lecture-3-${scheme}`)

      const { runs } = await (async () => {
        const { client, close } = await real.connect()
        const answer = await client.examples.list.query()
        await close()
        return answer
      })()
      const [left, right] = ['reversed', 'large-step'].map((role) => runs.find((run) => run.role === role)!)
      await page.goto(`${page.url().split('#')[0]}#/idea?lecture=1&run=${left!.id}&beside=${right!.id}`)
      await page.reload()
      await expect.poll(() => page.locator('[data-fact=gradientError]').count(), { timeout: MINUTE }).toBe(2)
      expect(await page.locator('.sides > section').evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')))).toEqual([
        left!.name,
        right!.name,
      ])
      await picture(page, `lecture-two-${scheme}`)
      expect(await seriousFindings(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByTestId('lecture').waitFor()

      await page.getByRole('link', { name: 'Runs', exact: true }).click()
      await page.getByTestId('remove-examples').click()
      await page.getByText('No runs yet').waitFor()
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await context.close()
    },
    5 * MINUTE,
  )
})
