-- Checkpoints held the run's latest values, whenever those were measured. Only the values of a checkpoint's own step belong to it.
UPDATE checkpoints SET metrics = keep_keys(metrics, (
  SELECT json_group_array(series.key) FROM series WHERE series.runId = checkpoints.runId AND (
    EXISTS (SELECT 1 FROM chunks WHERE seriesId = series.id AND firstStep <= checkpoints.step AND lastStep >= checkpoints.step
      AND has_step(steps, checkpoints.step))
    OR EXISTS (SELECT 1 FROM tails WHERE seriesId = series.id AND firstStep <= checkpoints.step AND lastStep >= checkpoints.step
      AND has_step(steps, checkpoints.step)))
));
