"""A transport of a test's own: one line of JSON there, one back. As it stands here it could stand in `wire`."""
