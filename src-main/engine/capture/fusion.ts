import type { RecordedGraph } from './recorded-graph.js'

/** One rewriting of a graph into fewer passes over memory, exact but for rounding. */
export type Fusion = (graph: RecordedGraph) => void
