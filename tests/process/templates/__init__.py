"""Custom templates of every kind through the whole platform, judged by pixels, packets and words."""
