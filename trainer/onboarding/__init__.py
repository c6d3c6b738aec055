"""Photos of a new SKU to rows of a gallery, without training."""
