import { UserError } from '../contract/errors.js'
import { ACTIVE, type EditRuns, type RunSummary } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Changes } from './changes.js'
import { findCheckpoint } from './find-checkpoint.js'
import type { CheckpointStore, HomeFiles, RunPatch, RunStore } from './ports.js'
import type { RunControl } from './run-control.js'

interface EditPorts {
  changes: Changes
  checkpoints: CheckpointStore
  files: HomeFiles
  runs: RunStore
  control: RunControl
}

/** Tags of a run, at most. */
const MOST_TAGS = 32
/** Signs of the notes' first line that the table of runs shows. */
const NOTE_LENGTH = 160

/** What users mark runs with. */
export function createRunEdit(ports: EditPorts): Pick<Services['runs'], 'rename' | 'edit' | 'setNotes' | 'pinCheckpoint'> {
  const { changes, checkpoints, runs, control } = ports

  function patchOf(run: RunSummary, request: EditRuns): RunPatch {
    const { addTags = [], removeTags = [], colour, pinned, baseline, archived } = request
    const marks = { colour, pinned, baseline, archived }
    const tags = [...new Set([...run.tags, ...addTags])].filter((tag) => !removeTags.includes(tag))
    if (tags.length > MOST_TAGS)
      throw new UserError('BAD_INPUT', `Run ${run.id} would have ${tags.length} tags: remove some first, ${MOST_TAGS} is the most.`)
    if (marks.archived === true && (run.status === 'queued' || ACTIVE.includes(run.status)))
      throw new UserError('CONFLICT', `Run ${run.id} is ${run.status}: stop it first, then archive it.`)
    return { ...definedOnly(marks), ...(addTags.length + removeTags.length > 0 && { tags }) }
  }

  return {
    async rename(id, name) {
      control.require(id)
      return changes.commit((record) => {
        runs.update(id, { name })
        const run = control.require(id)
        record({ kind: 'run', run })
        return run
      })
    },

    async edit(request) {
      const wanted = [...new Set(request.ids)].map((id) => control.require(id))
      if (request.baseline === true && wanted.length > 1)
        throw new UserError('BAD_INPUT', `One run is the baseline, and ${wanted.length} were given: choose one.`)
      const patches = wanted.map((run) => [run.id, patchOf(run, request)] as const)
      return changes.commit((record) => {
        if (request.baseline === true)
          for (const id of runs.baselines()) {
            if (id === wanted[0]?.id) continue
            runs.update(id, { baseline: false })
            const before = runs.get(id)
            if (before) record({ kind: 'run', run: before })
          }
        return patches.map(([id, patch]) => {
          runs.update(id, patch)
          const run = control.require(id)
          record({ kind: 'run', run })
          return run
        })
      })
    },

    async setNotes(id, notes) {
      control.require(id)
      return changes.commit((record) => {
        runs.updateRecord(id, { notes })
        runs.update(id, { note: firstLine(notes) })
        const run = control.require(id)
        record({ kind: 'notes', runId: id, notes })
        record({ kind: 'run', run })
        return run
      })
    },

    async pinCheckpoint(id, { pinned, ...wanted }) {
      control.require(id)
      const { file } = findCheckpoint(ports, id, wanted)
      return changes.commit((record) => {
        checkpoints.setPinned(id, file, pinned)
        const checkpoint = findCheckpoint(ports, id, { file })
        record({ kind: 'checkpoint', checkpoint })
        return checkpoint
      })
    },
  }
}

function definedOnly<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>
}

/** The first line with something on it, without the signs by which Markdown makes it a heading, a list or a quotation. */
function firstLine(markdown: string): string {
  const line = markdown.split('\n').find((each) => each.trim() !== '') ?? ''
  return line
    .replace(/^[\s#>*+-]+/, '')
    .trim()
    .slice(0, NOTE_LENGTH)
}
