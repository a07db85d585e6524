import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @typedef {{ id: string, license: string, folder: string }} ShippedPackage `id` is name@version, `folder` its path in the checkout */
/** @typedef {{ name?: string, version: string, license?: string, dependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }} Locked */

/** The sources that are bundled: everything except the launcher, which runs unbuilt from a checkout. */
const BUNDLED = [/^src-renderer\//, /^src-main\/(?!hosts\/launcher\/)/]

/** Matches the package of an import; type imports leave nothing in the bundle. */
const IMPORT = /^(?:import|export)\s(?!type\s)(?:[^'"]*?\sfrom\s)?['"]([^.'"][^'"]*)['"]|\bimport\(\s*['"]([^.'"][^'"]*)['"]\s*\)/gm

/** @param {string} module */
const packageOf = (module) =>
  module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/')

/**
 * Names of the packages imported by the sources of the program.
 * @param {string} root
 */
function importedPackages(root) {
  /** @type {Set<string>} */
  const found = new Set()
  for (const folder of ['src-main', 'src-renderer'])
    for (const entry of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      const path = `${folder}/${entry.replaceAll('\\', '/')}`
      if (!/\.(ts|vue|mjs|cjs)$/.test(path) || !BUNDLED.some((pattern) => pattern.test(path))) continue
      for (const [, fixed, late] of readFileSync(join(root, path), 'utf8').matchAll(IMPORT)) found.add(packageOf(fixed ?? late ?? ''))
    }
  return found
}

/**
 * The location where npm put a dependency of a package: the nearest `node_modules` above it.
 * @param {Record<string, Locked>} packages
 * @param {string} from
 * @param {string} name
 */
export function resolvePackage(packages, from, name) {
  for (let above = from; ; above = above.slice(0, Math.max(0, above.lastIndexOf('node_modules/') - 1))) {
    const path = `${above === '' ? '' : `${above}/`}node_modules/${name}`
    if (packages[path] !== undefined) return path
    if (above === '') return null
  }
}

/**
 * The packages that users of the program get, determined from the lock file and the sources alone: all runtime dependencies, the
 * development dependencies that are bundled into the window, and their dependencies.
 * @param {string} root the checkout
 * @returns {ShippedPackage[]} in the order of their ids
 */
export function shippedPackages(root) {
  /** @type {{ packages: Record<string, Locked & { devDependencies?: Record<string, string> }> }} */
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { dependencies = {}, devDependencies = {} } = packages[''] ?? {}
  const imported = importedPackages(root)
  const direct = [...Object.keys(dependencies), ...Object.keys(devDependencies).filter((name) => imported.has(name))]
  /** @type {Map<string, ShippedPackage>} */
  const shipped = new Map()
  const waiting = direct.map((name) => resolvePackage(packages, '', name))
  const seen = new Set()
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    // An optional package that is not available on any platform.
    if (folder === null || seen.has(folder)) continue
    seen.add(folder)
    const locked = /** @type {Locked} */ (packages[folder])
    const id = `${locked.name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)}@${locked.version}`
    shipped.set(id, { id, license: locked.license ?? 'no licence named', folder })
    for (const name of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies }))
      waiting.push(resolvePackage(packages, folder, name))
  }
  return [...shipped.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/**
 * The wheels that set-up may download, as `name version`.
 * @param {string} root the checkout
 */
export function fetchedLibraries(root) {
  const version = /TENSORFLOW_VERSION = '([\d.]+)'/.exec(readFileSync(join(root, 'src-main/engine/location.ts'), 'utf8'))?.[1]
  const wheels = readFileSync(join(root, 'src-main/setup/wheels.ts'), 'utf8').matchAll(/nvidia\('([\w-]+)', '([\d.]+)'/g)
  if (version === undefined) throw new Error('src-main/engine/location.ts does not say which TensorFlow is fetched.')
  return { tensorflow: `tensorflow ${version}`, nvidia: [...wheels].map(([, name, number]) => `nvidia-${name}-cu12 ${number}`) }
}
