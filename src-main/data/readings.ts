/** The message for a folder with several data sets, and how to choose one; for the window and the command line. */
export const severalSets = (names: readonly string[]): string =>
  `There are ${names.length} data sets: ${names.join(', ')}. Choose one with --only ${names[0]} (in the window: Which one), or give the path of its folder.`
