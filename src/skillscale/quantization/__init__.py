"""Theory of the quantization model: quanta of power-law frequencies, learned in their order."""
