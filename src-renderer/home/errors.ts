import { TRPCClientError } from '@trpc/client'

/** Whether the server answered with an error; if a call rejects with anything else, there was no answer. */
export function isRefusal(error: unknown): boolean {
  return error instanceof TRPCClientError && error.data !== undefined && error.data !== null
}

/** The message for a failed call: the server's, or that the server cannot be reached. */
export function messageOf(error: unknown): string {
  if (isRefusal(error)) return (error as Error).message
  if (error instanceof TRPCClientError) return 'The workbench did not respond. The request is retried when the connection is restored.'
  return error instanceof Error ? error.message : String(error)
}
