"""What each vendor's HTTP looks like: paths, bodies, status words, odd shapes. Calls are described, never sent."""
