import type { RunSummary } from './runs.js'

/** What every run begins with: no result, no mark of a user, nothing that it belongs to. */
export const FRESH_RUN = {
  phase: null,
  reason: null,
  startedAt: null,
  endedAt: null,
  step: 0,
  stepsPerEpoch: null,
  activeSeconds: 0,
  remainingSeconds: null,
  latest: {},
  best: {},
  gradients: null,
  reported: null,
  lease: 0,
  parentId: null,
  studyId: null,
  projectId: null,
  tags: [],
  note: '',
  colour: null,
  pinned: false,
  baseline: false,
  archived: false,
  // The store appends it to the queue.
  queueOrder: 0,
} satisfies Partial<RunSummary>
