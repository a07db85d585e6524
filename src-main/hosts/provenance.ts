import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Environment } from '../contract/runs.js'
import { listGpus } from '../engine/share.js'
import { NUMERICS_REVISION } from '../numeric/revision.js'
import { VERSION } from './version.js'

const run = promisify(execFile)

/** Bytes of the difference to the last commit that are kept with a run; beyond that the difference is not kept at all. */
const DIFF_LIMIT = 2 ** 20

const TOO_LONG = '# The diff to the commit exceeds 1 MiB and was not stored.\n'

type Provenance = Pick<Environment, 'retrace' | 'platform' | 'commit' | 'diff' | 'hardware' | 'numerics'>

/** Which machine and which program this is, down to the lines that are not committed: a run stores it, so that it can be repeated. */
export async function readProvenance(): Promise<Provenance> {
  const program = {
    retrace: VERSION,
    numerics: NUMERICS_REVISION,
    platform: `${process.platform} ${process.arch} ${release()}, Node ${process.versions.node}`,
    hardware: { processor: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), gpus: listGpus() },
  }
  const root = repositoryRoot()
  if (root === null) return { ...program, commit: null, diff: null }
  const git = async (...args: string[]): Promise<string | null> => {
    try {
      return (await run('git', ['-C', root, ...args], { maxBuffer: DIFF_LIMIT })).stdout
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') return TOO_LONG
      // No git, or no commit yet: the run is worth having without.
      return null
    }
  }
  const [commit, diff] = await Promise.all([git('rev-parse', 'HEAD'), git('diff', 'HEAD', '--', 'src-main', 'package-lock.json')])
  return { ...program, commit: commit?.trim() ?? null, diff: diff || null }
}

/** The checkout that this file runs in; null for an installed program. */
function repositoryRoot(): string | null {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) return null
    folder = parent
  }
  return existsSync(join(folder, '.git')) ? folder : null
}
