"""Words to parameters: propose, then refine (score distillation sampling), then rank."""
