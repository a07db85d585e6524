import type { Page } from 'playwright-core'
import type { ShownHome } from './home.js'

export interface Shot {
  /** File name without extension. */
  name: string
  /** The part of the address after the #. */
  address(home: ShownHome): string
  /** Brings the page into the state to show; by default it is shown when nothing is loading any more. */
  prepare?(page: Page): Promise<void>
  /** On a home without runs. */
  empty?: true
  /** Only the visible part of the window, because a dialog is open. */
  window?: true
}

const tab =
  (name: RegExp) =>
  async (page: Page): Promise<void> =>
    page.getByRole('tab', { name }).click()
const press =
  (...keys: string[]) =>
  async (page: Page): Promise<void> => {
    await page.locator('h1').first().waitFor()
    for (const key of keys) await page.keyboard.press(key)
  }

async function openAlerts(page: Page): Promise<void> {
  await page.getByTestId('alerts').click()
  await page.locator('.v-overlay--active .v-overlay__content').waitFor()
}

/** Waits until an instrument of the lab has responded, moves to the middle of its animation, and scrolls it into view. */
const instrument =
  (answered: string) =>
  async (page: Page): Promise<void> => {
    await page.locator(answered).waitFor()
    const position = page.locator('[role=slider][aria-label^="Position"]')
    for (let i = 0; i < 4; i++) await position.press('ArrowRight')
    await page
      .getByTestId('play')
      .evaluate<void, { scrollIntoView(options: object): void }>((button) => button.scrollIntoView({ block: 'start' }))
  }

const RUN_TABS = [/Charts/, /Evaluation/, /Weights/, /Lab/, /Configuration/, /Log/, /Checkpoints/, /Notes/, /Environment/]
const COMPARE_TABS = [/Charts/, /Results/, /Configurations/, /Hyperparameters/]
const slug = (name: RegExp): string => name.source.toLowerCase()

const run = ({ finished }: ShownHome): string => `/runs/${finished}`
const compared = ({ compared: ids, finished }: ShownHome): string => `/compare?runs=${ids.join(',')}&group=seeds&baseline=${finished}`

/** Every page, and every state of one that looks different. */
export const SHOTS: Shot[] = [
  { name: 'runs', address: () => '/runs' },
  {
    name: 'runs-marked',
    address: () => '/runs',
    prepare: async (page) => {
      for (const at of [0, 1]) await page.locator('[data-tick]').nth(at).click()
    },
  },
  { name: 'runs-empty', address: () => '/runs', empty: true },
  ...RUN_TABS.map((name): Shot => ({ name: `run-${slug(name)}`, address: run, prepare: tab(name) })),
  { name: 'run-live', address: ({ live }) => `/runs/${live}`, prepare: tab(/Charts/) },
  { name: 'run-diverged', address: ({ diverged }) => `/runs/${diverged}`, prepare: tab(/Charts/) },
  { name: 'run-plane', address: ({ plane }) => `/runs/${plane}`, prepare: tab(/Charts/) },
  {
    name: 'run-fork',
    address: run,
    window: true,
    prepare: async (page) => {
      await page.getByTestId('run-menu').click()
      await page.getByText(/^Fork/).click()
      await page.getByRole('dialog').waitFor()
    },
  },
  { name: 'run-missing', address: () => '/runs/nothere1' },
  { name: 'new-run', address: () => '/new' },
  { name: 'datasets', address: () => '/datasets' },
  {
    name: 'datasets-import',
    address: () => '/datasets',
    window: true,
    prepare: async (page) => page.getByRole('button', { name: 'Import' }).click(),
  },
  { name: 'dataset-images', address: () => '/datasets/mnist', prepare: async (page) => page.locator('[data-place]').first().click() },
  { name: 'dataset-points', address: () => '/datasets/spirals' },
  ...COMPARE_TABS.map((name): Shot => ({ name: `compare-${slug(name)}`, address: compared, prepare: tab(new RegExp(`^${name.source}$`)) })),
  { name: 'compare-empty', address: () => '/compare', empty: true },
  { name: 'lab', address: () => '/lab', prepare: async (page) => page.getByTestId('run-diagnostic').waitFor() },
  {
    name: 'lab-inspector',
    address: (shown) => `${run(shown)}?tab=lab&diagnostic=inspector`,
    prepare: instrument('[data-fact=gradientError]'),
  },
  { name: 'lab-flow', address: ({ plane }) => `/runs/${plane}?tab=lab&diagnostic=flow`, prepare: instrument('[data-testid=place]') },
  { name: 'glossary', address: () => '/glossary' },
  { name: 'settings', address: () => '/settings', prepare: async (page) => page.getByText(/ of .* free$/).waitFor() },
  { name: 'alerts', address: () => '/runs', window: true, prepare: openAlerts },
  { name: 'palette', address: run, window: true, prepare: press('Control+k') },
  { name: 'shortcuts', address: () => '/runs', window: true, prepare: press('?') },
  { name: 'missing', address: () => '/nowhere/at/all' },
]
