import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { UserError } from '../../src-main/contract/errors.js'
import LineChart from '../../src-renderer/charts/LineChart.vue'
import { temporaryFolder } from '../fixtures/home.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import type { PlayedHome } from '../fixtures/played-home.js'
import { sampleDataset } from '../fixtures/records.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

// Canvases are covered by the browser tests; here only the chart's options matter.
vi.mock('../../src-renderer/charts/echarts.js', () => import('./support/chart-without-canvas.js'))

vi.setConfig({ testTimeout: 60_000 })

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }
let page: TestWindow | null = null

async function open(home: PlayedHome, address: string): Promise<TestWindow> {
  page = await openWindow(home, address)
  return page
}

afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

describe('the page of runs', () => {
  it('says what to do when there are none', async () => {
    const { text } = await open(await homeOfTest(), '/runs')
    await eventually(() => expect(text()).toContain('No runs yet'))
    expect(document.querySelector('a[href="/new"]')).not.toBeNull()
  })

  it('shows a row a run and follows it', async () => {
    const home = await homeOfTest()
    const run = await home.runs.create({ ...REQUEST, name: 'first', overrides: { steps: 200 } })
    const { text } = await open(home, '/runs')
    await eventually(() => expect(text()).toContain('first'))
    home.advance(100)
    await eventually(() => expect(text()).toMatch(/running.*first.*mnist.*hamiltonian-quick–1\.\d+.*50%.*2 s/))
    home.end(run.id, 'failed', 'killed')
    await eventually(() => expect(text()).toContain('failed'))
  })

  it('leads to a run by its row and by its name', async () => {
    const home = await homeOfTest()
    const run = await home.runs.create({ ...REQUEST, name: 'first' })
    const { router, click } = await open(home, '/runs')
    await click('tbody tr')
    await eventually(() => expect(router.currentRoute.value.path).toBe(`/runs/${run.id}`))
  })
})

describe('the page of a run', () => {
  it('shows status, progress, charts with their last values, and lets the run be stopped after a question', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, name: 'live', overrides: { steps: 400 } })
    const { text, click } = await open(home, `/runs/${id}`)
    home.advance(100)
    await eventually(() => expect(text()).toMatch(/live.*running.*step 100 of 400 \(25%\).*epoch 1\.3 of 5.*training.*2 s.*6 s left/))
    const loss = await eventually(() => {
      const label = document.querySelector('[data-chart="loss"] [role=img][aria-label]')?.getAttribute('aria-label')
      expect(label).toMatch(/Loss by step\. training: 1\.\d+ at step 100/)
      return label
    })
    expect(loss).toMatch(/^Loss by step/)

    await click('button', /^Stop$/)
    expect((await home.runs.get({ id })).status).toBe('running')
    await click('[data-testid=confirm]')
    await eventually(() => expect(text()).toContain('stopped'))
    expect((await home.runs.get({ id })).status).toBe('stopped')
    await click('button', /^Resume$/)
    await eventually(async () => expect((await home.runs.get({ id })).status).toBe('running'))
  })

  it('shows prominently why a run failed', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    home.end(id, 'diverged', 'The training loss became NaN at step 7.')
    const { text } = await open(home, `/runs/${id}`)
    await eventually(() => expect(document.querySelector('[data-testid=reason]')?.textContent).toMatch(/diverged.*NaN at step 7/s))
    expect(text()).toContain('Resume')
  })

  it('warns when rebuilt states are off by more than the tolerance, and not before', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    await open(home, `/runs/${id}`)
    const key = 'reversibility/reconstructionError'
    home.addPoints(id, key, [{ step: 1, value: 9e-4 }])
    await eventually(() => expect(document.querySelector('dl.figures')?.textContent).toContain('9.0e−4'))
    expect(document.querySelector('[data-testid=reconstruction]')).toBeNull()
    home.addPoints(id, key, [{ step: 2, value: NaN }])
    await eventually(() => expect(document.querySelector('[data-testid=reconstruction]')?.textContent).toMatch(/off by\s+NaN/))
  })

  it('marks a run whose gradients are not trustworthy on its page, in the table and in a comparison, and no other', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const other = await home.runs.create(REQUEST)
    const check = { step: 1, parameter: 'stage1/unit3/kernel1', cosine: 0.98, tolerance: 0.01 }
    const { router, wrapper } = await open(home, `/runs/${other.id}`)
    for (const [run, error] of [
      [other.id, 0.009],
      [id, 0.2],
    ] as const) {
      home.addPoints(run, 'reversibility/gradientError', [{ step: 1, value: error }])
      home.report(run, { kind: 'gradients', worst: { ...check, error } })
      home.end(run, 'finished', null)
    }
    await eventually(() => expect(document.querySelector('[data-testid=status]')?.className).toContain('text-success'))
    expect(document.querySelector('[data-testid=gradients]')).toBeNull()
    await router.push(`/runs/${id}`)
    await eventually(() =>
      expect(document.querySelector('[data-testid=gradients]')?.textContent).toMatch(
        /unreliable.*step 1.*stage1\/unit3\/kernel1 has a relative error of 2\.0e-1/s,
      ),
    )
    expect(document.querySelector('[data-testid=status]')?.className).not.toContain('text-success')
    // Its tolerance is a reference line in the chart with which it is compared.
    const limits = (key: string) =>
      wrapper
        .findAllComponents(LineChart)
        .filter((chart) => chart.props('id') === key)
        .map((chart) => chart.props('references')?.map(({ value, kind }) => ({ value, kind })))
    await eventually(() => expect(limits('reversibility/gradientError')).toEqual([[{ value: 0.01, kind: 'limit' }]]))
    await router.push('/runs')
    await eventually(() => expect(document.body.textContent.match(/unreliable gradients/g)).toHaveLength(1))
    await router.push(`/compare?runs=${id},${other.id}`)
    await eventually(() => expect(document.querySelectorAll('[data-untrusted]')).toHaveLength(1))
    await router.push(`/compare?runs=${id},${other.id}&tab=figures`)
    await eventually(() => expect(document.querySelectorAll('[data-testid=untrusted-row]')).toHaveLength(1))
    expect(document.querySelector(`[data-row="${id}"] [data-testid=untrusted-row]`)).not.toBeNull()
    expect(document.querySelector('[data-testid=untrusted-rule]')?.textContent).toMatch(/^† Includes a run with unreliable gradients/)
  })

  it('has the activation memory of both modes and their ratio beside the process memory, each by its name', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { batch: 100 } })
    const stored = await home.runs.create({ ...REQUEST, overrides: { mode: 'stored' } })
    const auto = await home.runs.create({ ...REQUEST, overrides: { memoryBudget: 'auto' } })
    const { router } = await open(home, `/runs/${id}`)
    const tiles = (): string[] =>
      [...document.querySelectorAll('dl.figures .figure')].map((tile) => tile.textContent.replace(/\s+/g, ' ').trim())
    const activations = (): HTMLElement =>
      [...document.querySelectorAll<HTMLElement>('dl.figures .figure')].find((tile) => tile.textContent.includes('Activation memory'))!
    await eventually(() => expect(activations().textContent).toMatch(/Activation memory\s*3\.05 MiB\s*stored 36\.6 MiB\s*ratio 12×/))
    expect(tiles().findIndex((text) => text.startsWith('Activation memory'))).toBe(
      tiles().findIndex((text) => text.startsWith('Process memory (MiB)')) + 1,
    )
    expect(activations().title).toMatch(/Estimated.*\nAt batch 100: reversible 3\.05 MiB, stored 36\.6 MiB \(12 times as much\)\.$/s)
    await router.push(`/runs/${stored.id}`)
    await eventually(() => expect(activations().textContent).toMatch(/36\.6 MiB\s*reversible 3\.05 MiB\s*ratio 12×/))
    await router.push(`/runs/${auto.id}`)
    await eventually(() => expect(activations().title).toMatch(/Excludes what the activation budget stores/))
  })

  it('shows the published figures in its chart of accuracy where they are comparable, and otherwise the sentence why not', async () => {
    const home = await homeOfTest()
    // The stages of Hamiltonian-74, whatever its preset is called.
    const stages = [
      { channels: 32, units: 7 },
      { channels: 64, units: 6 },
      { channels: 112, units: 5 },
    ]
    const { id } = await home.runs.create({ ...REQUEST, overrides: { stages, batch: 100, steps: 80_000 } })
    const { datasetHash } = (await home.runs.get({ id })).environment
    const { wrapper } = await open(home, `/runs/${id}`)
    const said = (): string => document.querySelector('[data-testid=published]')?.textContent?.replace(/\s+/g, ' ').trim() ?? ''
    const lines = (): Record<string, string[]> =>
      Object.fromEntries(
        wrapper
          .findAllComponents(LineChart)
          .map((chart) => [chart.props('id'), (chart.props('references') ?? []).map(({ label }) => label)]),
      )
    await eventually(() =>
      expect(said()).toBe(
        'Not comparable with published results: it was trained on mnist; results are published for CIFAR-10, CIFAR-100 and STL-10.',
      ),
    )
    expect(Object.values(lines()).flat()).toEqual([])

    const content = { format: 'cifar-10', counts: { train: 50_000, test: 10_000, unlabelled: 0 }, channelMean: [0.4914, 0.4822, 0.4465] }
    const dataset = sampleDataset('mnist', { ...content, hash: datasetHash! })
    home.addDataset(dataset)
    await eventually(() => expect(said()).toMatch(/: it has not finished\.$/))
    home.advance(80_000)
    await eventually(() => expect(said()).toMatch(/^Dashed lines: Chang et al\., Reversible Architectures .*AAAI 2018/))
    expect(lines()).toMatchObject({ loss: [], accuracy: ['Hamiltonian-74, CIFAR-10: 92.76% (Chang et al. 2018)'] })
    home.addDataset({ ...dataset, hash: 'another' })
    await eventually(() => expect(said()).toMatch(/the content of .* has changed since it was trained\.$/))
    expect(lines()['accuracy']).toEqual([])
  })

  it('has the configuration, the log, the checkpoints and the environment', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { h: 0.25 } })
    const { text, click } = await open(home, `/runs/${id}`)
    await click('[role=tab]', /^Configuration/)
    await eventually(() => expect(text()).toMatch(/Step size h\s*h\s*0\.25/))
    await click('[role=tab]', /^Log/)
    home.report(id, { kind: 'log', at: 0, level: 'warn', message: 'too large a step' })
    await eventually(() => expect(document.querySelector('[role=log]')?.textContent).toMatch(/warn.*too large a step/))
    await click('[role=tab]', /^Checkpoints/)
    home.advance(80)
    home.checkpoint(id)
    await eventually(() => expect(text()).toMatch(/80\s*schedule\s*last\s*59\.56%.*2\.00.KiB.*c{8}/))
    // Nothing was measured at the step of this checkpoint; earlier measurements do not belong to it.
    home.advance(10)
    home.checkpoint(id)
    await eventually(() => expect(text()).toMatch(/90\s*schedule\s*last\s*–\s*–\s*2\.00.KiB.*?c{8}\S*\s*Evaluate/))
    await click('[role=tab]', /^Environment/)
    await eventually(() => expect(text()).toContain('a'.repeat(64)))
  })

  it('is exported to a file of the machine, and one is imported from there', async () => {
    const home = await homeOfTest()
    const folder = temporaryFolder()
    onTestFinished(() => folder[Symbol.dispose]())
    const file = join(folder.path, 'run.tar.gz')
    const { id } = await home.runs.create({ ...REQUEST, name: 'travels' })
    home.advance(7)
    await home.runs.stop({ id })
    const { click, text, router } = await open(home, `/runs/${id}`)
    await click('[data-testid=run-menu]')
    await click('.v-list-item', /^Export/)
    const path = (): Promise<HTMLInputElement> =>
      eventually(() => {
        const input = document.querySelector<HTMLInputElement>('[data-testid=run-file-path] input')
        if (!input) throw new Error('no field for the path')
        return input
      })
    await eventually(async () => expect((await path()).value).toBe(`travels-${id}.retrace.tar.gz`))
    const type = async (text: string): Promise<void> => {
      const field = await path()
      field.value = text
      field.dispatchEvent(new Event('input'))
      await click('[data-testid=run-file-go]')
    }
    await type(file)
    await eventually(() => expect(text()).toContain('Exported travels to'))
    await home.runs.rename({ id, name: 'stays' })
    await router.push('/runs')
    await click('header button', /^Import$/)
    await type(file)
    await eventually(() => expect(document.querySelector('[data-testid=run-name]')?.textContent).toBe('travels'))
    const imported = String(router.currentRoute.value.params['id'])
    expect(imported).not.toBe(id)
    expect(await home.runs.get({ id: imported })).toMatchObject({ name: 'travels', status: 'stopped', step: 7 })
  })

  it('exports the weights of a checkpoint to a file', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    const { click } = await open(home, `/runs/${id}`)
    await click('[role=tab]', /^Checkpoints/)
    home.advance(80)
    home.checkpoint(id)
    await click('[data-testid=checkpoint-menu]')
    await click('[data-testid=export-weights]')
    await eventually(() => expect(document.querySelector('[data-testid=weights-file] input')).not.toBeNull())
    const input = document.querySelector<HTMLInputElement>('[data-testid=weights-file] input')!
    input.value = ' /tmp/w.safetensors '
    input.dispatchEvent(new Event('input'))
    await click('[data-testid=write-weights]:not([disabled])')
    await eventually(() =>
      expect(document.body.textContent).toMatch(/Exported the weights at step 80 to \/tmp\/w\.safetensors \(182.KiB\)/),
    )
  })

  it('can be renamed', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, name: 'old' })
    const { click } = await open(home, `/runs/${id}`)
    await click('button', /^Rename/)
    const input = document.querySelector<HTMLInputElement>('input[aria-label="Run name"]')!
    input.value = 'new name'
    input.dispatchEvent(new Event('input'))
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
    await eventually(() => expect(document.querySelector('[data-testid=run-name]')?.textContent).toBe('new name'))
  })

  it('says that there is no such run', async () => {
    const { text } = await open(await homeOfTest(), '/runs/nosuch')
    await eventually(() => expect(text()).toContain('There is no run nosuch'))
  })
})

describe('the page of comparisons', () => {
  async function three(): Promise<{ home: PlayedHome; ids: string[] }> {
    const home = await homeOfTest()
    const ids: string[] = []
    for (const [seed, h] of [
      [1, 0.1],
      [2, 0.1],
      [1, 0.3],
    ] as const) {
      const name = h === 0.1 ? `small, seed ${seed}` : 'large h'
      const { id } = await home.runs.create({ ...REQUEST, name, overrides: { seed, h, steps: 400 } })
      ids.push(id)
    }
    home.advance(160)
    return { home, ids }
  }

  it('says what to do when nothing is chosen, and takes what is marked in the table of runs', async () => {
    const { home, ids } = await three()
    const { text, router, click } = await open(home, '/compare')
    await eventually(() => expect(text()).toContain('No runs selected'))
    await router.push('/runs')
    const boxes = await eventually(() => {
      const found = [...document.querySelectorAll<HTMLInputElement>('tbody input[type=checkbox]')]
      expect(found).toHaveLength(3)
      return found
    })
    boxes[0]!.click()
    boxes[1]!.click()
    await click('[data-testid=compare]', /^Compare$/)
    await eventually(() => expect(router.currentRoute.value.path).toBe('/compare'))
    expect(
      String(router.currentRoute.value.query['runs'])
        .split(',')
        .every((id) => ids.includes(id)),
    ).toBe(true)
  })

  it('shows a line a run, seeds together with how many they are, final and best values with the difference, and what differs', async () => {
    const { home, ids } = await three()
    const { click, router, text } = await open(home, `/compare?runs=${ids.join(',')}`)
    await eventually(() => expect(document.querySelectorAll('[data-chart="train/loss"] [data-line]')).toHaveLength(3))
    await click('button', /^Group seeds$/)
    await eventually(() => {
      const labels = [...document.querySelectorAll('[data-chart="train/loss"] [data-line]')].map((line) => line.textContent)
      expect(labels).toEqual([expect.stringMatching(/small \(2 seeds\).*n=2/), expect.stringMatching(/large h/)])
    })
    expect(router.currentRoute.value.query['group']).toBe('seeds')
    await click('[role=tab]', /^Results$/)
    await click('button', /^Set large h as baseline$/)
    await eventually(() => expect(document.querySelector(`[data-row="${ids[0]}"]`)?.textContent).toMatch(/small.*2.*81\.83%.*0\.00 pp/s))
    expect(router.currentRoute.value.query['baseline']).toBe(ids[2])
    await click('[role=tab]', /^Configurations$/)
    await eventually(() => {
      const paths = [...document.querySelectorAll<HTMLElement>('[data-path]')].map(({ dataset }) => dataset['path'])
      expect(paths.sort()).toEqual(['h', 'seed'])
    })
    expect(text()).toContain('0.3')
    expect(document.querySelector('[data-testid=recipes]')?.textContent).toBe(
      'Apart from the architecture, these runs differ in: Step size h.',
    )
  })

  it('is saved under a name, and shows the same again by that alone, following its runs', async () => {
    const { home, ids } = await three()
    const { click, router, text } = await open(home, `/compare?runs=${ids.slice(0, 2).join(',')}&group=seeds&center=median&spread=range`)
    await click('[data-testid=save]')
    const input = await eventually(() => {
      const found = document.querySelector<HTMLInputElement>('.v-dialog input')
      if (!found) throw new Error('no field for the name')
      return found
    })
    input.value = 'two seeds'
    input.dispatchEvent(new Event('input'))
    await click('[data-testid=save-name]')
    await eventually(() => expect(router.currentRoute.value.query['saved']).toBeDefined())
    const saved = String(router.currentRoute.value.query['saved'])
    await router.push('/runs')
    await router.push(`/compare?saved=${saved}`)
    await eventually(() => expect(text()).toContain('two seeds'))
    await eventually(() =>
      expect(router.currentRoute.value.query).toMatchObject({ runs: ids.slice(0, 2).join(','), center: 'median', spread: 'range' }),
    )
    home.advance(10)
    await eventually(() =>
      expect(document.querySelector('[data-chart="train/loss"] [data-line]')).toMatchObject({ dataset: { count: '170' } }),
    )

    // Removed immediately, which can be undone, even from its own address.
    await click('[aria-label="Remove comparison"]')
    await eventually(() => expect(text()).toContain('Removed the comparison “two seeds”'))
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('Compare'))
    await click('button', /^Undo$/)
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('two seeds'))
    await click('[aria-label="Remove comparison"]')
    await router.push('/runs')
    await router.push(`/compare?saved=${saved}`)
    await click('[data-testid=removed] button', /Restore “two seeds”/)
    await eventually(() => expect(document.querySelector('h1')?.textContent).toBe('two seeds'))
  })
})

describe('the page of a new run', () => {
  it('starts a run of what was chosen and goes there', async () => {
    const home = await homeOfTest()
    const { router } = await open(home, '/new')
    await eventually(() => expect(document.querySelector('[data-testid=parameters]')?.textContent).toBe('46,714'))
    const rate = document.querySelector<HTMLInputElement>('[data-field=learningRate] input')!
    expect(rate.value).toBe('0.1')
    rate.value = '0.03'
    rate.dispatchEvent(new Event('input'))
    document.querySelector('form')!.dispatchEvent(new Event('submit'))
    await eventually(() => expect(router.currentRoute.value.name).toBe('run'))
    const { config } = await home.runs.get({ id: String(router.currentRoute.value.params.id) })
    expect(config.learningRate).toBe(0.03)
  })

  it('shows a wrong value beside its field and cannot be started with it', async () => {
    await open(await homeOfTest(), '/new')
    const start = await eventually(() => {
      const button = document.querySelector<HTMLButtonElement>('[data-testid=start]')!
      expect(button.disabled).toBe(false)
      return button
    })
    const batch = document.querySelector<HTMLInputElement>('[data-field=batch] input')!
    batch.value = '0'
    batch.dispatchEvent(new Event('input'))
    await eventually(() => expect(document.querySelector('[data-field=batch] .problem')?.textContent).toMatch(/1/))
    expect(start.disabled).toBe(true)
  })

  it('keeps advanced keys behind a switch', async () => {
    const { click } = await open(await homeOfTest(), '/new')
    await eventually(() => expect(document.querySelector('[data-field=h]')).not.toBeNull())
    expect(document.querySelector('[data-field=clipNorm]')).toBeNull()
    const part = (): HTMLElement => document.querySelector<HTMLElement>('[data-group=Training]')!
    expect(part().querySelector('.fold')?.getAttribute('aria-expanded')).toBe('false')
    const rate = part().querySelector<HTMLInputElement>('[data-field=learningRate] input')!
    rate.value = '0.03'
    rate.dispatchEvent(new Event('input'))
    await eventually(() => expect(part().querySelector('.fold')?.textContent).toMatch(/changed: Learning rate 0\.03/))
    await click('input[type=checkbox]', /Show all hyperparameters/)
    await eventually(() => expect(part().querySelector('.fold')?.getAttribute('aria-expanded')).toBe('true'))
    await eventually(() => expect(document.querySelector('[data-field=clipNorm]')).not.toBeNull())
  })
})

describe('the page of data sets', () => {
  it('say for ever what was missing of one and what its import assumed, in the list, on its page and for a new run', async () => {
    const home = await homeOfTest()
    const [mnist] = await home.datasets.list()
    const notes = ['incomplete download: test_batch.bin missing; imported what is there']
    home.addDataset({ ...mnist!, name: 'part', notes, assumptions: ['seg_train/ was taken for the training part.'] })
    const { text, router } = await open(home, '/datasets')
    await eventually(() => expect(document.querySelector('[data-dataset=part]')?.textContent).toMatch(/incomplete.*1 assumption/s))
    expect(document.querySelector('[data-dataset=mnist]')?.textContent).not.toMatch(/incomplete|assumption/)
    for (const place of ['/datasets/part', '/new?dataset=part']) {
      await router.push(place)
      await eventually(() => expect(text()).toMatch(/incomplete download: test_batch\.bin missing.*Assumed: seg_train\/ was taken/))
    }
  })

  it('say in a comparison that one of them is incomplete, and what was assumed of it', async () => {
    const home = await homeOfTest()
    const [mnist] = await home.datasets.list()
    home.addDataset({
      ...mnist!,
      name: 'part',
      notes: ['incomplete download: test_batch.bin missing; imported what is there'],
      assumptions: ['seg_train/ was taken.'],
    })
    const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'part' })
    await open(home, `/compare?runs=${id}`)
    await eventually(() =>
      expect([...document.querySelectorAll('[data-testid=incomplete]')].map(({ textContent }) => textContent)).toEqual([
        expect.stringMatching(/part: incomplete download: test_batch\.bin missing/),
        'part, assumed: seg_train/ was taken.',
      ]),
    )
  })

  it('lists them, imports one by its path and removes one after a question', async () => {
    const home = await homeOfTest()
    const { text, click } = await open(home, '/datasets')
    await eventually(() => expect(text()).toMatch(/mnist.*28 × 28 × 1\s*10\s*8,000\s*2,000\s*7\.48.MiB/))
    await click('header button', /^Import$/)
    const path = await eventually(() => {
      const input = document.querySelector<HTMLInputElement>('[data-testid=import-path] input')
      if (!input) throw new Error('no field for the path')
      return input
    })
    path.value = '/data/cifar'
    path.dispatchEvent(new Event('input'))
    path.closest('form')!.dispatchEvent(new Event('submit'))
    await eventually(() => expect(text()).toContain('Imported imported: 8,000 training images.'))
    expect(document.querySelector('[data-dataset=imported]')).not.toBeNull()
    await click('[data-dataset=mnist] button', /^Remove mnist$/)
    await click('[data-testid=confirm]')
    await eventually(() => expect(document.querySelector('[data-dataset=mnist]')).toBeNull())
  })
})

describe('the frame of the window', () => {
  it('shows which engine runs and what to install', async () => {
    const { text } = await open(await homeOfTest(), '/settings')
    await eventually(() => expect(text()).toMatch(/Nothing has to be installed.*Portable engine.*This is the back end of the tests/))
    expect(document.querySelector('[data-testid=engine]')?.getAttribute('aria-label')).toMatch(
      /Portable engine.*This is the back end of the tests/,
    )
  })

  it('shows the back end’s sentence when a command is refused', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create(REQUEST)
    vi.spyOn(home.features.control, 'command').mockImplementation(() => {
      throw new UserError('DISK', 'The disk is full: free some space and pause again.')
    })
    const { text, click } = await open(home, `/runs/${id}`)
    await click('button', /^Pause$/)
    await eventually(() => expect(text()).toContain('The disk is full: free some space and pause again.'))
  })

  it('says when the connection is lost, and when it is back nothing', async () => {
    const { text, connection } = await open(await homeOfTest(), '/runs')
    connection.become('connecting')
    await eventually(() => expect(text()).toContain('Connection to the workbench lost'))
    connection.become('open')
    await eventually(() => expect(text()).not.toContain('Connection to the workbench lost'))
    for (const [state, sentence] of [
      ['ended', 'The workbench stopped unexpectedly or cannot be reached. Restart it with npm start'],
      ['stopped', 'The workbench was closed. Restart it with npm start'],
      ['away', 'The workbench is not running. Restart it with npm start'],
      ['foreign', 'Another program is now using port'],
      ['refused', 'This window is not authorized. Run npm start again'],
    ] as const) {
      connection.become(state)
      await eventually(() => expect(text()).toContain(sentence))
    }
  })
})
