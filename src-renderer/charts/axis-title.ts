/**
 * What stands along an axis: what is drawn, and its unit in brackets. What a title says in brackets gives way to the unit; fractions
 * are drawn in percent. A pure number has no unit, and "Units per stage" says itself that it counts units.
 */
export const axisTitle = (title: string, unit: string): string =>
  unit === '' || title.toLowerCase().split(/\W+/).includes(unit)
    ? title
    : `${title.replace(/ \([^()]*\)$/, '')} (${unit === 'fraction' ? '%' : unit})`
