"""The packages and the Python that a project asks for, made by uv from what it declares."""
