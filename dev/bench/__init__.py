"""What is measured and not asserted: each figure stands beside another one of the same run."""
