import { describe, expect, it } from 'vitest'
import { slice } from '../fixtures/slice.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'

const MINUTE = 60_000

/** The smallest version of a computing study, and the expected content of its figure. */
const CASES = [
  {
    id: 'stability-of-descent',
    options: 'depths=2&ratios=0.9%2C1.1&startDepths=2%2C16&startRatios=0.9&starts=20&steps=500&hinges=4&fitSteps=200',
    cells: 9,
    figure: 'Convex and concave parts of a fit',
    says: /: Fit over x\. Fit from .*Convex part from .*Concave part from −/,
  },
  {
    id: 'identity-landscape',
    options: 'depths=1%2C2&size=3&steps=60',
    cells: 6,
    figure: 'Gradient and its lower bounds, 2 layers',
    says: /: Squared gradient norm over Step.*Lower bound by all layers from .*Bound as usually quoted from/,
  },
  {
    id: 'forward-stability',
    options: 'products=1.9%2C2.1&verletSteps=10',
    cells: 5,
    figure: 'Distance between two nearby inputs',
    says: /: Distance between the first two inputs over Step.*plus from 0\.283 to 1\.21; minus from 0\.0787 to 0\.283/,
  },
]

/** The same for studies that train, which take longer. Those with `diagnose` run lab diagnostics on their networks first. */
const TRAINING = [
  {
    id: 'stable-architectures',
    options: 'presets=stable-euler&units=2%2C4&steps=4&seeds=1',
    cells: 2,
    ends: /^2 cells: 2 finished/,
    figure: 'Test accuracy over depth',
    says: /: Test accuracy .* over Units.* from \d/,
  },
  {
    id: 'fair-comparison',
    options: 'preset=hamiltonian-quick&match=time&timed=1&rates=0.1&steps=2&seeds=1',
    // Sizes are timed first; the size that they predict may be one of them.
    cells: 4,
    ends: /^[67] cells: [67] finished/,
    figure: 'Time of a step over units',
    says: /: Time of a training step .* over Units.*hamiltonian from .*resnet from /,
  },
  {
    id: 'identity-images',
    options: 'networks=identity%2Cresnet&units=1&dataset=mnist&images=256&steps=3&seeds=1',
    cells: 2,
    ends: /^2 cells: 2 finished/,
    figure: 'Training loss over steps',
    says: /: Training loss .*over Step.*identity from \d.*resnet from \d/,
  },
  {
    id: 'volume-depth',
    options: 'networks=plain&layers=4&width=4&steps=4',
    cells: 1,
    ends: /^1 cell: 1 finished/,
    diagnose: true,
    figure: 'Volume over depth',
    says: /: Log-determinant up to the unit.* over .*plain/,
  },
]

const ALL: ((typeof CASES)[number] & { ends?: RegExp; diagnose?: boolean })[] = [...CASES, ...slice(TRAINING, import.meta.filename)]

describe.skipIf(noBrowser)('a study', () => {
  const real = withServer()

  it.each(ALL)(
    '$id is started in the window and draws its figure',
    async ({ id, options, cells, figure, says, ends = new RegExp(`: ${cells} finished`), diagnose = false }) => {
      const { page, complaints } = await openPage(real.browser, { width: 1300 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(await real.server.windowAddress())
      await page.getByRole('link', { name: 'Studies' }).first().click()
      await page.getByRole('link', { name: 'Set up: Fewer training data' }).waitFor()
      await page.goto(`${real.server.address}/#/studies/new/${id}?${options}`)
      await expect
        .poll(() => page.getByTestId('study-summary').innerText())
        .toContain(`${cells} ${cells === 1 ? 'cell' : 'cells'}, 0 done already`)
      await page.getByTestId('start-study').click()
      await expect.poll(() => page.getByTestId('study-counts').innerText(), { timeout: 2 * MINUTE }).toMatch(ends)
      if (diagnose) await page.getByTestId('diagnose').first().click()
      const drawn = page.getByTestId('lab-figure').filter({ hasText: figure }).getByRole('img')
      await expect.poll(() => drawn.getAttribute('aria-label'), { timeout: MINUTE }).toMatch(says)
      await picture(page, `study-${id}-light`, { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()
    },
    4 * MINUTE,
  )
})
