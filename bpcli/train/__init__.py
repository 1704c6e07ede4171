"""From the gradient to better weights: data, optimisers, schedules, the loop over batches, checkpoints."""
