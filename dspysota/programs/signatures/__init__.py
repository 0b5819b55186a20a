"""What the programs of a task ask for, and how hand-written demonstrations fit it; one file a task."""
