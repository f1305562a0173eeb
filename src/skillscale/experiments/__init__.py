"""What the simulations measure: settings in, raw measurements out."""
