import { cp, mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The part of Node's own build settings that node-gyp needs for an add-on that only uses N-API. */
const COMMON = `{
  'target_defaults': {
    'default_configuration': 'Release',
    'configurations': {
      'Debug': {},
      'Release': { 'cflags': ['-O3'], 'xcode_settings': { 'GCC_OPTIMIZATION_LEVEL': '3' } },
    },
    'cflags': ['-fPIC'],
    'cflags_cc': ['-std=gnu++17'],
    'xcode_settings': { 'CLANG_CXX_LANGUAGE_STANDARD': 'gnu++17' },
    'conditions': [['OS=="linux"', { 'cflags': ['-pthread'], 'ldflags': ['-pthread'] }]],
  },
}
`

/**
 * Creates a folder that node-gyp accepts as a Node with headers (`--nodedir`), from the npm package of N-API's headers: Node is often
 * installed without its own, and they could not be downloaded without a network.
 */
export async function makeNapiHeaders(folder: string): Promise<void> {
  const include = join(folder, 'include', 'node')
  const from = join(dirname(createRequire(import.meta.url).resolve('node-api-headers/package.json')), 'include')
  await mkdir(include, { recursive: true })
  await cp(from, include, { recursive: true })
  await writeFile(join(include, 'common.gypi'), COMMON)
}
