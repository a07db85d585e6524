import type { RunSummary } from './runs.js'

/** The initial state of every run: no result, no marks of the user, no study. */
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
