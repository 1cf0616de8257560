"""Pictures of results: heatmaps, figures and charts."""
