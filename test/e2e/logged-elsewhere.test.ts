import { describe, expect, it } from 'vitest'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { pointsOf, type StoredRun } from './support/stored-runs.js'
import { withWorkbench } from './support/suite.js'
import { lineOf, seriousFindings } from './support/watched-page.js'

const OURS: StoredRun = {
  id: 'ours',
  summary: { name: 'Hamiltonian' },
  config: { steps: 3, batch: 32 },
  series: { 'train/loss': pointsOf([3, 2, 1]) },
}

describe.skipIf(noBrowser)('a run that another program logs', () => {
  const suite = withWorkbench({ runs: [OURS] })

  it('stands in the table, on a page and in a comparison beside those of Retrace, follows, and says where it is from', () =>
    suite.visit('/runs', async ({ page }) => {
      const { logging } = suite.workbench.services
      const { id } = await logging.begin({ name: 'RevNet of memcnn', config: { library: 'memcnn', batch: 64 }, tags: ['theirs'] })
      await logging.add({ id, parts: [1, 2].map((step) => ({ step, values: { 'train/loss': 2 / step } })) })
      const row = page.getByRole('row', { name: 'RevNet of memcnn' })
      await row.getByText('logged elsewhere').waitFor()
      await picture(page, 'logged-table')
      await row.getByRole('link', { name: 'RevNet of memcnn' }).click()
      await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 2, last: 2 })
      await page.getByText('logged by another program').waitFor()
      for (const name of ['Pause', 'Stop', 'Resume']) expect(await page.getByRole('button', { name, exact: true }).count()).toBe(0)
      await logging.add({ id, parts: [{ step: 3, values: { 'train/loss': 0.5 } }] })
      await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 3, last: 3 })
      await logging.end({ id, end: 'finished' })
      await page.getByTestId('status').getByText('finished').waitFor()
      expect(await seriousFindings(page)).toEqual([])
      await picture(page, 'logged-run')
      await page.getByRole('tab', { name: 'Configuration' }).click()
      await page.getByRole('row', { name: 'library memcnn' }).waitFor()
      await picture(page, 'logged-configuration')

      await page.goto(`${suite.workbench.server.windowAddress}#/compare?runs=ours,${id}&tab=configurations`)
      const keys = page.getByTestId('differences').getByRole('row')
      await expect.poll(() => keys.allInnerTexts()).toEqual([
        expect.stringMatching(/Hamiltonian\s+RevNet of memcnn/),
        expect.stringMatching(/batch\s+32\s+64/),
        expect.stringMatching(/library\s+–\s+memcnn/),
      ]) // prettier-ignore
      await picture(page, 'logged-compare')
    }))
})
