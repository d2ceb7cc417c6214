"""What sources claim, and the product's rows as a function of it: everything but results."""
