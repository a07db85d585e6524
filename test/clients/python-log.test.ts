import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { CLIENT, PYTHON, python, pythonEnvironment } from '../fixtures/python.js'
import { openSession } from '../fixtures/session.js'
import { temporaryFolder } from '../hosts/temporary.js'

const env = pythonEnvironment()
if (!env) console.warn('The tests of logging from Python are skipped: they need python3 with NumPy, or pip to get it.')

const LOGGING = `
import math, sys, retrace
home = sys.argv[1]
with retrace.log("from Python", config={"lr": 0.1, "seed": 2, "deep": True}, tags=["theirs"], dataset="digits", steps=3, notes="By hand", home=home) as run:
    run.log(1, {"train/loss": 2})
    run.log(2, {"train/loss": math.nan, "test/accuracy": 0.5})
    run.message("half way", "warn")
    run.finish(test_accuracy=0.5, images=10)
try:
    run.log(3, {})
except retrace.RetraceError as error:
    print(error)
try:
    with retrace.log("fails", home=home):
        raise ValueError("no data")
except ValueError:
    pass
for wrong in ({"home": home, "config": {"sizes": [1]}}, {"home": home, "config": {"h": math.inf}}, {"home": home + "/nowhere"}):
    try:
        retrace.log("wrong", **wrong)
    except retrace.RetraceError as error:
        print(error)
open_run = retrace.log("goes on", home=home)
open_run.log(7, {"train/loss": 1})
`
const READING = `
import sys, retrace
run = retrace.Home(sys.argv[1]).run("from Python")
print(run.config, run.test_accuracy, list(run.series("train/loss").steps), run.tags, run.status)
`

it.skipIf(!env)(
  'Python logs runs into a home and reads them back, and says what is wrong',
  async () => {
    const session = await openSession()
    onTestFinished(() => session[Symbol.dispose]())
    const home = join(session.files.datasetFolder('any'), '../..')
    const { stdout } = await python(PYTHON, ['-c', LOGGING, home], { env: env! })
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^The run logged to .*from-Python-.*\.jsonl has ended\. Begin another one/),
      "config['sizes'] is [1], but a configuration has finite numbers, texts and booleans. Write it as text.",
      expect.stringMatching(/^config\['h'\] is inf/),
      expect.stringMatching(/^There is no home at .*nowhere\. Start Retrace once/),
    ])
    session.clock.advance(2000)
    const { runs } = await session.services.runs.list()
    const of = (name: string) => runs.find((run) => run.name === name)!
    expect(of('from Python')).toMatchObject({ status: 'finished', step: 2, totalSteps: 2, tags: ['theirs'], dataset: 'digits', note: 'By hand', reported: { images: 10, values: { 'test/accuracy': 0.5 } } }) // prettier-ignore
    expect(of('fails')).toMatchObject({ status: 'failed', reason: 'ValueError: no data' })
    expect(of('goes on')).toMatchObject({ status: 'running', step: 7 })
    const { series } = await session.services.runs.series({ id: of('from Python').id, keys: ['train/loss'] })
    expect([...unpackPoints(series[0]!.points).values]).toEqual([2, NaN])
    const alerts = (await session.services.alerts.list()).alerts.map(({ message }) => message)
    expect(alerts.sort()).toEqual([
      'fails failed: ValueError: no data',
      expect.stringMatching(/^from Python finished after 2 steps, 50\.00% test accuracy/),
    ])
    const read = await python(PYTHON, ['-c', READING, home], { env: env! })
    expect(read.stdout.trim()).toMatch(/^\{'lr': 0\.1, 'seed': 2, 'deep': True\} 0\.5 \[.*1.*, .*2.*\] \['theirs'\] finished$/)
  },
  60_000,
)

it.skipIf(!env)('the example with memcnn says what it needs where that is missing', async () => {
  const missing = temporaryFolder()
  mkdirSync(join(missing, 'memcnn'))
  writeFileSync(join(missing, 'memcnn/__init__.py'), 'raise ImportError("not here")')
  const run = python(PYTHON, [join(CLIENT, 'examples/revnet_memcnn.py'), missing], {
    env: { ...env, PYTHONPATH: `${missing}${delimiter}${env!['PYTHONPATH']}` },
  })
  await expect(run).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^This example needs PyTorch and memcnn: pip install torch memcnn \(.*\)\.\s*$/),
  })
})
