import { z } from 'zod'
import { UserError } from '../../contract/errors.js'
import { EditRunsSchema, hasTrainer, NotesSchema, type EditRuns, type RunSummary } from '../../contract/runs.js'
import { procedure } from '../procedure.js'
import { findCheckpoint } from './find-checkpoint.js'
import { firstLine } from './first-line.js'
import { ById, CheckpointChoiceSchema } from './input.js'
import type { RunPatch } from './run-store.js'

/** Maximum number of tags of a run. */
const MOST_TAGS = 32

/** Tags, notes and other marks that users give to runs. */
export const edit = {
  rename: procedure
    .input(ById.extend({ name: z.string().trim().min(1).max(200) }))
    .mutation(({ ctx: { changes, control, ports }, input: { id, name } }) => {
      control.require(id)
      return changes.commit((record) => {
        ports.runs.update(id, { name })
        const run = control.require(id)
        record({ kind: 'run', run })
        return run
      })
    }),

  /** Changes tags, colour, pin, baseline, archived state and project of many runs in one transaction. */
  edit: procedure.input(EditRunsSchema).mutation(({ ctx: { changes, control, ports, projects }, input }) => {
    const { runs } = ports
    if (input.projectId) projects.require(input.projectId)
    const wanted = [...new Set(input.ids)].map((id) => control.require(id))
    if (input.baseline === true && wanted.length > 1)
      throw new UserError('BAD_INPUT', `Only one run can be the baseline, but ${wanted.length} were given. Choose one.`)
    const patches = wanted.map((run) => [run.id, patchOf(run, input)] as const)
    return changes.commit((record) => {
      if (input.baseline === true)
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
  }),

  setNotes: procedure.input(ById.extend({ notes: NotesSchema })).mutation(({ ctx: { changes, control, ports }, input: { id, notes } }) => {
    control.require(id)
    return changes.commit((record) => {
      ports.runs.updateRecord(id, { notes })
      ports.runs.update(id, { note: firstLine(notes) })
      const run = control.require(id)
      record({ kind: 'notes', runId: id, notes })
      record({ kind: 'run', run })
      return run
    })
  }),

  /** Pins or unpins a checkpoint, by default the last one. Clean-ups keep pinned checkpoints unless asked not to. */
  pinCheckpoint: procedure
    .input(ById.extend({ ...CheckpointChoiceSchema.shape, pinned: z.boolean() }))
    .mutation(({ ctx: { changes, control, ports }, input: { id, pinned, ...wanted } }) => {
      control.require(id)
      const { file } = findCheckpoint(ports, id, wanted)
      return changes.commit((record) => {
        ports.checkpoints.setPinned(id, file, pinned)
        const checkpoint = findCheckpoint(ports, id, { file })
        record({ kind: 'checkpoint', checkpoint })
        return checkpoint
      })
    }),
}

function patchOf(run: RunSummary, request: EditRuns): RunPatch {
  const { addTags = [], removeTags = [], colour, pinned, baseline, archived, projectId } = request
  const marks = { colour, pinned, baseline, archived, projectId }
  const tags = [...new Set([...run.tags, ...addTags])].filter((tag) => !removeTags.includes(tag))
  if (tags.length > MOST_TAGS)
    throw new UserError(
      'BAD_INPUT',
      `Run ${run.id} would have ${tags.length} tags, more than the limit of ${MOST_TAGS}. Remove some first.`,
    )
  if (marks.archived === true && (run.status === 'queued' || hasTrainer(run)))
    throw new UserError('CONFLICT', `Run ${run.id} is ${run.status}. Stop it before archiving it.`)
  return { ...definedOnly(marks), ...(addTags.length + removeTags.length > 0 && { tags }) }
}

function definedOnly<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>
}
