/** The result of a tool: lines of text for users, and the same as data for programs. */
export interface ToolResult {
  ok: boolean
  text: string[]
  result: Record<string, unknown>
}

/** Called with the current activity and, if known, the progress from 0 to 1. */
export type ToolProgress = (message: string, fraction?: number) => void
