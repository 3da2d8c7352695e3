"""What cr-pipelines costs, as ratios against named peers in the same run: python -m benchmarks."""
