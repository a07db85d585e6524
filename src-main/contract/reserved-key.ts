/** Whether a key is a property that every JavaScript object inherits, so that looking it up in a table would find a value. */
export const isReservedKey = (key: string): boolean => key in {}
