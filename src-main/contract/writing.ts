/**
 * Checks whether a caller may write to a path. Called for every path that a procedure would write to.
 * @returns the absolute path
 * @throws UserError BAD_INPUT for a location where this caller must not write
 */
export type WritePath = (path: string) => string
