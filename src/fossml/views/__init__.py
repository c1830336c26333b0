"""What people read and programs import: pure functions from facts, findings and verdicts to text or JSON."""
