-- Checkpoints carried the last values that the run had, whenever they were measured: only those of their own step are theirs.
UPDATE checkpoints SET metrics = keep_keys(metrics, (
  SELECT json_group_array(series.key) FROM series WHERE series.runId = checkpoints.runId AND (
    EXISTS (SELECT 1 FROM chunks WHERE seriesId = series.id AND firstStep <= checkpoints.step AND lastStep >= checkpoints.step
      AND has_step(steps, checkpoints.step))
    OR EXISTS (SELECT 1 FROM tails WHERE seriesId = series.id AND firstStep <= checkpoints.step AND lastStep >= checkpoints.step
      AND has_step(steps, checkpoints.step)))
));
