import { existsSync, readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import type { Environment } from '../contract/runs.js'
import { listGpus } from '../engine/share.js'
import { programRoot } from '../processes/installation.js'
import { NUMERICS_REVISION } from '../numeric/revision.js'
import { VERSION } from './version.js'

type Provenance = Pick<Environment, 'retrace' | 'platform' | 'commit' | 'diff' | 'hardware' | 'numerics'>

/** Machine and program, including uncommitted changes: a run stores it, so that it can be reproduced. */
export async function readProvenance(): Promise<Provenance> {
  const program = {
    retrace: VERSION,
    numerics: NUMERICS_REVISION,
    platform: `${process.platform} ${process.arch} ${release()}, Node ${process.versions.node}`,
    hardware: { processor: cpus()[0]?.model.trim() ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), gpus: listGpus() },
  }
  return { ...program, ...readBuild() }
}

const BuildSchema = z.object({ commit: z.string().nullable(), diff: z.string().nullable() })

/** What this program was built from; the sources next to it may have changed since. Unknown if it runs unbuilt, as in tests. */
function readBuild(): z.infer<typeof BuildSchema> {
  const file = join(programRoot(), 'out', 'build.json')
  return existsSync(file) ? BuildSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : { commit: null, diff: null }
}
