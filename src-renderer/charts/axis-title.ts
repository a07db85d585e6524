/**
 * The title of an axis: the quantity, and its unit in brackets. The unit replaces what the title has in brackets; fractions are drawn in
 * percent. A pure number has no unit, and "Units per stage" already says that it counts units.
 */
export const axisTitle = (title: string, unit: string): string =>
  unit === '' || title.toLowerCase().split(/\W+/).includes(unit)
    ? title
    : `${title.replace(/ \([^()]*\)$/, '')} (${unit === 'fraction' ? '%' : unit})`
