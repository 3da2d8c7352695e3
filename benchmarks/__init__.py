"""What cr-pipelines costs, compared with named peers in the same run: python -m benchmarks."""
