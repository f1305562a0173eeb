"""Every figure of the book: data and arrays in, Figure out."""
