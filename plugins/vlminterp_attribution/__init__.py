"""The attribution methods that people compare with each other, behind one interface."""
