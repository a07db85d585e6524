/**
 * The interface that the preload script exposes to the page in Electron: string channels to the main process. The page uses the same
 * WebSocket protocol over such a channel as a browser does over a socket, so nothing above this layer knows the difference.
 */
export interface RetraceBridge {
  /** The path of a file that was dropped on the page; '' for an object that is not a file of this machine. */
  pathOf(file: object): string
  /**
   * Asks the user in the system's dialog for the path of a file to write.
   * @returns the absolute path, or null if the user cancelled
   */
  choosePath?(suggested: string): Promise<string | null>
  /**
   * Opens a channel.
   * @param onMessage called with each message of the main process, in order
   * @param onClose called once, when the main process closes the channel or refuses it
   */
  open(onMessage: (text: string) => void, onClose: (reason: string) => void): RetracePipe
}

export interface RetracePipe {
  send(text: string): void
  close(): void
}

/** The name of the bridge in the page's `window`. */
export const BRIDGE = 'retrace'

/** Names of the messages between preload script and main process; each message starts with the number of its channel. */
export const IPC = {
  open: 'retrace:open',
  toMain: 'retrace:to-main',
  toPage: 'retrace:to-page',
  close: 'retrace:close',
  closed: 'retrace:closed',
  choose: 'retrace:choose',
  chosen: 'retrace:chosen',
} as const
