"""Delivery: from planned rows to recorded outcomes.

Goes in: the rows that a plan offers. Comes out: batches (`validate`, `batches`) that workers send (`workers`), and what
the responses mean for the rows (`outcomes`, `circuit_breaker`), which is written in short sessions (`recorder`).
"""
