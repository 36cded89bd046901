"""Speech: a text becomes words, words become phonemes, and phonemes a voice."""
