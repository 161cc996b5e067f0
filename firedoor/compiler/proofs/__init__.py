"""What is proved of a plan, over every path: each module proves one thing and says where it is conservative."""
