"""What figures of several chapters share: the style, plots with sliders, the data shown."""
