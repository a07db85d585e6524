import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GradientCheck } from '../../src-main/contract/gradients.js'
import { slice } from '../fixtures/slice.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'

const CHECK: GradientCheck = { step: 1, parameter: 'stage1/unit3/kernel1', error: 0.2, cosine: 0.98, tolerance: 0.01 }

describe.skipIf(noBrowser)('a run whose gradients are not trustworthy', () => {
  let browser: Browser
  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  it.each(slice(['light', 'dark'], import.meta.filename))(
    'is marked in the table, on its page and in a comparison; forking and stopping are offered: %s',
    async (scheme) => {
      // Trainers that compute nothing report this check for every run that does not store its states anyway.
      const workbench = await openWorkbench({
        environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs: 100, gradients: CHECK }) }),
      })
      const { services, server } = workbench
      const { id } = await services.runs.create({
        preset: 'hamiltonian-quick',
        dataset: 'mnist',
        name: 'far off',
        overrides: { steps: 5000, h: 5 },
      })
      const { page, context, complaints } = await openPage(browser, { scheme })
      await page.goto(`${server.windowAddress}#/runs`)
      await page
        .getByRole('row', { name: /far off/ })
        .getByText('unreliable gradients')
        .waitFor()
      expect(await seriousFindings(page)).toEqual([])

      await page.goto(`${server.windowAddress}#/compare?runs=${id}&tab=figures`)
      await page.locator(`[data-row="${id}"]`).getByTestId('untrusted-row').waitFor()
      await page.getByTestId('untrusted-rule').waitFor()
      expect(await seriousFindings(page)).toEqual([])

      await page.goto(`${server.windowAddress}#/runs/${id}`)
      const banner = page.getByTestId('gradients')
      await expect
        .poll(() => banner.innerText())
        .toMatch(/unreliable: at step 1 the reversed gradient of stage1\/unit3\/kernel1 has a relative error of 2\.0e-1/)
      await picture(page, `gradients-${scheme}`)
      expect(await seriousFindings(page)).toEqual([])
      await banner.getByRole('button', { name: 'Stop run' }).click()
      await expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe('stopped')
      await expect.poll(() => banner.getByRole('button', { name: 'Stop run' }).count()).toBe(0)

      await banner.getByRole('button', { name: 'Fork with anchorEvery: auto' }).click()
      await expect.poll(() => page.url()).not.toContain(id)
      const forked = page.url().split('/').at(-1)!
      const { config, parentId } = await services.runs.get({ id: forked })
      expect(config).toMatchObject({ anchorEvery: 'auto', h: 5 })
      expect(parentId).toBe(id)
      expect(complaints).toEqual([])
      await context.close()
      expect(workbench.defects).toEqual([])
      await workbench.close()
    },
  )
})
