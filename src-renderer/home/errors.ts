import { TRPCClientError } from '@trpc/client'

/** The server answered and refused; anything else that a call rejects with means that no answer came. */
export function isRefusal(error: unknown): boolean {
  return error instanceof TRPCClientError && error.data !== undefined && error.data !== null
}

/** What to tell a person about a call that failed: the server's sentence, or that the server is away. */
export function messageOf(error: unknown): string {
  if (isRefusal(error)) return (error as Error).message
  if (error instanceof TRPCClientError) return 'The workbench did not respond. The request is retried when the connection is restored.'
  return error instanceof Error ? error.message : String(error)
}
