import { randomInt } from 'node:crypto'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
const SIGNS = `${LETTERS}0123456789`

/** Eight signs that begin with a letter: short enough to type, and no number for a shell or a spreadsheet to mangle. */
export const newId = (): string =>
  Array.from({ length: 8 }, (_, i) => (i === 0 ? LETTERS[randomInt(LETTERS.length)] : SIGNS[randomInt(SIGNS.length)])).join('')
