import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { selectEngine } from '../../../src-main/engine/select.js'
import { ROOT } from '../../../src-main/hosts/launcher/root.mjs'
import { FULL } from '../../fixtures/slice.js'
import { temporaryFolder } from '../temporary.js'

// Half a minute of training: only in npm run test:full, and with the native engine.
it.skipIf(!FULL || selectEngine().engine !== 'native')(
  'gpu:check does all its work on a machine without a GPU as well, and finds that resuming changes no bit',
  { timeout: 300_000 },
  async () => {
    const file = join(temporaryFolder(), 'check.json')
    const { stderr } = await promisify(execFile)(process.execPath, [
      join(ROOT, 'src-main/hosts/launcher/gpu-check.mjs'),
      '--device',
      'cpu',
      '--quick',
      '--output',
      file,
    ])
    const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: Record<string, { result: Record<string, unknown> }> }
    expect(stderr, JSON.stringify(results['resume'])).not.toContain('Not everything could be done')
    expect(results['engine']!.result).toMatchObject({ engine: 'native', device: 'cpu' })
    const { uninterrupted, from, resumed } = results['resume']!.result
    expect(from).toBeGreaterThan(0)
    expect(resumed).toBe(uninterrupted)
  },
)
