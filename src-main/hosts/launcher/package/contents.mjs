import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { resolvePackage } from '../shipped-packages.mjs'

/** Needed only to install or build in a checkout, or named by a package that works without them. */
const LEFT_OUT = new Set([
  'electron',
  'better-sqlite3-node20',
  'node-gyp',
  'node-api-headers',
  // The installer of tfjs-node, which is never loaded: docs/decisions/0008-tfjs-node-without-its-loader.md.
  '@mapbox/node-pre-gyp',
  'https-proxy-agent',
  'rimraf',
  'tar',
])

/**
 * Files of packages that no program loads: sources, maps, types, browser builds, and files that set-up placed in checkouts of earlier
 * versions.
 */
const UNUSED = [
  /\.(map|flow|cc|c|h|hpp|gyp|gypi|ts|mts|cts|tsbuildinfo|md|markdown|bat|sh|html|yml)$/i,
  /(^|\/)(test|tests|__tests__|docs|example|examples|benchmark|benchmarks|\.github)\//,
  /^@tensorflow\/[^/]+\/(src|deps|lib|scripts)(\/|$)/,
  /^@tensorflow\/[^/]+\/dist\/miniprogram\//,
  /^@tensorflow\/[^/]+\/dist\/[^/]*(fesm|es2017|min)[^/]*\.js$/,
  /^better-sqlite3\/(src|deps)\//,
  /^mnist\/dist\//,
]
/** The binding's sources, from which the program determines the binding that it needs; and licences, whatever their extension. */
const KEPT = [/^@tensorflow\/tfjs-node-gpu\/(binding\/|binding\.gyp$)/, /(^|\/)(licen[cs]e|copying|notice|third.?party)[^/]*$/i]

/**
 * Folders of the packages that the program loads at run time on this machine, relative to the checkout.
 * @param {string} root
 */
export function loadedPackages(root) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const waiting = Object.keys(packages[''].dependencies)
    .filter((name) => !LEFT_OUT.has(name))
    .map((name) => resolvePackage(packages, '', name))
  /** @type {Set<string>} */
  const found = new Set()
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (folder === null || found.has(folder)) continue
    found.add(folder)
    for (const name of Object.keys({ ...packages[folder].dependencies, ...packages[folder].optionalDependencies }))
      if (!LEFT_OUT.has(name)) waiting.push(resolvePackage(packages, folder, name))
  }
  // Packages of other platforms are in the lock file, but not installed.
  return [...found].filter((folder) => !folder.includes('node_modules/@types/') && existsSync(join(root, folder))).sort()
}

/**
 * Whether a file of a package belongs in the program.
 * @param {string} file relative to `node_modules`, with slashes
 * @param {string} system such as `linux-x64`
 */
export function isLoaded(file, system) {
  if (KEPT.some((pattern) => pattern.test(file))) return true
  const prebuilt = /^better-sqlite3\/prebuilds\/(.+)\.node$/.exec(file)?.[1]
  return prebuilt === undefined ? !UNUSED.some((pattern) => pattern.test(file)) : prebuilt === system
}

/**
 * The files of a package, without those of nested packages.
 * @param {string} folder absolute
 * @returns {string[]} relative, with slashes
 */
export const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !file.startsWith('node_modules/') && !file.includes('/node_modules/'))
