/** What a tool has found: lines for people, and the same for programs. */
export interface ToolResult {
  ok: boolean
  text: string[]
  result: Record<string, unknown>
}

/** Told what it does now, and how far it is, 0 to 1, where that is known. */
export type ToolProgress = (message: string, fraction?: number) => void
