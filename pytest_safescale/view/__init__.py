"""A local page over report folders: what is found, its pages, and the server that gives them."""
