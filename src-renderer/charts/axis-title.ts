/**
 * What stands along an axis: what is drawn, and its unit in brackets. What a title says in brackets gives way to the unit; fractions
 * are drawn in percent, and a pure number has no unit.
 */
export const axisTitle = (title: string, unit: string): string =>
  unit === '' ? title : `${title.replace(/ \([^()]*\)$/, '')} (${unit === 'fraction' ? '%' : unit})`
