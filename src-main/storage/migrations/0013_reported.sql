-- The result of a run, as shown in the table of runs: {"step", "images", "values"} of the selected checkpoint; NULL if there is none.
ALTER TABLE runs ADD COLUMN reported TEXT;

-- A result did not store its checkpoint and number of images, but the evaluation from which it was taken has both. Without a validation
-- split, the last weights are the selected ones.
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

-- The best value of a test metric would be selected on the test set, and that of a training metric depends on one batch: neither is kept.
UPDATE runs SET best = (SELECT json_group_object(key, value) FROM json_each(runs.best) WHERE key LIKE 'validation/%');
