"""`advisor plan`: which GPU, how many, which mode, what cost and why not the others, before anything is deployed."""
