# The client side joins here.
