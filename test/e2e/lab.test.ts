import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { exported } from './support/exported.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'

const MINUTE = 60_000

/** Chooses a diagnostic and waits for its result. */
async function runDiagnostic(page: Page, id: string): Promise<void> {
  await page.locator(`[data-diagnostic="${id}"]`).click()
  await page.getByTestId('run-diagnostic').click()
  await page.getByTestId('lab-result').waitFor({ timeout: 3 * MINUTE })
}

describe.skipIf(noBrowser)('the lab', () => {
  const real = withServer()

  it(
    'runs diagnostics on a checkpoint of a run, stores what they find, draws it and exports it',
    async () => {
      const { client, close } = await real.connect()
      const { id } = await client.runs.create.mutate({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 4 } })
      await expect.poll(async () => (await client.runs.get.query({ id })).status, { timeout: 3 * MINUTE }).toBe('finished')
      const { weightsHash } = (await client.runs.get.query({ id })).checkpoints.at(-1)!

      const { page, complaints } = await openPage(real.browser, { width: 1600 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(await real.server.windowAddress())
      await page.locator(`a[href$="/runs/${id}"]`).first().click()
      await page.getByRole('tab', { name: 'Lab' }).click()
      await runDiagnostic(page, 'reversal')
      const figures = page.getByTestId('lab-figure')
      await expect.poll(() => figures.count()).toBeGreaterThan(0)
      expect(await figures.first().getByRole('img').getAttribute('aria-label')).toMatch(/ from .* to /)
      await picture(page, 'lab-reversal-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])

      // The instruments do not change the run, and the results of diagnostics are stored with it.
      const { results } = await client.lab.results.query({ id })
      expect(results).toMatchObject([{ diagnostic: 'reversal', step: 4 }])
      const stored = await client.lab.result.query({ number: results[0]!.number })
      expect(stored.subject).toMatchObject({ step: 4, weightsHash })
      await page.reload()
      await page.getByTestId('lab-result').waitFor()

      const file = await exported(figures.first().getByRole('button', { name: /^Export/ }), 'CSV')
      expect(readFileSync(await file.path(), 'utf8').split('\n').length).toBeGreaterThan(3)

      await runDiagnostic(page, 'spectrum')
      await picture(page, 'lab-spectrum-light', { fullPage: true })
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()
      await close()
    },
    8 * MINUTE,
  )

  it(
    'runs them on a network without a run, by its page; one that is cancelled ends at once',
    async () => {
      const { page, complaints } = await openPage(real.browser, { scheme: 'dark', width: 1100 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(await real.server.windowAddress())
      await page.getByRole('link', { name: 'Lab', exact: true }).click()
      await runDiagnostic(page, 'memory-depth')
      await picture(page, 'lab-memory-dark', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])

      await page.locator('[data-diagnostic="robustness"]').click()
      // Long enough that it cannot end by itself meanwhile.
      await page.locator('[data-field="heldOutImages"] input').fill('100000')
      await page.getByTestId('run-diagnostic').click()
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByTestId('run-diagnostic').waitFor()
      expect(await page.getByTestId('lab-result').count()).toBe(0)
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()
    },
    5 * MINUTE,
  )
})
