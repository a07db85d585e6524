import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { readPdfInfo } from '../fixtures/pdf-info.js'
import { CLIENT, hasModules, PYTHON, python, pythonEnvironment } from '../fixtures/python.js'
import { sampleConfig, sampleRun } from '../fixtures/records.js'
import { openSession } from '../fixtures/session.js'
import { temporaryFolder } from '../hosts/temporary.js'

const env = pythonEnvironment()
const canRun = env !== null && hasModules(env, 'numpy', 'pandas', 'matplotlib')
if (!canRun) console.warn('The notebook is not run: it needs a Python with NumPy, pandas and matplotlib (RETRACE_PYTHON names one).')

/** Two networks with three seeds each: the reported accuracy, and that of three evaluations. */
const NETWORKS = [
  { arch: 'hamiltonian', preset: 'hamiltonian-quick', accuracies: [0.93, 0.95, 0.94] },
  { arch: 'resnet', preset: 'resnet-32', accuracies: [0.9, 0.92, 0.94] },
] as const

it.skipIf(!canRun)(
  'the notebook goes from a home to a figure of accuracies over seeds, and the file says what it is made from',
  async () => {
    const session = await openSession()
    onTestFinished(() => session[Symbol.dispose]())
    const home = join(session.files.datasetFolder('any'), '../..')
    const ids = NETWORKS.flatMap(({ arch, preset, accuracies }, network) =>
      accuracies.map((accuracy, at) => {
        const id = `run${network}${at}`
        const seed = at + 1
        const config = sampleConfig({ arch, preset, seed, steps: 30 })
        const run = sampleRun(id, { preset, seed, status: 'finished', step: 30, totalSteps: 30, reported: { step: 30, images: 100, values: { 'test/accuracy': accuracy } } }) // prettier-ignore
        session.stores.runs.insert({ ...run, config })
        const steps = Float64Array.of(10, 20, 30)
        session.stores.series.append(id, 'test/accuracy', { steps, values: steps.map((step) => (accuracy * step) / 30), times: steps })
        return id
      }),
    )
    const folder = temporaryFolder()
    mkdirSync(folder, { recursive: true })
    const figure = join(folder, 'figure.pdf')
    const { stdout } = await python(PYTHON, [join(CLIENT, 'tests/run_notebook.py'), join(CLIENT, 'examples/accuracy_over_seeds.ipynb')], {
      env: { ...env, RETRACE_HOME: home, FIGURE: figure, MPLBACKEND: 'Agg', MPLCONFIGDIR: folder },
    })
    const lines = stdout.trim().split('\n').map((line) => line.trim().split(/\s+/).join(' ')) // prettier-ignore
    expect(lines[0]).toBe('6 finished runs on digits')
    expect(lines.slice(2, -1).sort()).toEqual(['hamiltonian hamiltonian-quick 1234 3 94.0 1.0', 'resnet resnet-32 1234 3 92.0 2.0'])
    const file = readFileSync(figure)
    expect(file.length).toBeGreaterThan(5000)
    const { Subject, Title } = readPdfInfo(file)
    expect(Title).toBe('Test accuracy on digits')
    expect(Subject!.split(' && ').sort()).toEqual(ids.map((id) => `retrace runs export ${id} --csv`).sort())
  },
  120_000,
)
