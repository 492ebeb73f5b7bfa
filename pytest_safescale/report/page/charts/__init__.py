"""Charts as SVG text: what a chart is, its scales, its panels, and the files it makes."""
