import { afterEach, expect, it, vi } from 'vitest'
import { toBase64 } from '../../src-main/contract/base64.js'
import type { InstrumentSetting, LookRequest } from '../../src-main/contract/instruments.js'
import type { DiagnosticInfo, LabResult } from '../../src-main/contract/lab.js'
import { UserError } from '../../src-main/contract/errors.js'
import type { FitWork, LabWork, PredictionWork } from '../../src-main/features/lab/laboratory.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { viewOf } from '../fixtures/views.js'
import { traceAt } from '../../src-renderer/lab/instruments/spike-trace.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

// Canvases are covered by the browser tests; here only the chart's options matter.
vi.mock('../../src-renderer/charts/echarts.js', () => import('./support/chart-without-canvas.js'))

vi.setConfig({ testTimeout: 60_000 })

let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

const info = (id: string, title: string, section: DiagnosticInfo['section']): DiagnosticInfo => ({
  id,
  title,
  section,
  question: `${title}?`,
  limits: '',
  quantities: {},
  options: {},
})

/** Pixels of a user's own image with 28x28 pixels. */
const SEEN = btoa('\x05'.repeat(28 * 28))

/** A home with two diagnostics, each of which suggests a learning rate. */
async function homeWithLab() {
  const asked: LabWork[] = []
  const shown: PredictionWork[] = []
  const fitted: FitWork[] = []
  const looked: InstrumentSetting[] = []
  const result = (diagnostic: string): LabResult => ({
    diagnostic,
    title: diagnostic,
    subject: { arch: 'hamiltonian', preset: 'hamiltonian-quick', dataset: 'mnist', seed: 7, step: 0, weightsHash: 'w' },
    options: {},
    summary: [],
    tables: [],
    figures: [],
    notes: [],
    suggestion: { key: 'learningRate', value: 0.025 },
    seconds: 1,
  })
  const lab = {
    diagnostics: () => [info('mirror', 'Mirror', 'reverse'), info('anvil', 'Anvil', 'stability')],
    run: async (work: LabWork) => {
      asked.push(work)
      return result(work.diagnostic)
    },
    fitImage: async (work: FitWork) => {
      fitted.push(work)
      return { seen: { height: 28, width: 28, channels: 1, pixels: SEEN }, changes: ['Resized from 640x480 to 28x28.'] }
    },
    predict: async (work: PredictionWork) => {
      shown.push(work)
      return {
        step: 40,
        dataset: 'mnist',
        classes: ['zero', 'one', 'two'].map((name, at) => ({ name, probability: [0.125, 0.8, 0.075][at]! })),
        seen: { height: 1, width: 1, channels: 1, pixels: 'AA==' },
        changes: ['Resized from 640x480 to 28x28.'],
      }
    },
  }
  const instruments = {
    look: async ({ setting }: LookRequest) => {
      looked.push(setting)
      return viewOf(setting)
    },
    close: async () => undefined,
  }
  return { home: await homeOfTest({ ports: { lab, instruments } }), asked, shown, fitted, looked }
}

it('the lab opens at the first diagnostic, under the heading of its section', async () => {
  page = await openWindow((await homeWithLab()).home, '/lab')
  await eventually(() => expect(page!.text()).toMatch(/See it reverse.*Mirror.*Why it is stable.*Anvil/))
  await eventually(() => expect(document.querySelector('[data-diagnostic="mirror"]')!.getAttribute('aria-current')).toBe('true'))
})

it('the network is in the address of the lab, with its seed and its other changes, and is run as it stands there', async () => {
  const { home, asked } = await homeWithLab()
  const overrides = { seed: 7, h: 0.05 }
  page = await openWindow(home, `/lab?preset=hamiltonian-quick&dataset=mnist&overrides=${encodeURIComponent(JSON.stringify(overrides))}`)
  await eventually(() => expect(page!.text()).toContain('Configuration: 2 changes'))
  await eventually(() => expect(document.querySelector<HTMLInputElement>('#lab-seed')!.value).toBe('7'))
  await page.click('[data-testid="run-diagnostic"]')
  await eventually(() => expect(asked).toHaveLength(1))
  const { config: preset } = (await home.catalogue.presets())[0]!
  const config = { ...preset, preset: 'hamiltonian-quick', dataset: 'mnist', ...overrides }
  expect(asked[0]!.source).toMatchObject({ kind: 'fresh', config })

  const seed = document.querySelector<HTMLInputElement>('#lab-seed')!
  seed.value = '8'
  seed.dispatchEvent(new Event('input'))
  seed.dispatchEvent(new Event('change'))
  await eventually(() => expect(JSON.parse(String(page!.router.currentRoute.value.query['overrides']))).toEqual({ seed: 8, h: 0.05 }))
  expect(page.router.currentRoute.value.query).toMatchObject({ preset: 'hamiltonian-quick', dataset: 'mnist' })
})

it('what an address says wrongly is left out', async () => {
  page = await openWindow((await homeWithLab()).home, '/lab?preset=hamiltonian-quick&dataset=mnist&overrides=%7B%22h%22%3A%22wide%22%7D')
  await eventually(() => expect(page!.text()).toContain('Configuration: as in the preset'))
})

it('a suggestion is taken over into the form of a new run, with the network that it was found for', async () => {
  page = await openWindow((await homeWithLab()).home, '/lab?preset=hamiltonian-quick&dataset=mnist&overrides=%7B%22h%22%3A0.05%7D')
  await eventually(() => expect(page!.text()).toContain('1 change'))
  await page.click('[data-testid="run-diagnostic"]')
  await page.click('[data-testid="use-suggestion"]')
  await eventually(() => expect(page!.router.currentRoute.value.path).toBe('/new'))
  expect(page.router.currentRoute.value.query).toMatchObject({ preset: 'hamiltonian-quick', dataset: 'mnist' })
  const field = (key: string): string => document.querySelector<HTMLInputElement>(`[data-field="${key}"] input`)?.value ?? ''
  await eventually(() => expect([field('learningRate'), field('h')]).toEqual(['0.025', '0.05']))
})

it('of a run it takes over what the run’s configuration has that its preset has not', async () => {
  const { home } = await homeWithLab()
  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40, h: 0.2, seed: 3 } })
  home.advance(40)
  page = await openWindow(home, `/runs/${id}?tab=lab&diagnostic=anvil`)
  await page.click('[data-testid="run-diagnostic"]')
  await page.click('[data-testid="use-suggestion"]')
  await eventually(() => expect(page!.router.currentRoute.value.path).toBe('/new'))
  expect(JSON.parse(String(page.router.currentRoute.value.query['overrides']))).toEqual({ steps: 40, h: 0.2, seed: 3, learningRate: 0.025 })
})

/** Simulates pasting an image that was copied elsewhere. */
function paste(bytes: number[]): void {
  const image = new File([Uint8Array.from(bytes)], 'cat.png', { type: 'image/png' })
  document.dispatchEvent(Object.assign(new Event('paste'), { clipboardData: { files: [image] } }))
}

it('an own image is shown to checkpoints of a run, and to those of compared runs; what they take it for stands side by side', async () => {
  const { home, shown } = await homeWithLab()
  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  home.advance(20)
  home.checkpoint(id)
  home.advance(20)
  page = await openWindow(home, `/runs/${id}?tab=lab&view=predict&fit=contain`)
  await eventually(() => expect(document.querySelector('[data-testid="predict"]')).not.toBeNull())
  paste([1, 2, 3])
  await eventually(() =>
    expect(page!.text()).toMatch(/Classes of mnist at step 40.*one80\.00%zero12\.50%two7\.50%.*Resized from 640x480 to 28x28\./),
  )
  expect(shown).toHaveLength(1)
  expect(shown[0]).toMatchObject({ image: { bytes: 'AQID' }, fit: 'contain' })
  page.wrapper.unmount()
  document.body.innerHTML = ''

  const other = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40, seed: 2 } })
  home.advance(40)
  page = await openWindow(home, `/compare?runs=${id},${other.id}`)
  await eventually(() => expect(page!.text()).toContain('Published results'))
  page.wrapper.unmount()
  document.body.innerHTML = ''
  page = await openWindow(home, `/compare?runs=${id},${other.id}&tab=lab&view=predict`)
  await eventually(() => expect(document.querySelector('[data-testid="predict"]')).not.toBeNull())
  // Seeds, metrics and published results belong to the other tabs.
  expect(page.text()).not.toMatch(/Published results|Group seeds|metrics/)
  paste([4, 5, 6])
  await eventually(() => expect(document.querySelectorAll('[data-testid="prediction"] .bar')).toHaveLength(6))
  expect(shown.slice(1).map(({ image, fit }) => [image, fit])).toEqual([
    [{ bytes: 'BAUG' }, 'cover'],
    [{ bytes: 'BAUG' }, 'cover'],
  ])
})

it('of an image that cannot be used it is said why', async () => {
  const { home } = await homeWithLab()
  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  home.advance(40)
  home.features.ports.lab.predict = () => Promise.reject(new UserError('BAD_INPUT', 'cat.png cannot be used: damaged header.'))
  page = await openWindow(home, `/runs/${id}?tab=lab&view=predict`)
  await eventually(() => expect(document.querySelector('[data-testid="predict"]')).not.toBeNull())
  paste([1])
  await eventually(() => expect(page!.text()).toContain('cat.png cannot be used: damaged header.'))
})

it('an own image goes through the inspector in the place of one of the data set, until a training image is wanted again', async () => {
  const { home, fitted, looked } = await homeWithLab()
  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  home.advance(40)
  page = await openWindow(home, `/runs/${id}?tab=lab&diagnostic=inspector&fit=stretch`)
  await eventually(() => expect(page!.text()).toContain('class'))
  expect(looked.at(-1)).toMatchObject({ instrument: 'inspector', given: null })
  paste([1, 2, 3])
  await eventually(() => expect(looked.at(-1)).toMatchObject({ instrument: 'inspector', given: SEEN }))
  // Fitted once, in the way given by the address; sliders do not send it again.
  expect(fitted).toMatchObject([{ image: { bytes: 'AQID' }, fit: 'stretch' }])
  await eventually(() => expect(page!.text()).toMatch(/cat\.png.*Own image.*predicted.*Resized from 640x480 to 28x28\./))
  expect(document.querySelector('#inspector-image')).toBeNull()
  await page.click('[data-testid="training-image"]')
  await eventually(() => expect(looked.at(-1)).toMatchObject({ given: null }))
  expect(document.querySelector('#inspector-image')).not.toBeNull()
  expect(fitted).toHaveLength(1)
})

it('spikes of an image are followed step by step, until the network knows the class', async () => {
  const { home, looked } = await homeWithLab()
  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  home.advance(40)
  page = await openWindow(home, `/runs/${id}?tab=lab&diagnostic=spikes`)
  await eventually(() => expect(page!.text()).toMatch(/step 1 of 2.*Class by the spikes so farnone yet/))
  expect(looked.at(-1)).toMatchObject({ instrument: 'spikes', reset: 'soft', image: 0, timeSteps: 64 })
  await page.click('[data-field="reset"] button:last-child')
  await eventually(() => expect(looked.at(-1)).toMatchObject({ reset: 'hard' }))
  await page.click('[data-testid="play"]')
  await eventually(() => expect(page!.text()).toMatch(/step 2 of 2.*Class by the spikes so far(?!none yet)/))
})

it('of spikes what is seen fades from step to step', () => {
  const spikes = toBase64(Int8Array.from([1, 0, 0, -2, 0, 1]))
  const layer = { name: 'x', height: 1, width: 2, channels: 1, spikes }
  expect([...traceAt(layer, 0)]).toEqual([1, 0])
  const [first, second] = traceAt(layer, 2)
  expect(first).toBeCloseTo(0.49, 6)
  expect(second).toBeCloseTo(1 - 1.4, 6)
})

it('an image that cannot be used is no image of the inspector, and it is said why', async () => {
  const { home, looked } = await homeWithLab()
  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  home.advance(40)
  home.features.ports.lab.fitImage = () =>
    Promise.reject(new UserError('BAD_INPUT', 'The image cannot be used: damaged header. Choose a PNG, JPEG or WebP image.'))
  page = await openWindow(home, `/runs/${id}?tab=lab&diagnostic=inspector`)
  await eventually(() => expect(page!.text()).toContain('class'))
  paste([1])
  await eventually(() => expect(page!.text()).toContain('damaged header. Choose a PNG, JPEG or WebP image.'))
  expect(looked.every((setting) => setting.instrument === 'inspector' && setting.given === null)).toBe(true)
})
