/** SQL that deletes every second record of a run by step, keeping the newest. Its parameters are the run's id, twice. */
export const everySecond = (table: 'regions' | 'histograms'): string =>
  `DELETE FROM ${table} WHERE runId = ? AND step IN
     (SELECT step FROM (SELECT step, row_number() OVER (ORDER BY step DESC) AS place FROM ${table} WHERE runId = ?) WHERE place % 2 = 0)`
