/** Control characters but the ends of lines, and the signs that turn the order of letters round. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * Text in which what controls a terminal, or lies about the order of its letters, is written out as `\u001b` is in JSON: names, tags and
 * keys come from files of other people. JSON keeps its meaning, and text that is printable already stays as it is.
 */
export const printable = (text: string): string => text.replace(HIDDEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The same in one line, for a cell of a table. */
export const printableLine = (text: string): string => printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')
