import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { fetchedLibraries, shippedPackages } from '../../../src-main/hosts/launcher/shipped-packages.mjs'

const ROOT = join(import.meta.dirname, '../../..')

it('THIRD-PARTY-NOTICES lists what is shipped: run `npm run notices` where it does not', () => {
  const listed = readFileSync(join(ROOT, 'THIRD-PARTY-NOTICES'), 'utf8')
    .split('\n')
    .flatMap((line) => /^- (.+?) \(/.exec(line)?.[1] ?? [])
  const { tensorflow, nvidia } = fetchedLibraries(ROOT)
  expect(listed).toEqual([tensorflow, ...nvidia, ...shippedPackages(ROOT).map(({ id }) => id)])
})

it('what is shipped are runtime dependencies, what the window bundles, and what both need', () => {
  const names = shippedPackages(ROOT).map(({ id }) => id.replace(/@[^@]*$/, ''))
  expect(names).toEqual(
    expect.arrayContaining(['@tensorflow/tfjs-node-gpu', 'seedrandom', 'vue', '@vue/runtime-core', 'zrender', 'dejavu-fonts-ttf']),
  )
  for (const tool of ['vitest', 'eslint', 'prettier', 'vite']) expect(names).not.toContain(tool)
})
