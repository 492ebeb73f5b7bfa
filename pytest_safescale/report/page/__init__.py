"""report.html: the page a board reads, its charts, and several runs side by side."""
