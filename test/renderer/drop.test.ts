import { expect, it } from 'vitest'
import { holdsRuns } from '../../src-renderer/app/drop/use-drop-anywhere.js'

it.each([
  ['deep-abcd1234.retrace.tar.gz', true],
  ['events.out.tfevents.1700000000.host', true],
  ['run-abc.wandb', true],
  ['wandb', true],
  ['mlruns', true],
  ['offline-run-20260101_120000-abcd', true],
  ['cifar-10-python.tar.gz', false],
  ['mnist.npz', false],
  ['images', false],
  ['running.zip', false],
])('%s, dropped, holds runs: %s', (name, runs) => expect(holdsRuns(name)).toBe(runs))
