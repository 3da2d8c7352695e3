"""The HTTP surface of a sandbox: the API, the control API and the pages, with rate limits and faults.

Goes in: HTTP requests. Comes out: HTTP responses, and changes of the room in `workspace`.
"""
