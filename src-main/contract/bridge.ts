/**
 * What the preload script offers the page in Electron: pipes of strings to the main process. The page runs the same
 * WebSocket protocol over a pipe as a browser does over a socket, so nothing above this knows which it is.
 */
export interface RetraceBridge {
  /** Where a file that was dropped on the page lies; '' for what is no file of this machine. */
  pathOf(file: object): string
  /**
   * Asks the user, by the system's own dialog, where a file is to be written.
   * @returns the whole path, or null when the user cancelled
   */
  choosePath?(suggested: string): Promise<string | null>
  /**
   * Opens a pipe.
   * @param onMessage called with each message of the main process, in order
   * @param onClose called once, when the main process closes the pipe or refuses it
   */
  open(onMessage: (text: string) => void, onClose: (reason: string) => void): RetracePipe
}

export interface RetracePipe {
  send(text: string): void
  close(): void
}

/** The name of the bridge in the page's `window`. */
export const BRIDGE = 'retrace'

/** Names of the messages between preload and main process; each carries the number of its pipe first. */
export const IPC = {
  open: 'retrace:open',
  toMain: 'retrace:to-main',
  toPage: 'retrace:to-page',
  close: 'retrace:close',
  closed: 'retrace:closed',
  choose: 'retrace:choose',
  chosen: 'retrace:chosen',
} as const
