"""The report's charts, as data for plotly.js."""
