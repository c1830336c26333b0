"""What a good number may hide: leaks, labels that leak, tasks that anybody solves."""
