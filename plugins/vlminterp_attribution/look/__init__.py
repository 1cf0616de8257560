"""`vlminterp look PICTURE CAPTION [CAPTION]`: one picture explained, as a page."""
