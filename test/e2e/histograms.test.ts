import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { noBrowser } from './support/chromium.js'
import { exported } from './support/exported.js'
import { picture } from './support/picture.js'
import { trained, withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { slice } from '../fixtures/slice.js'

const MINUTE = 60_000

describe.skipIf(noBrowser)('the page of a run that collects histograms', () => {
  const real = withServer()

  it.each(slice(['light', 'dark'], import.meta.filename))(
    'shows them by unit at every collected step, and of one unit over training: %s',
    async (theme) => {
      const connected = await real.connect()
      const name = `spirals-${theme}`
      await connected.client.datasets.make.mutate({ kind: 'spirals', name })
      const id = await trained(connected, { preset: 'mlp-hamiltonian', dataset: name, overrides: { steps: 300, histograms: 20 } })
      const { page, context, complaints } = await openPage(real.browser, { width: 1600, scheme: theme })
      page.setDefaultTimeout(MINUTE)
      await page.goto(`${await real.server.windowAddress()}#/runs/${id}`)
      const panel = page.getByTestId('run-histograms')
      await panel.getByRole('img', { name: /^Weights by unit, step 300/ }).waitFor()
      await panel.scrollIntoViewIfNeeded()
      await picture(page, `histograms-${theme}`, { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      await panel.getByRole('slider').press('Home')
      await panel.getByRole('img', { name: /^Weights by unit, step 0/ }).waitFor()
      await panel.getByRole('button', { name: 'Gradients', exact: true }).click()
      await panel.getByRole('img', { name: /^Gradients of unit 1 over training/ }).waitFor()
      const saved = await exported(page.getByRole('button', { name: 'Export: Gradients of unit 1 over training' }), 'CSV')
      // 16 steps of 41 bins, and the header.
      expect(
        readFileSync(await saved.path(), 'utf8')
          .trim()
          .split('\n'),
      ).toHaveLength(1 + 16 * 41)
      await page.goto(`${await real.server.windowAddress()}#/compare?runs=${id}&tab=lab`)
      await page
        .getByTestId('compare-histograms')
        .getByRole('img', { name: /^Weights: standard deviation by unit over training/ })
        .waitFor()
      await picture(page, `compare-histograms-${theme}`, { fullPage: true })
      expect(complaints).toEqual([])
      await context.close()
      await connected.close()
    },
    4 * MINUTE,
  )
})
