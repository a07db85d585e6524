/** Control characters except line breaks and tabs, and characters that change the text direction. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/**
 * Escapes characters that control a terminal or change the text direction, like `\u001b` in JSON, because names, tags and keys come from
 * other people's files. JSON keeps its meaning, and printable text is unchanged.
 */
export const printable = (text: string): string => text.replace(HIDDEN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The same on one line, for a cell of a table. */
export const printableLine = (text: string): string => printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')
