import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { main, tell } from './prepare.mjs'
import { ROOT } from './root.mjs'
import { fetchedLibraries, shippedPackages } from './shipped-packages.mjs'

const LICENCE = /^(licen[cs]e|copying|notice|third.?party)/i

/**
 * The licence texts of a package, concatenated; empty if it is not installed, like those of other platforms, or only names its licence.
 * @param {string} folder
 */
function licenceTexts(folder) {
  /** @type {string[]} */
  let names = []
  try {
    const files = readdirSync(join(ROOT, folder), { withFileTypes: true }).filter((entry) => entry.isFile())
    names = files.map(({ name }) => name).filter((name) => LICENCE.test(name) && !/\.(html|json|js|ts)$/i.test(name))
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error
  }
  return names
    .sort()
    .map((name) =>
      readFileSync(join(ROOT, folder, name), 'utf8')
        .replaceAll('\r', '')
        .trim(),
    )
    .join('\n\n')
}

await main(async () => {
  const shipped = shippedPackages(ROOT)
  const { tensorflow, nvidia } = fetchedLibraries(ROOT)
  /** @type {Map<string, string[]>} */
  const byText = new Map()
  for (const { id, folder } of shipped) {
    const text = licenceTexts(folder)
    if (text !== '') byText.set(text, [...(byText.get(text) ?? []), id])
  }
  const rule = '='.repeat(80)
  const text = [
    'Third-party notices',
    '',
    'Written by `npm run notices`. Retrace itself is under the MIT licence (LICENSE).',
    '',
    'Fetched by set-up, from the Python package index, and not part of Retrace:',
    '',
    `- ${tensorflow} (Apache-2.0), Copyright The TensorFlow Authors; the wheel has the notices of what is in it`,
    ...nvidia.map((library) => `- ${library} (NVIDIA's licence, which is in the wheel), only for NVIDIA GPUs`),
    '',
    'Packages that Retrace runs with or has bundled into its window:',
    '',
    ...shipped.map(({ id, license }) => `- ${id} (${license})`),
    '',
    ...[...byText].flatMap(([licence, ids]) => [rule, ...ids, rule, '', licence, '']),
  ].join('\n')
  writeFileSync(join(ROOT, 'THIRD-PARTY-NOTICES'), text)
  tell(`${shipped.length} packages, ${byText.size} texts`)
})
