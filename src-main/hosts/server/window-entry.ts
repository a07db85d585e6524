import { ownCommand } from '../../processes/installation.js'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { HelloSchema, ResumeSchema, WINDOW_PATHS } from '../../contract/entry.js'
import type { Refusal } from '../../transport/websocket.js'
import type { Guard } from './guard.js'
import type { WindowKeys } from './window-keys.js'

/** Maximum body size: what a window sends is a few hundred bytes. */
const BODY_BYTES = 4096

const MALFORMED: Refusal = { status: 400, message: 'This request is malformed.' }
const UNPROVED: Refusal = {
  status: 401,
  message: `This window could not prove that it belongs to this workbench. Run ${ownCommand('start')} again to open one that does.`,
}

async function bodyOf<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<T | null> {
  let text = ''
  for await (const piece of request) {
    text += String(piece)
    if (text.length > BODY_BYTES) return null
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/**
 * Issues the keys with which windows are readmitted after a restart, and readmits them (see `contract/entry.ts`).
 * @param cutOff closes the connections of all windows
 * @returns undefined if the path is none of these
 */
export function windowEntry({ guard, windows, cutOff }: { guard: Guard; windows: WindowKeys; cutOff(): void }) {
  const answers: Record<string, (request: IncomingMessage) => Promise<object | Refusal> | object | Refusal> = {
    [WINDOW_PATHS.key]: (request) => guard.refuseChange(request) ?? windows.issue(),
    [WINDOW_PATHS.hello]: async (request) => {
      const hello = await bodyOf(request, HelloSchema)
      return hello ? windows.hello(hello) : MALFORMED
    },
    [WINDOW_PATHS.resume]: async (request) => {
      const resume = await bodyOf(request, ResumeSchema)
      if (!resume) return MALFORMED
      return windows.isProved(resume) ? { key: guard.keys.issue() } : UNPROVED
    },
    [WINDOW_PATHS.forget]: (request) => {
      const refusal = guard.refuseAllButCommands(request)
      if (refusal) return refusal
      guard.keys.forget()
      windows.forget()
      cutOff()
      return {}
    },
  }

  return (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> | undefined => {
    const answer = request.method === 'POST' ? answers[path] : undefined
    if (!answer) return undefined
    return Promise.resolve(answer(request)).then((given) => {
      const status = 'status' in given ? (given as Refusal).status : 200
      response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(given))
    })
  }
}
