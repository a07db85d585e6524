-- The result of a run as the table of runs shows it: {"step", "images", "values"} of the selected checkpoint; NULL where there is none.
ALTER TABLE runs ADD COLUMN reported TEXT;

-- Of which checkpoint and of how many images a result is was not kept with it: the evaluation that gave it has both. Without a validation
-- split the last weights are the selected ones.
UPDATE run_records SET result = json_set(
  result,
  '$.step', coalesce(
    (SELECT step FROM evaluations WHERE runId = run_records.runId AND abs(accuracy - (run_records.result ->> '$.testAccuracy')) < 1e-12
      AND abs(loss - (run_records.result ->> '$.testLoss')) < 1e-9 ORDER BY at LIMIT 1),
    CASE WHEN (config ->> '$.validation') = 0 THEN (SELECT step FROM runs WHERE id = run_records.runId) END
  ),
  '$.images', (SELECT images FROM evaluations WHERE runId = run_records.runId AND abs(accuracy - (run_records.result ->> '$.testAccuracy')) < 1e-12
      AND abs(loss - (run_records.result ->> '$.testLoss')) < 1e-9 ORDER BY at LIMIT 1)
) WHERE result IS NOT NULL;

UPDATE runs SET reported = (
  SELECT json_object(
    'step', result ->> '$.step',
    'images', result ->> '$.images',
    'values', (
      SELECT json_group_object(key, value) FROM (
        SELECT 'test/accuracy' AS key, result ->> '$.testAccuracy' AS value
        UNION ALL SELECT 'test/loss', result ->> '$.testLoss'
      ) WHERE value IS NOT NULL
    )
  ) FROM run_records WHERE runId = runs.id AND (result ->> '$.testAccuracy') IS NOT NULL
);

-- The best of a test metric would be selected on the test set, that of a training metric is the luck of one batch: neither is kept.
UPDATE runs SET best = (SELECT json_group_object(key, value) FROM json_each(runs.best) WHERE key LIKE 'validation/%');
