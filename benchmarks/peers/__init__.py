"""Upload servers of others, measured beside ours."""
