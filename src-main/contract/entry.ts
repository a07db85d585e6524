import { z } from 'zod'

/**
 * How a window is authenticated: the address that it is opened with contains a ticket, which the first GET spends. The page returned
 * holds a key in a `meta` element. The page moves the key to its tab's `sessionStorage` and presents it with its socket and uploads.
 *
 * That key is valid until its server ends. An authenticated window also gets a window key, with which it reconnects after the server has
 * ended and another server of the same home listens at its port. Another program may listen there meanwhile, so the window key is never
 * sent: first the server proves that it knows the key, then the window does, and gets a new key for its tab.
 */

/** Query parameter that holds the ticket. */
export const TICKET = 'ticket'
/** `meta` element of the page that holds the key of its tab. */
export const KEY_META = 'retrace-key'
/** `meta` element that holds the message for an invalid ticket. */
export const REFUSAL_META = 'retrace-refusal'

/** The socket's subprotocol. Sockets of browsers cannot send custom headers, so the key travels as a second subprotocol. */
export const SOCKET_PROTOCOL = 'retrace'
const KEY_PREFIX = 'key.'

/** Subprotocols with which a tab opens its socket; the server selects the first. */
export const socketProtocols = (key: string | null): string[] => [SOCKET_PROTOCOL, ...(key === null ? [] : [`${KEY_PREFIX}${key}`])]

/** The key among the subprotocols that a socket offered. @param header value of Sec-WebSocket-Protocol */
export const keyOfProtocols = (header: string | undefined): string | undefined =>
  header
    ?.split(',')
    .map((protocol) => protocol.trim())
    .find((protocol) => protocol.startsWith(KEY_PREFIX))
    ?.slice(KEY_PREFIX.length)

/** Path at which other processes of the user request a ticket. */
export const TICKETS_PATH = '/tickets'

/** Paths that windows POST to. */
export const WINDOW_PATHS = {
  /** An authenticated window gets its window key. */
  key: '/windows/key',
  /** The server proves that it knows the window key. */
  hello: '/windows/hello',
  /** The window proves the same and gets a new key for its tab. */
  resume: '/windows/resume',
  /** For other processes of the user: revokes the keys of all windows. */
  forget: '/windows/forget',
} as const

/** The close reason that a server sends to its sockets on an orderly shutdown. */
export const CLOSED_REASON = 'the workbench was closed'

/** Random bytes or a hash as URL-safe text. It contains no spaces, so that joined values can be separated. */
const Opaque = z.string().regex(/^[\w-]{16,128}$/)

/** The credential of a window, which it keeps in memory only. Anyone who has it can connect. */
export const WindowKeySchema = z.strictObject({ name: Opaque, key: Opaque })
export type WindowKey = z.infer<typeof WindowKeySchema>

/** The nonce is chosen by the window for every attempt. */
export const HelloSchema = z.strictObject({ name: Opaque, nonce: Opaque })
export type Hello = z.infer<typeof HelloSchema>

/** The challenge is the server's nonce, the proof that of the server. */
export const HelloAnswerSchema = z.strictObject({ challenge: z.string().regex(/^[\w.-]{16,200}$/), proof: Opaque })
export type HelloAnswer = z.infer<typeof HelloAnswerSchema>

/** The proof is that of the window. */
export const ResumeSchema = z.strictObject({ ...HelloSchema.shape, ...HelloAnswerSchema.shape })
export type Resume = z.infer<typeof ResumeSchema>

/** The new key of the tab. */
export const ResumeAnswerSchema = z.strictObject({ key: z.string().min(32) })

/**
 * The text that each side authenticates with HMAC-SHA-256 under the window key. It includes the port, so that a program at the old port
 * cannot relay the proof of a server at another port, and the side, so that neither can send the other's proof back.
 */
export const proofText = (side: 'server' | 'window', port: number, { name, nonce }: Hello, challenge: string): string =>
  ['retrace', side, port, name, nonce, challenge].join(' ')
