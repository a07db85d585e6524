import type { RecordedGraph } from './recorded-graph.js'

/** A rewrite rule of a graph that reduces passes over memory; exact except for rounding. */
export type Fusion = (graph: RecordedGraph) => void
