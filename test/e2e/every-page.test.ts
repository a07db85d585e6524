import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SHOTS } from './screenshots/shots.js'
import { noBrowser } from './support/chromium.js'
import { layoutShift, observeLayoutShift } from './support/layout-shift.js'
import { openShown } from './support/shown-home.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { FULL } from '../fixtures/slice.js'

/** Maximum layout shift of a page while it loads; on the web 0.1 counts as good, and a busy machine needs some tolerance. */
const MOST_SHIFT = 0.2

/** Every page, dialog and state of the screenshots, in a real browser with the real back end. */
describe.skipIf(noBrowser)('every page', () => {
  let { browser, full, empty, home, close } = {} as Awaited<ReturnType<typeof openShown>>
  beforeAll(async () => {
    ;({ browser, full, empty, home, close } = await openShown({ stepMs: 50 }))
  }, 300_000)
  afterAll(() => close?.())

  // Every second page in one of the two themes; in a full test, every page in both.
  it.each([
    ['light', 1100, SHOTS.filter((_, at) => FULL || at % 4 === 0)],
    ['dark', 1600, SHOTS.filter((_, at) => FULL || at % 4 === 2)],
  ] as const)(
    'has no serious barrier, complains of nothing, and does not move by itself (%s theme, %d pixels)',
    async (scheme, width, shots) => {
      const { page, context, complaints } = await openPage(browser, { scheme, width })
      await observeLayoutShift(page)
      const found: Record<string, unknown> = {}
      for (const shot of shots) {
        const { server } = shot.empty ? empty : full
        await page.goto(`${server.windowAddress}#${shot.address(home)}`)
        // The address only differs after the #, which does not cause a reload.
        await page.reload()
        await page.locator('#content h1, #content .empty').first().waitFor()
        await shot.prepare?.(page)
        const [barriers, shift] = [await seriousFindings(page), await layoutShift(page)]
        if (barriers.length > 0) found[`${shot.name}: barriers`] = barriers
        if (shift.sum > MOST_SHIFT) found[`${shot.name}: moves`] = shift
      }
      expect({ ...found, ...(complaints.length > 0 && { complaints }) }).toEqual({})
      await context.close()
    },
  )

  it('does not move as the values of a run at work arrive', async () => {
    const { page, context } = await openPage(browser, { width: 1100 })
    await observeLayoutShift(page)
    await page.goto(`${full.server.windowAddress}#/runs/${home.live}`)
    const step = async (): Promise<number> =>
      Number(/step ([\d,]+)/.exec(await page.locator('#content').innerText())?.[1]?.replace(',', ''))
    await expect.poll(step, { timeout: 20_000 }).toBeGreaterThan(0)
    const before = { step: await step(), shift: (await layoutShift(page)).sum }
    await expect.poll(step, { timeout: 20_000 }).toBeGreaterThan(before.step + 40)
    const after = await layoutShift(page)
    expect(after.sum - before.shift, after.what).toBeLessThan(0.005)
    await context.close()
  })
})
